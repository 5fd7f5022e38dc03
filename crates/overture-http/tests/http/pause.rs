use overture_engine::model::*;
use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn a_pause_is_reported_without_its_draft() {
    let server = Server::start().await;
    let (token, _) = server.widget().await;
    let post = |path: &str, body| {
        server
            .post(format!("/v1/widget/{path}"))
            .bearer(&token)
            .json(&body)
            .send()
    };
    post(
        "pausable",
        json!({"path": "/checkout?step=2#pay", "pausable": true}),
    )
    .await
    .expect(204);
    let change = |more: serde_json::Value| {
        let mut body = json!({"pause": "p-1", "path": "/checkout?card=4111"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    for body in [
        json!({"change": "started"}),
        json!({"change": "resumed", "exact": true, "how": "escape"}),
        json!({"change": "failed", "why": "too_large"}),
    ] {
        post("pause", change(body)).await.expect(204);
    }
    let said: Vec<CustomerBody> = server
        .core
        .bodies()
        .into_iter()
        .filter(|body| {
            matches!(
                body,
                CustomerBody::Pausable { .. } | CustomerBody::Pause { .. }
            )
        })
        .collect();
    let key = xxhash_rust::xxh3::xxh3_64(b"p-1");
    let pause = |change| CustomerBody::Pause {
        key,
        path: "/checkout".to_owned(),
        change,
    };
    assert_eq!(
        said,
        [
            CustomerBody::Pausable {
                path: "/checkout".to_owned(),
                pausable: true
            },
            pause(PauseChange::Started),
            pause(PauseChange::Resumed {
                exact: true,
                how: PauseEnd::Escape
            }),
            pause(PauseChange::Failed(PauseFailure::TooLarge)),
        ]
    );
    for (body, field) in [
        (change(json!({"change": "halted"})), "change"),
        (change(json!({"change": "resumed"})), "how"),
        (change(json!({"change": "resumed", "how": "magic"})), "how"),
        (change(json!({"change": "failed", "why": "rain"})), "why"),
        (
            json!({"pause": "", "path": "/", "change": "started"}),
            "pause",
        ),
    ] {
        let answer = post("pause", body).await.expect(400);
        assert_eq!(answer.json()["field"], field);
    }
}
