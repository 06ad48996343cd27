//! Dimension values as numbers: a visit's value becomes the number of its text. Each text is formatted once, and a
//! filter is evaluated once for each text.

use super::columns::{Dimension, FilterOn, Shape};
use super::dimensions::{Code, Column};
use super::filter::{Condition, Leaf};
use super::site::Visit;
use std::collections::HashMap;

/// Turns a visit's values of one dimension into the number of their text.
pub(super) struct Encoder {
    columns: Vec<Column>,
    shape: Shape,
    /// Text numbers by code, if there is one column.
    by_code: Vec<u32>,
    /// Text numbers by codes, if there are several.
    by_codes: HashMap<Vec<u32>, u32>,
    by_text: HashMap<String, u32>,
    pub(super) texts: Vec<String>,
    most: usize,
}

impl Encoder {
    /// Not seen yet.
    const UNKNOWN: u32 = u32::MAX;

    pub(super) fn new(dimension: &Dimension, most: Option<usize>) -> Self {
        Self {
            columns: dimension.columns.clone(),
            shape: dimension.shape.clone(),
            by_code: Vec::new(),
            by_codes: HashMap::new(),
            by_text: HashMap::new(),
            texts: Vec::new(),
            most: most.unwrap_or(usize::MAX),
        }
    }

    pub(super) fn is_of_event(&self) -> bool {
        self.columns.iter().any(|column| matches!(column.code, Code::Event))
    }

    pub(super) fn encode(&mut self, visit: &Visit, event: u32) -> u32 {
        let code = |column: &Column| match column.code {
            Code::Visit(code) => code(visit),
            Code::Event => event,
            Code::Pass => visit.pass,
        };
        if let [column] = &self.columns[..] {
            let code = code(column);
            if let Some(&known) = self.by_code.get(code as usize)
                && known != Self::UNKNOWN
            {
                return known;
            }
            if self.by_code.len() <= code as usize {
                self.by_code.resize(code as usize + 1, Self::UNKNOWN);
            }
            let text = self.shape.text(&[*column], &[code]);
            let number = self.number(text);
            self.by_code[code as usize] = number;
            return number;
        }
        let codes: Vec<u32> = self.columns.iter().map(code).collect();
        if let Some(known) = self.by_codes.get(&codes) {
            return *known;
        }
        let text = self.shape.text(&self.columns, &codes);
        let number = self.number(text);
        self.by_codes.insert(codes, number);
        number
    }

    /// The number of a text, which several codes may have.
    fn number(&mut self, text: String) -> u32 {
        let text = if self.texts.len() >= self.most && !self.by_text.contains_key(&text) {
            "(other)".to_owned()
        } else {
            text
        };
        let next = self.texts.len() as u32;
        *self.by_text.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            next
        })
    }
}

impl Shape {
    fn text(&self, columns: &[Column], codes: &[u32]) -> String {
        let parts = columns.iter().zip(codes);
        let parts: Vec<String> = parts.map(|(column, code)| (column.text)(*code)).collect();
        match self {
            Self::Plain => parts.concat(),
            Self::Named(names) => names[codes[0] as usize].clone(),
            Self::Lower => parts.concat().to_lowercase(),
            Self::Upper => parts.concat().to_uppercase(),
            Self::Joined(delimiter) => parts.join(delimiter),
        }
    }
}

/// A dimension filter; each test is evaluated once for each text.
pub(super) struct VisitFilter<'a> {
    condition: &'a Condition,
    leaves: Vec<FilteredColumn<'a>>,
}

struct FilteredColumn<'a> {
    encoder: Encoder,
    leaf: &'a Leaf,
    /// By number of the text.
    verdicts: Vec<bool>,
}

impl<'a> VisitFilter<'a> {
    pub(super) fn new((condition, leaves): &'a FilterOn<Dimension>) -> Self {
        let leaves = leaves
            .iter()
            .map(|(dimension, leaf)| FilteredColumn {
                encoder: Encoder::new(dimension, None),
                leaf,
                verdicts: Vec::new(),
            })
            .collect();
        Self { condition, leaves }
    }

    pub(super) fn is_of_event(&self) -> bool {
        self.leaves.iter().any(|column| column.encoder.is_of_event())
    }

    pub(super) fn passes(&mut self, visit: &Visit, event: u32) -> bool {
        let leaves = &mut self.leaves;
        self.condition.holds(&mut |leaf| {
            let column = &mut leaves[leaf];
            let number = column.encoder.encode(visit, event) as usize;
            if number == column.verdicts.len() {
                let text = &column.encoder.texts[number];
                column.verdicts.push(column.leaf.test.holds_for_text(text));
            }
            column.verdicts[number]
        })
    }
}
