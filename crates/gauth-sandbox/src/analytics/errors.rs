//! Refusals in Google's shape: `{"error": {code, message, status, details}}`, details typed as in google.rpc
//! (<https://cloud.google.com/apis/design/errors>). Unknown paths get the web server's HTML page, as on the real hosts.

use super::json::Writer;
use crate::api::{ApiAnswer, Body};

/// A refused request.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: Status,
    pub(super) message: String,
    pub(super) detail: Detail,
}

/// The canonical codes that this API answers with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Status {
    InvalidArgument,
    PermissionDenied,
    ResourceExhausted,
    Internal,
}

impl Status {
    fn http(self) -> u16 {
        match self {
            Self::InvalidArgument => 400,
            Self::PermissionDenied => 403,
            Self::ResourceExhausted => 429,
            Self::Internal => 500,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::Internal => "INTERNAL",
        }
    }
}

#[derive(Debug)]
pub(super) enum Detail {
    None,
    /// google.rpc.BadRequest: the path of the field, and what is wrong with it.
    BadRequest(Vec<Violation>),
    /// google.rpc.ErrorInfo of a token that lacks the scope.
    InsufficientScope {
        service: &'static str,
        method: String,
    },
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Violation {
    pub(super) field: String,
    pub(super) description: String,
}

impl Refusal {
    pub(super) fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), detail: Detail::None }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Status::InvalidArgument, message)
    }

    /// The JSON does not have the form of the request message.
    pub(super) fn malformed(violations: Vec<Violation>) -> Self {
        let lines: Vec<&str> = violations.iter().map(|violation| violation.description.as_str()).collect();
        Self { status: Status::InvalidArgument, message: lines.join("\n"), detail: Detail::BadRequest(violations) }
    }

    pub(super) fn insufficient_scope(service: &'static str, method: String) -> Self {
        Self {
            status: Status::PermissionDenied,
            message: "Request had insufficient authentication scopes.".to_owned(),
            detail: Detail::InsufficientScope { service, method },
        }
    }

    pub(super) fn answer(&self, indented: bool) -> ApiAnswer {
        let mut json = Writer::new(indented);
        json.object(|json| {
            json.member("error").object(|json| {
                json.member("code").number(i64::from(self.status.http()));
                json.member("message").text(&self.message);
                json.member("status").text(self.status.name());
                match &self.detail {
                    Detail::None => {}
                    Detail::BadRequest(violations) => json.member("details").list(|json| {
                        json.element().object(|json| {
                            json.member("@type").text("type.googleapis.com/google.rpc.BadRequest");
                            json.member("fieldViolations").list(|json| {
                                for violation in violations {
                                    write_violation(json.element(), violation);
                                }
                            });
                        });
                    }),
                    Detail::InsufficientScope { service, method } => {
                        json.member("details").list(|json| {
                            json.element().object(|json| {
                                json.member("@type").text("type.googleapis.com/google.rpc.ErrorInfo");
                                json.member("reason").text("ACCESS_TOKEN_SCOPE_INSUFFICIENT");
                                json.member("domain").text("googleapis.com");
                                json.member("metadata").object(|json| {
                                    json.member("service").text(service);
                                    json.member("method").text(method);
                                });
                            });
                        });
                    }
                }
            });
        });
        ApiAnswer {
            status: self.status.http(),
            content_type: "application/json; charset=UTF-8",
            body: Body::Bytes(json.finish()),
        }
    }
}

fn write_violation(json: &mut Writer, violation: &Violation) {
    json.object(|json| {
        if !violation.field.is_empty() {
            json.member("field").text(&violation.field);
        }
        json.member("description").text(&violation.description);
    });
}

/// The page for a path or verb that no service has.
pub(super) fn no_such_page(path: &str) -> ApiAnswer {
    let shown: String = path.chars().map(|c| if "<>&\"'".contains(c) { '?' } else { c }).collect();
    let page = format!(
        "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error 404 (Not Found)!!1</title>\n  \
         <p><b>404.</b> <ins>That’s an error.</ins>\n  <p>The requested URL <code>{shown}</code> was not found on this \
         server.  <ins>That’s all we know.</ins>\n"
    );
    ApiAnswer { status: 404, content_type: "text/html; charset=UTF-8", body: Body::Bytes(page.into_bytes()) }
}
