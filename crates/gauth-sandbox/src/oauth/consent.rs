//! The HTML of the authorization endpoint: the consent page, and the page that says what is wrong with a request. No
//! script, no external resources.

use crate::http::{OAuthError, escape};
use crate::oauth::scopes;

const STYLE: &str = include_str!("consent.css");

/// Asks `account` for `scopes`. The form posts `decision` (`allow` or `deny`) and a `scope` for each ticked box to the
/// page's URL.
pub(crate) fn page(account: &str, scopes: &[String]) -> String {
    let items: String = scopes.iter().map(|scope| item(scope)).collect();
    let body = include_str!("consent.html").replace("{items}", &items).replace("{account}", &escape(account));
    document("Sign in with the sandbox", &body)
}

/// Signing in comes with the account; everything else has a box.
fn item(scope: &str) -> String {
    let sentence = escape(scopes::description(scope));
    let scope = escape(scope);
    if scopes::is_identity(&scope) {
        return format!("<li><span>{sentence}<code>{scope}</code></span></li>\n");
    }
    format!(
        "<li><label><input type=\"checkbox\" name=\"scope\" value=\"{scope}\" checked>\
         <span>{sentence}<code>{scope}</code></span></label></li>\n"
    )
}

/// What the browser shows instead of a redirect.
pub(crate) fn error_page(error: &OAuthError) -> String {
    document(
        "Error",
        &format!(
            "<p class=\"badge\">gauth-sandbox · a stand-in, not Google</p>\n\
             <h1>Access blocked: authorization error</h1>\n<p>{}</p>\n<p>Error {}: {}</p>\n",
            escape(&error.description),
            error.status,
            error.error
        ),
    )
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests;
