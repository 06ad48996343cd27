//! The front end that all of Google's REST APIs share: system parameters
//! (<https://cloud.google.com/apis/docs/system-parameters>), the table of methods, request bodies as proto3 JSON,
//! answers by message and mask, errors as `google.rpc.Status` (<https://google.aip.dev/193>). The methods themselves
//! are in the API.

pub(crate) mod json;
mod mask;
pub(crate) mod messages;
#[cfg(test)]
pub(crate) mod tests;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value, json};

use crate::fail_if;
use crate::http::{Body, Request, Response, response};
use json::Writer;

/// A method of an API, and its function in the context `C`.
pub(crate) struct Method<C> {
    pub(crate) verb: &'static str,
    /// `{}` is a part that varies.
    pub(crate) path: String,
    /// As `google.rpc.ErrorInfo` names it.
    pub(crate) name: String,
    /// Scopes, one of which is enough.
    pub(crate) scopes: &'static [&'static str],
    /// Names of messages; a GET has no request.
    pub(crate) request: String,
    pub(crate) response: String,
    /// Query parameters beside the system's.
    pub(crate) parameters: &'static [&'static str],
    pub(crate) handler: Handler<C>,
}

pub(crate) type Handler<C> = fn(&C, Call<'_>) -> Result<Body, Refusal>;

/// A request that the front end has checked.
pub(crate) struct Call<'a> {
    /// The part of the path that varies.
    pub(crate) id: &'a str,
    /// Read by the request's message; names in camelCase.
    pub(crate) body: Value,
    pub(crate) parameters: &'a Parameters,
    /// The Cloud project whose quota is used, if the request names one.
    pub(crate) project: Option<&'a str>,
    /// For an answer that is the response's message.
    pub(crate) json: Writer,
}

impl<C> Method<C> {
    /// The method of a verb and a path, and the part of the path that varies: from the first `{}` to the last.
    pub(crate) fn find<'a>(methods: &'static [Self], verb: &str, path: &'a str) -> Option<(&'static Self, &'a str)> {
        methods.iter().filter(|method| method.verb == verb).find_map(|method| {
            let mut fixed = method.path.split("{}");
            let mut rest = path.strip_prefix(fixed.next()?)?;
            let from = path.len() - rest.len();
            let mut to = from;
            for fixed in fixed {
                let id = rest.split(['/', ':']).next().filter(|id| !id.is_empty())?;
                to = path.len() - rest.len() + id.len();
                rest = rest[id.len()..].strip_prefix(fixed)?;
            }
            rest.is_empty().then_some((method, &path[from..to]))
        })
    }

    /// The host of the method.
    pub(crate) fn service(&self) -> &'static str {
        match &self.name {
            name if name.starts_with("google.analytics.admin.") => "analyticsadmin.googleapis.com",
            name if name.starts_with("google.iam.") => "iamcredentials.googleapis.com",
            _ => "analyticsdata.googleapis.com",
        }
    }

    /// `google.rpc.ErrorInfo` about this method.
    pub(crate) fn error_info(&self, reason: &str) -> Value {
        error_info(reason, "googleapis.com", json!({"service": self.service(), "method": self.name}))
    }

    /// Answers a request to this method whose bearer has `scopes`.
    pub(crate) fn answer(&self, context: &C, request: &Request, id: &str, scopes: &[String]) -> Response {
        let parameters = Parameters::of(request);
        match self.call(context, request, &parameters, id, scopes) {
            Ok(body) => response(200, "application/json; charset=UTF-8", body),
            Err(refusal) => refusal.response(&parameters.format()),
        }
    }

    fn call(
        &self,
        context: &C,
        request: &Request,
        parameters: &Parameters,
        id: &str,
        scopes: &[String],
    ) -> Result<Body, Refusal> {
        if !scopes.iter().any(|scope| self.scopes.contains(&&**scope)) {
            let info = self.error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT");
            return Err(Refusal::new(403, "Request had insufficient authentication scopes.").with(info));
        }
        parameters.check(self.parameters)?;
        let json = Writer::new(&parameters.format(), messages::message(&self.response))?;
        let body = match self.request.as_str() {
            "" => Value::Null,
            name => read(request, name)?,
        };
        (self.handler)(context, Call { id, body, parameters, project: parameters.project(), json })
    }
}

impl Call<'_> {
    /// An answer that is small enough to be a document.
    pub(crate) fn done(mut self, answer: &Value) -> Result<Body, Refusal> {
        self.json.value(answer);
        Ok(Body::Bytes(self.json.finish()))
    }

    /// An answer whose members `write` writes.
    pub(crate) fn object(mut self, write: impl FnOnce(&mut Writer)) -> Result<Body, Refusal> {
        self.json.object(write);
        Ok(Body::Bytes(self.json.finish()))
    }
}

fn read(request: &Request, message: &str) -> Result<Value, Refusal> {
    let content_type = request.headers().get("content-type").and_then(|value| value.to_str().ok());
    let media_type = content_type.unwrap_or("application/json").split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") && !request.body().is_empty() {
        return Err(Refusal::invalid(format!("Invalid content type: {media_type}; expected application/json.")));
    }
    messages::read(request.body(), messages::message(message))
}

/// How an answer is to be written.
#[derive(Default)]
pub(crate) struct Format {
    pub(crate) indented: bool,
    /// Enums by number, as Google's clients request.
    pub(crate) enum_numbers: bool,
    /// The mask.
    pub(crate) fields: Option<String>,
}

/// The parameters of a query, decoded, and the equivalent headers.
pub(crate) struct Parameters(Vec<(String, String)>);

