//! Metrics: a metric is a sum of measures or arithmetic over other metrics, written in the language of a request's
//! `expression`, so one parser serves both.
//!
//! Numbers of people are not additive: the same person visits on several days and pages. Here n visitors are n^(31/32)
//! people, so a whole is never smaller than its largest part or larger than the sum of its parts.

use super::catalogue::{self, Field, Kind, Surface};
use super::measures::{self, Measure, Measures};

/// Metrics with data: name, kind, and measure or formula.
const DEFINITIONS: &str = include_str!("metrics.tsv");

fn definition(name: &str) -> Option<(&'static str, &'static str)> {
    let line = DEFINITIONS.lines().find(|line| line.split('\t').next() == Some(name))?;
    line[name.len() + 1..].split_once('\t')
}

/// A metric of a request, to be computed from sums.
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) metric_type: &'static str,
    pub(super) invisible: bool,
    /// The catalogue's entry, unless the request defines the metric.
    pub(super) field: Option<&'static Field>,
    /// The kind of money, for properties that hide it.
    pub(super) restricted_as: Option<&'static str>,
    term: Term,
}

#[derive(Clone)]
enum Term {
    Number(f64),
    Sum(Measure, f64),
    People(Measure),
    Pair(Box<Self>, Op, Box<Self>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// Sums of the measures that a report needs; `slots` says where each measure is.
pub(super) struct Slots {
    of: [Option<usize>; measures::COUNT],
    pub(super) count: usize,
    /// What one is in the sums.
    unit: i64,
}

impl Slots {
    pub(super) fn for_metrics(metrics: &[Metric], unit: i64) -> Self {
        let mut slots = Self { of: [None; measures::COUNT], count: 0, unit };
        for metric in metrics {
            metric.term.claim(&mut slots);
        }
        slots
    }

    /// Adds a visit's measures to the sums of its group. The size of a cohort is the same for all its visits.
    pub(super) fn add(&self, sums: &mut [i64], measures: &Measures) {
        for (slot, measure) in self.of.iter().zip(measures) {
            if let Some(slot) = *slot {
                sums[slot] += measure;
            }
        }
        if let Some(slot) = self.of[Measure::CohortUsers as usize] {
            sums[slot] = measures[Measure::CohortUsers as usize];
        }
    }
}

impl Term {
    fn claim(&self, slots: &mut Slots) {
        match self {
            Self::Number(_) => {}
            Self::Sum(measure, _) | Self::People(measure) => {
                let slot = &mut slots.of[*measure as usize];
                if slot.is_none() {
                    *slot = Some(slots.count);
                    slots.count += 1;
                }
            }
            Self::Pair(left, _, right) => {
                left.claim(slots);
                right.claim(slots);
            }
        }
    }

    fn value(&self, sums: &[i64], slots: &Slots) -> f64 {
        let sum = |measure: Measure| slots.of[measure as usize].map_or(0, |slot| sums[slot]) as f64 / slots.unit as f64;
        match self {
            Self::Number(number) => *number,
            Self::Sum(measure, unit) => sum(*measure) / unit,
            Self::People(measure) => people(sum(*measure)),
            Self::Pair(left, op, right) => {
                let (left, right) = (left.value(sums, slots), right.value(sums, slots));
                match op {
                    Op::Add => left + right,
                    Op::Subtract => left - right,
                    Op::Multiply => left * right,
                    Op::Divide if right == 0.0 => 0.0,
                    Op::Divide => left / right,
                }
            }
        }
    }

    fn has_division(&self) -> bool {
        match self {
            Self::Pair(left, op, right) => *op == Op::Divide || left.has_division() || right.has_division(),
            Self::Number(number) => number.fract() != 0.0,
            Self::Sum(_, unit) => *unit != 1.0,
            Self::People(_) => false,
        }
    }
}

/// n^(31/32), rounded up, by square roots, which are exact on every machine.
pub(super) fn people(visitors: f64) -> f64 {
    if visitors <= 0.0 {
        return 0.0;
    }
    let root = visitors.sqrt().sqrt().sqrt().sqrt().sqrt();
    (visitors / root).ceil()
}

impl Metric {
    /// A metric of the catalogue.
    pub(super) fn named(name: &str, surface: Surface) -> Result<Self, String> {
        let field = catalogue::find(name, Kind::Metric, surface)?;
        Ok(Self {
            name: name.to_owned(),
            field: Some(field),
            metric_type: field.metric_type,
            invisible: false,
            restricted_as: match field.metric_type {
                "TYPE_CURRENCY" if field.group == "advertiser ads" => Some("COST_DATA"),
                "TYPE_CURRENCY" => Some("REVENUE_DATA"),
                _ => None,
            },
            term: defined(&field.current_name(name).unwrap_or_else(|| name.to_owned())),
        })
    }

    /// A metric that the request defines by arithmetic; `earlier` are those that it may name.
    pub(super) fn expressed(name: &str, expression: &str, earlier: &[Self], surface: Surface) -> Result<Self, String> {
        let mut parser = Parser {
            rest: expression,
            name: &|name| match earlier.iter().find(|metric| metric.name == name) {
                Some(metric) => Ok(metric.term.clone()),
                None => Self::named(name, surface).map(|metric| metric.term),
            },
        };
        let term = parser.whole()?;
        Ok(Self {
            name: name.to_owned(),
            metric_type: if term.has_division() { "TYPE_FLOAT" } else { "TYPE_INTEGER" },
            invisible: false,
            field: None,
            restricted_as: None,
            term,
        })
    }

    /// The formula of a metric of the catalogue, if all its parts are metrics of the catalogue, too.
    pub(super) fn formula(&self) -> Option<&'static str> {
        let ("=", formula) = definition(&self.name)? else {
            return None;
        };
        Self::expressed("x", formula, &[], Surface::Core).is_ok().then_some(formula)
    }

    pub(super) fn value(&self, sums: &[i64], slots: &Slots) -> f64 {
        self.term.value(sums, slots)
    }
}

/// The term of a known metric; zero if this site has no data for it.
fn defined(name: &str) -> Term {
    let Some((kind, text)) = definition(name) else {
        return Term::Number(0.0);
    };
    if kind == "=" {
        let mut parser = Parser { rest: text, name: &|name| Ok(defined(name)) };
        return parser.whole().unwrap_or(Term::Number(0.0));
    }
    let measure = Measure::named(text);
    match kind {
        "people" => Term::People(measure),
        "millionths" => Term::Sum(measure, 1e6),
        _ => Term::Sum(measure, 1.0),
    }
}

/// Reads `+ - * /`, brackets, numbers and names.
struct Parser<'a> {
    rest: &'a str,
    name: &'a dyn Fn(&str) -> Result<Term, String>,
}

