//! Services that read speech as it comes.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use overture_channels::speech::{Settings, Streaming};
use overture_engine::understand::transcribe::{Told, Transcriber, Transcription};
use serde_json::json;
use tungstenite::{
    Message, WebSocket,
    handshake::server::{Request, Response},
};

use crate::support::{Ahead, next_of, rest_of, settings, speech, troubles, wait_for, words};

/// How long a service waits for a message before the test fails.
const MESSAGE_WITHIN: Duration = Duration::from_secs(20);

/// One connection, as the service sees it.
struct Peer {
    socket: WebSocket<TcpStream>,
    /// The path with its query, and the authorization.
    asked: (String, String),
    /// Audio as it came.
    heard: Vec<u8>,
    texts: Vec<String>,
}

impl Peer {
    fn accept(stream: TcpStream) -> Option<Self> {
        stream.set_read_timeout(Some(MESSAGE_WITHIN)).unwrap();
        let mut asked = (String::new(), String::new());
        #[expect(clippy::result_large_err, reason = "the handshake's own type")]
        let look = |request: &Request, response: Response| {
            let authorization = request.headers()["authorization"].to_str().unwrap();
            asked = (request.uri().to_string(), authorization.to_owned());
            Ok(response)
        };
        let socket = tungstenite::accept_hdr(stream, look).ok()?;
        Some(Self {
            socket,
            asked,
            heard: Vec::new(),
            texts: Vec::new(),
        })
    }

    /// Takes in one message; `None` at the end of the connection.
    fn take(&mut self) -> Option<()> {
        match self.socket.read().ok()? {
            Message::Binary(bytes) => {
                assert!(!bytes.is_empty() && bytes.len() <= 1_600, "{}", bytes.len());
                self.heard.extend_from_slice(&bytes);
            }
            Message::Text(text) => self.texts.push(text.as_str().to_owned()),
            _ => {}
        }
        Some(())
    }

    /// Until so many samples came.
    fn hear(&mut self, samples: usize) -> Option<()> {
        while self.heard.len() < samples {
            self.take()?;
        }
        Some(())
    }

    /// Until this text came.
    fn wait_for(&mut self, kind: &str) -> Option<()> {
        let text = format!(r#"{{"type":"{kind}"}}"#);
        while !self.texts.contains(&text) {
            self.take()?;
        }
        Some(())
    }

    fn say(&mut self, text: impl Into<String>) {
        let _ = self.socket.send(Message::text(text.into()));
    }

    /// Says that it is done, once it is told to, and closes the connection.
    fn end(mut self) -> Option<()> {
        self.wait_for("CloseStream")?;
        self.say(r#"{"type":"Metadata"}"#);
        let _ = self.socket.close(None);
        while self.take().is_some() {}
        Some(())
    }
}

/// A result of milliseconds `from..until` of the connection.
fn result(is_final: bool, from: u32, until: u32, transcript: &str) -> String {
    let seconds = |ms: u32| f64::from(ms) / 1_000.0;
    json!({
        "type": "Results", "start": seconds(from), "duration": seconds(until - from), "is_final": is_final,
        "speech_final": is_final, "channel": {"alternatives": [{"transcript": transcript, "confidence": 0.75, "words": []}]},
    })
    .to_string()
}

fn last(from: u32, until: u32, transcript: &str) -> String {
    result(true, from, until, transcript)
}

/// A service that does something with each connection: the first has the number 0.
fn service(serve: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> (String, Arc<AtomicUsize>) {
    let serve = Arc::new(serve);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, serve) = (stream.unwrap(), Arc::clone(&serve));
            let number = counted.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || serve(number, stream));
        }
    });
    (url, connections)
}

/// A service that speaks WebSocket with everybody.
fn peers(
    talk: impl Fn(usize, Peer) -> Option<()> + Send + Sync + 'static,
) -> (String, Arc<AtomicUsize>) {
    service(move |number, stream| {
        Peer::accept(stream).and_then(|peer| talk(number, peer));
    })
}

fn listen(url: &str, ahead: &Ahead) -> Box<dyn Transcription> {
    let service = Streaming::new(&settings(url), ahead.clock()).unwrap();
    service.listen("call", None)
}

fn refuse(mut stream: TcpStream, status: &str) {
    let mut head = [0; 1_024];
    let _ = stream.read(&mut head);
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes());
}

