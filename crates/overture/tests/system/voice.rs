//! Voices from the command line: read, learned from and measured, on voices that nobody has.

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

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn save(folder: &Path, name: &str, channels: &[&[f32]]) {
    fs::write(folder.join(name), wav(channels, RATE as u32)).unwrap();
}

#[test]
fn recordings_are_read_one_by_one_and_a_bad_one_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let calm = Talker::calm(120.0);
    save(at, "calm.wav", &[&calm.say(3.0, 1)]);
    save(at, "angry.wav", &[&calm.angry().say(3.0, 2)]);
    save(at, "silence.wav", &[&vec![0.0; 16_000]]);
    fs::write(at.join("broken.mp3"), b"this is no sound").unwrap();
    fs::write(
        at.join("list.csv"),
        "file,speaker\ncalm.wav,ann\nbroken.mp3,ann\nmissing.wav,ann\n,ann\nsilence.wav,ann\nangry.wav,ann\n",
    )
    .unwrap();

    let (fine, said, complained) = run(at, &["score", "voice", "--manifest", "list.csv"]);
    assert!(fine, "{complained}");
    assert!(
        complained.contains("list.csv:5: file: expected the name of a recording"),
        "{complained}"
    );
    let said = lines(&said);
    let names: Vec<&str> = said
        .iter()
        .map(|one| one["file"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "calm.wav",
            "broken.mp3",
            "missing.wav",
            "silence.wav",
            "angry.wav"
        ]
    );
    let calm = &said[0];
    assert_eq!(calm["speaker"], "ann");
    assert_eq!(calm["model"], "voice-1");
    assert_eq!(calm["seconds"], 3.0);
    let sum: f64 = calm["emotion"]
        .as_object()
        .unwrap()
        .values()
        .map(|one| one.as_f64().unwrap())
        .sum();
    assert!((sum - 1.0).abs() < 1e-3, "{calm}");
    assert_eq!(calm["anger"], calm["emotion"]["anger"]);
    assert!(
        said[1]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("not a recording")
    );
    assert!(
        said[2]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("could not open")
    );
    assert_eq!(said[3]["anger"], Value::Null);
    assert_eq!(said[3]["quality"], 0.0);
    let anger = |one: &Value| one["anger"].as_f64().unwrap();
    assert!(
        anger(&said[4]) > 5.0 * anger(calm),
        "{} after {calm}",
        said[4]
    );
}

#[test]
fn a_call_with_a_party_a_channel_tells_how_they_talk() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let quiet = |seconds: f32| vec![0.0; (seconds * RATE as f32) as usize];
    let customer = [Talker::calm(190.0).say(4.0, 1), quiet(6.0)].concat();
    let agent = [quiet(5.0), Talker::calm(110.0).say(4.0, 2), quiet(1.0)].concat();
    save(at, "call.wav", &[&customer, &agent]);

    let (fine, said, complained) = run(at, &["score", "voice", "call.wav"]);
    assert!(fine, "{complained}");
    let talk = &lines(&said)[0]["dynamics"];
    let near = |name: &str, expected: f64, off: f64| {
        let value = talk[name].as_f64().unwrap();
        assert!(
            (value - expected).abs() < off,
            "{name}: {value}, expected {expected}"
        );
    };
    near("customer_share", 0.5, 0.05);
    near("silence_share", 0.2, 0.05);
    near("overlap_share", 0.0, 0.01);
    near("agent_latency_ms", 1_000.0, 250.0);
    assert_eq!(talk["interruptions_by_agent"], 0);

    let (_, said, _) = run(at, &["score", "voice", "--every-second", "call.wav"]);
    let said = lines(&said);
    assert!((3..=4).contains(&said.len()), "{said:?}");
    assert!(
        said.iter()
            .all(|one| one["at_seconds"].as_f64().unwrap() < 5.5)
    );
}

