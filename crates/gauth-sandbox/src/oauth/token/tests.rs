use super::*;

#[test]
fn the_example_of_rfc_7636_appendix_b_verifies() {
    let challenge = Challenge::S256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into());
    assert!(answers(&challenge, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
    assert!(!answers(&challenge, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"));
}

#[test]
fn verifiers_are_43_to_128_unreserved_characters() {
    let of = |length: usize| "~".repeat(length);
    for (length, good) in [(42, false), (43, true), (128, true), (129, false)] {
        assert_eq!(answers(&Challenge::Plain(of(length)), &of(length)), good, "{length}");
    }
    let slash = "/".repeat(43);
    assert!(!answers(&Challenge::Plain(slash.clone()), &slash));
}
