//! The private key in a PKCS#12 file (RFC 7292), as Google's console provided until 2015 and openssl writes: the first key
//! bag, plain or encrypted by a password, with 3DES (appendix C) or PBES2 (RFC 8018 §6.2). Certificates and the MAC are
//! skipped: a wrong password shows in the key's padding.

use std::num::NonZeroU32;

use aes::Aes256;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use des::TdesEde3;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::pbkdf2;
use zeroize::Zeroizing;

/// An honest file has some thousands.
const MOST_ITERATIONS: u32 = 1_000_000;

// Object identifiers, in DER.
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const KEY_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x01];
const SHROUDED_KEY_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x02];
const SHA1_AND_3DES: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x03];
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
const HMAC_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x07];
const HMAC_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09];
const AES_256_CBC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];

/// The key in PKCS#8 form (RFC 5958).
///
/// # Errors
/// What is wrong, without any of the content.
pub(crate) fn private_key(file: &[u8], password: &str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let bags = key_bag(file).ok_or("not a PKCS#12 file with a key in it")?;
    match bags {
        Bag::Plain(key) => Ok(Zeroizing::new(key.to_vec())),
        Bag::Shrouded(encrypted) => decrypt(encrypted, password),
    }
}

enum Bag<'a> {
    Plain(&'a [u8]),
    Shrouded(&'a [u8]),
}

fn key_bag(file: &[u8]) -> Option<Bag<'_>> {
    let mut pfx = Der(file).sequence()?;
    pfx.take(INTEGER)?;
    let safe = content_of_data(pfx.sequence()?)?;
    let mut parts = Der(safe).sequence()?;
    while !parts.0.is_empty() {
        // Encrypted parts hold certificates.
        let Some(content) = content_of_data(parts.sequence()?) else {
            continue;
        };
        let mut bags = Der(content).sequence()?;
        while !bags.0.is_empty() {
            let mut bag = bags.sequence()?;
            let kind = bag.take(OBJECT_IDENTIFIER)?;
            let value = bag.take(CONTEXT_0)?;
            match kind {
                KEY_BAG => return Some(Bag::Plain(value)),
                SHROUDED_KEY_BAG => return Some(Bag::Shrouded(value)),
                _ => {}
            }
        }
    }
    None
}

/// RFC 5652 §3: a content info of type data.
fn content_of_data<'a>(mut info: Der<'a>) -> Option<&'a [u8]> {
    let kind = info.take(OBJECT_IDENTIFIER)?;
    if kind != DATA {
        return None;
    }
    Der(info.take(CONTEXT_0)?).take(OCTET_STRING)
}

/// RFC 5958 §3: EncryptedPrivateKeyInfo.
fn decrypt(info: &[u8], password: &str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    const BROKEN: &str = "a damaged PKCS#12 file";
    let mut info = Der(info).sequence().ok_or(BROKEN)?;
    let mut algorithm = info.sequence().ok_or(BROKEN)?;
    let encrypted = info.take(OCTET_STRING).ok_or(BROKEN)?;
    let name = algorithm.take(OBJECT_IDENTIFIER).ok_or(BROKEN)?;
    let parameters = algorithm.sequence().ok_or(BROKEN)?;
    let mut buffer = Zeroizing::new(encrypted.to_vec());
    let length = match name {
        SHA1_AND_3DES => {
            let (salt, iterations) = salt_and_iterations(parameters).ok_or(BROKEN)?;
            let mut key = Zeroizing::new([0; 24]);
            let mut iv = [0; 8];
            pkcs12_key(password, salt, iterations.get(), 1, key.as_mut());
            pkcs12_key(password, salt, iterations.get(), 2, &mut iv);
            cbc::Decryptor::<TdesEde3>::new((&*key).into(), (&iv).into())
                .decrypt_padded::<Pkcs7>(&mut buffer)
                .map(<[u8]>::len)
        }
        PBES2 => {
            let (key, iv) = pbes2(parameters, password)?;
            cbc::Decryptor::<Aes256>::new((&*key).into(), (&iv).into())
                .decrypt_padded::<Pkcs7>(&mut buffer)
                .map(<[u8]>::len)
        }
        _ => return Err("encrypted with an unsupported cipher (3DES and AES-256 are supported)"),
    };
    let length = length.map_err(|_| "wrong password")?;
    buffer.truncate(length);
    Ok(buffer)
}

