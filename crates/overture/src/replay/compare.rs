//! What happened beside what would have: counts, examples and differences.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use jiff::tz::TimeZone;
use overture_engine::model::{CustomerId, DecisionId, Millis, Seq, Timestamp};
use overture_http::{
    ReplayAsked, ReplayCost, ReplayCustomer, ReplayDecided, ReplayDifference, ReplayDifferences,
    ReplayHour, ReplayNamed, ReplayReport, ReplayRule, ReplaySide,
};
use overture_store::Store;

use super::{
    Differs, Stepped,
    decided::{Decided, Recorded, What},
};

/// Customers that are shown as examples.
const EXAMPLES_MAX: usize = 20;

/// Differences that are shown.
const DIFFERENCES_MAX: usize = 200;

/// Decisions of one rule about one customer no further apart than this are the same one at
/// another moment.
const SAME_WITHIN: Millis = Millis::from_secs(30 * 60);

/// A moment that is no other: a tick comes when somebody looks, not when it is due.
const SAME_MOMENT: Millis = Millis::from_secs(2);

/// What the report is about.
pub(super) struct Context<'a> {
    pub(super) asked: &'a ReplayAsked,
    pub(super) log_from: (Seq, Timestamp),
    pub(super) why: Differs,
    pub(super) took: Duration,
}

/// A pair of decisions that are not the same, or one without another.
struct Difference<'a> {
    happened: Option<&'a Decided>,
    draft: Option<&'a Decided>,
}

impl Difference<'_> {
    const fn kind(&self) -> &'static str {
        match (self.happened, self.draft) {
            (Some(_), None) => "only_then",
            (None, _) => "only_draft",
            (Some(_), Some(_)) => "changed",
        }
    }

    fn first(&self) -> &Decided {
        self.happened
            .or(self.draft)
            .expect("a difference has at least one side")
    }

    /// About contacts first, then by time.
    fn place(&self) -> (bool, Timestamp, DecisionId) {
        let sides = [self.happened, self.draft];
        let is_contact = sides.iter().flatten().any(|one| one.what.is_contact());
        let first = self.first();
        (!is_contact, first.at, first.decision)
    }
}

/// Counts both sides.
pub(super) fn report(
    store: &dyn Store,
    context: &Context<'_>,
    recorded: Recorded,
    stepped: Stepped,
) -> anyhow::Result<ReplayReport> {
    let (happened, mut draft) = (recorded.decisions, stepped.decisions);
    name_survivors(store, &happened, &mut draft)?;
    let differences = differences(&happened, &draft);
    let log_is_whole = context.log_from.0 <= Seq(1);
    let (exact, why) = verdict(
        context,
        &recorded.engines,
        log_is_whole,
        (&happened, &draft),
        &differences,
    );
    let asked = context.asked;
    let (one, other) = (side(happened.iter()), side(draft.iter()));
    let minute = asked.handle_minutes * asked.cost_per_minute;
    Ok(ReplayReport {
        exact,
        why,
        from: asked.from.to_string(),
        to: asked.to.to_string(),
        acts: asked.acts.name(),
        log_from: context.log_from.1.to_string(),
        log_is_whole,
        events: stepped.events,
        customers: stepped.customers,
        left_out: stepped.left_out,
        took_ms: context.took.as_millis() as u64,
        happened: one,
        draft: other,
        rules: rules(&happened, &draft),
        channels: named(&happened, &draft, |what| match what {
            What::Contact(channel) => Some(channel),
            _ => None,
        }),
        reasons: named(&happened, &draft, |what| match what {
            What::Withheld(reason) => Some(reason),
            _ => None,
        }),
        hours: hours(&happened, &draft, &asked.time_zone),
        time_zone: asked.time_zone.clone(),
        customers_examples: examples(&happened, &draft),
        differences: shown(&differences, &happened),
        cost: ReplayCost {
            handle_minutes: asked.handle_minutes,
            per_minute: asked.cost_per_minute,
            happened: one.contacts as f64 * minute,
            draft: other.contacts as f64 * minute,
        },
    })
}

