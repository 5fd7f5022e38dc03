//! A message as word pieces: the tokens of tier 0, each cut into the longest pieces that the vocabulary has.
//!
//! The vocabulary is that of BERT's uncased English models (Devlin and others, NAACL 2019), without what English messages do
//! not use and with emoji and emoticons added; greedy longest-match-first as there (Wu and others, 2016).

use std::{borrow::Cow, collections::HashMap};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::text::tokens::{Kind, Token, Tokens};

/// How many pieces of a message are read, with the first and the last marker; the rest is not looked at.
pub const PIECES_MAX: usize = 128;

/// How many of a run of equal marks are read: "!!!!!" says no more than "!!!".
const MARKS_MAX: usize = 3;

/// What begins every message.
pub const FIRST: &str = "[CLS]";
/// What ends every message.
pub const LAST: &str = "[SEP]";
/// What stands for letters that the vocabulary does not have.
pub const UNKNOWN: &str = "[UNK]";

/// The number of a piece in the vocabulary.
pub type Piece = u16;

/// Every piece that the encoder knows.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    names: Vec<Box<str>>,
    /// Pieces that begin a word, by their text.
    begins: HashMap<Box<str>, Piece>,
    /// Pieces that go on with a word, by their text without `##`.
    goes_on: HashMap<Box<str>, Piece>,
    first: Piece,
    last: Piece,
    unknown: Piece,
}

impl Vocabulary {
    /// A vocabulary of these pieces, in the order of their numbers; a piece that goes on with a word begins with `##`.
    ///
    /// # Errors
    /// There are more than 65,536, or [`FIRST`], [`LAST`] or [`UNKNOWN`] is missing.
    pub fn new(names: Vec<Box<str>>) -> Result<Self, &'static str> {
        if names.len() > usize::from(Piece::MAX) + 1 {
            return Err("more than 65,536 pieces");
        }
        let (mut begins, mut goes_on) = (HashMap::new(), HashMap::new());
        for (piece, name) in (0..=Piece::MAX).zip(&names) {
            match name.strip_prefix("##") {
                Some(rest) if !rest.is_empty() => goes_on.insert(rest.into(), piece),
                _ => begins.insert(name.clone(), piece),
            };
        }
        let find = |name: &str| begins.get(name).copied();
        let (Some(first), Some(last), Some(unknown)) = (find(FIRST), find(LAST), find(UNKNOWN))
        else {
            return Err("[CLS], [SEP] or [UNK] is missing");
        };
        Ok(Self {
            names,
            begins,
            goes_on,
            first,
            last,
            unknown,
        })
    }

    /// The pieces in the order of their numbers.
    pub fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// Cuts `text`, whose tokens these are, into pieces.
    pub fn cut(&self, text: &str, tokens: &Tokens, pieces: &mut Pieces) {
        pieces.all.clear();
        pieces.tokens.clear();
        pieces.push(self.first, None);
        for (place, token) in (0u16..).zip(tokens.all()) {
            self.cut_token(text, tokens, token, place, pieces);
            if pieces.all.len() >= PIECES_MAX - 1 {
                break;
            }
        }
        pieces.all.truncate(PIECES_MAX - 1);
        pieces.tokens.truncate(PIECES_MAX - 1);
        pieces.push(self.last, None);
    }

    fn cut_token(
        &self,
        text: &str,
        tokens: &Tokens,
        token: &Token,
        place: u16,
        pieces: &mut Pieces,
    ) {
        let written = &text[token.start as usize..token.end as usize];
        let normal = || String::from_utf8_lossy(tokens.normal(token));
        match token.kind {
            Kind::Word => self.cut_word(&without_accents(&normal()), place, pieces),
            Kind::Number => self.cut_word(written, place, pieces),
            Kind::Reference => {
                let name = match tokens.normal(token) {
                    // `[order:7f3a9c]` is read as "order".
                    b"<redacted>" => written[1..].split([':', ']']).next().unwrap_or("").into(),
                    other => Cow::from(String::from_utf8_lossy(other).into_owned()),
                };
                self.cut_word(name.trim_matches(['<', '>']), place, pieces);
            }
            Kind::Emoji => {
                let normal = normal();
                match self.begins.get(normal.as_ref()) {
                    Some(piece) => pieces.push(*piece, Some(place)),
                    None => self.cut_word(&normal, place, pieces),
                }
            }
            Kind::Mark => {
                for mark in written.chars().take(MARKS_MAX) {
                    let mut bytes = [0; 4];
                    let mark: &str = mark.encode_utf8(&mut bytes);
                    pieces.push(
                        self.begins.get(mark).copied().unwrap_or(self.unknown),
                        Some(place),
                    );
                }
            }
        }
    }

    /// Cuts at marks within (the apostrophe of "don't"), and each part into its longest pieces.
    fn cut_word(&self, word: &str, place: u16, pieces: &mut Pieces) {
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let end = if first.is_alphanumeric() {
                rest.find(|char: char| !char.is_alphanumeric())
                    .unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            let (part, behind) = rest.split_at(end);
            self.cut_part(part, place, pieces);
            rest = behind;
        }
    }

    fn cut_part(&self, part: &str, place: u16, pieces: &mut Pieces) {
        let kept = pieces.all.len();
        let mut rest = part;
        while !rest.is_empty() {
            let known = if rest.len() == part.len() {
                &self.begins
            } else {
                &self.goes_on
            };
            let longest = rest
                .char_indices()
                .rev()
                .map(|(at, char)| at + char.len_utf8())
                .find_map(|end| Some((*known.get(&rest[..end])?, end)));
            let Some((piece, end)) = longest else {
                pieces.all.truncate(kept);
                pieces.tokens.truncate(kept);
                pieces.push(self.unknown, Some(place));
                return;
            };
            pieces.push(piece, Some(place));
            rest = &rest[end..];
        }
    }
}

fn without_accents(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    Cow::Owned(
        word.nfd()
            .filter(|char| !is_combining_mark(*char))
            .collect(),
    )
}

/// The pieces of one message. Made once and filled again for every message.
#[derive(Debug, Default)]
pub struct Pieces {
    all: Vec<Piece>,
    /// The token that each piece is of; none for the markers at both ends.
    tokens: Vec<Option<u16>>,
}

impl Pieces {
    /// The pieces in order, with the marker at each end.
    pub fn all(&self) -> &[Piece] {
        &self.all
    }

    /// For each piece the place of its token among the message's tokens; none for the markers.
    pub fn tokens(&self) -> &[Option<u16>] {
        &self.tokens
    }

    fn push(&mut self, piece: Piece, token: Option<u16>) {
        self.all.push(piece);
        self.tokens.push(token);
    }
}
