use std::sync::{Arc, Mutex};

use axum::http::Method;
use overture_engine::{model::*, route, route::RouteOutput, route::Routing};
use overture_http::{Config, Texts};
use serde_json::{Value, json};

use crate::support::*;

fn at(text: &str) -> Timestamp {
    let time: jiff::Timestamp = text.parse().unwrap();
    Timestamp(time.as_millisecond())
}

/// A routing machine with one agent who works around the clock.
fn routing() -> Routing {
    let mut routing = Routing::default();
    let agent = AgentId::derive(NOW, Seq(1), 1);
    let profile = AgentProfile {
        capacity: PerChannel {
            chat: 1,
            callback: 1,
        },
        active: true,
        hours: Some(AgentHours {
            hours: WeeklyHours::always(),
            time_zone: "UTC".to_owned(),
        }),
        ..AgentProfile::default()
    };
    let settings = RouteSettings::default();
    let mut step = |seq, event| {
        let mut out = RouteOutput::default();
        route::step(&mut routing, NOW, Seq(seq), &event, &settings, &mut out);
    };
    step(1, RouteEvent::AgentChanged { agent, profile });
    let presence = Presence::Available;
    step(2, RouteEvent::PresenceSet { agent, presence });
    routing
}

fn needs() -> Needs {
    Needs {
        channel: ChannelKind::Callback,
        skill: None,
        language: None,
        priority: 0,
    }
}

async fn times(server: &Server, token: &str, zone: &str) -> Value {
    let path = format!("/v1/widget/callback/slots?zone={zone}");
    server
        .get(path)
        .bearer(token)
        .send()
        .await
        .expect(200)
        .json()
}

/// Nights on which clocks change, a zone without changes, and one beyond the date line: the
/// hour that is skipped is not offered, the doubled one is offered twice and told apart.
#[tokio::test]
async fn times_are_offered_by_the_customers_own_clock() {
    let hours = |times: &Value, date: &str, from: &str, to: &str| -> Vec<String> {
        let days = times["days"].as_array().unwrap();
        let day = days.iter().find(|day| day["date"] == date).expect(date);
        let slots = day["slots"].as_array().unwrap().iter();
        slots
            .map(|slot| {
                (
                    slot["local"].as_str().unwrap(),
                    slot["offset"].as_str().unwrap(),
                )
            })
            .filter(|(local, _)| (from..to).contains(local))
            .map(|(local, offset)| format!("{local}{offset}"))
            .collect()
    };
    let quarters = |hour: &str, offset: &str| -> Vec<String> {
        let quarter = |minute| format!("{hour}:{minute}{offset}");
        ["00", "15", "30", "45"].map(quarter).into()
    };
    for (zone, now, date, from, to, expected) in [
        (
            "Europe/Berlin",
            "2026-03-28T12:00:00Z",
            "2026-03-29",
            "02:00",
            "03:00",
            vec![],
        ),
        (
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            "2026-10-25",
            "02:00",
            "03:00",
            [quarters("02", "+02:00"), quarters("02", "+01:00")].concat(),
        ),
        (
            "America/New_York",
            "2026-03-07T12:00:00Z",
            "2026-03-08",
            "02:00",
            "03:00",
            vec![],
        ),
        (
            "America/New_York",
            "2026-10-31T12:00:00Z",
            "2026-11-01",
            "01:00",
            "02:00",
            [quarters("01", "-04:00"), quarters("01", "-05:00")].concat(),
        ),
        (
            "Australia/Lord_Howe",
            "2026-10-03T00:00:00Z",
            "2026-10-04",
            "02:00",
            "03:00",
            vec!["02:30+11:00".to_owned(), "02:45+11:00".to_owned()],
        ),
        (
            "Australia/Lord_Howe",
            "2026-04-04T00:00:00Z",
            "2026-04-05",
            "01:30",
            "02:00",
            ["01:30+11:00", "01:45+11:00", "01:30+10:30", "01:45+10:30"]
                .map(str::to_owned)
                .into(),
        ),
        (
            "Asia/Kolkata",
            "2026-03-28T12:00:00Z",
            "2026-03-29",
            "02:00",
            "03:00",
            quarters("02", "+05:30"),
        ),
        (
            "Pacific/Kiritimati",
            "2026-03-28T12:00:00Z",
            "2026-03-30",
            "02:00",
            "03:00",
            quarters("02", "+14:00"),
        ),
    ] {
        let server = Server::start().await;
        server.advance(at(now).since(NOW));
        let (token, _) = server.widget().await;
        *server.core.outlook.lock().unwrap() = Some(routing().callback_outlook(&needs()));
        let times = times(&server, &token, zone).await;
        assert_eq!(times["zone"], zone);
        assert_eq!(hours(&times, date, from, to), expected, "{zone} {date}");
        assert_eq!(times["now"]["open"], true);
        assert_eq!(times["now"]["wait_s"], 0);
    }
}

