//! Phone numbers that can be called: any form in, E.164 out, by the published metadata.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use rlibphonenumber::{
    PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, PhoneNumberUtil, Region,
};

use crate::error::ApiError;

/// The longest text that is read as a number, bytes.
const TEXT_BYTES_MAX: usize = 64;

/// What has no more digits than this and is no number is one that its network keeps for
/// itself, such as an emergency number.
const SHORT_DIGITS_MAX: usize = 6;

/// The countries that are served; `None` is every one.
type Served<'a> = Option<&'a BTreeSet<String>>;

/// A number that we may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Callable {
    /// `+`, the country's code and the number.
    pub(crate) e164: String,
    /// ISO 3166-1 alpha-2.
    pub(crate) country: String,
}

/// Why a number is not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberProblem {
    /// Not a number, or no country for a national one.
    NotANumber,
    /// No number of its country looks like this.
    NotValid,
    /// Emergency and other short numbers.
    Short,
    /// Premium, shared-cost, personal, company-wide, pager, voicemail or satellite numbers.
    CannotBeCalled,
    /// A country that is not served.
    Country,
    /// No country has this code.
    UnknownCountry,
}

impl From<NumberProblem> for ApiError {
    fn from(problem: NumberProblem) -> Self {
        let (field, code, message) = match problem {
            NumberProblem::NotANumber => (
                "phone",
                "phone_not_a_number",
                "expected a phone number with digits, like 020 7946 0018 or +44 20 7946 0018",
            ),
            NumberProblem::NotValid => (
                "phone",
                "phone_not_valid",
                "expected a number that exists in its country; a digit may be missing or too many",
            ),
            NumberProblem::Short => (
                "phone",
                "phone_short",
                "expected an ordinary number, not an emergency or a short number",
            ),
            NumberProblem::CannotBeCalled => (
                "phone",
                "phone_cannot_be_called",
                "expected an ordinary number, not a premium, shared-cost, personal, pager or satellite number",
            ),
            NumberProblem::Country => (
                "phone",
                "phone_country",
                "expected a number of one of the countries that callbacks are made to",
            ),
            NumberProblem::UnknownCountry => (
                "country",
                "bad_input",
                "expected a country as two letters, like GB",
            ),
        };
        ApiError {
            field: Some(field.to_owned()),
            ..ApiError::new(StatusCode::BAD_REQUEST, code, message)
        }
    }
}

/// Reads a number in any national or international form.
///
/// `country` (ISO 3166-1 alpha-2) is where a national form is from; a number that begins
/// with `+` is read the same everywhere.
pub(crate) fn callable(
    text: &str,
    country: Option<&str>,
    served: Served<'_>,
) -> Result<Callable, NumberProblem> {
    let home = match country.filter(|country| !country.is_empty()) {
        None => None,
        Some(name) => Some(region(name).ok_or(NumberProblem::UnknownCountry)?),
    };
    let text = western(text);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if text.len() > TEXT_BYTES_MAX || digits == 0 {
        return Err(NumberProblem::NotANumber);
    }
    // Letters are never a part: what they stand for differs, and so do extensions.
    if text.chars().any(char::is_alphabetic) {
        return Err(NumberProblem::NotANumber);
    }
    let found = read(&text, home).and_then(|number| check(&number, served));
    match found {
        Err(NumberProblem::NotANumber | NumberProblem::NotValid) if digits <= SHORT_DIGITS_MAX => {
            Err(NumberProblem::Short)
        }
        found => found,
    }
}

/// The number that a text is, whether it exists or not.
fn read(text: &str, home: Option<Region>) -> Result<PhoneNumber, NumberProblem> {
    let abroad = |text: &str| metadata().parse(text, None);
    let home = home.filter(|_| !text.starts_with('+'));
    let number = match (home, text.strip_prefix("00")) {
        (None, None) => abroad(text),
        (None, Some(rest)) => abroad(&format!("+{rest}")),
        (Some(home), prefixed) => {
            let found = metadata().parse(text, Some(home));
            let is_number = |number: &PhoneNumber| metadata().is_valid_number(number);
            match (&found, prefixed) {
                // Most of the world begins a number abroad so, whatever is dialled here.
                (found, Some(rest)) if !found.as_ref().is_ok_and(is_number) => {
                    abroad(&format!("+{rest}"))
                }
                _ => found,
            }
        }
    };
    number
        .ok()
        .filter(|number| number.extension().is_empty())
        .ok_or(NumberProblem::NotANumber)
}

