//! Services that read finished utterances.

use std::{
    io::Write,
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use overture_channels::{
    remote_text::{FAILURES_MAX, Failure, REST},
    speech::{Limits, OpenAi, Settings, Unheard},
};
use overture_engine::understand::transcribe::{SpokenWords, Told, Transcriber};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{
    Ahead, Endpoint, Seen, next_of, respond, respond_with, rest_of, settings, speech, troubles,
    wait_for, words,
};

fn service(url: &str, limits: Limits) -> OpenAi {
    OpenAi::new(&settings(url), limits, Ahead::default().clock()).unwrap()
}

/// Says so many samples and what they are: the answer of a service that understands everything.
fn echo(_number: usize, seen: &Seen, stream: TcpStream) {
    let text = format!("{} samples", seen.samples().len());
    respond(stream, "200 OK", &json!({"text": text}).to_string());
}

/// Holds answers back until it is opened.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let is_open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(is_open, |is_open| !*is_open).unwrap());
    }
}

#[test]
fn a_request_is_that_of_the_services_own_client() {
    let endpoint = Endpoint::start(echo);
    let service = OpenAi::new(
        &Settings {
            language: "en".to_owned(),
            ..settings(&format!("{}/v1", endpoint.url))
        },
        Limits::default(),
        Ahead::default().clock(),
    );
    service.unwrap().transcribe(&speech(800), None).unwrap();
    let seen = endpoint.seen();
    let content_type = seen[0].headers["content-type"].split(';').next().unwrap();
    let mut lines: Vec<String> = vec![
        seen[0].line.clone(),
        format!("authorization: {}", seen[0].headers["authorization"]),
        format!("content-type: {content_type}"),
    ];
    let mut parts: Vec<String> = seen[0]
        .parts
        .iter()
        .map(|(name, filename, value)| match filename {
            None => format!("{name} = {}", String::from_utf8(value.clone()).unwrap()),
            Some(filename) => {
                let digest = Sha256::digest(value);
                let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                format!(
                    "{name} = file {filename} of {} bytes, sha256 {hex}",
                    value.len()
                )
            }
        })
        .collect();
    parts.sort();
    lines.extend(parts);
    let fixture = include_str!("../fixtures/speech/openai-request.txt");
    assert_eq!(lines, fixture.lines().collect::<Vec<_>>());
}

#[test]
fn the_language_is_the_calls_own_or_that_of_the_settings_or_left_out() {
    let endpoint = Endpoint::start(echo);
    for (set, call, sent) in [
        ("", None, None),
        ("", Some("en-GB"), Some("en")),
        ("de", None, Some("de")),
        ("de", Some("FR-ca"), Some("fr")),
        ("de", Some("not a language"), Some("de")),
        ("", Some("und"), None),
        ("multi", None, None),
    ] {
        let settings = Settings {
            language: set.to_owned(),
            ..settings(&endpoint.url)
        };
        let clock = Ahead::default().clock();
        let service = OpenAi::new(&settings, Limits::default(), clock).unwrap();
        service.transcribe(&speech(800), call).unwrap();
        let seen = endpoint.seen().pop().unwrap();
        assert_eq!(
            seen.part("language"),
            sent.map(str::as_bytes),
            "{set} {call:?}"
        );
    }
}