/// Recorded decisions are under the customer that theirs was folded into since, so a replay's are
/// put there too.
fn name_survivors(
    store: &dyn Store,
    happened: &[Decided],
    draft: &mut [Decided],
) -> anyhow::Result<()> {
    let known: BTreeSet<CustomerId> = happened.iter().map(|one| one.customer).collect();
    let mut survivors: HashMap<CustomerId, CustomerId> = HashMap::new();
    for one in draft {
        if known.contains(&one.customer) {
            continue;
        }
        one.customer = match survivors.get(&one.customer) {
            Some(survivor) => *survivor,
            None => {
                let survivor = store
                    .survivor(one.customer)
                    .context("could not follow a merge")?;
                survivors.insert(one.customer, survivor);
                survivor
            }
        };
    }
    Ok(())
}

/// Whether the result is exact, and why or why not.
fn verdict(
    context: &Context<'_>,
    engines: &BTreeSet<String>,
    log_is_whole: bool,
    (happened, draft): (&[Decided], &[Decided]),
    differences: &[Difference<'_>],
) -> (bool, Vec<String>) {
    let mut why = context.why.because.clone();
    for engine in engines {
        if engine != env!("CARGO_PKG_VERSION") {
            why.push(format!(
                "engine {engine} decided then, {} does now",
                env!("CARGO_PKG_VERSION")
            ));
        }
    }
    if why.is_empty() && !differences.is_empty() {
        why.push(format!(
            "nothing was changed, and still {} decisions differ{}",
            differences.len(),
            if log_is_whole {
                ": another build decided then, or somebody was erased since"
            } else {
                ": what led to them is no longer in the log"
            }
        ));
    }
    let ids = |side: &[Decided]| side.iter().map(|one| one.decision).collect::<Vec<_>>();
    if why.is_empty() && ids(happened) != ids(draft) {
        why.push("nothing was changed, and still decisions have other ids".to_owned());
    }
    if !log_is_whole && (!why.is_empty() || happened.is_empty()) {
        why.push(format!(
            "the log begins at {}: customers known before count as new",
            context.log_from.1
        ));
    }
    if why.is_empty() {
        let all = match happened.len() {
            0 => "nothing was decided then, and nothing is now".to_owned(),
            count => format!("all {count} decisions were made again, ids included"),
        };
        return (
            true,
            vec![format!(
                "policy, mode, model and engine are the same: {all}"
            )],
        );
    }
    (false, why)
}

fn side<'a>(decisions: impl Iterator<Item = &'a Decided>) -> ReplaySide {
    let mut side = ReplaySide::default();
    let mut customers = BTreeSet::new();
    for one in decisions {
        side.decisions += 1;
        match one.what {
            What::Contact(_) => {
                side.contacts += 1;
                customers.insert(one.customer);
            }
            What::Alert(_) => side.alerts += 1,
            What::Withheld(_) => side.withheld += 1,
        }
    }
    side.customers = customers.len() as u64;
    side
}

fn rules(happened: &[Decided], draft: &[Decided]) -> Vec<ReplayRule> {
    let mut by_rule: BTreeMap<&str, [Vec<&Decided>; 2]> = BTreeMap::new();
    for (place, all) in [happened, draft].into_iter().enumerate() {
        for one in all {
            by_rule.entry(&one.rule).or_default()[place].push(one);
        }
    }
    let mut rules: Vec<ReplayRule> = by_rule
        .into_iter()
        .map(|(rule, [one, other])| ReplayRule {
            rule: rule.to_owned(),
            happened: side(one.into_iter()),
            draft: side(other.into_iter()),
        })
        .collect();
    let most = |rule: &ReplayRule| rule.happened.contacts.max(rule.draft.contacts);
    rules.sort_by_key(|rule| std::cmp::Reverse(most(rule)));
    rules
}

