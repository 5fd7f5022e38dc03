//! Bytes that an earlier release wrote must still read to the same values.
//!
//! Each file under `golden/v1` holds records of one type; its snapshot shows what
//! they read to, texts revealed. Files are never changed. A new record or field gets new
//! files, written by the ignored test below; `sealed.bin` holds a wrapped key and a text
//! that it sealed.

use std::{
    cell::RefCell,
    fmt::{Debug, Write},
    fs,
    path::{Path, PathBuf},
};

use overture_engine::model::{
    CustomerBody, CustomerId, CustomerToRoute, Input, InputBody, LabelledText, OfferStyle, Private,
    RouteEvent, Seq, TextLabel, Timestamp,
};

use super::{Make, Plain, owner};
use crate::{
    MasterKey,
    keys::{KeyRow, Keys},
    records::{Open, Problem, Seal, Stored, decode, decode_log, encode, encode_log},
};

/// Up to so many records go in a file, for all kinds of a type to be there ...
const RECORDS_MAX: u64 = 60;

/// ... until they are so many bytes.
const BYTES_ENOUGH: usize = 5_000;

/// The files of fields that came after a type's first file.
const LATER: [(&str, &str); 26] = [
    ("customer", "customer_hours_of_callbacks"),
    ("route", "route_numbers_of_bookings"),
    ("customer", "customer_browsers"),
    ("timeline", "timeline_mail_failed"),
    ("conversation", "conversation_mail_failed"),
    ("outbox", "outbox_mail_generation"),
    ("request", "request_told_again"),
    ("customer", "customer_mood"),
    ("timeline", "timeline_mood"),
    ("timeline", "timeline_revealed"),
    ("customer", "customer_heard"),
    ("timeline", "timeline_labelled"),
    ("world", "world_lexicon"),
    ("customer", "customer_issues"),
    ("conversation", "conversation_issue"),
    ("timeline", "timeline_issues"),
    ("customer", "customer_calls"),
    ("timeline", "timeline_calls"),
    ("conversation", "conversation_grant"),
    ("customer", "customer_boosts"),
    ("timeline", "timeline_boosts"),
    ("decision", "decision_boosts"),
    ("grant", "grant_boosts"),
    ("change", "change_boosts"),
    ("route", "route_pacing"),
    ("world", "world_rollouts"),
];

type IsWanted = fn(&Input) -> bool;

/// The logs of inputs that came after the first file, with the seed they are made from.
const LATER_LOGS: [(&str, u64, IsWanted); 6] = [
    ("log_hours_of_callbacks", 0, has_hours_or_number),
    ("log_askers", 1, has_asker_or_failure),
    ("log_second_readings", 2, is_reading_or_label),
    ("log_issues", 3, has_issue),
    ("log_calls", 4, is_of_call),
    ("log_styles_of_seats", 5, is_seat_with_style),
];

/// The files of a type, without their ending.
fn files_of(name: &str) -> Vec<&str> {
    let later = LATER.iter().filter(|(record, _)| *record == name);
    let later = later.map(|(_, file)| *file);
    std::iter::once(name).chain(later).collect()
}

/// Something to do for each type of record.
pub(super) trait Each {
    /// Does it for one.
    fn record<T: Stored + PartialEq + Debug>(&mut self, name: &str, make: fn(&mut Make) -> T);
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v1")
}

/// Notes every text, in the order it is opened.
#[derive(Default)]
struct Revealing(RefCell<Vec<String>>);

impl Open for Revealing {
    fn open(&self, sealed: &[u8]) -> Result<Private, Problem> {
        let text = Plain.open(sealed)?;
        self.0.borrow_mut().push(text.reveal().to_owned());
        Ok(text)
    }
}

fn pack(records: Vec<Vec<u8>>) -> Vec<u8> {
    let mut all = Vec::new();
    for record in records {
        all.extend((record.len() as u32).to_le_bytes());
        all.extend(record);
    }
    all
}

