//! Webhooks against a real listener on this machine.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    thread::JoinHandle,
};

use overture_channels::{
    guard::PrivateAddresses,
    webhook::{Outcome, Secret, Sender, UnusableUrl},
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct Seen {
    headers: BTreeMap<String, String>,
    body: String,
}

/// Answers one request with `status` and returns what it said.
fn endpoint(status: &'static str) -> (String, JoinHandle<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let seen = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line == "\r\n" {
                break;
            }
            if let Some((name, value)) = line.split_once(": ") {
                headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            }
        }
        let length: usize = headers["content-length"].parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        Seen {
            headers,
            body: String::from_utf8(body).unwrap(),
        }
    });
    (url, seen)
}

fn secret() -> Secret {
    Secret::parse(SECRET).unwrap()
}

fn sender(url: &str) -> Sender {
    Sender::new(url, vec![secret()], PrivateAddresses::Allow).unwrap()
}

#[test]
fn a_delivery_carries_its_id_its_time_and_a_signature_of_both_and_the_body() {
    let (url, seen) = endpoint("204 No Content");
    let body = r#"{"type":"alert"}"#;
    assert_eq!(
        sender(&url).attempt("dlv_1", 1_700_000_000, body),
        Outcome::Delivered
    );
    let seen = seen.join().unwrap();
    assert_eq!(seen.body, body);
    assert_eq!(seen.headers["webhook-id"], "dlv_1");
    assert_eq!(seen.headers["webhook-timestamp"], "1700000000");
    assert_eq!(
        seen.headers["webhook-signature"],
        secret().sign("dlv_1", 1_700_000_000, body)
    );
    assert_eq!(seen.headers["content-type"], "application/json");
}

#[test]
fn two_secrets_give_two_signatures() {
    let (url, seen) = endpoint("200 OK");
    let other = Secret::parse("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    let sender = Sender::new(&url, vec![secret(), other.clone()], PrivateAddresses::Allow).unwrap();
    assert_eq!(sender.attempt("dlv_1", 5, "{}"), Outcome::Delivered);
    let signatures = seen.join().unwrap().headers["webhook-signature"].clone();
    assert_eq!(
        signatures,
        format!(
            "{} {}",
            secret().sign("dlv_1", 5, "{}"),
            other.sign("dlv_1", 5, "{}")
        )
    );
}

#[test]
fn answers_mean_delivered_disabled_or_again() {
    for (status, outcome) in [
        ("200 OK", Outcome::Delivered),
        ("410 Gone", Outcome::Disabled),
        ("302 Found", Outcome::Failed("answered 302".into())),
        (
            "429 Too Many Requests",
            Outcome::Failed("answered 429".into()),
        ),
        (
            "503 Service Unavailable",
            Outcome::Failed("answered 503".into()),
        ),
    ] {
        let (url, seen) = endpoint(status);
        assert_eq!(sender(&url).attempt("dlv_1", 5, "{}"), outcome, "{status}");
        seen.join().unwrap();
    }
}

#[test]
fn private_addresses_are_refused_unless_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
    ] {
        let url = format!("http://{host}:{port}/hook");
        let sender = Sender::new(&url, vec![secret()], PrivateAddresses::Refuse).unwrap();
        let Outcome::Failed(reason) = sender.attempt("dlv_1", 5, "{}") else {
            panic!("{host} was called");
        };
        assert!(!reason.is_empty(), "{host}");
    }
    assert!(listener.accept().is_err(), "a private address was called");
}

#[test]
fn urls_that_are_no_web_addresses_are_refused() {
    for url in [
        "",
        "ftp://example.org/",
        "/hook",
        "https://user:pass@example.org/",
        "file:///etc/passwd",
    ] {
        assert_eq!(
            Sender::new(url, vec![], PrivateAddresses::Allow).unwrap_err(),
            UnusableUrl,
            "{url}"
        );
    }
}