/// A day of 23 or 25 hours is offered whole, in zones that change by an hour and by half.
#[tokio::test]
async fn whole_days_are_offered_on_nights_when_clocks_change() {
    for (zone, now, date, slots) in [
        ("Europe/Berlin", "2026-03-27T12:00:00Z", "2026-03-28", 96),
        ("Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29", 92),
        ("Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25", 100),
        ("America/New_York", "2026-03-07T12:00:00Z", "2026-03-08", 92),
        (
            "America/New_York",
            "2026-10-31T12:00:00Z",
            "2026-11-01",
            100,
        ),
        (
            "Australia/Lord_Howe",
            "2026-10-03T00:00:00Z",
            "2026-10-04",
            94,
        ),
        (
            "Australia/Lord_Howe",
            "2026-04-03T12:00:00Z",
            "2026-04-05",
            98,
        ),
        (
            "America/Santiago",
            "2026-04-03T12:00:00Z",
            "2026-04-04",
            100,
        ),
    ] {
        let server = Server::start().await;
        server.advance(at(now).since(NOW));
        let (token, _) = server.widget().await;
        *server.core.outlook.lock().unwrap() = Some(routing().callback_outlook(&needs()));
        let times = times(&server, &token, zone).await;
        let days = times["days"].as_array().unwrap();
        let day = days.iter().find(|day| day["date"] == date).expect(date);
        let offered = day["slots"].as_array().unwrap();
        assert_eq!(offered.len(), slots, "{zone} {date}");
        assert_eq!(offered.last().unwrap()["local"], "23:45", "{zone} {date}");
        let begins: std::collections::BTreeSet<&str> = offered
            .iter()
            .map(|slot| slot["from"].as_str().unwrap())
            .collect();
        assert_eq!(begins.len(), slots, "each once");
    }
}

/// Keeps what would be sent.
#[derive(Default)]
struct Sent(Mutex<Vec<(String, String)>>);

impl Texts for Sent {
    fn send(&self, to: &str, text: &str) -> Result<(), String> {
        let mut sent = self.0.lock().unwrap();
        sent.push((to.to_owned(), text.to_owned()));
        Ok(())
    }
}

impl Sent {
    fn last_code(&self) -> String {
        let sent = self.0.lock().unwrap();
        let text = &sent.last().unwrap().1;
        let digits = text.chars().filter(char::is_ascii_digit);
        digits.take(6).collect()
    }
}

