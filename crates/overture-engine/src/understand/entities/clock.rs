//! Times of the day.

use super::{
    EntityValue, Read,
    token::{Sort, Token},
    when::two,
};

/// A time of the day: `14:30`, `2 pm`, `2:15 p.m.`, `14.30 Uhr`, `8 Uhr`.
pub(super) fn time(bytes: &[u8], tokens: &[Token]) -> Read {
    let (mut count, hour, minute) = clock(bytes, tokens)?;
    let next = tokens.get(count).map_or(&b""[..], |token| token.of(bytes));
    let dotted = tokens
        .get(count + 1)
        .is_some_and(|token| token.is_sign(bytes, b'.'))
        && tokens
            .get(count + 2)
            .is_some_and(|token| token.is(bytes, &[b"m"]));
    let stop = usize::from(
        tokens
            .get(count + 3)
            .is_some_and(|token| token.is_sign(bytes, b'.')),
    );
    let half = match (next.to_ascii_lowercase().as_slice(), dotted) {
        (b"am", _) => Some((0, 1)),
        (b"pm", _) => Some((12, 1)),
        (b"a", true) => Some((0, 3 + stop)),
        (b"p", true) => Some((12, 3 + stop)),
        _ => None,
    };
    let hour = match half {
        Some((later, taken)) if (1..=12).contains(&hour) => {
            count += taken;
            hour % 12 + later
        }
        Some(_) => return None,
        None if matches!(next, b"Uhr" | b"uhr" | b"h" | b"hrs") => {
            count += 1;
            hour
        }
        None if count == 1 => return None,
        None => hour,
    };
    let (hour, minute) = (u8::try_from(hour).ok()?, u8::try_from(minute).ok()?);
    (hour < 24 && minute < 60).then_some((count, EntityValue::Time { hour, minute }))
}

/// The numbers of a time: how many tokens, the hour and the minute.
fn clock(bytes: &[u8], tokens: &[Token]) -> Option<(usize, u32, u32)> {
    let first = tokens.first().filter(|token| token.sort == Sort::Number)?;
    let number = first.of(bytes);
    if let Some(dot) = number.iter().position(|byte| *byte == b'.') {
        // "14.30" is a time only where a word says so.
        let (hour, minute) = (&number[..dot], &number[dot + 1..]);
        let said = tokens
            .get(1)
            .is_some_and(|token| token.is(bytes, &[b"Uhr", b"am", b"pm", b"h"]));
        let set = hour.len() <= 2 && minute.len() == 2 && minute.iter().all(u8::is_ascii_digit);
        return (said && set).then(|| (1, two(hour), two(minute)));
    }
    let hour = first.whole(bytes).filter(|hour| *hour < 25)?;
    let minute = tokens.get(1..3).filter(|next| {
        next[0].is_sign(bytes, b':')
            && next[0].start == first.end
            && next[1].start == next[0].end
            && next[1].of(bytes).len() == 2
    });
    match minute.and_then(|next| next[1].whole(bytes)) {
        Some(minute) => {
            let seconds = tokens.get(3..5).is_some_and(|next| {
                next[0].is_sign(bytes, b':')
                    && next[0].start == tokens[2].end
                    && next[1].of(bytes).len() == 2
            });
            Some((if seconds { 5 } else { 3 }, hour, minute))
        }
        None => Some((1, hour, 0)),
    }
}
