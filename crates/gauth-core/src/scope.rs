//! OAuth scopes (RFC 6749 §3.3) as Google uses them: with a common URL prefix, and two names for `email` and `profile`.

use std::collections::BTreeSet;

use crate::Error;

const PREFIX: &str = "https://www.googleapis.com/auth/";

/// The default: read access to Analytics.
pub const DEFAULT: &str = "https://www.googleapis.com/auth/analytics.readonly";

/// Frequently used scopes, in short form.
pub const COMMON: [&str; 14] = [
    "analytics.readonly",
    "analytics.edit",
    "analytics.manage.users.readonly",
    "analytics",
    "webmasters.readonly",
    "webmasters",
    "bigquery",
    "cloud-platform",
    "devstorage.read_only",
    "drive.readonly",
    "spreadsheets",
    "openid",
    "email",
    "profile",
];

/// Distinct scopes in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Reads what users type: `analytics.readonly` gets Google's prefix; `openid`, `email`, `profile` and whole URLs
    /// stay. Each text may hold several, with blanks or commas between.
    ///
    /// # Errors
    /// [`Error::Input`] for a character that RFC 6749 §3.3 does not allow.
    pub fn from_typed<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        texts
            .into_iter()
            .flat_map(|text| text.split([' ', ',']))
            .filter(|word| !word.is_empty())
            .map(|word| {
                let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
                if !word.bytes().all(allowed) {
                    return Err(Error::Input("scope: contains a character that is not allowed in a scope".to_owned()));
                }
                Ok(match word {
                    "openid" | "email" | "profile" => word.to_owned(),
                    _ if word.contains(':') => word.to_owned(),
                    _ => format!("{PREFIX}{word}"),
                })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Reads a list as servers and files write it: full names separated by blanks.
    pub fn from_answer(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_owned).collect())
    }

    /// Only [`DEFAULT`].
    pub fn default_read() -> Self {
        Self([DEFAULT.to_owned()].into())
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The form in requests: joined with blanks.
    pub fn joined(&self) -> String {
        self.iter().collect::<Vec<_>>().join(" ")
    }

    /// Whether tokeninfo and userinfo return the e-mail.
    pub fn covers_email(&self) -> bool {
        self.iter().any(|scope| canonical(scope) == "email")
    }

    /// Those of `self`, the scopes of a grant, that a new grant for `asked` will lack, in short form. Google adds `openid`
    /// to `email` and `profile`.
    pub fn lost_by(&self, asked: &Self) -> Vec<String> {
        let adds_openid = asked.iter().any(|scope| matches!(canonical(scope), "email" | "profile"));
        let mut lost = self.missing_from(asked);
        lost.retain(|scope| !(adds_openid && scope == "openid"));
        lost
    }

    /// Those of `self` that are in `granted`, under their names there.
    pub fn within(&self, granted: &Self) -> Self {
        let asked: BTreeSet<_> = self.iter().map(canonical).collect();
        Self(granted.iter().filter(|scope| asked.contains(canonical(scope))).map(str::to_owned).collect())
    }

    /// Those of `self` that `granted` lacks, in short form. `email` and `profile` count as granted under their
    /// `userinfo.*` names too.
    pub fn missing_from(&self, granted: &Self) -> Vec<String> {
        let granted: BTreeSet<_> = granted.iter().map(canonical).collect();
        self.iter().filter(|scope| !granted.contains(canonical(scope))).map(|scope| short(scope).to_owned()).collect()
    }
}

/// The scope without Google's prefix, as users type it.
pub fn short(scope: &str) -> &str {
    scope.strip_prefix(PREFIX).unwrap_or(scope)
}

fn canonical(scope: &str) -> &str {
    match scope {
        "https://www.googleapis.com/auth/userinfo.email" => "email",
        "https://www.googleapis.com/auth/userinfo.profile" => "profile",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_get_the_prefix_and_order_and_repeats_do_not_count() {
        let scopes = Scopes::from_typed(["openid", "analytics.readonly,email", "openid"]).unwrap();
        assert_eq!(scopes.joined(), "email https://www.googleapis.com/auth/analytics.readonly openid");
        assert!(Scopes::from_typed(["a\"b"]).is_err());
        assert!(Scopes::from_typed(["a\nb"]).is_err());
    }

    #[test]
    fn c23_missing_scopes_are_reported_in_short_form_and_aliases_count() {
        let asked = Scopes::from_typed(["email analytics.readonly analytics.edit"]).unwrap();
        let granted = Scopes::from_answer(
            "openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/analytics.readonly",
        );
        assert_eq!(asked.missing_from(&granted), ["analytics.edit"]);
        assert!(asked.missing_from(&asked).is_empty());
    }

    #[test]
    fn scopes_within_a_grant_have_its_names() {
        let granted = Scopes::from_answer("https://www.googleapis.com/auth/userinfo.email openid a");
        for (asked, within) in
            [("a", "a"), ("b a email", "a https://www.googleapis.com/auth/userinfo.email"), ("b", "")]
        {
            assert_eq!(Scopes::from_answer(asked).within(&granted).joined(), within, "{asked}");
        }
    }

    #[test]
    fn what_a_narrower_renewal_loses_is_reported_without_what_the_server_adds() {
        let old = Scopes::from_answer(
            "openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/analytics.edit",
        );
        for (asked, lost) in [
            ("analytics.edit email", &[][..]),
            ("email", &["analytics.edit"]),
            ("analytics.edit", &["openid", "userinfo.email"]),
        ] {
            let asked = Scopes::from_typed([asked]).unwrap();
            let mut found = old.lost_by(&asked);
            found.sort();
            assert_eq!(found, lost, "{asked:?}");
        }
    }
}
