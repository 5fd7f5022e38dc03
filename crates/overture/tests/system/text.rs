//! Text from the command line: one answer a line, and models that are chosen and taken back.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

fn run(arguments: &[&str], input: &[u8], folder: &Path) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_overture"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

/// Scores lines; gives the answers.
fn score(more: &[&str], input: &[u8]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let out = run(&[&["score", "text"], more].concat(), input, folder.path());
    assert!(out.status.success(), "{out:?}");
    let text = String::from_utf8(out.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_line_is_answered_with_all_that_is_promised() {
    let text = "You people are useless, I am angry: €49.90 for SO-123456 since yesterday";
    let line = serde_json::json!({"id": "a", "text": text}).to_string();
    let flags = ["--reference", "order=SO-######", "--tier", "0"];
    let [answer] = &score(&flags, line.as_bytes())[..] else {
        panic!("one line, one answer");
    };
    assert_eq!(answer["id"], "a");
    assert_eq!(answer["language"], "en");
    assert_eq!(answer["sentiment"]["label"], "negative");
    assert!(answer["sentiment"]["score"].as_f64().unwrap() < -0.5);
    assert_eq!(answer["emotions"].as_object().unwrap().len(), 8);
    assert!(answer["emotions"]["anger"].as_f64().unwrap() > 0.5);
    assert_eq!(
        (&answer["tier"], &answer["model"]),
        (&0.into(), &"text-1".into())
    );
    for field in ["goemotions", "ekman", "group", "evidence"] {
        assert!(answer[field].is_array(), "{field}");
    }
    for field in ["sarcasm", "urgency"] {
        assert!(
            (0.0..=1.0).contains(&answer[field].as_f64().unwrap()),
            "{field}"
        );
    }
    let found: Vec<(String, &str, &str)> = answer["entities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entity| {
            let at = |field| entity[field].as_u64().unwrap() as usize;
            let words = text.chars().skip(at("start")).take(at("end") - at("start"));
            (
                words.collect(),
                entity["kind"].as_str().unwrap(),
                entity["value"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("€49.90", "amount", "49.90 EUR"),
        ("SO-123456", "reference", "order"),
        ("yesterday", "date", "-1 day"),
    ];
    assert_eq!(
        found,
        expected.map(|(words, kind, value)| (words.to_owned(), kind, value))
    );

    // The best that is there: the same fields from both tiers together.
    for flags in [&[][..], &["--tier", "1"]] {
        let best = &score(flags, line.as_bytes())[0];
        assert_eq!(
            (&best["tier"], &best["model"]),
            (&1.into(), &"text-1-encoder".into())
        );
        let fields = |answer: &Value| -> Vec<String> {
            answer.as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(fields(best), fields(answer));
        assert!(best["emotions"]["anger"].as_f64().unwrap() > 0.5);
    }
}

#[test]
fn a_lexicon_is_tried_on_lines_before_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words.json");
    let flags = ["--tier", "0", "--lexicon", file.to_str().unwrap()];
    // As the API answers; the revision is named where there is one.
    let list = r#"{"revision":7,"entries":[{"phrase":"sick","reads_as":"great"},{"phrase":"Panic 3000","reads_as":""}],
        "saved_by":"Ann","note":""}"#;
    std::fs::write(&file, list).unwrap();
    let lines = br#"{"id":1,"text":"This is absolutely sick"}
        {"id":2,"text":"panic 3000"}"#;
    let with = score(&flags, lines);
    let without = score(&flags[..2], lines);
    let sentiment = |answer: &Value| answer["sentiment"]["score"].as_f64().unwrap();
    assert!(
        sentiment(&with[0]) > sentiment(&without[0]) + 0.5,
        "{with:?} {without:?}"
    );
    assert_eq!(with[0]["model"], "text-1+words-7");
    let last = with[0]["evidence"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["start"], &last["end"]), (&19.into(), &23.into()));
    assert_eq!(
        (&with[1]["abstained"], &with[1]["model"]),
        (&"empty".into(), &"text-1+words-7".into())
    );
    assert_eq!(without[1]["abstained"], Value::Null);

    let corpus = folder.path().join("own");
    std::fs::create_dir(&corpus).unwrap();
    let rows: String = (0..60)
        .map(|row| format!("This is sick, number {row}\t0.75\n"))
        .collect();
    std::fs::write(corpus.join("own.tsv"), format!("text\tsentiment\n{rows}")).unwrap();
    let evaluate = |flags: &[&str]| -> Value {
        let arguments = [
            &["evaluate", "text", "--resamples", "10", "--data", "own"],
            flags,
        ]
        .concat();
        let out = run(&arguments, b"", folder.path());
        assert!(out.status.success(), "{out:?}");
        serde_json::from_slice(&out.stdout).unwrap()
    };
    let accuracy =
        |figures: &Value| figures["sets"]["support"]["sentiment_accuracy"]["value"].as_f64();
    let (with, without) = (evaluate(&flags), evaluate(&flags[..2]));
    assert_eq!(with["model"], "text-1+words-7");
    assert!(accuracy(&with) > accuracy(&without), "{with} {without}");

    for (list, expected) in [
        ("{", "could not read the lexicon"),
        (
            r#"{"entries":[{"phrase":"!","reads_as":""}]}"#,
            "entries[0].phrase: expected 1 to 80",
        ),
    ] {
        std::fs::write(&file, list).unwrap();
        let out = run(
            &[&["score", "text"], &flags[..]].concat(),
            b"",
            folder.path(),
        );
        assert!(!out.status.success());
        let said = String::from_utf8(out.stderr).unwrap();
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn whatever_the_line_is_it_is_answered_and_the_next_one_too() {
    let huge = format!(r#"{{"id":7,"text":"{}"}}"#, "so sad ".repeat(150_000));
    let too_long = format!(r#"{{"id":8,"text":"{}"}}"#, "x".repeat(5 << 20));
    let emoji = format!(r#"{{"id":9,"text":"{}"}}"#, "😡".repeat(10_000));
    let lines: Vec<&[u8]> = vec![
        br#"{"id":1,"text":"Thank you, that was quick!"}"#,
        b"not json",
        br#"{"id":2}"#,
        br#"{"id":3,"text":""}"#,
        br#"{"id":4,"text":"\ud800 this is broken again"}"#,
        b"\xff\xfe\x00binary",
        "{\"id\":5,\"text\":\"هذا سيئ جدا وأنا غاضب\"}".as_bytes(),
        "{\"id\":6,\"text\":\"t̸̢̛h̵̨i̷s i̶s ̴b̷a̶d\"}".as_bytes(),
        huge.as_bytes(),
        too_long.as_bytes(),
        emoji.as_bytes(),
    ];
    let answers = score(&[], &lines.join(&b'\n'));
    let refused: Vec<u64> = answers
        .iter()
        .filter_map(|answer| answer["error"]["line"].as_u64())
        .collect();
    assert_eq!(refused, [2, 3, 6, 10]);
    assert_eq!(answers.len(), lines.len());
    assert_eq!(answers[0]["sentiment"]["label"], "positive");
    for (place, id) in [(3, 3), (4, 4), (6, 5), (7, 6), (8, 7), (10, 9)] {
        assert_eq!(answers[place]["id"], id);
    }
    assert!(answers[6]["abstained"].is_string(), "Arabic is not scored");
    let message = answers[2]["error"]["message"].as_str().unwrap();
    assert!(message.contains("text"), "{message}");
}

#[test]
fn a_wrong_flag_says_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (vec!["--tier", "2"], "possible values: 0, 1, auto"),
        (vec!["--reference", "order"], "expected KIND=PATTERN"),
        (
            vec!["--reference", "order=ORD-[##"],
            "this bracket is never closed",
        ),
        (
            vec!["--model", "missing.model"],
            "could not read the model missing.model",
        ),
    ] {
        let out = run(
            &[&["score", "text"], &arguments[..]].concat(),
            b"",
            folder.path(),
        );
        assert!(!out.status.success());
        let said = String::from_utf8(out.stderr).unwrap();
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_model_is_chosen_only_when_it_can_be_used_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    std::fs::create_dir(&models).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/text-1.model");
    let bytes = std::fs::read(shipped).unwrap();
    std::fs::write(models.join("text-own.model"), &bytes).unwrap();
    let mut changed = bytes.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    std::fs::write(models.join("changed.model"), changed).unwrap();
    std::fs::write(models.join("cut.model"), &bytes[..bytes.len() / 3]).unwrap();
    // Tables as good as any, and beside them half an encoder.
    std::fs::write(models.join("half.model"), &bytes).unwrap();
    let encoder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/text-1.encoder");
    let encoder = std::fs::read(encoder).unwrap();
    std::fs::write(models.join("half.encoder"), &encoder[..encoder.len() / 2]).unwrap();

    let models = |arguments: &[&str]| {
        let out = run(
            &[&["models"], arguments, &["--models", "models"]].concat(),
            b"",
            folder.path(),
        );
        let text = [out.stdout, out.stderr].concat();
        (out.status.success(), String::from_utf8(text).unwrap())
    };
    let is_active = |name: &str| {
        let (_, list) = models(&["list"]);
        let line = list
            .lines()
            .find(|line| line.contains(name))
            .unwrap()
            .to_owned();
        line.starts_with('*')
    };
    assert!(is_active("text-1") && !is_active("text-own"));
    for name in ["changed", "cut", "half", "nobody"] {
        let (done, said) = models(&["activate", name]);
        assert!(!done && said.contains(name), "{said}");
    }
    assert!(is_active("text-1"), "nothing changed");
    assert!(models(&["activate", "text-own"]).0);
    assert!(is_active("text-own"));
    let (done, said) = models(&["show", "text-own"]);
    assert!(done && said.contains("sha256"), "{said}");
    assert!(models(&["rollback"]).0);
    assert!(is_active("text-1"));
    let (done, said) = models(&["rollback"]);
    assert!(!done && said.contains("nothing else was in use"), "{said}");
}

#[test]
fn training_names_the_rows_it_cannot_use() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(
        data.join("own.tsv"),
        "text\tsentiment\nall is well, thank you\t0.8\nbroken\tvery\nso bad\t-0.9\n",
    )
    .unwrap();
    let train = ["train", "text", "--data", "data", "--out", "own.model"];
    let strict = run(&[&train[..], &["--strict"]].concat(), b"", folder.path());
    let said = String::from_utf8(strict.stderr).unwrap();
    assert!(!strict.status.success());
    assert!(said.contains("own.tsv") && said.contains('3'), "{said}");
    assert!(!folder.path().join("own.model").exists());
}

#[test]
fn a_model_of_ones_own_reads_with_both_tiers() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let mut table = "text\tsentiment\n".to_owned();
    for number in 0..200 {
        table += &format!("The zorble {number} came, zorbles are what I wanted\t0.9\n");
        table += &format!("Parcel {number}: it was quorked again, all quorked\t-0.9\n");
    }
    std::fs::write(data.join("own.tsv"), table).unwrap();
    let done = |arguments: &[&str], input: &[u8]| {
        let out = run(arguments, input, folder.path());
        assert!(out.status.success(), "{out:?}");
        String::from_utf8(out.stdout).unwrap()
    };
    let train = [
        "train",
        "text",
        "--data",
        "data",
        "--out",
        "models/own.model",
    ];
    done(&train, b"");
    let list = done(&["models", "list", "--models", "models"], b"");
    assert!(
        list.lines()
            .any(|line| line.contains("own ") && line.contains("tiers 0 and 1")),
        "{list}"
    );
    done(&["models", "activate", "own", "--models", "models"], b"");
    let line = br#"{"id":1,"text":"quorked, and quorked again"}"#;
    let said = done(&["score", "text", "--models", "models"], line);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (&said["tier"], &said["model"]),
        (&1.into(), &"own-encoder".into())
    );
    assert_eq!(said["sentiment"]["label"], "negative", "{said}");

    // Without its encoder it still reads.
    std::fs::remove_file(folder.path().join("models/own.encoder")).unwrap();
    let out = run(
        &["score", "text", "--models", "models"],
        line,
        folder.path(),
    );
    let warned = String::from_utf8(out.stderr).unwrap();
    assert!(
        out.status.success() && warned.contains("tier 0 alone"),
        "{warned}"
    );
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&said["tier"], &said["model"]), (&0.into(), &"own".into()));
}
