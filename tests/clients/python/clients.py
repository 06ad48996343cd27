"""Google's own clients for Python against the sandbox: each logs in, refreshes, reads a report over two pages, and meets an
error. One argument, the client; the environment is that of `gauth-sandbox --auto-consent --export env`."""

import json
import os
import sys
import urllib.request

import google.auth
import google.auth.transport.requests
from google.api_core import exceptions
from google.auth import compute_engine, iam, impersonated_credentials
from google.auth.exceptions import RefreshError
from google.oauth2 import credentials as users
from google.oauth2 import id_token, service_account

URL = os.environ["GAUTH_SANDBOX_URL"]
KEY = os.environ["GOOGLE_APPLICATION_CREDENTIALS"]
READONLY = "https://www.googleapis.com/auth/analytics.readonly"
PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
REQUEST = google.auth.transport.requests.Request()


def control(verb, body=None):
    data = json.dumps(body or {}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{URL}/sandbox/{verb}", data=data)) as answer:
        return json.load(answer)


def refused(kind, action):
    try:
        action()
    except kind as error:
        return str(error)
    raise AssertionError(f"{action} was not refused")


def google_auth():
    key = service_account.Credentials.from_service_account_file(KEY, scopes=[READONLY])
    key.refresh(REQUEST)
    first = key.token
    key.refresh(REQUEST)
    assert key.valid and key.token != first
    found, project = google.auth.default(scopes=[PLATFORM])
    found.refresh(REQUEST)
    assert project == "gauth-sandbox"

    grant = control("grant", {"scopes": [READONLY, "openid", "email"]})
    user = users.Credentials(None, grant["refresh_token"], None, f"{URL}/token", grant["client_id"], grant["client_secret"])
    user.refresh(REQUEST)
    claims = id_token.verify_oauth2_token(user.id_token, FixedCertificates(), grant["client_id"])
    assert claims["email"] == grant["account"] and claims["at_hash"]
    control("revoke-all")
    assert "invalid_grant" in refused(RefreshError, lambda: user.refresh(REQUEST))

    machine = compute_engine.Credentials()
    machine.refresh(REQUEST)
    assert machine.service_account_email.endswith("developer.gserviceaccount.com"), machine.service_account_email
    assert compute_engine._metadata.ping(REQUEST)

    # Impersonation and signing by way of IAM.
    endpoint = f"{URL}/v1/projects/-/serviceAccounts/analyst@gauth-sandbox.iam.gserviceaccount.com:generateAccessToken"
    acting = impersonated_credentials.Credentials(
        found, "analyst@gauth-sandbox.iam.gserviceaccount.com", [READONLY], iam_endpoint_override=endpoint
    )
    acting.refresh(REQUEST)
    assert acting.valid
    assert iam.Signer


class FixedCertificates(google.auth.transport.Request):
    """Fetches Google's certificates from the sandbox: their address cannot be set."""

    def __call__(self, url, **options):
        return REQUEST(url.replace("https://www.googleapis.com", URL), **options)


def google_auth_oauthlib():
    from google_auth_oauthlib.flow import InstalledAppFlow

    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    flow = InstalledAppFlow.from_client_secrets_file(os.environ["GAUTH_CLIENT_SECRETS"], [READONLY])
    user = flow.run_local_server(port=0, timeout_seconds=30, authorization_prompt_message="")
    assert user.refresh_token and user.valid
    user.refresh(REQUEST)
    assert user.valid
    control("revoke-all")
    assert "invalid_grant" in refused(RefreshError, lambda: user.refresh(REQUEST))


def google_analytics_data():
    from google.analytics import data_v1alpha
    from google.analytics.data_v1beta import BetaAnalyticsDataClient, types

    request = types.RunReportRequest(
        property="properties/123456",
        dimensions=[types.Dimension(name="date"), types.Dimension(name="country")],
        metrics=[types.Metric(name="sessions")],
        date_ranges=[types.DateRange(start_date="28daysAgo", end_date="yesterday")],
        order_bys=[types.OrderBy(dimension={"dimension_name": "date", "order_type": "NUMERIC"}, desc=True)],
        metric_aggregations=[types.MetricAggregation.TOTAL],
        metric_filter={"filter": {"field_name": "sessions", "numeric_filter": {"operation": "GREATER_THAN", "value": {"int64_value": 1}}}},
        limit=100,
        return_property_quota=True,
    )
    # With the key as it is the client signs JWTs itself; with scopes set it asks for tokens.
    for credentials in (None, service_account.Credentials.from_service_account_file(KEY, scopes=[READONLY])):
        options = {"api_endpoint": URL}
        client = BetaAnalyticsDataClient(credentials=credentials, transport="rest", client_options=options)
        first = client.run_report(request)
        assert first.metric_headers[0].type_ == types.MetricType.TYPE_INTEGER
        assert first.property_quota.tokens_per_day.remaining > 0
        request.offset = 100
        second = client.run_report(request)
        request.offset = 0
        keys = [tuple(value.value for value in row.dimension_values) for row in [*first.rows, *second.rows]]
        assert len(first.rows) == 100 and len(second.rows) > 0 and len(set(keys)) == len(keys)
        assert first.row_count > 100 and first.totals[0].metric_values[0].value.isdigit()
    wrong = types.RunReportRequest(property="properties/123456", metrics=[types.Metric(name="sesions")])
    assert "dateRange" in refused(exceptions.BadRequest, lambda: client.run_report(wrong))
    refused(exceptions.Forbidden, lambda: client.get_metadata(name="properties/1/metadata"))
    assert any(metric.api_name == "sessions" for metric in client.get_metadata(name="properties/123456/metadata").metrics)
    client.check_compatibility(types.CheckCompatibilityRequest(property="properties/123456", metrics=request.metrics))
    client.run_realtime_report(types.RunRealtimeReportRequest(property="properties/123456", metrics=[types.Metric(name="activeUsers")]))
    client.batch_run_reports(types.BatchRunReportsRequest(property="properties/123456", requests=[request]))
    client.run_pivot_report(
        types.RunPivotReportRequest(
            property="properties/123456",
            dimensions=[types.Dimension(name="country"), types.Dimension(name="browser")],
            metrics=request.metrics,
            date_ranges=request.date_ranges,
            pivots=[types.Pivot(field_names=["country"], limit=5), types.Pivot(field_names=["browser"], limit=5)],
        )
    )
    audience_exports(client, types)
    alpha = data_v1alpha.AlphaAnalyticsDataClient(transport="rest", client_options=options)
    funnel = alpha.run_funnel_report(
        data_v1alpha.RunFunnelReportRequest(
            property="properties/123456",
            date_ranges=[data_v1alpha.DateRange(start_date="7daysAgo", end_date="yesterday")],
            funnel={"steps": [{"name": "visit", "filter_expression": {"funnel_event_filter": {"event_name": "session_start"}}}]},
        )
    )
    assert funnel.funnel_table.rows
    report = alpha.run_report(
        data_v1alpha.RunReportRequest(
            property="properties/123456",
            metrics=[data_v1alpha.Metric(name="allConversionsByInteractionDate")],
            date_ranges=[data_v1alpha.DateRange(start_date="7daysAgo", end_date="yesterday")],
            conversion_spec={"conversion_actions": ["conversionActions/1001"], "attribution_model": "LAST_CLICK"},
        )
    )
    assert report.metadata.section == data_v1alpha.Section.SECTION_ADVERTISING
    alpha.get_property_quotas_snapshot(name="properties/123456/propertyQuotasSnapshot")


def audience_exports(client, types):
    """As in Google's samples: create, look, query, list."""
    parent = "properties/123456"
    wanted = types.AudienceExport(
        audience=f"{parent}/audiences/4002", dimensions=[types.AudienceDimension(dimension_name="deviceId")]
    )
    export = client.create_audience_export(parent=parent, audience_export=wanted).result()
    assert export.state == types.AudienceExport.State.CREATING and export.audience_display_name == "Purchasers"
    query = types.QueryAudienceExportRequest(name=export.name, offset=1, limit=2)
    refused(exceptions.BadRequest, lambda: client.query_audience_export(query))
    while client.get_audience_export(name=export.name).state != types.AudienceExport.State.ACTIVE:
        pass
    answer = client.query_audience_export(query)
    assert answer.row_count > 2 and len(answer.audience_rows) == 2 and answer.audience_export.name == export.name
    assert "." in answer.audience_rows[0].dimension_values[0].value
    assert [one.name for one in client.list_audience_exports(parent=parent)] == [export.name]
    refused(exceptions.NotFound, lambda: client.get_audience_export(name=f"{parent}/audienceExports/9"))


def google_analytics_admin():
    from google.analytics.admin_v1beta import AnalyticsAdminServiceClient, PropertyType, types

    key = service_account.Credentials.from_service_account_file(KEY, scopes=[READONLY])
    client = AnalyticsAdminServiceClient(credentials=key, transport="rest", client_options={"api_endpoint": URL})
    pages = list(client.list_account_summaries(types.ListAccountSummariesRequest(page_size=2)).pages)
    assert len(pages) >= 3
    kinds = [each.property_type for page in pages for one in page.account_summaries for each in one.property_summaries]
    assert PropertyType.PROPERTY_TYPE_ROLLUP in kinds
    assert client.get_property(name="properties/345678").time_zone == "Asia/Tokyo"
    assert len(list(client.list_accounts())) >= 6
    assert client.get_account(name="accounts/1003").region_code == "JP"
    assert list(client.list_properties(types.ListPropertiesRequest(filter="parent:accounts/1001")))
    refused(exceptions.Forbidden, lambda: client.get_property(name="properties/1"))


def google_api_python_client():
    from googleapiclient.discovery import build
    from googleapiclient.errors import HttpError

    key = service_account.Credentials.from_service_account_file(KEY, scopes=[READONLY])
    service = build("analyticsdata", "v1beta", credentials=key, client_options={"api_endpoint": URL})
    body = {
        "dimensions": [{"name": "date"}],
        "metrics": [{"name": "sessions"}, {"name": "conversions"}],
        "dateRanges": [{"startDate": "28daysAgo", "endDate": "yesterday"}],
        "limit": 20,
    }
    pages = []
    for offset in (0, 20):
        call = service.properties().runReport(
            property="properties/123456", body={**body, "offset": offset}, fields="rowCount,rows(dimensionValues/value)"
        )
        pages.append(call.execute())
    assert [len(page["rows"]) for page in pages] == [20, 8] and pages[0]["rowCount"] == 28
    assert "metricValues" not in pages[0]["rows"][0]
    wrong = service.properties().runReport(property="properties/123456", body=body, fields="rows(metricValue)")
    assert "fields" in refused(HttpError, wrong.execute)
    admin = build("analyticsadmin", "v1beta", credentials=key, client_options={"api_endpoint": URL})
    assert len(admin.accountSummaries().list(pageSize=3).execute()["accountSummaries"]) == 3


globals()[sys.argv[1]]()
print("ok")