#[tokio::test]
async fn a_number_is_proven_by_a_code_that_a_refusal_does_not_use_up() {
    let sent = Arc::new(Sent::default());
    let texts = Arc::clone(&sent) as Arc<dyn Texts>;
    let server = Server::start_with_texts(Config::default(), Some(texts)).await;
    let (token, device) = server.widget().await;
    let customer = FakeCore::customer_of(device);
    let conversation = InteractionId::derive(NOW, Seq(9), 0);
    server.reply(Reply::Conversation {
        customer,
        conversation,
    });
    let number = json!({"phone": "030 123456", "country": "DE"});
    let post = |path: &str, body: &Value| {
        server
            .post(format!("/v1/widget/callback{path}"))
            .bearer(&token)
            .json(body)
            .send()
    };
    let answer = post("/code", &number).await.expect(409);
    assert_eq!(answer.code(), "no_code_needed");
    assert!(sent.0.lock().unwrap().is_empty());

    let path = "/v1/admin/brands";
    let listed = server.admin(Method::GET, path, Value::Null).await;
    let mut brand = listed.json()["brands"][0].clone();
    let path = format!("{path}/{}", brand["brand"].as_str().unwrap());
    for field in ["brand", "is_default", "sources"] {
        brand.as_object_mut().unwrap().remove(field);
    }
    brand["callback"]["verify_sms"] = json!(true);
    server.admin(Method::PUT, &path, brand).await.expect(200);

    let routing_says = |refused: Option<SlotRefusal>| {
        let mut state = CustomerState::new(customer, NOW);
        let key = xxhash_rust::xxh3::xxh3_64(b"mine");
        match refused {
            Some(why) => state.callback_refusal = Some(CallbackRefusal { key, why }),
            None => state.scheduled = Some(Box::new(promised(conversation, key))),
        }
        server.core.states.lock().unwrap().insert(customer, state);
    };
    let ask = |code: &str| {
        let mut body = number.clone();
        body["idempotency_key"] = json!("mine");
        body["code"] = json!(code);
        async move { post("", &body).await }
    };
    routing_says(None);
    assert_eq!(ask("123456").await.expect(400).code(), "code_over");
    let answer = post("/code", &json!({"phone": "0900 1234567", "country": "DE"})).await;
    assert_eq!(answer.expect(400).code(), "phone_cannot_be_called");
    post("/code", &number).await.expect(204);
    assert_eq!(sent.0.lock().unwrap()[0].0, "+4930123456");
    let code = sent.last_code();
    let wrong = if code == "000000" { "111111" } else { "000000" };
    let answer = ask(wrong).await.expect(400);
    assert_eq!(
        (answer.code(), answer.json()["field"].clone()),
        ("code_wrong".to_owned(), json!("code"))
    );

    routing_says(Some(SlotRefusal::Full));
    assert_eq!(ask(&code).await.expect(409).code(), "slot_full");
    routing_says(None);
    let answer = ask(&code).await.expect(200);
    assert_eq!(answer.json()["conversation"], conversation.to_string());
    assert_eq!(ask(&code).await.expect(400).code(), "code_over");
    let answer = post("/code", &number).await.expect(429);
    assert_eq!(answer.code(), "too_many_requests", "what was sent counts");
    server.advance(Millis::from_secs(61));
    post("/code", &number).await.expect(204);
    assert_eq!(sent.0.lock().unwrap().len(), 2);
}

/// A callback that routing has taken on.
fn promised(conversation: InteractionId, key: u64) -> ConversationState {
    ConversationState {
        issues: Vec::new(),
        conversation,
        request: RequestId::derive(NOW, Seq(9), 1),
        channel: ChannelKind::Callback,
        status: ConversationStatus::Scheduled,
        agent: None,
        started_at: NOW,
        redemption: None,
        offer: None,
        key,
        device: None,
        phone: None,
        recent: Default::default(),
        chat: Box::default(),
        callback: None,
    }
}

#[tokio::test]
async fn a_callback_is_asked_for_with_a_number_that_can_be_called() {
    let server = Server::start().await;
    let (token, _) = server.widget().await;
    *server.core.outlook.lock().unwrap() = Some(routing().callback_outlook(&needs()));
    let ask = |body: Value| {
        server
            .post("/v1/widget/callback")
            .bearer(&token)
            .json(&body)
            .send()
    };
    for (body, field, code) in [
        (json!({"idempotency_key": "k"}), "phone", "bad_input"),
        (
            json!({"phone": "030 123456", "idempotency_key": "k"}),
            "phone",
            "phone_not_a_number",
        ),
        (
            json!({"phone": "112", "country": "DE", "idempotency_key": "k"}),
            "phone",
            "phone_short",
        ),
        (
            json!({"phone": "0900 1234567", "country": "DE", "idempotency_key": "k"}),
            "phone",
            "phone_cannot_be_called",
        ),
        (
            json!({"phone": "+881612345678", "idempotency_key": "k"}),
            "phone",
            "phone_cannot_be_called",
        ),
        (
            json!({"phone": "+2348012345678", "idempotency_key": "k"}),
            "phone",
            "phone_country",
        ),
        (
            json!({"phone": "030 123456", "country": "XX", "idempotency_key": "k"}),
            "country",
            "bad_input",
        ),
        (
            json!({"phone": "030 123456", "country": "DE", "idempotency_key": ""}),
            "idempotency_key",
            "bad_input",
        ),
        (
            json!({"phone": "030 123456", "country": "DE", "idempotency_key": "k",
                "slot": {"from": "2026-03-02T10:05:00Z", "to": "2026-03-02T10:20:00Z"}}),
            "slot",
            "bad_input",
        ),
        (
            json!({"phone": "030 123456", "country": "DE", "idempotency_key": "k", "time_zone": "Mars/Base"}),
            "zone",
            "bad_input",
        ),
    ] {
        let answer = ask(body.clone()).await.expect(400);
        assert_eq!(
            (answer.json()["field"].clone(), answer.code()),
            (json!(field), code.to_owned()),
            "{body}"
        );
    }
    assert!(
        !server
            .core
            .bodies()
            .iter()
            .any(|body| matches!(body, CustomerBody::CallbackAsked { .. })),
        "nothing of that reached the core"
    );
}

