//! Demonstrating proof of possession (RFC 9449): a refresh token that is bound to a key, which signs a proof for each request
//! to the token endpoint. ES256 (RFC 7518 §3.4) by ring. Access tokens stay Bearer tokens, as at Google. A request that needs
//! a proof carries a [`Binding`] as an extension; gauth-cli adds the proof when it sends the request.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderValue, StatusCode};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::error::read_oauth_error;
use crate::{Error, Request, Response, Secret, timestamp};

/// The field of a credentials file.
pub(crate) const FIELD: &str = "dpop_key";
/// The header of a proof.
pub const HEADER: &str = "dpop";

/// A private key on P-256: PKCS#8 in PEM.
#[derive(Clone, Debug)]
pub struct Key(Secret);

impl Key {
    /// A new key; `None` if there is no randomness.
    pub fn generate(random: &dyn SecureRandom) -> Option<Self> {
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random).ok()?;
        let base64 = Zeroizing::new(STANDARD.encode(der));
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        for line in base64.as_bytes().chunks(64) {
            pem.extend(line.iter().map(|byte| char::from(*byte)));
            pem.push('\n');
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        Some(Self(Secret::new(pem)))
    }

    /// Reads the field of a file.
    ///
    /// # Errors
    /// [`Error::Input`] for anything but a private key on P-256 in PKCS#8.
    pub(crate) fn read(pem: &str) -> Result<Self, Error> {
        let key = Self(Secret::new(pem));
        key.pair().map(|_| key)
    }

    pub(crate) fn pem(&self) -> &Secret {
        &self.0
    }

    /// The public key as a JSON Web Key, with its members in the order of RFC 7638.
    fn public(&self) -> Result<Value, Error> {
        let pair = self.pair()?;
        // An uncompressed point: 4, x, y.
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        Ok(json!({"crv": "P-256", "kty": "EC", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)}))
    }

    /// The SHA-256 thumbprint of the public key (RFC 7638), which a server knows it by.
    ///
    /// # Errors
    /// [`Error::Input`] if the key cannot be used.
    pub(crate) fn thumbprint(&self) -> Result<String, Error> {
        Ok(sha256(self.public()?.to_string().as_bytes()))
    }

    fn pair(&self) -> Result<EcdsaKeyPair, Error> {
        let problem = || Error::field(FIELD, "not a private key on P-256 in PKCS#8 and PEM");
        match PrivateKeyDer::from_pem_slice(self.0.expose().as_bytes()) {
            // The random numbers make no two signatures alike; they are not secret.
            Ok(PrivateKeyDer::Pkcs8(der)) => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der(), &SystemRandom::new())
                    .map_err(|_| problem())
            }
            _ => Err(problem()),
        }
    }
}

/// The extension of a request that is sent with a proof.
#[derive(Clone, Debug)]
pub struct Binding {
    key: Key,
    /// The `jti` of the first proof; later ones are random, since none may be used twice.
    first_id: Option<String>,
}

impl Binding {
    /// For a refresh.
    pub(crate) fn of_refresh(key: &Key) -> Self {
        Self { key: key.clone(), first_id: None }
    }

    /// For an authorization code, whose digest is the `jti`, as Google's guide has it.
    pub(crate) fn of_code(key: &Key, code: &Secret) -> Self {
        Self { key: key.clone(), first_id: Some(sha256(code.expose().as_bytes())) }
    }

    /// The proof for one try of `request` (RFC 9449 §4.2), with the last `nonce` of the server.
    ///
    /// # Errors
    /// [`Error::Input`] if the key cannot sign.
    pub fn proof(
        &mut self,
        request: &Request,
        now: SystemTime,
        random: [u8; 32],
        nonce: Option<&str>,
    ) -> Result<HeaderValue, Error> {
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.public()?});
        let uri = request.uri();
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let mut claims = json!({
            "jti": self.first_id.take().unwrap_or_else(|| URL_SAFE_NO_PAD.encode(random)),
            "htm": request.method().as_str(),
            "htu": format!("{}://{authority}{}", uri.scheme_str().unwrap_or_default(), uri.path()),
            "iat": timestamp::unix_seconds(now),
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let problem = || Error::field(FIELD, "cannot sign with it");
        let signature = self.key.pair()?.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| problem())?;
        let proof = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        let mut proof = HeaderValue::from_str(&proof).map_err(|_| problem())?;
        proof.set_sensitive(true);
        Ok(proof)
    }
}

