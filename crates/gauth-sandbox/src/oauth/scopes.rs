//! Scopes: all that have the form of Google's are accepted. Also the sentences on the consent page, and the long forms
//! of the short OpenID names.

const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";
const PROFILE: &str = "https://www.googleapis.com/auth/userinfo.profile";
const OPENID: &str = "openid";

const PREFIX: &str = "https://www.googleapis.com/auth/";
/// Google's scopes without that prefix.
const OTHERS: &[&str] = &[
    "https://mail.google.com/",
    "https://www.google.com/accounts/OAuthLogin",
    "https://www.google.com/calendar/feeds",
    "https://www.google.com/m8/feeds",
    "https://docs.google.com/feeds",
    "https://spreadsheets.google.com/feeds",
];

const DESCRIPTIONS: &[(&str, &str)] = &[
    (OPENID, "Associate you with your personal info on Google"),
    (EMAIL, "See your primary Google Account email address"),
    (PROFILE, "See your personal info, including any personal info you’ve made publicly available"),
    ("https://www.googleapis.com/auth/analytics", "View and manage your Google Analytics data"),
    ("https://www.googleapis.com/auth/analytics.readonly", "See and download your Google Analytics data"),
    ("https://www.googleapis.com/auth/analytics.edit", "Edit Google Analytics management entities"),
    ("https://www.googleapis.com/auth/cloud-platform", "See, edit, configure and delete your Google Cloud data"),
    ("https://www.googleapis.com/auth/drive.readonly", "See and download all your Google Drive files"),
];

/// Splits a list at spaces and replaces `email` and `profile` by their long forms, which add `openid`. `Err` is
/// Google's sentence about unknown names.
pub(crate) fn parse(list: &str) -> Result<Vec<String>, String> {
    let mut scopes: Vec<String> = Vec::new();
    let mut add = |scope: &str| {
        if !scopes.iter().any(|seen| seen == scope) {
            scopes.push(scope.to_owned());
        }
    };
    for word in list.split(' ').filter(|word| !word.is_empty()) {
        let scope = match word {
            "email" => EMAIL,
            "profile" => PROFILE,
            _ => word,
        };
        add(scope);
        if is_identity(scope) {
            add(OPENID);
        }
    }
    let (valid, invalid): (Vec<_>, Vec<_>) = scopes.iter().cloned().partition(|scope| is_googles(scope));
    if invalid.is_empty() {
        return Ok(scopes);
    }
    Err(format!(
        "Some requested scopes were invalid. {{valid=[{}], invalid=[{}]}}",
        valid.join(", "),
        invalid.join(", ")
    ))
}

fn is_googles(scope: &str) -> bool {
    let named = |name: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        !name.is_empty() && name.bytes().all(plain)
    };
    is_identity(scope) || OTHERS.contains(&scope) || scope.strip_prefix(PREFIX).is_some_and(named)
}

/// What a scope permits, on the consent page.
pub(crate) fn description(scope: &str) -> &str {
    let known = DESCRIPTIONS.iter().find(|(known, _)| *known == scope);
    known.map_or("See, edit, create and delete what this scope is for", |(_, description)| description)
}

/// The scopes of signing in, which have no box to tick.
pub(crate) fn is_identity(scope: &str) -> bool {
    [OPENID, EMAIL, PROFILE].contains(&scope)
}

pub(crate) fn has_openid(scopes: &[String]) -> bool {
    scopes.iter().any(|scope| scope == OPENID)
}

pub(crate) fn has_email(scopes: &[String]) -> bool {
    scopes.iter().any(|scope| scope == EMAIL)
}

pub(crate) fn has_profile(scopes: &[String]) -> bool {
    scopes.iter().any(|scope| scope == PROFILE)
}

#[cfg(test)]
mod tests;
