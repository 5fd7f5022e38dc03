//! Where the settings name a service, the second reading is the service's, and nothing else about a text changes.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::Command,
    sync::mpsc::{Receiver, channel},
};

use overture::client::{Connection, Target};
use serde_json::{Value, json};

use crate::support::{Backend, admin, eventually, moods, say, serve};

/// Answers every request like Watson; gives what was sent.
fn watson() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let (seen, requests) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim().to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let _ = seen.send(serde_json::from_slice(&body).unwrap());
            let answer = json!({
                "language": "en",
                "sentiment": {"document": {"score": -0.75, "label": "negative"}},
                "emotion": {"document": {"emotion":
                    {"anger": 0.625, "disgust": 0.0, "fear": 0.125, "joy": 0.0, "sadness": 0.25}}},
            })
            .to_string();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
                answer.len()
            )
            .unwrap();
        }
    });
    (host, requests)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_reading_is_the_services_and_staff_is_told_where_texts_go() {
    for backend in Backend::all().await {
        let folder = tempfile::tempdir().unwrap();
        let (host, requests) = watson();
        let settings = format!(
            "second_reading = true\n[remote_text]\nservice = \"watson\"\nurl = \"http://{host}/instances/9f\"\n\
             key = \"k\"\nallow_private_addresses = true\n"
        );
        let server = serve(folder.path(), &backend, &settings, None).await;
        let target = Target::parse(&server.url).await.unwrap();
        let mut admin = admin(&target).await;
        let status = admin
            .call("GET", "/v1/admin/status", &Value::Null)
            .await
            .unwrap();
        assert_eq!(
            status["remote_text"],
            json!({"service": "IBM Watson Natural Language Understanding", "host": host})
        );

        let text = "Nobody answered ann.smith@example.com, and I am still waiting for my refund.";
        let mut connection = Connection::new(target.clone());
        say(&mut connection, 1, text).await;
        let again = eventually("the text was read again", async || {
            let moods = moods(&mut admin).await?;
            moods.into_iter().find(|mood| mood["tier"] == 1)
        })
        .await;
        assert_eq!(again["model"], "watson-nlu");
        assert_eq!(again["sentiment"]["score"], -0.75);
        assert_eq!(again["emotions"]["anger"], 0.625);
        assert!(again["replaces"].is_u64());

        let sent = requests.recv().unwrap();
        let sent = sent["text"].as_str().unwrap();
        assert!(
            sent.starts_with("Nobody answered [email:") && !sent.contains("ann.smith"),
            "{sent}"
        );
        let metrics = Connection::new(target.clone())
            .call("GET", "/metrics", &[], &Value::Null)
            .await
            .unwrap();
        let metrics = String::from_utf8(metrics.body).unwrap();
        assert!(
            metrics.contains("overture_remote_readings_total{outcome=\"read\"} "),
            "{metrics}"
        );
        server.stop().await;
        assert!(requests.try_recv().is_err(), "it was sent once");
    }
}

#[test]
fn the_log_and_the_doctor_say_where_texts_go_and_never_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let run = |command: &str, second_reading: &str| {
        let out = Command::new(env!("CARGO_BIN_EXE_overture"))
            .args([
                command,
                "--listen",
                &taken.local_addr().unwrap().to_string(),
            ])
            .arg("--data-dir")
            .arg(folder.path())
            .env("OVERTURE_REMOTE_TEXT__SERVICE", "google")
            .env("OVERTURE_REMOTE_TEXT__KEY", "a-key-of-ours")
            .env("OVERTURE_SECOND_READING", second_reading)
            .output()
            .unwrap();
        String::from_utf8([out.stdout, out.stderr].concat()).unwrap()
    };
    for (command, second_reading, expected) in [
        (
            "doctor",
            "true",
            "also sent to Google Cloud Natural Language at language.googleapis.com",
        ),
        // It says so before it finds its port taken.
        (
            "serve",
            "true",
            "what customers write is also sent to a service outside this server",
        ),
        ("serve", "false", "second_reading: expected true"),
    ] {
        let said = run(command, second_reading);
        assert!(said.contains(expected), "{said}");
        assert!(!said.contains("a-key-of-ours"), "{said}");
    }
}
