//! A commit unit as rows, the same for both databases: encoded, sealed, and with several
//! writes to one row reduced to the last.

use std::collections::BTreeMap;

use overture_engine::model::{
    ConversationRow, CustomerBody, CustomerId, Effect, InputBody, LedgerEntry, NeedLevel, Outbound,
    Outcome, PARTITIONS, Seq, TextLabel, Timestamp,
};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    CommitUnit,
    keys::{KeyRow, Keys, Sealing},
    records::{Seal, encode, encode_log, encode_plain},
};

/// An id as a column holds it.
pub(crate) type IdBytes = [u8; 16];

/// Ten minutes: see the column `customer.seen_bucket`.
pub(crate) const SEEN_BUCKET_MS: i64 = 600_000;

const MINUTE_MS: i64 = 60_000;

/// All rows of one unit.
#[derive(Debug, Default)]
pub(crate) struct UnitRows {
    pub(crate) log: Option<LogRow>,
    pub(crate) keys: Vec<KeyRow>,
    pub(crate) customers: Vec<CustomerRow>,
    pub(crate) route: Option<Vec<u8>>,
    pub(crate) world: Option<Vec<u8>>,
    pub(crate) timeline: Vec<TimelineRow>,
    pub(crate) decisions: Vec<DecisionEntry>,
    pub(crate) ledger: Vec<LedgerEntry>,
    pub(crate) grants: BTreeMap<IdBytes, GrantEntry>,
    pub(crate) conversations: BTreeMap<IdBytes, ConversationEntry>,
    pub(crate) calls: BTreeMap<IdBytes, CallEntryRow>,
    pub(crate) offers: BTreeMap<IdBytes, OfferEntry>,
    pub(crate) opted_out: Vec<IdBytes>,
    pub(crate) requests: BTreeMap<IdBytes, Option<RequestRow>>,
    pub(crate) agents: BTreeMap<IdBytes, Vec<u8>>,
    pub(crate) links: BTreeMap<IdBytes, LinkRow>,
    pub(crate) traits: BTreeMap<(IdBytes, String), Vec<u8>>,
    pub(crate) merges: Vec<MergeRow>,
    pub(crate) wakes: BTreeMap<IdBytes, Option<i64>>,
    pub(crate) outbox: Vec<OutboxRow>,
    pub(crate) counts: BTreeMap<(i64, String, String), i64>,
    pub(crate) articles: BTreeMap<(IdBytes, String, u32), [i64; 5]>,
    pub(crate) misses: Vec<MissRow>,
    pub(crate) labels: BTreeMap<(IdBytes, i64), (i64, LabelledBy)>,
    pub(crate) issue_labels: BTreeMap<(IdBytes, i64), (Option<String>, LabelledBy)>,
    pub(crate) sources: BTreeMap<IdBytes, (i64, i64)>,
    pub(crate) skipped: Vec<SkippedRow>,
}