/// RFC 8018 §6.2 with PBKDF2 and AES-256-CBC: key and initialization vector.
fn pbes2(mut parameters: Der<'_>, password: &str) -> Result<(Zeroizing<[u8; 32]>, [u8; 16]), &'static str> {
    const OTHER: &str = "encrypted with an unsupported cipher (3DES and AES-256 are supported)";
    let read = |parameters: &mut Der<'_>| {
        let mut derivation = parameters.sequence()?;
        if derivation.take(OBJECT_IDENTIFIER)? != PBKDF2 {
            return None;
        }
        let mut options = derivation.sequence()?;
        let (salt, iterations) = salt_and_iterations(Der(options.0))?;
        options.take(OCTET_STRING)?;
        options.take(INTEGER)?;
        // The key's length, which the cipher gives anyway.
        let _ = options.take(INTEGER);
        let prf = match options.sequence() {
            Some(mut prf) => prf.take(OBJECT_IDENTIFIER)?.to_vec(),
            None => HMAC_SHA1.to_vec(),
        };
        let hmac = match prf.as_slice() {
            HMAC_SHA1 => pbkdf2::PBKDF2_HMAC_SHA1,
            HMAC_SHA256 => pbkdf2::PBKDF2_HMAC_SHA256,
            _ => return None,
        };
        let mut scheme = parameters.sequence()?;
        if scheme.take(OBJECT_IDENTIFIER)? != AES_256_CBC {
            return None;
        }
        let iv: [u8; 16] = scheme.take(OCTET_STRING)?.try_into().ok()?;
        let mut key = Zeroizing::new([0; 32]);
        pbkdf2::derive(hmac, iterations, salt, password.as_bytes(), key.as_mut());
        Some((key, iv))
    };
    read(&mut parameters).ok_or(OTHER)
}

fn salt_and_iterations(mut parameters: Der<'_>) -> Option<(&[u8], NonZeroU32)> {
    let salt = parameters.take(OCTET_STRING)?;
    let iterations = parameters
        .take(INTEGER)?
        .iter()
        .try_fold(0_u32, |sum, byte| sum.checked_mul(256)?.checked_add((*byte).into()))?;
    NonZeroU32::new(iterations).filter(|count| count.get() <= MOST_ITERATIONS).map(|iterations| (salt, iterations))
}

/// RFC 7292 appendix B.2 with SHA-1: fills `out`. `purpose` is 1 for a key, 2 for an initialization vector.
fn pkcs12_key(password: &str, salt: &[u8], iterations: u32, purpose: u8, out: &mut [u8]) {
    const BLOCK: usize = 64;
    let fill = |text: &[u8]| -> Vec<u8> {
        let length = text.len().div_ceil(BLOCK) * BLOCK;
        text.iter().copied().cycle().take(length).collect()
    };
    // UTF-16 in big endian with a zero at the end (appendix B.1).
    let password: Zeroizing<Vec<u8>> =
        Zeroizing::new(password.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect());
    let mut input = Zeroizing::new(fill(salt));
    input.extend(fill(&password));
    for chunk in out.chunks_mut(20) {
        let mut text = vec![purpose; BLOCK];
        text.extend_from_slice(&input);
        let mut hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &text);
        for _ in 1..iterations {
            hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, hash.as_ref());
        }
        chunk.copy_from_slice(&hash.as_ref()[..chunk.len()]);
        let addend = fill(hash.as_ref());
        for block in input.chunks_mut(BLOCK) {
            add_one_and(block, &addend);
        }
    }
}

/// `number += addend + 1`, big endian, the overflow dropped.
fn add_one_and(number: &mut [u8], addend: &[u8]) {
    let mut carry = 1_u16;
    for (digit, other) in number.iter_mut().zip(addend).rev() {
        let sum = u16::from(*digit) + u16::from(*other) + carry;
        [_, *digit] = sum.to_be_bytes();
        carry = sum >> 8;
    }
}

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const CONTEXT_0: u8 = 0xa0;

/// What is left to read of a DER text (X.690), one element after the other.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The content of the next element, if it has this tag; else nothing is consumed.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.0.split_first()?;
        if found != tag {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if digits.is_empty() || digits.len() > 4 {
                return None;
            }
            let length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
            (length, rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }

    fn sequence(&mut self) -> Option<Self> {
        self.take(SEQUENCE).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls_pki_types::PrivatePkcs8KeyDer;
    use rustls_pki_types::pem::PemObject;

    use super::*;

    const LEGACY: &[u8] = include_bytes!("../testdata/3des.p12");
    const MODERN: &[u8] = include_bytes!("../testdata/aes256.p12");
    const PLAIN: &[u8] = include_bytes!("../testdata/plain.p12");

    #[test]
    fn the_key_comes_out_of_what_openssl_locked_away() {
        let pem = include_bytes!("../testdata/pkcs8.pem");
        let expected = PrivatePkcs8KeyDer::from_pem_slice(pem).unwrap();
        for file in [LEGACY, MODERN, PLAIN] {
            let key = private_key(file, "notasecret").unwrap();
            assert_eq!(*key, expected.secret_pkcs8_der());
        }
    }

    #[test]
    fn a_wrong_password_is_named() {
        for file in [LEGACY, MODERN] {
            assert_eq!(private_key(file, "guess").unwrap_err(), "wrong password");
        }
    }

    #[test]
    fn e10_a_truncated_file_is_refused_at_every_length() {
        for file in [LEGACY, MODERN] {
            for length in 0..file.len().min(200) {
                assert!(private_key(&file[..length], "notasecret").is_err());
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_a_key_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = private_key(&bytes, "notasecret");
        }
    }
}
