//! TLS as libpq's `sslmode` has it: encryption alone, a certificate of a known authority, or that of the very host.

use std::path::Path;
use std::sync::Arc;

use gauth_cli::files::{self, shown};
use gauth_cli::{Failure, tls};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A file of authorities is a few hundred KiB.
const LIMIT: usize = 16 << 20;

/// What is asked of the server's certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Nothing,
    Authority,
    AuthorityAndHost,
}

/// TLS that checks this much against the authorities in `roots`, or those of HTTPS.
pub(super) fn connector(check: Check, roots: Option<&Path>) -> Result<MakeRustlsConnect, Failure> {
    let provider = tls::provider();
    let known = match check {
        Check::Nothing => None,
        _ => {
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(authorities(roots)?), provider.clone());
            Some(verifier.build().map_err(|error| Failure::usage(format!("sslrootcert: {error}")))?)
        }
    };
    let verifier: Arc<dyn ServerCertVerifier> = match (check, known) {
        (Check::AuthorityAndHost, Some(known)) => known,
        (_, known) => Arc::new(AnyHost { known, provider: provider.clone() }),
    };
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| Failure::usage(format!("TLS: {error}")))?;
    let config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn authorities(file: Option<&Path>) -> Result<RootCertStore, Failure> {
    let mut store = RootCertStore::empty();
    let own = match file {
        Some(path) => Some(read(path)?),
        None => tls::own_roots(None)?,
    };
    match own {
        Some(certificates) => drop(store.add_parsable_certificates(certificates)),
        None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    Ok(store)
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let text = files::read_given(path, LIMIT, None).map_err(|failure| {
        Failure::usage(format!("sslrootcert: {failure}")).hint("sslrootcert=system trusts the authorities of HTTPS")
    })?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().unwrap_or_default();
    if certificates.is_empty() {
        return Err(Failure::usage(format!("sslrootcert: no PEM certificate in {}", shown(path))));
    }
    Ok(certificates)
}

/// A certificate of one of these authorities, or any, whatever the host.
#[derive(Debug)]
struct AnyHost {
    known: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyHost {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(known) = &self.known else {
            return Ok(ServerCertVerified::assertion());
        };
        // The name is what it looks at last.
        match known.verify_server_cert(certificate, intermediates, host, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
