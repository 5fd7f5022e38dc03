//! Simulated agents: they sign in, take what they are asked, answer and resolve.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::texts::{SMALL_TALK, Topic, topic_of};
use crate::{
    client::Target,
    loadgen::random::Random,
    people::{Socket, StaffMember},
};

/// How long a broken connection rests before the agent signs in again.
const REST: Duration = Duration::from_secs(10);

/// How often the agent looks up from what they type.
const LOOK_UP: Duration = Duration::from_millis(500);

/// One agent's account.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) email: String,
    pub(super) password: String,
}

/// A conversation the agent is in.
#[derive(Debug, Default)]
struct Talk {
    customer: String,
    topic: Option<&'static Topic>,
    said: usize,
    /// Looks until the next answer, when one is due.
    answer_in: Option<u64>,
}

/// Works for ever; a lost connection is taken up again.
pub(super) async fn work(target: Target, account: Account, seed: u64) {
    let mut random = Random::new(seed);
    loop {
        if let Err(error) = shift(&target, &account, &mut random).await {
            tracing::debug!(error = %format!("{error:#}"), "a simulated agent starts again");
        }
        sleep(REST).await;
    }
}

async fn shift(target: &Target, account: &Account, random: &mut Random) -> anyhow::Result<()> {
    let mut agent = StaffMember::sign_in(target, &account.email, &account.password).await?;
    let available = json!({"presence": "available"});
    agent.call("POST", "/v1/desk/presence", &available).await?;
    let mut socket = agent.socket().await?;
    let mut talks: BTreeMap<String, Talk> = BTreeMap::new();
    let mut seen: BTreeSet<(String, u64)> = BTreeSet::new();
    let mut taken: BTreeMap<String, u64> = BTreeMap::new();
    loop {
        match timeout(LOOK_UP, socket.next()).await {
            Ok(Ok(Some(frame))) => {
                if let Some(state) = frame.get("state") {
                    read_state(&agent, &mut socket, state, &mut talks, &mut taken, random).await?;
                }
                if let Some(timeline) = frame.get("timeline") {
                    read_timeline(timeline, &mut talks, &mut seen, random);
                }
                continue;
            }
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Err(_) => {}
        }
        take_reservations(&mut agent, &mut taken).await?;
        let due: Vec<String> = talks
            .iter_mut()
            .filter_map(|(conversation, talk)| {
                let left = talk.answer_in.as_mut()?;
                *left = left.saturating_sub(1);
                (*left == 0).then(|| conversation.clone())
            })
            .collect();
        for conversation in due {
            answer(&mut agent, &conversation, &mut talks, random).await?;
        }
    }
}

/// Notes reservations to take in a moment, and watches the customers of open conversations.
async fn read_state(
    agent: &StaffMember,
    socket: &mut Socket,
    state: &Value,
    talks: &mut BTreeMap<String, Talk>,
    taken: &mut BTreeMap<String, u64>,
    random: &mut Random,
) -> anyhow::Result<()> {
    for reservation in list(&state["reservations"]) {
        let id = text(&reservation["reservation"]);
        taken.entry(id).or_insert_with(|| 2 + random.below(6));
    }
    let before = talks.len();
    let mine: BTreeMap<String, String> = list(&state["conversations"])
        .filter(|one| one["status"] == "assigned" && text(&one["agent"]) == agent.agent)
        .map(|one| (text(&one["conversation"]), text(&one["customer"])))
        .collect();
    talks.retain(|conversation, _| mine.contains_key(conversation));
    let mut is_changed = before != talks.len();
    for (conversation, customer) in mine {
        talks.entry(conversation).or_insert_with(|| {
            is_changed = true;
            Talk {
                customer,
                answer_in: Some(4 + random.below(6)),
                ..Talk::default()
            }
        });
    }
    if is_changed {
        let watched: BTreeSet<&String> = talks.values().map(|talk| &talk.customer).collect();
        socket.send(&json!({"watch": watched})).await?;
    }
    Ok(())
}

async fn take_reservations(
    agent: &mut StaffMember,
    taken: &mut BTreeMap<String, u64>,
) -> anyhow::Result<()> {
    for (reservation, left) in taken.iter_mut().filter(|(_, left)| **left > 0) {
        *left -= 1;
        if *left == 0 {
            let path = format!("/v1/desk/reservations/{reservation}/accept");
            // It may be gone by now, as for anybody.
            let _ = agent.call("POST", &path, &json!({})).await;
        }
    }
    while taken.len() > 500 {
        taken.pop_first();
    }
    Ok(())
}

/// Notes what the customer wrote, and plans an answer.
fn read_timeline(
    timeline: &Value,
    talks: &mut BTreeMap<String, Talk>,
    seen: &mut BTreeSet<(String, u64)>,
    random: &mut Random,
) {
    let customer = text(&timeline["customer"]);
    for item in list(&timeline["items"]) {
        let is_new = seen.insert((customer.clone(), item["seq"].as_u64().unwrap_or(0)));
        if item["kind"] != "message" || !is_new {
            continue;
        }
        let Some(talk) = talks.get_mut(&text(&item["conversation"])) else {
            continue;
        };
        if item["author"] == "customer" {
            talk.topic = talk.topic.or_else(|| topic_of(&text(&item["text"])));
            talk.answer_in = Some(5 + random.below(9));
        }
    }
    while seen.len() > 20_000 {
        seen.pop_first();
    }
}

/// Says the next thing; after the last one the conversation is resolved.
async fn answer(
    agent: &mut StaffMember,
    conversation: &str,
    talks: &mut BTreeMap<String, Talk>,
    random: &mut Random,
) -> anyhow::Result<()> {
    let Some(talk) = talks.get_mut(conversation) else {
        return Ok(());
    };
    talk.answer_in = None;
    let lines = talk
        .topic
        .map_or(SMALL_TALK.len(), |topic| topic.agent.len());
    let line: &str = match talk.topic {
        Some(topic) => random.pick::<&str>(topic.agent[talk.said.min(lines - 1)]),
        None => SMALL_TALK[talk.said.min(lines - 1)],
    };
    let message = json!({"client_key": format!("a{}", talk.said), "text": line});
    talk.said += 1;
    let is_last = talk.said >= lines;
    let (code, notes) = talk
        .topic
        .map_or(("other", "Helped in the chat."), |topic| {
            (topic.code_at_end, topic.notes)
        });
    let path = format!("/v1/conversations/{conversation}");
    agent
        .call("POST", &format!("{path}/messages"), &message)
        .await?;
    if is_last {
        sleep(Duration::from_millis(1_500 + random.below(2_000))).await;
        let resolve = json!({"code": code, "notes": notes});
        agent
            .call("POST", &format!("{path}/resolve"), &resolve)
            .await?;
        talks.remove(conversation);
    }
    Ok(())
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
