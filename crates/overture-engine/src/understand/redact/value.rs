//! One spelling for every way to write a value, so that its pseudonym is the same.

use std::net::IpAddr;

use super::{email, fold::normalised, kind::Kind};

/// The value of a kind in one spelling.
pub(super) fn of(kind: &Kind, text: &str) -> String {
    let normalised = normalised(text);
    match kind {
        Kind::Email => email::plain(&normalised),
        Kind::Phone => phone(&normalised),
        Kind::Ip => match normalised.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().to_string(),
            Err(_) => normalised,
        },
        Kind::Card | Kind::Iban | Kind::Secret | Kind::Ssn | Kind::Reference(_) => normalised
            .chars()
            .filter(|character| character.is_alphanumeric())
            .collect(),
    }
}

/// Digits, behind a `+` where the number is an international one.
fn phone(normalised: &str) -> String {
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let number = normalised.trim_start_matches('(');
    if let Some(number) = number.strip_prefix('+') {
        let without_trunk = number.replacen("(0)", "", 1);
        return format!("+{}", digits(&without_trunk));
    }
    let without_trunk = digits(&number.replacen("(0)", "", 1));
    match without_trunk.strip_prefix("00") {
        Some(number) => format!("+{number}"),
        None => digits(number),
    }
}
