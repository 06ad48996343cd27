//! The scopes that the sandbox knows, with the sentences its consent page shows for them, and the rewriting that Google
//! does to the short OpenID names.

const ANALYTICS: &str = "https://www.googleapis.com/auth/analytics";
const ANALYTICS_READONLY: &str = "https://www.googleapis.com/auth/analytics.readonly";
const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";
const PROFILE: &str = "https://www.googleapis.com/auth/userinfo.profile";
const OPENID: &str = "openid";

const KNOWN: [(&str, &str); 16] = [
    (OPENID, "Associate you with your personal info on Google"),
    (EMAIL, "See your primary Google Account email address"),
    (PROFILE, "See your personal info, including any personal info you’ve made publicly available"),
    (ANALYTICS, "View and manage your Google Analytics data"),
    (ANALYTICS_READONLY, "See and download your Google Analytics data"),
    ("https://www.googleapis.com/auth/analytics.edit", "Edit Google Analytics management entities"),
    (
        "https://www.googleapis.com/auth/analytics.manage.users",
        "Manage Google Analytics account users by email address",
    ),
    ("https://www.googleapis.com/auth/analytics.manage.users.readonly", "View Google Analytics user permissions"),
    ("https://www.googleapis.com/auth/cloud-platform", "See, edit, configure and delete your Google Cloud data"),
    ("https://www.googleapis.com/auth/cloud-platform.read-only", "View your data across Google Cloud services"),
    ("https://www.googleapis.com/auth/iam", "Manage identities in Google Cloud"),
    ("https://www.googleapis.com/auth/bigquery", "View and manage your data in Google BigQuery"),
    ("https://www.googleapis.com/auth/drive.readonly", "See and download all your Google Drive files"),
    ("https://www.googleapis.com/auth/spreadsheets", "See, edit, create and delete all your Google Sheets"),
    ("https://www.googleapis.com/auth/webmasters.readonly", "View Search Console data for your verified sites"),
    ("https://www.googleapis.com/auth/admin.directory.user.readonly", "See info about users on your domain"),
];

/// Splits a space-joined list and rewrites `email` and `profile`, which bring `openid` along. `Err` is Google's sentence
/// about the names it does not know.
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
    let (valid, invalid): (Vec<_>, Vec<_>) = scopes.iter().cloned().partition(|scope| description(scope).is_some());
    if invalid.is_empty() {
        return Ok(scopes);
    }
    Err(format!(
        "Some requested scopes were invalid. {{valid=[{}], invalid=[{}]}}",
        valid.join(", "),
        invalid.join(", ")
    ))
}

/// What the consent page says that a scope permits.
pub(crate) fn description(scope: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(known, _)| *known == scope).map(|(_, description)| *description)
}

/// Signing in cannot be unticked: these come with the account.
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
mod tests {
    use super::*;

    #[test]
    fn short_identity_names_become_urls_and_bring_openid() {
        assert_eq!(parse("email").unwrap(), [EMAIL, OPENID]);
        assert_eq!(parse("openid profile email").unwrap(), [OPENID, PROFILE, EMAIL]);
    }

    #[test]
    fn unknown_scopes_are_named() {
        let text = parse(&format!("{ANALYTICS} analytics.readonly")).unwrap_err();
        assert_eq!(
            text,
            format!("Some requested scopes were invalid. {{valid=[{ANALYTICS}], invalid=[analytics.readonly]}}")
        );
    }
}
