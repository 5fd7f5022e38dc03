//! What customers write is read at once by the tables, and once more by the encoder, which delays nothing and counts once.

use overture::client::{Connection, Target};
use serde_json::Value;

use crate::support::{Backend, admin, eventually, moods, say, serve};

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
            say(&mut connection, place, text).await;
        }
        let moods = eventually("both texts were read again", async || {
            let moods = moods(&mut admin).await?;
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
