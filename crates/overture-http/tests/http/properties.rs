use overture_engine::model::{Seq, SourceId};
use overture_http::{Keys, capture};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::NOW;

/// Any JSON, with the names that events have more often than chance gives.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "track",
            "page",
            "identify",
            "alias",
            "group",
            "screen",
            "overture:click",
            "overture:consent",
            "contact",
            "2025-06-15T15:06:40Z",
            "1e999",
            "https://x.example/a?b#c",
            "ann@example.com",
            "+44 20 7946 0018",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let name = prop_oneof![
            prop::sample::select(vec![
                "type",
                "event",
                "userId",
                "anonymousId",
                "previousId",
                "groupId",
                "messageId",
                "timestamp",
                "properties",
                "traits",
                "context",
                "page",
                "path",
                "email",
                "phone",
                "x",
                "granted",
                "purpose",
            ])
            .prop_map(str::to_owned),
            ".{0,6}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(name, inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_event_is_taken_or_listed_and_its_time_is_within_a_day(
        events in prop::collection::vec(value(), 0..8),
        sent_at in value(),
    ) {
        let keys = Keys::derive(&[1; 32]);
        let source = SourceId::derive(NOW, Seq(1), 0);
        let text = json!({"batch": events, "sentAt": sent_at}).to_string();
        let captured = capture::parse_batch(&keys, source, NOW, &text).unwrap();
        prop_assert_eq!(captured.ingress.len() + captured.rejected.len(), events.len());
        for ingress in &captured.ingress {
            let age_ms = NOW.0 - ingress.occurred_at.unwrap().0;
            prop_assert!((0..=86_400_000).contains(&age_ms), "{}", age_ms);
        }
        for rejected in &captured.rejected {
            prop_assert!(rejected.excerpt.len() <= 4_096);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,200}") {
        let keys = Keys::derive(&[1; 32]);
        let source = SourceId::derive(NOW, Seq(1), 0);
        let _ = capture::parse_batch(&keys, source, NOW, &text);
    }
}
