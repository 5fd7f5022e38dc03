//! A site's certificate: who vouches for it, for which name, and until when.

use std::{
    io::{Read, Write},
    net::{TcpStream, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName},
};

/// How long one connection may take to open, and one read or write.
const WITHIN: Duration = Duration::from_secs(10);

/// Something to read from and write to: plain, or TLS.
pub(super) trait Wire: Read + Write + Send {}

impl<T: Read + Write + Send> Wire for T {}

/// What one handshake showed.
pub(super) struct Shown {
    pub(super) not_after: Option<Timestamp>,
    /// Why the certificate is not believed.
    pub(super) refused: Option<String>,
}

/// The authorities that are believed: those of browsers, or `own` where there are any.
pub(super) fn roots(own: &[CertificateDer<'static>]) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    if own.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for certificate in own {
        roots
            .add(certificate.clone())
            .context("--ca: not a certificate")?;
    }
    Ok(roots)
}

fn config(roots: RootCertStore) -> anyhow::Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn tcp(host: &str, port: u16) -> anyhow::Result<TcpStream> {
    let mut last = None;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    for address in (bare, port)
        .to_socket_addrs()
        .with_context(|| format!("{host} has no address"))?
    {
        match TcpStream::connect_timeout(&address, WITHIN) {
            Ok(stream) => {
                stream.set_read_timeout(Some(WITHIN))?;
                stream.set_write_timeout(Some(WITHIN))?;
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) => Err(error).with_context(|| format!("could not connect to {host}:{port}")),
        None => anyhow::bail!("{host} has no address"),
    }
}

/// Opens a connection, with TLS where `secure`.
pub(super) fn connect(
    host: &str,
    port: u16,
    secure: bool,
    roots: &RootCertStore,
) -> anyhow::Result<Box<dyn Wire>> {
    let stream = tcp(host, port)?;
    if !secure {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(host.to_owned()).context("the host has no valid name")?;
    let connection = ClientConnection::new(Arc::new(config(roots.clone())?), name)?;
    Ok(Box::new(StreamOwned::new(connection, stream)))
}

/// Shakes hands and looks at the certificate, also at one that is not believed.
pub(super) fn look(host: &str, port: u16, roots: &RootCertStore) -> anyhow::Result<Shown> {
    let mut stream = tcp(host, port)?;
    let bare = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let name = ServerName::try_from(bare).context("the host has no valid name")?;
    let looker = Arc::new(looker::Looker::new(roots.clone())?);
    let mut config = config(roots.clone())?;
    config
        .dangerous()
        .set_certificate_verifier(Arc::clone(&looker) as _);
    let mut connection = ClientConnection::new(Arc::new(config), name)?;
    while connection.is_handshaking() {
        connection
            .complete_io(&mut stream)
            .context("the TLS handshake failed")?;
    }
    let leaf = connection
        .peer_certificates()
        .and_then(|chain| chain.first());
    Ok(Shown {
        not_after: leaf.and_then(|leaf| not_after(leaf)),
        refused: looker.refused(),
    })
}

/// The end of a certificate's validity (RFC 5280, 4.1): the second time in the sequence
/// `Validity` of its `TBSCertificate`.
fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate, _) = element(der)?;
    let (_, mut rest, _) = element(certificate)?;
    // The version is optional; serial number, algorithm and issuer come before the validity.
    if rest.first() == Some(&0xa0) {
        rest = element(rest)?.2;
    }
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest)?;
    let (_, _, rest) = element(validity)?;
    let (kind, text, _) = element(rest)?;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    // UTCTime has two digits of the year; 50 and later are of the last century.
    let text = match kind {
        0x17 if text < "50" => format!("20{text}"),
        0x17 => format!("19{text}"),
        0x18 => text.to_owned(),
        _ => return None,
    };
    let civil = DateTime::strptime("%Y%m%d%H%M%S", &text).ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// One DER element: its tag, what is inside, and what comes after it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first >= 0x80 {
        let digits = usize::from(first & 0x7f);
        if digits > 4 || rest.len() < digits {
            return None;
        }
        let (number, after) = rest.split_at(digits);
        length = number
            .iter()
            .fold(0, |length, &byte| (length << 8) | usize::from(byte));
        rest = after;
    }
    (rest.len() >= length).then(|| {
        let (inside, after) = rest.split_at(length);
        (tag, inside, after)
    })
}

/// Lets every certificate through, and remembers why one would have been refused: what is
/// wrong with a certificate can only be told by looking at it.
mod looker {
    use std::sync::{Arc, Mutex, PoisonError};

    use rustls::{
        DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
        client::{
            WebPkiServerVerifier,
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        },
        pki_types::{CertificateDer, ServerName, UnixTime},
    };

    #[derive(Debug)]
    pub(super) struct Looker {
        judge: Arc<WebPkiServerVerifier>,
        refused: Mutex<Option<String>>,
    }

    impl Looker {
        pub(super) fn new(roots: RootCertStore) -> anyhow::Result<Self> {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let judge =
                WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
            Ok(Self {
                judge,
                refused: Mutex::new(None),
            })
        }

        pub(super) fn refused(&self) -> Option<String> {
            self.refused
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        }
    }

    impl ServerCertVerifier for Looker {
        fn verify_server_cert(
            &self,
            leaf: &CertificateDer<'_>,
            chain: &[CertificateDer<'_>],
            name: &ServerName<'_>,
            ocsp: &[u8],
            now: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            if let Err(error) = self.judge.verify_server_cert(leaf, chain, name, ocsp, now) {
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(error.to_string());
            }
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            self.judge
                .verify_tls12_signature(message, certificate, signed)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            self.judge
                .verify_tls13_signature(message, certificate, signed)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.judge.supported_verify_schemes()
        }
    }
}
