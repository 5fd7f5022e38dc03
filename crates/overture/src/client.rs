//! A small HTTP/1.1 and WebSocket client over plain TCP, for the load generator and the
//! demo's simulated people: they use the public interface like anybody, and a heavy client
//! would take the CPU that is being measured.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::client::IntoClientRequest};

/// The longest answer that is read, bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Where the server is.
#[derive(Debug, Clone)]
pub struct Target {
    /// `host:port`, as in the `Host` header.
    pub authority: String,
    address: SocketAddr,
}

impl Target {
    /// Resolves `http://host:port`.
    pub async fn parse(url: &str) -> anyhow::Result<Self> {
        let authority = url
            .strip_prefix("http://")
            .context("expected a url that begins with http://")?
            .trim_end_matches('/')
            .to_owned();
        let with_port = if authority.contains(':') {
            authority.clone()
        } else {
            format!("{authority}:80")
        };
        let address = tokio::net::lookup_host(&with_port)
            .await
            .with_context(|| format!("could not resolve {with_port}"))?
            .next()
            .with_context(|| format!("{with_port} has no address"))?;
        Ok(Self { authority, address })
    }

    async fn connect(&self) -> anyhow::Result<TcpStream> {
        let stream = TcpStream::connect(self.address)
            .await
            .with_context(|| format!("could not connect to {}", self.authority))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Opens a WebSocket at `path`, with `headers` beside the usual ones.
    pub async fn socket(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> anyhow::Result<WebSocketStream<TcpStream>> {
        let mut request = format!("ws://{}{path}", self.authority).into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse()?);
        }
        let (socket, _) = client_async(request, self.connect().await?).await?;
        Ok(socket)
    }
}

/// An answer's head.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The cookies it sets, as `name=value`.
    pub cookies: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; `Null` when there is none.
    pub fn json(&self) -> anyhow::Result<Value> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).context("the answer is not JSON")
    }

    /// The body as JSON if the status is 2xx, else an error that shows it.
    pub fn ok(self) -> anyhow::Result<Value> {
        if (200..300).contains(&self.status) {
            self.json()
        } else {
            bail!(
                "answered {}: {}",
                self.status,
                String::from_utf8_lossy(&self.body[..self.body.len().min(400)])
            )
        }
    }
}

/// One keep-alive connection, opened when needed.
#[derive(Debug)]
pub struct Connection {
    target: Target,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    /// A connection to `target`, not opened yet.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            stream: None,
            buffer: Vec::with_capacity(4096),
        }
    }

    /// Sends a ready-made request and returns the answer. A connection that the server
    /// closed while idle is opened again once; requests must be safe to repeat.
    pub async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        let reused = self.stream.is_some();
        match self.try_exchange(request).await {
            Ok(answer) => Ok(answer),
            Err(_) if reused => self.try_exchange(request).await,
            Err(error) => Err(error),
        }
    }

    async fn try_exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.target.connect().await?,
        };
        stream.write_all(request).await?;
        self.buffer.clear();
        let (answer, keep) = read_answer(&mut stream, &mut self.buffer).await?;
        if keep {
            self.stream = Some(stream);
        }
        Ok(answer)
    }

    /// Sends `body` as JSON (none for `Null`) and returns the answer.
    pub async fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> anyhow::Result<Answer> {
        let body = match body {
            Value::Null => Vec::new(),
            other => serde_json::to_vec(other)?,
        };
        let request = render(method, &self.target.authority, path, headers, &body);
        self.exchange(&request)
            .await
            .with_context(|| format!("{method} {path} failed"))
    }
}

