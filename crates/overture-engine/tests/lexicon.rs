//! The domain lexicon: which phrases are found, what a model reads instead, and where its evidence stands then.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::ops::Range;

use overture_engine::{
    model::{Abstained, Evidence, Sentiment, TextReading, TextScore},
    understand::{
        TextModel,
        lexicon::{DomainLexicon, ENTRIES_MAX, GROWTH_BYTES_MAX, LexiconEntry, LexiconError},
    },
};
use proptest::prelude::*;

fn entry(phrase: &str, reads_as: &str) -> LexiconEntry {
    LexiconEntry {
        phrase: phrase.to_owned(),
        reads_as: reads_as.to_owned(),
    }
}

fn lexicon(entries: &[(&str, &str)]) -> DomainLexicon {
    let entries: Vec<_> = entries
        .iter()
        .map(|(phrase, reads_as)| entry(phrase, reads_as))
        .collect();
    DomainLexicon::new(3, &entries).unwrap()
}

fn ours() -> DomainLexicon {
    lexicon(&[
        ("sick", "great"),
        ("kill", "end"),
        ("kill the job", "end the job"),
        ("OOS", "out of stock"),
        ("Panic 3000", ""),
        ("great", "terrible"),
        ("don't panic", "stay calm"),
        ("C++", "the language"),
        ("kill-switch", "button"),
        ("Straße", "road"),
        ("version 2", "the update"),
        ("最高", "great"),
        ("card", "thing"),
        ("email", "post"),
    ])
}

#[test]
fn phrases_are_read_as_other_words_whole_and_the_longest_first() {
    let lexicon = ours();
    for (written, read) in [
        ("", ""),
        ("nothing of ours", "nothing of ours"),
        ("this is sick", "this is great"),
        ("not SICK, at all", "not great, at all"),
        (
            "Sickness, asick and sick_leave",
            "Sickness, asick and sick_leave",
        ),
        ("kill the job", "end the job"),
        ("kill \t\n the  job!", "end the job!"),
        ("kill the jobs", "end the jobs"),
        ("kill kill the job", "end end the job"),
        ("it is oos; OOS", "it is out of stock; out of stock"),
        ("my Panic 3000 is sick", "my   is great"),
        ("the panic 3000's lid", "the  's lid"),
        (
            "Panic 3000.5 and Panic 30000",
            "Panic 3000.5 and Panic 30000",
        ),
        ("PANIC 3000", " "),
        // What a phrase reads as is not looked at again, and "sick" is not read as "terrible" by way of "great".
        ("sick great", "great terrible"),
        ("Don\u{2019}t   PANIC", "stay calm"),
        ("I don't kill it", "I don't end it"),
        ("C++ and C + +", "the language and C + +"),
        ("C++x", "the language x"),
        ("press the kill-switch", "press the button"),
        ("press the kill - switch", "press the end - switch"),
        ("die STRASSE, die straße", "die road, die road"),
        ("version 2.1 or version 2.", "version 2.1 or the update."),
        ("本当に最高です", "本当に great です"),
        ("cafe\u{301} sick\u{301}", "cafe\u{301} sick\u{301}"),
        (
            "[email:k3v7x2aq] [card] sick card [secret]",
            "[email:k3v7x2aq] [card] great thing [secret]",
        ),
        ("[email:no] an email", "[post:no] an post"),
        ("\u{0}sick\u{fffd}😀sick", "\u{0}great\u{fffd}😀great"),
    ] {
        assert_eq!(lexicon.rewrite(written).text(), read, "{written:?}");
    }
}

#[test]
fn entries_that_cannot_be_used_are_named() {
    let long = "x".repeat(81);
    let letters = "ß".repeat(80);
    for (phrase, reads_as, path) in [
        ("", "x", Some("entries[1].phrase")),
        (" \t ", "x", Some("entries[1].phrase")),
        (":-(", "x", Some("entries[1].phrase")),
        (&long, "x", Some("entries[1].phrase")),
        ("a\u{0}b", "x", Some("entries[1].phrase")),
        ("x", &long, Some("entries[1].reads_as")),
        ("x", "a\u{7}", Some("entries[1].reads_as")),
        (" FIRST   one", "x", Some("entries[1].phrase")),
        (&letters, &letters, None),
        ("7", "", None),
        ("first-one", "", None),
        ("firstone", "", None),
    ] {
        let entries = [
            entry("first\n ONE ", " good  news "),
            entry(phrase, reads_as),
        ];
        let made = DomainLexicon::new(1, &entries);
        let found = made.as_ref().err().map(LexiconError::path);
        assert_eq!(found.as_deref(), path, "{phrase:?}");
        if let Ok(lexicon) = made {
            assert_eq!(lexicon.entries()[0], entry("first ONE", "good news"));
        }
    }
    let many: Vec<_> = (0..=ENTRIES_MAX)
        .map(|place| entry(&format!("phrase {place}"), ""))
        .collect();
    assert_eq!(
        DomainLexicon::new(1, &many).unwrap_err(),
        LexiconError::TooMany(ENTRIES_MAX + 1)
    );
    assert!(DomainLexicon::new(1, &many[1..]).is_ok());
}

/// Takes every word of some length for evidence, and abstains where there is none.
struct Words(usize);

