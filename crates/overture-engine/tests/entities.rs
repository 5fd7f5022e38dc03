//! What a text speaks of is found where it is, and nothing else.

#![allow(clippy::unwrap_used, reason = "tests")]

use overture_engine::understand::{
    entities::{Date, EntityValue, Extractor, Which},
    redact::ReferencePattern,
};
use proptest::prelude::*;

fn extractor() -> Extractor {
    let pattern = |kind: &str, pattern: &str| ReferencePattern {
        kind: kind.to_owned(),
        pattern: pattern.to_owned(),
    };
    let patterns = [
        pattern("order", "ORD-######"),
        pattern("account", "ACC[-]#{8}"),
    ];
    let products = ["Aqua Pro", "Aqua Pro 500", "nest", "Crème X"].map(str::to_owned);
    Extractor::new(&patterns, &products).unwrap()
}

/// An entity in a few characters.
fn shown(value: &EntityValue) -> String {
    match value {
        EntityValue::Amount { decimal, currency } => {
            format!("{decimal} {}", currency.unwrap_or("?"))
        }
        EntityValue::Date(Date::Day { year, month, day }) => match year {
            Some(year) => format!("{year}-{month:02}-{day:02}"),
            None => format!("{month:02}-{day:02}"),
        },
        EntityValue::Date(Date::Ambiguous) => "ambiguous".to_owned(),
        EntityValue::Date(Date::Weekday { weekday, which }) => match which {
            Which::Unsaid => format!("weekday {weekday}"),
            which => format!("{which:?} {weekday}"),
        },
        EntityValue::Date(Date::DaysFromNow(days)) => format!("{days:+} days"),
        EntityValue::Time { hour, minute } => format!("{hour:02}:{minute:02}"),
        EntityValue::Duration { halves, unit } => format!("{halves}/2 {unit:?}"),
        EntityValue::Reference(name) => format!("#{name}"),
        EntityValue::Product(place) => format!("product {place}"),
    }
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let extractor = extractor();
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, expected)| {
            let entities = extractor.entities(text);
            let found = entities
                .iter()
                .map(|entity| format!("{}={}", &text[entity.range.clone()], shown(&entity.value)));
            (found.collect::<Vec<_>>().join("; "), *text, *expected)
        })
        .filter(|(found, _, expected)| found != expected)
        .map(|(found, text, expected)| format!("{text:?}\n  is {found:?}\n  not {expected:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn amounts_are_decimals_with_a_currency() {
    check(&[
        ("paid €1,299.00 twice", "€1,299.00=1299.00 EUR"),
        ("$5 and £49.99", "$5=5 USD; £49.99=49.99 GBP"),
        ("1.299,00 EUR", "1.299,00 EUR=1299.00 EUR"),
        ("1.234.567,8 euros", "1.234.567,8 euros=1234567.8 EUR"),
        ("12,50 €", "12,50 €=12.50 EUR"),
        ("1.000 euros", "1.000 euros=1000 EUR"),
        ("100 ₽, ¥500", "100 ₽=100 ?; ¥500=500 JPY"),
        ("0.125 EUR", "0.125 EUR=0.125 EUR"),
        ("USD 20, 30 quid", "USD 20=20 USD; 30 quid=30 GBP"),
        ("50p and 99 cents", "50p=0.50 GBP; 99 cents=0.99 EUR"),
        ("euro 2024, 20 people, 3 pounders", ""),
        ("1,2,3 euros", ""),
    ]);
}

#[test]
fn days_and_times_say_what_is_said() {
    check(&[
        (
            "on 2026-03-12 at 14:30",
            "2026-03-12=2026-03-12; 14:30=14:30",
        ),
        (
            "on 12/03/2026, 13/03/2026 and 03/13/26",
            "12/03/2026=ambiguous; 13/03/2026=2026-03-13; 03/13/26=2026-03-13",
        ),
        ("05/05/2026", "05/05/2026=2026-05-05"),
        (
            "am 12.03.2026 um 14.30 Uhr",
            "12.03.2026=2026-03-12; 14.30 Uhr=14:30",
        ),
        (
            "3 March, the 3rd of March 2026",
            "3 March=03-03; 3rd of March 2026=2026-03-03",
        ),
        (
            "March 3rd 2026 or Jan 5",
            "March 3rd 2026=2026-03-03; Jan 5=01-05",
        ),
        (
            "am 12. März und am 3.4. abends",
            "12. März=03-12; 3.4.=04-03",
        ),
        ("el 3 de marzo de 2026", "3 de marzo de 2026=2026-03-03"),
        (
            "yesterday, next Monday, gestern",
            "yesterday=-1 days; next Monday=Next 0; gestern=-1 days",
        ),
        (
            "nächsten Montag, el próximo viernes",
            "nächsten Montag=Next 0; próximo viernes=Next 4",
        ),
        (
            "el lunes pasado, on Wed",
            "lunes pasado=Last 0; Wed=weekday 2",
        ),
        (
            "2 pm, 2:15 p.m., 12 am, 8 Uhr",
            "2 pm=14:00; 2:15 p.m.=14:15; 12 am=00:00; 8 Uhr=08:00",
        ),
        ("we wed in may, 31/02/2026, 25:70, 13 pm", ""),
    ]);
}

#[test]
fn durations_references_and_products_are_found() {
    check(&[
        (
            "2 hours, three weeks, an hour and a half",
            "2 hours=4/2 Hour; three weeks=6/2 Week; an hour and a half=3/2 Hour",
        ),
        (
            "half an hour, 1.5 days",
            "half an hour=1/2 Hour; 1.5 days=3/2 Day",
        ),
        (
            "seit drei Wochen, hace dos días, hora y media",
            "drei Wochen=6/2 Week; dos días=4/2 Day",
        ),
        (
            "ord-123456 and ACC12345678",
            "ord-123456=#order; ACC12345678=#account",
        ),
        (
            "my AQUA PRO 500 and Aqua Pro, honest nest crème x",
            "AQUA PRO 500=product 1; Aqua Pro=product 0; nest=product 2; crème x=product 3",
        ),
        ("Aqua Proper", ""),
    ]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn entities_lie_on_borders_in_order(text in "(\\PC{0,3}|[0-9]{1,4}|[./:,€$ -]|EUR|may|next|Monday|hours|half|an|pm|ORD-123456|aqua pro){0,20}") {
        let mut from = 0;
        for entity in extractor().entities(&text) {
            prop_assert!(entity.range.start >= from && entity.range.end > entity.range.start);
            prop_assert!(text.get(entity.range.clone()).is_some());
            from = entity.range.end;
        }
    }
}

#[test]
fn entities_are_said_so_that_programs_can_read_them() {
    let extractor = extractor();
    for (text, expected) in [
        ("€49.90", "amount 49.90 EUR"),
        ("since 12 March 2026", "date 2026-03-12"),
        ("since 12 March", "date --03-12"),
        ("on 05/03/2026", "date ?"),
        ("yesterday", "date -1 day"),
        ("today", "date today"),
        ("next Monday", "date next monday"),
        ("on Friday", "date friday"),
        ("at 2:30 pm", "time 14:30"),
        ("for an hour and a half", "duration PT1.5H"),
        ("for 3 weeks", "duration P3W"),
        ("for 20 minutes", "duration PT20M"),
        ("ORD-123456", "reference order"),
        ("my aqua pro", "product Aqua Pro"),
    ] {
        let found = extractor.entities(text);
        let said: Vec<String> = found
            .iter()
            .map(|entity| {
                let said = extractor.say(&entity.value);
                format!("{} {}", entity.value.kind(), said.as_deref().unwrap_or("?"))
            })
            .collect();
        assert_eq!(said, [expected], "{text}");
    }
}
