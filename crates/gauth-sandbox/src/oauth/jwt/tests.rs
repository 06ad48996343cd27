use super::*;

const PEM: &str = include_str!("../../../keys/id_token.pem");

#[test]
fn a_signed_token_verifies_and_keeps_its_claims() {
    let key = SigningKey::from_pem(PEM);
    let token = key.sign(&json!({"sub": "1"}));
    let jwt = Jwt::parse(&token).unwrap();
    assert!(key.verifies(&jwt));
    assert_eq!(jwt.claims["sub"], "1");
}

#[test]
fn changed_claims_foreign_keys_and_other_algorithms_do_not_verify() {
    let key = SigningKey::from_pem(PEM);
    let token = key.sign(&json!({"sub": "1"}));
    let (header, rest) = token.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();

    let changed = format!("{header}.{}.{signature}", encode(&json!({"sub": "2"})));
    assert!(!key.verifies(&Jwt::parse(&changed).unwrap()));

    let other = SigningKey::from_pem(include_str!("../../../keys/service_account.pem"));
    assert!(!other.verifies(&Jwt::parse(&token).unwrap()));

    let none = format!("{}.{rest}", encode(&json!({"alg": "none"})));
    assert!(!key.verifies(&Jwt::parse(&none).unwrap()));
}

#[test]
fn what_is_not_three_parts_of_json_is_no_token() {
    for text in ["", "a.b", "a.b.c", "e30.e30", "e30.e30.!", "e30.e30.e30.e30"] {
        assert!(Jwt::parse(text).is_none(), "{text:?}");
    }
}