#[tokio::test]
async fn what_routing_refuses_of_a_callback_is_told_with_a_code_of_its_own() {
    let server = Server::start().await;
    for (why, status) in [
        (SlotRefusal::Full, 409),
        (SlotRefusal::NumberLimit, 429),
        (SlotRefusal::NumberCoolDown, 429),
        (SlotRefusal::NumberBlocked, 403),
    ] {
        let (other, device) = server.widget().await;
        let customer = FakeCore::customer_of(device);
        server.reply(Reply::Conversation {
            customer,
            conversation: InteractionId::derive(NOW, Seq(9), 0),
        });
        let mut state = CustomerState::new(customer, NOW);
        state.callback_refusal = Some(CallbackRefusal {
            key: xxhash_rust::xxh3::xxh3_64(b"mine"),
            why,
        });
        server.core.states.lock().unwrap().insert(customer, state);
        let body = json!({"phone": "030 123456", "country": "DE", "idempotency_key": "mine"});
        let answer = server
            .post("/v1/widget/callback")
            .bearer(&other)
            .json(&body)
            .send()
            .await
            .expect(status);
        assert_eq!(answer.code(), why.name());
    }
    let Some(CustomerBody::CallbackAsked { phone, ask, .. }) = server.core.bodies().pop() else {
        panic!("a callback is asked for");
    };
    assert_eq!(phone.reveal(), "+4930123456");
    let hours = ask.hours.expect("further calls keep to the brand's hours");
    assert_eq!(hours.time_zone, "UTC");
    assert!(
        !ask.texts,
        "no text messages without an account to send them"
    );
}

#[tokio::test]
async fn staff_hours_are_checked_and_reach_routing() {
    let server = Server::start().await;
    let path = format!("/v1/admin/agents/{}", agent(overture_store::Role::Agent));
    let change = |body: Value| server.admin(axum::http::Method::PATCH, &path, body);
    let monday = |intervals: Value| {
        let mut days = vec![json!([]); 7];
        days[0] = intervals;
        json!({"hours": {"days": days, "time_zone": "Europe/Berlin"}})
    };
    for (body, field) in [
        (monday(json!([[600, 540]])), "hours.days"),
        (monday(json!([[540, 600], [590, 620]])), "hours.days"),
        (
            json!({"hours": {"days": [[]], "time_zone": "UTC"}}),
            "hours.days",
        ),
        (
            json!({"hours": {"days": [[], [], [], [], [], [], []], "time_zone": "Mars/Base"}}),
            "hours.time_zone",
        ),
    ] {
        let answer = change(body.clone()).await.expect(400);
        assert_eq!(answer.json()["field"], field, "{body}");
    }
    let answer = change(monday(json!([[540, 1020]]))).await.expect(200);
    assert_eq!(answer.json()["hours"]["days"][0], json!([[540, 1020]]));
    let told = server
        .core
        .all()
        .into_iter()
        .rev()
        .find_map(|ingress| match ingress.subject {
            Subject::Route(RouteEvent::AgentChanged { profile, .. }) => Some(profile),
            _ => None,
        });
    assert_eq!(told.unwrap().hours.unwrap().time_zone, "Europe/Berlin");
    let answer = change(json!({"name": "Somebody"})).await.expect(200);
    assert!(
        answer.json().get("hours").is_some(),
        "what is not named stays"
    );
    let answer = change(json!({"hours": null})).await.expect(200);
    assert!(
        answer.json().get("hours").is_none(),
        "null is the policy's hours"
    );
}
