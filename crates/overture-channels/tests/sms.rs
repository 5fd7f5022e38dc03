//! Text messages against a real listener on this machine.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    thread::JoinHandle,
};

use overture_channels::{
    guard::PrivateAddresses,
    sms::{Account, Found, Outcome, Standing, UnusableAccount},
};
use overture_engine::model::Timestamp;

/// Answers one request and returns its first line, its authorization and its body.
fn endpoint(status: &'static str, body: String) -> (String, JoinHandle<(String, String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut first, mut authorization, mut length) = (String::new(), String::new(), 0);
        reader.read_line(&mut first).unwrap();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line == "\r\n" {
                break;
            }
            let (name, value) = line.split_once(": ").unwrap();
            match name.to_ascii_lowercase().as_str() {
                "authorization" => authorization = value.trim().to_owned(),
                "content-length" => length = value.trim().parse().unwrap(),
                _ => {}
            }
        }
        let mut sent = vec![0; length];
        reader.read_exact(&mut sent).unwrap();
        if !status.is_empty() {
            write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
        }
        (
            first.trim().to_owned(),
            authorization,
            String::from_utf8(sent).unwrap(),
        )
    });
    (url, seen)
}

fn account(url: &str) -> Account {
    Account::new(
        url,
        "AC1",
        "secret",
        "+442079460018",
        PrivateAddresses::Allow,
    )
    .unwrap()
}

#[test]
fn a_text_is_posted_as_a_form_with_the_accounts_secret() {
    let (url, seen) = endpoint(
        "201 Created",
        r#"{"sid":"SM7","status":"queued"}"#.to_owned(),
    );
    let outcome = account(&url).send("+4930123456", "Grüße & mehr");
    assert_eq!(outcome, Outcome::Taken("SM7".to_owned()));
    let (first, authorization, body) = seen.join().unwrap();
    assert_eq!(
        first,
        "POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1"
    );
    assert_eq!(authorization, "Basic QUMxOnNlY3JldA==");
    assert_eq!(
        body,
        "To=%2B4930123456&From=%2B442079460018&Body=Gr%C3%BC%C3%9Fe+%26+mehr"
    );
}

#[test]
fn answers_say_taken_refused_not_taken_or_unknown() {
    for (status, expected) in [
        ("400 Bad Request", Outcome::Refused("answered 400".into())),
        ("401 Unauthorized", Outcome::Refused("answered 401".into())),
        ("429 Too Many", Outcome::NotTaken("answered 429".into())),
        ("503 Unavailable", Outcome::Unknown("answered 503".into())),
    ] {
        let (url, seen) = endpoint(status, String::new());
        assert_eq!(account(&url).send("+4930123456", "x"), expected, "{status}");
        seen.join().unwrap();
    }
    // Taken off in the middle: nobody knows whether it was sent.
    let (url, seen) = endpoint("", String::new());
    let outcome = account(&url).send("+4930123456", "x");
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    seen.join().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let outcome = account(&url).send("+4930123456", "x");
    assert!(matches!(outcome, Outcome::NotTaken(_)), "{outcome:?}");
}

#[test]
fn what_became_of_a_text_is_read_from_the_accounts_own_list() {
    let since = Timestamp(1_764_000_000_000);
    let list = |status: &str, date: &str| {
        format!(
            r#"{{"messages":[{{"sid":"a","body":"another","status":"sent"}},
                {{"sid":"b","body":"the text","status":"{status}","date_created":"{date}"}}]}}"#
        )
    };
    let after = "Mon, 24 Nov 2025 16:00:10 +0000";
    for (body, expected) in [
        (list("delivered", after), Found::Taken(Standing::Delivered)),
        (list("queued", after), Found::Taken(Standing::Sent)),
        (list("undelivered", after), Found::Taken(Standing::Failed)),
        (
            list("sent", "Mon, 24 Nov 2025 12:00:00 +0000"),
            Found::Nothing,
        ),
        (r#"{"messages":[]}"#.to_owned(), Found::Nothing),
    ] {
        let (url, seen) = endpoint("200 OK", body.clone());
        let found = account(&url).find("+4930123456", "the text", since);
        assert_eq!(found, expected, "{body}");
        let (first, ..) = seen.join().unwrap();
        assert!(first.starts_with("GET /2010-04-01/Accounts/AC1/Messages.json?To=%2B4930123456"));
        assert!(first.contains("2025-11-24"), "{first}");
    }
    let (url, seen) = endpoint("500 Oops", String::new());
    let found = account(&url).find("+4930123456", "the text", since);
    assert_eq!(found, Found::Unknown("answered 500".to_owned()));
    seen.join().unwrap();
}

#[test]
fn settings_that_cannot_work_are_named_and_private_networks_refused() {
    let make = |url: &str, account: &str, token: &str, from: &str| {
        Account::new(url, account, token, from, PrivateAddresses::Refuse)
    };
    for (account, expected) in [
        (
            make("ftp://x", "AC1", "s", "+442079460018"),
            UnusableAccount::Url,
        ),
        (
            make("https://u:p@x", "AC1", "s", "+442079460018"),
            UnusableAccount::Url,
        ),
        (
            make("https://x", "../AC1", "s", "+442079460018"),
            UnusableAccount::Account,
        ),
        (
            make("https://x", "AC1", "", "+442079460018"),
            UnusableAccount::Token,
        ),
        (
            make("https://x", "AC1", "s", "a name too long"),
            UnusableAccount::From,
        ),
    ] {
        assert_eq!(account.unwrap_err(), expected);
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let account = make(&url, "AC1", "secret", "Overture").unwrap();
    let outcome = account.send("+4930123456", "x");
    assert!(matches!(outcome, Outcome::NotTaken(_)), "{outcome:?}");
    assert!(listener.accept().is_err(), "a private address was called");
    assert!(!format!("{account:?}").contains("secret"));
}