#[test]
fn a_speaker_is_heard_as_documented() {
    let kept: Arc<Mutex<Option<Peer>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let (url, _) = peers(move |_, mut peer| {
        peer.hear(8_000)?;
        peer.say(result(false, 0, 600, "My router"));
        peer.wait_for("Finalize")?;
        peer.say(last(0, 1_000, "My router blinks."));
        peer.wait_for("CloseStream")?;
        peer.say(last(1_000, 1_500, "Hello?"));
        peer.say(r#"{"type":"Metadata"}"#);
        let _ = peer.socket.close(None);
        while peer.take().is_some() {}
        *keep.lock().unwrap() = Some(peer);
        Some(())
    });
    let settings = Settings {
        model: "nova-2-phonecall".to_owned(),
        language: "de".to_owned(),
        ..settings(&url)
    };
    let service = Streaming::new(&settings, Ahead::default().clock()).unwrap();
    assert_eq!(service.name(), "deepgram:nova-2-phonecall");
    let mut speaker = service.listen("call", Some("en-GB"));
    let samples: Vec<i16> = (0..12_000_i16)
        .map(|at| (at - 6_000).wrapping_mul(5))
        .collect();
    for frame in samples[..8_000].chunks(160) {
        speaker.hear(frame);
    }
    let mut told = Vec::new();
    wait_for("a partial", || {
        told.extend(speaker.told());
        told.contains(&Told::Partial("My router".to_owned()))
            .then_some(())
    });
    speaker.stopped(100, 900);
    assert_eq!(
        next_of(&mut speaker),
        [words(0, 1_000, "My router blinks.", 0.75)]
    );
    speaker.hear(&samples[8_000..]);
    assert_eq!(rest_of(&mut speaker), [words(1_000, 1_500, "Hello?", 0.75)]);

    let peer = wait_for("the connection's end", || kept.lock().unwrap().take());
    assert_eq!(
        peer.asked,
        (
            "/v1/listen?encoding=mulaw&sample_rate=8000&channels=1&interim_results=true&punctuate=true&model=nova-2-phonecall&language=en-GB".to_owned(),
            "Token a-key-of-ours".to_owned()
        )
    );
    assert_eq!(
        peer.texts,
        [r#"{"type":"Finalize"}"#, r#"{"type":"CloseStream"}"#]
    );
    // Every sample, within what mu-law can tell apart: a sixteenth of it, and a little near zero.
    assert_eq!(peer.heard.len(), samples.len());
    for (byte, sample) in peer.heard.iter().zip(&samples) {
        let (heard, said) = (from_mu_law(*byte), i32::from(*sample));
        assert!(
            (heard - said).abs() <= said.abs() / 16 + 8,
            "{heard} {said}"
        );
    }
}

/// ITU-T Recommendation G.711, the decoder's half.
fn from_mu_law(byte: u8) -> i32 {
    let code = !byte;
    let magnitude = ((i32::from(code & 15) << 3) + 0x84) << ((code >> 4) & 7);
    if code & 0x80 == 0 {
        magnitude - 0x84
    } else {
        0x84 - magnitude
    }
}

#[test]
fn repeated_late_and_odd_messages_change_nothing() {
    let garbage = "the transcription service answered something that is no transcript";
    let good = || words(0, 1_000, "It is late.", 0.75);
    let next = || words(1_000, 2_000, "Where is it?", 0.75);
    let cases: Vec<(&str, Vec<String>, Vec<Told>)> = vec![
        (
            "in order",
            vec![
                last(0, 1_000, "It is late."),
                last(1_000, 2_000, "Where is it?"),
            ],
            vec![good(), next()],
        ),
        (
            "finals twice and partials late",
            vec![
                result(false, 0, 500, "It is"),
                result(false, 0, 500, "It is"),
                last(0, 1_000, "It is late."),
                result(false, 0, 900, "It is"),
                last(0, 1_000, "It is late."),
                last(1_000, 2_000, "Where is it?"),
                last(0, 1_000, "It is late."),
            ],
            vec![good(), next()],
        ),
        (
            "finals that changed places",
            vec![
                last(1_000, 2_000, "Where is it?"),
                last(0, 1_000, "It is late."),
            ],
            vec![next(), good()],
        ),
        (
            "silence",
            vec![last(0, 2_000, ""), r#"{"type":"SpeechStarted"}"#.to_owned()],
            vec![],
        ),
        (
            "garbage between",
            vec![
                "{".to_owned(),
                last(0, 1_000, "It is late."),
                r#"{"type":"Results"}"#.to_owned(),
                last(1_000, 2_000, "Where is it?"),
            ],
            vec![Told::Trouble(garbage.to_owned()), good(), next()],
        ),
    ];
    for (case, messages, expected) in cases {
        let (url, connections) = peers(move |_, mut peer| {
            peer.hear(16_000)?;
            for message in &messages {
                peer.say(message);
            }
            peer.end()
        });
        let mut speaker = listen(&url, &Ahead::default());
        speaker.hear(&speech(16_000));
        assert_eq!(rest_of(&mut speaker), expected, "{case}");
        assert_eq!(connections.load(Ordering::SeqCst), 1, "{case}");
    }
}

#[test]
fn when_a_connection_is_cut_its_successor_reads_what_was_not_read() {
    // What a service does in the middle of the call.
    type Cut = fn(Peer);
    let hang_up: Cut = drop;
    let close: Cut = |mut peer| {
        let _ = peer.socket.close(None);
        while peer.take().is_some() {}
    };
    let nonsense: Cut = |mut peer| {
        let _ = peer.socket.get_mut().write_all(&[0xff; 64]);
        while peer.take().is_some() {}
    };
    let enormous: Cut = |mut peer| {
        let text = "x".repeat(1 << 20);
        peer.say(last(500, 1_000, &text));
        while peer.take().is_some() {}
    };
    for (case, cut) in [
        ("hung up", hang_up),
        ("closed", close),
        ("nonsense", nonsense),
        ("1 MB", enormous),
    ] {
        let second: Arc<Mutex<Vec<u8>>> = Arc::default();
        let kept = Arc::clone(&second);
        let (url, connections) = peers(move |number, mut peer| {
            if number == 0 {
                peer.hear(8_000)?;
                peer.say(last(0, 500, "My parcel"));
                cut(peer);
                return None;
            }
            peer.wait_for("CloseStream")?;
            kept.lock().unwrap().clone_from(&peer.heard);
            // A new connection counts from its own beginning.
            peer.say(last(0, 1_500, "never came."));
            peer.end()
        });
        let mut speaker = listen(&url, &Ahead::default());
        let samples = speech(16_000);
        speaker.hear(&samples[..8_000]);
        assert_eq!(
            next_of(&mut speaker),
            [words(0, 500, "My parcel", 0.75)],
            "{case}"
        );
        speaker.hear(&samples[8_000..]);
        let told = rest_of(&mut speaker);
        assert_eq!(told, [words(500, 2_000, "never came.", 0.75)], "{case}");
        assert_eq!(connections.load(Ordering::SeqCst), 2, "{case}");
        // From 500 ms on, nothing twice and nothing left out.
        let again = second.lock().unwrap();
        assert_eq!(again.len(), 12_000, "{case}");
        for (byte, sample) in again.iter().zip(&samples[4_000..]) {
            let (heard, said) = (from_mu_law(*byte), i32::from(*sample));
            assert!(
                (heard - said).abs() <= said.abs() / 16 + 8,
                "{case}: {heard} {said}"
            );
        }
    }
}

#[test]
fn what_is_lost_in_an_outage_is_told_and_times_stay_right() {
    let is_back = Arc::new(AtomicBool::new(false));
    let back = Arc::clone(&is_back);
    let (url, connections) = service(move |number, stream| {
        if !back.load(Ordering::SeqCst) {
            return refuse(stream, ["503 Later", "429 Slow"][number % 2]);
        }
        let mut peer = Peer::accept(stream).unwrap();
        peer.wait_for("CloseStream").unwrap();
        assert_eq!(peer.heard.len(), 80_000);
        peer.say(last(9_000, 10_000, "Are you there?"));
        peer.end();
    });
    let mut speaker = listen(&url, &Ahead::default());
    for frame in speech(15 * 8_000).chunks(160) {
        speaker.hear(frame);
    }
    let told = next_of(&mut speaker);
    assert_eq!(
        troubles(&told),
        ["words are being lost: the transcription service answered 429"]
    );
    assert!(
        connections.load(Ordering::SeqCst) >= 4,
        "it is tried a few times"
    );
    is_back.store(true, Ordering::SeqCst);
    let told = rest_of(&mut speaker);
    assert_eq!(
        told,
        [
            Told::Trouble(
                "5 s of what was said are not understood: there was no connection to the transcription service"
                    .to_owned()
            ),
            words(14_000, 15_000, "Are you there?", 0.75),
        ]
    );
}

#[test]
fn a_service_that_refuses_is_not_asked_again() {
    for status in ["400 Bad", "401 Who", "402 Pay", "404 Where"] {
        let (url, connections) = service(move |_, stream| refuse(stream, status));
        let mut speaker = listen(&url, &Ahead::default());
        let told = next_of(&mut speaker);
        let code = &status[..3];
        assert_eq!(
            troubles(&told),
            [format!(
                "nothing more of this speaker is understood: the transcription service answered {code}"
            )]
        );
        speaker.hear(&speech(8_000));
        assert_eq!(rest_of(&mut speaker), []);
        assert_eq!(connections.load(Ordering::SeqCst), 1, "{status}");
    }
}

#[test]
fn a_silent_line_is_kept_open_every_five_seconds() {
    let alive = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&alive);
    let (url, _) = peers(move |_, mut peer| {
        while peer.take().is_some() {
            let texts = peer.texts.iter().filter(|it| it.contains("KeepAlive"));
            counted.store(texts.count(), Ordering::SeqCst);
            if peer.texts.iter().any(|it| it.contains("CloseStream")) {
                return peer.end();
            }
        }
        None
    });
    let ahead = Ahead::default();
    let mut speaker = listen(&url, &ahead);
    speaker.hear(&speech(800));
    let clock = ahead.clock();
    for times in 1..4 {
        wait_for("a word that keeps the line", || {
            if alive.load(Ordering::SeqCst) >= times {
                return Some(());
            }
            ahead.by(Duration::from_millis(10));
            None
        });
    }
    assert!(clock() >= Duration::from_secs(15), "{:?}", clock());
    speaker.close();
}

#[test]
fn a_service_that_falls_silent_is_given_up_and_connected_anew() {
    let (url, connections) = peers(move |number, mut peer| {
        if number == 0 {
            // Reads everything and says nothing.
            while peer.take().is_some() {}
            return None;
        }
        peer.hear(8_000)?;
        peer.say(last(0, 1_000, "Still here."));
        peer.end()
    });
    let ahead = Ahead::default();
    let mut speaker = listen(&url, &ahead);
    speaker.hear(&speech(8_000));
    let told = wait_for("something told", || {
        ahead.by(Duration::from_millis(50));
        let told = speaker.told();
        (!told.is_empty()).then_some(told)
    });
    assert_eq!(
        troubles(&told),
        ["words may be missing: the transcription service said nothing for a while"]
    );
    assert_eq!(
        next_of(&mut speaker),
        [words(0, 1_000, "Still here.", 0.75)]
    );
    assert_eq!(rest_of(&mut speaker), []);
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[test]
fn the_last_words_are_waited_for_but_not_for_ever() {
    for (case, says, trouble) in [
        ("everything was read", true, None),
        (
            "the end is missing",
            false,
            Some(
                "the last words are not understood: the transcription service did not answer in time",
            ),
        ),
    ] {
        let is_closing = Arc::new(AtomicBool::new(false));
        let closing = Arc::clone(&is_closing);
        let (url, _) = peers(move |_, mut peer| {
            peer.wait_for("CloseStream")?;
            if says {
                peer.say(last(0, 1_000, "Bye."));
            }
            closing.store(true, Ordering::SeqCst);
            // And never closes the connection.
            while peer.take().is_some() {}
            None
        });
        let ahead = Ahead::default();
        let mut speaker = listen(&url, &ahead);
        speaker.hear(&speech(8_000));
        speaker.close();
        wait_for("the end to be asked for", || {
            is_closing.load(Ordering::SeqCst).then_some(())
        });
        if says {
            assert_eq!(
                next_of(&mut speaker),
                [words(0, 1_000, "Bye.", 0.75)],
                "{case}"
            );
        }
        assert!(!speaker.is_done(), "{case}: the service may say more");
        ahead.by(Duration::from_secs(10));
        let told = rest_of(&mut speaker);
        assert_eq!(
            troubles(&told),
            trouble.into_iter().collect::<Vec<_>>(),
            "{case}"
        );
    }
}

#[test]
fn a_connection_that_ends_with_speech_unread_is_doubted_once() {
    let (url, connections) = peers(|_, mut peer| {
        peer.wait_for("CloseStream")?;
        assert_eq!(peer.heard.len(), 8_000);
        let _ = peer.socket.close(None);
        while peer.take().is_some() {}
        None
    });
    let mut speaker = listen(&url, &Ahead::default());
    speaker.hear(&speech(8_000));
    assert_eq!(
        rest_of(&mut speaker),
        [],
        "there may have been nothing to tell"
    );
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[test]
fn there_is_a_bound_to_how_many_are_listened_to() {
    // Never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = Streaming::new(&settings(&url), Ahead::default().clock()).unwrap();
    let mut speakers: Vec<_> = (0..257).map(|_| service.listen("call", None)).collect();
    let mut last = speakers.pop().unwrap();
    let full = "nothing of this speaker is understood: too many others are listened to already";
    assert_eq!(troubles(&last.told()), [full]);
    last.close();
    assert!(last.is_done());
    for speaker in &mut speakers {
        assert_eq!(speaker.told(), []);
    }
    drop(listener);
    drop(speakers);
    // Whoever leaves makes room.
    wait_for("room", || {
        service.listen("call", None).told().is_empty().then_some(())
    });
}

#[test]
fn a_speaker_whom_nobody_wants_to_hear_leaves_the_line() {
    let ended = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&ended);
    let (url, _) = peers(move |_, mut peer| {
        while peer.take().is_some() {}
        seen.store(true, Ordering::SeqCst);
        None
    });
    let mut speaker = listen(&url, &Ahead::default());
    speaker.hear(&speech(8_000));
    drop(speaker);
    wait_for("the connection's end", || {
        ended.load(Ordering::SeqCst).then_some(())
    });
}
