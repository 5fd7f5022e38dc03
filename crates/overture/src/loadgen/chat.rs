//! Messages of conversations, from sender to receiver: the customers write on a schedule,
//! the agent answers each, and both directions are measured.

use std::{cell::RefCell, collections::HashMap, rc::Rc, time::Duration};

use anyhow::Context;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    task::LocalSet,
    time::{Instant, timeout},
};

use super::{
    ChatArgs, Machine, MachineMeter, Schedule,
    report::{Measured, Summary},
    staff,
};
use crate::{
    client::{Connection, Target},
    people::{Socket, StaffMember, Visitor},
};

/// How long setting up one conversation may take.
const SET_UP: Duration = Duration::from_secs(20);

/// After the last message, how long to wait for what is still under way.
const DRAIN: Duration = Duration::from_secs(5);

/// What a customer writes after the key by which their message is found again.
const WORDS: &str = " I have been waiting for my parcel for two weeks and nobody answers";

/// Customers that one desk socket watches.
const WATCHED_MAX: usize = 20;

/// What a chat run measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    mode: &'static str,
    conversations: u32,
    messages_per_s: u64,
    seconds: u64,
    messages_lost: u64,
    customer_to_agent: Summary,
    /// From the message's due time to what its words say, at the agent's desk.
    customer_to_signals: Summary,
    agent_to_customer: Summary,
    sends: Summary,
    machine: Machine,
}

#[derive(Default)]
struct Results {
    /// When each message was meant to be sent, by its client key.
    due: HashMap<String, Instant>,
    to_agent: Measured,
    /// When each message that a desk saw was due, by its id.
    seen: HashMap<String, Instant>,
    to_signals: Measured,
    to_customer: Measured,
    sends: Measured,
}

/// Loads the server with conversations.
pub(super) async fn run(args: &ChatArgs) -> anyhow::Result<Report> {
    let common = &args.common;
    let target = Target::parse(&common.url).await?;
    let agent = staff::available_agent(&target, &args.staff).await?;
    let local = LocalSet::new();
    local.run_until(talk(&target, args, agent)).await
}