fn check(number: &PhoneNumber, served: Served<'_>) -> Result<Callable, NumberProblem> {
    match metadata().get_number_type(number) {
        PhoneNumberType::FixedLine
        | PhoneNumberType::Mobile
        | PhoneNumberType::FixedLineOrMobile
        | PhoneNumberType::TollFree
        | PhoneNumberType::VoIP => {}
        // A personal number is forwarded at a price that nobody sees beforehand.
        PhoneNumberType::PremiumRate
        | PhoneNumberType::SharedCost
        | PhoneNumberType::PersonalNumber
        | PhoneNumberType::Pager
        | PhoneNumberType::UAN
        | PhoneNumberType::VoiceMail => return Err(NumberProblem::CannotBeCalled),
        PhoneNumberType::Unknown => return Err(NumberProblem::NotValid),
    }
    let main = metadata()
        .get_region_for_number(number)
        .ok_or(NumberProblem::NotValid)?;
    // Numbers that belong to no country are satellite telephones and the like.
    if main == Region::World {
        return Err(NumberProblem::CannotBeCalled);
    }
    let is_served = |country: Region| {
        served.is_none_or(|served| served.contains(country.as_region_str().as_str()))
    };
    // Some numbers are those of several countries at once, such as Italy and the Vatican.
    let country = std::iter::once(main)
        .chain(sharing(number))
        .find(|country| {
            is_served(*country) && metadata().is_valid_number_for_region(number, *country)
        })
        .ok_or(NumberProblem::Country)?;
    Ok(Callable {
        e164: metadata()
            .format(number, PhoneNumberFormat::E164)
            .into_owned(),
        country: country.as_region_str().to_string(),
    })
}

/// The countries that share a number's calling code.
fn sharing(number: &PhoneNumber) -> impl Iterator<Item = Region> {
    metadata()
        .get_regions_for_country_calling_code(number.country_code)
        .into_iter()
        .flatten()
}

fn metadata() -> &'static PhoneNumberUtil {
    &PHONE_NUMBER_UTIL
}

/// The country with this name, if it has numbers at all.
fn region(name: &str) -> Option<Region> {
    let region = Region::from_code(name).ok()?;
    calling_code(region).map(|_| region)
}

fn calling_code(region: Region) -> Option<u16> {
    let code = metadata().get_country_code_for_region(region)?;
    u16::try_from(code).ok()
}

/// Digits of other scripts as ASCII, odd spaces and invisible marks dropped.
fn western(text: &str) -> String {
    text.trim()
        .chars()
        .filter_map(|letter| {
            if ('\u{660}'..='\u{669}').contains(&letter) {
                return char::from_digit(letter as u32 - 0x660, 10);
            }
            if ('\u{6f0}'..='\u{6f9}').contains(&letter) {
                return char::from_digit(letter as u32 - 0x6f0, 10);
            }
            match letter {
                '\u{ff0b}' => Some('+'),
                '\u{ff10}'..='\u{ff19}' => char::from_digit(letter as u32 - 0xff10, 10),
                '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
                '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
                other if other.is_whitespace() => Some(' '),
                other => Some(other),
            }
        })
        .collect()
}

/// A number in the way its country writes it to others, for people to read.
pub(crate) fn readable(e164: &str) -> String {
    match metadata().parse(e164, None) {
        Ok(number) => metadata()
            .format(&number, PhoneNumberFormat::International)
            .into_owned(),
        Err(_) => e164.to_owned(),
    }
}

/// The country of an E.164 number.
pub(crate) fn country_of(e164: &str) -> Option<String> {
    let number = metadata().parse(e164, None).ok()?;
    let region = metadata().get_region_for_number(&number)?;
    (region != Region::World).then(|| region.as_region_str().to_string())
}

/// Every country that is served, with its calling code.
pub(crate) fn countries(served: &BTreeSet<String>) -> BTreeMap<String, u16> {
    served
        .iter()
        .filter_map(|name| Some((name.clone(), calling_code(region(name)?)?)))
        .collect()
}

#[cfg(test)]
mod tests;
