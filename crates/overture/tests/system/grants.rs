//! A grant's limit holds, however many come at once.

use overture::{client::Connection, people::StaffMember};
use serde_json::{Value, json};

use crate::support::{Backend, admin, serve};

#[tokio::test(flavor = "multi_thread")]
async fn of_64_redemptions_at_once_of_a_grant_for_3_exactly_3_succeed() {
    for backend in Backend::all().await {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(
            folder.path(),
            &backend,
            "[rates]\ntokens_per_s = 1000\n",
            None,
        )
        .await;
        let target = overture::client::Target::parse(&server.url).await.unwrap();
        let mut admin = admin(&target).await;
        let secret = api_token(&mut admin).await;
        let issue = json!({
            "identifier": {"kind": "user_id", "value": "u-1"},
            "limit": 3, "ttl_s": 3600, "channels": ["chat"],
        });
        let bearer = format!("Bearer {secret}");
        let headers = [("authorization", bearer.as_str())];
        let mut connection = Connection::new(target.clone());
        let issued = connection
            .call("POST", "/v1/grants", &headers, &issue)
            .await
            .unwrap();
        let issued = issued.ok().unwrap();
        let redeem = |key: usize| {
            let (target, bearer, token) = (target.clone(), bearer.clone(), issued["token"].clone());
            async move {
                let body = json!({"token": token, "channel": "chat", "idempotency_key": format!("k{key}")});
                let headers = [("authorization", bearer.as_str())];
                let mut connection = Connection::new(target);
                connection
                    .call("POST", "/v1/grants/redeem", &headers, &body)
                    .await
                    .unwrap()
            }
        };
        let clients: Vec<_> = (0..64).map(|key| tokio::spawn(redeem(key))).collect();
        let mut granted = Vec::new();
        for (key, client) in clients.into_iter().enumerate() {
            let answer = client.await.unwrap();
            match answer.status {
                200 => granted.push((key, answer.json().unwrap())),
                403 => assert_eq!(answer.json().unwrap()["code"], "not_available"),
                other => panic!("{backend:?}: answered {other}"),
            }
        }
        assert_eq!(granted.len(), 3, "{backend:?}");
        let (key, first) = granted.swap_remove(0);
        let again = redeem(key).await.ok().unwrap();
        assert_eq!(
            again["redemption"], first["redemption"],
            "the same key consumes nothing"
        );
        assert_eq!(redeem(99).await.status, 403);
        server.stop().await;
    }
}

async fn api_token(admin: &mut StaffMember) -> String {
    let body = json!({"name": "test", "scopes": ["grants"]});
    let made: Value = admin.call("POST", "/v1/admin/tokens", &body).await.unwrap();
    made["secret"].as_str().unwrap().to_owned()
}
