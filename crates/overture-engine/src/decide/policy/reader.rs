//! Reads TOML tables key by key and notes every mistake with its place.

use std::ops::{Range, RangeInclusive};

use toml_edit::{Item, TableLike};

use super::settings::UNITS;
use crate::model::Millis;

/// A mistake in a policy file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct PolicyError {
    /// Its line, from 1.
    pub line: u32,
    /// Its column in characters, from 1.
    pub column: u32,
    /// What was expected there.
    pub message: String,
}

/// Something in a policy file that is allowed and probably not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWarning {
    /// Its line, from 1.
    pub line: u32,
    /// Its column in characters, from 1.
    pub column: u32,
    /// What is odd.
    pub message: String,
}

/// The file and what was found wrong in it so far.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) errors: Vec<PolicyError>,
    pub(super) warnings: Vec<PolicyWarning>,
}

impl Reader<'_> {
    pub(super) fn refuse(&mut self, at: usize, message: impl Into<String>) {
        let (line, column) = position(self.text, at);
        self.errors.push(PolicyError {
            line,
            column,
            message: message.into(),
        });
    }

    pub(super) fn warn(&mut self, at: usize, message: impl Into<String>) {
        let (line, column) = position(self.text, at);
        self.warnings.push(PolicyWarning {
            line,
            column,
            message: message.into(),
        });
    }
}

/// One table of the file; every getter notes a wrong value and gives the default instead.
pub(super) struct Section<'r, 'a> {
    pub(super) reader: &'r mut Reader<'a>,
    table: Option<&'r dyn TableLike>,
    at: usize,
}

impl<'r, 'a> Section<'r, 'a> {
    /// Opens the whole file.
    pub(super) fn root(
        reader: &'r mut Reader<'a>,
        table: &'r dyn TableLike,
        known: &[&str],
    ) -> Self {
        Self::open(reader, Some(table), 0, known)
    }

    /// Opens a table that may be missing, and refuses the keys it should not have.
    pub(super) fn open(
        reader: &'r mut Reader<'a>,
        table: Option<&'r dyn TableLike>,
        at: usize,
        known: &[&str],
    ) -> Self {
        for (name, item) in table.into_iter().flat_map(|table| table.iter()) {
            if !known.contains(&name) {
                let place = key_start(table, name).or_else(|| start(item)).unwrap_or(at);
                let hint = suggestion(name, known.iter().copied());
                reader.refuse(place, format!("there is no key `{name}` here{hint}"));
            }
        }
        Self { reader, table, at }
    }

    /// Opens the table under `key`.
    pub(super) fn section(&mut self, key: &str, known: &[&str]) -> Section<'_, 'a> {
        let item = self.item(key);
        let at = self.at_key(key);
        let table = item.and_then(Item::as_table_like);
        if item.is_some() && table.is_none() {
            self.reader
                .refuse(at, format!("expected `{key}` to be a table"));
        }
        Section::open(self.reader, table, at, known)
    }

    pub(super) fn item(&self, key: &str) -> Option<&'r Item> {
        self.table
            .and_then(|table| table.get(key))
            .filter(|item| !item.is_none())
    }

    /// Where the value of `key` begins, else the key, else the table.
    pub(super) fn at(&self, key: &str) -> usize {
        self.item(key)
            .and_then(start)
            .unwrap_or_else(|| self.at_key(key))
    }

    /// Where `key` itself begins, else the table.
    pub(super) fn at_key(&self, key: &str) -> usize {
        key_start(self.table, key).unwrap_or(self.at)
    }

    pub(super) fn refuse(&mut self, key: &str, message: impl Into<String>) {
        let at = self.at(key);
        self.reader.refuse(at, message);
    }

    /// A number within `range`, whole or decimal.
    pub(super) fn number(&mut self, key: &str, default: f64, range: RangeInclusive<f64>) -> f64 {
        let Some(item) = self.item(key) else {
            return default;
        };
        let value = item
            .as_float()
            .or(item.as_integer().map(|value| value as f64));
        match value {
            Some(value) if range.contains(&value) => value,
            _ => {
                self.refuse(
                    key,
                    format!(
                        "expected `{key}` to be a number from {} to {}",
                        range.start(),
                        range.end()
                    ),
                );
                default
            }
        }
    }

    /// A whole number within `range`.
    pub(super) fn whole(&mut self, key: &str, default: u32, range: RangeInclusive<u32>) -> u32 {
        let Some(item) = self.item(key) else {
            return default;
        };
        let value = item
            .as_integer()
            .and_then(|value| u32::try_from(value).ok());
        match value {
            Some(value) if range.contains(&value) => value,
            _ => {
                self.refuse(
                    key,
                    format!(
                        "expected `{key}` to be a whole number from {} to {}",
                        range.start(),
                        range.end()
                    ),
                );
                default
            }
        }
    }

    /// A span of time in the unit that `key` ends in, at most `max` units.
    pub(super) fn span(&mut self, key: &str, default: Millis, max: f64) -> Millis {
        self.span_in(key, default, 0.0..=max)
    }

    /// A span of time in the unit that `key` ends in, within `range` units.
    pub(super) fn span_in(
        &mut self,
        key: &str,
        default: Millis,
        range: RangeInclusive<f64>,
    ) -> Millis {
        let unit = UNITS
            .iter()
            .find(|(ending, _)| key.ends_with(ending))
            .map_or(1, |(_, unit)| *unit) as f64;
        let units = self.number(key, default.0 as f64 / unit, range);
        Millis((units * unit).round() as u64)
    }

    /// True or false.
    pub(super) fn flag(&mut self, key: &str, default: bool) -> bool {
        let Some(item) = self.item(key) else {
            return default;
        };
        item.as_bool().unwrap_or_else(|| {
            self.refuse(key, format!("expected `{key}` to be true or false"));
            default
        })
    }

    /// A text of at most `max` characters.
    pub(super) fn text(&mut self, key: &str, max: usize) -> Option<&'r str> {
        let item = self.item(key)?;
        match item.as_str() {
            Some(text) if text.chars().count() <= max => Some(text),
            Some(_) => {
                self.refuse(
                    key,
                    format!("expected `{key}` to have at most {max} characters"),
                );
                None
            }
            None => {
                self.refuse(key, format!("expected `{key}` to be a text"));
                None
            }
        }
    }

    /// One of a few names.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let item = self.item(key)?;
        let found = item
            .as_str()
            .and_then(|text| choices.iter().find(|(name, _)| *name == text));
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let hint = item.as_str().map_or(String::new(), |text| {
                suggestion(text, names.iter().copied())
            });
            self.refuse(
                key,
                format!("expected `{key}` to be one of {}{hint}", names.join(", ")),
            );
        }
        found.map(|(_, value)| *value)
    }

    /// The elements of an array with their places.
    pub(super) fn array(&mut self, key: &str, max: usize) -> Vec<(usize, &'r toml_edit::Value)> {
        let Some(item) = self.item(key) else {
            return Vec::new();
        };
        let at = self.at(key);
        match item.as_array() {
            Some(array) if array.len() <= max => array
                .iter()
                .map(|value| (value.span().map_or(at, |span| span.start), value))
                .collect(),
            Some(_) => {
                self.refuse(key, format!("expected at most {max} in `{key}`"));
                Vec::new()
            }
            None => {
                self.refuse(key, format!("expected `{key}` to be a list"));
                Vec::new()
            }
        }
    }

    /// The tables of `key` with their places, written as `[[key]]` or as a list of `{ }`.
    pub(super) fn tables(&mut self, key: &str, max: usize) -> Vec<(usize, &'r dyn TableLike)> {
        if let Some(tables) = self.item(key).and_then(Item::as_array_of_tables) {
            if tables.len() > max {
                self.refuse(key, format!("expected at most {max} in `{key}`"));
                return Vec::new();
            }
            let at = self.at(key);
            return tables
                .iter()
                .map(|table| {
                    let start = table.span().map_or(at, |span| span.start);
                    (start, table as &dyn TableLike)
                })
                .collect();
        }
        let mut found = Vec::new();
        for (at, value) in self.array(key, max) {
            match value.as_inline_table() {
                Some(table) => found.push((at, table as &dyn TableLike)),
                None => self.reader.refuse(at, "expected a table in braces"),
            }
        }
        found
    }
}

