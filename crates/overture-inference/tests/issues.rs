//! Issue classifiers: what they learn from a few messages, what they refuse, and that nothing in a text or a file breaks them.
#![allow(clippy::unwrap_used, reason = "tests")]

use overture_inference::{
    ModelFileError,
    issues::{IssueModel, Labelled, Made, MakeError, OUT_OF_SCOPE, Scratch, learn::Recipe, make},
};
use proptest::prelude::*;

const ISSUES: [(&str, &[&str], &[&str]); 3] = [
    (
        "delivery",
        &["parcel", "package", "delivery", "shipment"],
        &[
            "where is my",
            "when does the",
            "nobody brought the",
            "track the late",
            "still no",
        ],
    ),
    (
        "refund/geld zurück",
        &["refund", "money", "payment", "charge"],
        &[
            "give back my",
            "i was billed twice, return the",
            "reverse the double",
            "i want my",
            "send back the",
        ],
    ),
    (
        "sign-in",
        &["password", "login", "account", "code"],
        &[
            "i forgot my",
            "reset the",
            "i am locked out, wrong",
            "the page refuses my",
            "unlock my",
        ],
    ),
];

const ELSEWHERE: [&str; 16] = [
    "what is the capital of peru",
    "tell me a joke about cats",
    "how tall is the eiffel tower",
    "sing something for grandma",
    "who won the football final",
    "is it going to rain tomorrow",
    "translate hello into greek",
    "recommend a good film",
    "how do i bake sourdough bread",
    "what time is sunset in oslo",
    "play some quiet jazz",
    "name three kinds of whales",
    "do aliens exist",
    "how far away is the moon",
    "what should i cook with leeks",
    "write a poem on autumn",
];

/// Every subject with every opening, and the messages that belong nowhere.
fn corpus() -> Vec<(String, &'static str)> {
    let inside = ISSUES.iter().flat_map(|(label, subjects, openings)| {
        openings.iter().flat_map(move |opening| {
            subjects
                .iter()
                .map(move |subject| (format!("{opening} {subject}"), *label))
        })
    });
    let outside = ELSEWHERE
        .iter()
        .map(|text| ((*text).to_owned(), OUT_OF_SCOPE));
    inside.chain(outside).collect()
}

fn made(rows: &[(String, &str)]) -> Result<Made, MakeError> {
    let rows: Vec<Labelled<'_>> = rows
        .iter()
        .map(|(text, label)| Labelled { text, label })
        .collect();
    make("own", &rows, &[], Recipe::default(), &mut |share| {
        assert!((0.0..=1.0).contains(&share));
    })
}

fn model() -> &'static IssueModel {
    static MODEL: std::sync::LazyLock<IssueModel> =
        std::sync::LazyLock::new(|| made(&corpus()).unwrap().model);
    &MODEL
}

fn named(text: &str) -> String {
    let reading = model().read(text, &mut Scratch::default());
    let sum: f32 = reading.issues.iter().sum::<f32>() + reading.out_of_scope;
    assert!((sum - 1.0).abs() < 1e-3, "{text:?}: {sum}");
    reading
        .named
        .map_or(OUT_OF_SCOPE, |place| &model().issues()[place])
        .to_owned()
}

#[test]
fn new_messages_are_named_by_what_they_are_about() {
    assert_eq!(
        model().issues(),
        ["delivery", "refund/geld zurück", "sign-in"]
    );
    for (text, label) in [
        ("the parcel is late, where is it", "delivery"),
        ("Please return my MONEY!!", "refund/geld zurück"),
        ("my pasword was wrong and i am locked out", "sign-in"),
        ("which whales sing jazz", OUT_OF_SCOPE),
        ("xqz vvk", OUT_OF_SCOPE),
    ] {
        assert_eq!(named(text), label, "{text}");
    }
}

#[test]
fn the_same_training_gives_the_same_bytes_in_any_process_and_reads_back_whole() {
    let file = model().to_file();
    assert_eq!(made(&corpus()).unwrap().model.to_file(), file);
    let read = IssueModel::from_file(&file).unwrap();
    assert_eq!(&read, model());
    assert_eq!(read.to_file(), file);
}

