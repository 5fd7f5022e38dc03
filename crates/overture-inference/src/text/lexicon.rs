//! What a word is rated in word lists, and the sums that a message makes of it: extra inputs, never the scorer.
//!
//! The rules for boosters, negation, capitals and "but" follow Hutto and Gilbert, "VADER: A Parsimonious Rule-based
//! Model for Sentiment Analysis of Social Media Text", 2014, with their constants.

use std::collections::HashMap;

use super::{
    rows::is_negation,
    tokens::{Kind, Token, Tokens},
};

/// How many sums there are.
pub const SUMS: usize = 13;

/// One addend of one sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Addend {
    /// Which sum, `0..SUMS`.
    pub sum: u8,
    /// The token that it belongs to; `None` for what belongs to the message.
    pub token: Option<u16>,
    /// How much.
    pub amount: f32,
}

/// The ratings of one word, each -1 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ratings {
    /// VADER's mean rating, over 4.
    pub vader: f32,
    /// AFINN's rating, over 5.
    pub afinn: f32,
    /// Hu and Liu's list: 1 or -1.
    pub opinion: f32,
}

/// Rated words and emoji, by their normalised form.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    words: HashMap<Box<[u8]>, Ratings>,
}

const BOOST: f32 = 0.293;
const SHOUT: f32 = 0.733;
const NEGATED: f32 = -0.74;
/// VADER's normalisation: `s / sqrt(s^2 + 15)`.
const ALPHA: f32 = 15.0;

impl Lexicon {
    /// Takes the ratings of `word`, which is normalised here.
    pub fn insert(&mut self, word: &str, ratings: Ratings) {
        let mut tokens = Tokens::default();
        tokens.read(word, std::slice::from_ref(&(0..word.len())));
        if let [token] = tokens.all() {
            self.words.insert(tokens.normal(token).into(), ratings);
        }
    }

    /// The ratings of a normalised word; zero where it is in no list.
    pub fn ratings(&self, normal: &[u8]) -> Ratings {
        self.words.get(normal).copied().unwrap_or_default()
    }

    /// Every word with its ratings, in the order of the words.
    pub fn entries(&self) -> Vec<(&[u8], Ratings)> {
        let mut all: Vec<_> = self
            .words
            .iter()
            .map(|(word, ratings)| (&**word, *ratings))
            .collect();
        all.sort_by(|one, other| one.0.cmp(other.0));
        all
    }

    /// Takes an already normalised word.
    pub(super) fn insert_normal(&mut self, normal: &[u8], ratings: Ratings) {
        self.words.insert(normal.into(), ratings);
    }

    /// Fills `addends` with what every token adds to every sum.
    pub fn read(&self, tokens: &Tokens, addends: &mut Vec<Addend>) {
        addends.clear();
        let all = tokens.all();
        let words = all.iter().filter(|token| token.kind == Kind::Word).count();
        let shouted = all.iter().filter(|token| token.is_shouted).count();
        let shouts = shouted > 0 && shouted < words;
        let but = all
            .iter()
            .rposition(|token| matches!(tokens.normal(token), b"but" | b"however" | b"yet"))
            .filter(|place| *place > 0);
        let scale = 1.0 / (words as f32 + 4.0).sqrt();
        let mut total = 0.0;
        for (index, token) in all.iter().enumerate() {
            let place = u16::try_from(index).expect("a message has few tokens");
            let mut add = |sum: u8, amount: f32| {
                if amount != 0.0 {
                    addends.push(Addend {
                        sum,
                        token: Some(place),
                        amount,
                    });
                }
            };
            match token.kind {
                Kind::Mark => {
                    let length = (token.end - token.start).min(3) as f32;
                    match tokens.normal(token)[0] {
                        b'!' => add(5, length * 0.3),
                        b'?' => add(6, length * 0.3),
                        _ => {}
                    }
                    continue;
                }
                Kind::Number | Kind::Reference => continue,
                Kind::Word | Kind::Emoji => {}
            }
            if token.is_shouted && shouts {
                add(7, scale);
            }
            if token.is_stretched {
                add(8, scale);
            }
            let ratings = self.ratings(tokens.normal(token));
            if ratings == Ratings::default() {
                continue;
            }
            let (turn, boost) = before(tokens, all, index);
            let mut value = 4.0 * ratings.vader;
            if value != 0.0 {
                let extra = boost
                    + if token.is_shouted && shouts {
                        SHOUT
                    } else {
                        0.0
                    };
                value += extra * value.signum();
            }
            value *= turn;
            let half = match but {
                Some(but) if index < but => 0.5,
                Some(but) if index > but => 1.5,
                _ => 1.0,
            };
            value *= half;
            total += value;
            add(0, value);
            add(1, value.max(0.0) * scale);
            add(2, value.min(0.0) * scale);
            if index * 3 >= all.len() * 2 {
                add(3, value * scale);
            }
            if turn < 0.0 {
                add(4, value * scale);
            }
            if token.kind == Kind::Emoji {
                add(9, value * 0.5);
            }
            add(11, ratings.afinn * turn * half * 2.0 * scale);
            add(12, ratings.opinion * turn * half * scale);
        }
        let normal = 1.0 / (total * total + ALPHA).sqrt();
        for addend in addends.iter_mut().filter(|addend| addend.sum == 0) {
            addend.amount *= normal;
        }
        addends.push(Addend {
            sum: 10,
            token: None,
            amount: libm::logf(words as f32 + 1.0) * 0.3,
        });
    }
}

/// What the three tokens before `index` do to it: a factor for negation, and what boosters add.
fn before(tokens: &Tokens, all: &[Token], index: usize) -> (f32, f32) {
    let mut turn = 1.0;
    let mut boost = 0.0;
    for distance in 1..=3usize.min(index) {
        let word = &all[index - distance];
        if all[index + 1 - distance].starts_clause {
            break;
        }
        let normal = tokens.normal(word);
        if is_negation(normal) {
            turn = NEGATED;
        }
        let fade = 1.0 - 0.05 * (distance as f32 - 1.0);
        boost += booster(normal) * BOOST * fade;
    }
    (turn, boost)
}

fn booster(word: &[u8]) -> f32 {
    match word {
        b"absolutely" | b"amazingly" | b"awfully" | b"completely" | b"considerably" | b"deeply"
        | b"enormously" | b"entirely" | b"especially" | b"exceptionally" | b"extremely"
        | b"fully" | b"greatly" | b"highly" | b"hugely" | b"incredibly" | b"insanely"
        | b"intensely" | b"majorly" | b"more" | b"most" | b"particularly" | b"purely"
        | b"quite" | b"really" | b"remarkably" | b"seriously" | b"so" | b"substantially"
        | b"thoroughly" | b"totally" | b"tremendously" | b"truly" | b"unbelievably"
        | b"unusually" | b"utterly" | b"very" | b"super" | b"beyond" => 1.0,
        b"almost" | b"barely" | b"hardly" | b"kinda" | b"less" | b"little" | b"marginally"
        | b"occasionally" | b"partly" | b"scarcely" | b"slightly" | b"somewhat" | b"sorta"
        | b"bit" | b"fairly" => -1.0,
        _ => 0.0,
    }
}
