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

/// A value in quotes, as both quotes and lists take it.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::super::{Operator, parse, parse_v3};
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

    /// Pieces of the language and what is near to them.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "a",
            "==",
            "x",
            ",",
            ";",
            " and ",
            " or ",
            "not ",
            "(",
            ")",
            "\"",
            "'",
            "\\",
            " in (",
            " between ",
            "1",
            ">",
            "case ",
            "é",
            "&&",
            "||",
            " ",
            "\n",
            "city",
            "ga:city",
            "=~",
            "[",
            "]",
            "=",
            "and",
            "or",
            " Not ",
            "OR ",
            "!",
            "$=",
        ]);
        prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
    }

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), pieces()]
    }

    fn condition() -> impl Strategy<Value = Expression> {
        let comparison = prop_oneof![
            (operator(), value(), number()).prop_map(|(operator, text, number)| {
                let value = if operator.is_numeric() { number } else { text };
                Comparison::With(operator, value)
            }),
            prop::collection::vec(value(), 1..4).prop_map(Comparison::In),
            (number(), number()).prop_map(|(from, to)| Comparison::Between(from, to)),
        ];
        let is_word = |name: &String| {
            ["and", "or", "not", "case", "in", "between"].iter().any(|word| name.eq_ignore_ascii_case(word))
        };
        let field = r"[\p{Alphabetic}\d_:\[\].]{1,8}|(and|NOT|in|case|between|or)[:_a-z]"
            .prop_filter("words of the language name no field", move |name| !is_word(name));
        (field, comparison, any::<bool>()).prop_map(|(field, comparison, wants_case)| {
            let case_sensitive = wants_case && !comparison.is_numeric();
            Expression::Condition(Condition { field, comparison, case_sensitive })
        })
    }

    fn expression() -> impl Strategy<Value = Expression> {
        condition().prop_recursive(5, 32, 4, |inner| {
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
        fn no_text_makes_the_parser_panic(text in value(), beginning in "|[a-z]{1,3}(==|=~| in \\()") {
            let text = format!("{beginning}{text}");
            for read in [parse, parse_v3] {
                match read(&text) {
                    Ok(expression) => {
                        let printed = expression.to_string();
                        prop_assert_eq!(parse(&printed), Ok(expression), "{}", printed);
                    }
                    Err(error) => {
                        prop_assert!(error.column <= text.chars().count() + 1);
                        error.caret();
                    }
                }
            }
        }

        #[test]
        fn a_hint_to_quote_a_value_can_be_pasted(text in pieces()) {
            let text = format!("a=={text}");
            if let Err(error) = parse(&text)
                && let Some(quoted) = error.hint.as_deref().and_then(|hint| hint.strip_prefix("quote it: ")).filter(|hint| hint.contains("=="))
                && let Err(next) = parse(quoted)
            {
                // The text around the value may still be wrong, but not the value.
                prop_assert!(next.column > error.column || next.hint.is_none(), "{text}: {error}; {quoted}: {next}");
            }
        }

        #[test]
        fn a_value_of_v3_runs_to_the_next_mark(
            values in prop::collection::vec((value(), prop::sample::select(vec![",", ";"])), 1..5)
        ) {
            let mut text = String::new();
            let mut expected = Vec::new();
            for (value, joint) in values.iter().filter(|(value, _)| !value.trim().is_empty()) {
                let escaped = value.replace('\\', "\\\\").replace(',', "\\,").replace(';', "\\;");
                text.push_str(if expected.is_empty() { "" } else { joint });
                text.push_str("ga:city==");
                text.push_str(&escaped);
                expected.push(value.trim().to_owned());
            }
            prop_assume!(!expected.is_empty());
            let mut read = parse_v3(&text).expect(&text);
            let found = read.conditions_mut().into_iter().map(|condition| match &condition.comparison {
                Comparison::With(Operator::Equal, value) => value.clone(),
                other => format!("{other:?}"),
            });
            prop_assert_eq!(found.collect::<Vec<_>>(), expected);
        }
    }
}
