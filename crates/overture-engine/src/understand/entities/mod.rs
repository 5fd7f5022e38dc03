//! What a text speaks of: amounts, dates, times, durations, references and products.
//!
//! [`Extractor::entities`] is the whole of it. Nothing is guessed: a date that can be read
//! in two ways says so, and a relative word stays one, since no clock is known here.

mod amount;
mod clock;
mod duration;
mod product;
mod say;
mod token;
mod when;

use std::{ops::Range, sync::Arc};

use super::redact::{Folded, PatternError, ReferencePattern, References};
use token::{Token, tokens};

pub use product::PRODUCT_BYTES_MAX;

/// Something that a text speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// What it is.
    pub value: EntityValue,
}

/// What an entity is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntityValue {
    /// An amount of money.
    Amount {
        /// Digits with at most one dot: `1299.00`, `5`.
        decimal: String,
        /// The ISO 4217 code; `None` for the sign of a currency that is not known here.
        currency: Option<&'static str>,
    },
    /// A day of the calendar.
    Date(Date),
    /// A time of the day.
    Time {
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
    /// A length of time.
    Duration {
        /// How many of the unit, in halves: "an hour and a half" is 3.
        halves: u32,
        /// The unit.
        unit: Unit,
    },
    /// A number of the organisation's own, by the name of its pattern.
    Reference(Arc<str>),
    /// A product, by its place in the list that was given.
    Product(usize),
}

/// A day, as far as the text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Date {
    /// `12 March`, `2026-03-12`.
    Day {
        /// `None` where it is not said.
        year: Option<u16>,
        /// 1 to 12.
        month: u8,
        /// 1 to 31.
        day: u8,
    },
    /// `12/03/2026`: 12 March or 3 December, and nothing here says which.
    Ambiguous,
    /// A day of the week, Monday is 0.
    Weekday {
        /// Monday is 0.
        weekday: u8,
        /// Which one of them.
        which: Which,
    },
    /// So many days from the day of the text: "yesterday" is -1.
    DaysFromNow(i8),
}

/// Which one of the days of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// It is not said.
    Unsaid,
    /// "last Monday".
    Last,
    /// "this Monday".
    This,
    /// "next Monday".
    Next,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// A month of the calendar.
    Month,
    /// A year of the calendar.
    Year,
}

/// Finds entities, with an organisation's own references and products.
#[derive(Debug, Clone)]
pub struct Extractor {
    references: References,
    products: product::Products,
    names: Vec<String>,
}

/// Knows no references and no products.
impl Default for Extractor {
    fn default() -> Self {
        Self::new(&[], &[]).expect("no pattern can be wrong")
    }
}

impl Extractor {
    /// Knows the references of `patterns` and the names of `products`; the longest name
    /// counts, and of two equal ones the earlier. A name that is empty or longer than
    /// [`PRODUCT_BYTES_MAX`] is never found.
    ///
    /// # Errors
    /// [`PatternError`] names the first pattern that cannot be used.
    pub fn new(patterns: &[ReferencePattern], products: &[String]) -> Result<Self, PatternError> {
        Ok(Self {
            references: References::new(patterns)?,
            products: product::Products::new(products),
            names: products.to_vec(),
        })
    }

    /// The entities of `text` in order, without overlaps: references first, then products,
    /// then the longest. Time is linear in the length of `text`.
    pub fn entities(&self, text: &str) -> Vec<Entity> {
        let folded = Folded::new(text);
        let bytes = folded.bytes();
        let tokens = tokens(bytes);
        let mut entities = Vec::new();
        let mut references = self.references.all_in(&folded).into_iter().peekable();
        let mut place = 0;
        let mut from = 0;
        while let Some(token) = tokens.get(place) {
            while references
                .next_if(|(_, _, end)| *end <= token.start && *end <= from)
                .is_some()
            {}
            if token.start < from {
                place += 1;
                continue;
            }
            let reference = references
                .next_if(|(_, start, end)| *start <= token.start && *end > token.start)
                .map(|(pattern, start, end)| {
                    let name = self.references.name(pattern).clone();
                    (start, end, EntityValue::Reference(name))
                });
            let limit = references
                .peek()
                .map_or(bytes.len(), |(_, start, _)| *start);
            let found = reference
                .or_else(|| {
                    self.products
                        .at(bytes, token.start)
                        .map(|(product, end)| (token.start, end, EntityValue::Product(product)))
                })
                .or_else(|| longest(bytes, &tokens[place..]).filter(|(_, end, _)| *end <= limit));
            match found {
                Some((start, end, value)) => {
                    let range = folded.original(start..end);
                    entities.push(Entity { range, value });
                    from = end;
                }
                None => place += 1,
            }
        }
        entities
    }
}

/// The longest amount, day, time or length of time that begins with the first token.
fn longest(bytes: &[u8], tokens: &[Token]) -> Option<(usize, usize, EntityValue)> {
    let readers = [amount::at, when::date, clock::time, duration::at];
    let found = readers.iter().filter_map(|reader| reader(bytes, tokens));
    // Of two equally long ones the first counts.
    let (count, value) = found.reduce(|best, other| if other.0 > best.0 { other } else { best })?;
    Some((tokens[0].start, tokens[count - 1].end, value))
}

/// How a reader answers: how many tokens it took, and what they are.
type Read = Option<(usize, EntityValue)>;
