//! Remote text analyzers against a listener on this machine that replays answers; see `fixtures/remote_text/README.md`.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use overture_channels::{
    guard::PrivateAddresses,
    remote_text::{
        Analyzer, FAILURES_MAX, Failure, Outcome, QUESTION_TIME_MAX, REST, RemoteText, Service,
        TEXT_BYTES_MAX, UnusableAnalyzer,
    },
};
use overture_engine::{
    model::{Abstained, Emotion, Evidence, Sentiment, SentimentLabel, TextReading, TextScore},
    understand::TextModel,
};
use serde_json::{Value, json};

const TEXT: &str = "This is the third time. Nobody called me back at [phone:k3v7x2aq].";
const KEY: &str = "a-key-of-ours";

/// A request as it arrived.
#[derive(Debug, Clone)]
struct Seen {
    line: String,
    headers: BTreeMap<String, String>,
    body: Value,
}

/// What the listener does with one connection, once it has the request.
type Answer = Box<dyn FnMut(TcpStream) + Send>;

/// Answers every request alike, and keeps what was asked.
struct Endpoint {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Endpoint {
    fn start(mut answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                kept.lock().unwrap().push(request(&stream));
                answer(stream);
            }
        });
        Self { url, seen }
    }

    fn replay(status: &'static str, body: Vec<u8>) -> Self {
        Self::start(Box::new(move |stream| respond(stream, status, &body)))
    }

    fn asked(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    fn only(&self) -> Seen {
        let seen = self.seen.lock().unwrap();
        assert_eq!(seen.len(), 1);
        seen[0].clone()
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
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Seen {
        line: line.trim().to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap(),
    }
}

/// The other end may hang up before all of it is written.
fn respond(mut stream: TcpStream, status: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/remote_text");
    std::fs::read(format!("{folder}/{name}.json")).unwrap()
}

/// A model that reads everything alike.
struct Own(TextReading);

impl TextModel for Own {
    fn name(&self) -> &'static str {
        "own-1"
    }

    fn read(&self, _text: &str) -> TextReading {
        self.0.clone()
    }
}

/// By emotion: anger, frustration, sadness, fear, joy, gratitude, surprise, neutral.
const OWN_EMOTIONS: [f32; 8] = [0.2, 0.5, 0.1, 0.05, 0.03, 0.02, 0.01, 0.6];

fn own() -> TextScore {
    TextScore {
        model: "own-1".to_owned(),
        tier: 1,
        language: Some("en-GB".to_owned()),
        sentiment: Sentiment {
            score: -0.4,
            intensity: 0.5,
            confidence: 0.7,
            label: SentimentLabel::Negative,
        },
        emotions: OWN_EMOTIONS,
        sarcasm: 0.1,
        urgency: 0.3,
        evidence: vec![Evidence {
            start: 24,
            end: 30,
            weight: -0.5,
        }],
    }
}

/// What is asked, a clock that the test moves, and what was reported.
struct Bench {
    model: RemoteText,
    now_ms: Arc<AtomicU64>,
    reported: Arc<Mutex<Vec<Outcome>>>,
}

impl Bench {
    fn new(service: Service, url: &str, own: TextReading) -> Self {
        let analyzer = Analyzer::new(service, url, KEY, PrivateAddresses::Allow).unwrap();
        Self::with(analyzer, own)
    }

    fn with(analyzer: Analyzer, own: TextReading) -> Self {
        let now_ms = Arc::new(AtomicU64::new(0));
        let reported = Arc::new(Mutex::new(Vec::new()));
        let (clock, reports) = (Arc::clone(&now_ms), Arc::clone(&reported));
        let model = RemoteText::new(
            analyzer,
            Arc::new(Own(own)),
            Box::new(move || Duration::from_millis(clock.load(Ordering::Relaxed))),
            Box::new(move |outcome| reports.lock().unwrap().push(outcome)),
        );
        Self {
            model,
            now_ms,
            reported,
        }
    }

    fn reported(&self) -> Vec<Outcome> {
        std::mem::take(&mut self.reported.lock().unwrap())
    }

