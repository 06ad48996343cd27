//! What the error responses of all of Google's APIs have in common: the reasons that mean a rate limit, and a one-line
//! summary of a body that is not JSON. The errors themselves are read by the cores.

/// How many characters of a body are shown.
const SHOWN: usize = 200;

/// Whether `reason` (of google.rpc.ErrorInfo, or of the older domain `usageLimits`) means a rate limit, which Google's APIs
/// also report as 403.
pub fn is_rate_limit(reason: &str) -> bool {
    [
        "concurrentLimitExceeded",
        "dailyLimitExceeded",
        "quotaExceeded",
        "rateLimitExceeded",
        "userRateLimitExceeded",
        "RATE_LIMIT_EXCEEDED",
    ]
    .contains(&reason)
}

/// A body that is not an error in JSON, in one line: the title of an HTML page, or the beginning of the text.
pub fn summary(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(64 * 1024)]);
    let text = text.trim();
    // JSON without an error may contain anything, secrets included.
    if text.starts_with(['{', '[', '"']) {
        return "a response without an error message".to_owned();
    }
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|start| {
        let end = lower[start..].find("</title>")?;
        Some(&text[start + "<title>".len()..start + end])
    });
    let words = match title {
        Some(title) => title,
        None if text.starts_with('<') => "an HTML page",
        None if text.is_empty() => "an empty response",
        None => text,
    };
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f11_a_body_that_is_not_json_becomes_one_line() {
        for (body, shown) in [
            ("<!DOCTYPE html>\n<title>Error 404\n (Not Found)</title><p>x", "Error 404 (Not Found)"),
            ("<html><p>x", "an HTML page"),
            (" plain  words\n", "plain words"),
            (" \n", "an empty response"),
            (r#"{"access_token":"canary"}"#, "a response without an error message"),
            (r#"{"access_token":"can"#, "a response without an error message"),
            ("\"canary\"", "a response without an error message"),
        ] {
            assert_eq!(summary(body.as_bytes()), shown);
        }
        assert_eq!(summary("é".repeat(100_000).as_bytes()).chars().count(), SHOWN + 1);
    }
}
