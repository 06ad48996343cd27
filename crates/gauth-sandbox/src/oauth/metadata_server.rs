//! The metadata server of a machine on Google Cloud, below `/computeMetadata/`: its service account's tokens and other
//! metadata (<https://cloud.google.com/compute/docs/metadata/overview>). Requests must have the header
//! `Metadata-Flavor: Google`, which a website cannot make a browser send, and must not come through a proxy.

use hyper::Method;
use hyper::header::HeaderValue;
use serde_json::{Value, json};

use crate::http::{self, Request, Response, html, json, redirect};
use crate::oauth::clients::PROJECT;
use crate::oauth::form::Form;
use crate::oauth::google::{Google, now};
use crate::oauth::grants::Kind;
use crate::oauth::scopes;
use crate::oauth::service_accounts::{MACHINE, ServiceAccount};

/// The scopes of the machine.
const SCOPES: [&str; 2] =
    ["https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/analytics.readonly"];

pub(crate) fn answer(google: &Google, request: &Request) -> Response {
    let has = |name: &str| request.headers().contains_key(name);
    let flavor = request.headers().get("metadata-flavor");
    let is_root = request.uri().path() == "/";
    // Clients recognise Google Cloud by a header in the answer to `/`.
    let mut response = if !is_root && flavor.is_none_or(|flavor| flavor != "Google") {
        refusal(403, "Missing required header: Metadata-Flavor")
    } else if has("x-forwarded-for") {
        refusal(403, "X-Forwarded-For is not allowed")
    } else if ![Method::GET, Method::HEAD].contains(request.method()) {
        refusal(405, "Method not allowed")
    } else if is_root {
        text("computeMetadata/\n")
    } else {
        found(google, request)
    };
    let headers = response.headers_mut();
    headers.insert("metadata-flavor", HeaderValue::from_static("Google"));
    headers.insert("server", HeaderValue::from_static("Metadata Server for VM (sandbox)"));
    response
}

/// Texts by path.
const TEXTS: &[(&str, &str)] = &[
    ("instance/id", "4520031799277581759"),
    ("instance/name", "sandbox"),
    ("instance/zone", "projects/123456789012/zones/europe-west3-a"),
    ("project/numeric-project-id", "123456789012"),
    ("project/project-id", PROJECT),
    ("universe/universe-domain", "googleapis.com"),
];
const ACCOUNTS: &str = "instance/service-accounts/";
const MEMBERS: [&str; 5] = ["aliases", "email", "identity", "scopes", "token"];

fn found(google: &Google, request: &Request) -> Response {
    let whole = request.uri().path();
    let path = whole.strip_prefix("/computeMetadata/v1/").unwrap_or_default();
    let known = TEXTS.iter().find(|(known, _)| *known == path);
    if let Some((_, value)) = known {
        return text(value);
    }
    let account = path.strip_prefix(ACCOUNTS).and_then(|rest| rest.split_once('/'));
    let recursive = parameter(request, "recursive").is_some_and(|value| value == "true");
    if let Some((_, member)) = account.filter(|(account, _)| [MACHINE, "default"].contains(account)) {
        return match member {
            "" if recursive => json(200, &machine()),
            "" => text(&MEMBERS.map(|member| format!("{member}\n")).concat()),
            "token" => access_token(google, request),
            "identity" => id_token(google, request),
            "email" => text(MACHINE),
            "aliases" => text("default\n"),
            "scopes" => text(&format!("{}\n", SCOPES.join("\n"))),
            _ => not_found(),
        };
    }
    match whole {
        "/computeMetadata/v1/instance/service-accounts/" if recursive => {
            json(200, &json!({"default": machine(), MACHINE: machine()}))
        }
        "/computeMetadata/v1/instance/service-accounts/" => text(&format!("default/\n{MACHINE}/\n")),
        "/computeMetadata/v1/instance/" | "/computeMetadata/v1/instance" => text("id\nname\nservice-accounts/\nzone\n"),
        "/computeMetadata/" => text("v1/\n"),
        "/computeMetadata/v1/" | "/computeMetadata/v1" => text("instance/\nproject/\nuniverse/\n"),
        "/computeMetadata/v1/project/" => text("numeric-project-id\nproject-id\n"),
        "/computeMetadata/v1/universe/" => text("universe-domain\n"),
        // A directory without its slash.
        path if ["/default", "/service-accounts", MACHINE].iter().any(|end| path.ends_with(end)) => {
            let mut response = redirect(&format!("{path}/"));
            *response.status_mut() = hyper::StatusCode::MOVED_PERMANENTLY;
            response
        }
        _ => not_found(),
    }
}

fn machine() -> Value {
    json!({"aliases": ["default"], "email": MACHINE, "scopes": SCOPES})
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
    http::text(200, "application/text", body)
}

fn not_found() -> Response {
    refusal(404, "Not Found")
}

fn refusal(status: u16, reason: &str) -> Response {
    let page = format!("<!DOCTYPE html>\n<html lang=en>\n<title>Error {status}</title>\n<p>{reason}\n");
    html(status, &page)
}
