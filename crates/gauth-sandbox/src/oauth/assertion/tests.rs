use super::*;

#[test]
fn an_assertion_lives_an_hour_at_most_and_about_now() {
    const NOW: i64 = 1_700_000_000;
    for (iat, exp, good) in [
        (NOW, NOW + 3600, true),
        (NOW - 10, NOW + 3590, true),
        (NOW, NOW + 3601, false),
        (NOW + 300, NOW + 3600, true),
        (NOW + 301, NOW + 3600, false),
        (NOW - 3600, NOW, true),
        (NOW - 4000, NOW - 400, false),
        (NOW, NOW, false),
        (i64::MIN, i64::MAX, false),
    ] {
        let claims = json!({"iat": iat, "exp": exp});
        let result = check_times(claims.as_object().unwrap(), NOW.cast_unsigned(), LONGEST_LIFE);
        assert_eq!(result.is_ok(), good, "{iat} {exp}");
    }
    for claims in [json!({}), json!({"iat": "1", "exp": "2"}), json!({"iat": 1.5, "exp": 2})] {
        assert!(check_times(claims.as_object().unwrap(), 1, LONGEST_LIFE).is_err());
    }
}
