//! TLS by rustls, with the certificate authorities that this host trusts and those of `ca_file`.

use super::certificate::{self, Verifier};
use super::connection::{Connection, TcpConnection, without_brackets};
use super::failure::{Failure, FailureKind};
use super::step_log::StepLog;
use crate::base::file::read_at_most;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Largest `ca_file` that is read, in bytes.
const CA_FILE_MAX: u64 = 1024 * 1024;

/// The certificates in `ca_file` (PEM); none if it is empty.
///
/// # Errors
/// When the file cannot be read or contains no valid certificate.
fn own_certificates(ca_file: &str) -> Result<Vec<CertificateDer<'static>>, Failure> {
    if ca_file.is_empty() {
        return Ok(Vec::new());
    }
    let pem = read_at_most(Path::new(ca_file), CA_FILE_MAX)
        .map_err(|error| Failure::configuration(format!("could not read ca_file {ca_file}: {error}")))?;
    let own: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pem).flatten().collect();
    if RootCertStore::empty().add_parsable_certificates(own.iter().cloned()).0 == 0 {
        return Err(Failure::configuration(format!("ca_file {ca_file} contains no valid PEM certificate")));
    }
    Ok(own)
}

/// Returns whether a TLS handshake failed because the peer does not speak TLS on that port.
pub fn is_plain_peer(failure: &Failure) -> bool {
    failure.reason.contains("InvalidContentType") || failure.reason.contains("corrupt message")
}

/// Performs the TLS handshake. The certificate must be valid for `host`.
///
/// # Errors
/// When the certificate is not trusted, or the peer does not speak TLS.
pub fn handshake(mut tcp: TcpConnection, host: &str, ca_file: &str, log: &mut StepLog) -> Result<Connection, Failure> {
    let name = ServerName::try_from(without_brackets(host).to_string())
        .map_err(|_| Failure::configuration(format!("{host} is not a valid server name")))?;
    let mut session = ClientConnection::new(Arc::new(client_config(ca_file)?), name).map_err(setup_failure)?;
    while session.is_handshaking() {
        session.complete_io(&mut tcp).map_err(|error| {
            let is_tls = error.kind() == io::ErrorKind::InvalidData;
            let kind = if is_tls { FailureKind::Configuration } else { FailureKind::Temporary };
            Failure::new(kind, format!("TLS with {host}: {}", explain(&error, ca_file)))
        })?;
    }
    let version = session.protocol_version().map(|version| format!("{version:?}").replace("TLSv1_", "TLS 1."));
    let (version, authority) = (version.unwrap_or_default(), if ca_file.is_empty() { "the system" } else { ca_file });
    log.record("tls", format!("{version}, certificate of {host} trusted by {authority}"));
    Ok(Connection::Tls(Box::new(StreamOwned::new(session, tcp))))
}

/// Settings that trust the authorities of this host and the certificates in `ca_file` (PEM) unless it is empty.
///
/// # Errors
/// When `ca_file` cannot be read or contains no valid certificate.
pub fn client_config(ca_file: &str) -> Result<ClientConfig, Failure> {
    let own = own_certificates(ca_file)?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.add_parsable_certificates(own.iter().cloned());
    let provider = Arc::new(default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(setup_failure)?;
    // Without any authority no certificate is trusted; the handshake says so.
    if roots.is_empty() {
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    }
    let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| Failure::configuration(format!("could not set up TLS: {error}")))?;
    let verifier = Arc::new(Verifier { chains, own });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Explains an error of a handshake.
pub fn explain(error: &io::Error, ca_file: &str) -> String {
    match error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>()) {
        Some(error) => certificate::explain(error, ca_file),
        None => error.to_string(),
    }
}

fn setup_failure(error: rustls::Error) -> Failure {
    Failure::configuration(format!("could not set up TLS: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_without_a_certificate_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ca.pem");
        let path = file.to_str().unwrap();
        assert!(own_certificates(path).unwrap_err().reason.starts_with("could not read ca_file"));
        std::fs::write(&file, "no certificate").unwrap();
        let failure = own_certificates(path).unwrap_err();
        assert!(failure.kind == FailureKind::Configuration && failure.reason.contains("no valid PEM"), "{failure:?}");
    }
}
