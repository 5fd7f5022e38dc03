//! Grants: issued, found, told, redeemed by programs and by whoever holds a link.

use overture_engine::model::*;
use overture_http::{Continuation, Keys};
use overture_store::Role;
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn a_grant_is_issued_and_its_token_redeemed_by_a_program() {
    let server = Server::start().await;
    let customer = CustomerId::derive(NOW, Seq(70), 0);
    let grant = GrantId::derive(NOW, Seq(71), 0);
    server.reply(Reply::Granted {
        customer,
        grant,
        generation: 1,
        expires_at: NOW + Millis::from_secs(600),
    });
    let issue = |body: Value| {
        server
            .post("/v1/grants")
            .bearer("ovt_grants")
            .json(&body)
            .send()
    };
    let issued = issue(
        json!({"identifier": {"kind": "email", "value": "Ann@example.com"},
        "limit": 3, "ttl_s": 600, "channels": ["chat"], "idempotency_key": "i"}),
    )
    .await
    .expect(200)
    .json();
    let token = issued["token"].as_str().unwrap().to_owned();
    let Subject::Identified(who, CustomerBody::GrantIssued { terms, .. }) =
        server.core.last().subject
    else {
        panic!("a grant is issued");
    };
    assert_eq!(who[0].value.reveal(), "ann@example.com");
    assert_eq!(who[0].level, IdentityLevel::Verified);
    assert_eq!((terms.limit, terms.ttl), (3, Millis::from_secs(600)));

    server.commit(vec![Effect::Grant {
        customer,
        grant: Box::new(GrantState {
            grant,
            base_limit: 3,
            boost: 0,
            boosted_at: NOW,
            boost_half_life: Millis(0),
            used: 1,
            held: 0,
            channels: Default::default(),
            issued_at: NOW,
            expires_at: NOW + Millis::from_secs(600),
            revoked: false,
            generation: 1,
            issue_key: None,
            redemptions: Default::default(),
        }),
    }]);
    let listed = server
        .get(format!("/v1/grants?customer={customer}"))
        .role(Role::Supervisor)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(listed["grants"][0]["state"], "active");
    assert_eq!(listed["grants"][0]["used"], 1);

    let redeem = |token: &str| {
        server
            .post("/v1/grants/redeem")
            .bearer("ovt_grants")
            .json(&json!({"token": token, "channel": "chat", "idempotency_key": "r"}))
            .send()
    };
    server.reply(Reply::Redeemed {
        redemption: RedemptionId::derive(NOW, Seq(72), 0),
        conversation: InteractionId::derive(NOW, Seq(73), 0),
    });
    let redeemed = redeem(&token).await.expect(200).json();
    assert_eq!(redeemed["grant"], grant.to_string());
    assert!(redeemed["redemption"].as_str().unwrap().starts_with("red_"));

    // Whatever is wrong, the answer is the same.
    let mut denials = vec![redeem("grtk_forged").await.expect(403).json()];
    for reply in [Reply::NotAvailable, Reply::Gone] {
        server.reply(reply);
        denials.push(redeem(&token).await.expect(403).json());
    }
    assert!(denials.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(denials[0]["code"], "not_available");

    // A mail scanner's GET finds nothing to redeem.
    let taken = server.core.taken.lock().unwrap().len();
    server
        .get(format!("/v1/grants/redeem?token={token}"))
        .bearer("ovt_grants")
        .send()
        .await
        .expect(405);
    assert_eq!(server.core.taken.lock().unwrap().len(), taken);

    server.reply(Reply::Done);
    server
        .post(format!("/v1/grants/{grant}/revoke"))
        .role(Role::Supervisor)
        .send()
        .await
        .expect(204);
    for (body, field) in [
        (json!({"limit": 1, "ttl_s": 600}), "customer"),
        (
            json!({"customer": customer.to_string(), "limit": 0, "ttl_s": 600}),
            "limit",
        ),
        (
            json!({"customer": customer.to_string(), "limit": 1, "ttl_s": 5}),
            "ttl_s",
        ),
        (
            json!({"customer": "cus_x", "limit": 1, "ttl_s": 600}),
            "customer",
        ),
        (
            json!({"identifier": {"kind": "phone", "value": "12"}, "limit": 1, "ttl_s": 600}),
            "identifier.value",
        ),
    ] {
        assert_eq!(issue(body).await.expect(400).json()["field"], field);
    }
}

/// A grant as the store keeps it.
fn grant_row(n: u64, customer: CustomerId, used: u32) -> Effect {
    let at = NOW + Millis(n);
    Effect::Grant {
        customer,
        grant: Box::new(GrantState {
            grant: GrantId::derive(at, Seq(n), 0),
            base_limit: 1,
            boost: 0,
            boosted_at: NOW,
            boost_half_life: Millis(0),
            used,
            held: 0,
            channels: Default::default(),
            issued_at: at,
            expires_at: NOW + Millis::from_secs(600),
            revoked: false,
            generation: 2,
            issue_key: None,
            redemptions: Default::default(),
        }),
    }
}

fn grant_id(n: u64) -> GrantId {
    GrantId::derive(NOW + Millis(n), Seq(n), 0)
}

#[tokio::test]
async fn grants_are_searched_filtered_and_paged() {
    let server = Server::start().await;
    let [ann, ben] = [80, 81].map(|n| CustomerId::derive(NOW, Seq(n), 0));
    server.commit(
        (1..=5)
            .map(|n| grant_row(n, if n == 2 { ben } else { ann }, (n % 2) as u32))
            .collect(),
    );
    let get = async |query: &str| {
        let listed = server
            .get(format!("/v1/grants?{query}"))
            .role(Role::Supervisor)
            .send()
            .await
            .expect(200)
            .json();
        let ids: Vec<String> = listed["grants"]
            .as_array()
            .unwrap()
            .iter()
            .map(|grant| grant["grant"].as_str().unwrap().to_owned())
            .collect();
        (ids, listed["cursor"].as_str().map(str::to_owned))
    };
    let ids = |ns: &[u64]| {
        ns.iter()
            .map(|n| grant_id(*n).to_string())
            .collect::<Vec<_>>()
    };

    let (first, cursor) = get("limit=2").await;
    assert_eq!(first, ids(&[5, 4]));
    let (second, cursor) = get(&format!("limit=2&cursor={}", cursor.unwrap())).await;
    assert_eq!(second, ids(&[3, 2]));
    assert_eq!(
        get(&format!("limit=2&cursor={}", cursor.unwrap())).await,
        (ids(&[1]), None)
    );
    assert_eq!(get("state=active").await, (ids(&[4, 2]), None));
    assert_eq!(get("state=exhausted&limit=2").await.0, ids(&[5, 3]));
    assert_eq!(
        get(&format!("customer={ann}&limit=3")).await.0,
        ids(&[5, 4, 3])
    );
    assert_eq!(
        get(&format!("query={}", grant_id(2))).await,
        (ids(&[2]), None)
    );
    assert_eq!(get("query=nobody@example.com").await, (Vec::new(), None));

    for (query, field) in [
        ("state=open", "state"),
        ("cursor=x", "cursor"),
        ("customer=x", "customer"),
    ] {
        let refused = server
            .get(format!("/v1/grants?{query}"))
            .role(Role::Admin)
            .send()
            .await
            .expect(400)
            .json();
        assert_eq!(refused["field"], field, "{query}");
    }
}

#[tokio::test]
async fn a_grant_tells_its_story() {
    let server = Server::start().await;
    let customer = CustomerId::derive(NOW, Seq(80), 0);
    let grant = grant_id(1);
    let offer = OfferId::derive(NOW, Seq(82), 0);
    let decision = DecisionId::derive(NOW, Seq(82), 0);
    let redemption = RedemptionId::derive(NOW, Seq(83), 0);
    let timeline = |seq: u64, body| {
        Effect::Timeline(TimelineItem {
            customer,
            seq,
            at: NOW + Millis(seq),
            audience: Audience::Staff,
            device: None,
            body,
        })
    };
    let shown = |carried: GrantId, stage| {
        TimelineBody::Offer(OfferView {
            offer: if carried == grant {
                offer
            } else {
                OfferId::derive(NOW, Seq(99), 0)
            },
            style: OfferStyle::Banner,
            stage,
            rule: "struggle-offer".to_owned(),
            options: Vec::new(),
            grant: Some((carried, 1)),
            expires_at: NOW + Millis::from_secs(60),
            why: "",
        })
    };
    let change = |n: u64, change| {
        Effect::Ledger(LedgerEntry {
            customer,
            grant,
            at: NOW + Millis(n),
            change,
        })
    };
    server.commit(vec![
        grant_row(1, customer, 0),
        timeline(
            1,
            TimelineBody::Decision {
                decision,
                rule: "struggle-offer".to_owned(),
                outcome: Outcome::Offer(offer),
            },
        ),
        change(2, LedgerChange::Issued { limit: 1 }),
        timeline(3, shown(grant, OfferStage::Shown)),
        timeline(4, shown(grant_id(2), OfferStage::Shown)),
        timeline(5, shown(grant, OfferStage::Accepted(OfferOptionKind::Chat))),
        change(6, LedgerChange::Held(redemption)),
        change(7, LedgerChange::Denied(AuthorizationDenial::Exhausted)),
    ]);
    let get = |grant: String| {
        server
            .get(format!("/v1/grants/{grant}"))
            .role(Role::Supervisor)
            .send()
    };
    let told = get(grant.to_string()).await.expect(200).json();
    let story: Vec<(String, String)> = told["story"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let what = ["change", "state", "decision"];
            let what = what.iter().find_map(|name| step[*name].as_str());
            (
                step["kind"].as_str().unwrap().to_owned(),
                what.unwrap().to_owned(),
            )
        })
        .collect();
    let expected = [
        ("decision", decision.to_string().as_str()),
        ("change", "issued"),
        ("offer", "shown"),
        ("offer", "accepted"),
        ("change", "held"),
        ("change", "denied"),
    ]
    .map(|(kind, what)| (kind.to_owned(), what.to_owned()));
    assert_eq!(story, expected);
    assert_eq!(told["story"][4]["redemption"], redemption.to_string());
    assert_eq!(told["story"][5]["detail"], "exhausted");
    assert_eq!(told["story"][1]["ledger"]["row"], 1);

    let link = told["link"].as_str().unwrap();
    let (_, token) = link.split_once("/help/g/").unwrap();
    let page = server
        .get(format!("/help/g/{token}"))
        .send()
        .await
        .expect(200);
    assert!(String::from_utf8(page.bytes).unwrap().contains(token));

    get(grant_id(9).to_string()).await.expect(404);
    assert_eq!(
        get("grt_x".to_owned()).await.expect(400).json()["field"],
        "grant"
    );
}

