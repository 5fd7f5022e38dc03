//! Payment cards: length, prefix and check digit, however the digits are set.

use super::{
    number::Group,
    scan::{Scan, What},
};

const DIGITS_MIN: usize = 13;
const DIGITS_MAX: usize = 19;

/// Marks every card in the number under way; windows that overlap become one find.
pub(super) fn mark_all(scan: &mut Scan<'_>) {
    for first in 0..scan.groups.len() {
        if let Some(last) = longest_from(scan, first) {
            let (start, end) = (scan.groups[first].start, scan.groups[last].end);
            scan.mark(start, end, What::Card);
            mark_check_digits(scan, last + 1);
        }
    }
}

/// Marks the check digits after a card, behind its expiry or at once, that end the number.
fn mark_check_digits(scan: &mut Scan<'_>, next: usize) {
    let left = scan.groups.len() - next;
    let lengths = [0, 1, 2].map(|offset| scan.length(next + offset));
    let behind = match (left, lengths) {
        (1, [3, ..]) => 0,
        (2, [4, 3, _]) => 1,
        (3, [2, 2 | 4, 3 | 4]) => 2,
        _ => return,
    };
    let group = scan.groups[next + behind];
    scan.mark(group.start, group.end, What::Secret);
}

/// The last group of the longest card that begins with group `first`.
fn longest_from(scan: &mut Scan<'_>, first: usize) -> Option<usize> {
    let mut digits = [0_u8; DIGITS_MAX];
    let mut count = 0;
    let mut longest = None;
    for last in first..scan.groups.len() {
        let group = scan.groups[last];
        let length = group.end - group.start;
        if count + length > DIGITS_MAX {
            break;
        }
        for (place, byte) in scan.bytes[group.start..group.end].iter().enumerate() {
            digits[count + place] = byte - b'0';
        }
        count += length;
        scan.steps += length;
        let number = &digits[..count];
        if count >= 4 && !has_known_prefix(number) {
            break;
        }
        if is_card(number) && is_set_like_a_card(scan, &scan.groups[first..=last]) {
            longest = Some(last);
        }
    }
    longest
}

fn is_card(number: &[u8]) -> bool {
    number.len() >= DIGITS_MIN
        && has_known_length(number)
        && passes_luhn(number)
        && number.iter().any(|digit| *digit != number[0])
}

/// The check of ISO/IEC 7812-1, annex B.
fn passes_luhn(number: &[u8]) -> bool {
    let sum: u32 = number
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

fn leading(number: &[u8], count: usize) -> u32 {
    number[..count]
        .iter()
        .fold(0, |value, digit| value * 10 + u32::from(*digit))
}

fn has_known_prefix(number: &[u8]) -> bool {
    matches!(
        leading(number, 4),
        4000..=4999                    // Visa
        | 5000..=5999 | 6000..=6999    // Mastercard, Maestro, Discover, UnionPay, RuPay, Elo
        | 2200..=2204 | 2205 | 2221..=2720 // Mir, Mastercard
        | 3400..=3499 | 3700..=3799    // American Express
        | 3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 // Diners Club
        | 3528..=3589                  // JCB
        | 8100..=8299                  // UnionPay, RuPay
        | 9792 | 9704                  // Troy, Napas
        | 1800 | 2131 // JCB
    )
}

fn has_known_length(number: &[u8]) -> bool {
    match (leading(number, 4), number.len()) {
        (4000..=4999, 13 | 16 | 18 | 19) => true,
        (5000..=5099 | 5600..=6999, _) => true,
        (5100..=5599 | 2205..=2720 | 9792, length) => length == 16,
        (2200..=2204 | 3528..=3589 | 8100..=8299 | 9704, length) => length >= 16,
        (3400..=3499 | 3700..=3799 | 1800 | 2131, length) => length == 15,
        (3000..=3059 | 3095 | 3600..=3699 | 3800..=3999, length) => length >= 14,
        _ => false,
    }
}

/// Whether the digits are grouped as people set a card's: in groups of three and more but
/// for the last, or all one or two long; a line break may fall anywhere.
fn is_set_like_a_card(scan: &Scan<'_>, groups: &[Group]) -> bool {
    let length = |group: &Group| group.end - group.start;
    let breaks = |one: &Group, other: &Group| scan.bytes[one.end..other.start].contains(&b'\n');
    let listed = |one: &Group, other: &Group| scan.bytes[one.end..other.start].contains(&b',');
    let even = groups.windows(2).all(|pair| {
        length(&pair[0]) == length(&pair[1])
            && (length(&pair[0]) > 2 || !listed(&pair[0], &pair[1]))
    });
    let small = groups
        .iter()
        .enumerate()
        .filter(|(place, group)| {
            let broken_before = *place > 0 && breaks(&groups[place - 1], group);
            let broken_after = groups
                .get(place + 1)
                .is_some_and(|next| breaks(group, next));
            length(group) < 3 && !broken_before && !broken_after
        })
        .count();
    even || small == 0 || small == 1 && groups.last().is_some_and(|last| length(last) < 3)
}
