//! A scripted browser: loads a page, ticks and clicks in its form, follows redirects to the end.
//!
//! It reads just enough HTML for a consent page: one form with its inputs and buttons.

use std::time::Duration;

use ureq::ResponseExt;
use ureq::http::Response;

/// The page where the browser ended.
#[derive(Debug)]
pub struct Page {
    /// The address after all redirects.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The page.
    pub body: String,
}

/// Loads a page by its address.
#[track_caller]
pub fn visit(url: &str) -> Page {
    let request = agent().get(url).header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
    Page::read(request.call().unwrap_or_else(|error| panic!("visit {url}: {error}")))
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}

impl Page {
    fn read(mut response: Response<ureq::Body>) -> Self {
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        Self {
            url: response.get_uri().to_string(),
            status: response.status().as_u16(),
            headers,
            body: response.body_mut().read_to_string().expect("read the page"),
        }
    }

    /// The first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// Clicks the button that shows `button`, after unticking the boxes whose value is one of `unticked`.
    #[track_caller]
    pub fn click(&self, button: &str, unticked: &[&str]) -> Self {
        let form = self.body.split("<form").nth(1).unwrap_or_else(|| panic!("no form on {}: {}", self.url, self.body));
        let form = form.split("</form>").next().unwrap_or(form);
        let action = attribute(form.split('>').next().unwrap_or(form), "action").unwrap_or_default();
        let mut fields = Vec::new();
        for input in form.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap_or(rest)) {
            let (name, value) = (attribute(input, "name"), attribute(input, "value").unwrap_or_default());
            let is_box = attribute(input, "type").as_deref() == Some("checkbox");
            let ticked = input.split_whitespace().any(|word| word.trim_end_matches('/') == "checked");
            if let Some(name) = name.filter(|_| !is_box || (ticked && !unticked.contains(&value.as_str()))) {
                fields.push((name, value));
            }
        }
        let clicked = form
            .split("<button")
            .skip(1)
            .filter_map(|rest| rest.split_once('>'))
            .find(|(_, rest)| rest.split("</button>").next().is_some_and(|text| text.trim() == button))
            .unwrap_or_else(|| panic!("no button {button:?} on {}: {}", self.url, self.body));
        if let Some(name) = attribute(clicked.0, "name") {
            fields.push((name, attribute(clicked.0, "value").unwrap_or_default()));
        }
        let url = self.resolve(&action);
        let request = agent().post(&url).header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
        Self::read(request.send_form(fields).unwrap_or_else(|error| panic!("post to {url}: {error}")))
    }

    fn resolve(&self, action: &str) -> String {
        if action.is_empty() {
            return self.url.clone();
        }
        if action.contains("://") {
            return action.to_owned();
        }
        let origin = self.url.match_indices('/').nth(2).map_or(self.url.as_str(), |(at, _)| &self.url[..at]);
        assert!(action.starts_with('/'), "the form's action {action:?} is neither absolute nor a path");
        format!("{origin}{action}")
    }
}

/// The value of `name="…"` in a tag, unescaped.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = tag[start..].split('"').next()?;
    let unescaped = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    Some(unescaped.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted_server::{Answer, ScriptedServer};

    #[test]
    fn a_form_is_filled_in_and_its_redirect_followed() {
        let page = r#"<form method="post" action="/consent"><input type="hidden" name="state" value="a&amp;b">
            <input type="checkbox" name="scope" value="one" checked> <input type="checkbox" name="scope" value="two" checked>
            <button name="answer" value="deny">Deny</button> <button name="answer" value="allow">Allow</button></form>"#;
        let server = ScriptedServer::start([
            Answer::new(200, "Content-Type: text/html\r\n", page),
            Answer::new(302, "Location: /done?code=1\r\n", ""),
            Answer::new(200, "Content-Type: text/html\r\n", "done"),
        ]);
        let end = visit(&server.url()).click("Allow", &["two"]);
        assert_eq!((end.status, end.body.as_str()), (200, "done"));
        assert_eq!(end.url, format!("{}/done?code=1", server.url()));
        let sent = &server.requests()[1];
        assert_eq!(sent.target, "/consent");
        assert_eq!(sent.text(), "state=a%26b&scope=one&answer=allow");
    }
}
