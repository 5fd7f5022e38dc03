//! Simulated visitors: they browse, some struggle, some take help, through the public API.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::texts::{NEVER_MIND, TOPICS, Topic};
use crate::{client::Target, loadgen::random::Random, people::Visitor};

const PATHS: [&str; 3] = ["/shop/", "/shop/product.html", "/shop/cart.html"];

/// One visitor after another, for ever. Errors (a wipe, a restart) end a visit, not this.
pub(super) async fn come_and_go(target: Target, write_key: String, seed: u64) {
    let mut random = Random::new(seed);
    for visit in 0.. {
        // Not all at once at the start, and not in step later.
        sleep(seconds(&mut random, 1, 12)).await;
        let name = seed << 32 | visit;
        if let Err(error) = self::visit(&target, &write_key, name, &mut random).await {
            tracing::debug!(error = %format!("{error:#}"), "a simulated visit ended early");
        }
    }
}

fn seconds(random: &mut Random, least: u64, most: u64) -> Duration {
    Duration::from_millis(least * 1_000 + random.below((most - least) * 1_000))
}

async fn visit(
    target: &Target,
    write_key: &str,
    name: u64,
    random: &mut Random,
) -> anyhow::Result<()> {
    let mut visitor = Visitor::arrive(target, write_key, "/shop/", name).await?;
    for _ in 0..2 + random.below(4) {
        let path = *random.pick(&PATHS);
        browse(&mut visitor, path, random).await?;
    }
    let topic = random.pick(&TOPICS);
    match random.below(10) {
        0..4 => {
            // Everything works.
            browse(&mut visitor, "/shop/checkout.html", random).await?;
            let done = json!({"form": "checkout", "outcome": "succeeded"});
            let events = [
                ("overture:form_submit", done),
                ("Order Completed", json!({})),
            ];
            visitor.capture("/shop/checkout.html", &events).await
        }
        4..9 => struggle(&mut visitor, topic, random).await,
        _ => ask(&mut visitor, topic, random).await,
    }
}

/// Reads a page: opens it, scrolls, clicks around.
async fn browse(visitor: &mut Visitor, path: &str, random: &mut Random) -> anyhow::Result<()> {
    let page = json!({"navigation": "navigate"});
    visitor.capture(path, &[("page", page)]).await?;
    let stay = seconds(random, 2, 9);
    sleep(stay).await;
    let click = json!({
        "x": random.below(1200), "y": random.below(700), "target": "main a",
        "interactive": true, "text_field": false,
    });
    let events = [
        (
            "overture:scroll",
            json!({"depth_percent": 20 + random.below(80)}),
        ),
        ("overture:click", click),
        ("overture:active", json!({"ms": stay.as_millis() as u64})),
        ("overture:page_leave", json!({})),
    ];
    visitor.capture(path, &events).await
}

