//! A connection to the service: WebSocket over TLS, to an address that may be called.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::ServerName};
use tungstenite::{
    ClientRequestBuilder, Error, HandshakeError, Message, WebSocket, client::client_with_config,
    protocol::WebSocketConfig,
};
use ureq::http::Uri;

use crate::{
    failure::Failure,
    guard::{self, PrivateAddresses},
    speech::{Clock, settings},
};

/// The time that a connection may take, from resolving the name to the end of the handshake.
pub(super) const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// How long one look for an answer waits: what there is to send is looked for as often.
const LOOK: Duration = Duration::from_millis(40);

/// A service that takes nothing for so long is gone.
const WRITE_TIME_MAX: Duration = Duration::from_secs(5);

/// The largest answer that is read, bytes.
const ANSWER_BYTES_MAX: usize = 256 << 10;

/// A plain or a TLS connection.
trait Wire: Read + Write + Send {}

impl<T: Read + Write + Send> Wire for T {}

/// Where to connect, and with what. No `Debug`: it holds the key.
pub(super) struct Target {
    /// `http` or `https`, as the guard reads it.
    url: Uri,
    key: String,
    private: PrivateAddresses,
    tls: Arc<ClientConfig>,
}

impl Target {
    /// `roots` are the authorities that are believed.
    pub(super) fn new(
        url: Uri,
        key: String,
        private: PrivateAddresses,
        roots: RootCertStore,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has the ciphers of the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            url,
            key,
            private,
            tls: Arc::new(tls),
        }
    }

    pub(super) fn host(&self) -> &str {
        settings::host(&self.url)
    }

    /// Connects, with `query` behind the url. Blocks up to [`CONNECT_TIME_MAX`] for each step.
    pub(super) fn connect(&self, query: &str, clock: &Clock) -> Result<Link, Failure> {
        let deadline = clock() + CONNECT_TIME_MAX;
        let addresses = guard::addresses(&self.url, CONNECT_TIME_MAX, self.private)
            .map_err(|error| Failure::of(&error))?;
        let stream = tcp(&addresses)?;
        let wire = self.wire(stream)?;
        let scheme = self.url.scheme_str().unwrap_or_default();
        // http becomes ws, https becomes wss.
        let url = format!(
            "ws{}://{}{}?{query}",
            scheme.trim_start_matches("http"),
            self.host(),
            self.url.path()
        );
        let url = url.parse().map_err(|_| Failure::Unreachable)?;
        let request = ClientRequestBuilder::new(url)
            .with_header("Authorization", format!("Token {}", self.key))
            .with_header(
                "User-Agent",
                concat!("Overture/", env!("CARGO_PKG_VERSION")),
            );
        let limits = WebSocketConfig::default()
            .read_buffer_size(4 << 10)
            .write_buffer_size(0)
            .max_message_size(Some(ANSWER_BYTES_MAX))
            .max_frame_size(Some(ANSWER_BYTES_MAX));
        let mut shake = client_with_config(request, wire, Some(limits));
        loop {
            shake = match shake {
                Ok((socket, _)) => return Ok(Link { socket }),
                Err(HandshakeError::Failure(error)) => return Err(failure(&error)),
                Err(HandshakeError::Interrupted(_)) if clock() >= deadline => {
                    return Err(Failure::TimedOut);
                }
                Err(HandshakeError::Interrupted(unfinished)) => unfinished.handshake(),
            };
        }
    }

    fn wire(&self, stream: TcpStream) -> Result<Box<dyn Wire>, Failure> {
        if self.url.scheme_str() == Some("http") {
            return Ok(Box::new(stream));
        }
        let host = self.url.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(bare.to_owned()).map_err(|_| Failure::Unreachable)?;
        let tls =
            ClientConnection::new(Arc::clone(&self.tls), name).map_err(|_| Failure::Unreachable)?;
        Ok(Box::new(StreamOwned::new(tls, stream)))
    }
}

