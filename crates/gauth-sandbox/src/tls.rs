//! TLS for the sandbox: a new certificate authority, and a certificate for the loopback addresses signed by it.
//! HTTP/2 and HTTP/1.1 are offered by ALPN (RFC 7301).

use std::io;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// The acceptor, and the authority's certificate as PEM.
pub(crate) fn acceptor() -> io::Result<(TlsAcceptor, String)> {
    let authority_key = KeyPair::generate().map_err(io::Error::other)?;
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.distinguished_name.push(DnType::CommonName, "gauth-sandbox authority");
    let authority_pem = authority.self_signed(&authority_key).map_err(io::Error::other)?.pem();

    let names = ["127.0.0.1", "::1", "localhost"].map(str::to_owned);
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = CertificateParams::new(names)
        .and_then(|leaf| leaf.signed_by(&key, &Issuer::new(authority, authority_key)))
        .map_err(io::Error::other)?;

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((TlsAcceptor::from(Arc::new(config)), authority_pem))
}
