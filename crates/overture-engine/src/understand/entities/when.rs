//! Days of the calendar.

use super::{
    Date, EntityValue, Read, Which,
    token::{Sort, Token},
};

const MONTHS: [&[&[u8]]; 12] = [
    &[b"january", b"jan", b"januar", b"j\xffnner", b"enero"],
    &[b"february", b"feb", b"februar", b"febrero"],
    &[b"march", b"mar", b"m\xffrz", b"maerz", b"marzo"],
    &[b"april", b"apr", b"abril"],
    &[b"may", b"mai", b"mayo"],
    &[b"june", b"jun", b"juni", b"junio"],
    &[b"july", b"jul", b"juli", b"julio"],
    &[b"august", b"aug", b"agosto"],
    &[b"september", b"sep", b"sept", b"septiembre", b"setiembre"],
    &[b"october", b"oct", b"oktober", b"okt", b"octubre"],
    &[b"november", b"nov", b"noviembre"],
    &[
        b"december",
        b"dec",
        b"dezember",
        b"dez",
        b"diciembre",
        b"dic",
    ],
];

const WEEKDAYS: [&[&[u8]]; 7] = [
    &[b"monday", b"mon", b"montag", b"lunes"],
    &[b"tuesday", b"tue", b"tues", b"dienstag", b"martes"],
    &[
        b"wednesday",
        b"wed",
        b"mittwoch",
        b"mi\xffrcoles",
        b"miercoles",
    ],
    &[
        b"thursday",
        b"thu",
        b"thur",
        b"thurs",
        b"donnerstag",
        b"jueves",
    ],
    &[b"friday", b"fri", b"freitag", b"viernes"],
    &[
        b"saturday",
        b"samstag",
        b"sonnabend",
        b"s\xffbado",
        b"sabado",
    ],
    &[b"sunday", b"sonntag", b"domingo"],
];

const RELATIVE: &[(&[&[u8]], i8)] = &[
    (&[b"vorgestern", b"anteayer"], -2),
    (&[b"yesterday", b"gestern", b"ayer"], -1),
    (&[b"today", b"tonight", b"heute", b"hoy"], 0),
    (&[b"tomorrow", b"morgen", b"ma\xffana"], 1),
    (&[b"\xffbermorgen"], 2),
];

/// A day, in any of the ways to say one.
pub(super) fn date(bytes: &[u8], tokens: &[Token]) -> Read {
    let found = in_numbers(bytes, tokens)
        .or_else(|| in_dots(bytes, tokens))
        .or_else(|| day_first(bytes, tokens))
        .or_else(|| month_first(bytes, tokens))
        .or_else(|| weekday(bytes, tokens))
        .or_else(|| relative(bytes, tokens));
    found.map(|(count, date)| (count, EntityValue::Date(date)))
}

/// The value of a few digits.
pub(super) fn two(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |value, digit| {
        value * 10 + u32::from(digit.saturating_sub(b'0'))
    })
}

/// `2026-03-12`, `12/03/2026`, `12-03-26`.
fn in_numbers(bytes: &[u8], tokens: &[Token]) -> Option<(usize, Date)> {
    let [one, sign, two, other, three] = tokens.get(..5)? else {
        return None;
    };
    let tight = one.end == sign.start
        && sign.end == two.start
        && two.end == other.start
        && other.end == three.start;
    let same = sign.of(bytes) == other.of(bytes) && matches!(sign.of(bytes), b"-" | b"/");
    let goes_on = tokens
        .get(5)
        .is_some_and(|next| next.start == three.end && next.of(bytes) == sign.of(bytes));
    if !tight || !same || goes_on {
        return None;
    }
    let values = [one.whole(bytes)?, two.whole(bytes)?, three.whole(bytes)?];
    let lengths = [one, two, three].map(|token| token.end - token.start);
    match lengths {
        [4, 1 | 2, 1 | 2] => Some((5, day(Some(values[0]), values[1], values[2])?)),
        [1 | 2, 1 | 2, 2 | 4] => Some((5, either(values[0], values[1], full_year(values[2]))?)),
        _ => None,
    }
}

/// `12.03.2026` and `12.3.`: with dots the day is first.
fn in_dots(bytes: &[u8], tokens: &[Token]) -> Option<(usize, Date)> {
    let first = tokens.first().filter(|token| token.sort == Sort::Number)?;
    let mut parts = first.of(bytes).split(|byte| *byte == b'.');
    let (one, other, year) = (parts.next()?, parts.next()?, parts.next());
    let plain = |part: &[u8], longest: usize| {
        (1..=longest).contains(&part.len()) && part.iter().all(u8::is_ascii_digit)
    };
    if parts.next().is_some() || !plain(one, 2) || !plain(other, 2) {
        return None;
    }
    match year {
        Some(year) => {
            let set = plain(year, 4) && matches!(year.len(), 2 | 4);
            set.then(|| day(Some(full_year(two(year))), two(other), two(one)))
                .flatten()
                .map(|date| (1, date))
        }
        None => {
            let dot = tokens
                .get(1)
                .filter(|dot| dot.is_sign(bytes, b'.') && dot.start == first.end)?;
            // At the end of a sentence "3.5." is a number.
            let more = bytes.get(dot.end).is_some_and(|byte| *byte == b' ')
                && bytes.get(dot.end + 1).is_some_and(u8::is_ascii_lowercase);
            more.then(|| day(None, two(other), two(one)))
                .flatten()
                .map(|date| (2, date))
        }
    }
}

