//! JSON Web Tokens signed with RS256 (RFC 7519, RFC 7515, RFC 7518 §3.3): reading, signing and verifying with ring. The
//! claims are checked by the endpoint that accepts the token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair};
use ring::signature::{UnparsedPublicKey, VerificationAlgorithm};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Map, Value, json};

use crate::rest::base64_any;

/// An RSA key, with its id in the headers of tokens.
pub(crate) struct SigningKey {
    pair: RsaKeyPair,
    pub(crate) pem: &'static str,
    /// 40 hexadecimal digits, as Google's.
    pub(crate) id: String,
}

impl SigningKey {
    /// Reads one of the PKCS#8 keys that are compiled in.
    pub(crate) fn from_pem(text: &'static str) -> Self {
        // Without the comment before the key.
        let pem = &text[text.find("-----BEGIN").unwrap_or_default()..];
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).expect("the compiled-in key is PKCS#8 in PEM");
        let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).expect("the compiled-in key is RSA of 2048 bits");
        let digest = ring::digest::digest(&ring::digest::SHA256, pair.public().as_ref());
        let id = digest.as_ref()[..20].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { pair, pem, id }
    }

    /// The public half as a JSON Web Key (RFC 7517, RFC 7518 §6.3.1).
    pub(crate) fn public(&self) -> Value {
        let PublicKeyComponents { n, e }: PublicKeyComponents<Vec<u8>> = self.pair.public().into();
        json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.id,
            "n": URL_SAFE_NO_PAD.encode(n),
            "e": URL_SAFE_NO_PAD.encode(e),
        })
    }

    /// A signed token in compact form.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "RS256", "kid": self.id, "typ": "JWT"});
        let mut token = format!("{}.{}", encode(&header), encode(claims));
        let signature = self.signature(token.as_bytes());
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        token
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 over any bytes.
    pub(crate) fn signature(&self, bytes: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature)
            .expect("the buffer has the length of the modulus");
        signature
    }

    /// Whether this key made the signature. A key id in the header must be this key's.
    pub(crate) fn verifies(&self, token: &Jwt<'_>) -> bool {
        token.header.get("alg").and_then(Value::as_str) == Some("RS256")
            && token.header.get("kid").is_none_or(|kid| *kid == *self.id)
            && token.is_signed_by(&RSA_PKCS1_2048_8192_SHA256, self.pair.public().as_ref())
    }
}

/// The parts of a token whose signature has not been checked.
pub(crate) struct Jwt<'a> {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    /// Exactly three parts of base64url, the first two JSON objects. As at Google, padding is accepted.
    pub(crate) fn parse(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Self { header: decode(header)?, claims: decode(claims)?, signed, signature: bytes(signature)? })
    }

    /// A claim that is a text and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn is_signed_by(&self, algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> bool {
        UnparsedPublicKey::new(algorithm, key).verify(self.signed.as_bytes(), &self.signature).is_ok()
    }
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn decode(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&bytes(part)?).ok()
}

/// Of base64url.
pub(crate) fn bytes(part: &str) -> Option<Vec<u8>> {
    if part.contains(['+', '/']) { None } else { base64_any(part) }
}

#[cfg(test)]
mod tests;
