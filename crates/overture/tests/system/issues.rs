//! Issue classifiers from the command line: trained, asked and measured on tables of one's own.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

/// Runs the binary in `folder`; gives whether it succeeded, what it printed, and what it complained of.
fn run(folder: &Path, arguments: &[&str], input: &[u8]) -> (bool, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_overture"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that ends early does not read all of it.
    let _ = child.stdin.take().unwrap().write_all(input);
    let out = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (out.status.success(), text(out.stdout), text(out.stderr))
}

/// Three issues and what belongs to none, as a table with two malformed rows at its end (lines 59 and 60).
fn table() -> String {
    let mut table = "text\tlabel\n".to_owned();
    for place in ["at home", "today", "again", "for me", "this week"] {
        for (text, label) in [
            ("where is my parcel", "delivery"),
            ("the courier did not come", "delivery"),
            ("tracking shows no movement", "delivery"),
            ("i want my money back", "refund"),
            ("reverse the double charge", "refund"),
            ("the refund is missing", "refund"),
            ("my password is refused", "sign in"),
            ("i cannot log in", "sign in"),
            ("the code never arrives", "sign in"),
        ] {
            table += &format!("{text} {place}\t{label}\n");
        }
    }
    for text in ["sing a song", "bake some bread", "how tall is the tower"] {
        for end in ["please", "now", "then", "friend"] {
            table += &format!("{text} {end}\toos\n");
        }
    }
    table.truncate(table.trim_end().len());
    table + "\nno label on this row\n\trefund\n"
}

#[test]
fn a_table_becomes_a_classifier_that_answers_and_can_be_measured() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("own.tsv"), table()).unwrap();

    let train = ["train", "issues", "--train", "own.tsv", "--out", "made"];
    let (fine, said, complained) = run(at, &train, b"");
    assert!(
        fine && said.contains("learning 4 labels from 57 messages"),
        "{said}{complained}"
    );
    assert!(
        complained.contains("left out: own.tsv:59: label: expected a value"),
        "{complained}"
    );
    assert!(
        complained.contains("left out: own.tsv:60: text: expected some text"),
        "{complained}"
    );
    let training: Value =
        serde_json::from_slice(&fs::read(at.join("made/training.json")).unwrap()).unwrap();
    assert_eq!(training["malformed"], 2);
    let first = fs::read(at.join("made/issues.model")).unwrap();
    assert!(run(at, &train, b"").0);
    assert_eq!(fs::read(at.join("made/issues.model")).unwrap(), first);

    let lines = concat!(
        "{\"id\":1,\"text\":\"my parcel did not come\"}\n",
        "\n",
        "{\"id\":\"b\",\"text\":\"money \\ud800 back\"}\n",
        "not json\n",
        "{\"id\":3,\"text\":\"\"}\n",
    );
    let (fine, said, complained) = run(
        at,
        &["score", "issues", "--model", "made", "--top", "2"],
        lines.as_bytes(),
    );
    assert!(fine, "{complained}");
    let answers: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[0]["label"], "delivery");
    assert_eq!(answers[0]["issues"].as_array().unwrap().len(), 2);
    assert_eq!(answers[0]["issues"][0]["label"], "delivery");
    assert_eq!(
        (&answers[1]["id"], &answers[1]["label"]),
        (&"b".into(), &"refund".into())
    );
    assert_eq!(answers[2]["error"]["line"], 4);
    assert_eq!(
        (&answers[3]["oos"], &answers[3]["label"]),
        (&1.0.into(), &"oos".into())
    );

    let evaluate = [
        "evaluate", "issues", "--model", "made", "--test", "own.tsv", "--report", "report",
    ];
    let (fine, said, complained) = run(at, &evaluate, b"");
    assert!(fine, "{complained}");
    let measured: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(measured["left_out"], 2);
    let figures = &measured["figures"];
    assert_eq!(
        (&figures["messages"], &figures["messages_out_of_scope"]),
        (&57.into(), &12.into())
    );
    for name in [
        "in_scope_accuracy",
        "top_3_accuracy",
        "macro_f1",
        "out_of_scope_recall",
        "out_of_scope_precision",
    ] {
        let value = figures[name]["value"].as_f64().unwrap();
        let low = figures[name]["interval_95"][0].as_f64().unwrap();
        assert!(value > 0.7 && low <= value, "{name}: {figures}");
    }
    for file in [
        "figures.json",
        "figures.svg",
        "issue-calibration.svg",
        "out_of_scope-calibration.svg",
    ] {
        assert!(at.join("report").join(file).is_file(), "{file}");
    }
}

#[test]
fn what_cannot_become_a_classifier_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("own.tsv"), table()).unwrap();
    fs::write(
        at.join("one.tsv"),
        "text\tlabel\na question\tonly\nanother one\tonly\n",
    )
    .unwrap();
    fs::write(at.join("other.tsv"), "message\tkind\nhello\tgreeting\n").unwrap();
    let refused = |arguments: &[&str]| {
        let (fine, _, complained) = run(at, arguments, b"");
        assert!(!fine, "{arguments:?}");
        complained
    };
    let train = |file| {
        refused(&[
            "train", "issues", "--train", file, "--out", "made", "--strict",
        ])
    };
    assert!(train("own.tsv").contains("2 rows are malformed"));
    assert!(train("one.tsv").contains("at least two labels, got 1"));
    assert!(train("other.tsv").contains("other.tsv has no column text"));
    assert!(train("missing.tsv").contains("could not read missing.tsv"));
    assert!(!at.join("made").exists());

    assert!(
        run(
            at,
            &["train", "issues", "--train", "own.tsv", "--out", "made"],
            b""
        )
        .0
    );
    let file = at.join("made/issues.model");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert!(refused(&["score", "issues", "--model", "made"]).contains("cut off"));
    let mut changed = whole;
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    fs::write(&file, changed).unwrap();
    assert!(
        refused(&["score", "issues", "--model", "made"]).contains("changed after it was written")
    );
}
