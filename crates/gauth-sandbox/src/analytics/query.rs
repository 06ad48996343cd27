//! The query of an API request: the parameters that all Google APIs share
//! (<https://cloud.google.com/apis/docs/system-parameters>) and those of the method.

use super::errors::{Refusal, Violation};

/// Parameters in order, decoded.
pub(super) struct Query(Vec<(String, String)>);

const SHARED: &[&str] = &[
    "$.xgafv",
    "access_token",
    "alt",
    "callback",
    "fields",
    "key",
    "oauth_token",
    "prettyPrint",
    "quotaUser",
    "upload_protocol",
    "uploadType",
];
/// The longest `quotaUser`.
const QUOTA_USER: usize = 40;

impl Query {
    pub(super) fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let Self(pairs) = self;
        let pair = pairs.iter().find(|(known, _)| known == name)?;
        Some(&pair.1)
    }

    /// Google indents unless it is told not to.
    pub(super) fn indented(&self) -> bool {
        !matches!(self.get("prettyPrint"), Some("false" | "0"))
    }

    /// Refuses parameters that neither all APIs nor this method have.
    pub(super) fn check(&self, of_method: &[&str]) -> Result<(), Refusal> {
        let Self(pairs) = self;
        let known = |name: &str| SHARED.contains(&name) || of_method.contains(&name);
        if let Some((name, _)) = pairs.iter().find(|(name, _)| !known(name)) {
            return Err(Refusal::malformed(vec![Violation {
                field: String::new(),
                description: format!(
                    "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. \
                     Field '{name}' could not be found in request message."
                ),
            }]));
        }
        if self.get("alt").is_some_and(|alt| alt != "json") {
            return Err(Refusal::invalid("The sandbox answers alt=json only."));
        }
        if self.get("quotaUser").is_some_and(|user| user.len() > QUOTA_USER) {
            return Err(Refusal::invalid(format!("The quotaUser must not be longer than {QUOTA_USER} characters.")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_checked() {
        let query = Query::parse("prettyPrint=false&fields=rows%2CrowCount&pageSize=2");
        assert!(!query.indented());
        assert_eq!(query.get("fields"), Some("rows,rowCount"));
        assert!(query.check(&["pageSize"]).is_ok());
        let refusal = query.check(&[]).expect_err("no pageSize here");
        assert!(refusal.message.contains("Unknown name \"pageSize\": Cannot bind query parameter."));
    }
}
