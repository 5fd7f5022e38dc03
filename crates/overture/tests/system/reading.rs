//! What customers write is read at once by the tables, and once more by the encoder, which delays nothing and counts once.

use overture::client::{Connection, Target};
use serde_json::{Value, json};

use crate::support::{Backend, admin, capture, eventually, serve};

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_read_again_behind_its_event_and_counts_once() {
    for (round, backend) in Backend::all().await.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(folder.path(), &backend, "second_reading = true", None).await;
        let target = Target::parse(&server.url).await.unwrap();
        let mut admin = admin(&target).await;
        let texts = [
            "I have a question about my invoice",
            "Third time I am explaining this and nobody has called me back, as promised.",
        ];
        let mut connection = Connection::new(target.clone());
        for (place, text) in texts.iter().enumerate() {
            let event = json!({"type": "track", "event": "Feedback Submitted", "userId": "ann",
                "anonymousId": "a", "messageId": place.to_string(), "properties": {"text": text}});
            let answer = capture(&mut connection, &[event]).await.unwrap();
            assert_eq!(answer.status, 200);
        }
        let moods = eventually("both texts were read again", async || {
            let known = admin
                .call("GET", "/v1/customers?limit=10", &Value::Null)
                .await
                .unwrap();
            let customer = known["customers"][0]["customer"].as_str()?;
            let timeline = format!("/v1/customers/{customer}/timeline?limit=100");
            let timeline = admin.call("GET", &timeline, &Value::Null).await.unwrap();
            let items = timeline["items"].as_array()?.clone();
            let moods: Vec<Value> = items
                .into_iter()
                .filter(|item| item["kind"] == "mood")
                .collect();
            (moods.len() == 2 * texts.len()).then_some(moods)
        })
        .await;
        let first: Vec<&Value> = moods.iter().filter(|mood| mood["tier"] == 0).collect();
        let again: Vec<&Value> = moods.iter().filter(|mood| mood["tier"] == 1).collect();
        for (one, two) in first.iter().zip(&again) {
            assert_eq!(two["replaces"], one["seq"]);
            assert_eq!(two["model"], "text-1-encoder");
            assert_eq!(
                (&one["event"], &one["replaces"]),
                (&two["event"], &Value::Null)
            );
        }
        // The mood is that of two texts, each as it was read last: the average moves by the policy's 0.3 of the difference.
        let score = |mood: &Value| mood["sentiment"]["score"].as_f64().unwrap();
        let average = again[1]["average"].as_f64().unwrap();
        let wanted = score(again[0]) + 0.3 * (score(again[1]) - score(again[0]));
        assert!((average - wanted).abs() < 2e-3, "{average} {wanted}");
        let metrics = Connection::new(target.clone())
            .call("GET", "/metrics", &[], &Value::Null)
            .await
            .unwrap();
        let metrics = String::from_utf8(metrics.body).unwrap();
        // One process counts for all rounds.
        let read = format!(
            "overture_second_readings_total{{outcome=\"read\"}} {}\n",
            texts.len() * (round + 1)
        );
        assert!(metrics.contains(&read), "{metrics}");
        server.stop().await;
    }
}
