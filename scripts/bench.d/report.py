"""report.py URL BODY: a report to CSV the plain way, page after page. The token comes from GAUTH_TOKEN."""

import csv
import json
import os
import sys
import urllib.request

url, body = sys.argv[1], json.loads(sys.argv[2])
headers = {"Authorization": "Bearer " + os.environ["GAUTH_TOKEN"], "Content-Type": "application/json"}
writer = csv.writer(sys.stdout, lineterminator="\n")
offset, total = 0, 1
while offset < total:
    request = urllib.request.Request(url, json.dumps({**body, "offset": offset}).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        page = json.load(answer)
    if offset == 0:
        writer.writerow(header["name"] for header in page["dimensionHeaders"] + page["metricHeaders"])
    for row in page["rows"]:
        writer.writerow(value["value"] for value in row["dimensionValues"] + row["metricValues"])
    offset, total = offset + len(page["rows"]), page["rowCount"]