/// The nonce for the next proof, if a response has one (RFC 9449 §8).
pub fn nonce(response: &Response) -> Option<String> {
    response.headers().get("dpop-nonce")?.to_str().ok().map(str::to_owned)
}

/// Whether a request is refused only because its proof lacks the server's nonce. Nothing was used up then.
pub fn lacks_nonce(response: &Response) -> bool {
    response.status() == StatusCode::BAD_REQUEST
        && nonce(response).is_some()
        && read_oauth_error(response.body()).is_some_and(|oauth| oauth.error == "use_dpop_nonce")
}

fn sha256(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, bytes))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    const OPENSSLS: &str = include_str!("../testdata/ec_pkcs8.pem");
    const SEC1: &str = include_str!("../testdata/ec_sec1.pem");
    const RSA: &str = include_str!("../testdata/pkcs8.pem");

    fn decoded(part: &str) -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    fn request() -> Request {
        http::Request::post("https://oauth2.googleapis.com/token?a=b").body(Vec::new()).unwrap()
    }

    #[test]
    fn the_proof_is_what_rfc_9449_section_4_2_says_and_its_signature_verifies() {
        let key = Key::generate(&SystemRandom::new()).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_769_850_487);
        let mut binding = Binding::of_code(&key, &Secret::new("4/code"));
        let proof = binding.proof(&request(), now, [7; 32], None).unwrap();
        assert!(proof.is_sensitive());
        let (signed, signature) = proof.to_str().unwrap().rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let header = decoded(header);
        assert_eq!(header["typ"], "dpop+jwt");
        assert_eq!(header["alg"], "ES256");
        let members: Vec<&String> = header["jwk"].as_object().unwrap().keys().collect();
        assert_eq!(members, ["crv", "kty", "x", "y"]);
        assert_eq!(
            decoded(claims),
            json!({
                "jti": sha256(b"4/code"), "htm": "POST", "htu": "https://oauth2.googleapis.com/token", "iat": 1_769_850_487,
            })
        );
        let part = |name: &str| URL_SAFE_NO_PAD.decode(header["jwk"][name].as_str().unwrap()).unwrap();
        let point = [vec![4], part("x"), part("y")].concat();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert_eq!(signature.len(), 64);
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), &signature).unwrap();
        // The next try has another id, and the server's nonce.
        let again = binding.proof(&request(), now, [7; 32], Some("n-1")).unwrap();
        let claims = decoded(again.to_str().unwrap().split('.').nth(1).unwrap());
        assert_eq!((&claims["jti"], &claims["nonce"]), (&json!(URL_SAFE_NO_PAD.encode([7; 32])), &json!("n-1")));
    }

    #[test]
    fn a_key_is_read_again_from_its_pem_and_from_openssls() {
        let key = Key::generate(&SystemRandom::new()).unwrap();
        let read = Key::read(key.pem().expose()).unwrap();
        assert_eq!(read.thumbprint().unwrap(), key.thumbprint().unwrap());
        // Computed by openssl and Python from the same file.
        let thumbprint = Key::read(OPENSSLS).unwrap().thumbprint().unwrap();
        assert_eq!(thumbprint, "ZcZEBOpGug_Ff7ejVZP_fsENmmWExL6H_sZmjg35GaA");
        for pem in [SEC1, RSA, "", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            assert!(Key::read(pem).unwrap_err().to_string().starts_with("field dpop_key: "), "{pem}");
        }
    }

    #[test]
    fn only_the_error_about_the_nonce_asks_for_another_try() {
        let response = |status: u16, nonce: bool, error: &str| {
            let mut response = http::Response::builder().status(status);
            if nonce {
                response = response.header("DPoP-Nonce", "n");
            }
            response.body(format!(r#"{{"error":"{error}"}}"#).into_bytes()).unwrap()
        };
        assert!(lacks_nonce(&response(400, true, "use_dpop_nonce")));
        for (status, nonce, error) in
            [(400, false, "use_dpop_nonce"), (401, true, "use_dpop_nonce"), (400, true, "invalid_dpop_proof")]
        {
            assert!(!lacks_nonce(&response(status, nonce, error)), "{status} {error}");
        }
    }
}
