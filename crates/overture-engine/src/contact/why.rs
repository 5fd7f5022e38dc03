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
    (Signal::FailedSubmit, "failed submit", "failed submits"),
    (Signal::RageClick, "rage click", "rage clicks"),
    (Signal::FormError, "form error", "form errors"),
    (Signal::DeadClick, "dead click", "dead clicks"),
    (Signal::QuickBack, "quick return", "quick returns"),
    (Signal::Hesitation, "long hesitation", "long hesitations"),
    (Signal::SlowClick, "slow response", "slow responses"),
    (Signal::Thrash, "restless movement", "restless movements"),
];

/// Says what the customer went through lately and where, for example
/// "2 failed submits and 1 rage click on /checkout".
pub fn why(state: &CustomerState, now: Timestamp) -> String {
    let causes: Vec<String> = CAUSES
        .iter()
        .filter_map(|(signal, one, many)| {
            let count = features::read(&state.features, *signal, LOOK_BACK, now).round() as u32;
            (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
        })
        .take(CAUSES_MAX)
        .collect();
    let path = state.session.as_ref().map(|session| session.path.as_str());
    let place = path
        .filter(|path| !path.is_empty())
        .map(|path| format!(" on {path}"));
    let place = place.unwrap_or_default();
    match causes.split_last() {
        None => format!("Asked for help{place}"),
        Some((last, [])) => format!("{last}{place}"),
        Some((last, rest)) => format!("{} and {last}{place}", rest.join(", ")),
    }
}
