//! An input that makes a model panic is left out and listed; nobody else notices.

use std::sync::Arc;

use overture::client::{Connection, Target};
use overture_engine::{
    model::EngagementScore,
    understand::{EngagementInputs, EngagementModel, Factor},
};
use serde_json::{Value, json};

use crate::support::{Backend, admin, capture, events_total, serve};

/// The product's model, with a defect: it cannot bear hesitation.
struct Fragile(Arc<dyn EngagementModel>);

impl EngagementModel for Fragile {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn score(&self, inputs: &EngagementInputs) -> EngagementScore {
        self.0.score(inputs)
    }

    fn probability(&self, inputs: &EngagementInputs) -> f64 {
        assert!(
            inputs.get(Factor::Hesitations) < 0.5,
            "hesitation is too much for this model"
        );
        self.0.probability(inputs)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_makes_a_model_panic_is_skipped_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    let fragile = Arc::new(Fragile(overture::cli::engagement()));
    let server = serve(folder.path(), &Backend::Sqlite, "", Some(fragile)).await;
    let target = Target::parse(&server.url).await.unwrap();
    let mut connection = Connection::new(target.clone());
    let event = |id: &str, who: &str, name: &str| {
        json!({
            "type": "track", "event": name, "messageId": id, "anonymousId": who,
            "properties": {"form": "f", "field": "card", "code": "valueMissing"},
        })
    };
    let events = [
        event("1", "ada", "overture:form_error"),
        event("2", "bob", "overture:hesitation"),
        event("3", "ada", "overture:form_error"),
        event("4", "bob", "overture:form_error"),
    ];
    assert_eq!(capture(&mut connection, &events).await.unwrap().status, 200);
    assert_eq!(events_total(&target).await, 3, "only the one is left out");
    let mut admin = admin(&target).await;
    let skipped = admin
        .call("GET", "/v1/admin/skipped", &Value::Null)
        .await
        .unwrap();
    let listed = skipped["skipped"]
        .as_array()
        .or_else(|| skipped.as_array())
        .unwrap();
    assert_eq!(listed.len(), 1);
    let reason = listed[0]["reason"].as_str().unwrap();
    assert!(reason.contains("hesitation is too much"), "{reason}");
    server.stop().await;

    // A start with the same defect honours the entry and does not stumble over it.
    let fragile = Arc::new(Fragile(overture::cli::engagement()));
    let server = serve(folder.path(), &Backend::Sqlite, "", Some(fragile)).await;
    let target = Target::parse(&server.url).await.unwrap();
    assert_eq!(events_total(&target).await, 3);
    server.stop().await;
}
