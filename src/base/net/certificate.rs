//! Which certificates are trusted: those signed by an authority that this host trusts, and the very certificates in
//! `ca_file`, such as the self-signed one that `openssl req -x509` makes.

use chrono::DateTime;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::Arc;

/// Verifies certificates like rustls, and also accepts one that is in `ca_file` itself.
#[derive(Debug)]
pub struct Verifier {
    /// Verifies chains.
    pub chains: Arc<WebPkiServerVerifier>,
    /// The certificates in `ca_file`.
    pub own: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = self.chains.verify_server_cert(end_entity, intermediates, name, ocsp, now);
        match chain {
            // The period of validity was checked before: it leads to errors of its own. `Other`: an authority
            // introduces itself as a server.
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_)))
                if self.own.iter().any(|own| own.as_ref() == end_entity.as_ref()) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}

/// Explains a failed handshake: what is wrong with the certificate, and what to do.
pub fn explain(error: &Error, ca_file: &str) -> String {
    let Error::InvalidCertificate(error) = error else { return error.to_string() };
    let day = |time: &UnixTime| {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        DateTime::from_timestamp(seconds, 0).map_or(String::new(), |time| format!(" on {}", time.format("%Y-%m-%d")))
    };
    match error {
        CertificateError::Expired => "the certificate of the server has expired".to_string(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the certificate of the server expired{}", day(not_after))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("the certificate of the server becomes valid{}; is the clock of this host right?", day(not_before))
        }
        CertificateError::NotValidForNameContext { expected, presented } if presented.is_empty() => format!(
            "the certificate of the server names no host; make one with: openssl req -x509 … -addext subjectAltName=DNS:{}",
            expected.to_str()
        ),
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "the certificate of the server is not for {} but for {}",
            expected.to_str(),
            presented.join(", ").replace("DnsName(\"", "").replace("\")", "")
        ),
        CertificateError::UnknownIssuer | CertificateError::Other(_) if ca_file.is_empty() => {
            "the certificate of the server is not signed by an authority that this host trusts; if it is your own, name a file with it in ca_file".to_string()
        }
        CertificateError::UnknownIssuer | CertificateError::Other(_) => format!(
            "the certificate of the server is neither in ca_file {ca_file} nor signed by one in it or by an authority that this host trusts"
        ),
        CertificateError::BadSignature => format!(
            "the certificate of the server is not the one in ca_file {ca_file}, although it has the same name: was it renewed?"
        ),
        other => format!("the certificate of the server is invalid: {other:?}"),
    }
}
