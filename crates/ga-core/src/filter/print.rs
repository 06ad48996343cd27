//! [`Expression`] to its canonical text: words, brackets around every inner group, text in quotes.

use std::fmt;

use super::{Comparison, Condition, Expression};

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(members) => write_group(f, members, " and "),
            Self::Or(members) => write_group(f, members, " or "),
            Self::Not(inner) => {
                f.write_str("not ")?;
                write_member(f, inner)
            }
            Self::Condition(condition) => write!(f, "{condition}"),
        }
    }
}

fn write_group(f: &mut fmt::Formatter<'_>, members: &[Expression], joint: &str) -> fmt::Result {
    for (position, member) in members.iter().enumerate() {
        if position > 0 {
            f.write_str(joint)?;
        }
        write_member(f, member)?;
    }
    Ok(())
}

fn write_member(f: &mut fmt::Formatter<'_>, member: &Expression) -> fmt::Result {
    match member {
        Expression::And(_) | Expression::Or(_) => write!(f, "({member})"),
        Expression::Not(_) | Expression::Condition(_) => write!(f, "{member}"),
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.case_sensitive {
            f.write_str("case ")?;
        }
        f.write_str(&self.field)?;
        match &self.comparison {
            Comparison::With(operator, value) => {
                write!(f, "{}{}", operator.symbol(), quoted(value))
            }
            Comparison::In(values) => {
                let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                write!(f, " in ({})", values.join(", "))
            }
            Comparison::Between(from, to) => write!(f, " between {from} and {to}"),
        }
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::super::{Operator, parse};
    use super::*;
    use proptest::prelude::*;

    fn operator() -> impl Strategy<Value = Operator> {
        prop::sample::select(super::super::OPERATORS).prop_map(|(_, operator)| operator)
    }

    fn number() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<i64>().prop_map(|number| number.to_string()),
            (-1e9..1e9).prop_map(|number: f64| number.to_string()),
        ]
    }

    fn condition() -> impl Strategy<Value = Expression> {
        let comparison = prop_oneof![
            (operator(), any::<String>(), number()).prop_map(|(operator, text, number)| {
                let value = if operator.is_numeric() { number } else { text };
                Comparison::With(operator, value)
            }),
            prop::collection::vec(any::<String>(), 1..4).prop_map(Comparison::In),
            (number(), number()).prop_map(|(from, to)| Comparison::Between(from, to)),
        ];
        // Names that cannot be taken for a word of the language.
        ("ga:[a-z]{1,8}|custom(Event|User):[a-zé_]{1,6}", comparison, any::<bool>()).prop_map(
            |(field, comparison, wants_case)| {
                let case_sensitive = wants_case && !comparison.is_numeric();
                Expression::Condition(Condition { field, comparison, case_sensitive })
            },
        )
    }

    fn expression() -> impl Strategy<Value = Expression> {
        condition().prop_recursive(4, 24, 4, |inner| {
            let members = prop::collection::vec(inner.clone(), 2..4);
            prop_oneof![
                members.clone().prop_map(Expression::And),
                members.prop_map(Expression::Or),
                inner.prop_map(|inner| Expression::Not(Box::new(inner))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_printed_reads_back_as_the_same_filter(expression in expression()) {
            let printed = expression.to_string();
            prop_assert_eq!(parse(&printed), Ok(expression), "{}", printed);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            if let Err(error) = parse(&text) {
                prop_assert!(error.column <= text.chars().count() + 1);
                error.caret();
            }
        }

        #[test]
        fn text_made_of_the_languages_own_pieces_prints_stably(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "a", "==", "x", ",", ";", " and ", " or ", "not ", "(", ")", "\"", "'", "\\",
                " in (", " between ", "1", ">", "case ", "é",
            ]), 0..14)
        ) {
            if let Ok(expression) = parse(&pieces.concat()) {
                let printed = expression.to_string();
                prop_assert_eq!(parse(&printed), Ok(expression), "{}", printed);
            }
        }
    }
}
