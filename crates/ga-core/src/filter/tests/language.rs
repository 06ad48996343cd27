//! What the text of a filter means, where a value ends, and what is refused and where.

use super::super::{Expression, SyntaxError, parse, parse_v3};

/// A filter in its canonical text.
#[track_caller]
fn canonical(filter: &str) -> String {
    parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}")).to_string()
}

#[track_caller]
fn refused(filter: &str, column: usize, message: &str) -> SyntaxError {
    let error = parse(filter).expect_err(filter);
    assert_eq!(error.column, column, "{filter}: {error}");
    assert!(error.message.contains(message), "{filter}: {error}");
    error
}

#[test]
fn words_and_symbols_join_conditions_behind_values_without_quotes() {
    for (filter, meaning) in [
        ("country==France or country==Japan", r#"country=="France" or country=="Japan""#),
        (
            "(country==France or country==Japan) and not deviceCategory==tablet",
            r#"(country=="France" or country=="Japan") and not deviceCategory=="tablet""#,
        ),
        ("sessions > 60 and country =@ an", r#"sessions>"60" and country=@"an""#),
        ("country!=United States && country!=Germany", r#"country!="United States" and country!="Germany""#),
        (
            "country == United States && browser == Firefox || browser == Chrome",
            r#"(country=="United States" and browser=="Firefox") or browser=="Chrome""#,
        ),
        ("country==France&&city==Paris||city==Nice", r#"(country=="France" and city=="Paris") or city=="Nice""#),
        ("country==France\nAND city==Paris", r#"country=="France" and city=="Paris""#),
        ("country==France And(city==Paris Or city==Nice)", r#"country=="France" and (city=="Paris" or city=="Nice")"#),
        ("a==b and Not c==d", r#"a=="b" and not c=="d""#),
        ("a==b or (not (case c==d))", r#"a=="b" or not case c=="d""#),
        // An unknown field counts as well.
        ("a==b or c=~d and e $= f", r#"a=="b" or (c=~"d" and e$="f")"#),
        ("a==b and c in (d, e)", r#"a=="b" and c in ("d", "e")"#),
        ("a==b and c Not IN (d)", r#"a=="b" and not c in ("d")"#),
        ("sessions>5 or users not between 1 and 2", r#"sessions>"5" or not users between 1 and 2"#),
        ("sessions between 1 and 2&&city==x", r#"sessions between 1 and 2 and city=="x""#),
    ] {
        assert_eq!(canonical(filter), meaning, "{filter}");
    }
}

#[test]
fn a_word_without_a_condition_behind_it_is_text() {
    for (value, quoted) in [
        ("Bread and Butter", "Bread and Butter"),
        ("rock and roll or not", "rock and roll or not!"),
        ("AT&&T", "AT&&T"),
        ("not found", "not found"),
        ("(not set)", "(not set)"),
        ("sandwich or soup", "sandwich or soup"),
        ("x and (y)", "x and (y)"),
        ("case in point and in vain", "case in point and in vain"),
        ("floor", "floor"),
        ("/a?b=c&city=Paris", "/a?b=c&city=Paris"),
        ("x==y", "x==y"),
    ] {
        let value = if quoted.ends_with('!') { format!("{value}!") } else { value.to_owned() };
        assert_eq!(canonical(&format!("pageTitle=={value}")), format!("pageTitle==\"{quoted}\""));
    }
}

#[test]
fn a_value_ends_at_a_bracket_that_it_has_not_opened() {
    for (filter, meaning) in [
        ("(pageTitle==a (b) c)", r#"pageTitle=="a (b) c""#),
        ("(pageTitle==(not set) or city==x)", r#"pageTitle=="(not set)" or city=="x""#),
        (r"(pagePath=~^/(a|b)\)$) and city==x", r#"pagePath=~"^/(a|b)\\)$" and city=="x""#),
        ("(pagePath=~[)(]x) and city==x", r#"pagePath=~"[)(]x" and city=="x""#),
        ("(pagePath=~[])]x) and city==x", r#"pagePath=~"[])]x" and city=="x""#),
        ("(pagePath=~[^])]x) and city==x", r#"pagePath=~"[^])]x" and city=="x""#),
        ("(pagePath=~[[:alpha:])]x) and city==x", r#"pagePath=~"[[:alpha:])]x" and city=="x""#),
        (r"(pagePath=~[\])]x) and city==x", r#"pagePath=~"[\\])]x" and city=="x""#),
        // Only regular expressions have classes.
        ("(pageTitle==[) and city==x", r#"pageTitle=="[" and city=="x""#),
    ] {
        assert_eq!(canonical(filter), meaning, "{filter}");
    }
}

#[test]
fn in_lists_only_a_comma_and_the_bracket_end_a_value() {
    for (filter, meaning) in [
        ("region in (OR, WA and DC; or city==x)", r#"region in ("OR", "WA and DC; or city==x")"#),
        ("pageTitle in (a (b) c,(not set))", r#"pageTitle in ("a (b) c", "(not set)")"#),
        (r"pageTitle in (a\), \(b\,, c\;)", r#"pageTitle in ("a)", "(b,", "c\\;")"#),
    ] {
        assert_eq!(canonical(filter), meaning, "{filter}");
    }
    let error = refused("pageTitle in (a (b, c)", 17, "not closed within the value");
    assert_eq!(error.hint.as_deref(), Some(r#"quote it: pageTitle in ("a (b", c)"#));
}

#[test]
fn a_value_that_looks_like_more_is_refused_with_a_hint_to_quote_it() {
    for (filter, column, message, hint) in [
        ("country==France and", 17, "ends in `and`", r#"country=="France and""#),
        ("country==France OR ", 17, "ends in `or`", r#"country=="France OR" "#),
        ("country==France and not", 21, "ends in `not`", r#"country=="France and not""#),
        ("country==France&&", 16, "ends in `&&`", r#"country=="France&&""#),
        ("country==France ||;city==x", 17, "ends in `||`", r#"country=="France ||";city==x"#),
        ("(country==France and)", 18, "ends in `and`", r#"(country=="France and")"#),
        ("country==France and city", 17, "the field city", r#"country=="France and city""#),
        ("country==France || not (ga:city)", 17, "the field ga:city", r#"country=="France || not (ga:city)""#),
        ("country==France xor city==Paris", 21, "a condition on city", r#"country=="France xor city==Paris""#),
        ("country==France & city != Paris", 19, "a condition on city", r#"country=="France & city != Paris""#),
        ("country==France ga:city==Paris", 17, "a condition on ga:city", r#"country=="France ga:city==Paris""#),
        ("country==France nor (city=~P)", 21, "a condition on city", r#"country=="France nor (city=~P)""#),
        ("country==France city=Paris", 17, "a condition on city", r#"country=="France city=Paris""#),
        ("country==France city in (Paris)", 17, "a condition on city", r#"country=="France city in (Paris)""#),
        ("pageTitle==a (b", 14, "not closed within the value", r#"pageTitle=="a (b""#),
        ("pageTitle==a (b and city==x", 14, "not closed within the value", r#"pageTitle=="a (b" and city==x"#),
        ("country==France)", 16, "no bracket is open", r#"country=="France)""#),
        ("country==France) b) and city==x", 16, "no bracket is open", r#"country=="France) b)" and city==x"#),
    ] {
        let error = refused(filter, column, message);
        assert_eq!(error.hint, Some(format!("quote it: {hint}")), "{filter}");
        assert!(parse(hint).is_ok(), "{hint}");
    }
    // What cannot be shown as it is cannot be pasted either.
    let error = refused("country==France\ncity==Paris", 17, "a condition on city");
    assert_eq!(error.hint.as_deref(), Some("quote it: put the value between double quotes"));
}

#[test]
fn what_cannot_be_read_is_refused_at_its_column() {
    for (filter, column, message) in [
        ("", 1, "expected a field name"),
        ("==x", 1, "expected a field name"),
        ("not==x", 1, "found the word `not`"),
        ("and==x", 1, "found the word `and`"),
        ("country", 8, "expected an operator after country"),
        ("country=x", 8, "`=` is not an operator (use `==`)"),
        ("city==x and country=x", 20, "`=` is not an operator"),
        ("país ! x", 6, "`!` is not an operator"),
        ("country==", 10, "expected a value"),
        ("country==;city==x", 10, "expected a value"),
        ("country== and city==x", 11, "expected a value"),
        ("country==x;", 12, "expected a field name"),
        ("country==\"x\" and", 17, "expected a field name"),
        ("sessions>many", 10, "expected a number"),
        ("sessions>inf", 10, "expected a number"),
        ("sessions between 1 or 2", 20, "expected `and`"),
        ("sessions between 1 and many", 24, "expected a number"),
        ("country in Japan", 12, "expected a list"),
        ("country in (Japan", 12, "this list is not closed"),
        ("country in (a,,b)", 15, "expected a value"),
        ("country in ()", 13, "expected a value"),
        ("country in (\"a\" b)", 17, "expected `,` or `)`"),
        ("country==\"x", 10, "this quote is not closed"),
        ("country==\"x\" y", 14, "expected `,`, `;`, `and` or `or`"),
        ("(country==\"x\" y)", 15, "`or` or `)`"),
        ("country==\"x\")", 13, "no bracket is open"),
        ("(country==x", 1, "this bracket is not closed"),
        ("case sessions>5", 1, "`case` applies to text only"),
        ("country==x and city==y;city==z", 23, "on one level"),
        ("country==x,city==y or city==z", 20, "on one level"),
        ("country==x;city==y && city==z", 20, "on one level"),
        ("not country==x;city==y", 15, "on one level"),
        ("city==y;not country==x", 8, "on one level"),
        ("city==x and (city==y;not country==x)", 21, "on one level"),
    ] {
        refused(filter, column, message);
    }
    for brackets in [33, 40, 10_000] {
        refused(&format!("{}a==b", "(".repeat(brackets)), 33, "32 levels");
        let joined = format!("a==b and {}c==d{}", "(".repeat(brackets), ")".repeat(brackets));
        refused(&joined, 42, "32 levels");
    }
}

#[test]
fn old_filters_have_only_the_old_grammar() {
    let meaning = |filter: &str| parse_v3(filter).map(|filter| filter.to_string());
    for (filter, expected) in [
        ("ga:country==France and ga:city==Paris", r#"ga:country=="France and ga:city==Paris""#),
        ("ga:pageTitle==a) and (b", r#"ga:pageTitle=="a) and (b""#),
        (
            "ga:pageTitle==\"x\", ga:hour>=9 ;ga:city==not",
            r#"(ga:pageTitle=="\"x\"" or ga:hour>="9") and ga:city=="not""#,
        ),
        (r"ga:pageTitle=~a\,b\;c\\d\.e&&", r#"ga:pageTitle=~"a,b;c\\d\\.e&&""#),
    ] {
        assert_eq!(meaning(filter).as_deref(), Ok(expected), "{filter}");
    }
    for (filter, column, message) in [
        ("(ga:country==x)", 1, "expected a field name"),
        ("not ga:country==x", 1, "found the word `not`"),
        ("ga:country in (x)", 12, "expected an operator after ga:country"),
        ("ga:pagePath^=/a", 12, "expected an operator"),
        ("ga:country==x;", 15, "expected a field name"),
        ("ga:country==,ga:city==x", 13, "expected a value"),
        ("ga:sessions>many", 13, "expected a number"),
        ("", 1, "expected a field name"),
    ] {
        let error = parse_v3(filter).expect_err(filter);
        assert_eq!(error.column, column, "{filter}: {error}");
        assert!(error.message.contains(message), "{filter}: {error}");
    }
}

#[test]
fn the_time_to_read_a_filter_is_proportional_to_its_length() {
    // Quadratic time would mean hours.
    for piece in [
        "and ",
        "and and ",
        "( ",
        "(",
        "and (",
        "not ",
        "a ",
        "city ",
        "&&",
        "&& (",
        "city== ",
        "a b==",
        ")",
        "\\",
        "[",
        "[:",
        "\n",
        "and        ",
        "x and city ",
        ",",
        "a==b and ",
        "'",
        "and city in ",
    ] {
        // Looking up whether a field exists is slow.
        let size = if piece.contains("==") { 1 << 12 } else { 1 << 15 };
        for beginning in ["country==x ", "country=~", "country in (", "(country==(", ""] {
            let filter = format!("{beginning}{}", piece.repeat(size / piece.len()));
            let _ = parse(&filter);
            let _ = parse_v3(&filter);
        }
    }
    let many: Vec<String> = (0..10_000).map(|number| format!("city==x{number}")).collect();
    let Ok(Expression::Or(members)) = parse(&many.join(" or ")) else { panic!("alternatives") };
    assert_eq!(members.len(), many.len());
}
