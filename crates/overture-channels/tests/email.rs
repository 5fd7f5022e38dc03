//! Mail as a server sees it: one Message-ID a delivery, nothing unprotected, no replies asked.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::mpsc,
};

use overture_channels::email::{Mail, Mailer, Outcome, Security, Settings, UnusableSettings};

/// A mail server that takes what its answer to RCPT allows, and passes mails on.
fn sink(rcpt: &'static str) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let mut writer = stream.try_clone().unwrap();
            let mut reader = BufReader::new(stream);
            let mut say = |line: &str| writer.write_all(format!("{line}\r\n").as_bytes());
            say("220 sink").unwrap();
            let mut line = String::new();
            while {
                line.clear();
                reader.read_line(&mut line).unwrap_or(0) > 0
            } {
                let verb = line.to_uppercase();
                let answer = match verb.split_whitespace().next().unwrap_or_default() {
                    "EHLO" | "HELO" => "250 sink",
                    "RCPT" => rcpt,
                    "DATA" => {
                        say("354 go on").unwrap();
                        let mut mail = String::new();
                        while !mail.ends_with("\r\n.\r\n") {
                            assert!(reader.read_line(&mut mail).unwrap() > 0);
                        }
                        tell.send(mail).unwrap();
                        "250 taken"
                    }
                    "QUIT" => "221 bye",
                    _ => "250 ok",
                };
                if say(answer).is_err() {
                    break;
                }
            }
        }
    });
    (port, told)
}

fn settings(port: u16) -> Settings {
    Settings {
        host: "127.0.0.1".to_owned(),
        port: Some(port),
        security: Security::None,
        user: String::new(),
        password: String::new(),
        from: "Example Help <help@example.com>".to_owned(),
        ca_pem: None,
    }
}

fn mail() -> Mail {
    Mail {
        id: "dlv_01".to_owned(),
        to: "ann@example.org".to_owned(),
        subject: "رسائل جديدة".to_owned(),
        text: "Grüße\r\n.\r\nBcc: eve@example.net\n".to_owned(),
        language: "ar".to_owned(),
        sent_at_s: 1_750_000_000,
    }
}

#[test]
fn the_same_delivery_is_the_same_mail_on_every_attempt() {
    let (port, told) = sink("250 ok");
    let mailer = Mailer::new(&settings(port)).unwrap();
    assert_eq!(mailer.send(&mail()), Outcome::Sent);
    assert_eq!(mailer.send(&mail()), Outcome::Sent);
    let (first, second) = (told.recv().unwrap(), told.recv().unwrap());
    assert_eq!(first, second);
    for line in [
        "Message-ID: <dlv_01@example.com>",
        "Auto-Submitted: auto-generated",
        "To: ann@example.org",
        "Content-Language: ar",
    ] {
        assert!(first.contains(&format!("{line}\r\n")), "{line}: {first}");
    }
    let head = first.split("\r\n\r\n").next().unwrap();
    assert!(!head.contains("Bcc"), "words never become a header");
}

#[test]
fn a_refusal_for_good_is_told_from_one_for_now() {
    for (rcpt, refused) in [("550 no such mailbox", true), ("451 later", false)] {
        let (port, _told) = sink(rcpt);
        let outcome = Mailer::new(&settings(port)).unwrap().send(&mail());
        assert_eq!(
            matches!(outcome, Outcome::Refused(_)),
            refused,
            "{outcome:?}"
        );
        assert!(
            !format!("{outcome:?}").contains("ann@"),
            "the address is not told"
        );
    }
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let outcome = Mailer::new(&settings(closed)).unwrap().send(&mail());
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    let nobody = Mail {
        to: "not an address".to_owned(),
        ..mail()
    };
    let outcome = Mailer::new(&settings(closed)).unwrap().send(&nobody);
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
}

#[test]
fn a_server_without_tls_gets_nothing_when_tls_is_asked_for() {
    let (port, told) = sink("250 ok");
    for security in [Security::Starttls, Security::Tls] {
        let mailer = Mailer::new(&Settings {
            security,
            ..settings(port)
        })
        .unwrap();
        if security == Security::Starttls {
            assert!(!matches!(mailer.send(&mail()), Outcome::Sent));
        }
    }
    assert!(told.try_recv().is_err());
}

#[test]
fn settings_that_cannot_work_are_named() {
    let good = settings(25);
    for (changed, expected) in [
        (
            Settings {
                from: "nobody".to_owned(),
                ..good.clone()
            },
            UnusableSettings::From,
        ),
        (
            Settings {
                host: "mail.example.com".to_owned(),
                ..good.clone()
            },
            UnusableSettings::Plain,
        ),
        (
            Settings {
                user: "ann".to_owned(),
                ..good.clone()
            },
            UnusableSettings::Credentials,
        ),
        (
            Settings {
                security: Security::Tls,
                ca_pem: Some(b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----".to_vec()),
                ..good
            },
            UnusableSettings::Certificate,
        ),
    ] {
        assert_eq!(Mailer::new(&changed).unwrap_err(), expected);
    }
}
