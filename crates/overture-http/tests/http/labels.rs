//! What staff say a customer's message really is.

use overture_engine::model::*;
use overture_store::Role;
use serde_json::json;

use crate::{
    chat::{chat, conversation},
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
                sentiment: SentimentLabel::Negative,
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
    assert_eq!(label.sentiment, SentimentLabel::Negative);
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
