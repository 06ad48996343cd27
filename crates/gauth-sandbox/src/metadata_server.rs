//! The metadata server of a machine on Google Cloud, below `/computeMetadata/`: its service account's tokens and what
//! else programs ask of it (<https://cloud.google.com/compute/docs/metadata/overview>). Requests must carry
//! `Metadata-Flavor: Google`, which a browser cannot be made to send, and may not have come through a proxy.

use hyper::Method;
use hyper::header::HeaderValue;
use serde_json::json;

use crate::clients::PROJECT;
use crate::form::Form;
use crate::google::{Google, now};
use crate::grants::Kind;
use crate::http::Body;
use crate::http::{Request, Response, html, json, response};
use crate::scopes;
use crate::service_accounts::{MACHINE, ServiceAccount};

pub(crate) const PREFIX: &str = "/computeMetadata/";

/// What the machine was started with.
const SCOPES: [&str; 2] =
    ["https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/analytics.readonly"];

pub(crate) fn answer(google: &Google, request: &Request) -> Response {
    let flavor = request.headers().get("metadata-flavor");
    let mut response = if flavor.is_none_or(|flavor| flavor != "Google") {
        refusal(403, "Missing required header: Metadata-Flavor")
    } else if request.headers().contains_key("x-forwarded-for") {
        refusal(403, "X-Forwarded-For is not allowed")
    } else if request.method() != Method::GET {
        refusal(405, "Method not allowed")
    } else {
        found(google, request)
    };
    let headers = response.headers_mut();
    headers.insert("metadata-flavor", HeaderValue::from_static("Google"));
    headers.insert("server", HeaderValue::from_static("Metadata Server for VM (sandbox)"));
    response
}

fn found(google: &Google, request: &Request) -> Response {
    let path = request.uri().path();
    let Some(path) = path.strip_prefix("/computeMetadata/v1/") else {
        return not_found();
    };
    let account = path
        .strip_prefix("instance/service-accounts/")
        .and_then(|rest| rest.split_once('/'))
        .filter(|(account, _)| [MACHINE, "default"].contains(account));
    match (path, account) {
        (_, Some((_, "token"))) => access_token(google, request),
        (_, Some((_, "identity"))) => id_token(google, request),
        (_, Some((_, "email"))) => text(MACHINE),
        (_, Some((_, "scopes"))) => text(&format!("{}\n", SCOPES.join("\n"))),
        ("instance/service-accounts/", _) => text(&format!("{MACHINE}/\ndefault/\n")),
        ("project/project-id", _) => text(PROJECT),
        // A machine of Google's own universe has no `universe/universe-domain`.
        _ => not_found(),
    }
}

fn access_token(google: &Google, request: &Request) -> Response {
    let list = parameter(request, "scopes").map_or_else(|| SCOPES.join(" "), |l| l.replace(',', " "));
    let Ok(granted) = scopes::parse(&list) else {
        return refusal(400, "Invalid scopes");
    };
    if !granted.iter().all(|scope| SCOPES.contains(&&**scope)) {
        return refusal(403, "The machine does not have these scopes");
    }
    let mut grants = google.grants();
    let id = ServiceAccount::find(MACHINE).map_or("", |account| account.id);
    let holder = grants.holder(MACHINE, id, granted, Kind::ServiceAccount);
    let tokens = json!({
        "access_token": grants.issue_access_token(holder, now()),
        "expires_in": grants.token_lifetime,
        "token_type": "Bearer",
    });
    json(200, &tokens)
}

fn id_token(google: &Google, request: &Request) -> Response {
    let full = match parameter(request, "format").as_deref() {
        None | Some("standard") => false,
        Some("full") => true,
        Some(_) => return refusal(400, "Invalid format"),
    };
    match (parameter(request, "audience"), ServiceAccount::find(MACHINE)) {
        (Some(audience), Some(machine)) => text(&google.service_id_token(machine, &audience, full)),
        _ => refusal(400, "non-empty audience parameter required"),
    }
}

fn parameter(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    let form = Form::parse(query.as_bytes()).ok()?;
    form.get(name).map(str::to_owned)
}

fn text(body: &str) -> Response {
    response(200, "application/text", Body::Bytes(body.into()))
}

fn not_found() -> Response {
    refusal(404, "Not Found")
}

fn refusal(status: u16, reason: &str) -> Response {
    let page = format!("<!DOCTYPE html>\n<html lang=en>\n<title>Error {status}</title>\n<p>{reason}\n");
    html(status, &page)
}
