//! Records keep what they are given, read what earlier releases wrote, and survive damage.

mod golden;
mod make;
mod make_call;
mod make_callback;

use std::fmt::Debug;

use overture_engine::model::*;
use proptest::prelude::*;

use super::{
    NoTexts, Open, Problem, Seal, Stored, decode, decode_log, decode_message_keys, encode,
    encode_log,
};
use make::Make;

/// Seals by turning the bytes around, so that an unsealed text is noticed.
struct Plain;

impl Seal for Plain {
    fn seal(&mut self, _: CustomerId, text: &str) -> Vec<u8> {
        text.bytes().rev().collect()
    }
}

impl Open for Plain {
    fn open(&self, sealed: &[u8]) -> Result<Private, Problem> {
        String::from_utf8(sealed.iter().rev().copied().collect())
            .map(Private::new)
            .map_err(|_| Problem::Seal)
    }
}

fn owner() -> CustomerId {
    CustomerId::derive(Timestamp(1), Seq(1), 1)
}

fn comes_back<T: Stored + PartialEq + Debug>(value: &T) {
    let bytes = encode(value, owner(), &mut Plain);
    assert_eq!(decode::<T>(&bytes, &Plain).unwrap(), *value);
}

/// Cuts and changes bytes; reading must answer, whatever it says.
fn survives(bytes: &[u8], damage: u64, read: impl Fn(&[u8])) {
    let mut make = Make::new(damage);
    let mut bytes = bytes.to_vec();
    if bytes.is_empty() {
        return;
    }
    for _ in 0..1 + make.below(4) {
        let place = make.below(bytes.len() as u64) as usize;
        bytes[place] = make.below(256) as u8;
    }
    bytes.truncate(1 + make.below(bytes.len() as u64) as usize);
    read(&bytes);
}

macro_rules! every_record {
    ($($method:ident: $ty:ty,)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(128))]

            $(#[test]
            fn $method(seed: u64, damage: u64) {
                let value: $ty = Make::new(seed).$method();
                comes_back(&value);
                let bytes = encode(&value, owner(), &mut Plain);
                survives(&bytes, damage, |bytes| drop(decode::<$ty>(bytes, &Plain)));
            })*
        }

        /// One golden file for each record: see the module `golden`.
        fn for_every_record(mut each: impl golden::Each) {
            $(each.record::<$ty>(stringify!($method), Make::$method);)*
        }
    };
}

every_record! {
    customer: CustomerState,
    route: RouteState,
    timeline: TimelineBody,
    decision: DecisionRecord,
    conversation: ConversationRow,
    grant: GrantState,
    request: RequestState,
    agent: AgentState,
    outbox: OutboxItem,
    world: WorldFacts,
    change: LedgerChange,
    author: Author,
    article: ArticleFact,
    reading: Reading,
    call: CallRow,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_packed_log_row_comes_back(seed: u64, damage: u64) {
        let inputs = Make::new(seed).log();
        let bytes = encode_log(&inputs, &mut Plain);
        prop_assert_eq!(decode_log(&bytes, &Plain).unwrap(), inputs.clone());
        let keys: Vec<_> = inputs
            .iter()
            .filter_map(|input| match &input.body {
                InputBody::Customer(event) => {
                    event.message_key.map(|key| (input.received_at, key))
                }
                _ => None,
            })
            .collect();
        prop_assert_eq!(decode_message_keys(&bytes).unwrap(), keys);
        survives(&bytes, damage, |bytes| {
            drop(decode_log(bytes, &Plain));
            drop(decode_message_keys(bytes));
        });
    }
}

#[test]
fn a_folded_customers_texts_are_sealed_with_their_own_key() {
    struct Owners(Vec<CustomerId>);
    impl Seal for Owners {
        fn seal(&mut self, owner: CustomerId, _: &str) -> Vec<u8> {
            self.0.push(owner);
            vec![1]
        }
    }
    let (from, into) = (owner(), CustomerId::derive(Timestamp(2), Seq(2), 2));
    let mut state = CustomerState::new(from, Timestamp(0));
    state.conversation = (0..).find_map(|seed| {
        Make::new(seed)
            .customer()
            .conversation
            .filter(|found| found.phone.as_ref().is_some_and(|phone| !phone.is_empty()))
            .filter(|found| found.chat.email.is_none())
    });
    let input = |body| Input {
        seq: Seq(1),
        received_at: Timestamp(0),
        body: InputBody::Customer(CustomerEvent {
            customer: into,
            occurred_at: Timestamp(0),
            source: None,
            link: None,
            asker: None,
            message_key: None,
            reading: None,
            issue: None,
            original: None,
            body,
        }),
    };
    let mut owners = Owners(Vec::new());
    encode_log(
        &[
            input(CustomerBody::MergeIn {
                merge: MergeId::derive(Timestamp(0), Seq(1), 0),
                from: Box::new(state),
            }),
            input(CustomerBody::Behaviour(Behaviour::Custom {
                name: "x".to_owned(),
                properties: Private::new("{}"),
            })),
        ],
        &mut owners,
    );
    assert_eq!(owners.0, [from, into]);
}

#[test]
fn unknown_numbers_versions_and_lengths_are_named() {
    // Field 1, a number, is 99; field 5 of a decision is missing.
    let table: [(&str, String); 5] = [
        (
            "TimelineRecord.kind: unknown number 99",
            format!(
                "{}",
                decode::<TimelineBody>(&[1, 8, 99], &NoTexts).unwrap_err()
            ),
        ),
        (
            "CustomerState.version: unknown format version 9",
            format!(
                "{}",
                decode::<CustomerState>(&[9, 8, 1], &NoTexts).unwrap_err()
            ),
        ),
        (
            "CustomerState.version: wrong length 0",
            format!("{}", decode::<CustomerState>(&[], &NoTexts).unwrap_err()),
        ),
        (
            "CustomerRecord.customer: wrong length 0",
            format!("{}", decode::<CustomerState>(&[1], &NoTexts).unwrap_err()),
        ),
        (
            "log row.size: wrong length 4294967295",
            format!(
                "{}",
                decode_log(&[1, 255, 255, 255, 255, 0], &NoTexts).unwrap_err()
            ),
        ),
    ];
    for (expected, found) in table {
        assert_eq!(found, expected);
    }
}
