//! What pacing learns: arrivals, handle times, and how offers are answered by their age.

use crate::model::{
    ANSWER_AGES, ANSWER_AGES_S, ArrivalCount, HandleTimes, Millis, OfferAnswers, OfferStyle,
    PacingSettings, PacingState, Timestamp, place_of_style,
};

/// The time in which an arrival's weight falls to `1 / e`.
const ARRIVALS_FADE_S: f64 = 900.0;
/// How many served requests weigh at most, so that the newest count.
const HANDLED_MAX: f64 = 200.0;
/// How many served requests the policy's handle time is worth.
const HANDLED_PRIOR: f64 = 10.0;
/// The spread of the logarithm of handle times, before any were served.
const HANDLE_SPREAD: f64 = 0.94;
/// How many answers weigh at most.
const ANSWERS_MAX: f64 = 1_000.0;
/// How many answers the policy's share of accepted offers is worth.
const ANSWERS_PRIOR: f64 = 30.0;
/// How long after an offer chats were started, before any were: shares by age. Log-normal,
/// median 12 s, spread 0.9.
const ACCEPTED_AT: [f64; ANSWER_AGES] = [
    0.165, 0.255, 0.178, 0.117, 0.131, 0.083, 0.034, 0.024, 0.012, 0.001,
];

fn age_place(age: Millis) -> usize {
    let age_s = age.as_secs_f64();
    ANSWER_AGES_S
        .iter()
        .position(|end| age_s < f64::from(*end))
        .unwrap_or(ANSWER_AGES - 1)
}

impl ArrivalCount {
    /// Counts one that came at `at`.
    pub(in crate::route) fn add(&mut self, at: Timestamp) {
        if self.since == Timestamp::default() {
            self.since = at;
        }
        self.count = self.as_of(at) + 1.0;
        self.at = at;
    }

    fn as_of(&self, at: Timestamp) -> f64 {
        self.count * libm::exp(-at.since(self.at).as_secs_f64() / ARRIVALS_FADE_S)
    }

    /// How many come a second, lately. What came since the first is taken to have come in five
    /// minutes at least.
    pub(in crate::route) fn rate_s(&self, at: Timestamp) -> f64 {
        let counted_s = at.since(self.since).as_secs_f64().max(300.0);
        self.as_of(at) / (ARRIVALS_FADE_S * -libm::expm1(-counted_s / ARRIVALS_FADE_S))
    }
}

impl HandleTimes {
    /// Counts one that took `seconds`.
    pub(in crate::route) fn add(&mut self, seconds: f64) {
        let keep = (1.0 - 1.0 / HANDLED_MAX).min(1.0);
        let log = libm::log(seconds.max(1.0));
        self.count = self.count * keep + 1.0;
        self.sum = self.sum * keep + log;
        self.squares = self.squares * keep + log * log;
    }

    /// The mean of a log-normal with these logarithms, seconds, shrunk to `prior`.
    pub(in crate::route) fn mean_s(&self, prior: Millis) -> f64 {
        let variance_prior = HANDLE_SPREAD * HANDLE_SPREAD;
        let prior_s = prior.as_secs_f64().max(1.0);
        let prior_log = libm::log(prior_s) - variance_prior / 2.0;
        let count = self.count + HANDLED_PRIOR;
        let mean = (self.sum + HANDLED_PRIOR * prior_log) / count;
        let squares = self.squares + HANDLED_PRIOR * (variance_prior + prior_log * prior_log);
        let variance = (squares / count - mean * mean).max(0.0);
        libm::exp(mean + variance / 2.0)
    }
}

impl OfferAnswers {
    /// Counts an answer of an offer that was open for `age`.
    pub(in crate::route) fn add(&mut self, is_accepted: bool, age: Millis) {
        let keep = 1.0 - 1.0 / ANSWERS_MAX;
        for count in self.accepted.iter_mut().chain(&mut self.declined) {
            *count *= keep;
        }
        let counts = if is_accepted {
            &mut self.accepted
        } else {
            &mut self.declined
        };
        counts[age_place(age)] += 1.0;
    }
}

