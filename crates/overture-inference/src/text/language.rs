//! The language gate: what is not English is not scored.
//!
//! Common English words decide at once; only a message with few of them is given to the language detector, which is
//! slower. A short message, or one of names and numbers, is taken: its language is then unknown.

use super::tokens::{Kind, Tokens};

/// What language a message is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Too short or too unlike any language to say.
    Unknown,
    /// Another one, BCP 47.
    Other(&'static str),
}

/// Words of a message that are looked at.
const WORDS_MAX: usize = 60;
/// Fewer words than this say too little.
const WORDS_MIN: usize = 3;
/// Fewer letters than this say too little, unless they are of another script.
const LETTERS_MIN: usize = 12;

/// Looks at the tokens of `text`.
pub fn language(text: &str, tokens: &Tokens) -> Language {
    let (mut words, mut common, mut letters, mut foreign) = (0usize, 0usize, 0usize, 0usize);
    for token in tokens
        .all()
        .iter()
        .filter(|token| token.kind == Kind::Word)
        .take(WORDS_MAX)
    {
        let normal = tokens.normal(token);
        words += 1;
        common += usize::from(is_common(normal));
        letters += normal.len();
        foreign += usize::from(normal.iter().any(|byte| *byte >= 0xcd));
    }
    if words == 0 {
        return Language::Unknown;
    }
    // 0xcd begins every script behind Latin.
    let is_foreign_script = foreign * 2 > words;
    if !is_foreign_script && (words < WORDS_MIN || letters < LETTERS_MIN) {
        return Language::Unknown;
    }
    if common * 5 >= words && common >= 2 {
        return Language::English;
    }
    match whichlang::detect_language(text) {
        whichlang::Lang::Eng => Language::English,
        // Few words and one of them plainly English: names and jargon make the rest look foreign.
        _ if !is_foreign_script && common > 0 && words < 8 => Language::Unknown,
        other => Language::Other(tag(other)),
    }
}

fn tag(language: whichlang::Lang) -> &'static str {
    use whichlang::Lang;
    match language {
        Lang::Ara => "ar",
        Lang::Cmn => "zh",
        Lang::Deu => "de",
        Lang::Eng => "en",
        Lang::Fra => "fr",
        Lang::Hin => "hi",
        Lang::Ita => "it",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Nld => "nl",
        Lang::Por => "pt",
        Lang::Rus => "ru",
        Lang::Spa => "es",
        Lang::Swe => "sv",
        Lang::Tur => "tr",
        Lang::Vie => "vi",
    }
}

/// Words that are frequent in English and rare elsewhere.
fn is_common(word: &[u8]) -> bool {
    matches!(
        word,
        b"the"
            | b"and"
            | b"you"
            | b"that"
            | b"was"
            | b"for"
            | b"are"
            | b"with"
            | b"his"
            | b"they"
            | b"this"
            | b"have"
            | b"from"
            | b"had"
            | b"not"
            | b"but"
            | b"what"
            | b"all"
            | b"were"
            | b"when"
            | b"your"
            | b"can"
            | b"said"
            | b"there"
            | b"each"
            | b"which"
            | b"she"
            | b"how"
            | b"their"
            | b"will"
            | b"other"
            | b"about"
            | b"out"
            | b"many"
            | b"then"
            | b"them"
            | b"these"
            | b"some"
            | b"her"
            | b"would"
            | b"make"
            | b"like"
            | b"him"
            | b"into"
            | b"has"
            | b"look"
            | b"two"
            | b"more"
            | b"go"
            | b"see"
            | b"could"
            | b"my"
            | b"than"
            | b"been"
            | b"who"
            | b"its"
            | b"it's"
            | b"i'm"
            | b"i've"
            | b"don't"
            | b"can't"
            | b"didn't"
            | b"it"
            | b"to"
            | b"of"
            | b"is"
            | b"be"
            | b"at"
            | b"we"
            | b"just"
            | b"still"
            | b"why"
            | b"please"
            | b"thanks"
            | b"thank"
            | b"does"
            | b"did"
            | b"because"
            | b"get"
            | b"got"
            | b"now"
            | b"no"
            | b"yes"
            | b"very"
            | b"really"
            | b"again"
            | b"any"
            | b"being"
            | b"should"
            | b"where"
            | b"i'd"
            | b"i'll"
            | b"that's"
            | b"isn't"
            | b"won't"
            | b"if"
    )
}
