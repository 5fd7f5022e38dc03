//! What staff reads and does.
//!
//! tidy: long because every kind of row has its shape in one table.

use std::collections::BTreeMap;

use overture_engine::model::*;
use overture_http::Config;
use overture_store::Role;
use serde_json::json;

use crate::support::*;

async fn with_password(config: Config) -> Server {
    let server = Server::start_with(config).await;
    let mut staff = server.store.staff(agent(Role::Agent)).unwrap().unwrap();
    staff.password_hash = overture_http::hash_password("correct horse battery").unwrap();
    server.store.put_staff(&staff).unwrap();
    server
}

fn credentials(email: &str, password: &str) -> serde_json::Value {
    json!({"email": email, "password": password})
}

#[tokio::test]
async fn signing_in_gives_a_cookie_that_signing_out_ends() {
    let server = with_password(Config {
        public_url: Some("https://help.example.com".to_owned()),
        ..Config::default()
    })
    .await;
    let answer = server
        .post("/v1/auth/login")
        .json(&credentials(" Agent@Example.com", "correct horse battery"))
        .send()
        .await
        .expect(200);
    let cookie = answer.header("set-cookie").to_owned();
    for flag in [
        "HttpOnly",
        "SameSite=Lax",
        "Secure",
        "Path=/",
        "Max-Age=86400",
    ] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    let me = answer.json();
    assert_eq!(me["role"], "agent");
    assert_eq!(me["name"], "The agent");
    let pair = cookie.split(';').next().unwrap().to_owned();
    let csrf = me["csrf"].as_str().unwrap().to_owned();

    let again = server
        .get("/v1/auth/me")
        .header("cookie", &pair)
        .send()
        .await
        .expect(200);
    assert_eq!(again.json(), me);
    server
        .post("/v1/auth/logout")
        .header("cookie", &pair)
        .header("x-csrf-token", &csrf)
        .send()
        .await
        .expect(204);
    assert_eq!(
        server.core.last().subject,
        Subject::Route(RouteEvent::PresenceSet {
            agent: agent(Role::Agent),
            presence: Presence::Offline
        }),
        "whoever has left takes no work"
    );
    let answer = server
        .get("/v1/auth/me")
        .header("cookie", &pair)
        .send()
        .await
        .expect(401);
    assert_eq!(answer.code(), "not_signed_in");
}