/// A form that does not take what the visitor gives it.
async fn struggle(
    visitor: &mut Visitor,
    topic: &'static Topic,
    random: &mut Random,
) -> anyhow::Result<()> {
    let page = json!({"navigation": "navigate"});
    visitor.capture(topic.path, &[("page", page)]).await?;
    let error = json!({"form": topic.form, "field": topic.field, "code": topic.code});
    let failed = json!({"form": topic.form, "outcome": "failed"});
    for _ in 0..2 + random.below(3) {
        sleep(seconds(random, 2, 5)).await;
        let events = [
            ("overture:form_error", error.clone()),
            ("overture:form_submit", failed.clone()),
            ("overture:active", json!({"ms": 2_500})),
        ];
        visitor.capture(topic.path, &events).await?;
        if answer_offer(visitor, topic, random).await? {
            return Ok(());
        }
    }
    let (x, y) = (300 + random.below(200), 500);
    let click = json!({"x": x, "y": y, "target": "#pay", "interactive": true, "text_field": false});
    let events = [0, 1, 2].map(|_| ("overture:click", click.clone()));
    visitor.capture(topic.path, &events).await?;
    for _ in 0..4 {
        sleep(seconds(random, 1, 3)).await;
        if answer_offer(visitor, topic, random).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Looks whether help is offered, and answers; `true` when the visit ends with it.
async fn answer_offer(
    visitor: &mut Visitor,
    topic: &'static Topic,
    random: &mut Random,
) -> anyhow::Result<bool> {
    let items = visitor.feed().await?;
    let Some(offer) = items.iter().rev().find(|item| item["kind"] == "offer") else {
        return Ok(false);
    };
    let id = offer["offer"].as_str().unwrap_or_default().to_owned();
    let call = |what: &str| format!("/v1/widget/offers/{id}/{what}");
    visitor.call(&call("shown"), &json!({})).await?;
    sleep(seconds(random, 2, 6)).await;
    let has = |kind: &str| {
        let options = offer["options"].as_array().into_iter().flatten();
        options.into_iter().any(|option| option["kind"] == kind)
    };
    if offer["style"] == "guide" {
        // It was read; nothing is asked.
        return Ok(false);
    }
    let is_prompt = offer["style"] == "prompt";
    let choice = match random.below(10) {
        _ if is_prompt && random.below(3) > 0 => return Ok(false),
        0..6 if has("chat") => "chat",
        6 if has("callback") => "callback",
        7 if has("faq") => "faq",
        8 => {
            visitor
                .call(&call("dismiss"), &json!({"how": "never"}))
                .await?;
            return Ok(true);
        }
        _ => {
            visitor
                .call(&call("dismiss"), &json!({"how": "not_now"}))
                .await?;
            return Ok(false);
        }
    };
    let mut accept = json!({"option": choice, "idempotency_key": format!("{id}-{choice}")});
    if let Some(token) = offer.get("grant_token") {
        accept["grant_token"] = token.clone();
    }
    if choice == "callback" {
        accept["phone"] = format!("+44131496{:04}", random.below(10_000)).into();
    }
    let taken = visitor.call(&call("accept"), &accept).await?;
    match taken["conversation"].as_str() {
        Some(conversation) if choice == "chat" => {
            let conversation = conversation.to_owned();
            chat(visitor, &conversation, topic, random).await?;
        }
        _ => {}
    }
    Ok(true)
}

/// Presses the Help button.
async fn ask(
    visitor: &mut Visitor,
    topic: &'static Topic,
    random: &mut Random,
) -> anyhow::Result<()> {
    let help = json!({"channel": "chat", "idempotency_key": "help"});
    let asked = visitor.call("/v1/widget/help", &help).await?;
    let conversation = asked["conversation"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    chat(visitor, &conversation, topic, random).await
}

/// Talks until the agent ends it, or leaves early.
async fn chat(
    visitor: &mut Visitor,
    conversation: &str,
    topic: &'static Topic,
    random: &mut Random,
) -> anyhow::Result<()> {
    say(visitor, conversation, 0, random.pick::<&str>(topic.opening)).await?;
    let patience = 40 + random.below(60);
    let leaves_after = (random.below(6) == 0).then(|| 1 + random.below(2) as usize);
    let (mut said, mut quiet) = (0, 0);
    while quiet < patience {
        sleep(Duration::from_secs(1)).await;
        quiet += 1;
        let items = visitor.feed().await?;
        if items
            .iter()
            .any(|item| item["kind"] == "conversation" && item["status"] == "ended")
        {
            return Ok(());
        }
        let is_answered = items
            .iter()
            .any(|item| item["kind"] == "message" && item["author"] == "agent");
        if !is_answered {
            continue;
        }
        quiet = 0;
        sleep(seconds(random, 3, 9)).await;
        if leaves_after == Some(said) {
            say(
                visitor,
                conversation,
                said + 1,
                random.pick::<&str>(&NEVER_MIND),
            )
            .await?;
            break;
        }
        if let Some(text) = topic.customer.get(said) {
            said += 1;
            say(visitor, conversation, said, text).await?;
        }
    }
    let end = format!("/v1/widget/conversations/{conversation}/end");
    visitor.call(&end, &Value::Null).await?;
    Ok(())
}

async fn say(
    visitor: &mut Visitor,
    conversation: &str,
    number: usize,
    text: &str,
) -> anyhow::Result<()> {
    let message = json!({
        "conversation": conversation, "client_key": format!("m{number}"), "text": text,
    });
    visitor.call("/v1/widget/messages", &message).await?;
    Ok(())
}
