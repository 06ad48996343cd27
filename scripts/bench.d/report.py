"""report.py URL FILE ROWS: the report of the body in FILE, to CSV the plain way, page after page. The token comes from GAUTH_TOKEN."""

import csv
import json
import os
import sys
import urllib.request

url, body, rows = sys.argv[1], json.load(open(sys.argv[2])), int(sys.argv[3])
headers = {"Authorization": "Bearer " + os.environ["GAUTH_TOKEN"], "Content-Type": "application/json"}
writer = csv.writer(sys.stdout, lineterminator="\n")
offset = 0
while offset < rows:
    request = urllib.request.Request(url, json.dumps({**body, "offset": offset}).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        page = json.load(answer)
    if offset == 0:
        writer.writerow(header["name"] for header in page["dimensionHeaders"] + page["metricHeaders"])
    for row in page["rows"]:
        writer.writerow(value["value"] for value in row["dimensionValues"] + row["metricValues"])
    offset += len(page["rows"])