#[tokio::test]
async fn wrong_credentials_look_the_same_and_are_limited() {
    let server = with_password(Config::default()).await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("agent@example.com", "wrong horse battery"),
        ("nobody@example.com", "correct horse battery"),
        ("agent@example.com", ""),
    ] {
        let answer = server
            .post("/v1/auth/login")
            .json(&credentials(email, password))
            .send()
            .await
            .expect(401);
        assert_eq!(answer.header("set-cookie"), "");
        answers.push(answer.json());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(answers[0]["code"], "wrong_credentials");
    for _ in 3..10 {
        server
            .post("/v1/auth/login")
            .json(&credentials("x@example.com", "y"))
            .send()
            .await
            .expect(401);
    }
    let answer = server
        .post("/v1/auth/login")
        .json(&credentials("agent@example.com", "correct horse battery"))
        .send()
        .await
        .expect(429);
    assert!(!answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn a_new_password_signs_out_everywhere_else() {
    let server = with_password(Config::default()).await;
    let change = |current: &str, new: &str| {
        server
            .post("/v1/auth/password")
            .role(Role::Agent)
            .json(&json!({"current": current, "new": new}))
            .send()
    };
    assert_eq!(
        change("no", "long enough now").await.expect(401).json()["field"],
        "current"
    );
    assert_eq!(
        change("correct horse battery", "short")
            .await
            .expect(400)
            .json()["field"],
        "new"
    );
    let other = server
        .post("/v1/auth/login")
        .json(&credentials("agent@example.com", "correct horse battery"))
        .send()
        .await
        .expect(200);
    let other = other
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    change("correct horse battery", "long enough now")
        .await
        .expect(204);
    server
        .get("/v1/auth/me")
        .header("cookie", &other)
        .send()
        .await
        .expect(401);
    server
        .get("/v1/auth/me")
        .role(Role::Agent)
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn a_switched_off_account_is_out_at_once() {
    let server = Server::start().await;
    server
        .call(
            axum::http::Method::PATCH,
            format!("/v1/admin/agents/{}", agent(Role::Agent)),
        )
        .role(Role::Admin)
        .json(&json!({"active": false}))
        .send()
        .await
        .expect(200);
    server
        .get("/v1/desk/state")
        .role(Role::Agent)
        .send()
        .await
        .expect(401);
}

#[tokio::test]
async fn the_desk_says_how_offers_are_paced_while_somebody_takes_chats() {
    let server = Server::start().await;
    let desk = || server.get("/v1/desk/state").role(Role::Supervisor).send();
    assert_eq!(desk().await.expect(200).json().get("offers"), None);
    let outlook = PacingOutlook {
        mode: PacingMode::Expected,
        outstanding: 12,
        expected: 0.84,
        held: 2,
        seats: 40,
        level_holds: false,
        target: Millis::from_secs(20),
        service_level: 0.8,
        in_time: Some(0.871_4),
    };
    *server.core.pacing.lock().unwrap() = Some(outlook);
    assert_eq!(
        desk().await.expect(200).json()["offers"],
        json!({
            "mode": "expected", "open": 12, "expected": 0.84, "seats_held": 2, "seats": 40,
            "in_time": 0.871, "level_holds": false, "target_s": 20, "service_level": 0.8,
        })
    );
    let in_time = None;
    *server.core.pacing.lock().unwrap() = Some(PacingOutlook { in_time, ..outlook });
    assert_eq!(desk().await.expect(200).json().get("offers"), None);
}

#[tokio::test]
async fn a_session_runs_out() {
    let server = Server::start().await;
    server.advance(Millis::from_secs(3_600));
    server
        .get("/v1/auth/me")
        .role(Role::Admin)
        .send()
        .await
        .expect(401);
}

fn customer() -> CustomerId {
    CustomerId::derive(NOW, Seq(50), 0)
}

fn conversation() -> InteractionId {
    InteractionId::derive(NOW, Seq(51), 0)
}

fn request() -> RequestId {
    RequestId::derive(NOW, Seq(52), 0)
}

fn reservation() -> ReservationId {
    ReservationId::derive(NOW, Seq(53), 0)
}

fn conversation_row(agent: Option<AgentId>) -> Effect {
    Effect::Conversation(ConversationRow {
        issue: None,
        grant: None,
        conversation: conversation(),
        customer: customer(),
        request: request(),
        channel: ChannelKind::Chat,
        status: if agent.is_some() {
            ConversationStatus::Assigned
        } else {
            ConversationStatus::Queued
        },
        agent,
        started_at: NOW,
        last_at: NOW,
        last_author: Some(Author::Customer),
        last_text: Some(Private::new("<b>help</b>")),
        phone: None,
        code: None,
        chat: Box::new(ChatStanding {
            unread: 1,
            ..ChatStanding::default()
        }),
        callback: None,
    })
}

fn request_row(stage: RequestStage) -> Effect {
    Effect::Request {
        request: request(),
        state: Some(Box::new(RequestState {
            customer: customer(),
            conversation: conversation(),
            needs: Needs {
                channel: ChannelKind::Chat,
                skill: Some("billing".to_owned()),
                language: None,
                priority: 1,
            },
            why: "Two form errors".to_owned(),
            queued_at: NOW,
            stage,
            passed: Default::default(),
            told_position: 0,
            tell_again_at: None,
        })),
    }
}

#[tokio::test]
async fn the_desk_shows_each_agent_their_own_work() {
    let server = Server::start().await;
    let me = agent(Role::Agent);
    let state = |presence| Effect::Agent {
        agent: me,
        state: Box::new(AgentState {
            profile: AgentProfile {
                active: true,
                capacity: PerChannel {
                    chat: 2,
                    callback: 1,
                },
                ..AgentProfile::default()
            },
            presence,
            load: PerChannel {
                chat: 1,
                callback: 0,
            },
            ..AgentState::default()
        }),
    };
    server.commit(vec![
        state(Presence::Available),
        conversation_row(None),
        request_row(RequestStage::Offered {
            agent: me,
            reservation: reservation(),
            until: NOW + Millis::from_secs(20),
        }),
    ]);
    server.advance(Millis::from_secs(5));
    let desk = server
        .get("/v1/desk/state")
        .role(Role::Agent)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(desk["mode"], "shadow");
    assert_eq!(desk["me"]["presence"], "available");
    assert_eq!(desk["me"]["load"]["chat"], 1);
    let asked = &desk["reservations"][0];
    assert_eq!(asked["reservation"], reservation().to_string());
    assert_eq!(asked["why"], "Two form errors");
    assert_eq!(asked["queue"], "billing");
    assert_eq!(asked["waited_s"], 5);
    assert!(
        asked["customer_label"]
            .as_str()
            .unwrap()
            .starts_with("Visitor ")
    );
    assert_eq!(desk["conversations"], json!([]));
    assert_eq!(desk["queue"], json!([]));

    // Another one sees it waiting; a supervisor also sees the conversation.
    let desk = server
        .get("/v1/desk/state")
        .role(Role::Supervisor)
        .send()
        .await
        .json();
    assert_eq!(desk["reservations"], json!([]));
    assert_eq!(desk["queue"][0]["request"], request().to_string());
    assert_eq!(desk["conversations"][0]["last_message"], "<b>help</b>");
    assert_eq!(desk["conversations"][0]["unread"], 1);
    assert_eq!(desk["agents"][0]["name"], "The agent");
}

#[tokio::test]
async fn presence_and_reservations_go_to_routing() {
    let server = Server::start().await;
    let presence = |name: &str| {
        server
            .post("/v1/desk/presence")
            .role(Role::Agent)
            .json(&json!({"presence": name}))
            .send()
    };
    presence("available").await.expect(204);
    assert_eq!(
        server.core.last().subject,
        Subject::Route(RouteEvent::PresenceSet {
            agent: agent(Role::Agent),
            presence: Presence::Available
        })
    );
    assert_eq!(
        presence("asleep").await.expect(400).json()["field"],
        "presence"
    );

    let answer = |what: &str| {
        server
            .post(format!("/v1/desk/reservations/{}/{what}", reservation()))
            .role(Role::Agent)
            .body("{}")
            .send()
    };
    server.reply(Reply::Assigned {
        customer: customer(),
        conversation: conversation(),
    });
    let taken = answer("accept").await.expect(200).json();
    assert_eq!(taken["customer"], customer().to_string());
    server.reply(Reply::Gone);
    assert_eq!(
        answer("accept").await.expect(409).code(),
        "reservation_gone"
    );
    assert_eq!(
        answer("reject").await.expect(409).code(),
        "reservation_gone"
    );
    server.reply(Reply::Done);
    answer("reject").await.expect(204);
}

#[tokio::test]
async fn only_its_agent_writes_and_a_supervisor_may_end_it() {
    let server = Server::start().await;
    server.commit(vec![conversation_row(Some(agent(Role::Agent)))]);
    let path = format!("/v1/conversations/{}", conversation());
    let shown = server
        .get(&path)
        .role(Role::Analyst)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(shown["agent_name"], "The agent");

    server.reply(Reply::Message {
        message: MessageId::derive(NOW, Seq(1), 0),
        timeline_seq: 7,
    });
    let write = json!({"client_key": "d-1", "text": "<script>hi</script>"});
    let messages = format!("{path}/messages");
    let sent = server
        .post(&messages)
        .role(Role::Agent)
        .json(&write)
        .send()
        .await
        .expect(200);
    assert_eq!(sent.json()["seq"], 7);
    let Some(CustomerBody::AgentMessage {
        agent: by,
        text,
        client_key,
        ..
    }) = server.core.bodies().pop()
    else {
        panic!("a message is sent");
    };
    assert_eq!((by, client_key.as_str()), (agent(Role::Agent), "d-1"));
    assert_eq!(text.reveal(), "<script>hi</script>");
    server.reply(Reply::NotYours);
    let answer = server
        .post(&messages)
        .role(Role::Admin)
        .json(&write)
        .send()
        .await
        .expect(403);
    assert_eq!(answer.code(), "not_yours");

    let resolve = json!({"code": "solved", "notes": "reset"});
    let path = format!("{path}/resolve");
    server.reply(Reply::Done);
    server
        .post(&path)
        .role(Role::Supervisor)
        .json(&resolve)
        .send()
        .await
        .expect(204);
    let Some(CustomerBody::AgentResolved {
        agent: by, notes, ..
    }) = server.core.bodies().pop()
    else {
        panic!("the conversation is resolved");
    };
    assert_eq!(by, agent(Role::Agent));
    assert_eq!(notes.reveal(), "[The supervisor] reset");
    let answer = server
        .post(&path)
        .role(Role::Agent)
        .json(&json!({"code": "magic"}))
        .send()
        .await
        .expect(400);
    assert_eq!(answer.json()["field"], "code");
    let unknown = InteractionId::derive(NOW, Seq(99), 0);
    server
        .get(format!("/v1/conversations/{unknown}"))
        .role(Role::Agent)
        .send()
        .await
        .expect(404);
}

#[tokio::test]
async fn a_timeline_is_read_in_both_directions() {
    let server = Server::start().await;
    let page = |seq| {
        row(
            customer(),
            seq,
            Audience::Staff,
            None,
            TimelineBody::Page {
                path: format!("/{seq}"),
            },
        )
    };
    server.commit((1..=5).map(page).collect());
    let read = async |query: &str| {
        let path = format!("/v1/customers/{}/timeline?{query}", customer());
        let answer = server
            .get(path)
            .role(Role::Agent)
            .send()
            .await
            .expect(200)
            .json();
        let seqs: Vec<u64> = answer["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["seq"].as_u64().unwrap())
            .collect();
        (
            seqs,
            answer["seq"].as_u64().unwrap(),
            answer["more"].as_bool().unwrap(),
        )
    };
    assert_eq!(read("limit=2").await, (vec![4, 5], 5, true));
    assert_eq!(read("before=4&limit=2").await, (vec![2, 3], 3, true));
    assert_eq!(read("before=2&limit=9").await, (vec![1], 1, false));
    assert_eq!(read("after=2&limit=2").await, (vec![3, 4], 4, true));
    assert_eq!(read("after=5").await, (vec![], 5, false));
}

#[tokio::test]
async fn every_kind_of_row_has_its_shape() {
    let server = Server::start().await;
    let me = agent(Role::Agent);
    let bodies = vec![
        TimelineBody::Struggle {
            signal: Signal::RageClick,
            detail: "card".to_owned(),
        },
        TimelineBody::Identified {
            kinds: vec![IdentifierKind::Email],
        },
        TimelineBody::Decision {
            decision: DecisionId::derive(NOW, Seq(1), 0),
            rule: "high".to_owned(),
            outcome: Outcome::Withhold(vec![
                WithholdReason::AuthorizationDenied(AuthorizationDenial::Expired),
                WithholdReason::ShadowMode,
            ]),
        },
        TimelineBody::Resolution {
            conversation: conversation(),
            code: ResolutionCode::NoFix,
            notes: Private::new("later"),
            agent: me,
        },
        TimelineBody::Grant {
            grant: GrantId::derive(NOW, Seq(1), 0),
            change: LedgerChange::Denied(AuthorizationDenial::Exhausted),
        },
        TimelineBody::Merge {
            other: CustomerId::derive(NOW, Seq(60), 0),
        },
        TimelineBody::Custom {
            name: "Paid".to_owned(),
        },
        TimelineBody::Pause {
            path: "/checkout".to_owned(),
            change: PauseChange::Started,
            lasted: None,
        },
        TimelineBody::Pause {
            path: "/checkout".to_owned(),
            change: PauseChange::Resumed {
                exact: true,
                how: PauseEnd::Finished,
            },
            lasted: Some(Millis(41_900)),
        },
        TimelineBody::Pause {
            path: "/checkout".to_owned(),
            change: PauseChange::Failed(PauseFailure::NoAnswer),
            lasted: None,
        },
    ];
    let rows = bodies
        .into_iter()
        .zip(1..)
        .map(|(body, seq)| row(customer(), seq, Audience::Staff, None, body))
        .collect();
    server.commit(rows);
    let path = format!("/v1/customers/{}/timeline", customer());
    let items = server
        .get(path)
        .role(Role::Agent)
        .send()
        .await
        .expect(200)
        .json()["items"]
        .clone();
    let lines: Vec<String> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            // Sorted, whatever order the map has.
            let item: BTreeMap<String, serde_json::Value> =
                serde_json::from_value(item.clone()).unwrap();
            serde_json::to_string(&item).unwrap()
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn the_context_says_why_in_one_line() {
    let server = Server::start().await;
    let mut state = CustomerState::new(customer(), NOW);
    state.features.counters[Signal::FormError as usize] = Decayed {
        values: [2.0; 4],
        at: NOW,
    };
    state.session = Some(Session {
        issue: None,
        session: conversation(),
        started_at: NOW,
        last_at: NOW,
        level: IdentityLevel::Anonymous,
        device: None,
        path: "/checkout".to_owned(),
        path_since: NOW,
        source: None,
    });
    state.grants.push(GrantState {
        grant: GrantId::derive(NOW, Seq(1), 0),
        base_limit: 1,
        boost: 0,
        boosted_at: NOW,
        boost_half_life: Millis(0),
        used: 0,
        held: 0,
        channels: Default::default(),
        issued_at: NOW,
        expires_at: NOW + Millis::from_secs(60),
        revoked: false,
        generation: 1,
        issue_key: None,
        redemptions: Default::default(),
    });
    state.trail.push(TrailItem {
        at: NOW,
        what: Trail::Page {
            path: "/checkout".to_owned(),
        },
    });
    server.core.states.lock().unwrap().insert(customer(), state);
    let path = format!("/v1/customers/{}/context", customer());
    let context = server
        .get(&path)
        .role(Role::Agent)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(context["why"], "Two form errors on /checkout");
    assert_eq!(context["page"]["path"], "/checkout");
    assert_eq!(context["recent"][0]["kind"], "page");
    assert_eq!(context["recent"][0]["path"], "/checkout");
    assert_eq!(context["engagement"]["score"], 0.62);
    assert_eq!(
        context["engagement"]["contributions"][0]["label"],
        "Form field errors"
    );
    assert_eq!(
        context["engagement"]["thresholds"],
        json!({"medium": 0.5, "high": 0.7})
    );
    assert_eq!(context["grant"]["limit"], 1);
    assert_eq!(context["permission"]["opted_out"], false);
    let unknown = CustomerId::derive(NOW, Seq(61), 0);
    server
        .get(format!("/v1/customers/{unknown}/context"))
        .bearer("ovt_read")
        .send()
        .await
        .expect(404);
}

fn decision(number: u64, outcome: Outcome) -> Effect {
    Effect::Decision(Box::new(DecisionRecord {
        decision: DecisionId::derive(Timestamp(NOW.0 + number as i64), Seq(number), 0),
        customer: customer(),
        session: Some(conversation()),
        at: Timestamp(NOW.0 + number as i64),
        rule: "high".to_owned(),
        outcome,
        trace: Trace {
            signals: vec![("engagement.score".to_owned(), "0.8".to_owned())],
            condition: "engagement.score > 0.7".to_owned(),
            parts: vec![("engagement.score > 0.7".to_owned(), true)],
            score: 0.8,
            contributions: vec![Contribution {
                factor: "rage_clicks",
                value: 1.0,
                weight: 1.0,
                contribution: 1.0,
            }],
            policy_revision: 3,
            model: "engagement-1".to_owned(),
            engine: "0.1.0".to_owned(),
        },
    }))
}

#[tokio::test]
async fn decisions_are_found_by_reason_and_shown_with_their_trace() {
    let server = Server::start().await;
    let withhold = |reason| Outcome::Withhold(vec![reason]);
    server.commit(vec![
        decision(1, withhold(WithholdReason::ShadowMode)),
        decision(2, withhold(WithholdReason::QuietHours)),
        decision(3, Outcome::Offer(OfferId::derive(NOW, Seq(1), 0))),
    ]);
    let all = server
        .get("/v1/decisions")
        .role(Role::Analyst)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(all["decisions"].as_array().unwrap().len(), 3);
    assert_eq!(all["decisions"][0]["outcome"], "offer");
    assert_eq!(
        all["counts"]["by_outcome"],
        json!({"offer": 1, "withhold": 2})
    );
    let quiet = server
        .get("/v1/decisions?reason=quiet_hours")
        .bearer("ovt_read")
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(quiet["decisions"].as_array().unwrap().len(), 1);
    assert_eq!(
        quiet["decisions"][0]["reasons"],
        json!([{"code": "quiet_hours"}])
    );
    let id = quiet["decisions"][0]["decision"].as_str().unwrap();
    let shown = server
        .get(format!("/v1/decisions/{id}"))
        .role(Role::Agent)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(
        shown["trace"]["condition"]["text"],
        "engagement.score > 0.7"
    );
    assert_eq!(shown["trace"]["signals"]["engagement.score"], "0.8");
    assert_eq!(shown["trace"]["contributions"][0]["label"], "Rage clicks");
    let first = server
        .get("/v1/decisions?limit=2")
        .role(Role::Admin)
        .send()
        .await
        .json();
    let cursor = first["cursor"].as_str().unwrap();
    let rest = server
        .get(format!("/v1/decisions?limit=2&cursor={cursor}"))
        .role(Role::Admin)
        .send()
        .await
        .json();
    assert_eq!(rest["decisions"].as_array().unwrap().len(), 1);
    assert!(rest.get("cursor").is_none());
    let _: BTreeMap<String, u64> =
        serde_json::from_value(all["counts"]["by_reason"].clone()).unwrap();
}

#[tokio::test]
async fn customers_are_found_by_their_identifiers() {
    let server = Server::start().await;
    server
        .post("/v1/identify")
        .json(&json!({"writeKey": KEY, "userId": "u-77", "traits": {"email": "ann@example.com"}}))
        .send()
        .await
        .expect(200);
    let Subject::Identified(who, _) = server.core.last().subject else {
        panic!("somebody is identified");
    };
    let links = who
        .into_iter()
        .map(|identifier| {
            Effect::Link(IdentityLink {
                identifier,
                customer: customer(),
                linked_at: NOW,
            })
        })
        .collect();
    server.commit(links);
    server
        .store
        .commit(&overture_store::CommitUnit {
            customers: vec![CustomerState::new(customer(), NOW)],
            replay_from: Seq(2),
            at: NOW,
            ..Default::default()
        })
        .unwrap();
    for query in ["u-77", "Ann@example.com", &customer().to_string(), ""] {
        let found = server
            .get(format!("/v1/customers?query={query}"))
            .role(Role::Agent)
            .send()
            .await
            .expect(200)
            .json();
        assert_eq!(
            found["customers"][0]["customer"],
            customer().to_string(),
            "{query}"
        );
        assert_eq!(found["customers"][0]["label"], "ann@example.com");
    }
    let none = server
        .get("/v1/customers?query=nobody")
        .role(Role::Agent)
        .send()
        .await
        .json();
    assert_eq!(none, json!({"customers": []}));
}

#[tokio::test]
async fn each_rule_says_how_it_stands_with_a_customer() {
    let server = Server::start().await;
    let id = CustomerId::derive(NOW, Seq(77), 0);
    let mut state = CustomerState::new(id, NOW);
    state.suppression.cooling_until = NOW + Millis::from_secs(60);
    server.core.states.lock().unwrap().insert(id, state);
    let get = |path: String| server.get(path).role(Role::Analyst).send();
    let all = get(format!("/v1/customers/{id}/rules"))
        .await
        .expect(200)
        .json();
    let rules = all["rules"].as_array().unwrap();
    assert!(!rules.is_empty());
    assert!(rules.iter().all(|rule| rule["holds"] == false), "{all}");
    let offer = rules.iter().find(|rule| rule["action"] == "offer").unwrap();
    let rule = offer["rule"].as_str().unwrap();
    let one = get(format!("/v1/customers/{id}/rules/{rule}"))
        .await
        .expect(200)
        .json();
    assert_eq!(one["stage"], "not_met");
    assert!(one["condition"]["text"].is_string(), "{one}");
    let reasons = one["reasons"].as_array().unwrap();
    assert_eq!(one["deciding"], reasons[0]);
    let cooling = reasons.iter().find(|one| one["code"] == "cooling_down");
    let until = (NOW + Millis::from_secs(60)).to_string();
    assert_eq!(cooling.unwrap()["until"], until, "{one}");

    for (path, what) in [
        (format!("/v1/customers/{id}/rules/nothing"), "rule"),
        (
            format!(
                "/v1/customers/{}/rules",
                CustomerId::derive(NOW, Seq(78), 0)
            ),
            "customer",
        ),
    ] {
        let answer = get(path).await.expect(404);
        assert!(answer.json()["message"].as_str().unwrap().contains(what));
    }
    get("/v1/customers/nobody/rules".to_owned())
        .await
        .expect(400);
}

#[tokio::test]
async fn a_draft_says_how_many_it_matches_now() {
    let server = Server::start().await;
    for number in 0..7 {
        let id = CustomerId::derive(NOW, Seq(number), 0);
        let mut state = CustomerState::new(id, NOW - Millis::from_secs(number * 400));
        state.permission.opted_out = number == 0;
        server.core.states.lock().unwrap().insert(id, state);
    }
    let ask = |toml: &str| {
        let body = json!({"toml": toml}).to_string();
        let call = server.post("/v1/admin/policy/matches");
        call.role(Role::Supervisor).body(body).send()
    };
    let draft = "[[rules]]\nid = \"all\"\naction = \"notify\"\n\
                 when = 'permission.opted_out || !permission.opted_out'\n";
    let found = ask(draft).await.expect(200).json();
    // Of seven, those heard of within half an hour.
    assert_eq!(found["looked_at"], 5, "{found}");
    assert_eq!(found["rules"][0]["holding"], 5, "{found}");
    assert_eq!(found["rules"][0]["everyone"], true);
    assert_eq!(found["rules"][0]["examples"].as_array().unwrap().len(), 5);
    assert_eq!(
        found["rules"][0]["contacted"].as_u64().unwrap()
            + found["rules"][0]["reasons"]["shadow_mode"]
                .as_u64()
                .unwrap_or(0),
        5
    );
    let broken = ask("[[rules]]\nid = 3").await.expect(200).json();
    assert!(broken["errors"][0]["line"].is_number(), "{broken}");
}