fn named(
    happened: &[Decided],
    draft: &[Decided],
    name: impl Fn(What) -> Option<&'static str>,
) -> Vec<ReplayNamed> {
    let mut counts: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for (place, all) in [happened, draft].into_iter().enumerate() {
        for name in all.iter().filter_map(|one| name(one.what)) {
            counts.entry(name).or_default()[place] += 1;
        }
    }
    let mut named: Vec<ReplayNamed> = counts
        .into_iter()
        .map(|(name, [happened, draft])| ReplayNamed {
            name: name.to_owned(),
            happened,
            draft,
        })
        .collect();
    named.sort_by_key(|one| std::cmp::Reverse(one.happened.max(one.draft)));
    named
}

fn hours(happened: &[Decided], draft: &[Decided], zone: &str) -> Vec<ReplayHour> {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let mut counts = [[0u64; 2]; 24];
    for (place, all) in [happened, draft].into_iter().enumerate() {
        for one in all.iter().filter(|one| one.what.is_contact()) {
            if let Ok(instant) = jiff::Timestamp::from_millisecond(one.at.0) {
                let hour = zone.to_datetime(instant).hour();
                counts[hour.unsigned_abs() as usize % 24][place] += 1;
            }
        }
    }
    (0..)
        .zip(counts)
        .map(|(hour, [happened, draft])| ReplayHour {
            hour,
            happened,
            draft,
        })
        .collect()
}

fn examples(happened: &[Decided], draft: &[Decided]) -> Vec<ReplayCustomer> {
    let mut counts: BTreeMap<CustomerId, [u64; 2]> = BTreeMap::new();
    for (place, all) in [happened, draft].into_iter().enumerate() {
        for one in all.iter().filter(|one| one.what.is_contact()) {
            counts.entry(one.customer).or_default()[place] += 1;
        }
    }
    let mut all: Vec<_> = counts
        .into_iter()
        .filter(|(_, [happened, draft])| happened != draft)
        .collect();
    all.sort_by_key(|(_, [happened, draft])| std::cmp::Reverse(happened.abs_diff(*draft)));
    all.truncate(EXAMPLES_MAX);
    all.into_iter()
        .map(|(customer, [happened, draft])| ReplayCustomer {
            customer: customer.to_string(),
            happened,
            draft,
        })
        .collect()
}

/// Pairs the two sides: by id, then by customer and rule within half an hour.
fn differences<'a>(happened: &'a [Decided], draft: &'a [Decided]) -> Vec<Difference<'a>> {
    let by_id: HashMap<DecisionId, &Decided> =
        draft.iter().map(|one| (one.decision, one)).collect();
    let mut all = Vec::new();
    let mut paired: BTreeSet<DecisionId> = BTreeSet::new();
    let mut left: BTreeMap<(CustomerId, Arc<str>), Vec<&Decided>> = BTreeMap::new();
    for one in happened {
        match by_id.get(&one.decision) {
            Some(other) => {
                paired.insert(one.decision);
                if one.rule != other.rule || one.what != other.what {
                    all.push(Difference {
                        happened: Some(one),
                        draft: Some(other),
                    });
                }
            }
            None => left
                .entry((one.customer, Arc::clone(&one.rule)))
                .or_default()
                .push(one),
        }
    }
    for other in draft {
        if paired.contains(&other.decision) {
            continue;
        }
        let waiting = left.get_mut(&(other.customer, Arc::clone(&other.rule)));
        let near = waiting.and_then(|waiting| {
            let apart = |one: &Decided| one.at.0.abs_diff(other.at.0);
            let place = (0..waiting.len()).min_by_key(|place| apart(waiting[*place]))?;
            (apart(waiting[place]) <= SAME_WITHIN.0).then(|| waiting.remove(place))
        });
        let is_same = near.is_some_and(|one| {
            one.what == other.what && one.at.0.abs_diff(other.at.0) <= SAME_MOMENT.0
        });
        if !is_same {
            all.push(Difference {
                happened: near,
                draft: Some(other),
            });
        }
    }
    all.extend(left.into_values().flatten().map(|one| Difference {
        happened: Some(one),
        draft: None,
    }));
    all.sort_by_key(Difference::place);
    all
}

