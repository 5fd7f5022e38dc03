//! One plain line that says why somebody needs help, for agents.

use crate::{
    model::{CustomerState, Signal, Timestamp},
    understand::features,
};

/// Which of [`crate::model::HALF_LIVES_MS`] the line looks back over: 10 minutes.
const LOOK_BACK: usize = 2;

/// How many causes the line names.
const CAUSES_MAX: usize = 3;

/// The signals worth naming, the most telling first, with their singular and plural.
const CAUSES: [(Signal, &str, &str); 8] = [
    (Signal::FailedSubmit, "refused submit", "refused submits"),
    (Signal::FormError, "form error", "form errors"),
    (Signal::RageClick, "rage click", "rage clicks"),
    (
        Signal::DeadClick,
        "click without effect",
        "clicks without effect",
    ),
    (Signal::QuickBack, "quick return", "quick returns"),
    (
        Signal::Hesitation,
        "long pause in a field",
        "long pauses in a field",
    ),
    (Signal::SlowClick, "slow answer", "slow answers"),
    (Signal::Thrash, "restless movement", "restless movements"),
];

/// Says what the customer went through lately and where, for example
/// "Two refused submits and a rage click on /checkout"; `None` when nothing stands out.
///
/// Counts are those with a half-life of 10 minutes, rounded.
pub fn troubles(state: &CustomerState, now: Timestamp) -> Option<String> {
    let causes: Vec<String> = CAUSES
        .iter()
        .filter_map(|(signal, one, many)| {
            let count = features::read(&state.features, *signal, LOOK_BACK, now).round() as u32;
            match count {
                0 => None,
                1 => Some(format!("{} {one}", article(one))),
                many_times => Some(format!("{} {many}", in_words(many_times))),
            }
        })
        .take(CAUSES_MAX)
        .collect();
    let line = match causes.split_last()? {
        (last, []) => last.clone(),
        (last, rest) => format!("{} and {last}", rest.join(", ")),
    };
    Some(format!("{}{}", capitalised(&line), place(state)))
}

/// Why an agent is asked: the [`troubles`], or that answers were not enough, or that the
/// customer asked on their own.
pub fn why(state: &CustomerState, now: Timestamp) -> String {
    troubles(state, now)
        .or_else(|| after_reading(state))
        .unwrap_or_else(|| format!("Asked for help{}", place(state)))
}

/// "Still needs help after reading two answers on /checkout".
fn after_reading(state: &CustomerState) -> Option<String> {
    let reading = state
        .reading
        .as_ref()
        .filter(|reading| reading.still_needed)?;
    let answers = match u32::try_from(reading.articles.len()).unwrap_or(u32::MAX) {
        0 => return None,
        1 => "an answer".to_owned(),
        many => format!("{} answers", in_words(many)),
    };
    let place = place(state);
    Some(format!("Still needs help after reading {answers}{place}"))
}

/// " on /checkout" in a visit whose page is known, else nothing.
pub fn place(state: &CustomerState) -> String {
    let path = state.session.as_ref().map(|session| session.path.as_str());
    let path = path.filter(|path| !path.is_empty());
    path.map(|path| format!(" on {path}")).unwrap_or_default()
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

fn in_words(number: u32) -> String {
    const WORDS: [&str; 8] = [
        "two", "three", "four", "five", "six", "seven", "eight", "nine",
    ];
    number
        .checked_sub(2)
        .and_then(|place| WORDS.get(place as usize))
        .map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

fn capitalised(line: &str) -> String {
    let mut letters = line.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CustomerId, Decayed, IdentityLevel, InteractionId, Seq, Session};

    fn customer(counts: &[(Signal, f32)]) -> CustomerState {
        let at = Timestamp(1_000);
        let mut state = CustomerState::new(CustomerId::derive(at, Seq(1), 0), at);
        for (signal, count) in counts {
            state.features.counters[*signal as usize] = Decayed {
                values: [*count; 4],
                at,
            };
        }
        state.session = Some(Session {
            issue: None,
            session: InteractionId::derive(at, Seq(1), 1),
            started_at: at,
            last_at: at,
            level: IdentityLevel::Anonymous,
            device: None,
            path: "/checkout".to_owned(),
            path_since: at,
            source: None,
        });
        state
    }

    #[test]
    fn the_line_says_what_happened_and_where() {
        for (counts, after_ms, expected) in [
            (
                &[(Signal::FormError, 2.0), (Signal::RageClick, 1.0)][..],
                0,
                "Two form errors and a rage click on /checkout",
            ),
            (&[(Signal::SlowClick, 1.0)], 0, "A slow answer on /checkout"),
            (
                &[(Signal::FormError, 12.0)],
                0,
                "12 form errors on /checkout",
            ),
            (
                &[(Signal::FormError, 2.0)],
                600_000,
                "A form error on /checkout",
            ),
            (
                &[(Signal::FormError, 2.0)],
                7_200_000,
                "Asked for help on /checkout",
            ),
            (
                &[
                    (Signal::Thrash, 1.0),
                    (Signal::FailedSubmit, 3.0),
                    (Signal::FormError, 4.0),
                    (Signal::DeadClick, 1.0),
                ],
                0,
                "Three refused submits, four form errors and a click without effect on /checkout",
            ),
        ] {
            let state = customer(counts);
            assert_eq!(why(&state, Timestamp(1_000 + after_ms)), expected);
        }
    }
}
