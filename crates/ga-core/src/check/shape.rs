//! Whether a body has only the members that Google's discovery document gives its message.
//!
//! `data/requests.tsv` holds the messages in short; the API refuses a body for a single name that it
//! does not know.

use serde_json::{Map, Value};

use super::Method;
use crate::catalogue::edit_distance;
use crate::error::Error;

static MESSAGES: &str = include_str!("../../data/requests.tsv");

/// What a member holds.
enum Member {
    /// Text, a number, true or false, or a list of those.
    Plain { is_list: bool },
    /// A message, or a list of messages.
    Message { name: &'static str, is_list: bool },
}

/// Refuses what is not in the message; turns `snake_case` keys, which the API takes too, to `camelCase`.
pub(super) fn conform(method: Method, body: &mut Value) -> Result<(), Error> {
    message(method.message(), body, "")
}

fn message(name: &str, value: &mut Value, path: &str) -> Result<(), Error> {
    let members = members(name);
    if members == "?" {
        return Ok(());
    }
    let Value::Object(map) = value else {
        return Err(misshapen(path, &format!("an object ({name}) was expected")));
    };
    *map = std::mem::take(map).into_iter().map(|(key, value)| (camel_case(&key), value)).collect::<Map<_, _>>();
    for (key, inner) in map.iter_mut() {
        let path = match path {
            "" => key.clone(),
            path => format!("{path}.{key}"),
        };
        let Some(member) = find(members, key) else {
            return Err(unknown(name, members, key, &path));
        };
        if inner.is_null() {
            continue;
        }
        let (Member::Plain { is_list } | Member::Message { is_list, .. }) = member;
        if is_list != inner.is_array() {
            let expected = if is_list { "a list" } else { "no list" };
            return Err(misshapen(&path, &format!("{expected} was expected")));
        }
        match member {
            Member::Plain { .. } => plain(inner, &path)?,
            Member::Message { name, is_list: false } => message(name, inner, &path)?,
            Member::Message { name, .. } => {
                for (place, item) in inner.as_array_mut().into_iter().flatten().enumerate() {
                    message(name, item, &format!("{path}[{place}]"))?;
                }
            }
        }
    }
    Ok(())
}

fn plain(value: &Value, path: &str) -> Result<(), Error> {
    let is_object = match value {
        Value::Array(items) => items.iter().any(|item| item.is_object() || item.is_array()),
        other => other.is_object(),
    };
    match is_object {
        true => Err(misshapen(path, "no object was expected")),
        false => Ok(()),
    }
}

fn members(message: &str) -> &'static str {
    let line = MESSAGES.lines().find_map(|line| line.split_once('\t').filter(|(name, _)| *name == message));
    line.map_or("", |(_, members)| members)
}

fn find(members: &'static str, key: &str) -> Option<Member> {
    members.split(' ').find_map(|member| {
        let rest = member.strip_prefix(key)?;
        match rest.chars().next() {
            None => Some(Member::Plain { is_list: false }),
            Some(':') => Some(Member::Message { name: &rest[1..], is_list: false }),
            Some('*') if rest.len() == 1 => Some(Member::Plain { is_list: true }),
            Some('*') => Some(Member::Message { name: &rest[1..], is_list: true }),
            Some(_) => None,
        }
    })
}

fn camel_case(key: &str) -> String {
    let mut parts = key.split('_');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

fn misshapen(path: &str, why: &str) -> Error {
    let place = if path.is_empty() { "the body" } else { path };
    Error::usage(format!("check the request: {place}: {why}"))
}

fn unknown(message: &str, members: &str, key: &str, path: &str) -> Error {
    let names: Vec<&str> =
        members.split(' ').map(|member| member.split([':', '*']).next().unwrap_or_default()).collect();
    let distance = |name: &&str| edit_distance(&name.to_lowercase(), &key.to_lowercase());
    let error = Error::usage(format!("check the request: {path}: {message} has no {key}"));
    match names.iter().copied().min_by_key(distance) {
        Some(near) if distance(&near) <= key.len() / 3 => error.with_hint(format!("did you mean {near}?")),
        _ => error.with_hint(format!("{message} has {}", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_that_is_named_exists() {
        for line in MESSAGES.lines().skip(1) {
            let (_, members) = line.split_once('\t').unwrap();
            for member in members.split(' ') {
                let named = member.split([':', '*']).nth(1).unwrap_or_default();
                let prefix = format!("{named}\t");
                assert!(named.is_empty() || MESSAGES.lines().any(|line| line.starts_with(&prefix)), "{line}");
            }
        }
        for name in Method::names() {
            assert!(!members(Method::named(name).unwrap().message()).is_empty());
        }
    }
}
