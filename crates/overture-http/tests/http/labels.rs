//! What staff say a customer's message really is.

use std::sync::Arc;

use overture_engine::{model::*, understand::IssueClassifier};
use overture_http::Issues;
use overture_store::Role;
use serde_json::{Value, json};

use crate::{
    chat::{chat, chat_on, conversation},
    support::*,
};

#[tokio::test]
async fn staff_say_what_a_customers_message_really_is() {
    let (server, _, customer) = chat().await;
    let message = |seq, author, text: &str| {
        Effect::Timeline(TimelineItem {
            customer,
            seq,
            at: NOW,
            audience: Audience::Everyone,
            device: None,
            body: TimelineBody::Message {
                conversation: conversation(),
                message: MessageId::derive(NOW, Seq(seq), 0),
                author,
                client_key: String::new(),
                text: Private::new(text),
                original: None,
                attachments: Vec::new(),
            },
        })
    };
    server.commit(vec![
        message(1, Author::Customer, "well, that went great [order:x]"),
        message(2, Author::Agent(agent(Role::Agent)), "Sorry to hear that"),
        message(3, Author::Customer, ""),
        Effect::Timeline(TimelineItem {
            customer,
            seq: 4,
            at: NOW,
            audience: Audience::Staff,
            device: None,
            body: TimelineBody::Labelled {
                agent: agent(Role::Agent),
                row: 1,
                label: TextLabel::Sentiment(SentimentLabel::Negative),
            },
        }),
    ]);
    let path = format!("/v1/conversations/{}/messages", conversation());
    let say = async |seq: u64, role: Role, sentiment: &str, status: u16| {
        let call = server.post(format!("{path}/{seq}/label")).role(role);
        let answer = call.json(&json!({ "sentiment": sentiment })).send().await;
        answer.expect(status)
    };
    for (seq, role, sentiment, status) in [
        (1, Role::Analyst, "negative", 403),
        (1, Role::Agent, "angry", 400),
        (2, Role::Agent, "negative", 404),
        (3, Role::Agent, "negative", 404),
        (9, Role::Agent, "negative", 404),
    ] {
        say(seq, role, sentiment, status).await;
    }
    server.reply(Reply::Done);
    say(1, Role::Supervisor, "negative", 204).await;
    let Some(CustomerBody::Labelled(label)) = server.core.bodies().pop() else {
        panic!("it is logged");
    };
    assert_eq!((label.agent, label.row), (agent(Role::Supervisor), 1));
    assert_eq!(label.label, TextLabel::Sentiment(SentimentLabel::Negative));
    assert_eq!(label.text.reveal(), "well, that went great [order:x]");

    let path = format!("/v1/customers/{customer}/timeline");
    let shown = server
        .get(&path)
        .role(Role::Agent)
        .send()
        .await
        .expect(200)
        .json();
    let row = &shown["items"][3];
    assert_eq!(
        (&row["kind"], &row["row"], &row["sentiment"]),
        (&json!("labelled"), &json!(1), &json!("negative"))
    );
}

/// Knows two issues; nothing is read here.
struct Two(Vec<String>);

impl IssueClassifier for Two {
    fn name(&self) -> &'static str {
        "two"
    }

    fn issues(&self) -> &[String] {
        &self.0
    }

    fn read(&self, _: &str) -> TextIssue {
        unreachable!("the core reads")
    }
}

fn two() -> Issues {
    Issues {
        classifier: Some(Arc::new(Two(["delivery", "refund"]
            .map(str::to_owned)
            .to_vec()))),
        problem: None,
    }
}

fn row(customer: CustomerId, seq: u64, audience: Audience, body: TimelineBody) -> Effect {
    Effect::Timeline(TimelineItem {
        customer,
        seq,
        at: NOW,
        audience,
        device: None,
        body,
    })
}

fn message(author: Author, text: &str) -> TimelineBody {
    TimelineBody::Message {
        conversation: conversation(),
        message: MessageId::derive(NOW, Seq(1), 0),
        author,
        client_key: String::new(),
        text: Private::new(text),
        original: None,
        attachments: Vec::new(),
    }
}

async fn get(server: &Server, path: &str) -> Value {
    let answer = server.get(path).role(Role::Agent).send().await;
    answer.expect(200).json()
}