fn shown(differences: &[Difference<'_>], happened: &[Decided]) -> ReplayDifferences {
    let recorded: BTreeSet<DecisionId> = happened.iter().map(|one| one.decision).collect();
    let count = |kind| differences.iter().filter(|one| one.kind() == kind).count() as u64;
    let wire = |one: &Decided| ReplayDecided {
        decision: recorded
            .contains(&one.decision)
            .then(|| one.decision.to_string()),
        at: one.at.to_string(),
        rule: one.rule.to_string(),
        what: one.what.name(),
        detail: one.what.detail(),
    };
    ReplayDifferences {
        total: differences.len() as u64,
        only_then: count("only_then"),
        only_draft: count("only_draft"),
        changed: count("changed"),
        shown: differences
            .iter()
            .take(DIFFERENCES_MAX)
            .map(|one| ReplayDifference {
                kind: one.kind(),
                customer: one.first().customer.to_string(),
                rule: one.first().rule.to_string(),
                happened: one.happened.map(wire),
                draft: one.draft.map(wire),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(seq: u64, at: i64, customer: u64, rule: &str, what: What) -> Decided {
        let at = Timestamp(1_750_000_000_000 + at);
        Decided {
            decision: DecisionId::derive(at, Seq(seq), 1),
            at,
            customer: CustomerId::derive(Timestamp(1), Seq(customer), 0),
            rule: rule.into(),
            what,
        }
    }

    #[test]
    fn sides_are_paired_by_id_then_by_customer_rule_and_time() {
        let banner = What::Contact("banner");
        let capped = What::Withheld("frequency_cap");
        let (minute, hour) = (60_000, 3_600_000);
        for (name, happened, draft, expected) in [
            (
                "the same id",
                (1, 0, 1, "r", banner),
                (1, 0, 1, "r", banner),
                None,
            ),
            (
                "another outcome of the same input",
                (1, 0, 1, "r", banner),
                (1, 0, 1, "r", capped),
                Some("changed"),
            ),
            (
                "another rule of the same input",
                (1, 0, 1, "r", banner),
                (1, 0, 1, "q", banner),
                Some("changed"),
            ),
            (
                "a late tick",
                (1, 0, 1, "r", banner),
                (2, 900, 1, "r", banner),
                None,
            ),
            (
                "another moment",
                (1, 0, 1, "r", banner),
                (2, 5 * minute, 1, "r", banner),
                Some("changed"),
            ),
        ] {
            let one = |(seq, at, customer, rule, what)| decided(seq, at, customer, rule, what);
            let (happened, draft) = ([one(happened)], [one(draft)]);
            let found = differences(&happened, &draft);
            let kinds: Vec<_> = found.iter().map(Difference::kind).collect();
            assert_eq!(kinds, Vec::from_iter(expected), "{name}");
        }
        for (name, draft) in [
            ("another customer", decided(2, 0, 2, "r", banner)),
            ("another visit", decided(2, 2 * hour, 1, "r", banner)),
        ] {
            let (happened, draft) = ([decided(1, 0, 1, "r", banner)], [draft]);
            let found = differences(&happened, &draft);
            let kinds: BTreeSet<_> = found.iter().map(Difference::kind).collect();
            assert_eq!(kinds, BTreeSet::from(["only_then", "only_draft"]), "{name}");
        }
    }

    #[test]
    fn contacts_are_listed_before_what_was_withheld() {
        let happened = [
            decided(1, 0, 1, "r", What::Withheld("frequency_cap")),
            decided(2, 500_000, 2, "r", What::Contact("banner")),
        ];
        let found = differences(&happened, &[]);
        assert!(found[0].first().what.is_contact());
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn hours_are_those_of_the_zone() {
        // 2025-06-15T15:06:40Z is five past five in the afternoon in Vienna.
        let one = [decided(1, 0, 1, "r", What::Contact("banner"))];
        for (zone, hour) in [("UTC", 15), ("Europe/Vienna", 17), ("America/New_York", 11)] {
            let hours = hours(&one, &[], zone);
            assert_eq!(hours.len(), 24);
            let full: Vec<u8> = hours
                .iter()
                .filter(|one| one.happened > 0)
                .map(|one| one.hour)
                .collect();
            assert_eq!(full, [hour], "{zone}");
        }
    }
}