/// For an offer that nobody answered yet: the probability that it will be accepted, by style
/// and age.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::route) struct Acceptance([[f64; ANSWER_AGES]; 3]);

impl Acceptance {
    /// What `state` says, where it says little shrunk to the policy.
    pub(in crate::route) fn of(state: &PacingState, settings: &PacingSettings) -> Self {
        Self(
            state
                .answers
                .each_ref()
                .map(|answers| by_age(answers, settings.accept_share)),
        )
    }

    /// Of an offer that is open for `age`.
    pub(in crate::route) fn at(&self, style: OfferStyle, age: Millis) -> f64 {
        self.0[place_of_style(style)][age_place(age)]
    }
}

/// Of those still open at the start of each age, the share that is accepted from then on:
/// with every silent second the rest is more likely to stay silent.
fn by_age(answers: &OfferAnswers, accept_share: f64) -> [f64; ANSWER_AGES] {
    let accepted =
        |place: usize| answers.accepted[place] + ANSWERS_PRIOR * accept_share * ACCEPTED_AT[place];
    // Before any were answered, whoever does not accept never says so.
    let declined = |place: usize| {
        let silent = if place == ANSWER_AGES - 1 { 1.0 } else { 0.0 };
        answers.declined[place] + ANSWERS_PRIOR * (1.0 - accept_share) * silent
    };
    let mut shares = [0.0; ANSWER_AGES];
    let (mut yet_to_accept, mut open) = (0.0, 0.0);
    for place in (0..ANSWER_AGES).rev() {
        yet_to_accept += accepted(place);
        open += accepted(place) + declined(place);
        shares[place] = yet_to_accept / open;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_left_open_is_less_and_less_likely_to_be_accepted() {
        let settings = PacingSettings::default();
        let at = |seconds| {
            Acceptance::of(&PacingState::default(), &settings)
                .at(OfferStyle::Banner, Millis::from_secs(seconds))
        };
        assert!((at(0) - 0.1).abs() < 1e-9, "{}", at(0));
        assert!(at(12) < at(0) && at(40) < 0.02 && at(200) < 0.001);
    }

    #[test]
    fn answers_outweigh_the_prior() {
        let settings = PacingSettings::default();
        let mut state = PacingState::default();
        for number in 0..500 {
            let banner = &mut state.answers[place_of_style(OfferStyle::Banner)];
            banner.add(number % 2 == 0, Millis::from_secs(3));
        }
        let acceptance = Acceptance::of(&state, &settings);
        let now = |style| acceptance.at(style, Millis(0));
        assert!((now(OfferStyle::Banner) - 0.48).abs() < 0.03);
        assert!((now(OfferStyle::Prompt) - 0.1).abs() < 1e-9);
    }

    #[test]
    fn handle_times_begin_at_the_policys_and_follow_what_happens() {
        let mut times = HandleTimes::default();
        let prior = Millis::from_secs(480);
        assert!((times.mean_s(prior) - 480.0).abs() < 1e-6);
        for _ in 0..400 {
            times.add(120.0);
        }
        let mean_s = times.mean_s(prior);
        assert!((118.0..145.0).contains(&mean_s), "{mean_s}");
    }

    #[test]
    fn arrivals_are_known_from_the_first_minute_and_forgotten_after_an_hour() {
        let mut arrivals = ArrivalCount::default();
        let at = |seconds: i64| Timestamp(1_700_000_000_000 + seconds * 1_000);
        for second in (0..300).step_by(10) {
            arrivals.add(at(second));
        }
        let rate_s = arrivals.rate_s(at(300));
        assert!((rate_s - 0.1).abs() < 0.005, "{rate_s}");
        assert!(arrivals.rate_s(at(4_500)) < 0.001);
        assert!(ArrivalCount::default().rate_s(at(0)) == 0.0);
    }
}
