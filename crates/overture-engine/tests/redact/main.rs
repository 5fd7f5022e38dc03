//! Redaction: what is taken out, what is left, and that the way back always fits.

#![allow(clippy::unwrap_used, reason = "tests")]

mod corpus;
mod identifiers;

use std::collections::BTreeMap;

use identifiers::{CARRIERS, FORMATS, Random, identifier};
use overture_engine::understand::redact::{
    Keeping, Kind, PseudonymKey, Redacted, Redactor, ReferencePattern,
};
use proptest::prelude::*;

fn pattern(kind: &str, pattern: &str) -> ReferencePattern {
    let (kind, pattern) = (kind.to_owned(), pattern.to_owned());
    ReferencePattern { kind, pattern }
}

fn redactor() -> Redactor {
    let patterns = [
        pattern("order", "ORD-######"),
        pattern("account", "ACC[ ][-]#{8}"),
    ];
    Redactor::new(PseudonymKey::new(&[7; 32]), &patterns).unwrap()
}

/// The text with the kinds alone in its markers.
fn shown(redacted: &Redacted) -> String {
    let mut shown = redacted.text.clone();
    for found in redacted.found.iter().rev() {
        shown.replace_range(found.redacted.clone(), &format!("[{}]", found.kind));
    }
    shown
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let redactor = redactor();
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, expected)| (shown(&redactor.redact(text)), *text, *expected))
        .filter(|(shown, _, expected)| shown != expected)
        .map(|(shown, text, expected)| format!("{text:?}\n  is {shown:?}\n  not {expected:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[track_caller]
fn check_untouched(texts: &[&str]) {
    let cases: Vec<(&str, &str)> = texts.iter().map(|text| (*text, *text)).collect();
    check(&cases);
}

#[test]
fn cards_go_however_they_are_set() {
    check(&[
        (
            "card 4111 1111 1111 1111 exp 12/27",
            "card [card] exp 12/27",
        ),
        ("4111-1111-1111-1111", "[card]"),
        ("it's 4111 1111\n1111 1111.", "it's [card]."),
        ("411111111111\n1111", "[card]"),
        ("4111 1111 1111 1112", "4111 1111 1111 1112"),
        ("5500005555555559 and 340000000000009", "[card] and [card]"),
        ("order 88213 4111 1111 1111 1111", "order 88213 [card]"),
        ("visa4111111111111111", "visa[card]"),
        ("4111 1111 1111 1111 cvv 123", "[card] cvv [secret]"),
    ]);
}

#[test]
fn accounts_addresses_and_numbers_go() {
    check(&[
        (
            "IBAN DE89 3704 0044 0532 0130 00 please",
            "IBAN [iban] please",
        ),
        ("gb29nwbk60161331926819", "[iban]"),
        ("DE89370400440532013001", "DE89370400440532013001"),
        (
            "write to ana.lopez+shop@mail.example.co.uk.",
            "write to [email].",
        ),
        ("<ana@bücher.example>", "<[email]>"),
        ("john dot smith at gmail dot com", "[email]"),
        (
            "ana [at] example [dot] com or ana(at)example.com",
            "[email] or [email]",
        ),
        ("look at example dot com", "look at example dot com"),
        (
            "thanks @shop.example you rock",
            "thanks @shop.example you rock",
        ),
        ("call +49 (0)30 1234567 now", "call [phone] now"),
        (
            "Tel. 030/1234567, Fax 030/1234568",
            "Tel. [phone], Fax [phone]",
        ),
        ("my number is 5550123", "my number is [phone]"),
        ("(212) 555-0123 or 212-555-0123", "[phone] or [phone]"),
        ("login from 192.168.1.20:8080", "login from [ip]:8080"),
        ("from 2001:db8::1 and fe80::1:2", "from [ip] and [ip]"),
        ("my ssn is 123-45-6789", "my ssn is [ssn]"),
        (
            "ord-123456 and ORD-654321, acc-12345678",
            "[order] and [order], [account]",
        ),
    ]);
}

#[test]
fn secrets_go_by_their_words_and_their_looks() {
    check(&[
        ("password: hunter2", "password: [secret]"),
        (
            "my password is hunter2, thanks",
            "my password is [secret], thanks",
        ),
        ("my password is monkey", "my password is [secret]"),
        ("PIN 1234", "PIN [secret]"),
        ("my PIN number is 1234.", "my PIN number is [secret]."),
        ("CVV: 123", "CVV: [secret]"),
        ("the security code is 4471", "the security code is [secret]"),
        (
            "Gate code is 4471, parking on the left",
            "Gate code is [secret], parking on the left",
        ),
        ("mi contraseña es gato99", "mi contraseña es [secret]"),
        (
            "{\"password\": \"a b c 1\"}",
            "{\"password\": \"[secret]\"}",
        ),
        (
            "https://ana:pa55@shop.example/x",
            "https://[secret]@shop.example/x",
        ),
        (
            "https://s.example/r?a=1&sig=Zm9v%3D&b=2",
            "https://s.example/r?a=1&sig=[secret]&b=2",
        ),
        (
            "https://s.example/r?access_token=x#k",
            "https://s.example/r?access_token=[secret]#k",
        ),
        (
            "https://s.example/u/9f86d081884c7d659a2feaa0c55ad015/x",
            "https://s.example/u/[secret]/x",
        ),
        ("API_KEY=abc123def", "API_KEY=[secret]"),
        (
            "Authorization: Bearer abcdefghijklmnop1",
            "Authorization: Bearer [secret]",
        ),
        ("key AKIAIOSFODNN7EXAMPLE", "key [secret]"),
    ]);
}

#[test]
fn ordinary_text_stays() {
    check_untouched(&[
        "paid 1,234,567.89 EUR, then 1.234.567,89 € and 1 234 567 kr",
        "on 12/03/2026, 2026-03-12, 12.03.2026 and 12-03-26 at 14:30",
        "from 2024-2025 and 2024/2025, seasons 2023 2024 2025",
        "2026-03-12 14:30:55 to 2026-03-13 09:00",
        "version 10.15.7.1 of the app, firmware 1.2.3.4, v2.0.0.1",
        "iOS 17.4.1 and build 22.6.0",
        "the box is 120 x 60 x 45 cm, 12.5 kg, 230 V, 1000-2000 km",
        "order 48213 was due at 10:30, tracking 00340434161094",
        "tracking number 1Z999AA10123456784 says delivered",
        "flight BA 2490, gate 12, seat 14A, row 22, bus 417",
        "sort code 20-11-43, reference 88-41207",
        "my password is wrong",
        "my password is not working",
        "the password was changed at 03:12",
        "I forgot my password and my PIN",
        "PIN pads reject 3 cards",
        "error code 4471",
        "promo code RIDE15",
        "do i need the @ bit in the username",
        "meet me at example.com",
        "at the end dot com was a boom",
        "and/or yes/no 24/7 50/50 9/11",
        "std::vec and 10:30:45 and a::b",
        "https://shop.example/help/how-to-return-your-order-2024?page=2",
        "100% of 2,000,000 people in 1999",
        "1. red 2. blue 3. green 4. black",
    ]);
}

#[test]
fn a_value_has_one_pseudonym_under_one_key() {
    let redactor = redactor();
    let other = Redactor::new(PseudonymKey::new(&[8; 32]), &[]).unwrap();
    let pseudonym = |redactor: &Redactor, text: &str| redactor.redact(text).found[0].pseudonym;
    for spellings in [
        &[
            "ana@example.com",
            "ANA@Example.com",
            "ana at example dot com",
            "ana [at] example (dot) com",
            "ana＠example.com",
        ][..],
        &[
            "+49 30 1234567",
            "+49 (0)30 123-4567",
            "0049 30 1234567",
            "+４９３０1234567",
        ],
        &["DE89 3704 0044 0532 0130 00", "de89370400440532013000"],
        &["2001:db8::1", "2001:0DB8:0:0:0:0:0:1"],
    ] {
        let first = pseudonym(&redactor, spellings[0]);
        for spelling in spellings {
            assert_eq!(pseudonym(&redactor, spelling), first, "{spelling}");
            assert_ne!(pseudonym(&other, spelling), first, "{spelling}");
        }
    }
    let found = redactor
        .redact("4111 1111 1111 1111, password: hunter2, a@b.de")
        .found;
    let kept: Vec<_> = found
        .iter()
        .map(|found| (found.kind.keeping(), found.pseudonym.is_some()))
        .collect();
    assert_eq!(
        kept,
        [
            (Keeping::Never, false),
            (Keeping::Never, false),
            (Keeping::Vault, true)
        ]
    );
    assert_eq!(
        redactor.pseudonym(&Kind::Email, "a@b.de"),
        found[2].pseudonym
    );
}

#[test]
fn nearly_every_generated_identifier_goes() {
    let redactor = redactor();
    let mut random = Random(0x0ddb_a110);
    let mut kinds: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut missed: BTreeMap<&str, (usize, String)> = BTreeMap::new();
    for number in 0..10_000 {
        let identifier = identifier(number % FORMATS, &mut random);
        let carrier = CARRIERS[random.below(CARRIERS.len() as u64) as usize];
        let (before, after) = carrier.split_once("{}").unwrap();
        let host = if identifier.format == "secret before a host" {
            "@shop.example"
        } else {
            ""
        };
        let text = format!(
            "{before}{}{}{host}{after}",
            identifier.cue, identifier.value
        );
        let start = before.len() + identifier.cue.len();
        let end = start + identifier.value.len();
        let redacted = redactor.redact(&text);
        let covering = redacted
            .found
            .iter()
            .find(|found| found.original.start <= start && found.original.end >= end);
        let count = kinds.entry(identifier.kind).or_default();
        count[0] += 1;
        count[1] += usize::from(covering.is_some());
        count[2] +=
            usize::from(covering.is_some_and(|found| found.kind.as_str() == identifier.kind));
        if covering.is_none_or(|found| found.kind.as_str() != identifier.kind) {
            let entry = missed.entry(identifier.format).or_default();
            entry.0 += 1;
            entry.1 = format!("{text:?} is {:?}", redacted.text);
        }
    }
    for (format, (count, example)) in &missed {
        println!("{count:>4} of {format}: {example}");
    }
    let (mut all, mut hidden) = (0, 0);
    for (kind, [count, gone, named]) in &kinds {
        println!(
            "{kind:<8} {count:>5} recall {:.4} kind {:.4}",
            *gone as f64 / *count as f64,
            *named as f64 / *count as f64
        );
        assert!(
            *gone as f64 >= 0.99 * *count as f64,
            "{kind}: {gone} of {count}"
        );
        (all, hidden) = (all + count, hidden + gone);
    }
    println!(
        "all      {all:>5} recall {:.4}",
        f64::from(hidden as u32) / f64::from(all as u32)
    );
}

fn check_invariants(text: &str) -> Result<(), TestCaseError> {
    let redactor = redactor();
    let redacted = redactor.redact(text);
    let (mut original, mut marked) = (0, 0);
    for found in &redacted.found {
        prop_assert!(found.original.start >= original && found.original.end > found.original.start);
        prop_assert!(
            text.is_char_boundary(found.original.start)
                && text.is_char_boundary(found.original.end)
        );
        prop_assert_eq!(
            &text[original..found.original.start],
            &redacted.text[marked..found.redacted.start]
        );
        let marker = &redacted.text[found.redacted.clone()];
        prop_assert!(marker.starts_with('[') && marker.ends_with(']'));
        (original, marked) = (found.original.end, found.redacted.end);
    }
    prop_assert_eq!(&text[original..], &redacted.text[marked..]);
    let again = redactor.redact(&redacted.text);
    prop_assert_eq!(&again.text, &redacted.text);
    prop_assert!(again.found.is_empty());
    Ok(())
}

#[test]
fn numbers_that_a_cue_takes_may_still_begin_a_card() {
    check(&[
        ("PIN 4111 1111 1111 1111", "PIN [secret]"),
        ("password: 4111 1111 1111 1111", "password: [secret]"),
        ("code=4111 1111 1111 1111", "code=[secret]"),
        ("4111 1111 1111 1111 12/27 737", "[card] 12/27 [secret]"),
        (
            "it is 5318 2641 6352 9389 if you need it",
            "it is [card] if you need it",
        ),
        ("DE 89 3704 0044 0532 0130 00", "[iban]"),
        ("anna%40web.de and j.doe at web.de", "[email] and [email]"),
        (
            "social security number is 123 45 6789",
            "social security number is [ssn]",
        ),
        ("the pin's 4471", "the pin's [secret]"),
    ]);
}

/// Pieces that matter to the scanners, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9]{1,8}",
        "[ -~]{1,3}",
        ".{1,3}",
        prop::sample::select(vec![
            "@",
            ".",
            "-",
            " ",
            "\n",
            ":",
            "://",
            "/",
            "[",
            "]",
            "(",
            ")",
            "+",
            "00",
            "=",
            "?token=",
            "&key=",
            "password: ",
            "my password is ",
            "PIN ",
            "at",
            " dot ",
            "[at]",
            "com",
            "eyJ",
            "sk-",
            "ghp_",
            "AKIA",
            "DE89370400440532013000",
            "4111111111111111",
            "4111 1111",
            "1.2.3.4",
            "::",
            "fe80",
            "ORD-",
            "123456",
            "ORD-123456",
            "acc 12345678",
            "[card]",
            "[email:abcdefgh]",
            "[email:",
            "\u{200b}",
            "\u{ad}",
            "４",
            "٣",
            "€",
            "é",
            "😀",
            "123-45-6789",
            "+49 30 1234567",
            "tel ",
            "\"",
            "'",
            "is ",
            "code",
            "security ",
            "v",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn redacting_twice_changes_nothing_and_the_way_back_fits(text in pieces()) {
        check_invariants(&text)?;
    }

    #[test]
    fn any_text_at_all_is_taken(text in any::<String>()) {
        check_invariants(&text)?;
    }
}

#[test]
fn hostile_megabytes_are_taken() {
    for piece in [
        "1",
        "@",
        "1 ",
        "a@",
        "4111 1111 1111 1111 ",
        "[",
        "[card",
        "sk-",
        "１",
        "\u{200b}",
        "ORD-",
        "1.2.3.4.",
    ] {
        let text = piece.repeat(1_000_000 / piece.len());
        check_invariants(&text).unwrap();
    }
}
