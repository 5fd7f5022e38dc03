//! Decisions in the short form in which two sides are compared.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

use anyhow::{Context, bail, ensure};
use overture_engine::{
    decide::{Policy, Rule},
    model::{
        CustomerId, DecisionId, DecisionRecord, GuideId, OfferId, OfferStyle, Outcome, Timestamp,
        WithholdReason,
    },
};
use overture_http::ReplayProgress;
use overture_store::{DecisionQuery, Store};

use super::DECISIONS_MAX;

/// Decisions that are read at once.
const PAGE_ROWS: u32 = 1_000;

/// What a decision comes to for the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// Something is offered, or would be but for shadow mode; by `banner`, `prompt` or `guide`.
    Contact(&'static str),
    /// Staff is told or the customer authorized, or would be but for shadow mode; by `notify`, `escalate`, `grant` or `boost`.
    Alert(&'static str),
    /// Nothing, for this reason.
    Withheld(&'static str),
}

impl What {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Contact(_) => "contact",
            Self::Alert(_) => "alert",
            Self::Withheld(_) => "withhold",
        }
    }

    pub(super) const fn detail(self) -> &'static str {
        match self {
            Self::Contact(detail) | Self::Alert(detail) | Self::Withheld(detail) => detail,
        }
    }

    pub(super) const fn is_contact(self) -> bool {
        matches!(self, Self::Contact(_))
    }
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decided {
    pub(super) decision: DecisionId,
    pub(super) at: Timestamp,
    pub(super) customer: CustomerId,
    pub(super) rule: Arc<str>,
    pub(super) what: What,
}

impl Decided {
    /// `rule` is the decision's, where the policy still has it.
    pub(super) fn of(record: &DecisionRecord, rule: Option<&Rule>) -> Self {
        Self {
            decision: record.decision,
            at: record.at,
            customer: record.customer,
            rule: record.rule.as_str().into(),
            what: what(record, rule),
        }
    }
}

fn what(record: &DecisionRecord, rule: Option<&Rule>) -> What {
    let style = match rule.and_then(Rule::style) {
        Some(style) => Some(style),
        None => GuideId::of_rule(&record.rule).map(|_| OfferStyle::Guide),
    };
    match &record.outcome {
        Outcome::Prompt(_) if style == Some(OfferStyle::Guide) => What::Contact("guide"),
        Outcome::Prompt(_) => What::Contact("prompt"),
        Outcome::Offer(_) => What::Contact("banner"),
        Outcome::Notify => What::Alert("notify"),
        Outcome::Escalate => What::Alert("escalate"),
        Outcome::Grant(_) => What::Alert("grant"),
        Outcome::Boost(_) => What::Alert("boost"),
        Outcome::Withhold(reasons) => match (reasons.as_slice(), style, rule) {
            ([WithholdReason::ShadowMode], Some(style), _) => What::Contact(match style {
                OfferStyle::Banner => "banner",
                OfferStyle::Prompt => "prompt",
                OfferStyle::Guide => "guide",
            }),
            ([WithholdReason::ShadowMode], None, Some(rule)) => What::Alert(rule.action.name()),
            (reasons, ..) => What::Withheld(reasons.first().map_or("", |first| first.name())),
        },
    }
}

/// What was really decided in a stretch of time.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// In order.
    pub(super) decisions: Vec<Decided>,
    /// Offers that were made.
    pub(super) offers: BTreeSet<OfferId>,
    /// The engines that decided, by their versions.
    pub(super) engines: BTreeSet<String>,
}

impl Recorded {
    /// Reads what was decided from `from` up to and without `to`.
    pub(super) fn read(
        store: &dyn Store,
        from: Timestamp,
        to: Timestamp,
        progress: &ReplayProgress,
    ) -> anyhow::Result<Self> {
        let mut recorded = Self::default();
        let mut policies: BTreeMap<u32, Policy> = BTreeMap::new();
        // Ids sort by time: none of an earlier instant is above the first of `to`.
        let mut query = DecisionQuery {
            cursor: Some(DecisionId::first_of(to)),
            limit: PAGE_ROWS,
            ..DecisionQuery::default()
        };
        loop {
            let page = store
                .decisions(&query)
                .context("could not read the recorded decisions")?;
            let is_last = page.len() < PAGE_ROWS as usize;
            query.cursor = page.last().map(|last| last.decision);
            let is_before = page
                .last()
                .is_none_or(|last| last.decision < DecisionId::first_of(from));
            for record in page.iter().filter(|one| one.at >= from && one.at < to) {
                let revision = record.trace.policy_revision;
                let of_then = match policies.entry(revision) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(place) => place.insert(policy(store, revision)?),
                };
                let rule = of_then.rule(&record.rule);
                if let Outcome::Prompt(offer) | Outcome::Offer(offer) = record.outcome {
                    recorded.offers.insert(offer);
                }
                if !recorded.engines.contains(&record.trace.engine) {
                    recorded.engines.insert(record.trace.engine.clone());
                }
                recorded.decisions.push(Decided::of(record, rule));
            }
            if progress.is_cancelled() {
                bail!("cancelled");
            }
            ensure!(
                recorded.decisions.len() <= DECISIONS_MAX,
                "more than {DECISIONS_MAX} decisions were recorded: choose a shorter stretch"
            );
            if is_last || is_before {
                break;
            }
        }
        recorded.decisions.sort_by_key(|one| (one.at, one.decision));
        Ok(recorded)
    }
}

fn policy(store: &dyn Store, revision: u32) -> anyhow::Result<Policy> {
    let Some(row) = store.policy(revision)? else {
        return Ok(Policy::from_shipped(revision));
    };
    match Policy::parse(&row.toml, revision) {
        Ok(parsed) => Ok(parsed.policy),
        Err(_) => bail!("revision {revision} of the policy cannot be read by this release"),
    }
}
