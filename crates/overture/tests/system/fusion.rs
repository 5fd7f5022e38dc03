//! What voice and words say together, from the command line, on voices that nobody has and words that nobody said.

use std::{fs, path::Path, process::Command};

use overture_inference::audio::{
    RATE,
    synthetic::{Talker, wav},
};
use serde_json::Value;

/// Runs the binary in `folder`; gives whether it succeeded, what it printed, and what it complained of.
fn run(folder: &Path, arguments: &[&str]) -> (bool, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_overture"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (out.status.success(), text(out.stdout), text(out.stderr))
}

/// Four people in four emotions.
fn acted(folder: &Path) {
    let mut table = "file,speaker,emotion\n".to_owned();
    fs::create_dir(folder.join("voices")).unwrap();
    for (number, pitch_hz) in [95.0, 120.0, 180.0, 215.0].into_iter().enumerate() {
        let calm = Talker::calm(pitch_hz);
        for (emotion, talker) in [
            ("anger", calm.angry()),
            ("sadness", calm.sad()),
            ("joy", calm.joyful()),
            ("neutral", calm),
        ] {
            let file = format!("{number}-{emotion}.wav");
            let samples = talker.say(1.5, 10 * number as u64);
            fs::write(
                folder.join("voices").join(&file),
                wav(&[&samples], RATE as u32),
            )
            .unwrap();
            table += &format!("{file},s{number},{emotion}\n");
        }
    }
    fs::write(folder.join("voices/utterances.csv"), table).unwrap();
}

/// Four upset and four calm messages, and one that is neither.
fn written(folder: &Path) {
    let rows = [
        "-1\tanger\tThis is outrageous, I am absolutely furious with your company",
        "-0.75\tanger\tI hate this stupid website, it is a complete joke",
        "-0.75\tanger,frustration\tHow dare you, this is the worst service ever and I am angry",
        "-0.5\tfrustration\tI am really annoyed, this is useless and nobody helps me",
        "0\tneutral\tCould you tell me when the shop opens on Monday please",
        "0\tneutral\tI would like to change the address of my order",
        "1\tjoy\tThe new lamp looks lovely and it arrived early",
        "0.75\tgratitude\tThank you so much, that was very kind of you",
        "-0.5\tsadness\tMy grandmother died and I have to cancel her subscription",
    ];
    fs::create_dir(folder.join("words")).unwrap();
    let table = format!("sentiment\temotions\ttext\n{}\n", rows.join("\n"));
    fs::write(folder.join("words/challenge.tsv"), table).unwrap();
}

#[test]
fn voices_and_words_are_put_together_and_measured_as_words_are_misheard() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    acted(at);
    written(at);
    let evaluate = [
        "evaluate",
        "fusion",
        "--data",
        "voices",
        "--texts",
        "words",
        "--report",
        "report",
        "--resamples",
        "10",
    ];
    let (fine, said, complained) = run(at, &evaluate);
    assert!(fine, "{complained}");
    let figures: Value = serde_json::from_str(&said).unwrap();
    let note = figures["note"].as_str().unwrap();
    assert!(note.contains("put together"), "{note}");
    assert_eq!(figures["how"], "one model a speaker, made without them");
    assert_eq!(figures["speakers"], 4);
    assert_eq!(figures["recordings"], 16);
    assert_eq!(figures["text_model"], "text-1");

    let set = &figures["sets"]["challenge"];
    assert_eq!(set["upset_messages"], 4);
    assert_eq!(set["calm_messages"], 4);
    let value = |percent: u32, name: &str| {
        let figure = &set[format!("word_errors_{percent}_percent")][name];
        figure["value"].as_f64().unwrap()
    };
    for percent in [0, 10, 20, 30] {
        assert_eq!(value(percent, "voice_auc"), value(0, "voice_auc"));
        let kinds = &set[format!("word_errors_{percent}_percent")]["kinds"];
        assert_eq!(kinds["angry_voice_calm_words"]["utterances"], 40);
        assert_eq!(kinds["other_voice_upset_words"]["utterances"], 120);
    }
    assert!(value(0, "words_auc") > 0.9, "{set}");
    assert!(value(30, "words_auc") < value(0, "words_auc"), "{set}");
    assert!(value(0, "fused_auc") > 0.9, "{set}");
    for file in [
        "figures.json",
        "challenge-0.svg",
        "challenge-30-calibration.svg",
    ] {
        assert!(at.join("report").join(file).is_file(), "{file}");
    }
}

#[test]
fn what_the_fusion_is_measured_on_is_looked_for_where_it_was_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    written(at);
    let refused = |data: &str, texts: &str| {
        let (fine, _, complained) = run(
            at,
            &["evaluate", "fusion", "--data", data, "--texts", texts],
        );
        assert!(!fine);
        complained
    };
    let complained = refused("nowhere", "words");
    assert!(
        complained.contains("there is no folder or table nowhere"),
        "{complained}"
    );
    let complained = refused("nowhere", "elsewhere");
    assert!(
        complained.contains("there is no folder elsewhere"),
        "{complained}"
    );
    fs::write(
        at.join("words/challenge.tsv"),
        "sentiment\ttext\n-1\tThis is terrible\n",
    )
    .unwrap();
    let complained = refused("nowhere", "words");
    assert!(
        complained.contains("no set in words has both upset and calm messages"),
        "{complained}"
    );
}