    fn later(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap();
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

fn scored() -> TextReading {
    TextReading::Scored(Box::new(own()))
}

fn abstained(why: Abstained) -> TextReading {
    TextReading::Abstained {
        why,
        language: None,
    }
}

#[test]
fn watson_is_asked_as_documented_and_gives_score_label_language_and_emotions() {
    let endpoint = Endpoint::replay("200 OK", fixture("watson-negative"));
    let url = format!("{}/instances/9f/", endpoint.url);
    let bench = Bench::new(Service::Watson, &url, scored());
    assert_eq!(bench.model.name(), "watson-nlu");
    let read = bench.model.read(TEXT);
    assert_eq!(bench.reported(), [Outcome::Read]);

    let seen = endpoint.only();
    assert_eq!(
        seen.line,
        "POST /instances/9f/v1/analyze?version=2022-04-07 HTTP/1.1"
    );
    // base64 of "apikey:a-key-of-ours".
    assert_eq!(
        seen.headers["authorization"],
        "Basic YXBpa2V5OmEta2V5LW9mLW91cnM="
    );
    assert_eq!(seen.headers["content-type"], "application/json");
    assert_eq!(
        seen.body,
        json!({"text": TEXT, "features": {"sentiment": {}, "emotion": {}}, "language": "en"})
    );

    let expected = TextScore {
        model: "watson-nlu".to_owned(),
        tier: 1,
        language: Some("en".to_owned()),
        sentiment: Sentiment {
            score: -0.9178,
            intensity: 0.9178,
            confidence: 0.7,
            label: SentimentLabel::Negative,
        },
        // Frustration is Watson's disgust; gratitude and surprise are our own; no more neutral than the rest allows.
        emotions: [0.653, 0.7041, 0.3124, 0.0612, 0.0183, 0.02, 0.01, 0.2959],
        ..own()
    };
    assert_eq!(read, TextReading::Scored(Box::new(expected)));
}

#[test]
fn google_is_asked_as_documented_and_leaves_emotions_as_they_are() {
    let endpoint = Endpoint::replay("200 OK", fixture("google-negative"));
    let bench = Bench::new(Service::Google, &endpoint.url, scored());
    assert_eq!(bench.model.name(), "google-language");
    let read = bench.model.read(TEXT);
    assert_eq!(bench.reported(), [Outcome::Read]);

    let seen = endpoint.only();
    assert_eq!(seen.line, "POST /v2/documents:analyzeSentiment HTTP/1.1");
    assert_eq!(seen.headers["x-goog-api-key"], KEY);
    assert!(!seen.headers.contains_key("authorization"));
    assert_eq!(
        seen.body,
        json!({"document": {"type": "PLAIN_TEXT", "content": TEXT}, "encodingType": "UTF8"})
    );

    let expected = TextScore {
        model: "google-language".to_owned(),
        language: Some("en".to_owned()),
        sentiment: Sentiment {
            score: -0.812,
            intensity: 0.812,
            confidence: 0.7,
            label: SentimentLabel::Negative,
        },
        emotions: {
            let mut emotions = OWN_EMOTIONS;
            emotions[Emotion::Neutral as usize] = 0.5;
            emotions
        },
        ..own()
    };
    assert_eq!(read, TextReading::Scored(Box::new(expected)));
}

#[test]
fn where_the_label_is_another_than_ours_it_is_no_surer_than_we_leave_it() {
    let endpoint = Endpoint::replay("200 OK", fixture("google-neutral"));
    let bench = Bench::new(Service::Google, &endpoint.url, scored());
    let read = bench.model.read(TEXT);
    let sentiment = read.score().unwrap().sentiment;
    assert_eq!(
        sentiment,
        Sentiment {
            score: 0.0,
            intensity: 0.5,
            confidence: 0.3,
            label: SentimentLabel::Neutral,
        }
    );
}

#[test]
fn a_language_that_is_not_ours_is_read_by_the_service_alone() {
    let endpoint = Endpoint::replay("200 OK", fixture("watson-french"));
    let bench = Bench::new(
        Service::Watson,
        &endpoint.url,
        abstained(Abstained::Language),
    );
    let read = bench
        .model
        .read("Merci beaucoup, tout est arrivé à temps !");
    let score = read.score().unwrap();
    assert_eq!(score.language.as_deref(), Some("fr"));
    assert_eq!(score.sentiment.label, SentimentLabel::Positive);
    assert_eq!(score.emotions, [0.0; 8]);
    assert!(endpoint.only().body.get("language").is_none());
}

#[test]
fn nothing_is_sent_of_an_empty_text_or_of_one_that_is_too_long() {
    let endpoint = Endpoint::replay("200 OK", fixture("watson-negative"));
    let empty = Bench::new(Service::Watson, &endpoint.url, abstained(Abstained::Empty));
    assert_eq!(empty.model.read("…"), abstained(Abstained::Empty));
    assert_eq!(empty.reported(), []);
    let long = Bench::new(Service::Watson, &endpoint.url, scored());
    assert_eq!(long.model.read(&"x".repeat(TEXT_BYTES_MAX + 1)), scored());
    assert_eq!(long.reported(), [Outcome::TooLong]);
    assert_eq!(endpoint.asked(), 0);
}

#[test]
fn whatever_goes_wrong_our_own_reading_stands() {
    let whole = fixture("watson-negative");
    let with = |change: fn(&mut Value)| {
        let mut answer: Value = serde_json::from_slice(&fixture("watson-negative")).unwrap();
        change(&mut answer);
        answer.to_string().into_bytes()
    };
    let replay = |status: &'static str, body: Vec<u8>| -> Answer {
        Box::new(move |stream| respond(stream, status, &body))
    };
    let raw = |text: Vec<u8>| -> Answer {
        Box::new(move |mut stream: TcpStream| {
            let _ = stream.write_all(&text);
        })
    };
    let half = [
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", whole.len()).into_bytes(),
        whole[..whole.len() / 2].to_vec(),
    ]
    .concat();
    let elsewhere = |status: &str| {
        format!("HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n")
            .into_bytes()
    };
    let mut held = Vec::new();
    let silent: Answer = Box::new(move |stream| held.push(stream));
    let slow: Answer = Box::new(move |mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
        let (_never, wait) = std::sync::mpsc::channel::<()>();
        while stream.write_all(b" ").is_ok() {
            let _ = wait.recv_timeout(Duration::from_millis(100));
        }
    });
    let status = |status| Outcome::Failed(Failure::Status(status));
    let garbage = Outcome::Failed(Failure::Garbage);
    let cases: Vec<(&str, Answer, Outcome, &str)> = vec![
        (
            "401",
            replay("401 Unauthorized", fixture("watson-401")),
            status(401),
            "refused",
        ),
        (
            "429",
            replay("429 Too Many Requests", fixture("google-429")),
            status(429),
            "refused",
        ),
        (
            "500",
            replay("500 Internal Server Error", whole.clone()),
            status(500),
            "status",
        ),
        (
            "redirect",
            raw(elsewhere("302 Found")),
            status(302),
            "status",
        ),
        (
            "redirect of the question",
            raw(elsewhere("307 Temporary Redirect")),
            status(307),
            "status",
        ),
        (
            "time-out",
            silent,
            Outcome::Failed(Failure::TimedOut),
            "timed_out",
        ),
        (
            "an answer by drops",
            slow,
            Outcome::Failed(Failure::TimedOut),
            "timed_out",
        ),
        (
            "cut-off body",
            raw(half),
            Outcome::Failed(Failure::Unreachable),
            "unreachable",
        ),
        (
            "no answer",
            raw(Vec::new()),
            Outcome::Failed(Failure::Unreachable),
            "unreachable",
        ),
        (
            "no HTTP",
            raw(b"hello\r\n\r\n".to_vec()),
            garbage,
            "garbage",
        ),
        (
            "no JSON",
            replay("200 OK", b"<html>".to_vec()),
            garbage,
            "garbage",
        ),
        (
            "not UTF-8",
            replay("200 OK", vec![0xff; 40]),
            garbage,
            "garbage",
        ),
        (
            "another JSON",
            replay("200 OK", b"{}".to_vec()),
            garbage,
            "garbage",
        ),
        (
            "a score that is none",
            replay(
                "200 OK",
                with(|it| it["sentiment"]["document"]["score"] = 7.into()),
            ),
            garbage,
            "garbage",
        ),
        (
            "a label that is none",
            replay(
                "200 OK",
                with(|it| it["sentiment"]["document"]["label"] = "mixed".into()),
            ),
            garbage,
            "garbage",
        ),
        (
            "an emotion that is none",
            replay(
                "200 OK",
                with(|it| it["emotion"]["document"]["emotion"]["joy"] = (-1).into()),
            ),
            garbage,
            "garbage",
        ),
        (
            "10 MB",
            replay("200 OK", vec![b' '; 10 << 20]),
            Outcome::Failed(Failure::TooLarge),
            "too_large",
        ),
    ];
    for (case, answer, outcome, name) in cases {
        let endpoint = Endpoint::start(answer);
        let bench = Bench::new(Service::Watson, &endpoint.url, scored());
        assert_eq!(bench.model.read(TEXT), scored(), "{case}");
        assert_eq!(bench.reported(), [outcome], "{case}");
        assert_eq!(outcome.name(), name, "{case}");
        assert_eq!(endpoint.asked(), 1, "{case}");
    }
}

