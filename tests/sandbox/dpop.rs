//! Proofs of possession at the token endpoint (RFC 9449): what is looked at, and what a grant is bound to.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::{Answer, Visitor};

/// The holder of a key.
struct Holder(EcdsaKeyPair);

impl Holder {
    fn new() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let der = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        Self(EcdsaKeyPair::from_pkcs8(algorithm, der.as_ref(), &random).expect("the same key"))
    }

    fn jwk(&self) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
    }

    /// A good proof with some of its members changed, those changed to null left out.
    fn proof(&self, visitor: &Visitor, nonce: &str, header: &Value, claims: &Value) -> String {
        let good_header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()});
        let good_claims = json!({
            "jti": format!("{:?}", std::time::Instant::now()), "htm": "POST", "htu": visitor.url("/token"), "iat": now(),
            "nonce": nonce,
        });
        let part = |mut good: Value, changes: &Value| {
            let members = good.as_object_mut().expect("an object");
            members
                .extend(changes.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
            members.retain(|_, value| !value.is_null());
            URL_SAFE_NO_PAD.encode(good.to_string())
        };
        let signed = format!("{}.{}", part(good_header, header), part(good_claims, claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs()
}

/// The nonce, which comes with every answer to a proof.
fn nonce(visitor: &Visitor, holder: &Holder) -> String {
    let answer = exchange(visitor, &visitor.code(&[]), &[&holder.proof(visitor, "", &json!({}), &json!({}))]);
    answer.assert_error(400, "use_dpop_nonce", "nonce");
    answer.header("dpop-nonce").expect("a nonce").to_owned()
}

fn exchange(visitor: &Visitor, code: &str, proofs: &[&str]) -> Answer {
    let (id, secret) = visitor.client();
    let headers: Vec<(&str, &str)> = proofs.iter().map(|proof| ("dpop", *proof)).collect();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", &id),
        ("client_secret", &secret),
        ("redirect_uri", crate::REDIRECT),
        ("code_verifier", crate::VERIFIER),
    ];
    visitor.post_with("/token", &headers, &fields)
}

fn refresh(visitor: &Visitor, token: &str, proofs: &[&str]) -> Answer {
    let (id, secret) = visitor.client();
    let headers: Vec<(&str, &str)> = proofs.iter().map(|proof| ("dpop", *proof)).collect();
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", &id), ("client_secret", &secret)];
    visitor.post_with("/token", &headers, &fields)
}

#[test]
fn a_proof_that_is_not_as_rfc_9449_says_is_refused_and_the_code_stays_good() {
    let visitor = Visitor::consenting();
    let holder = Holder::new();
    let nonce = nonce(&visitor, &holder);
    let code = visitor.code(&[]);
    let mut with_private_half = holder.jwk();
    with_private_half["d"] = "c2VjcmV0".into();
    for (header, claims, what) in [
        (json!({"typ": "JWT"}), json!({}), "typ"),
        (json!({"typ": null}), json!({}), "typ"),
        (json!({"alg": "RS256"}), json!({}), "alg"),
        (json!({"alg": "none"}), json!({}), "alg"),
        (json!({"jwk": with_private_half}), json!({}), "jwk"),
        (json!({"jwk": null}), json!({}), "jwk"),
        (json!({"jwk": Holder::new().jwk()}), json!({}), "signature"),
        (json!({}), json!({"htm": "GET"}), "htm"),
        (json!({}), json!({"htu": visitor.url("/revoke")}), "htu"),
        (json!({}), json!({"htu": visitor.url("/token?a=b")}), "htu"),
        (json!({}), json!({"iat": now() - 301}), "iat"),
        (json!({}), json!({"iat": now() + 330}), "iat"),
        (json!({}), json!({"iat": null}), "iat"),
        (json!({}), json!({"ath": "x"}), "ath"),
        (json!({}), json!({"jti": ""}), "jti"),
        (json!({}), json!({"jti": null}), "jti"),
    ] {
        let answer = exchange(&visitor, &code, &[&holder.proof(&visitor, &nonce, &header, &claims)]);
        answer.assert_error(400, "invalid_dpop_proof", what);
    }
    let proof = holder.proof(&visitor, &nonce, &json!({}), &json!({}));
    let other = holder.proof(&visitor, &nonce, &json!({}), &json!({}));
    exchange(&visitor, &code, &[&proof, &other]).assert_error(400, "invalid_dpop_proof", "not one signed JWT");
    exchange(&visitor, &code, &["x.y.z"]).assert_error(400, "invalid_dpop_proof", "not one signed JWT");
    let wrong = holder.proof(&visitor, "another", &json!({}), &json!({}));
    exchange(&visitor, &code, &[&wrong]).assert_error(400, "use_dpop_nonce", "nonce");
    let answer = exchange(&visitor, &code, &[&proof]);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!((&answer.json()["token_type"], answer.header("dpop-nonce")), (&json!("Bearer"), Some(&*nonce)));
}

#[test]
fn a_proof_is_valid_once_and_a_bound_grant_only_for_its_key() {
    let visitor = Visitor::consenting();
    let holder = Holder::new();
    let nonce = nonce(&visitor, &holder);
    let proof = || holder.proof(&visitor, &nonce, &json!({}), &json!({}));
    let used = proof();
    let tokens = exchange(&visitor, &visitor.code(&[]), &[&used]).json();
    let token = tokens["refresh_token"].as_str().expect("a refresh token");
    refresh(&visitor, token, &[&used]).assert_error(400, "invalid_dpop_proof", "jti was used before");
    refresh(&visitor, token, &[]).assert_error(400, "invalid_dpop_proof", "bound");
    let stranger = Holder::new().proof(&visitor, &nonce, &json!({}), &json!({}));
    refresh(&visitor, token, &[&stranger]).assert_error(400, "invalid_dpop_proof", "bound to another key");
    assert_eq!(refresh(&visitor, token, &[&proof()]).status, 200);
    // A grant that was made without a proof stays as it is.
    let unbound = exchange(&visitor, &visitor.code(&[]), &[]).json();
    let token = unbound["refresh_token"].as_str().expect("a refresh token");
    assert_eq!(refresh(&visitor, token, &[]).status, 200);
    assert_eq!(refresh(&visitor, token, &[&proof()]).status, 200);
    assert_eq!(refresh(&visitor, token, &[]).status, 200);
}
