//! JWTs signed with a service account's key: the authorization grant of RFC 7523 §2.1 as Google accepts it
//! (<https://developers.google.com/identity/protocols/oauth2/service-account>), RS256 by ring under jsonwebtoken.
//! With a fixed time and key the text is the same to the byte.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::signature::{Error as SignatureError, Signer};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{Error, Secret, cache, pkcs12, timestamp};

/// RFC 7523 §2.1.
pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// `iat` is set back a little, for clocks that run ahead of Google's.
const BACKDATED: u64 = 10;
/// The longest lifetime that Google accepts.
const LIFE: u64 = 3600;

/// The claims of an assertion.
#[derive(Serialize)]
pub(crate) struct Claims<'a> {
    pub(crate) iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aud: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target_audience: Option<&'a str>,
    pub(crate) iat: u64,
    pub(crate) exp: u64,
}

/// `iat` and `exp` for an assertion made at `now`.
pub(crate) fn lifetime(now: SystemTime) -> (u64, u64) {
    let iat = timestamp::unix_seconds(now).saturating_sub(BACKDATED);
    (iat, iat + LIFE)
}

/// A service account's key as it is in the file. It is parsed only when it has to sign.
pub(crate) enum PrivateKey {
    /// PEM text, PKCS#8 or PKCS#1.
    Pem(Secret),
    /// A PKCS#12 file in base64, with its password.
    Pkcs12 { file: Secret, password: Secret },
}

impl PrivateKey {
    /// Whether it can sign.
    ///
    /// # Errors
    /// [`Error::Input`] saying why not.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.der().map(drop)
    }

    /// PKCS#8 or PKCS#1 of a key that can sign.
    fn der(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let der = match self {
            Self::Pem(pem) => read_pem(pem),
            Self::Pkcs12 { file, password } => read_pkcs12(file, password),
        }?;
        key_pair(&der).map_err(|e| problem(&e))?;
        Ok(der)
    }

    /// Distinguishes two keys, also ones that cannot sign.
    pub(crate) fn digest(&self) -> String {
        match self {
            Self::Pem(pem) => cache::secrets_digest(&[Some(pem)]),
            Self::Pkcs12 { file, password } => cache::secrets_digest(&[Some(file), Some(password)]),
        }
    }
}

/// Signs the claims.
pub(crate) fn sign(claims: &Claims<'_>, key: &PrivateKey, key_id: Option<&str>) -> Result<Secret, Error> {
    let der = key.der()?;
    let mut header = Header::new(Algorithm::RS256);
    header.kid = key_id.map(str::to_owned);
    // A second call fails, and the provider is the same.
    let _ = RING.install_default();
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_rsa_der(&der))
        .map(Secret::new)
        .map_err(|e| problem(&format!("cannot sign with it ({e})")))
}

fn problem(text: &str) -> Error {
    Error::field("private_key", text)
}

fn read_pem(pem: &Secret) -> Result<Zeroizing<Vec<u8>>, Error> {
    let text = pem.expose();
    if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(problem("the key is encrypted; store it without a passphrase"));
    }
    // Shell variables and templates often leave literal \n in a PEM.
    let text = Zeroizing::new(text.replace("\\n", "\n"));
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| problem("not a PEM private key"))?;
    match &key {
        PrivateKeyDer::Sec1(_) => Err(problem("expected an RSA key, found an EC key")),
        _ => Ok(Zeroizing::new(key.secret_der().to_vec())),
    }
}

fn read_pkcs12(file: &Secret, password: &Secret) -> Result<Zeroizing<Vec<u8>>, Error> {
    let text: String = file.expose().split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(text).map_err(|_| problem("not base64"))?;
    pkcs12::private_key(&bytes, password.expose()).map_err(problem)
}

/// From PKCS#8 or PKCS#1.
fn key_pair(der: &[u8]) -> Result<KeyPair, String> {
    KeyPair::from_pkcs8(der).or_else(|e| KeyPair::from_der(der).map_err(|_| e)).map_err(|e| {
        match e.to_string().as_str() {
            "TooSmall" => "RSA keys under 2048 bits are not accepted".to_owned(),
            "TooLarge" => "RSA keys over 4096 bits are not accepted".to_owned(),
            "WrongAlgorithm" => "expected an RSA key, found another kind".to_owned(),
            reason => format!("not a usable RSA key ({reason})"),
        }
    })
}

/// jsonwebtoken has no ring of its own; this is all it needs for signing.
static RING: CryptoProvider = CryptoProvider {
    signer_factory: |_, key| {
        let pair = key_pair(key.as_bytes()).map_err(|e| JwtError::from(ErrorKind::Provider(e)))?;
        Ok(Box::new(RingSigner(pair)))
    },
    verifier_factory: |_, _: &DecodingKey| Err(JwtError::from(ErrorKind::InvalidAlgorithm)),
    key_utils: KeyUtils::new_unimplemented(),
};

struct RingSigner(KeyPair);

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        // The random numbers blind the computation; they do not change the signature.
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| SignatureError::new())?;
        Ok(signature)
    }
}

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}
