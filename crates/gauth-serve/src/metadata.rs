//! What a metadata server says (<https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys>), of which
//! clients need the service account, the project and the universe. It is a tree: a directory is listed, a value is text, and
//! `recursive=true` or `alt=json` is the whole below it as JSON.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::request::Asked;
use crate::tokens::{NoToken, Tokens};

/// Where everything is.
const ROOT: &str = "/computeMetadata/v1";
/// The name that every account has, and the e-mail of one whose e-mail is not known.
const DEFAULT: &str = "default";

/// The facts and the tokens.
pub(crate) struct Metadata {
    tokens: Tokens,
    email: String,
    project: Option<String>,
    universe: String,
}

impl Metadata {
    /// `project` is the user's choice.
    pub(crate) fn new(tokens: Tokens, project: Option<&str>) -> Self {
        let description = tokens.description();
        Self {
            email: tokens.email().unwrap_or_else(|| DEFAULT.to_owned()),
            project: project.map(str::to_owned).or(description.project_id),
            universe: description.universe_domain.unwrap_or_else(|| "googleapis.com".to_owned()),
            tokens,
        }
    }

    pub(crate) fn answer(&self, asked: &Asked) -> Answer {
        let Some(below) = asked.path.strip_prefix(ROOT) else {
            return match asked.path.as_str() {
                "/" => Answer::text("computeMetadata/\n"),
                "/computeMetadata" | "/computeMetadata/" => Answer::text("v1/\n"),
                _ => not_found(),
            };
        };
        // `/` and nothing are the root; further down the closing slash of a directory may be missing.
        let below = below.strip_suffix('/').unwrap_or(below);
        let names: Vec<String> = below.split('/').map(|name| name.replace("%40", "@")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match &names[..] {
            ["", "instance", "service-accounts", account, "token"] if self.is_account(account) => self.token(asked),
            ["", "instance", "service-accounts", account, "identity"] if self.is_account(account) => {
                self.identity(asked)
            }
            ["", names @ ..] => self.value(names, asked).unwrap_or_else(not_found),
            _ => not_found(),
        }
    }

    fn is_account(&self, name: &str) -> bool {
        name == DEFAULT || name == self.email
    }

    fn token(&self, asked: &Asked) -> Answer {
        let scopes: Vec<&str> = asked.values("scopes").collect();
        match self.tokens.access(&scopes.join(",").replace(',', " ")) {
            Ok(token) => Answer::json(&json!({
                "access_token": token.secret.expose(),
                "expires_in": token.seconds_left,
                "token_type": "Bearer",
            })),
            Err(problem) => problem.into(),
        }
    }

    fn identity(&self, asked: &Asked) -> Answer {
        match asked.value("audience") {
            None | Some("") => Answer::refusal(StatusCode::BAD_REQUEST, "the parameter audience is required"),
            Some(audience) => match self.tokens.identity(audience) {
                Ok(token) => Answer::text(token.expose()),
                Err(problem) => problem.into(),
            },
        }
    }

    fn value(&self, names: &[&str], asked: &Asked) -> Option<Answer> {
        let is_recursive = asked.value("recursive").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        // Finding out the scopes may take a request.
        let needs_scopes = is_recursive || names.last() == Some(&"scopes");
        let tree = self.tree(if needs_scopes { self.tokens.scopes() } else { Vec::new() });
        let value = names.iter().try_fold(&tree, |node, name| node.get(name)).filter(|value| !value.is_null())?;
        let alt = asked.value("alt");
        Some(match value {
            Value::Object(_) if is_recursive && alt == Some("text") => Answer::text(flat("", value)),
            _ if is_recursive && value.is_object() => Answer::json(&as_json(value)),
            Value::Object(directory) if alt == Some("json") => Answer::json(&listing(directory).into()),
            _ if alt == Some("json") => Answer::json(value),
            Value::Object(directory) => Answer::text(lines(&listing(directory))),
            Value::Array(_) => Answer::text(lines(&texts(value))),
            _ => Answer::text(texts(value).concat()),
        })
    }

    /// Null is what only its own path answers.
    fn tree(&self, scopes: Vec<String>) -> Value {
        let account = json!({
            "aliases": [DEFAULT], "email": self.email, "identity": null, "scopes": scopes, "token": null,
        });
        // gcloud believes in a metadata server only if the project's number is one.
        let number = self.project.as_deref().map(|project| project.parse().unwrap_or(0_u64));
        let mut project = json!({"attributes": {}});
        if let (Some(id), Some(number)) = (&self.project, number) {
            project["project-id"] = id.as_str().into();
            project["numeric-project-id"] = number.into();
        }
        json!({
            "instance": {
                "attributes": {},
                "id": 0,
                "name": "gauth-serve",
                "service-accounts": {DEFAULT: account.clone(), self.email.as_str(): account},
                "zone": format!("projects/{}/zones/local", number.unwrap_or(0)),
            },
            "project": project,
            "universe": {"universe-domain": self.universe},
        })
    }
}

impl From<NoToken> for Answer {
    fn from(problem: NoToken) -> Self {
        match problem {
            NoToken::OtherScopes => Self::refusal(StatusCode::FORBIDDEN, "the grant has none of these scopes"),
            NoToken::NotGiven => not_found(),
            NoToken::Failed => {
                Self::refusal(StatusCode::SERVICE_UNAVAILABLE, "no token: gauth-serve says why on stderr")
            }
        }
    }
}

fn not_found() -> Answer {
    Answer::refusal(StatusCode::NOT_FOUND, "not found")
}

/// The names in a directory; those of directories end in a slash.
fn listing(directory: &Map<String, Value>) -> Vec<String> {
    directory.iter().map(|(name, value)| if value.is_object() { format!("{name}/") } else { name.clone() }).collect()
}

fn lines(texts: &[String]) -> String {
    texts.iter().map(|text| format!("{text}\n")).collect()
}

/// The value, or each of a list, as text.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}

/// The tree as Google writes it in JSON: `project-id` is `projectId`, but an account's name is a name.
fn as_json(value: &Value) -> Value {
    let Value::Object(directory) = value else {
        return value.clone();
    };
    let members = directory.iter().filter(|(_, value)| !value.is_null());
    let renamed = members.map(|(name, value)| {
        let name = if name.contains('@') { name.clone() } else { camel_case(name) };
        (name, as_json(value))
    });
    Value::Object(renamed.collect())
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        text + &initial.to_ascii_uppercase() + rest
    })
}

/// The tree as lines, each a path and a value.
fn flat(path: &str, value: &Value) -> String {
    match value {
        Value::Object(directory) => directory
            .iter()
            .map(|(name, value)| flat(&if path.is_empty() { name.clone() } else { format!("{path}/{name}") }, value))
            .collect(),
        Value::Null => String::new(),
        other => texts(other).iter().map(|text| format!("{path} {text}\n")).collect(),
    }
}
