"""google-auth in gauth-serve: it finds a metadata server, takes tokens from it, and lists accounts in the sandbox. The
environment is that of gauth-serve's command; one argument, the e-mail of the account, and for a service account a second,
its project."""

import os
import sys

import google.auth
import google.auth.transport.requests
from google.analytics.admin_v1beta import AnalyticsAdminServiceClient
from google.auth import compute_engine
from google.oauth2 import id_token

EMAIL, PROJECT = [*sys.argv[1:], None][:2]
READONLY = "https://www.googleapis.com/auth/analytics.readonly"
REQUEST = google.auth.transport.requests.Request()

for scopes in ([READONLY], None):
    credentials, project = google.auth.default(scopes=scopes)
    assert isinstance(credentials, compute_engine.Credentials), credentials
    assert project == PROJECT, project
    options = {"api_endpoint": os.environ["GAUTH_SANDBOX_URL"]}
    client = AnalyticsAdminServiceClient(credentials=credentials, transport="rest", client_options=options)
    assert len(list(client.list_account_summaries())) > 3
    assert credentials.service_account_email == EMAIL, credentials.service_account_email
    assert credentials.universe_domain == "googleapis.com"
    for _ in range(50):
        credentials.refresh(REQUEST)
        assert credentials.valid
if PROJECT:
    assert id_token.fetch_id_token(REQUEST, "https://run.example.test").count(".") == 2
print("ok")