#[test]
fn answers_become_words_of_the_stream() {
    let segment = |start: f64, end: f64, text: &str, logprob: f64, no_speech: f64| json!({"id": 0, "start": start, "end": end, "text": text, "avg_logprob": logprob, "no_speech_prob": no_speech});
    let sure = f64::ln(0.9);
    for (case, answer, expected) in [
        (
            "no segments",
            json!({"text": " The parcel never came. "}),
            Some(words(2_000, 5_000, "The parcel never came.", 1.0)),
        ),
        (
            "segments are null",
            json!({"text": "The parcel never came.", "segments": null}),
            Some(words(2_000, 5_000, "The parcel never came.", 1.0)),
        ),
        (
            "two segments",
            json!({"text": "ignored", "segments": [
                segment(0.25, 1.5, " The parcel", f64::ln(0.9), 0.01),
                segment(1.5, 2.75, " never came.", f64::ln(0.4), 0.01),
            ]}),
            Some(words(2_250, 4_750, "The parcel never came.", 0.6)),
        ),
        (
            "a segment that is no speech",
            json!({"text": "Hello. Thank you for watching!", "segments": [
                segment(0.0, 1.0, " Hello.", sure, 0.1),
                segment(1.0, 3.0, " Thank you for watching!", -1.4, 0.9),
            ]}),
            Some(words(2_000, 3_000, "Hello.", 0.9)),
        ),
        (
            "likely words are speech whatever the segment looks like",
            json!({"text": "Hello.", "segments": [segment(0.0, 1.0, " Hello.", sure, 0.9)]}),
            Some(words(2_000, 3_000, "Hello.", 0.9)),
        ),
        (
            "nothing but no speech",
            json!({"text": "Thank you for watching!", "segments": [segment(0.0, 3.0, "Thank you for watching!", -1.4, 0.9)]}),
            None,
        ),
        ("nothing", json!({"text": "", "segments": []}), None),
        (
            "figures that cannot be",
            json!({"text": "Yes.", "segments": [segment(-4.0, 900.0, "Yes.", 3.0, 0.0)]}),
            Some(words(2_000, 5_000, "Yes.", 1.0)),
        ),
        (
            "segments without figures",
            json!({"text": "Yes.", "segments": [{"start": 1.0, "end": 2.0, "text": "Yes."}]}),
            Some(words(3_000, 4_000, "Yes.", 1.0)),
        ),
    ] {
        let body = answer.to_string();
        let endpoint = Endpoint::start(move |_, _, stream| respond(stream, "200 OK", &body));
        let service = service(&endpoint.url, Limits::default());
        let mut speaker = service.listen("call", None);
        speaker.hear(&speech(48_000));
        speaker.stopped(2_000, 5_000);
        let mut told = rest_of(&mut speaker);
        for told in &mut told {
            if let Told::Words(words) = told {
                words.confidence = (words.confidence * 1_000.0).round() / 1_000.0;
            }
        }
        assert_eq!(told, expected.into_iter().collect::<Vec<_>>(), "{case}");
        assert_eq!(endpoint.seen()[0].samples(), speech(48_000)[16_000..40_000]);
    }
}

/// How a service answers each request: the last for all that follow.
type Replay = Box<dyn Fn(TcpStream) + Send + Sync>;

/// Its name, what the service does, how often it is asked, what comes of it, and how long that takes at least, ms.
type Case = (
    &'static str,
    Vec<Replay>,
    usize,
    Result<String, Unheard>,
    u64,
);

