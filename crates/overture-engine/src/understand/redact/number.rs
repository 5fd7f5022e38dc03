//! Runs of digits in groups, and which of them are cards, addresses, social security or
//! telephone numbers; dates are set aside.

use super::{
    address, card, phone,
    scan::{Scan, What},
    words,
};

/// How many signs may stand between two groups of one number.
const SEPARATOR_BYTES_MAX: usize = 4;

/// Digits without anything between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What is before a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Border {
    /// No letter.
    Clean,
    /// The end of a word.
    Glued,
}

/// Takes the number that begins at `at`, with all its groups; where it ends.
pub(super) fn run(scan: &mut Scan<'_>, at: usize, border: Border) -> usize {
    let end = collect_groups(scan, at);
    scan.steps += end - at;
    card::mark_all(scan);
    if border == Border::Clean && scan.groups.len() == 1 && scan.groups[0].end - at < 7 {
        return end;
    }
    let mut place = usize::from(border == Border::Glued);
    while place < scan.groups.len() {
        if place > 0 {
            scan.reference(scan.groups[place].start);
        }
        place = one_number(scan, place);
    }
    end
}

fn collect_groups(scan: &mut Scan<'_>, at: usize) -> usize {
    scan.groups.clear();
    let mut start = at;
    loop {
        let rest = &scan.bytes[start..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let end = start + digits;
        scan.groups.push(Group { start, end });
        let signs = scan.bytes[end..]
            .iter()
            .take(SEPARATOR_BYTES_MAX)
            .take_while(|byte| is_separator(**byte))
            .count();
        let next = end + signs;
        if signs == 0 || !scan.byte(next).is_ascii_digit() {
            return end;
        }
        start = next;
    }
}

fn is_separator(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t' | b'\n' | b'\r' | b'-' | b'.' | b'/' | b'(' | b')' | b'_' | b',' | b'>'
    )
}

/// Takes what begins with group `place`; the group to go on with.
fn one_number(scan: &mut Scan<'_>, place: usize) -> usize {
    let start = scan.groups[place].start;
    let found = phone::pairs(scan, place)
        .map(|next| (next, What::Phone))
        .or_else(|| address::v4(scan, place).map(|next| (next, What::Ip)))
        .or_else(|| ssn(scan, place).map(|next| (next, What::Ssn)));
    if let Some((next, what)) = found {
        scan.mark(start, scan.groups[next - 1].end, what);
        return next;
    }
    if let Some(next) = date(scan, place) {
        return next;
    }
    match phone::at(scan, place) {
        Some((start, next)) => {
            scan.mark(start, scan.groups[next - 1].end, What::Phone);
            next
        }
        None => place + 1,
    }
}

impl Scan<'_> {
    /// How long group `place` is; 0 past the end.
    pub(super) fn length(&self, place: usize) -> usize {
        self.groups
            .get(place)
            .map_or(0, |group| group.end - group.start)
    }

    /// The digits of group `place`.
    pub(super) fn digits(&self, place: usize) -> &[u8] {
        self.groups
            .get(place)
            .map_or(&[], |group| &self.bytes[group.start..group.end])
    }

    /// The value of group `place`, where it has up to four digits.
    pub(super) fn value(&self, place: usize) -> u32 {
        let digits = self.digits(place).iter().take(4);
        digits.fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
    }

    /// What stands between group `place` and the next.
    pub(super) fn between(&self, place: usize) -> &[u8] {
        match (self.groups.get(place), self.groups.get(place + 1)) {
            (Some(one), Some(next)) => &self.bytes[one.end..next.start],
            _ => b"",
        }
    }

    /// Whether no digit or letter is joined to what ends with group `place`.
    pub(super) fn ends_clean(&self, place: usize) -> bool {
        let end = self.groups[place].end;
        let next = self.byte(end);
        let goes_on = matches!(next, b'.' | b',' | b':') && self.byte(end + 1).is_ascii_digit();
        !goes_on && !super::scan::is_word(next)
    }
}

/// `123-45-6789`, with hyphens, spaces or dots; nine digits where the words say so.
fn ssn(scan: &Scan<'_>, place: usize) -> Option<usize> {
    let start = scan.groups[place].start;
    if scan.length(place) == 9 {
        let said = words::speaks_of_social_security(scan.bytes, start);
        return (said && scan.ends_clean(place)).then_some(place + 1);
    }
    let shape = [0, 1, 2].map(|offset| scan.length(place + offset));
    let separator = scan.between(place);
    let set = matches!(separator, b"-" | b" " | b".") && separator == scan.between(place + 1);
    let spaced = separator == b" ";
    let follows = !spaced && scan.between(place + 2) == separator;
    if shape != [3, 2, 4] || !set || follows || !scan.ends_clean(place + 2) {
        return None;
    }
    let joined = place > 0 && !spaced && scan.between(place - 1) == separator;
    let valid = !matches!(scan.value(place), 0 | 666)
        && scan.value(place + 1) != 0
        && scan.value(place + 2) != 0
        && !joined;
    let said = words::speaks_of_social_security(scan.bytes, start);
    (said || valid && scan.before(start) != b'+').then_some(place + 3)
}

/// A date in three groups: `2026-03-12`, `12/03/2026`, `12.03.26`.
fn date(scan: &Scan<'_>, place: usize) -> Option<usize> {
    let separator = scan.between(place);
    let same = separator == scan.between(place + 1);
    if !same || !matches!(separator, b"-" | b"." | b"/" | b" ") {
        return None;
    }
    let values = [0, 1, 2].map(|offset| scan.value(place + offset));
    let day_and_month = |one: u32, other: u32| {
        (1..=31).contains(&one) && (1..=12).contains(&other)
            || (1..=12).contains(&one) && (1..=31).contains(&other)
    };
    let fits = match [0, 1, 2].map(|offset| scan.length(place + offset)) {
        [4, 1 | 2, 1 | 2] => is_year(values[0]) && day_and_month(values[1], values[2]),
        [1 | 2, 1 | 2, 4] => is_year(values[2]) && day_and_month(values[0], values[1]),
        [1 | 2, 1 | 2, 2] => {
            separator != b" "
                && day_and_month(values[0], values[1])
                && scan.between(place + 2) != separator
        }
        _ => false,
    };
    fits.then_some(place + 3)
}

/// Whether a number of four digits reads as a year.
pub(super) fn is_year(value: u32) -> bool {
    (1900..=2099).contains(&value)
}
