//! TLS with certificates known on both sides. A partner's certificate is compared byte for byte with the one that was
//! handed over; there is no chain to follow and no name to believe. What TLS itself proves is that the other side holds
//! the key.

use anyhow::{Context, Result, anyhow};
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{ClientConfig, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A caller who says nothing for this long while TLS begins is cut off.
const PATIENCE: Duration = Duration::from_secs(5);

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// SHA-256 of a certificate, hexadecimal: how partners are known in the database.
pub fn fingerprint(certificate: &[u8]) -> String {
    hex::encode(Sha256::digest(certificate))
}

/// This server's certificate and key.
#[derive(Clone)]
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: Arc<PrivateKeyDer<'static>>,
    pem: String,
}

impl Identity {
    /// Reads the certificate of the folder, or makes one for ten years.
    pub fn open(folder: &Path, names: &[String]) -> Result<Identity> {
        let (certificate_file, key_file) = (folder.join("certificate.pem"), folder.join("key.pem"));
        if !key_file.exists() {
            std::fs::create_dir_all(folder)?;
            let key = rcgen::KeyPair::generate()?;
            let mut about = rcgen::CertificateParams::new(names.to_vec())?;
            about.distinguished_name.push(rcgen::DnType::CommonName, "Yba");
            about.not_before = rcgen::date_time_ymd(2026, 1, 1);
            about.not_after = rcgen::date_time_ymd(2036, 1, 1);
            let certificate = about.self_signed(&key)?;
            write_private(&key_file, &key.serialize_pem())?;
            std::fs::write(&certificate_file, certificate.pem())?;
        }
        let pem = std::fs::read_to_string(&certificate_file).with_context(|| format!("cannot read {}", certificate_file.display()))?;
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|e| anyhow!("{}: {e}", certificate_file.display()))?;
        let key = PrivateKeyDer::from_pem_file(&key_file).map_err(|e| anyhow!("{}: {e}", key_file.display()))?;
        Ok(Identity { certificate, key: Arc::new(key), pem })
    }

    /// What partners are given.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub fn fingerprint(&self) -> String {
        fingerprint(&self.certificate)
    }

    /// TLS towards one partner, who must show exactly this certificate (SHA-256).
    pub(crate) fn towards(&self, partner: &str) -> Result<ClientConfig> {
        let pinned = Pinned { fingerprint: partner.to_owned(), provider: provider() };
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(pinned))
            .with_client_auth_cert(vec![self.certificate.clone()], self.key.clone_key())?;
        Ok(config)
    }

    fn for_callers(&self) -> Result<ServerConfig> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(Arc::new(Anybody { provider: provider() }))
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())?;
        Ok(config)
    }
}

/// A key is readable by its owner only.
fn write_private(path: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())?;
    Ok(())
}

/// The partner's certificate, and no other.
#[derive(Debug)]
struct Pinned {
    fingerprint: String,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(&self, shown: &CertificateDer<'_>, _: &[CertificateDer<'_>], _: &ServerName<'_>, _: &[u8], _: UnixTime) -> Result<ServerCertVerified, rustls::Error> {
        if fingerprint(shown) == self.fingerprint {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::InvalidCertificate(rustls::CertificateError::ApplicationVerificationFailure))
        }
    }
    fn verify_tls12_signature(&self, message: &[u8], cert: &CertificateDer<'_>, dss: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }
    fn verify_tls13_signature(&self, message: &[u8], cert: &CertificateDer<'_>, dss: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Every caller has to show a certificate and prove its key; whose it is, the database says afterwards.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Anybody {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }
    fn verify_client_cert(&self, _: &CertificateDer<'_>, _: &[CertificateDer<'_>], _: UnixTime) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }
    fn verify_tls12_signature(&self, message: &[u8], cert: &CertificateDer<'_>, dss: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }
    fn verify_tls13_signature(&self, message: &[u8], cert: &CertificateDer<'_>, dss: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The port for partners. Handshakes run beside each other, so that a slow caller holds up nobody.
pub(crate) struct Listener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl Listener {
    pub(crate) async fn bind(address: SocketAddr, identity: &Identity) -> Result<Listener> {
        let tcp = TcpListener::bind(address).await?;
        let address = tcp.local_addr()?;
        let acceptor = TlsAcceptor::from(Arc::new(identity.for_callers()?));
        let (hand_over, ready) = mpsc::channel(64);
        tokio::spawn(async move {
            loop {
                let (stream, from) = tokio::select! {
                    () = hand_over.closed() => return,
                    accepted = tcp.accept() => match accepted {
                        Ok(accepted) => accepted,
                        Err(error) => {
                            tracing::warn!(%error, "a partner's connection was lost before it began");
                            tokio::time::sleep(Duration::from_millis(100)).await;
                            continue;
                        }
                    },
                };
                let (acceptor, hand_over) = (acceptor.clone(), hand_over.clone());
                tokio::spawn(async move {
                    let _ = stream.set_nodelay(true);
                    match tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
                        Ok(Ok(stream)) => {
                            let _ = hand_over.send((stream, from)).await;
                        }
                        Ok(Err(error)) => tracing::info!(%error, %from, "a caller showed no certificate"),
                        Err(_) => tracing::info!(%from, "a caller said nothing"),
                    }
                });
            }
        });
        Ok(Listener { ready, address })
    }
}

impl axum::serve::Listener for Listener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(caller) => caller,
            // The door is closed: nobody comes any more.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// Who is on the line, by certificate.
#[derive(Clone, Debug)]
pub struct Caller {
    pub fingerprint: String,
}

impl Connected<IncomingStream<'_, Listener>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Caller {
        let (_, tls) = stream.io().get_ref();
        let shown = tls.peer_certificates().and_then(|chain| chain.first());
        Caller { fingerprint: shown.map(|c| fingerprint(c)).unwrap_or_default() }
    }
}
