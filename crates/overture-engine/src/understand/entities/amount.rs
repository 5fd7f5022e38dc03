//! Amounts of money: a sign, code or word of a currency beside a number.

use super::{
    super::redact::{EURO, POUND, RUPEE, YEN, is_currency},
    EntityValue, Read,
    token::{Sort, Token},
};

/// Codes and words, and the currency they stand for.
const CURRENCIES: &[(&[u8], &str)] = &[
    (b"EUR", "EUR"),
    (b"euro", "EUR"),
    (b"euros", "EUR"),
    (b"USD", "USD"),
    (b"dollar", "USD"),
    (b"dollars", "USD"),
    (b"d\xfflares", "USD"),
    (b"d\xfflar", "USD"),
    (b"bucks", "USD"),
    (b"GBP", "GBP"),
    (b"pounds", "GBP"),
    (b"quid", "GBP"),
    (b"pfund", "GBP"),
    (b"libras", "GBP"),
    (b"CHF", "CHF"),
    (b"franken", "CHF"),
    (b"francs", "CHF"),
    (b"JPY", "JPY"),
    (b"yen", "JPY"),
    (b"MXN", "MXN"),
    (b"pesos", "MXN"),
    (b"CAD", "CAD"),
    (b"AUD", "AUD"),
    (b"SEK", "SEK"),
    (b"NOK", "NOK"),
    (b"DKK", "DKK"),
    (b"PLN", "PLN"),
    (b"INR", "INR"),
    (b"rupees", "INR"),
    (b"CNY", "CNY"),
    (b"BRL", "BRL"),
    (b"reais", "BRL"),
];

/// Hundredths, by their words.
const CENTS: &[(&[u8], &str)] = &[
    (b"cent", "EUR"),
    (b"cents", "EUR"),
    (b"c\xffntimos", "EUR"),
    (b"centimos", "EUR"),
    (b"pence", "GBP"),
    (b"p", "GBP"),
];

/// `€1,299.00`, `1.299,00 EUR`, `49.90 euros`, `USD 5`, `50p`.
pub(super) fn at(bytes: &[u8], tokens: &[Token]) -> Read {
    let first = tokens.first()?;
    if first.sort == Sort::Number {
        let decimal = first.decimal(bytes)?;
        let unit = tokens.get(1).filter(|unit| unit.start <= first.end + 1)?;
        let ends = |taken: usize| {
            tokens
                .get(taken)
                .is_none_or(|next| next.start > unit.end || next.sort == Sort::Sign)
        };
        if let Some(currency) = currency(bytes, unit).filter(|_| ends(2)) {
            return Some((2, EntityValue::Amount { decimal, currency }));
        }
        let currency = word_in(bytes, unit, CENTS).filter(|_| ends(2));
        let hundredths: u64 = decimal.parse().ok().filter(|_| currency.is_some())?;
        let decimal = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        return Some((2, EntityValue::Amount { decimal, currency }));
    }
    let currency = currency(bytes, first)?;
    let code = first.sort == Sort::Sign || first.of(bytes).iter().all(u8::is_ascii_uppercase);
    let number = tokens
        .get(1)
        .filter(|number| code && number.start <= first.end + 1)?;
    let decimal = number.decimal(bytes)?;
    Some((2, EntityValue::Amount { decimal, currency }))
}

/// The currency of a sign, a code or a word; `Some(None)` for a sign that is not known. A
/// bare `$` is taken for the dollar of the United States, `¥` for the yen.
fn currency(bytes: &[u8], token: &Token) -> Option<Option<&'static str>> {
    match token.of(bytes) {
        b"$" => Some(Some("USD")),
        [EURO] => Some(Some("EUR")),
        [POUND] => Some(Some("GBP")),
        [YEN] => Some(Some("JPY")),
        [RUPEE] => Some(Some("INR")),
        [byte] if is_currency(*byte) => Some(None),
        _ => word_in(bytes, token, CURRENCIES).map(Some),
    }
}

fn word_in(bytes: &[u8], token: &Token, list: &[(&[u8], &'static str)]) -> Option<&'static str> {
    let word = token.of(bytes);
    let known = list
        .iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name));
    known
        .filter(|_| token.sort == Sort::Word)
        .map(|(_, currency)| *currency)
}
