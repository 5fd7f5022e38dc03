//! Words as the index knows them: without case, accents and endings.

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The longest word that is told apart, letters; the rest of a longer one is left out.
const WORD_LETTERS_MAX: usize = 40;

/// Takes case, accents and variants of letters away, so that what is typed in a hurry is
/// what was written with care.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkd().flat_map(char::to_lowercase) {
        match letter {
            // Tatweel only stretches a word.
            'ـ' => {}
            letter if is_combining_mark(letter) => {}
            'ٱ' => folded.push('ا'),
            'ى' | 'ی' => folded.push('ي'),
            'ة' => folded.push('ه'),
            'ک' => folded.push('ك'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            'ı' => folded.push('i'),
            letter => folded.push(letter),
        }
    }
    folded
}

/// The folded words of a text, in order. Scripts that write no spaces give one word a sign.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word = String::new();
    let mut letters = 0;
    for letter in fold(text).chars() {
        let alone = writes_no_spaces(letter);
        if (alone || !letter.is_alphanumeric()) && !word.is_empty() {
            found.push(std::mem::take(&mut word));
            letters = 0;
        }
        if alone {
            found.push(letter.to_string());
        } else if letter.is_alphanumeric() && letters < WORD_LETTERS_MAX {
            word.push(letter);
            letters += 1;
        }
    }
    if !word.is_empty() {
        found.push(word);
    }
    found
}

fn writes_no_spaces(letter: char) -> bool {
    matches!(letter as u32,
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff | 0x2_0000..=0x3_ffff)
}

/// Takes endings away, as one language has them.
pub(super) struct Endings {
    stemmer: Option<Stemmer>,
    is_spanish: bool,
    small: &'static [&'static str],
}

impl Endings {
    /// Of the language of a BCP 47 tag; a language that is not known keeps its endings.
    pub(super) fn of(locale: &str) -> Self {
        let algorithm = match primary(locale) {
            "ar" => Some(Algorithm::Arabic),
            "da" => Some(Algorithm::Danish),
            "de" => Some(Algorithm::German),
            "el" => Some(Algorithm::Greek),
            "en" => Some(Algorithm::English),
            "es" => Some(Algorithm::Spanish),
            "fi" => Some(Algorithm::Finnish),
            "fr" => Some(Algorithm::French),
            "hu" => Some(Algorithm::Hungarian),
            "it" => Some(Algorithm::Italian),
            "nb" | "nn" | "no" => Some(Algorithm::Norwegian),
            "nl" => Some(Algorithm::Dutch),
            "pt" => Some(Algorithm::Portuguese),
            "ro" => Some(Algorithm::Romanian),
            "ru" => Some(Algorithm::Russian),
            "sv" => Some(Algorithm::Swedish),
            "ta" => Some(Algorithm::Tamil),
            "tr" => Some(Algorithm::Turkish),
            _ => None,
        };
        Self {
            stemmer: algorithm.map(Stemmer::create),
            is_spanish: primary(locale) == "es",
            small: small_words(primary(locale)),
        }
    }

    /// A folded word without its ending.
    pub(super) fn stem(&self, word: &str) -> String {
        // Spanish knows this ending by its accent, which folding took.
        let accented = word
            .strip_suffix("ion")
            .filter(|begun| self.is_spanish && begun.ends_with(['c', 's']))
            .map(|begun| format!("{begun}ión"));
        let word = accented.as_deref().unwrap_or(word);
        match &self.stemmer {
            Some(stemmer) => stemmer.stem(word).into_owned(),
            None => word.to_owned(),
        }
    }

    /// Whether a folded word says nothing by itself.
    pub(super) fn is_small(&self, word: &str) -> bool {
        self.small.contains(&word)
    }
}

/// The language of a tag: `es` of `es-mx`.
pub(super) fn primary(locale: &str) -> &str {
    locale.split(['-', '_']).next().unwrap_or_default()
}

/// Words that are in every question, folded.
fn small_words(language: &str) -> &'static [&'static str] {
    match language {
        "en" => &[
            "a", "an", "and", "are", "can", "do", "does", "for", "from", "have", "how", "i", "in",
            "is", "it", "me", "my", "of", "on", "or", "the", "this", "to", "we", "what", "when",
            "where", "why", "with", "you", "your", "not", "be", "was", "t", "s",
        ],
        "de" => &[
            "aber", "als", "am", "an", "auf", "aus", "bei", "das", "dem", "den", "der", "des",
            "die", "ein", "eine", "einen", "er", "es", "fur", "ich", "im", "in", "ist", "kann",
            "man", "mein", "meine", "meinen", "mit", "nicht", "sie", "sind", "und", "von", "was",
            "wann", "warum", "wie", "wir", "wo", "zu", "zum", "zur",
        ],
        "es" => &[
            "a", "al", "como", "con", "cuando", "de", "del", "donde", "el", "en", "es", "esta",
            "la", "las", "lo", "los", "mi", "mis", "no", "o", "para", "por", "puedo", "que", "se",
            "su", "un", "una", "y", "yo", "hay",
        ],
        "ar" => &[
            "في",
            "من",
            "على",
            "علي",
            "الى",
            "الي",
            "عن",
            "ما",
            "هل",
            "كيف",
            "متي",
            "اين",
            "لا",
            "لم",
            "ان",
            "هذا",
            "هذه",
            "التي",
            "الذي",
            "مع",
            "او",
            "و",
            "انا",
            "لي",
            "لماذا",
        ],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_in_a_hurry_is_what_was_written_with_care() {
        for (written, typed) in [
            ("Rückgabe", "ruckgabe"),
            ("ÉTÉ", "ete"),
            ("Straße", "strasse"),
            ("إرجاع", "ارجاع"),
            ("الدَّفْع", "الدفع"),
            ("بطاقة", "بطاقه"),
            ("ﬁle", "file"),
            ("ＡＢＣ", "abc"),
        ] {
            assert_eq!(fold(written), fold(typed), "{written}");
        }
    }

    #[test]
    fn words_are_split_where_scripts_split_them() {
        assert_eq!(words("Card-number: 4,5!"), ["card", "number", "4", "5"]);
        assert_eq!(words("退款abc"), ["退", "款", "abc"]);
        assert_eq!(words("  "), Vec::<String>::new());
        assert_eq!(words(&"x".repeat(100))[0].len(), WORD_LETTERS_MAX);
    }

    #[test]
    fn endings_go_by_language() {
        for (locale, one, other) in [
            ("en", "refunds", "refunded"),
            ("de", "bestellungen", "bestellung"),
            ("es-mx", "devoluciones", "devolucion"),
            ("ar", "الطلبات", "طلب"),
            ("xx", "same", "same"),
        ] {
            let endings = Endings::of(locale);
            assert_eq!(endings.stem(one), endings.stem(other), "{locale}");
        }
    }
}