#[tokio::test]
async fn a_grants_link_changes_nothing_until_its_button_is_pressed() {
    let server = Server::start().await;
    let customer = CustomerId::derive(NOW, Seq(80), 0);
    let grant = grant_id(1);
    server.commit(vec![grant_row(1, customer, 0)]);
    let told = server
        .get(format!("/v1/grants/{grant}"))
        .role(Role::Admin)
        .send()
        .await
        .expect(200)
        .json();
    let link = told["link"].as_str().unwrap();
    let path = format!("/help/g/{}", link.rsplit('/').next().unwrap());
    let press = |path: &str, key: &str| {
        server
            .post(path)
            .json(&json!({"idempotency_key": key}))
            .send()
    };

    let before = server.core.bodies().len();
    for _ in 0..3 {
        let page = server.get(&path).send().await.expect(200);
        assert!(
            String::from_utf8(page.bytes)
                .unwrap()
                .contains("id=\"continue\"")
        );
    }
    assert_eq!(server.core.bodies().len(), before, "a mail scanner's GET");
    server.get("/help/g/grtk_forged").send().await.expect(404);

    let conversation = InteractionId::derive(NOW, Seq(84), 0);
    server.reply(Reply::Redeemed {
        redemption: RedemptionId::derive(NOW, Seq(83), 0),
        conversation,
    });
    let pressed = press(&path, "k-1").await.expect(200).json();
    let Subject::Visitor(
        whose,
        asker,
        CustomerBody::GrantRedeemed {
            generation,
            channel,
            ..
        },
    ) = server.core.last().subject
    else {
        panic!("a grant is redeemed");
    };
    assert_eq!(
        (whose, generation, channel),
        (customer, 2, ChannelKind::Chat)
    );
    assert_eq!((asker.level, asker.only), (IdentityLevel::Anonymous, None));
    // What it gives opens that conversation, as a link in a mail does.
    let keys = Keys::derive(&server.store.installation_secret().unwrap());
    let source = server.source;
    let expected = keys.continuation_token(&Continuation {
        source,
        customer,
        conversation,
        device: asker.device,
        generation: 0,
        expires_at: NOW + Millis::from_secs(7 * 86_400),
    });
    assert_eq!(pressed["resume"], expected);

    // The link of an earlier generation is denied by the engine, which keeps why.
    let Effect::Grant { mut grant, .. } = grant_row(1, customer, 0) else {
        panic!("a grant");
    };
    (grant.revoked, grant.generation) = (true, 3);
    server.commit(vec![Effect::Grant { customer, grant }]);
    server.reply(Reply::NotAvailable);
    press(&path, "k-4").await.expect(403);
    assert!(matches!(
        server.core.bodies().pop(),
        Some(CustomerBody::GrantRedeemed { generation: 2, .. })
    ));

    // Whatever is wrong, the answer is the same.
    let mut denials = vec![press("/help/g/grtk_forged", "k-2").await.expect(403).json()];
    for reply in [Reply::NotAvailable, Reply::Gone] {
        server.reply(reply);
        denials.push(press(&path, "k-3").await.expect(403).json());
    }
    assert!(denials.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(
        press(&path, "").await.expect(400).json()["field"],
        "idempotency_key"
    );
}
