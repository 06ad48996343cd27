use super::*;
use crate::block::Rows;

/// Decodes a response fed in pieces of `step` bytes.
fn decode_in(mut decoder: PageDecoder, response: &[u8], step: usize) -> Result<Decoded, Error> {
    let mut blocks = Vec::new();
    for chunk in response.chunks(step) {
        decoder.feed(chunk, &mut blocks)?;
    }
    let page = decoder.finish(&mut blocks)?;
    let columns = page.head.dimension_headers.len() + page.head.metric_headers.len();
    let mut rows = Vec::new();
    for block in blocks {
        let bytes = block.into_bytes();
        let mut reader = Rows::new(&bytes, columns);
        let mut cells = Vec::new();
        while reader.next_into(&mut cells) {
            let texts = cells.iter().map(|cell| str::from_utf8(cell).unwrap());
            rows.push(texts.collect::<Vec<_>>().join("|"));
        }
    }
    Ok((page, rows))
}

type Decoded = (Page, Vec<String>);

fn decode(response: &str) -> Result<Decoded, Error> {
    decode_in(PageDecoder::new(RowKey::Unknown), response.as_bytes(), usize::MAX)
}

const HEADERS: &str =
    r#""dimensionHeaders":[{"name":"country"}],"metricHeaders":[{"name":"sessions","type":"TYPE_INTEGER"}]"#;

