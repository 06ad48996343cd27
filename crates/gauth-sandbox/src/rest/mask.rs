//! The `fields` parameter: the requested members of an answer (<https://cloud.google.com/apis/docs/system-parameters>).
//! Paths are joined by commas, their parts by `/` or `.`; `a(b,c)` means `a/b,a/c`, and `*` every member. A path that
//! is not in the answer's message is refused.

use super::messages::Message;
use super::{Refusal, bad_request};

/// A tree of requested members; its root is node 0.
pub(super) struct Mask(Vec<Node>);

#[derive(Default)]
struct Node {
    /// Everything below is requested.
    whole: bool,
    members: Vec<(String, Place)>,
}

/// A node of a mask, or a place below one that is requested as a whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(Option<usize>);

impl Mask {
    pub(super) const ROOT: Place = Place(Some(0));

    /// Everything is requested.
    pub(super) fn all() -> Self {
        Self(vec![Node { whole: true, members: Vec::new() }])
    }

    pub(super) fn parse(text: &str, message: &'static Message) -> Result<Self, Refusal> {
        let mut mask = Self(vec![Node::default()]);
        let mut parser = Parser { rest: text, mask: &mut mask };
        parser.list(0, Some(message), "")?;
        match parser.rest {
            "" => Ok(mask),
            rest => Err(invalid(rest)),
        }
    }

    /// The place of the member `name`, if it is requested.
    pub(super) fn member(&self, Place(place): Place, name: &str) -> Option<Place> {
        let Some(node) = place else { return Some(Place(None)) };
        let Self(nodes) = self;
        if nodes[node].whole {
            return Some(Place(None));
        }
        let found = nodes[node].members.iter().find(|(known, _)| known == name || known == "*");
        found.map(|(_, place)| *place)
    }

    fn add(&mut self, node: usize, name: &str) -> usize {
        let Self(nodes) = self;
        let known = nodes[node].members.iter().find(|(known, _)| known == name);
        if let Some((_, Place(Some(known)))) = known {
            return *known;
        }
        nodes.push(Node::default());
        let new = nodes.len() - 1;
        nodes[node].members.push((name.to_owned(), Place(Some(new))));
        new
    }
}

struct Parser<'a> {
    rest: &'a str,
    mask: &'a mut Mask,
}

impl Parser<'_> {
    fn list(&mut self, node: usize, message: Option<&'static Message>, path: &str) -> Result<(), Refusal> {
        loop {
            self.path(node, message, path)?;
            match self.rest.strip_prefix(',') {
                Some(rest) => self.rest = rest,
                None => return Ok(()),
            }
        }
    }

    fn path(&mut self, node: usize, message: Option<&'static Message>, parent: &str) -> Result<(), Refusal> {
        let end = self.rest.find([',', '/', '.', '(', ')']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let word = word.trim();
        let path = if parent.is_empty() { word.to_owned() } else { format!("{parent}.{word}") };
        let (name, within) = match message.and_then(|message| message.spelt(word)) {
            Some(field) => (field.name, field.kind.message()),
            None if word == "*" => (word, None),
            None => return Err(invalid(&path)),
        };
        let node = self.mask.add(node, name);
        self.rest = rest;
        if let Some(rest) = rest.strip_prefix(['/', '.']) {
            self.rest = rest;
            return self.path(node, within, &path);
        }
        if let Some(rest) = rest.strip_prefix('(') {
            self.rest = rest;
            self.list(node, within, &path)?;
            self.rest = self.rest.strip_prefix(')').ok_or_else(|| invalid(&path))?;
            return Ok(());
        }
        let Mask(nodes) = &mut *self.mask;
        nodes[node].whole = true;
        Ok(())
    }
}

fn invalid(path: &str) -> Refusal {
    let text = format!("Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'.");
    Refusal::invalid("Request contains an invalid argument.").with(bad_request(&[(path.to_owned(), text)]))
}

#[cfg(test)]
mod tests;