fn tcp(addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
    let open = |address| -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(address, CONNECT_TIME_MAX)?;
        stream.set_read_timeout(Some(LOOK))?;
        stream.set_write_timeout(Some(WRITE_TIME_MAX))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    let opened = addresses.iter().find_map(|address| open(address).ok());
    opened.ok_or(Failure::Unreachable)
}

/// Never the error's own words: who knows what they quote.
fn failure(error: &Error) -> Failure {
    match error {
        Error::Http(answer) => Failure::Status(answer.status().as_u16()),
        Error::Protocol(_) | Error::HttpFormat(_) | Error::Utf8(_) => Failure::Garbage,
        Error::Capacity(_) | Error::AttackAttempt => Failure::TooLarge,
        _ => Failure::Unreachable,
    }
}

/// An open connection.
pub(super) struct Link {
    socket: WebSocket<Box<dyn Wire>>,
}

/// What one look found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// A text.
    Text(String),
    /// Nothing for now.
    Nothing,
    /// The service closed the connection, as it should.
    Closed,
    /// The connection is gone.
    Cut(Failure),
}

impl Link {
    /// Sends one message; an error is the end of the connection.
    pub(super) fn send(&mut self, message: Message) -> Result<(), Failure> {
        self.socket.send(message).map_err(|error| failure(&error))
    }

    /// Waits a moment for what the service says.
    pub(super) fn look(&mut self) -> Seen {
        match self.socket.read() {
            Ok(Message::Text(text)) => Seen::Text(text.as_str().to_owned()),
            Ok(Message::Close(_)) | Err(Error::ConnectionClosed) => Seen::Closed,
            Ok(_) => Seen::Nothing,
            Err(Error::Io(error)) if is_later(&error) => Seen::Nothing,
            Err(error) => Seen::Cut(failure(&error)),
        }
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use rustls::{
        ServerConfig, ServerConnection,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    };

    use super::*;

    const CERTIFICATES: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../overture/tests/system/certificates"
    );

    fn certificate(name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(format!("{CERTIFICATES}/{name}.pem")).unwrap()
    }

    /// A service with a certificate that takes one connection, says hello and returns what it was greeted with.
    fn service(certificate_name: &str) -> (Uri, std::thread::JoinHandle<Option<String>>) {
        let key = PrivateKeyDer::from_pem_file(format!("{CERTIFICATES}/key.pem")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate(certificate_name)], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/v1/listen", listener.local_addr().unwrap());
        let served = std::thread::spawn(move || {
            let stream = listener.accept().unwrap().0;
            let tls = ServerConnection::new(Arc::new(config)).unwrap();
            let mut socket = tungstenite::accept(StreamOwned::new(tls, stream)).ok()?;
            socket.send(Message::text("hello")).ok()?;
            Some(socket.read().ok()?.into_text().ok()?.as_str().to_owned())
        });
        (url.parse().unwrap(), served)
    }

    #[test]
    fn only_a_service_that_proves_its_name_is_spoken_to() {
        for (shown, believed) in [("good", true), ("other-name", false), ("ended", false)] {
            let (url, served) = service(shown);
            let mut roots = RootCertStore::empty();
            roots.add(certificate("authority")).unwrap();
            let target = Target::new(url, "key".to_owned(), PrivateAddresses::Allow, roots);
            let clock: Clock = Arc::new(|| Duration::ZERO);
            let link = target.connect("model=m", &clock);
            assert_eq!(link.is_ok(), believed, "{shown}");
            if let Ok(mut link) = link {
                let texts = std::iter::repeat_with(|| link.look());
                let first = texts.take(250).find(|seen| *seen != Seen::Nothing);
                assert_eq!(first, Some(Seen::Text("hello".to_owned())));
                link.send(Message::text("over TLS")).unwrap();
            }
            let greeted = believed.then(|| "over TLS".to_owned());
            assert_eq!(served.join().unwrap(), greeted, "{shown}");
        }
    }
}
