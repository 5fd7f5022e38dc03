//! Who comes on a day, and what they will do: drawn before the day, the same for whoever
//! decides about offers.

use overture_engine::model::Millis;

use super::Scenario;
use crate::random::Random;

/// Somebody who comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    /// How long after the start of the day.
    pub(super) at: Millis,
    /// How long their chat takes.
    pub(super) handle: Millis,
    /// How long they wait before they give up.
    pub(super) patience: Millis,
    /// What they do when they are offered a chat; `None` asks without being offered.
    pub(super) answer: Option<Answer>,
}

/// What somebody does with an offer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    /// Starts a chat so long after.
    Accepts(Millis),
    /// Puts it away so long after.
    Dismisses(Millis),
    /// Nothing.
    Ignores,
}

/// Who comes on the day of this seed, in order.
pub(super) fn people(scenario: &Scenario, seed: u64) -> Vec<Person> {
    let mut random = Random::new(seed);
    let mut people = Vec::new();
    for is_unasked in [true, false] {
        let most_per_min = if is_unasked {
            scenario.unasked_per_min.1
        } else {
            scenario.struggling_per_min
        };
        let mut at_min = 0.0;
        loop {
            at_min += exponential(&mut random, 1.0 / most_per_min);
            if at_min >= scenario.hours * 60.0 {
                break;
            }
            // Thinned to the curve of the day (Lewis and Shedler 1979).
            let now = if is_unasked {
                scenario.unasked_per_min_at(at_min)
            } else {
                most_per_min
            };
            if random.share() * most_per_min > now {
                continue;
            }
            people.push(Person {
                at: millis(at_min * 60.0),
                handle: millis(log_normal(
                    &mut random,
                    scenario.handle_median_s(),
                    scenario.handle_spread,
                )),
                patience: millis(exponential(&mut random, scenario.patience_s)),
                answer: (!is_unasked).then(|| answer(scenario, &mut random)),
            });
        }
    }
    people.sort_by_key(|person| person.at);
    people
}

fn answer(scenario: &Scenario, random: &mut Random) -> Answer {
    if random.share() < scenario.accept_share {
        let delay_s = log_normal(random, scenario.accept_median_s, scenario.accept_spread);
        if delay_s < scenario.expires_s as f64 {
            return Answer::Accepts(millis(delay_s));
        }
    } else if random.share() < scenario.dismiss_share {
        let delay_s = log_normal(random, 15.0, 0.9);
        if delay_s < scenario.expires_s as f64 {
            return Answer::Dismisses(millis(delay_s));
        }
    }
    Answer::Ignores
}

pub(super) fn millis(seconds: f64) -> Millis {
    Millis((seconds * 1_000.0) as u64)
}

fn exponential(random: &mut Random, mean: f64) -> f64 {
    -(1.0 - random.share()).ln() * mean
}

fn log_normal(random: &mut Random, median: f64, spread: f64) -> f64 {
    // Box and Muller (1958).
    let radius = (-2.0 * (1.0 - random.share()).ln()).sqrt();
    let normal = radius * (std::f64::consts::TAU * random.share()).cos();
    median * (normal * spread).exp()
}
