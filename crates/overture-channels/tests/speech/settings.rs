//! Settings that cannot work, and addresses that may not be called.

use std::net::TcpListener;

use overture_channels::{
    guard::PrivateAddresses::{Allow, Refuse},
    speech::{Limits, OpenAi, Settings, Streaming, UnusableSettings},
};
use overture_engine::understand::transcribe::{Told, Transcriber};

use crate::support::{Ahead, KEY, next_of, rest_of, settings, speech, troubles};

/// The hosts that both kinds of service make of the settings.
fn made(settings: &Settings) -> [Result<String, UnusableSettings>; 2] {
    let clock = Ahead::default().clock();
    let reading = OpenAi::new(settings, Limits::default(), clock.clone());
    let streaming = Streaming::new(settings, clock);
    for shown in [format!("{settings:?}{reading:?}"), format!("{streaming:?}")] {
        assert!(!shown.contains(KEY), "{shown}");
    }
    [
        reading.map(|service| service.host().unwrap().to_owned()),
        streaming.map(|service| service.host().unwrap().to_owned()),
    ]
}

#[test]
fn settings_that_cannot_work_are_named_and_the_key_is_shown_nowhere() {
    let usual = Settings {
        private: Refuse,
        ..settings("")
    };
    assert_eq!(
        made(&usual),
        [
            Ok("api.openai.com".to_owned()),
            Ok("api.deepgram.com".to_owned())
        ]
    );
    let with = |change: fn(&mut Settings)| {
        let mut settings = usual.clone();
        change(&mut settings);
        settings
    };
    for (settings, host) in [
        (
            with(|it| it.url = "https://speech.example.org/".into()),
            "speech.example.org",
        ),
        (
            with(|it| it.url = "https://speech.example.org/a/v1".into()),
            "speech.example.org",
        ),
        (
            with(|it| {
                it.url = "http://localhost:9000/v1/".into();
                it.private = Allow;
            }),
            "localhost:9000",
        ),
        (
            with(|it| it.model = "org/whisper-3.large:int8_x".into()),
            "",
        ),
        (with(|it| it.language = "de-CH".into()), ""),
        (with(|it| it.language = "multi".into()), ""),
    ] {
        for made in made(&settings) {
            let made = made.unwrap();
            assert!(host.is_empty() || made == host, "{made} {host}");
        }
    }
    let long = "m".repeat(129);
    let long = Settings {
        model: long,
        ..usual.clone()
    };
    for (settings, named) in [
        (
            with(|it| it.url = "http://example.org".into()),
            "url: expected",
        ),
        (
            with(|it| it.url = "wss://example.org".into()),
            "url: expected",
        ),
        (
            with(|it| it.url = "https://a:b@example.org".into()),
            "url: expected",
        ),
        (
            with(|it| it.url = "https://example.org?a=b".into()),
            "url: expected",
        ),
        (
            with(|it| it.url = "https://example.org/#a".into()),
            "url: expected",
        ),
        (with(|it| it.url = "example.org".into()), "url: expected"),
        (with(|it| it.key = String::new()), "key: expected"),
        (with(|it| it.key = "a key".into()), "key: expected"),
        (with(|it| it.key = "key\r\nhost: x".into()), "key: expected"),
        (with(|it| it.key = "k".repeat(513)), "key: expected"),
        (with(|it| it.model = "nova 3".into()), "model: expected"),
        (with(|it| it.model = "a&b=c".into()), "model: expected"),
        (with(|it| it.model = "a\"\r\n".into()), "model: expected"),
        (long, "model: expected"),
        (with(|it| it.language = "e".into()), "language: expected"),
        (
            with(|it| it.language = "en&a=b".into()),
            "language: expected",
        ),
        (with(|it| it.language = "-en".into()), "language: expected"),
    ] {
        for made in made(&settings) {
            let error = made.expect_err(named).to_string();
            assert!(error.starts_with(named), "{settings:?}: {error}");
        }
    }
}

#[test]
fn private_addresses_are_refused_unless_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let settings = Settings {
        private: Refuse,
        ..settings(&url)
    };
    let clock = Ahead::default().clock();
    let reading = OpenAi::new(&settings, Limits::default(), clock.clone()).unwrap();
    let streaming = Streaming::new(&settings, clock).unwrap();
    let services: [&dyn Transcriber; 2] = [&reading, &streaming];
    for service in services {
        let mut speaker = service.listen("call", None);
        speaker.hear(&speech(8_000));
        speaker.stopped(0, 1_000);
        let told: Vec<Told> = next_of(&mut speaker);
        let [trouble] = troubles(&told)[..] else {
            panic!("{told:?}");
        };
        assert!(trouble.contains("private or reserved"), "{trouble}");
        assert_eq!(rest_of(&mut speaker), []);
    }
    assert!(listener.accept().is_err(), "a private address was called");
}
