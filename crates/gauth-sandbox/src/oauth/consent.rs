//! The HTML of the authorization endpoint: the consent page that a person can click, and the page that says what is
//! wrong with a request. No script, no outside resource.

use crate::http::{OAuthError, escape};
use crate::oauth::scopes;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;min-height:100vh;display:grid;place-items:center;background:#f0f4f9;color:#1f1f1f;\
font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\
main{background:#fff;border-radius:28px;padding:40px;max-width:480px;width:calc(100% - 48px);box-sizing:border-box;\
margin:24px}\
h1{font-size:28px;font-weight:400;line-height:1.25;margin:16px 0}\
.badge{font-size:13px;color:#5f6368;letter-spacing:.02em}\
.account{display:inline-flex;border:1px solid #c4c7c5;border-radius:16px;padding:2px 14px;font-size:14px}\
ul{list-style:none;padding:0;margin:24px 0}\
li{border-top:1px solid #e3e3e3;padding:14px 0}\
label{display:flex;gap:14px;align-items:flex-start;cursor:pointer}\
input[type=checkbox]{width:18px;height:18px;margin:3px 0 0;accent-color:#0b57d0;flex:none}\
code{display:block;font-size:12px;color:#5f6368;overflow-wrap:anywhere}\
.buttons{display:flex;justify-content:flex-end;gap:12px;margin-top:28px}\
button{font:inherit;font-weight:500;border-radius:20px;border:1px solid #747775;padding:8px 24px;background:none;\
color:#0b57d0;cursor:pointer}\
button.allow{background:#0b57d0;border-color:#0b57d0;color:#fff}\
button:focus-visible,input:focus-visible{outline:3px solid #a8c7fa;outline-offset:2px}\
@media(prefers-color-scheme:dark){body{background:#1e1f20;color:#e3e3e3}main{background:#0e0e0e}\
li{border-color:#444746}code,.badge{color:#c4c7c5}button{color:#a8c7fa;border-color:#8e918f}\
button.allow{background:#a8c7fa;border-color:#a8c7fa;color:#062e6f}}";

/// Asks `account` for `scopes`. The form posts `decision` (`allow` or `deny`) and a `scope` for each ticked box to the URL
/// of the page.
pub(crate) fn page(account: &str, scopes: &[String]) -> String {
    let items: String = scopes.iter().map(|scope| item(scope)).collect();
    let account = escape(account);
    document(
        "Sign in with the sandbox",
        &format!(
            "<p class=\"badge\">gauth-sandbox · a stand-in, not Google</p>\n\
             <h1>gauth wants access to your Google Account</h1>\n\
             <p class=\"account\">{account}</p>\n\
             <form method=\"post\">\n\
             <p>Select what gauth can access:</p>\n<ul>\n{items}</ul>\n\
             <p class=\"badge\">You can take this access away again with gauth-revoke.</p>\n\
             <div class=\"buttons\">\n\
             <button type=\"submit\" name=\"decision\" value=\"deny\" id=\"deny\">Deny</button>\n\
             <button type=\"submit\" name=\"decision\" value=\"allow\" id=\"allow\" class=\"allow\">Allow</button>\n\
             </div>\n</form>\n"
        ),
    )
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

/// What stands in the browser instead of a redirect.
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
mod tests {
    use super::*;

    #[test]
    fn text_from_the_request_cannot_become_markup() {
        let page = page("<script>\"@example.com", &[]);
        assert!(page.contains("&lt;script&gt;&quot;@example.com"));
        assert!(!page.contains("<script>"));
    }

    #[test]
    fn each_scope_has_a_box_but_signing_in_has_none() {
        let readonly = "https://www.googleapis.com/auth/analytics.readonly";
        let page = page("a@example.com", &["openid".into(), readonly.into()]);
        assert_eq!(page.matches("type=\"checkbox\"").count(), 1);
        assert!(page.contains(&format!("value=\"{readonly}\" checked")));
    }
}