async fn talk(target: &Target, args: &ChatArgs, mut agent: StaffMember) -> anyhow::Result<Report> {
    let common = &args.common;
    let results = Rc::new(RefCell::new(Results::default()));
    let mut talks = Vec::new();
    let mut watched = Vec::new();
    for number in 0..args.conversations {
        let (talk, customer) = open(target, &common.write_key, number, &mut agent).await?;
        watched.push(customer);
        talks.push(talk);
    }
    let (answers, queue) = mpsc::unbounded_channel();
    for watched in watched.chunks(WATCHED_MAX) {
        let mut desk = agent.socket().await?;
        desk.send(&json!({"watch": watched})).await?;
        tokio::task::spawn_local(listen_at_desk(desk, Rc::clone(&results), answers.clone()));
    }
    tokio::task::spawn_local(answer(agent, Rc::clone(&results), queue));
    let mut senders = Vec::new();
    for talk in talks {
        let Talk {
            visitor,
            socket,
            conversation,
        } = talk;
        tokio::task::spawn_local(listen_in_page(socket, Rc::clone(&results)));
        let (sender, messages) = mpsc::unbounded_channel();
        tokio::task::spawn_local(write(visitor, conversation, Rc::clone(&results), messages));
        senders.push(sender);
    }
    let schedule = Schedule {
        start: Instant::now(),
        per_second: args.rate as f64,
    };
    let meter = MachineMeter::start(common.server_pid);
    for ticket in 0..common.seconds * args.rate {
        let due = schedule.due(ticket);
        tokio::time::sleep_until(due).await;
        let key = format!("c{ticket}");
        results.borrow_mut().due.insert(key.clone(), due);
        let _ = senders[ticket as usize % senders.len()].send(key);
    }
    let is_quiet = async {
        while !results.borrow().due.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let _ = timeout(DRAIN, is_quiet).await;
    let results = results.borrow();
    Ok(Report {
        mode: "chat",
        conversations: args.conversations,
        messages_per_s: args.rate,
        seconds: common.seconds,
        messages_lost: results.due.len() as u64,
        customer_to_agent: results.to_agent.summary(),
        customer_to_signals: results.to_signals.summary(),
        agent_to_customer: results.to_customer.summary(),
        sends: results.sends.summary(),
        machine: meter.stop(),
    })
}

struct Talk {
    visitor: Visitor,
    socket: Socket,
    conversation: String,
}

/// A customer asks for help and the agent takes it; returns the customer's id as well.
async fn open(
    target: &Target,
    key: &str,
    number: u32,
    agent: &mut StaffMember,
) -> anyhow::Result<(Talk, String)> {
    let mut visitor = Visitor::arrive(target, key, "/help", u64::from(number)).await?;
    let help = json!({"channel": "chat", "idempotency_key": "help", "text": "Hello"});
    let asked = visitor.call("/v1/widget/help", &help).await?;
    let conversation = asked["conversation"]
        .as_str()
        .context("no conversation was opened")?
        .to_owned();
    let deadline = Instant::now() + SET_UP;
    let reservation = loop {
        let state = agent.call("GET", "/v1/desk/state", &Value::Null).await?;
        let found = state["reservations"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|one| one["conversation"] == conversation.as_str());
        if let Some(found) = found {
            break found["reservation"].as_str().unwrap_or_default().to_owned();
        }
        anyhow::ensure!(Instant::now() < deadline, "no reservation came");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let path = format!("/v1/desk/reservations/{reservation}/accept");
    let taken = agent.call("POST", &path, &json!({})).await?;
    let customer = taken["customer"]
        .as_str()
        .context("the reservation names no customer")?
        .to_owned();
    let socket = visitor.socket().await?;
    Ok((
        Talk {
            visitor,
            socket,
            conversation,
        },
        customer,
    ))
}

/// Writes what the schedule asks for, one message after another.
async fn write(
    mut visitor: Visitor,
    conversation: String,
    results: Rc<RefCell<Results>>,
    mut messages: mpsc::UnboundedReceiver<String>,
) {
    while let Some(key) = messages.recv().await {
        let text = format!("{key}{WORDS}");
        let body = json!({"conversation": conversation, "client_key": key, "text": text});
        if let Err(error) = visitor.call("/v1/widget/messages", &body).await {
            results.borrow_mut().sends.failure(error.to_string());
        } else {
            results.borrow_mut().sends.answer(200);
        }
    }
}

/// What the agent's desk receives.
async fn listen_at_desk(
    mut desk: Socket,
    results: Rc<RefCell<Results>>,
    answers: mpsc::UnboundedSender<(String, String)>,
) {
    while let Ok(Some(frame)) = desk.next().await {
        for item in frame["timeline"]["items"].as_array().into_iter().flatten() {
            let mut results = results.borrow_mut();
            let id = item["message"].as_str().unwrap_or_default();
            // A second reading comes later and is not waited for.
            if item["kind"] == "mood"
                && let Some(due) = results.seen.remove(id)
            {
                results.to_signals.latency(due.elapsed());
            }
            if item["kind"] != "message" || item["author"] != "customer" {
                continue;
            }
            let text = item["text"].as_str().unwrap_or_default();
            let key = text.split(' ').next().unwrap_or_default().to_owned();
            if let Some(due) = results.due.remove(&key) {
                results.to_agent.latency(due.elapsed());
                results.seen.insert(id.to_owned(), due);
                let reply = format!("a{key}");
                results.due.insert(reply.clone(), Instant::now());
                let conversation = item["conversation"].as_str().unwrap_or_default();
                let _ = answers.send((conversation.to_owned(), reply));
            }
        }
    }
}

/// The agent answers over a few connections at once.
async fn answer(
    agent: StaffMember,
    results: Rc<RefCell<Results>>,
    mut queue: mpsc::UnboundedReceiver<(String, String)>,
) {
    let mut idle: Vec<Connection> = Vec::new();
    let (back, mut returned) = mpsc::unbounded_channel();
    while let Some((conversation, key)) = queue.recv().await {
        while let Ok(connection) = returned.try_recv() {
            idle.push(connection);
        }
        let mut connection = idle.pop().unwrap_or_else(|| agent.connection());
        let headers = agent.headers();
        let (results, back) = (Rc::clone(&results), back.clone());
        tokio::task::spawn_local(async move {
            let path = format!("/v1/conversations/{conversation}/messages");
            let body = json!({"client_key": key, "text": key});
            let headers: Vec<(&str, &str)> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let sent = connection.call("POST", &path, &headers, &body).await;
            match sent {
                Ok(answer) => results.borrow_mut().sends.answer(answer.status),
                Err(error) => results.borrow_mut().sends.failure(error.to_string()),
            }
            let _ = back.send(connection);
        });
    }
}

/// What the customer's page receives.
async fn listen_in_page(mut socket: Socket, results: Rc<RefCell<Results>>) {
    while let Ok(Some(frame)) = socket.next().await {
        for item in frame["items"].as_array().into_iter().flatten() {
            if item["kind"] == "message" && item["author"] == "agent" {
                let key = item["text"].as_str().unwrap_or_default();
                let mut results = results.borrow_mut();
                if let Some(due) = results.due.remove(key) {
                    results.to_customer.latency(due.elapsed());
                }
            }
        }
    }
}
