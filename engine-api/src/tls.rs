//! TLS to the engine, with client certificates.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::{Error, Result};

/// Whom to trust, and who to be, on a connection with TLS. The engine's certificate is always verified, its name
/// included.
#[derive(Clone)]
pub struct TlsConfig(Arc<ClientConfig>);

impl TlsConfig {
    /// Trusts the authorities in `ca` and shows no certificate of its own. All in PEM.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when `ca` holds no certificate, or one that cannot be read.
    pub fn new(ca: &[u8]) -> Result<Self> {
        Ok(Self(Arc::new(trusting(ca)?.with_no_client_auth())))
    }

    /// Trusts the authorities in `ca`, and shows the chain `cert` that belongs to `key`. All in PEM.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when one of them cannot be read, or the key is of a kind that is not supported.
    pub fn with_identity(ca: &[u8], cert: &[u8], key: &[u8]) -> Result<Self> {
        let chain = certificates("client certificate", cert)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| invalid("client key", &error))?;
        let config = trusting(ca)?
            .with_client_auth_cert(chain, key)
            .map_err(|error| invalid("client certificate", &error))?;
        Ok(Self(Arc::new(config)))
    }

    /// Reads `ca.pem`, and `cert.pem` with `key.pem` if they are there, as `DOCKER_CERT_PATH` names a folder of them.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when a file that is needed is not there or cannot be read.
    pub fn from_folder(folder: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path)
                .map_err(|error| invalid("TLS folder", &format_args!("{}: {error}", path.display())))
        };
        let ca = read("ca.pem")?;
        // One without the other is a mistake, and is told as one.
        if folder.join("cert.pem").exists() || folder.join("key.pem").exists() {
            Self::with_identity(&ca, &read("cert.pem")?, &read("key.pem")?)
        } else {
            Self::new(&ca)
        }
    }

    pub(crate) async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        TlsConnector::from(Arc::clone(&self.0)).connect(name, stream).await
    }
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // There is a private key in it.
        f.debug_struct("TlsConfig").finish_non_exhaustive()
    }
}

/// Two are equal when one is a clone of the other.
impl PartialEq for TlsConfig {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for TlsConfig {}

fn trusting(ca: &[u8]) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("certificate authority", ca)? {
        roots.add(certificate).map_err(|error| invalid("certificate authority", &error))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid("TLS", &error))?;
    Ok(builder.with_root_certificates(roots))
}

fn certificates(argument: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| invalid(argument, &error))?;
    if certificates.is_empty() {
        return Err(invalid(argument, &"there is no certificate in it"));
    }
    Ok(certificates)
}

fn invalid(argument: &'static str, reason: &dyn fmt::Display) -> Error {
    Error::InvalidArgument { argument, reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_told_by_its_part() {
        for ca in [&b""[..], b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let error = TlsConfig::new(ca).unwrap_err().to_string();
            assert!(error.starts_with("invalid certificate authority"), "{error}");
        }
        let error = TlsConfig::with_identity(b"", b"", b"").unwrap_err().to_string();
        assert!(error.starts_with("invalid client certificate"), "{error}");
    }

    #[test]
    fn a_folder_without_an_authority_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = TlsConfig::from_folder(folder.path()).unwrap_err().to_string();
        assert!(error.contains("ca.pem"), "{error}");
    }
}