/// Each may also begin with `$`.
const SYSTEM: &[&str] = &[
    ".xgafv",
    "access_token",
    "alt",
    "callback",
    "fields",
    "key",
    "oauth_token",
    "prettyPrint",
    "quotaUser",
    "uploadType",
    "upload_protocol",
];
/// Those that must begin with `$`.
const WITH_DOLLAR: &[&str] = &["$.xgafv", "$userProject", "$ct", "$req", "$unique"];
/// The longest `quotaUser`.
const QUOTA_USER: usize = 40;

impl Parameters {
    pub(crate) fn of(request: &Request) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        for (header, name) in [
            ("x-goog-user-project", "$userProject"),
            ("x-goog-fieldmask", "fields"),
            ("x-goog-api-key", "key"),
            ("x-goog-quota-user", "quotaUser"),
        ] {
            let value = request.headers().get(header).and_then(|value| value.to_str().ok());
            pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        }
        Self(pairs)
    }

    /// The parameter of this name, or of this name with `$` before it.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let Self(pairs) = self;
        let found = pairs.iter().find(|(known, _)| known == name || known.strip_prefix('$') == Some(name));
        found.map(|(_, value)| value.as_str())
    }

    /// An access token in the query, if there is no header.
    pub(crate) fn token(&self) -> Option<&str> {
        self.get("access_token").or_else(|| self.get("oauth_token"))
    }

    fn project(&self) -> Option<&str> {
        self.get("userProject").filter(|project| !project.is_empty())
    }

    /// Google indents by default.
    pub(crate) fn format(&self) -> Format {
        Format {
            indented: !matches!(self.get("prettyPrint"), Some("false" | "0")),
            enum_numbers: self.get("alt").is_some_and(|alt| alt.ends_with("enum-encoding=int")),
            fields: self.get("fields").map(str::to_owned),
        }
    }

    /// Refuses parameters that are neither the system's nor in `own`, and invalid values.
    fn check(&self, own: &[&str]) -> Result<(), Refusal> {
        let Self(pairs) = self;
        let unknown = pairs.iter().map(|(name, _)| name.as_str()).find(|name| {
            let plain = name.strip_prefix('$').unwrap_or(name);
            !own.contains(name) && !WITH_DOLLAR.contains(name) && (!SYSTEM.contains(&plain) || *name == ".xgafv")
        });
        if let Some(name) = unknown {
            let text = format!(
                "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. \
                 Field '{name}' could not be found in request message."
            );
            return Err(Refusal::malformed(vec![(String::new(), text)]));
        }
        for (name, known) in [
            ("alt", &["json", "json;enum-encoding=int", "json;enum-encoding=string"][..]),
            ("prettyPrint", &["true", "false", "1", "0"]),
            (".xgafv", &["1", "2"]),
            ("callback", &[]),
        ] {
            if let Some(value) = self.get(name).filter(|value| !known.contains(value)) {
                let expected = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                let text = format!("Invalid value \"{value}\" for the parameter {name}: the sandbox takes {expected}.");
                return Err(Refusal::invalid(text));
            }
        }
        let text = format!("The quotaUser must not be longer than {QUOTA_USER} characters.");
        fail_if(self.get("quotaUser").is_some_and(|user| user.len() > QUOTA_USER), Refusal::invalid(text))
    }
}

/// A refused request: a `google.rpc.Status`.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) message: String,
    pub(crate) details: Vec<Value>,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), details: Vec::new() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    /// The JSON does not have the form of the message: paths of fields, and what is wrong with each.
    fn malformed(violations: Vec<(String, String)>) -> Self {
        let lines: Vec<&str> = violations.iter().map(|(_, description)| description.as_str()).collect();
        Self::invalid(lines.join("\n")).with(bad_request(&violations))
    }

    pub(crate) fn with(mut self, detail: Value) -> Self {
        self.details.push(detail);
        self
    }

    pub(crate) fn response(&self, format: &Format) -> Response {
        let mut json = Writer::untyped(format);
        json.object(|json| {
            json.member("error").object(|json| {
                json.member("code").number(self.status.into());
                json.member("message").text(&self.message);
                json.member("status").text(status_name(self.status));
                if !self.details.is_empty() {
                    json.member("details").list(|json| {
                        self.details.iter().for_each(|detail| json.element().value(detail));
                    });
                }
            });
        });
        response(self.status, "application/json; charset=UTF-8", Body::Bytes(json.finish()))
    }
}

/// `google.rpc.BadRequest`.
fn bad_request(violations: &[(String, String)]) -> Value {
    let violations = violations.iter().map(|(field, description)| {
        let mut violation = Map::new();
        if !field.is_empty() {
            violation.insert("field".to_owned(), field.as_str().into());
        }
        violation.insert("description".to_owned(), description.as_str().into());
        Value::Object(violation)
    });
    let violations: Vec<Value> = violations.collect();
    json!({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations})
}

/// `google.rpc.ErrorInfo`.
pub(crate) fn error_info(reason: &str, domain: &str, metadata: Value) -> Value {
    json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": domain,
        "metadata": metadata,
    })
}

/// The canonical name of an HTTP status in `google.rpc.Code`.
fn status_name(status: u16) -> &'static str {
    match status {
        400 | 413 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        500 => "INTERNAL",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "UNKNOWN",
    }
}

/// Base64 in either alphabet, with or without padding.
pub(crate) fn base64_any(text: &str) -> Option<Vec<u8>> {
    let alphabet = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&alphabet, config).decode(text).ok()
}
