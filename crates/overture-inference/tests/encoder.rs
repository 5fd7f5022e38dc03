//! Tier 1, tables and encoder together: what it says, that every processor hears the same, and what it refuses.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use std::sync::{Arc, LazyLock};

use overture_engine::{
    model::{Abstained, SentimentLabel, TextReading, TextScore},
    understand::TextModel,
};
use overture_inference::{
    ModelFileError,
    encoder::{BlendedText, Level, TextEncoder, fit},
    text::{
        Scratch, TextHeads, TextTables,
        heads::SENTIMENT_HEAD,
        learn::Example,
        targets::{self, Targets},
        tokens::TEXT_BYTES_MAX,
    },
};
use proptest::prelude::*;

const FILE: &[u8] = include_bytes!("../../../models/text-1.encoder");

static TABLES: LazyLock<Arc<TextTables>> = LazyLock::new(|| {
    let file = include_bytes!("../../../models/text-1.model");
    Arc::new(TextTables::from_file(file).unwrap())
});

static ENCODER: LazyLock<Arc<TextEncoder>> =
    LazyLock::new(|| Arc::new(TextEncoder::from_file(FILE).unwrap()));

fn model() -> BlendedText {
    BlendedText::new(TABLES.clone(), ENCODER.clone()).unwrap()
}

fn scored(text: &str) -> TextScore {
    support::scored(&model(), text)
}

#[test]
fn the_registry_names_exactly_this_file() {
    support::registry::the_registry_names_exactly_this_file(ENCODER.name(), FILE);
    assert_eq!(ENCODER.tables(), TABLES.name());
}

#[test]
fn words_are_read_in_their_context() {
    use SentimentLabel::{Negative, Positive};
    for (text, label) in [
        ("Thank you so much, that solved it at once!", Positive),
        ("I am furious, this is the worst service ever", Negative),
        ("not bad at all, I am impressed", Positive),
        ("no complaints here", Positive),
        ("nobody has called me back, as promised", Negative),
    ] {
        let score = scored(text);
        assert_eq!(score.sentiment.label, label, "{text}: {score:?}");
        assert_eq!((score.tier, score.model.as_str()), (1, "text-1-encoder"));
    }
}

#[test]
fn what_is_not_scored_by_the_tables_is_not_scored_at_all() {
    for (text, expected) in [
        ("", Abstained::Empty),
        ("?!", Abstained::Empty),
        (
            "Ich warte schon seit zwei Wochen und niemand antwortet auf meine Nachrichten",
            Abstained::Language,
        ),
    ] {
        let reading = model().read(text);
        assert!(
            matches!(reading, TextReading::Abstained { why, .. } if why == expected),
            "{text}: {reading:?}"
        );
    }
}

#[test]
fn without_its_strongest_words_a_strong_message_is_weaker() {
    support::the_explanation_is_the_reason(&model());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_processor_says_the_same_of_any_text(text in "(\\PC|[a-z ']|not |angry |thanks |\\[order:7f3a\\]|😡|!){0,400}") {
        let mut scratch = Scratch::default();
        let best = model().full(&text, &mut scratch);
        for level in Level::there() {
            prop_assert_eq!(&model().on(*level).full(&text, &mut scratch), &best);
        }
        if let TextReading::Scored(score) = &best.reading {
            prop_assert!((-1.0..=1.0).contains(&score.sentiment.score));
            prop_assert!(score.emotions.iter().all(|p| (0.0..=1.0).contains(p)));
            for one in &score.evidence {
                prop_assert!(text.get(one.start as usize..one.end as usize).is_some());
            }
        }
        prop_assert_eq!(model().read(&text), best.reading);
    }
}

#[test]
fn of_a_long_text_the_beginning_is_read() {
    let begin = "I am so disappointed, nobody answers. ".repeat(TEXT_BYTES_MAX / 38 + 1);
    let end = "thank you, all is well now. ".repeat(40_000);
    assert_eq!(model().read(&format!("{begin}{end}")), model().read(&begin));
}

#[test]
fn a_changed_or_cut_file_is_refused() {
    support::a_changed_or_cut_file_is_refused(FILE, |bytes| TextEncoder::from_file(bytes).err());
    let other = TextEncoder::from_file(include_bytes!("../../../models/text-1.model")).err();
    assert!(matches!(other, Some(ModelFileError::NotAModel { .. })));
    assert_eq!(ENCODER.to_file(), FILE);
}

#[test]
fn an_encoder_is_fitted_to_its_tables_and_refused_beside_others() {
    let train: Vec<Example> = ["slow", "late", "broken", "lost"]
        .iter()
        .flat_map(|word| {
            let of = |text: String, polarity: f32| {
                let mut targets = Targets::new();
                targets::polarity(polarity, &mut targets);
                Example {
                    text,
                    targets,
                    weight: 1.0,
                }
            };
            (0..12).flat_map(move |number| {
                [
                    of(format!("order {number} is {word} and I am upset"), -1.0),
                    of(
                        format!("order {number} was {word}, now all is well, thank you"),
                        1.0,
                    ),
                ]
            })
        })
        .collect();
    let own = overture_inference::text::make::make(
        "own",
        &train,
        &train,
        TABLES.lexicon().clone(),
        Default::default(),
        &mut |_| {},
    );
    let own = Arc::new(own);
    let refused = BlendedText::new(own.clone(), ENCODER.clone())
        .err()
        .unwrap();
    assert_eq!(
        (refused.fitted.as_str(), refused.tables.as_str()),
        ("text-1", "own")
    );
    let mut encoder = TextEncoder::clone(&ENCODER);
    let mut told = 0.0;
    fit(&mut encoder, &own, &train, &mut |share| told = share);
    assert_eq!((encoder.tables(), told), ("own", 1.0));
    let again = TextEncoder::from_file(&encoder.to_file()).unwrap();
    let blended = BlendedText::new(own, Arc::new(again)).unwrap();
    let said = blended.probabilities("it is late and I am upset", &mut Scratch::default());
    assert!(said[SENTIMENT_HEAD.first] > 0.8, "{said:?}");
}