#[test]
fn it_is_left_alone_after_failures_in_a_row_and_tried_once_after_that() {
    let failing = Arc::new(AtomicU64::new(500));
    let status = Arc::clone(&failing);
    let whole = fixture("watson-negative");
    let endpoint = Endpoint::start(Box::new(move |stream| {
        let line = format!("{} Whatever", status.load(Ordering::Relaxed));
        respond(stream, &line, &whole);
    }));
    let bench = Bench::new(Service::Watson, &endpoint.url, scored());
    let asked = |times: usize| {
        assert_eq!(endpoint.asked(), times);
        bench.reported()
    };
    let max = FAILURES_MAX as usize;
    for _ in 0..max + 3 {
        assert_eq!(bench.model.read(TEXT), scored());
    }
    let reported = asked(max);
    assert_eq!(
        reported[max - 1],
        Outcome::Failed(Failure::Status(500)),
        "the last that was asked"
    );
    assert_eq!(reported[max..], [Outcome::Resting; 3]);

    bench.later(REST);
    bench.model.read(TEXT);
    bench.model.read(TEXT);
    assert_eq!(asked(max + 1)[1], Outcome::Resting, "the try failed too");

    bench.later(REST);
    failing.store(200, Ordering::Relaxed);
    for _ in 0..2 {
        assert_ne!(bench.model.read(TEXT), scored());
    }
    assert_eq!(asked(max + 3), [Outcome::Read; 2]);

    // What is wrong with one text is not wrong with the next one.
    failing.store(422, Ordering::Relaxed);
    for _ in 0..2 * max {
        bench.model.read(TEXT);
    }
    assert_eq!(
        asked(3 * max + 3),
        [Outcome::Failed(Failure::Status(422))].repeat(2 * max)
    );
}