#[test]
fn a_file_that_is_cut_off_changed_or_another_is_refused_with_the_reason() {
    let file = model().to_file();
    for kept in [0, 4, 8, 10, 40, 200, file.len() / 2, file.len() - 1] {
        let error = IssueModel::from_file(&file[..kept]).unwrap_err();
        let is_told = match error {
            ModelFileError::NotAModel { .. } => kept < 8,
            ModelFileError::CutOff { expected, .. } => kept >= 8 && expected > 0,
            _ => false,
        };
        assert!(is_told, "{kept}: {error}");
    }
    for at in [0, 9, 20, 400, file.len() / 2, file.len() - 1] {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(IssueModel::from_file(&changed).is_err(), "byte {at}");
    }
    let mut changed = file.clone();
    changed[file.len() / 2] ^= 1;
    let error = IssueModel::from_file(&changed).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the file was changed after it was written: its SHA-256 does not fit"
    );
    let mut longer = file;
    longer.push(0);
    assert!(matches!(
        IssueModel::from_file(&longer),
        Err(ModelFileError::Changed)
    ));
}

#[test]
fn nothing_known_is_out_of_scope_for_certain() {
    for text in ["", "  \n\t", "\u{0}\u{1}", "\u{200b}\u{feff}"] {
        let reading = model().read(text, &mut Scratch::default());
        assert_eq!(reading.named, None, "{text:?}");
        assert_eq!(reading.out_of_scope.to_bits(), 1.0f32.to_bits(), "{text:?}");
    }
}

#[test]
fn hostile_texts_are_read_in_bounded_work() {
    let binary: Vec<u8> = (0..=255u8).cycle().take(1 << 20).collect();
    for text in [
        "a".repeat(1 << 20),
        "where is my parcel ".repeat(60_000),
        "😀🏽".repeat(100_000),
        "!".repeat(1 << 20),
        "\u{202e}lecrap ym si erehw".repeat(1_000),
        "包裹在哪里".repeat(50_000),
        String::from_utf8_lossy(&binary).into_owned(),
    ] {
        named(&text);
    }
    assert_eq!(named("where is my parcel 😀😀 \u{fffd}"), "delivery");
}

#[test]
fn fewer_than_two_labels_are_refused() {
    let one: Vec<_> = corpus()
        .into_iter()
        .filter(|(_, label)| *label == "delivery")
        .collect();
    let error = made(&one).unwrap_err();
    assert_eq!(error, MakeError::TooFewLabels { found: 1 });
    assert_eq!(
        error.to_string(),
        "expected messages with at least two labels, got 1"
    );
    assert_eq!(made(&[]), Err(MakeError::TooFewLabels { found: 0 }));
    let silent = [(" ".to_owned(), "a"), ("\t".to_owned(), "b")];
    assert_eq!(made(&silent), Err(MakeError::Nothing));
}

#[test]
fn repeated_rows_count_once_and_contradictory_ones_under_each_label() {
    let mut rows = corpus();
    let before = made(&rows).unwrap();
    rows.extend(corpus().into_iter().take(7));
    let repeated = made(&rows).unwrap();
    assert_eq!(repeated.repeated, 7);
    assert_eq!(repeated.model.to_file(), before.model.to_file());
    rows.push(("where is my parcel".to_owned(), "sign-in"));
    let contradictory = made(&rows).unwrap();
    assert_eq!(contradictory.contradictory, 1);
    assert_eq!(contradictory.learned, before.learned + 1);
}

#[test]
fn without_messages_out_of_scope_nothing_known_is_refused() {
    let inside: Vec<_> = corpus()
        .into_iter()
        .filter(|(_, label)| *label != OUT_OF_SCOPE)
        .collect();
    let made = made(&inside).unwrap();
    assert_eq!(made.model.threshold(), None);
    let reading = made
        .model
        .read("my favourite parcel of land", &mut Scratch::default());
    assert!(reading.named.is_some());
}

#[test]
fn labels_keep_every_character_that_they_have() {
    let odd = ["\"quoted\"", "a\\b", "übergröße 😀", "<script>", "  ", "{}"];
    let rows: Vec<_> = odd
        .iter()
        .enumerate()
        .flat_map(|(place, label)| {
            (0..3).map(move |turn| (format!("subject{place} number {turn}"), *label))
        })
        .collect();
    let model = made(&rows).unwrap().model;
    let read = IssueModel::from_file(&model.to_file()).unwrap();
    for label in odd {
        assert!(read.issue(label).is_some(), "{label:?}");
    }
    assert_eq!(read.issue("missing"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_has_probabilities_that_sum_to_one(text in "\\PC{0,200}") {
        named(&text);
    }

    #[test]
    fn any_bytes_are_a_model_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut file = b"OVISSU1\n".to_vec();
        file.extend(bytes);
        prop_assert!(IssueModel::from_file(&file).is_err());
    }
}
