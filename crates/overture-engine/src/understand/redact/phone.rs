//! Telephone numbers: international ones, and national ones by their shape or the words
//! before them.

use super::{fold::is_currency, number::is_year, scan::Scan, words};

/// The most digits of a number (ITU-T E.164), and the fewest that are looked at.
const DIGITS_MAX: usize = 15;
const DIGITS_MIN: usize = 7;
/// From how many digits on a single further digit is no part of a number.
const DIGITS_ENOUGH: usize = 11;

/// Five pairs with the same sign between them, as in France: before dates are.
pub(super) fn pairs(scan: &Scan<'_>, place: usize) -> Option<usize> {
    let separator = scan.between(place);
    let pairs = (place..place + 5).all(|place| scan.length(place) == 2);
    let even = (place..place + 4).all(|place| scan.between(place) == separator);
    (pairs && even && separator.len() == 1 && scan.digits(place)[0] == b'0').then_some(place + 5)
}

/// The number that begins with group `place`: where it starts, with its `+` or `(`, and
/// the group after it.
pub(super) fn at(scan: &mut Scan<'_>, place: usize) -> Option<(usize, usize)> {
    // Each of the ways below looks at the digits of one number and the words before it.
    scan.steps += 3 * DIGITS_MAX;
    let start = scan.groups[place].start;
    let (start, before) = match scan.before(start) {
        b'(' => (start - 1, scan.before(start - 1)),
        before => (start, before),
    };
    if before == b'+' || scan.before(start) == b'+' {
        let start = start - 1;
        let start = start - usize::from(scan.before(start) == b'(');
        return international(scan, place, 0).map(|next| (start, next));
    }
    let joined = matches!(before, b'.' | b',' | b':') && scan.before(start - 1).is_ascii_digit();
    if joined {
        return None;
    }
    zero_zero(scan, place)
        .or_else(|| zero(scan, place, start))
        .or_else(|| shaped(scan, place, start))
        .or_else(|| spoken_of(scan, place, start))
        .map(|next| (start, next))
}

/// The groups from `place` that one number may have; stops at what joins none.
fn extent(scan: &Scan<'_>, place: usize, digits_max: usize) -> Option<(usize, usize)> {
    let (mut next, mut count) = (place, 0);
    while next < scan.groups.len() {
        let length = scan.length(next);
        if count + length > digits_max || next > place && !joins(scan.between(next - 1)) {
            break;
        }
        let alone = count >= DIGITS_ENOUGH && length == 1;
        if alone || is_date_or_price(scan, next, place) {
            break;
        }
        count += length;
        next += 1;
    }
    (next > place).then_some((next, count))
}

/// Signs between two groups of one number, at most one line break among them.
fn joins(between: &[u8]) -> bool {
    let known = between.iter().all(|byte| {
        matches!(
            byte,
            b' ' | b'-' | b'.' | b'/' | b'(' | b')' | b'\n' | b'\r' | b'\t'
        )
    });
    known && between.iter().filter(|byte| **byte == b'\n').count() < 2
}

/// Whether another kind of number begins with group `next`.
fn is_date_or_price(scan: &Scan<'_>, next: usize, place: usize) -> bool {
    let year = scan.length(next) == 4 && is_year(scan.value(next));
    let day = next > place + 1 && scan.length(next - 1) == 2 && scan.length(next - 2) == 2;
    year && day && scan.between(next - 1) == b"/"
}

fn international(scan: &Scan<'_>, place: usize, prefix: usize) -> Option<usize> {
    let (mut next, mut count) = extent(scan, place, DIGITS_MAX + prefix)?;
    while next > place + 1 && !scan.ends_clean(next - 1) {
        next -= 1;
        count -= scan.length(next);
    }
    let leading = scan.digits(place).get(prefix).copied();
    let starts = leading.map_or(
        prefix == 2 && scan.digits(place + 1).first() != Some(&b'0'),
        |digit| digit != b'0',
    );
    (starts && count >= DIGITS_MIN + prefix && scan.ends_clean(next - 1)).then_some(next)
}

/// `0049 30 ..`
fn zero_zero(scan: &Scan<'_>, place: usize) -> Option<usize> {
    if !scan.digits(place).starts_with(b"00") {
        return None;
    }
    let next = international(scan, place, 2)?;
    let count: usize = (place..next).map(|place| scan.length(place)).sum();
    let reference =
        next == place + 1 && words::speaks_of_references(scan.bytes, scan.groups[place].start);
    (count >= 11 && !reference).then_some(next)
}

/// `030 1234567`, `(0)30 ..`, `07700900123`
fn zero(scan: &Scan<'_>, place: usize, start: usize) -> Option<usize> {
    let leading = scan.digits(place);
    let bracket = scan.before(scan.groups[place].start) == b'(';
    if leading[0] != b'0' || leading.starts_with(b"00") || leading.len() == 1 && !bracket {
        return None;
    }
    let (mut next, mut count) = extent(scan, place, 13)?;
    while next > place + 1 && (!scan.ends_clean(next - 1) || is_counted(scan, next - 1)) {
        next -= 1;
        count -= scan.length(next);
    }
    if !scan.ends_clean(next - 1) || is_amount(scan, start, next) {
        return None;
    }
    let reference = words::speaks_of_references(scan.bytes, start);
    let fits = match next - place {
        1 => count >= 9 && !reference,
        _ => {
            count >= 8
                && (place..next).any(|place| scan.length(place) > 2)
                && !(reference && count < 9)
                || count == 7 && words::speaks_of_phones(scan.bytes, start)
        }
    };
    fits.then_some(next)
}