#[test]
fn private_addresses_are_refused_unless_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let analyzer = Analyzer::new(Service::Google, &url, KEY, PrivateAddresses::Refuse).unwrap();
    let bench = Bench::with(analyzer, scored());
    assert_eq!(bench.model.read(TEXT), scored());
    assert_eq!(bench.reported(), [Outcome::Failed(Failure::Refused)]);
    assert!(listener.accept().is_err(), "a private address was called");
}

#[test]
fn settings_that_cannot_work_are_named_and_the_key_is_shown_nowhere() {
    use PrivateAddresses::{Allow, Refuse};
    let url = Err(UnusableAnalyzer::Url);
    let key = Err(UnusableAnalyzer::Key);
    let long = "k".repeat(513);
    for (service, at, secret, private, expected) in [
        (
            Service::Google,
            "",
            KEY,
            Refuse,
            Ok("language.googleapis.com"),
        ),
        (Service::Watson, "", KEY, Refuse, url.clone()),
        (
            Service::Watson,
            "https://api.eu-de.natural-language-understanding.watson.cloud.ibm.com/instances/9f",
            KEY,
            Refuse,
            Ok("api.eu-de.natural-language-understanding.watson.cloud.ibm.com"),
        ),
        (
            Service::Google,
            "http://example.org",
            KEY,
            Refuse,
            url.clone(),
        ),
        (
            Service::Google,
            "http://example.org",
            KEY,
            Allow,
            Ok("example.org"),
        ),
        (
            Service::Google,
            "https://a:b@example.org",
            KEY,
            Allow,
            url.clone(),
        ),
        (
            Service::Google,
            "https://example.org/?a=b",
            KEY,
            Allow,
            url.clone(),
        ),
        (
            Service::Google,
            "ftp://example.org",
            KEY,
            Allow,
            url.clone(),
        ),
        (Service::Google, "example.org", KEY, Allow, url),
        (Service::Google, "", "", Refuse, key.clone()),
        (Service::Google, "", "a key", Refuse, key.clone()),
        (Service::Google, "", "key\r\nhost: x", Refuse, key.clone()),
        (Service::Google, "", &long, Refuse, key),
    ] {
        let made = Analyzer::new(service, at, secret, private);
        let host = made.as_ref().map(Analyzer::host).map_err(Clone::clone);
        assert_eq!(host, expected, "{at} {secret}");
        assert!(!format!("{made:?}").contains(KEY));
    }
    assert!(QUESTION_TIME_MAX <= Duration::from_secs(3));
}