/// A request's bytes.
pub fn render(
    method: &str,
    authority: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<u8> {
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.push_str(name);
        request.push_str(": ");
        request.push_str(value);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    let mut bytes = request.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Reads one answer; the flag says whether the connection stays open.
async fn read_answer(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> anyhow::Result<(Answer, bool)> {
    let head_end = loop {
        if let Some(at) = find(buffer, b"\r\n\r\n") {
            break at + 4;
        }
        fill(stream, buffer).await?;
    };
    let head = Head::parse(&buffer[..head_end])?;
    let body = match head.length {
        Length::Known(length) => {
            while buffer.len() < head_end + length {
                fill(stream, buffer).await?;
            }
            buffer[head_end..head_end + length].to_vec()
        }
        Length::Chunked => read_chunks(stream, buffer, head_end).await?,
    };
    Ok((
        Answer {
            status: head.status,
            cookies: head.cookies,
            body,
        },
        head.keep,
    ))
}

async fn fill(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<()> {
    if buffer.len() > ANSWER_BYTES_MAX {
        bail!("the answer is too long");
    }
    if stream.read_buf(buffer).await? == 0 {
        bail!("the server closed the connection");
    }
    Ok(())
}

async fn read_chunks(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    mut at: usize,
) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line_end = loop {
            if let Some(end) = find(&buffer[at..], b"\r\n") {
                break at + end;
            }
            fill(stream, buffer).await?;
        };
        let digits = std::str::from_utf8(&buffer[at..line_end])?;
        let size = usize::from_str_radix(digits.split(';').next().unwrap_or("").trim(), 16)?;
        let data = line_end + 2;
        while buffer.len() < data + size + 2 {
            fill(stream, buffer).await?;
        }
        body.extend_from_slice(&buffer[data..data + size]);
        at = data + size + 2;
        if size == 0 {
            return Ok(body);
        }
    }
}

enum Length {
    Known(usize),
    Chunked,
}

struct Head {
    status: u16,
    cookies: Vec<String>,
    length: Length,
    keep: bool,
}

impl Head {
    fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let text = std::str::from_utf8(bytes).context("the answer's head is not text")?;
        let mut lines = text.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.get(9..12))
            .and_then(|code| code.parse().ok())
            .context("the answer has no status")?;
        let mut head = Self {
            status,
            cookies: Vec::new(),
            length: Length::Known(0),
            keep: true,
        };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                head.length = Length::Known(value.parse().context("the length is no number")?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                head.length = Length::Chunked;
            } else if name.eq_ignore_ascii_case("connection") {
                head.keep = !value.eq_ignore_ascii_case("close");
            } else if name.eq_ignore_ascii_case("set-cookie") {
                let pair = value.split(';').next().unwrap_or(value);
                head.cookies.push(pair.to_owned());
            }
        }
        Ok(head)
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn served(answers: &'static [u8]) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut seen = [0; 1024];
                if stream.read(&mut seen).await.unwrap() > 0 {
                    stream.write_all(answers).await.unwrap();
                }
            }
        });
        Connection::new(Target::parse(&url).await.unwrap())
    }

    #[tokio::test]
    async fn lengths_chunks_and_cookies_are_read() {
        for (answer, status, body) in [
            (&b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nset-cookie: a=b; Path=/\r\n\r\n{}"[..], 200, "{}"),
            (b"HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\nset-cookie: a=b\r\n\r\n3\r\n{\"a\r\n4;x\r\n\":1}\r\n0\r\n\r\n", 503, "{\"a\":1}"),
            (b"HTTP/1.1 204 No Content\r\nset-cookie: a=b\r\n\r\n", 204, ""),
        ] {
            let mut connection = served(answer).await;
            let got = connection.call("GET", "/", &[], &Value::Null).await.unwrap();
            assert_eq!((got.status, got.cookies[0].as_str()), (status, "a=b"));
            assert_eq!(String::from_utf8(got.body).unwrap(), body);
        }
    }

    #[tokio::test]
    async fn a_connection_closed_while_idle_is_opened_again() {
        let mut connection = served(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        for _ in 0..3 {
            let answer = connection
                .call("GET", "/", &[], &Value::Null)
                .await
                .unwrap();
            assert_eq!(answer.status, 200);
        }
    }
}
