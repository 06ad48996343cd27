//! Which certificates TLS trusts: Mozilla's roots as bundled, or those in `SSL_CERT_FILE` instead; ring as the only
//! provider.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rustls::crypto::CryptoProvider;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::environment;
use crate::exit::Failure;
use crate::files::{read_given, shown};

/// A file of a whole system's roots is a few hundred KiB.
const LIMIT: usize = 16 << 20;

/// The certificates to trust instead of the bundled ones, if `SSL_CERT_FILE` is set.
pub fn own_roots(deadline: Option<Instant>) -> Result<Option<Vec<CertificateDer<'static>>>, Failure> {
    let Some(path) = environment::variable("SSL_CERT_FILE") else {
        return Ok(None);
    };
    let path = Path::new(&path);
    let text =
        read_given(path, LIMIT, deadline).map_err(|failure| Failure::usage(format!("SSL_CERT_FILE: {failure}")))?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().unwrap_or_default();
    if certificates.is_empty() {
        return Err(Failure::usage(format!("SSL_CERT_FILE: no PEM certificate in {}", shown(path))));
    }
    Ok(Some(certificates))
}

/// ring, for every TLS connection of the process.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