fn start(item: &Item) -> Option<usize> {
    item.span().map(|span| span.start)
}

fn key_start(table: Option<&dyn TableLike>, name: &str) -> Option<usize> {
    let (key, _) = table?.get_key_value(name)?;
    key.span().map(|span: Range<usize>| span.start)
}

/// Line and column, from 1, of the byte at `at`.
pub(super) fn position(text: &str, at: usize) -> (u32, u32) {
    let before: String = text
        .char_indices()
        .take_while(|(place, _)| *place < at)
        .map(|(_, letter)| letter)
        .collect();
    let line = before.matches('\n').count() as u32 + 1;
    let column = before
        .chars()
        .rev()
        .take_while(|letter| *letter != '\n')
        .count() as u32
        + 1;
    (line, column)
}

/// Where each character of a TOML string's value is written in the file, given the span of
/// the string with its quotes. One more entry marks the end.
pub(super) fn places_of_characters(text: &str, span: Range<usize>) -> Vec<usize> {
    let raw = text.get(span.clone()).unwrap_or_default();
    let quote = ["\"\"\"", "'''", "\"", "'"]
        .into_iter()
        .find(|quote| raw.starts_with(quote))
        .unwrap_or_default();
    let escapes = quote.starts_with('"');
    let end = raw.len().saturating_sub(quote.len());
    let mut places = Vec::new();
    let mut at = quote.len();
    if quote.len() == 3 {
        let rest = &raw[at.min(raw.len())..];
        at += rest.len()
            - rest
                .strip_prefix("\r\n")
                .or(rest.strip_prefix('\n'))
                .unwrap_or(rest)
                .len();
    }
    while at < end {
        let rest = &raw[at..end];
        let letter = rest.chars().next().unwrap_or('\0');
        let mut length = letter.len_utf8();
        if escapes && letter == '\\' {
            let escaped = rest[1..].chars().next().unwrap_or('\0');
            length += match escaped {
                'u' => 5,
                'U' => 9,
                'x' => 3,
                other if other.is_whitespace() => {
                    // A line that ends in a backslash goes on at the next word.
                    at += 1 + rest[1..].len() - rest[1..].trim_start().len();
                    continue;
                }
                other => other.len_utf8(),
            };
        } else if letter == '\r' && rest.starts_with("\r\n") {
            // TOML reads both as one line end in some versions; the value keeps both here.
            length = 1;
        }
        places.push(span.start + at);
        at += length;
    }
    places.push(span.start + end.min(raw.len()));
    places
}

/// `; did you mean ...?` when something known is close to `name`, else nothing.
pub(in crate::decide) fn suggestion<'k>(
    name: &str,
    known: impl Iterator<Item = &'k str>,
) -> String {
    let limit = (name.chars().count() / 3).clamp(1, 4);
    known
        .filter(|other| other.len().abs_diff(name.len()) <= 8)
        .map(|other| (distance(name, other), other))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map_or(String::new(), |(_, other)| {
            format!("; did you mean `{other}`?")
        })
}

/// Levenshtein distance over characters, of the first 64.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (place, wanted) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *wanted);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(row[place] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}