impl TextModel for Words {
    fn name(&self) -> &'static str {
        "words"
    }

    fn read(&self, text: &str) -> TextReading {
        let mut evidence = Vec::new();
        let mut from = 0;
        for word in text.split_inclusive(' ') {
            let end = from + word.trim_end_matches(' ').len();
            if end - from >= self.0 {
                evidence.push(Evidence {
                    start: from as u32,
                    end: end as u32,
                    weight: 0.5,
                });
            }
            from += word.len();
        }
        if text.trim().is_empty() {
            return TextReading::Abstained {
                why: Abstained::Empty,
                language: None,
            };
        }
        TextReading::Scored(Box::new(TextScore {
            model: self.name().to_owned(),
            tier: 0,
            language: None,
            sentiment: Sentiment::default(),
            emotions: [0.0; 8],
            sarcasm: 0.0,
            urgency: 0.0,
            evidence,
        }))
    }
}

/// The words of the original that are evidence, with their weights.
fn evidence<'a>(lexicon: &DomainLexicon, text: &'a str) -> Vec<(&'a str, f32)> {
    let reading = lexicon.read(&Words(2), text);
    let found = reading.score().unwrap().evidence.iter();
    found
        .map(|one| (&text[one.start as usize..one.end as usize], one.weight))
        .collect()
}

#[test]
fn evidence_stands_where_it_was_written_and_a_phrase_is_one_piece_of_it() {
    let lexicon = ours();
    assert_eq!(
        evidence(&lexicon, "😀 OOS again, kill   the job"),
        [
            ("😀", 0.5),
            ("OOS", 1.5),
            ("again,", 0.5),
            ("kill   the job", 1.5)
        ]
    );
    assert_eq!(evidence(&lexicon, "Panic 3000 broke"), [("broke", 0.5)]);
    // A word that a phrase is only a part of is all of both.
    assert_eq!(
        evidence(&lexicon, "an OOS-item"),
        [("an", 0.5), ("OOS-item", 1.5)]
    );
    let nothing = lexicon.read(&Words(2), "Panic 3000");
    assert_eq!(
        nothing.score(),
        None,
        "a text of such phrases alone says nothing"
    );
}

#[test]
fn a_reading_names_the_list_that_was_in_force() {
    let model = |lexicon: &DomainLexicon| {
        let reading = lexicon.read(&Words(2), "hello");
        reading.score().unwrap().model.clone()
    };
    assert_eq!(model(&ours()), "words+words-3");
    let draft = DomainLexicon::new(0, ours().entries()).unwrap();
    assert_eq!(model(&draft), "words+words");
    assert_eq!(model(&DomainLexicon::new(4, &[]).unwrap()), "words");
    assert_eq!(model(&DomainLexicon::default()), "words");
}

#[test]
fn a_text_grows_by_no_more_than_is_read_of_it() {
    let long = "long ".repeat(16);
    let lexicon = lexicon(&[("a", &long)]);
    let text = "a ".repeat(4_000);
    let rewritten = lexicon.rewrite(&text);
    let longer = rewritten.text().len() - text.len();
    assert!(
        (GROWTH_BYTES_MAX - 100..=GROWTH_BYTES_MAX).contains(&longer),
        "{longer}"
    );
    assert!(
        rewritten.text().ends_with(" a a a a "),
        "the rest stays as it is written"
    );
}

/// Texts that often hold a phrase of [`ours`].
fn texts() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        Just("sick".to_owned()),
        Just("KILL the job".to_owned()),
        Just("Panic 3000".to_owned()),
        Just("[email:k3v7x2aq]".to_owned()),
        Just("最高".to_owned()),
        Just("Don\u{2019}t panic's".to_owned()),
        "[ \\t\\n.,'+-]{1,3}",
        "\\PC{0,6}",
    ];
    proptest::collection::vec(parts, 0..12).prop_map(|parts| parts.concat())
}

fn is_inside(range: &Range<usize>, text: &str) -> bool {
    range.start <= range.end && text.get(range.clone()).is_some()
}

proptest! {
    #[test]
    fn every_place_leads_back_into_the_original(text in texts(), at in 0usize..400, length in 0usize..40) {
        let lexicon = ours();
        let rewritten = lexicon.rewrite(&text);
        let at = rewritten.text().floor_char_boundary(at);
        let end = rewritten.text().floor_char_boundary(at + length);
        let found = rewritten.original(at..end);
        prop_assert!(is_inside(&found, &text), "{found:?} of {text:?}");
        // What stands in no phrase is the same letters here and there.
        let touches = |phrase: Range<usize>| phrase.start < found.end && found.start < phrase.end;
        if end > at && !rewritten.phrases().any(touches) {
            prop_assert_eq!(&text[found], &rewritten.text()[at..end]);
        }
        let past = rewritten.original(0..usize::MAX);
        prop_assert_eq!(past.end, text.len());
    }

    #[test]
    fn what_is_in_no_phrase_stays_and_markers_are_in_none(text in texts()) {
        let lexicon = ours();
        let rewritten = lexicon.rewrite(&text);
        let mut kept = String::new();
        let mut from = 0;
        for phrase in rewritten.phrases() {
            kept.push_str(&text[from..phrase.start]);
            from = phrase.end;
        }
        kept.push_str(&text[from..]);
        let markers = |text: &str| text.matches("[email:k3v7x2aq]").count();
        prop_assert_eq!(markers(&kept), markers(&text));
        prop_assert_eq!(markers(rewritten.text()), markers(&text));
        prop_assert_eq!(rewritten.phrases().next().is_none(), rewritten.text() == text.as_str());
    }

    #[test]
    fn without_entries_a_text_is_what_it_was(text in "\\PC{0,80}") {
        for lexicon in [DomainLexicon::default(), lexicon(&[("no such phrase", "x")])] {
            let rewritten = lexicon.rewrite(&text);
            prop_assert_eq!(rewritten.text(), text.as_str());
        }
    }
}