/// Shapes that are numbers without a leading zero: `(212) 555-0123`, `212-555-0123`,
/// `555-0123`, `612 345 678`, `612 34 56 78`.
fn shaped(scan: &Scan<'_>, place: usize, start: usize) -> Option<usize> {
    let lengths = [0, 1, 2, 3].map(|offset| scan.length(place + offset));
    let between = [0, 1, 2].map(|offset| scan.between(place + offset));
    let first = scan.digits(place)[0];
    let single = |between: &[u8]| matches!(between, b" " | b"-" | b".");
    let bracket = scan.before(scan.groups[place].start) == b'(' && between[0].starts_with(b")");
    let nanp = |place: usize| scan.digits(place)[0] >= b'2';
    let next = match lengths {
        [2..=5, ..] if bracket && !is_year(scan.value(place)) => bracketed(scan, place)?,
        [1, 3, 3, 4]
            if first == b'1' && joins(between[0]) && joins(between[1]) && nanp(place + 1) =>
        {
            place + 4
        }
        [3, 3, 4, _] if single(between[0]) && single(between[1]) && nanp(place) => place + 3,
        [3, 7, _, _] if single(between[0]) && nanp(place) && nanp(place + 1) => place + 2,
        [3, 4, after, _]
            if between[0] == b"-" && nanp(place) && (after == 0 || between[1] != b"-") =>
        {
            let round = scan.digits(place + 1).ends_with(b"00");
            (!round).then_some(place + 2)?
        }
        [3, 3, 3, _]
            if matches!(between[0], b" " | b"-") && between[1] == between[0] && first >= b'6' =>
        {
            place + 3
        }
        [5, 5, ..] if first >= b'6' && matches!(between[0], b" " | b"-") => place + 2,
        [2, 3, 2, 2] if first >= b'8' && single(between[0]) && between[1..] == [between[0]; 2] => {
            place + 4
        }
        [3, 2, 2, 2] if first >= b'6' && single(between[0]) && between[1..] == [between[0]; 2] => {
            place + 4
        }
        [10, ..] if nanp(place) && scan.digits(place)[3] >= b'2' => place + 1,
        [11, ..]
            if first == b'1' && scan.digits(place)[1] >= b'2' && scan.digits(place)[4] >= b'2' =>
        {
            place + 1
        }
        _ => return None,
    };
    let goes_on = next < scan.groups.len()
        && single(scan.between(next - 1))
        && scan.between(next - 1) != b" ";
    let joined = place > 0 && matches!(scan.between(place - 1), b"-" | b".");
    let sure = bracket || lengths[..3] == [3, 3, 4] && between[0] == b"-" || next == place + 4;
    let reference = !sure && words::speaks_of_references(scan.bytes, start);
    let end = scan.groups[next - 1].end;
    let goes_on = goes_on || scan.byte(end) == b'-' && super::scan::is_word(scan.byte(end + 1));
    let refused = goes_on
        || joined
        || reference
        || !scan.ends_clean(next - 1)
        || is_amount(scan, start, next);
    (!refused).then_some(next)
}

/// `(495) 123-45-67`: nine to eleven digits.
fn bracketed(scan: &Scan<'_>, place: usize) -> Option<usize> {
    let (next, count) = extent(scan, place, 11)?;
    (count >= 9 && next > place + 1).then_some(next)
}

/// Any number where the words before it speak of a telephone.
fn spoken_of(scan: &Scan<'_>, place: usize, start: usize) -> Option<usize> {
    let (mut next, mut count) = extent(scan, place, DIGITS_MAX)?;
    while next > place + 1 && (!scan.ends_clean(next - 1) || is_counted(scan, next - 1)) {
        next -= 1;
        count -= scan.length(next);
    }
    let years = next == place + 2 && is_year(scan.value(place)) && is_year(scan.value(place + 1));
    let last = scan.digits(next - 1);
    let round = last.ends_with(b"0000") || next > place + 1 && last == b"000";
    if count < DIGITS_MIN
        || years
        || round
        || !scan.ends_clean(next - 1)
        || is_amount(scan, start, next)
    {
        return None;
    }
    words::speaks_of_phones(scan.bytes, start).then_some(next)
}

/// Whether a currency, a per cent sign or a unit says that this is an amount.
fn is_amount(scan: &Scan<'_>, start: usize, next: usize) -> bool {
    let money = |byte: u8| is_currency(byte) || byte == b'%';
    let end = scan.groups[next - 1].end;
    let before = match scan.before(start) {
        b' ' => scan.before(start.saturating_sub(1)),
        byte => byte,
    };
    money(before)
        || money(scan.byte(end))
        || scan.byte(end) == b' ' && money(scan.byte(end + 1))
        || is_counted(scan, next - 1)
}

/// Whether a unit follows group `place`.
fn is_counted(scan: &Scan<'_>, place: usize) -> bool {
    let end = scan.groups[place].end;
    if scan.byte(end) != b' ' {
        return false;
    }
    let word = scan.bytes[end + 1..]
        .iter()
        .take(10)
        .take_while(|byte| super::scan::is_word(**byte));
    let word = &scan.bytes[end + 1..end + 1 + word.count()];
    words::is_in(word, UNITS)
}

const UNITS: &[&[u8]] = &[
    b"km",
    b"m",
    b"cm",
    b"mm",
    b"kg",
    b"g",
    b"kwh",
    b"miles",
    b"people",
    b"times",
    b"days",
    b"hours",
    b"minutes",
    b"yen",
    b"yuan",
    b"kr",
    b"chf",
    b"pesos",
    b"eur",
    b"euro",
    b"euros",
    b"usd",
    b"dollars",
    b"gbp",
    b"pounds",
    b"points",
    b"pieces",
    b"members",
    b"stunden",
    b"tage",
    b"uhr",
    b"personen",
];
