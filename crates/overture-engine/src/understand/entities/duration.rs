//! Lengths of time: "2 hours", "drei Wochen", "an hour and a half".

use super::{EntityValue, Read, Unit, token::Token};

const UNITS: &[(&[&[u8]], Unit)] = &[
    (
        &[
            b"minute", b"minutes", b"min", b"mins", b"minuten", b"minuto", b"minutos",
        ],
        Unit::Minute,
    ),
    (
        &[
            b"hour", b"hours", b"hr", b"hrs", b"stunde", b"stunden", b"hora", b"horas",
        ],
        Unit::Hour,
    ),
    (
        &[
            b"day", b"days", b"tag", b"tage", b"tagen", b"d\xffa", b"d\xffas", b"dia", b"dias",
        ],
        Unit::Day,
    ),
    (
        &[
            b"week", b"weeks", b"wk", b"wks", b"woche", b"wochen", b"semana", b"semanas",
        ],
        Unit::Week,
    ),
    (
        &[
            b"month", b"months", b"monat", b"monate", b"monaten", b"mes", b"meses",
        ],
        Unit::Month,
    ),
    (
        &[
            b"year", b"years", b"yr", b"yrs", b"jahr", b"jahre", b"jahren", b"a\xffo", b"a\xffos",
        ],
        Unit::Year,
    ),
];

/// Numbers by their words, from one on.
const NUMBERS: &[&[&[u8]]] = &[
    &[
        b"one", b"a", b"an", b"ein", b"eine", b"einen", b"einer", b"einem", b"un", b"una", b"uno",
    ],
    &[b"two", b"zwei", b"dos"],
    &[b"three", b"drei", b"tres"],
    &[b"four", b"vier", b"cuatro"],
    &[b"five", b"f\xffnf", b"cinco"],
    &[b"six", b"sechs", b"seis"],
    &[b"seven", b"sieben", b"siete"],
    &[b"eight", b"acht", b"ocho"],
    &[b"nine", b"neun", b"nueve"],
    &[b"ten", b"zehn", b"diez"],
    &[b"eleven", b"elf", b"once"],
    &[b"twelve", b"zw\xfflf", b"doce"],
];

/// A number and a unit, with half a unit more where it is said.
pub(super) fn at(bytes: &[u8], tokens: &[Token]) -> Read {
    let half = tokens.first()?.is(bytes, &[b"half", b"media", b"halbe"]);
    if half {
        let article = usize::from(
            tokens
                .get(1)
                .is_some_and(|token| token.is(bytes, &[b"a", b"an"])),
        );
        let unit = unit(bytes, tokens.get(1 + article)?)?;
        return Some((2 + article, EntityValue::Duration { halves: 1, unit }));
    }
    let halves = halves(bytes, &tokens[0])?;
    let unit = unit(bytes, tokens.get(1)?)?;
    let rest: Vec<&[u8]> = tokens[2..]
        .iter()
        .take(3)
        .map(|token| token.of(bytes))
        .collect();
    let more = match rest.as_slice() {
        [b"and", b"a", b"half", ..] => 3,
        [b"y", b"media" | b"medio", ..] => 2,
        _ => 0,
    };
    let halves = halves + u32::from(more > 0);
    Some((2 + more, EntityValue::Duration { halves, unit }))
}

fn unit(bytes: &[u8], token: &Token) -> Option<Unit> {
    UNITS
        .iter()
        .find(|(words, _)| token.is(bytes, words))
        .map(|(_, unit)| *unit)
}

fn halves(bytes: &[u8], token: &Token) -> Option<u32> {
    if let Some(whole) = token.whole(bytes) {
        return whole.checked_mul(2);
    }
    if let Some(place) = NUMBERS.iter().position(|words| token.is(bytes, words)) {
        return u32::try_from(2 * (place + 1)).ok();
    }
    match token.of(bytes) {
        [whole, b'.' | b',', b'5'] if whole.is_ascii_digit() => {
            Some(u32::from(whole - b'0') * 2 + 1)
        }
        _ => None,
    }
}