/// A response of one dimension and one metric around these rows.
fn response(rows: &str) -> String {
    format!(r#"{{{HEADERS},"rows":{rows},"rowCount":2}}"#)
}

#[test]
fn every_spelling_of_a_row_gives_the_same_cells() {
    let table = [
        (r#"[{"dimensionValues":[{"value":"a"}],"metricValues":[{"value":"1"}]}]"#, "a|1"),
        (r#" [ { "dimensionValues" : [ { "value" : "a" } ] , "metricValues" : [ { "value" : "1" } ] } ] "#, "a|1"),
        ("[\n\t{\r\n\"metricValues\":[{\"value\":\"1\"}],\n\"dimensionValues\":[{\"value\":\"a\"}]}]", "a|1"),
        (r#"[{"dimensionValues":[{"value":12}],"metricValues":[{"value":0.10}]}]"#, "12|0.10"),
        (r#"[{"dimensionValues":[{}],"metricValues":[{"value":"-0"}]}]"#, "|-0"),
        (r#"[{"dimensionValues":[{"value":null}],"metricValues":[{"value":1e400}]}]"#, "|1e400"),
        (
            r#"[{"dimensionValues":[{"value":"\u00e9\ud83d\ude00\n\"\\\/"}],"metricValues":[{"value":"1"}]}]"#,
            "é😀\n\"\\/|1",
        ),
        (
            r#"[{"x":[{}],"dimensionValues":[{"oneValue":{"a":"}"},"value":"a"}],"metricValues":[{"value":"1","y":[]}],"z":null}]"#,
            "a|1",
        ),
        (r#"[{"dimension\u0056alues":[{"v\u0061lue":"a"}],"metricValues":[{"value":"1"}]}]"#, "a|1"),
        (
            r#"[{"dimensionValues":[{"value":"日本, \"東京\""}],"metricValues":[{"value":"12345678901234567890"}]}]"#,
            "日本, \"東京\"|12345678901234567890",
        ),
    ];
    for (rows, expected) in table {
        let (page, cells) = decode(&response(rows)).unwrap();
        assert_eq!(cells, [expected], "{rows}");
        assert_eq!(page.rows, 1);
        assert_eq!(page.combinations, 1);
    }
}

#[test]
fn a_row_that_turns_out_to_be_unusual_is_not_in_the_block_twice() {
    let usual = r#"{"dimensionValues":[{"value":"a"},{"value":"b"}],"metricValues":[{"value":"1"}]}"#;
    let unusual = [
        r#"{"dimensionValues":[{"value":"c"},{"value":"\u0064"}],"metricValues":[{"value":"2"}]}"#,
        r#"{"dimensionValues":[{"value":"c"},{"value":"d"}],"metricValues":[{"value":"2"},{}]}"#,
        r#"{"dimensionValues":[{"value":"c"},{"value":"d"}], "metricValues":[{"value":"2"}]}"#,
        r#"{"dimensionValues":[{"value":"c"},{"value":"d"}],"metricValues":[{"value":"2"}],"x":1}"#,
        r#"{"dimensionValues":[{"value":"c"},{"value":"d" }],"metricValues":[{"value":2}]}"#,
    ];
    let headers = r#""dimensionHeaders":[{"name":"d"},{"name":"e"}],"metricHeaders":[{"name":"m"}]"#;
    for row in unusual {
        let response = format!(r#"{{{headers},"rows":[{usual},{row},{usual}],"rowCount":3}}"#);
        for step in [1, 50, 10_000] {
            let rows = decode_in(PageDecoder::new(RowKey::Unknown), response.as_bytes(), step).map(|(_, rows)| rows);
            if row.contains("{}") {
                assert!(rows.unwrap_err().to_string().contains("more or fewer values"), "{row}");
            } else {
                assert_eq!(rows.unwrap(), ["a|b|1", "c|d|2", "a|b|1"], "{row}, {step}");
            }
        }
    }
}

#[test]
fn keys_may_come_in_any_order_and_many_may_be_missing() {
    let row = r#"{"dimensionValues":[{"value":"a"}],"metricValues":[{"value":"1"}]}"#;
    let first = format!(r#"{{"rows":[{row},{row}],{HEADERS},"rowCount":2}}"#);
    let (page, rows) = decode(&first).unwrap();
    assert_eq!(rows, ["a|1", "a|1"]);
    assert_eq!(page.head.row_count, Some(2));

    let (page, rows) = decode(r#"{"kind":"analyticsData#runReport"}"#).unwrap();
    assert!(rows.is_empty());
    assert_eq!(page.head.row_count, None);
    let (page, _) =
        decode(r#"{"kind":"analyticsData#runReport","rows":null,"metadata":null,"rowCount":null}"#).unwrap();
    assert_eq!(page.rows, 0);

    let metrics_only = r#"{"rows":[{"metricValues":[{"value":"7"}]}],"metricHeaders":[{"name":"sessions"}]}"#;
    assert_eq!(decode(metrics_only).unwrap().1, ["7"]);
    let dimensions_only = r#"{"dimensionHeaders":[{"name":"city"}],"rows":[{"dimensionValues":[{"value":"x"}]}]}"#;
    assert_eq!(decode(dimensions_only).unwrap().1, ["x"]);
}

#[test]
fn a_response_that_is_not_a_report_is_refused() {
    let ok = r#"{"dimensionValues":[{"value":"a"}],"metricValues":[{"value":"1"}]}"#;
    let table = [
        ("<html>no</html>".to_owned(), "not a JSON object"),
        ("[]".to_owned(), "not a JSON object"),
        (response("{}"), "not a list"),
        (response("\"x\""), "not a list"),
        (response("[1]"), "expected a row"),
        (response(&format!("[{ok},]")), "expected a row"),
        (response(&format!("[{ok} {ok}]")), "expected `,` between rows"),
        (response("[{}]"), "rows of 0 dimensions and 0 metrics"),
        (response(r#"[{"dimensionValues":[{"value":"a"}]}]"#), "rows of 1 dimensions and 0 metrics"),
        (
            response(&format!(r#"[{ok},{{"dimensionValues":[],"metricValues":[]}}]"#)),
            "after row 1: the row has more or fewer values",
        ),
        (response(r#"[{"dimensionValues":[],"dimensionValues":[],"metricValues":[]}]"#), "duplicate key in a row"),
        (response(r#"[{"dimensionValues":[{"value":"a","value":"b"}]}]"#), "duplicate key in a value"),
        (response(r#"[{"dimensionValues":[{"value":true}]}]"#), "a string or a number"),
        (response(r#"[{"dimensionValues":[{"value":01}]}]"#), "after row 0: invalid value"),
        (response(r#"[{"dimensionValues":[null]}]"#), "expected a value"),
        (response(r#"[{"dimensionValues":[{"value":"\ud800"}],"metricValues":[{"value":"1"}]}]"#), "invalid string"),
        (response("[{\"dimensionValues\":[{\"value\":\"a\nb\"}]}]"), "control character"),
        (format!(r#"{{"rows":[{ok}],"rows":[{ok}],{HEADERS}}}"#), "duplicate key `rows`"),
        (format!("{} x", response("[]")), "unexpected data"),
        (r#"{"error":{"code":500}}"#.to_owned(), "error with status 200"),
        (r#"{"rowCount":"many"}"#.to_owned(), "expected a whole number that is not negative"),
        (r#"{"rowCount":-1}"#.to_owned(), "expected a whole number that is not negative"),
        (r#"{"rowCount":1e400}"#.to_owned(), "not a report"),
        (r#"{"rowCount":true}"#.to_owned(), "expected a whole number that is not negative"),
        ("{}".to_owned(), "not a report"),
        (r#"{"metadata":{},"rowCount":0}"#.to_owned(), "not a report"),
        (r#"{"kind":"analytics#gaData","rows":[]}"#.to_owned(), "not a report"),
    ];
    for (text, expected) in table {
        let error = decode(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let mut bytes = response(r#"[{"dimensionValues":[{"value":"a?"}],"metricValues":[{"value":"1"}]}]"#).into_bytes();
    let place = bytes.iter().position(|&byte| byte == b'?').unwrap();
    for wrong in [0x80, 0xc3, 0xff] {
        bytes[place] = wrong;
        for step in [1, 7, usize::MAX] {
            let error = decode_in(PageDecoder::new(RowKey::Unknown), &bytes, step).unwrap_err();
            assert!(error.to_string().contains("UTF-8"), "{error}");
        }
    }
}

#[test]
fn pieces_of_any_size_give_the_same_rows_and_every_cut_is_an_error() {
    let text = format!(
        r#"{{ "kind":"analyticsData#runReport", {HEADERS} ,"rows": [ {{"dimensionValues":[{{"value":"Curaçao \ud83d\ude00"}}],"metricValues":[{{"value":"1"}}]}},
           {{"dimensionValues":[{{"value":"\\"}}],"metricValues":[{{"value": 2.50 }}]}} ], "rowCount":2 }}  "#
    );
    let whole = decode(&text).unwrap().1;
    assert_eq!(whole, ["Curaçao 😀|1", "\\|2.50"]);
    for step in 1..40 {
        let (_, rows) = decode_in(PageDecoder::new(RowKey::Unknown), text.as_bytes(), step).unwrap();
        assert_eq!(rows, whole, "in pieces of {step}");
    }
    for end in 0..text.trim_end().len() {
        for step in [1, usize::MAX] {
            let error = decode_in(PageDecoder::new(RowKey::Unknown), &text.as_bytes()[..end], step).unwrap_err();
            assert_eq!(error, Error::Truncated, "cut at {end}");
        }
    }
}

#[test]
fn a_long_cell_is_read_whole_and_an_endless_one_is_refused() {
    let long = "x".repeat(3_000_000);
    let text = response(&format!(r#"[{{"dimensionValues":[{{"value":"{long}"}}],"metricValues":[{{"value":"1"}}]}}]"#));
    let (_, rows) = decode_in(PageDecoder::new(RowKey::Unknown), text.as_bytes(), 16 * 1024).unwrap();
    assert_eq!(rows[0].len(), long.len() + 2);

    let mut decoder = PageDecoder::new(RowKey::Unknown);
    let mut blocks = Vec::new();
    let begin = format!(r#"{{{HEADERS},"rows":[{{"dimensionValues":[{{"value":""#);
    decoder.feed(begin.as_bytes(), &mut blocks).unwrap();
    let chunk = vec![b'x'; 64 * 1024];
    let refused = (0..1024).find_map(|_| decoder.feed(&chunk, &mut blocks).err());
    assert!(refused.unwrap().to_string().contains("more than 16 MiB"));
}

#[test]
fn rows_that_differ_only_in_the_date_range_are_one_combination() {
    let row = |country: &str, range: &str| {
        format!(
            r#"{{"dimensionValues":[{{"value":"{country}"}},{{"value":"{range}"}}],"metricValues":[{{"value":"1"}}]}}"#
        )
    };
    let rows = [row("a", "r0"), row("b", "r0"), row("a", "r1"), row("b", "r1")].join(",");
    let headers = HEADERS.replace(r#"{"name":"country"}"#, r#"{"name":"country"},{"name":"dateRange"}"#);
    let text = format!(r#"{{{headers},"rows":[{rows}],"rowCount":2}}"#);
    let (page, _) = decode_in(PageDecoder::new(RowKey::Combination(vec![0])), text.as_bytes(), 9).unwrap();
    assert_eq!((page.rows, page.combinations), (4, 2));
    let again = text.replace(&row("b", "r1"), &row("a", "r1"));
    for (key, code) in [(RowKey::Combination(vec![0]), false), (RowKey::Dimensions, false), (RowKey::Unknown, true)] {
        assert_eq!(decode_in(PageDecoder::new(key), again.as_bytes(), 9).is_ok(), code);
    }
    let error = decode_in(PageDecoder::new(RowKey::Combination(vec![1])), text.as_bytes(), 9).unwrap_err();
    assert!(error.to_string().contains("other dimensions than requested"));
}