fn unpack(mut all: &[u8]) -> Vec<&[u8]> {
    let mut records = Vec::new();
    while let Some((length, rest)) = all.split_first_chunk::<4>() {
        let (record, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        records.push(record);
        all = rest;
    }
    records
}

fn shown<T: Debug>(read: impl Fn(&[u8], &dyn Open) -> T, file: &str) -> String {
    let bytes = fs::read(folder().join(file)).unwrap();
    let mut text = String::new();
    for record in unpack(&bytes) {
        let revealing = Revealing::default();
        let value = read(record, &revealing);
        writeln!(text, "{value:#?}").unwrap();
        for line in revealing.0.into_inner() {
            writeln!(text, "text {line:?}").unwrap();
        }
    }
    text
}

struct Read;

impl Each for Read {
    fn record<T: Stored + PartialEq + Debug>(&mut self, name: &str, _: fn(&mut Make) -> T) {
        for file in files_of(name) {
            let text = shown(
                |bytes, open| decode::<T>(bytes, open).unwrap(),
                &format!("{file}.bin"),
            );
            insta::assert_snapshot!(format!("v1_{file}"), text);
        }
    }
}

#[test]
fn records_of_the_first_format_still_read() {
    super::for_every_record(Read);
    for file in std::iter::once("log").chain(LATER_LOGS.map(|(file, ..)| file)) {
        let read = |bytes: &[u8], open: &dyn Open| decode_log(bytes, open).unwrap();
        let text = shown(read, &format!("{file}.bin"));
        insta::assert_snapshot!(format!("v1_{file}"), text);
    }
}

#[test]
fn a_text_sealed_by_the_first_format_still_opens() {
    let bytes = fs::read(folder().join("sealed.bin")).unwrap();
    let parts = unpack(&bytes);
    let keys = Keys::new(&MasterKey::new([42; 32]));
    keys.remember(&[KeyRow {
        key: i64::from_le_bytes(parts[0].try_into().unwrap()),
        customer: owner(),
        wrapped: parts[1].to_vec(),
    }])
    .unwrap();
    let text = keys.opening().open(parts[2]).unwrap();
    assert_eq!(text.reveal(), "sealed words, Grüße");
}

fn has_hours_or_number(input: &Input) -> bool {
    match &input.body {
        InputBody::Customer(event) => match &event.body {
            CustomerBody::CallbackAsked { ask, .. } => ask.hours.is_some(),
            _ => false,
        },
        InputBody::Route(RouteEvent::FromCustomer { message, .. }) => match message {
            CustomerToRoute::BookSlot { within, .. } => !within.is_empty(),
            CustomerToRoute::Enqueue(new) => new.number.is_some(),
            _ => false,
        },
        InputBody::Route(_) | InputBody::World(_) | InputBody::Skipped { .. } => false,
    }
}

fn has_asker_or_failure(input: &Input) -> bool {
    let InputBody::Customer(event) = &input.body else {
        return false;
    };
    let is_failure = matches!(event.body, CustomerBody::MailFailed(_));
    let is_session = matches!(event.body, CustomerBody::SessionStarted(_));
    event.asker.is_some() && (is_failure || is_session)
}

fn is_reading_or_label(input: &Input) -> bool {
    let InputBody::Customer(event) = &input.body else {
        return false;
    };
    let body = &event.body;
    matches!(
        body,
        CustomerBody::ReadAgain { .. } | CustomerBody::Labelled(_)
    )
}

fn is_seat_with_style(input: &Input) -> bool {
    matches!(
        &input.body,
        InputBody::Route(RouteEvent::FromCustomer {
            message: CustomerToRoute::HoldSeat { style, .. },
            ..
        }) if *style != OfferStyle::Prompt
    )
}

fn has_issue(input: &Input) -> bool {
    let InputBody::Customer(event) = &input.body else {
        return false;
    };
    let is_label = matches!(
        &event.body,
        CustomerBody::Labelled(LabelledText {
            label: TextLabel::Issue(_),
            ..
        })
    );
    event.issue.is_some() || is_label
}

fn is_of_call(input: &Input) -> bool {
    match &input.body {
        InputBody::Customer(event) => matches!(event.body, CustomerBody::Call(_)),
        _ => false,
    }
}

struct WriteMissing;

impl WriteMissing {
    fn put(&self, file: &str, bytes: Vec<u8>) {
        let path = folder().join(file);
        if !path.exists() {
            fs::create_dir_all(folder()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

impl Each for WriteMissing {
    fn record<T: Stored + PartialEq + Debug>(&mut self, name: &str, make: fn(&mut Make) -> T) {
        let mut records = Vec::new();
        let mut bytes = 0;
        for seed in 0..RECORDS_MAX {
            let record = encode(&make(&mut Make::new(seed)), owner(), &mut Plain);
            bytes += record.len();
            records.push(record);
            if bytes > BYTES_ENOUGH {
                break;
            }
        }
        for file in files_of(name) {
            self.put(&format!("{file}.bin"), pack(records.clone()));
        }
    }
}

#[test]
#[ignore = "writes the golden files that are missing; run it for a new record"]
fn write_missing_golden_files() {
    super::for_every_record(WriteMissing);
    let rows = (0..8)
        .map(|seed| {
            let mut make = Make::new(seed);
            let inputs: Vec<_> = (0..20).map(|_| make.input()).collect();
            encode_log(&inputs, &mut Plain)
        })
        .collect();
    WriteMissing.put("log.bin", pack(rows));
    for (file, seed, is_wanted) in LATER_LOGS {
        let mut make = Make::new(seed);
        let inputs: Vec<_> = std::iter::repeat_with(|| make.input())
            .filter(is_wanted)
            .take(12)
            .collect();
        let row = encode_log(&inputs, &mut Plain);
        WriteMissing.put(&format!("{file}.bin"), pack(vec![row]));
    }
    let keys = Keys::new(&MasterKey::new([42; 32]));
    let mut sealing = keys.sealing();
    let sealed = sealing.seal(
        CustomerId::derive(Timestamp(1), Seq(1), 1),
        "sealed words, Grüße",
    );
    let row = sealing.into_rows().remove(0);
    WriteMissing.put(
        "sealed.bin",
        pack(vec![row.key.to_le_bytes().to_vec(), row.wrapped, sealed]),
    );
}