#[derive(Debug)]
pub(crate) struct LogRow {
    pub(crate) first_seq: i64,
    pub(crate) last_seq: i64,
    pub(crate) received_from: i64,
    pub(crate) received_to: i64,
    pub(crate) inputs: i64,
    pub(crate) packed: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct CustomerRow {
    pub(crate) customer: IdBytes,
    pub(crate) last_seen_at: i64,
    pub(crate) score: f64,
    pub(crate) level: i64,
    pub(crate) applied: i64,
    pub(crate) record: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct TimelineRow {
    pub(crate) customer: IdBytes,
    pub(crate) seq: i64,
    pub(crate) happened_at: i64,
    pub(crate) audience: i64,
    pub(crate) device: Option<IdBytes>,
    pub(crate) record: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct DecisionEntry {
    pub(crate) decision: IdBytes,
    pub(crate) customer: IdBytes,
    pub(crate) rule: String,
    pub(crate) outcome: &'static str,
    pub(crate) reasons: i64,
    pub(crate) record: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct OfferEntry {
    pub(crate) customer: IdBytes,
    pub(crate) decision: IdBytes,
    pub(crate) rule: String,
    pub(crate) made_at: i64,
    pub(crate) shown_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    pub(crate) stage: &'static str,
}

#[derive(Debug)]
pub(crate) struct GrantEntry {
    pub(crate) customer: IdBytes,
    pub(crate) issued_at: i64,
    pub(crate) record: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct ConversationEntry {
    pub(crate) customer: IdBytes,
    pub(crate) status: i64,
    pub(crate) agent: Option<IdBytes>,
    pub(crate) last_at: i64,
    /// `None` leaves what the row has.
    pub(crate) last_author: Option<Vec<u8>>,
    /// `None` leaves what the row has.
    pub(crate) last_text: Option<Vec<u8>>,
    pub(crate) record: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct CallEntryRow {
    pub(crate) customer: IdBytes,
    pub(crate) started_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) record: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct RequestRow {
    pub(crate) queued_at: i64,
    pub(crate) record: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct LinkRow {
    pub(crate) customer: IdBytes,
    pub(crate) kind: i64,
    pub(crate) level: i64,
    pub(crate) linked_at: i64,
    pub(crate) value: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct MergeRow {
    pub(crate) from: CustomerId,
    pub(crate) into: CustomerId,
    pub(crate) timeline_offset: i64,
}

#[derive(Debug)]
pub(crate) struct OutboxRow {
    pub(crate) delivery: IdBytes,
    pub(crate) next_try_at: i64,
    pub(crate) record: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct LabelledBy {
    pub(crate) labelled_at: i64,
    pub(crate) agent: IdBytes,
    pub(crate) words: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct MissRow {
    pub(crate) happened_at: i64,
    pub(crate) customer: IdBytes,
    pub(crate) locale: String,
    pub(crate) words: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct SkippedRow {
    pub(crate) seq: i64,
    pub(crate) received_at: i64,
    pub(crate) customer: Option<IdBytes>,
    pub(crate) reason: String,
}

/// Turns a unit into rows. Texts of customers without a key in memory are sealed with
/// made-up keys, which `sealing` then names: look those up, and encode again if any exist.
pub(crate) fn encode_unit<'a>(unit: &CommitUnit, keys: &'a Keys) -> (UnitRows, Sealing<'a>) {
    let mut sealing = keys.sealing();
    let mut rows = UnitRows::default();
    if let (Some(first), Some(last)) = (unit.inputs.first(), unit.inputs.last()) {
        rows.log = Some(LogRow {
            first_seq: first.seq.0 as i64,
            last_seq: last.seq.0 as i64,
            received_from: first.received_at.0,
            received_to: last.received_at.0,
            inputs: unit.inputs.len() as i64,
            packed: encode_log(&unit.inputs, &mut sealing),
        });
    }
    for input in &unit.inputs {
        note_input(&mut rows, input.seq, input.received_at, &input.body);
    }
    for state in &unit.customers {
        rows.customers.push(CustomerRow {
            customer: id(state.customer),
            last_seen_at: state.last_seen_at.0,
            score: state.need.score,
            level: match state.need.level {
                NeedLevel::Low => 0,
                NeedLevel::Medium => 1,
                NeedLevel::High => 2,
            },
            applied: state.applied.0 as i64,
            record: encode(state, state.customer, &mut sealing),
        });
    }
    // In key order: neighbouring rows share pages. Of two states the newer one is written.
    rows.customers
        .sort_unstable_by_key(|row| (row.customer, std::cmp::Reverse(row.applied)));
    rows.customers.dedup_by_key(|row| row.customer);
    rows.route = unit.route.as_ref().map(encode_plain);
    for effect in &unit.effects {
        note_effect(&mut rows, effect, unit.at, &mut sealing);
    }
    (rows, sealing)
}

fn id(customer: CustomerId) -> IdBytes {
    *customer.uuid().as_bytes()
}

fn note_input(rows: &mut UnitRows, seq: Seq, received_at: Timestamp, body: &InputBody) {
    match body {
        InputBody::Customer(event) => {
            let from_outside = !matches!(
                event.body,
                CustomerBody::Tick | CustomerBody::FromRoute(_) | CustomerBody::MergeIn { .. }
            );
            if let (Some(source), true) = (event.source, from_outside) {
                let count = rows
                    .sources
                    .entry(*source.uuid().as_bytes())
                    .or_insert((0, received_at.0));
                count.0 += 1;
                count.1 = received_at.0;
            }
        }
        InputBody::World(facts) => rows.world = Some(encode_plain(facts)),
        InputBody::Skipped { customer, reason } => rows.skipped.push(SkippedRow {
            seq: seq.0 as i64,
            received_at: received_at.0,
            customer: customer.map(id),
            reason: reason.clone(),
        }),
        InputBody::Route(_) => {}
    }
}

fn note_effect(rows: &mut UnitRows, effect: &Effect, at: Timestamp, sealing: &mut Sealing<'_>) {
    match effect {
        Effect::Timeline(item) => rows.timeline.push(TimelineRow {
            customer: id(item.customer),
            seq: item.seq as i64,
            happened_at: item.at.0,
            audience: audience_number(item.audience),
            device: item.device.map(|device| device.0.to_be_bytes()),
            record: encode(&item.body, item.customer, sealing),
        }),
        Effect::Decision(decision) => rows.decisions.push(DecisionEntry {
            decision: *decision.decision.uuid().as_bytes(),
            customer: id(decision.customer),
            rule: decision.rule.clone(),
            outcome: decision.outcome.name(),
            reasons: match &decision.outcome {
                Outcome::Withhold(reasons) => reasons
                    .iter()
                    .fold(0, |bits, reason| bits | 1 << reason.place()),
                _ => 0,
            },
            record: encode_plain(&**decision),
        }),
        Effect::Ledger(entry) => rows.ledger.push(entry.clone()),
        Effect::Grant { customer, grant } => {
            rows.grants.insert(
                *grant.grant.uuid().as_bytes(),
                GrantEntry {
                    customer: id(*customer),
                    issued_at: grant.issued_at.0,
                    record: encode_plain(&**grant),
                },
            );
        }
        Effect::Conversation(row) => {
            let conversation = *row.conversation.uuid().as_bytes();
            let earlier = rows.conversations.remove(&conversation);
            let (author, text) = match earlier {
                Some(earlier) => (earlier.last_author, earlier.last_text),
                None => (None, None),
            };
            let entry = ConversationEntry {
                customer: id(row.customer),
                status: status_number(row.status),
                agent: row.agent.map(|agent| *agent.uuid().as_bytes()),
                last_at: row.last_at.0,
                last_author: row.last_author.as_ref().map(encode_plain).or(author),
                last_text: row
                    .last_text
                    .as_ref()
                    .map(|text| sealing.seal(row.customer, text.reveal()))
                    .or(text),
                record: encode(
                    &ConversationRow {
                        last_author: None,
                        last_text: None,
                        ..row.clone()
                    },
                    row.customer,
                    sealing,
                ),
            };
            rows.conversations.insert(conversation, entry);
        }
        Effect::Call { customer, row } => {
            rows.calls.insert(
                *row.call.uuid().as_bytes(),
                CallEntryRow {
                    customer: id(*customer),
                    started_at: row.started_at.0,
                    ended_at: row.ended_at.map(|at| at.0),
                    record: encode_plain(&**row),
                },
            );
        }
        Effect::Request { request, state } => {
            rows.requests.insert(
                *request.uuid().as_bytes(),
                state.as_deref().map(|state| RequestRow {
                    queued_at: state.queued_at.0,
                    record: encode_plain(state),
                }),
            );
        }
        Effect::Agent { agent, state } => {
            rows.agents
                .insert(*agent.uuid().as_bytes(), encode_plain(&**state));
        }
        Effect::Link(link) => {
            rows.links.insert(
                link.identifier.key.0.to_be_bytes(),
                LinkRow {
                    customer: id(link.customer),
                    kind: kind_number(link.identifier.kind),
                    level: level_number(link.identifier.level),
                    linked_at: link.linked_at.0,
                    value: sealing.seal(link.customer, link.identifier.value.reveal()),
                },
            );
        }
        Effect::Trait {
            customer,
            name,
            value,
        } => {
            rows.traits.insert(
                (id(*customer), name.clone()),
                sealing.seal(*customer, value.reveal()),
            );
        }
        Effect::Merged {
            from,
            into,
            timeline_offset,
        } => rows.merges.push(MergeRow {
            from: *from,
            into: *into,
            timeline_offset: *timeline_offset as i64,
        }),
        Effect::Wake { customer, at } => {
            rows.wakes.insert(id(*customer), at.map(|at| at.0));
        }
        Effect::Outbox(item) => rows.outbox.push(OutboxRow {
            delivery: *item.delivery.uuid().as_bytes(),
            next_try_at: item.at.0,
            record: match &item.what {
                Outbound::Alert { .. } => encode_plain(item),
                Outbound::ChatMail { customer, .. } => encode(item, *customer, sealing),
                Outbound::Sms(text) => encode(item, text.customer, sealing),
            },
        }),
        Effect::Article(tally) => {
            let text = &tally.article;
            let key = (
                *text.faq.uuid().as_bytes(),
                text.locale.clone(),
                text.version,
            );
            let added = [
                tally.opened,
                tally.helpful,
                tally.not_helpful,
                tally.still_needed,
                tally.read_s,
            ];
            let counts = rows.articles.entry(key).or_default();
            for (count, added) in counts.iter_mut().zip(added) {
                *count += added;
            }
        }
        Effect::Labelled {
            customer,
            at,
            label,
        } => {
            let place = (id(*customer), label.row as i64);
            let by = LabelledBy {
                labelled_at: at.0,
                agent: *label.agent.uuid().as_bytes(),
                words: sealing.seal(*customer, label.text.reveal()),
            };
            match &label.label {
                TextLabel::Sentiment(sentiment) => {
                    let number = numbers::sentiment_number(*sentiment);
                    rows.labels.insert(place, (number, by));
                }
                TextLabel::Issue(named) => {
                    rows.issue_labels.insert(place, (named.clone(), by));
                }
            }
        }
        Effect::SearchMissed(miss) => rows.misses.push(MissRow {
            happened_at: miss.at.0,
            customer: id(miss.customer),
            locale: miss.locale.clone(),
            words: sealing.seal(miss.customer, miss.words.reveal()),
        }),
        Effect::Offer(offer) => {
            let key = *offer.offer.uuid().as_bytes();
            let shown = offer.stage.was_seen().then_some(offer.at.0);
            let earlier = rows.offers.remove(&key).and_then(|row| row.shown_at);
            let entry = OfferEntry {
                customer: id(offer.customer),
                decision: *offer.decision.uuid().as_bytes(),
                rule: offer.rule.clone(),
                made_at: offer.made_at.0,
                shown_at: earlier.or(shown),
                ended_at: offer.stage.is_over().then_some(offer.at.0),
                stage: offer.stage.name(),
            };
            rows.offers.insert(key, entry);
        }
        Effect::OptedOut { offer } => rows.opted_out.push(*offer.uuid().as_bytes()),
        Effect::Count { rule, what } => {
            let minute = at.0.div_euclid(MINUTE_MS) * MINUTE_MS;
            *rows
                .counts
                .entry((minute, rule.clone(), (*what).to_owned()))
                .or_insert(0) += 1;
        }
    }
}

/// A ledger row, chained to the one before.
#[derive(Debug)]
pub(crate) struct ChainedRow {
    pub(crate) chain: u32,
    pub(crate) place: u64,
    pub(crate) customer: IdBytes,
    pub(crate) grant: IdBytes,
    pub(crate) happened_at: i64,
    pub(crate) change: Vec<u8>,
    pub(crate) hash: [u8; 32],
}

/// The last row of a chain; place 0 and zeros when it is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ChainEnd {
    pub(crate) place: u64,
    pub(crate) hash: [u8; 32],
}

/// The ledger chain that a customer's rows go to.
pub(crate) fn chain_of(customer: CustomerId) -> u32 {
    (xxh3_64(customer.uuid().as_bytes()) % PARTITIONS) as u32
}

/// Appends entries to their chains; `ends` moves along.
pub(crate) fn chain(
    entries: &[LedgerEntry],
    ends: &mut BTreeMap<u32, ChainEnd>,
) -> Vec<ChainedRow> {
    entries
        .iter()
        .map(|entry| {
            let number = chain_of(entry.customer);
            let end = ends.entry(number).or_default();
            let mut row = ChainedRow {
                chain: number,
                place: end.place + 1,
                customer: id(entry.customer),
                grant: *entry.grant.uuid().as_bytes(),
                happened_at: entry.at.0,
                change: encode_plain(&entry.change),
                hash: [0; 32],
            };
            row.hash = ledger_hash(&end.hash, &row);
            *end = ChainEnd {
                place: row.place,
                hash: row.hash,
            };
            row
        })
        .collect()
}

/// SHA-256 over the previous hash and the row's canonical bytes: numbers little-endian,
/// ids as they are, the change's record last.
pub(crate) fn ledger_hash(previous: &[u8; 32], row: &ChainedRow) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(row.chain.to_le_bytes());
    hash.update(row.place.to_le_bytes());
    hash.update(row.customer);
    hash.update(row.grant);
    hash.update(row.happened_at.to_le_bytes());
    hash.update(&row.change);
    hash.finalize().into()
}

use numbers::{audience_number, kind_number, level_number, status_number};

/// The numbers in columns. Those of kinds, levels and states are the records' own.
pub(crate) mod numbers {
    use overture_engine::model::{
        Audience, ConversationStatus, IdentifierKind, IdentityLevel, NeedLevel, SentimentLabel,
    };

    use crate::{StoreError, records::number};

    pub(crate) fn audience_number(audience: Audience) -> i64 {
        match audience {
            Audience::Staff => 0,
            Audience::Everyone => 1,
        }
    }

    pub(crate) fn audience(number: i64) -> Result<Audience, StoreError> {
        match number {
            0 => Ok(Audience::Staff),
            1 => Ok(Audience::Everyone),
            other => Err(StoreError::Corrupt {
                what: format!("timeline.audience {other}"),
            }),
        }
    }

    pub(crate) fn status_number(status: ConversationStatus) -> i64 {
        number::of(&status)
    }

    pub(crate) fn sentiment_number(sentiment: SentimentLabel) -> i64 {
        number::of(&sentiment)
    }

    pub(crate) fn sentiment(number: i64) -> Result<SentimentLabel, StoreError> {
        number::read(number, "label.sentiment")
    }

    pub(crate) fn kind_number(kind: IdentifierKind) -> i64 {
        number::of(&kind)
    }

    pub(crate) fn level_number(level: IdentityLevel) -> i64 {
        number::of(&level)
    }

    pub(crate) fn kind(number: i64) -> Result<IdentifierKind, StoreError> {
        number::read(number, "link.kind")
    }

    pub(crate) fn level(number: i64) -> Result<IdentityLevel, StoreError> {
        number::read(number, "link.level")
    }

    pub(crate) fn need(number: i64) -> Result<NeedLevel, StoreError> {
        number::read(number, "customer.level")
    }
}