#[tokio::test]
async fn staff_say_what_a_message_is_about() {
    let server = Server::start_with_issues(two()).await;
    let (server, _, customer) = chat_on(server).await;
    assert_eq!(
        get(&server, "/v1/issues").await,
        json!({"model": "two", "issues": ["delivery", "refund"]})
    );
    let named = |label: Option<&str>| TextIssue {
        model: "two+words-3".to_owned(),
        named: label.map(str::to_owned),
        p: 0.91,
    };
    let of = ReadingOf::Message(MessageId::derive(NOW, Seq(1), 0));
    let said = |label: Option<&str>| TimelineBody::Labelled {
        agent: agent(Role::Agent),
        row: 1,
        label: TextLabel::Issue(label.map(str::to_owned)),
    };
    server.commit(vec![
        row(
            customer,
            1,
            Audience::Everyone,
            message(Author::Customer, "money back"),
        ),
        row(
            customer,
            2,
            Audience::Everyone,
            message(Author::System, "hello"),
        ),
        row(
            customer,
            3,
            Audience::Staff,
            TimelineBody::Issue {
                of,
                issue: named(Some("refund")),
            },
        ),
        row(
            customer,
            4,
            Audience::Staff,
            TimelineBody::Issue {
                of: ReadingOf::Event("Feedback Submitted".to_owned()),
                issue: named(None),
            },
        ),
        row(customer, 5, Audience::Staff, said(Some("delivery"))),
        row(customer, 6, Audience::Staff, said(None)),
    ]);
    let path = format!("/v1/conversations/{}/messages", conversation());
    let say = async |seq: u64, role: Role, issue: Value, status: u16| {
        let call = server.post(format!("{path}/{seq}/issue")).role(role);
        let answer = call.json(&json!({ "issue": issue })).send().await;
        answer.expect(status)
    };
    for (seq, role, issue, status) in [
        (1, Role::Analyst, json!("refund"), 403),
        (1, Role::Agent, json!("Refund"), 400),
        (1, Role::Agent, json!("oos"), 400),
        (2, Role::Agent, json!("refund"), 404),
        (9, Role::Agent, json!(null), 404),
    ] {
        say(seq, role, issue, status).await;
    }
    for (issue, expected) in [
        (json!("refund"), Some("refund".to_owned())),
        (json!(null), None),
    ] {
        server.reply(Reply::Done);
        say(1, Role::Agent, issue, 204).await;
        let Some(CustomerBody::Labelled(label)) = server.core.bodies().pop() else {
            panic!("it is logged");
        };
        assert_eq!(
            (label.agent, label.row, label.conversation),
            (agent(Role::Agent), 1, Some(conversation()))
        );
        assert_eq!(label.label, TextLabel::Issue(expected));
        assert_eq!(label.text.reveal(), "money back");
    }

    let shown = get(&server, &format!("/v1/customers/{customer}/timeline")).await;
    let rows: Vec<Value> = shown["items"].as_array().unwrap()[2..]
        .iter()
        .map(|row| {
            let mut row = row.clone();
            row.as_object_mut()
                .unwrap()
                .retain(|name, _| !["at", "seq", "agent_name", "message"].contains(&name.as_str()));
            row
        })
        .collect();
    assert_eq!(
        rows,
        [
            json!({"kind": "issue", "label": "refund", "p": 0.91, "model": "two+words-3"}),
            json!({"kind": "issue", "event": "Feedback Submitted", "p": 0.91, "model": "two+words-3"}),
            json!({"kind": "labelled_issue", "row": 1, "label": "delivery"}),
            json!({"kind": "labelled_issue", "row": 1}),
        ]
    );
}

#[tokio::test]
async fn without_a_classifier_nothing_is_about_anything() {
    let problem = "the issue classifier own cannot be used".to_owned();
    for (issues, expected) in [
        (Issues::default(), Value::Null),
        (
            Issues {
                classifier: None,
                problem: Some(problem.clone()),
            },
            json!({"name": null, "issues": null, "problem": problem}),
        ),
        (two(), json!({"name": "two", "issues": 2, "problem": null})),
    ] {
        let is_there = issues.classifier.is_some();
        let server = Server::start_with_issues(issues).await;
        let (server, _, customer) = chat_on(server).await;
        let status = server.get("/v1/admin/status").role(Role::Admin).send();
        let status = status.await.expect(200).json();
        assert_eq!(status["issue_classifier"], expected);
        if is_there {
            continue;
        }
        assert_eq!(get(&server, "/v1/issues").await, json!({"issues": []}));
        server.commit(vec![row(
            customer,
            1,
            Audience::Everyone,
            message(Author::Customer, "money back"),
        )]);
        let path = format!("/v1/conversations/{}/messages/1/issue", conversation());
        let call = server.post(path).role(Role::Agent);
        let answer = call.json(&json!({"issue": null})).send().await;
        assert_eq!(answer.expect(409).code(), "no_issue_classifier");
    }
}
