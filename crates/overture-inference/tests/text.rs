//! The text model that ships: what it says, what it refuses, and that its explanation is the score's own.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use overture_engine::{
    model::{Abstained, Emotion, SentimentLabel, TextReading, TextScore},
    understand::TextModel,
};
use overture_inference::text::{Scratch, TextHeads, TextTables, authored::authored};
use proptest::prelude::*;

const FILE: &[u8] = include_bytes!("../../../models/text-1.model");

fn model() -> &'static TextTables {
    static MODEL: std::sync::LazyLock<TextTables> =
        std::sync::LazyLock::new(|| TextTables::from_file(FILE).unwrap());
    &MODEL
}

fn scored(text: &str) -> TextScore {
    support::scored(model(), text)
}

#[test]
fn the_registry_names_exactly_this_file() {
    support::registry::the_registry_names_exactly_this_file("text-1", FILE);
    assert_eq!(model().name(), "text-1");
}

#[test]
fn plain_messages_are_read_as_a_person_would() {
    use SentimentLabel::{Negative, Neutral, Positive};
    for (text, label) in [
        ("Thank you so much, that solved it at once!", Positive),
        ("I am furious, this is the worst service ever", Negative),
        ("Where can I see my invoice from March?", Neutral),
        ("thx, works perfectly now :)", Positive),
        ("you people are useless and I want my money back", Negative),
    ] {
        let score = scored(text);
        assert_eq!(score.sentiment.label, label, "{text}: {score:?}");
        let sign = score.sentiment.score;
        assert!(
            match label {
                Negative => sign < -0.3,
                Positive => sign > 0.3,
                Neutral => sign.abs() < 0.3,
            },
            "{text}: {sign}"
        );
    }
    assert!(scored("I am so angry with you").emotion(Emotion::Anger) > 0.5);
    assert!(scored("thank you, much appreciated").emotion(Emotion::Gratitude) > 0.5);
}

#[test]
fn anger_in_capitals_and_marks_is_no_weaker() {
    let plain = scored("this is terrible service").sentiment.score;
    let loud = scored("THIS IS TERRIBLE SERVICE!!!").sentiment.score;
    assert!(loud <= plain + 0.1, "{plain} {loud}");
}

#[test]
fn what_cannot_be_read_is_not_scored() {
    for (text, why) in [
        ("", Abstained::Empty),
        ("   \n\t", Abstained::Empty),
        ("?!?!", Abstained::Empty),
        ("\u{0}\u{1}\u{2}", Abstained::Empty),
        ("\u{200b}\u{feff}", Abstained::Empty),
        (
            "Ich warte seit zwei Wochen auf meine Lieferung und niemand antwortet mir",
            Abstained::Language,
        ),
        (
            "Llevo dos semanas esperando y nadie me contesta, quiero mi dinero",
            Abstained::Language,
        ),
        (
            "أنا أنتظر منذ أسبوعين ولا أحد يجيب على رسائلي",
            Abstained::Language,
        ),
        (
            "我等了两个星期还没有收到我的包裹请帮帮我",
            Abstained::Language,
        ),
    ] {
        match model().read(text) {
            TextReading::Abstained { why: found, .. } => assert_eq!(found, why, "{text:?}"),
            TextReading::Scored(score) => panic!("{text:?} was scored: {score:?}"),
        }
    }
}

#[test]
fn hostile_texts_are_read_in_bounded_work() {
    let zalgo = format!("I am so a{} angry with this", "\u{301}".repeat(3_000));
    for text in [
        "a".repeat(1 << 20),
        "word ".repeat(200_000),
        "😀".repeat(10_000),
        "!".repeat(1 << 20),
        "9".repeat(1 << 20),
        "@".repeat(1 << 20),
        "\u{202e}gnorw si siht".repeat(1_000),
        zalgo,
    ] {
        let reading = model().read(&text);
        if let TextReading::Scored(score) = reading {
            assert!((-1.0..=1.0).contains(&score.sentiment.score));
        }
    }
}

#[test]
fn without_its_strongest_words_a_strong_message_is_weaker() {
    support::the_explanation_is_the_reason(model());
}

#[test]
fn a_changed_or_cut_file_is_refused() {
    support::a_changed_or_cut_file_is_refused(FILE, |bytes| TextTables::from_file(bytes).err());
}

#[test]
fn a_model_is_written_as_it_was_read() {
    assert_eq!(model().to_file(), FILE);
}

#[test]
fn only_what_its_writer_wrote_is_read() {
    for (text, wanted) in [
        (
            "Thanks!\n\n> this is terrible, I hate it\n> awful",
            "Thanks!\n\n",
        ),
        (
            "Yes please.\nOn Monday, Ann wrote:\n> you are useless",
            "Yes please.\n",
        ),
        (
            "All good now\n-- \nAngry Birds Ltd\nThe worst prices",
            "All good now\n",
        ),
        (
            "Great\nSent from my phone, sorry for being awful",
            "Great\n",
        ),
        ("> only quoted", "> only quoted"),
    ] {
        let kept: String = authored(text)
            .into_iter()
            .map(|range| &text[range])
            .collect();
        assert_eq!(kept, wanted);
    }
    let quoted = scored("Thank you, that is perfect.\n\n> I hate this, it is awful and terrible");
    assert_eq!(quoted.sentiment.label, SentimentLabel::Positive);
}

proptest! {
    #[test]
    fn evidence_lies_in_the_text_on_borders_of_characters(text in "\\PC{0,200}") {
        if let TextReading::Scored(score) = model().read(&text) {
            for one in &score.evidence {
                prop_assert!(one.start < one.end);
                prop_assert!(text.get(one.start as usize..one.end as usize).is_some());
            }
            prop_assert!((-1.0..=1.0).contains(&score.sentiment.score));
            prop_assert!(score.emotions.iter().all(|p| (0.0..=1.0).contains(p)));
        }
    }

    #[test]
    fn the_same_text_gives_the_same_answer(text in "[a-z !?]{0,80}") {
        let mut scratch = Scratch::default();
        model().full("something quite different before it!", &mut scratch);
        prop_assert_eq!(model().full(&text, &mut scratch).reading, model().read(&text));
    }
}