#[test]
fn what_may_pass_is_tried_again_and_everything_else_is_told() {
    let status = |status: &'static str, header: &'static str| -> Replay {
        Box::new(move |stream| respond_with(stream, status, header, b"{}"))
    };
    let body = |header: &'static str, body: Vec<u8>| -> Replay {
        Box::new(move |stream| respond_with(stream, "200 OK", header, &body))
    };
    let plain = || status("500 Oops", "x: y");
    let good = || {
        body(
            "content-type: application/json",
            br#"{"text":"Good."}"#.to_vec(),
        )
    };
    let cut = |bytes: &'static [u8]| -> Replay {
        Box::new(move |mut stream| drop(stream.write_all(bytes)))
    };
    let silent = || -> Replay {
        let held = Mutex::new(Vec::new());
        Box::new(move |stream| held.lock().unwrap().push(stream))
    };
    let drops = || -> Replay {
        Box::new(|mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
            let (_never, wait) = std::sync::mpsc::channel::<()>();
            while stream.write_all(b" ").is_ok() {
                let _ = wait.recv_timeout(Duration::from_millis(20));
            }
        })
    };
    let heard = || Ok("Good.".to_owned());
    let failed = |failure| Err(Unheard::Failed(failure));
    let cases: Vec<Case> = vec![
        ("good", vec![good()], 1, heard(), 0),
        (
            "429, then good",
            vec![status("429 Slow", "retry-after: 1"), good()],
            2,
            heard(),
            1_000,
        ),
        (
            "429 for long",
            vec![status("429 Slow", "retry-after: 8")],
            1,
            failed(Failure::Status(429)),
            0,
        ),
        (
            "429 without a time",
            vec![status("429 Slow", "x: y"), good()],
            2,
            heard(),
            500,
        ),
        (
            "429 until a date",
            vec![
                status("429 Slow", "retry-after: Fri, 02 Jan 2026 10:00:00 GMT"),
                good(),
            ],
            2,
            heard(),
            500,
        ),
        (
            "500 twice, then good",
            vec![plain(), plain(), good()],
            3,
            heard(),
            1_500,
        ),
        (
            "500 for ever",
            vec![plain()],
            3,
            failed(Failure::Status(500)),
            1_500,
        ),
        (
            "400",
            vec![status("400 Bad", "x: y")],
            1,
            failed(Failure::Status(400)),
            0,
        ),
        (
            "401",
            vec![status("401 Who", "x: y")],
            1,
            failed(Failure::Status(401)),
            0,
        ),
        (
            "redirect",
            vec![status("307 There", "location: http://127.0.0.1:1/")],
            1,
            failed(Failure::Status(307)),
            0,
        ),
        (
            "silence",
            vec![silent()],
            3,
            failed(Failure::TimedOut),
            1_500,
        ),
        (
            "an answer by drops, then good",
            vec![drops(), good()],
            2,
            heard(),
            500,
        ),
        (
            "no answer, then good",
            vec![cut(b""), good()],
            2,
            heard(),
            500,
        ),
        (
            "half an answer for ever",
            vec![cut(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{")],
            3,
            failed(Failure::Unreachable),
            1_500,
        ),
        (
            "no HTTP",
            vec![cut(b"hello\r\n\r\n")],
            1,
            failed(Failure::Garbage),
            0,
        ),
        (
            "no JSON",
            vec![body(
                "content-type: application/json",
                b"{\"text\":".to_vec(),
            )],
            1,
            failed(Failure::Garbage),
            0,
        ),
        (
            "another JSON",
            vec![body(
                "content-type: application/json",
                b"{\"error\":1}".to_vec(),
            )],
            1,
            failed(Failure::Garbage),
            0,
        ),
        (
            "a page",
            vec![body(
                "content-type: text/html",
                b"<html>Welcome</html>".to_vec(),
            )],
            1,
            failed(Failure::Garbage),
            0,
        ),
        (
            "a wrong content type",
            vec![body(
                "content-type: text/plain",
                br#"{"text":"Good."}"#.to_vec(),
            )],
            1,
            heard(),
            0,
        ),
        (
            "10 MB",
            vec![body("content-type: application/json", vec![b' '; 10 << 20])],
            1,
            failed(Failure::TooLarge),
            0,
        ),
        (
            "an endless text",
            vec![body(
                "content-type: application/json",
                format!("{{\"text\":\"{}\"}}", "na ".repeat(9_000)).into_bytes(),
            )],
            1,
            failed(Failure::Garbage),
            0,
        ),
    ];
    let limits = Limits {
        try_time_max: Duration::from_secs(1),
        ..Limits::default()
    };
    std::thread::scope(|scope| {
        for (case, replays, asked, expected, waited_ms) in cases {
            scope.spawn(move || {
                let endpoint = Endpoint::start(move |number, _, stream| {
                    replays[number.min(replays.len() - 1)](stream);
                });
                let service = service(&endpoint.url, limits);
                let started = Instant::now();
                let heard = service.transcribe(&speech(8_000), None);
                let waited = started.elapsed();
                let heard = heard.map(|words| words[0].text.clone());
                assert_eq!(heard, expected, "{case}");
                assert_eq!(endpoint.asked(), asked, "{case}");
                assert!(
                    waited >= Duration::from_millis(waited_ms),
                    "{case}: {waited:?}"
                );
            });
        }
    });
}

#[test]
fn tries_end_when_their_time_is_over() {
    let endpoint = Endpoint::start(|_, _, stream| respond(stream, "503 Later", ""));
    let limits = Limits {
        piece_time_max: Duration::from_millis(900),
        ..Limits::default()
    };
    let heard = service(&endpoint.url, limits).transcribe(&speech(8_000), None);
    assert_eq!(heard, Err(Unheard::Failed(Failure::Status(503))));
    assert_eq!(
        endpoint.asked(),
        2,
        "the third try would come after the end"
    );
}

#[test]
fn a_service_that_cannot_be_reached_is_told_of_in_plain_words() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let mut speaker = service(&url, Limits::default()).listen("call", None);
    speaker.hear(&speech(24_000));
    speaker.stopped(1_000, 2_550);
    assert_eq!(
        troubles(&next_of(&mut speaker)),
        [
            "what was said from 1.0 s to 2.5 s is not understood: the transcription service could not be reached, or the connection broke"
        ]
    );
    assert_eq!(rest_of(&mut speaker), []);
}

#[test]
fn words_are_told_in_the_order_in_which_they_were_spoken() {
    let gate = Gate::default();
    let held = gate.clone();
    // The first utterance has 8,000 samples, the second 8,008, and so on.
    let endpoint = Endpoint::start(move |number, seen, stream| {
        if seen.samples().len() == 8_000 {
            held.pass();
        }
        if seen.samples().len() == 8_008 {
            return respond(stream, "400 Bad", "");
        }
        echo(number, seen, stream);
    });
    let limits = Limits {
        workers: 2,
        ..Limits::default()
    };
    let service = service(&endpoint.url, limits);
    let mut speaker = service.listen("call", None);
    let mut other = service.listen("call", None);
    speaker.hear(&speech(80_000));
    other.hear(&speech(80_000));
    for at in 0..3 {
        speaker.stopped(at * 2_000, at * 2_000 + 1_000 + at);
    }
    // The one worker that is free comes to this one when it has read the others.
    other.stopped(0, 2_000);
    assert_eq!(next_of(&mut other), [words(0, 2_000, "16000 samples", 1.0)]);
    assert_eq!(speaker.told(), [], "the first is not read yet");
    speaker.close();
    assert!(!speaker.is_done());
    gate.open();
    let told = rest_of(&mut speaker);
    assert_eq!(
        told,
        [
            words(0, 1_000, "8000 samples", 1.0),
            Told::Trouble(
                "what was said from 2.0 s to 3.0 s is not understood: the transcription service answered 400"
                    .to_owned()
            ),
            words(4_000, 5_002, "8016 samples", 1.0),
        ]
    );
}

#[test]
fn what_does_not_fit_into_the_queue_is_left_out_at_once() {
    let gate = Gate::default();
    let held = gate.clone();
    let endpoint = Endpoint::start(move |number, seen, stream| {
        held.pass();
        echo(number, seen, stream);
    });
    let limits = Limits {
        workers: 1,
        queued_max: 2,
        ..Limits::default()
    };
    let service = service(&endpoint.url, limits);
    let mut speaker = service.listen("call", None);
    speaker.hear(&speech(80_000));
    speaker.stopped(0, 1_000);
    wait_for("the worker", || (endpoint.asked() == 1).then_some(()));
    for at in 1..5 {
        speaker.stopped(at * 1_000, at * 1_000 + 1_000);
    }
    // Another speaker is told at once.
    let mut other = service.listen("call", None);
    other.hear(&speech(8_000));
    other.stopped(0, 1_000);
    let full = "is not understood: too much is waiting to be read by the transcription service";
    assert_eq!(
        troubles(&other.told()),
        [format!("what was said from 0.0 s to 1.0 s {full}")]
    );
    gate.open();
    let told = rest_of(&mut speaker);
    let heard = |at: u32| words(at * 1_000, at * 1_000 + 1_000, "8000 samples", 1.0);
    assert_eq!(told[..3], [heard(0), heard(1), heard(2)]);
    assert_eq!(
        troubles(&told[3..]),
        [
            format!("what was said from 3.0 s to 4.0 s {full}"),
            format!("what was said from 4.0 s to 5.0 s {full}")
        ]
    );
    assert_eq!(endpoint.asked(), 3);
}

#[test]
fn a_long_utterance_is_cut_in_pieces_and_what_is_too_long_ago_is_told() {
    let endpoint = Endpoint::start(echo);
    let service = service(&endpoint.url, Limits::default());
    let mut speaker = service.listen("call", None);
    let samples = speech(130 * 8_000);
    for frame in samples.chunks(160) {
        speaker.hear(frame);
    }
    speaker.stopped(0, 130_000);
    let told = rest_of(&mut speaker);
    assert_eq!(
        told[0],
        Told::Trouble(
            "the first 10 s of what was said are not understood: it is too long ago".to_owned()
        )
    );
    let mut at_ms = 10_000;
    for told in &told[1..] {
        let Told::Words(words) = told else {
            panic!("{told:?}");
        };
        assert_eq!(words.start_ms, at_ms, "a gap");
        assert!(words.end_ms - words.start_ms <= 30_000);
        at_ms = words.end_ms;
    }
    assert_eq!(at_ms, 130_000);
    let mut sent: Vec<Vec<i16>> = endpoint.seen().iter().map(Seen::samples).collect();
    // Workers send in any order; the samples tell which piece it is.
    sent.sort_by_key(|piece| samples.windows(64).position(|w| *w == piece[..64]));
    let total: usize = sent.iter().map(Vec::len).sum();
    assert_eq!(total, 120 * 8_000);
    assert_eq!(endpoint.asked(), told.len() - 1);
    // What is shorter than any word is not sent.
    speaker = service.listen("call", None);
    speaker.hear(&speech(8_000));
    speaker.stopped(0, 99);
    speaker.stopped(500, 500);
    assert_eq!(rest_of(&mut speaker), []);
    assert_eq!(endpoint.asked(), told.len() - 1);
}

#[test]
fn a_recording_is_read_piece_by_piece() {
    let endpoint = Endpoint::start(echo);
    let service = service(&endpoint.url, Limits::default());
    let samples = speech(65 * 8_000);
    let words = service.transcribe(&samples, None).unwrap();
    let sent: Vec<Vec<i16>> = endpoint.seen().iter().map(Seen::samples).collect();
    assert_eq!(sent.concat(), samples);
    let mut start_ms = 0;
    for (words, sent) in words.iter().zip(&sent) {
        let expected = SpokenWords {
            start_ms,
            end_ms: start_ms + u32::try_from(sent.len() / 8).unwrap(),
            text: format!("{} samples", sent.len()),
            confidence: 1.0,
        };
        assert_eq!(*words, expected);
        start_ms = expected.end_ms;
    }
    assert_eq!(start_ms, 65_000);
    assert_eq!(service.transcribe(&[], None), Ok(Vec::new()));
}

#[test]
fn it_is_left_alone_after_failures_in_a_row_and_tried_again_after_a_rest() {
    let status = Arc::new(Mutex::new("401 Who"));
    let answer = Arc::clone(&status);
    let endpoint = Endpoint::start(move |_, _, stream| {
        let status = *answer.lock().unwrap();
        respond(stream, status, r#"{"text":"Good."}"#);
    });
    let ahead = Ahead::default();
    let settings = settings(&endpoint.url);
    let service = OpenAi::new(&settings, Limits::default(), ahead.clock()).unwrap();
    let ask = || service.transcribe(&speech(8_000), None);
    let max = FAILURES_MAX as usize;
    // What is wrong with one utterance is not wrong with the next one.
    *status.lock().unwrap() = "400 Bad";
    for _ in 0..max {
        assert_eq!(ask(), Err(Unheard::Failed(Failure::Status(400))));
    }
    *status.lock().unwrap() = "401 Who";
    for _ in 0..max {
        assert_eq!(ask(), Err(Unheard::Failed(Failure::Status(401))));
    }
    assert_eq!(ask(), Err(Unheard::Resting));
    assert_eq!(endpoint.asked(), 2 * max);
    ahead.by(REST);
    *status.lock().unwrap() = "200 OK";
    assert_eq!(ask().unwrap()[0].text, "Good.");
    assert_eq!(endpoint.asked(), 2 * max + 1);
}

#[test]
fn nothing_is_read_for_a_speaker_whom_nobody_wants_to_hear() {
    let gate = Gate::default();
    let held = gate.clone();
    let endpoint = Endpoint::start(move |number, seen, stream| {
        held.pass();
        echo(number, seen, stream);
    });
    let limits = Limits {
        workers: 1,
        ..Limits::default()
    };
    let service = service(&endpoint.url, limits);
    let mut gone = service.listen("call", None);
    gone.hear(&speech(80_000));
    gone.stopped(0, 1_000);
    wait_for("the worker", || (endpoint.asked() == 1).then_some(()));
    for _ in 0..5 {
        gone.stopped(0, 1_000);
    }
    drop(gone);
    gate.open();
    let mut speaker = service.listen("call", None);
    speaker.hear(&speech(8_000));
    speaker.stopped(0, 1_000);
    assert_eq!(rest_of(&mut speaker).len(), 1);
    assert_eq!(endpoint.asked(), 2);
}