/// `3 March`, `3rd of March 2026`, `12. März`, `3 de marzo de 2026`.
fn day_first(bytes: &[u8], tokens: &[Token]) -> Option<(usize, Date)> {
    let number = tokens
        .first()?
        .whole(bytes)
        .filter(|_| tokens[0].end - tokens[0].start < 3)?;
    let mut at = 1 + ordinal(bytes, tokens, 1);
    at += usize::from(
        tokens
            .get(at)
            .is_some_and(|token| token.is(bytes, &[b"of", b"de"])),
    );
    let month = month(bytes, tokens.get(at)?)?;
    at += 1;
    let (taken, year) = year(bytes, &tokens[at..]);
    Some((at + taken, day(year, month, number)?))
}

/// `March 3`, `March 3rd, 2026`.
fn month_first(bytes: &[u8], tokens: &[Token]) -> Option<(usize, Date)> {
    let month = month(bytes, tokens.first()?)?;
    let dot = usize::from(tokens.get(1)?.is_sign(bytes, b'.'));
    let number = tokens.get(1 + dot)?;
    let value = number
        .whole(bytes)
        .filter(|_| number.end - number.start < 3)?;
    let at = 2 + dot + ordinal(bytes, tokens, 2 + dot);
    let (taken, year) = year(bytes, &tokens[at..]);
    // "May 5 people": a word that counts is no year and takes nothing away.
    Some((at + taken, day(year, month, value)?))
}

/// How many tokens the ending of an ordinal takes: `rd`, `.`.
fn ordinal(bytes: &[u8], tokens: &[Token], at: usize) -> usize {
    let joined = tokens
        .get(at)
        .filter(|token| token.start == tokens[at - 1].end);
    let ends = joined.is_some_and(|token| {
        token.is(bytes, &[b"st", b"nd", b"rd", b"th"]) || token.is_sign(bytes, b'.')
    });
    usize::from(ends)
}

/// A year after a day: how many tokens it takes, and itself.
fn year(bytes: &[u8], tokens: &[Token]) -> (usize, Option<u32>) {
    let between = tokens
        .first()
        .is_some_and(|token| token.is_sign(bytes, b',') || token.is(bytes, &[b"de", b"del"]));
    let at = usize::from(between);
    let year = tokens
        .get(at)
        .filter(|token| token.end - token.start == 4)
        .and_then(|token| token.whole(bytes));
    match year.filter(|year| (1900..2100).contains(year)) {
        Some(year) => (at + 1, Some(year)),
        None => (0, None),
    }
}

/// `Monday`, `next Monday`, `nächsten Montag`, `el próximo lunes`.
fn weekday(bytes: &[u8], tokens: &[Token]) -> Option<(usize, Date)> {
    const WHICH: &[(&[&[u8]], Which)] = &[
        (
            &[b"last", b"letzten", b"letzter", b"letzte", b"pasado"],
            Which::Last,
        ),
        (&[b"this", b"diesen", b"dieser", b"este"], Which::This),
        (
            &[
                b"next",
                b"n\xffchsten",
                b"n\xffchster",
                b"kommenden",
                b"pr\xffximo",
                b"proximo",
            ],
            Which::Next,
        ),
    ];
    let named = |token: &Token| WEEKDAYS.iter().position(|names| token.is(bytes, names));
    let which = |token: &Token| {
        WHICH
            .iter()
            .find(|(words, _)| token.is(bytes, words))
            .map(|(_, which)| *which)
    };
    let first = tokens.first()?;
    let (count, weekday, which) = match (which(first), named(first)) {
        (Some(which), _) => (2, named(tokens.get(1)?)?, which),
        (None, Some(weekday)) => match tokens
            .get(1)
            .and_then(which)
            .filter(|_| first.is(bytes, &[WEEKDAYS[weekday][WEEKDAYS[weekday].len() - 1]]))
        {
            Some(Which::Last) => (2, weekday, Which::Last),
            _ => (1, weekday, Which::Unsaid),
        },
        (None, None) => return None,
    };
    // "mon", "wed" and the like are days only with a capital.
    let short = tokens[count - 1].end - tokens[count - 1].start == 3;
    let weekday_word = tokens[count - 1].of(bytes);
    let capital = weekday_word.first().is_some_and(u8::is_ascii_uppercase);
    let weekday = u8::try_from(weekday).ok()?;
    (!short || capital).then_some((count, Date::Weekday { weekday, which }))
}

fn relative(bytes: &[u8], tokens: &[Token]) -> Option<(usize, Date)> {
    let first = tokens.first()?;
    let days = RELATIVE
        .iter()
        .find(|(words, _)| first.is(bytes, words))
        .map(|(_, days)| *days)?;
    Some((1, Date::DaysFromNow(days)))
}

fn month(bytes: &[u8], token: &Token) -> Option<u32> {
    let place = MONTHS.iter().position(|names| token.is(bytes, names))?;
    u32::try_from(place + 1).ok()
}

/// Two numbers of which one is the day: ambiguous where both may be, and differ.
fn either(one: u32, other: u32, year: u32) -> Option<Date> {
    match (day(Some(year), other, one), day(Some(year), one, other)) {
        (Some(_), Some(_)) if one != other => Some(Date::Ambiguous),
        (Some(date), _) | (None, Some(date)) => Some(date),
        (None, None) => None,
    }
}

fn full_year(year: u32) -> u32 {
    match year {
        0..70 => 2000 + year,
        70..100 => 1900 + year,
        _ => year,
    }
}

/// A day that the calendar has, in a leap year at the latest.
fn day(year: Option<u32>, month: u32, day: u32) -> Option<Date> {
    let last = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let year = match year {
        Some(year) => Some(
            u16::try_from(year)
                .ok()
                .filter(|year| (1900..2100).contains(year))?,
        ),
        None => None,
    };
    let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    (1..=last)
        .contains(&day)
        .then_some(Date::Day { year, month, day })
}
