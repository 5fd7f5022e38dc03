//! A clock that tests can move, waiting for conditions, and a service that answers over HTTP.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use overture_channels::{
    guard::PrivateAddresses,
    speech::{Clock, Settings},
};
use overture_engine::understand::transcribe::{SpokenWords, Told, Transcription};

pub(crate) const KEY: &str = "a-key-of-ours";

/// How long anything may take that is waited for.
const DEADLINE: Duration = Duration::from_secs(20);

/// Asks until there is an answer.
pub(crate) fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    let (_never, tick) = mpsc::channel::<()>();
    loop {
        if let Some(answer) = condition() {
            return answer;
        }
        assert!(started.elapsed() < DEADLINE, "waited in vain for {what}");
        let _ = tick.recv_timeout(Duration::from_millis(2));
    }
}

/// Real time, and what a test adds to it.
#[derive(Clone, Default)]
pub(crate) struct Ahead(Arc<AtomicU64>);

impl Ahead {
    pub(crate) fn clock(&self) -> Clock {
        let (started, ahead_ms) = (Instant::now(), Arc::clone(&self.0));
        Arc::new(move || {
            started.elapsed() + Duration::from_millis(ahead_ms.load(Ordering::Relaxed))
        })
    }

    pub(crate) fn by(&self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap();
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

pub(crate) fn settings(url: &str) -> Settings {
    Settings {
        url: url.to_owned(),
        key: KEY.to_owned(),
        model: String::new(),
        language: String::new(),
        private: PrivateAddresses::Allow,
    }
}

/// Samples of which no two near ones are alike.
pub(crate) fn speech(samples: usize) -> Vec<i16> {
    let sample = |at: usize| i16::try_from(at * 37 % 2_001).unwrap() - 1_000;
    (0..samples).map(sample).collect()
}

pub(crate) fn words(start_ms: u32, end_ms: u32, text: &str, confidence: f32) -> Told {
    Told::Words(SpokenWords {
        start_ms,
        end_ms,
        text: text.to_owned(),
        confidence,
    })
}

/// Closes it and returns everything that it still tells, but for what may still change.
pub(crate) fn rest_of(transcription: &mut Box<dyn Transcription>) -> Vec<Told> {
    transcription.close();
    let mut told = Vec::new();
    wait_for("the last words", || {
        told.extend(transcription.told());
        transcription.is_done().then_some(())
    });
    told.retain(|told| !matches!(told, Told::Partial(_)));
    told
}

/// The next thing that is told, partials aside.
pub(crate) fn next_of(transcription: &mut Box<dyn Transcription>) -> Vec<Told> {
    wait_for("something told", || {
        let mut told = transcription.told();
        told.retain(|told| !matches!(told, Told::Partial(_)));
        (!told.is_empty()).then_some(told)
    })
}

pub(crate) fn troubles(told: &[Told]) -> Vec<&str> {
    let troubles = told.iter().filter_map(|told| match told {
        Told::Trouble(text) => Some(text.as_str()),
        _ => None,
    });
    troubles.collect()
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    /// The parts of a form: its name, the name of a file, and what is in it.
    pub(crate) parts: Vec<(String, Option<String>, Vec<u8>)>,
}

impl Seen {
    pub(crate) fn part(&self, name: &str) -> Option<&[u8]> {
        let part = self.parts.iter().find(|part| part.0 == name);
        part.map(|part| part.2.as_slice())
    }

    /// The samples of the recording.
    pub(crate) fn samples(&self) -> Vec<i16> {
        let wav = self.part("file").unwrap();
        let samples = wav[44..].chunks_exact(2);
        samples
            .map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]]))
            .collect()
    }
}

/// What a service does with the request number so and so, from 0 on.
type Answer = Arc<dyn Fn(usize, &Seen, TcpStream) + Send + Sync>;

/// A service; each connection has a thread.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Endpoint {
    pub(crate) fn start(answer: impl Fn(usize, &Seen, TcpStream) + Send + Sync + 'static) -> Self {
        let answer: Answer = Arc::new(answer);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, answer, kept) =
                    (stream.unwrap(), Arc::clone(&answer), Arc::clone(&kept));
                std::thread::spawn(move || {
                    let request = request(&stream);
                    let mut seen = kept.lock().unwrap();
                    let number = seen.len();
                    seen.push(request.clone());
                    drop(seen);
                    answer(number, &request, stream);
                });
            }
        });
        Self { url, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn asked(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

fn request(stream: &TcpStream) -> Seen {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length");
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let boundary = headers["content-type"]
        .split_once("; boundary=")
        .unwrap()
        .1
        .to_owned();
    Seen {
        line: line.trim().to_owned(),
        headers,
        parts: parts(&body, &boundary),
    }
}

/// Reads a form strictly: nothing before, between and after its parts.
fn parts(body: &[u8], boundary: &str) -> Vec<(String, Option<String>, Vec<u8>)> {
    let between = format!("\r\n--{boundary}");
    let whole = [b"\r\n", body].concat();
    let mut pieces = split(&whole, between.as_bytes()).into_iter();
    assert_eq!(pieces.next(), Some(&b""[..]), "something before the form");
    let mut pieces: Vec<&[u8]> = pieces.collect();
    assert_eq!(pieces.pop(), Some(&b"--\r\n"[..]), "the end of the form");
    let quoted = |head: &str, key: &str| {
        let value = head.split_once(&format!("; {key}=\""))?.1;
        Some(value.split_once('"')?.0.to_owned())
    };
    let part = |piece: &[u8]| {
        let pieces = split(piece, b"\r\n\r\n");
        let head = std::str::from_utf8(pieces[0]).unwrap();
        let value = piece[pieces[0].len() + 4..].to_vec();
        (
            quoted(head, "name").unwrap(),
            quoted(head, "filename"),
            value,
        )
    };
    pieces.into_iter().map(part).collect()
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while let Some(found) = rest.windows(at.len()).position(|window| window == at) {
        pieces.push(&rest[..found]);
        rest = &rest[found + at.len()..];
    }
    pieces.push(rest);
    pieces
}

/// Answers with JSON. The other end may hang up before all of it is written.
pub(crate) fn respond(stream: TcpStream, status: &str, body: &str) {
    respond_with(
        stream,
        status,
        "content-type: application/json",
        body.as_bytes(),
    );
}

pub(crate) fn respond_with(mut stream: TcpStream, status: &str, header: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}\r\n{header}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}
