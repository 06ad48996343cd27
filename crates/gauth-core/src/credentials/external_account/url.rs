//! A subject token from a URL: the identity endpoint of a CI system or of Azure. The URL and its headers come from a file
//! that may be untrusted, so they cannot open Google's own metadata server.

use std::time::SystemTime;

use http::{HeaderName, HeaderValue};
use serde_json::Value;

use super::subject_token::Format;
use super::{Source, Subject, SubjectMachine, SubjectSource};
use crate::document::Document;
use crate::endpoint::Policy;
use crate::error::Call;
use crate::exchange::{Answer, Step};
use crate::{Error, Request};

pub(super) const SOURCE: Source =
    Source { field: "url", read: |source, setting| Ok(Box::new(UrlSource::read(source, setting.context.policy)?)) };

/// Headers that a file may not set: they route, frame, or open Google's metadata server.
const FORBIDDEN: [&str; 12] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "metadata-flavor",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

#[derive(Clone)]
struct UrlSource {
    request: Request,
    host: String,
    format: Format,
}

impl UrlSource {
    fn read(source: &Document, policy: &Policy) -> Result<Self, Error> {
        const FIELD: &str = "credential_source.url";
        let url = policy.metadata(source.text("url")?, &format!("field {FIELD}"))?;
        let mut request =
            http::Request::get(url.as_str()).body(Vec::new()).map_err(|_| Error::field(FIELD, "not a valid URL"))?;
        if let Some(headers) = source.optional_object("headers")? {
            for (name, value) in headers.entries() {
                add_header(&mut request, name, value)?;
            }
        }
        Ok(Self { request, host: url.host().to_owned(), format: Format::read(source)? })
    }
}

fn add_header(request: &mut Request, name: &str, value: &Value) -> Result<(), Error> {
    let problem = |text: &str| Error::field("credential_source.headers", text);
    let name: HeaderName = name.parse().map_err(|_| problem("expected names of headers"))?;
    if FORBIDDEN.contains(&name.as_str()) {
        return Err(problem(&format!("{name} is not allowed")));
    }
    let mut value: HeaderValue =
        value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| problem("expected values of headers"))?;
    value.set_sensitive(true);
    request.headers_mut().insert(name, value);
    Ok(())
}

impl SubjectSource for UrlSource {
    fn start(&self) -> Box<dyn SubjectMachine> {
        Box::new(self.clone())
    }

    fn describe(&self) -> String {
        format!("a URL at {}", self.host)
    }
}

impl SubjectMachine for UrlSource {
    fn step(&mut self, answer: Option<Answer>, _now: SystemTime) -> Result<Subject, Error> {
        let Some(answer) = answer else {
            return Ok(Subject::next(Step::Send(self.request.clone())));
        };
        let response = answer.response();
        if !response.status().is_success() {
            return Err(Error::status(Call::SubjectToken, &response));
        }
        self.format.token(response.body(), &self.host).map(Subject::Token)
    }
}