/// A table of four people in four emotions, and one row with an emotion nobody knows.
fn acted(folder: &Path) {
    let mut table = "id,speaker,emotion\n".to_owned();
    fs::create_dir(folder.join("recordings")).unwrap();
    for (number, pitch_hz) in [95.0, 120.0, 180.0, 215.0].into_iter().enumerate() {
        let calm = Talker::calm(pitch_hz);
        for (emotion, talker) in [
            ("anger", calm.angry()),
            ("sadness", calm.sad()),
            ("joy", calm.joyful()),
            ("neutral", calm),
        ] {
            for take in 0..2 {
                let id = format!("{number}-{emotion}-{take}");
                let seed = 10 * number as u64 + take;
                save(
                    folder,
                    &format!("recordings/{id}.wav"),
                    &[&talker.say(1.5, seed)],
                );
                table += &format!("{id},s{number},{emotion}\n");
            }
        }
    }
    table += "0-anger-0,s0,boredom\nnowhere,s0,anger\n";
    fs::write(folder.join("utterances.csv"), table).unwrap();
}

#[test]
fn recordings_of_known_emotion_become_a_model_that_can_be_measured() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    acted(at);

    let train = [
        "train",
        "voice",
        "--data",
        ".",
        "--out",
        "own.model",
        "--lines",
        "2",
    ];
    let (fine, said, complained) = run(at, &train);
    assert!(
        fine && said.contains("learning from 32 recordings of 4 speakers"),
        "{said}{complained}"
    );
    for expected in [
        "utterances.csv:34: emotion: expected anger, sadness, joy or neutral, got \"boredom\"",
        "utterances.csv:35: id: found no recording named \"nowhere\"",
    ] {
        assert!(complained.contains(expected), "{complained}");
    }
    let strict = [&train[..], &["--strict"]].concat();
    let (fine, _, complained) = run(at, &strict);
    assert!(
        !fine && complained.contains("2 rows are malformed"),
        "{complained}"
    );

    let evaluate = [
        "evaluate",
        "voice",
        "--data",
        ".",
        "--model",
        "own.model",
        "--report",
        "report",
        "--resamples",
        "10",
    ];
    let (fine, said, complained) = run(at, &evaluate);
    assert!(fine, "{complained}");
    let figures: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(figures["model"], "own");
    let conditions = figures["conditions"].as_object().unwrap();
    assert_eq!(conditions.len(), 5);
    let telephone = &conditions["telephone"];
    assert_eq!(telephone["recordings"], 32);
    assert!(
        telephone["unweighted_average_recall"]["value"]
            .as_f64()
            .unwrap()
            > 0.8,
        "{telephone}"
    );
    assert!(
        telephone["anger_auc"]["value"].as_f64().unwrap() > 0.9,
        "{telephone}"
    );
    assert_eq!(conditions["telephone_angry_throughout"]["recordings"], 8);
    for file in [
        "figures.json",
        "telephone.svg",
        "telephone-anger-calibration.svg",
    ] {
        assert!(at.join("report").join(file).is_file(), "{file}");
    }

    let score = [
        "score",
        "voice",
        "--model",
        "own.model",
        "recordings/0-anger-0.wav",
    ];
    let (_, said, _) = run(at, &score);
    assert_eq!(lines(&said)[0]["model"], "own");

    fs::write(at.join("own.model"), b"OVVOICE1\nno more").unwrap();
    let (fine, _, complained) = run(at, &score);
    assert!(
        !fine && complained.contains("could not read the voice model own.model"),
        "{complained}"
    );
}

#[test]
fn without_a_model_each_speaker_is_read_by_one_made_without_them() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    acted(at);
    let table = fs::read_to_string(at.join("utterances.csv")).unwrap();
    let three: String = table
        .lines()
        .filter(|line| !line.contains(",s3,"))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(at.join("utterances.csv"), three).unwrap();
    let (fine, _, complained) = run(at, &["evaluate", "voice", "--data", "utterances.csv"]);
    assert!(
        !fine && complained.contains("expected recordings of at least 3 speakers, got 2"),
        "{complained}"
    );
}