impl Parser<'_> {
    fn whole(&mut self) -> Result<Term, String> {
        let term = self.sum()?;
        match self.rest.trim_start() {
            "" => Ok(term),
            rest => Err(format!("Unexpected '{rest}' in metric expression.")),
        }
    }

    fn sum(&mut self) -> Result<Term, String> {
        let mut left = self.product()?;
        while let Some(op) = self.operator(&[('+', Op::Add), ('-', Op::Subtract)]) {
            left = Term::Pair(Box::new(left), op, Box::new(self.product()?));
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Term, String> {
        let mut left = self.operand()?;
        while let Some(op) = self.operator(&[('*', Op::Multiply), ('/', Op::Divide)]) {
            left = Term::Pair(Box::new(left), op, Box::new(self.operand()?));
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Term, String> {
        self.rest = self.rest.trim_start();
        if let Some(rest) = self.rest.strip_prefix('(') {
            self.rest = rest;
            let term = self.sum()?;
            self.rest = self.rest.trim_start().strip_prefix(')').ok_or("Missing ')' in metric expression.")?;
            return Ok(term);
        }
        let end =
            self.rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '.'))).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        if word.is_empty() {
            return Err("Missing operand in metric expression.".to_owned());
        }
        match word.parse() {
            Ok(number) if word.starts_with(|c: char| c.is_ascii_digit()) => Ok(Term::Number(number)),
            _ => (self.name)(word),
        }
    }

    fn operator(&mut self, operators: &[(char, Op)]) -> Option<Op> {
        let trimmed = self.rest.trim_start();
        let first = trimmed.chars().next()?;
        let (_, op) = operators.iter().find(|(symbol, _)| *symbol == first)?;
        self.rest = &trimmed[first.len_utf8()..];
        Some(*op)
    }
}

/// A metric's value as the service writes it: an integer if the type is an integer, else with all digits.
pub(super) fn write_value(out: &mut Vec<u8>, metric_type: &str, value: f64) {
    use std::io::Write;
    let written = match metric_type {
        "TYPE_INTEGER" => write!(out, "{}", value.round() as i64),
        _ => write!(out, "{value}"),
    };
    written.expect("a vector takes every write");
}
