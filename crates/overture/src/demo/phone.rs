//! The demo's caller: the same call again and again, with voices of a synthesiser and words from a script.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use overture_channels::speech::Scripted;
use overture_engine::understand::{transcribe::Transcriber, voice::Party};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::agents::Account;
use crate::{
    client::Target,
    people::StaffMember,
    phone::{self, Manner, Said, Tracks},
};

/// How long after the start the first call comes, and between two.
const FIRST_AFTER: Duration = Duration::from_secs(4);
const REST: Duration = Duration::from_secs(25);

/// Who calls.
const NUMBER: &str = "+442079460018";

const fn customer(manner: Manner, after_ms: i32, text: &'static str) -> Said {
    Said {
        party: Party::Customer,
        manner,
        text,
        after_ms,
    }
}

const fn agent(after_ms: i32, text: &'static str) -> Said {
    Said {
        party: Party::Agent,
        manner: Manner::Calm,
        text,
        after_ms,
    }
}

const SCRIPT: [Said; 15] = [
    agent(
        600,
        "Good morning, this is Maya at the coffee shop, how can I help you?",
    ),
    customer(
        Manner::Calm,
        700,
        "Hello, I ordered the big grinder last week and it was charged to my card twice",
    ),
    agent(
        500,
        "I am sorry to hear that, may I have the order number please?",
    ),
    customer(
        Manner::Calm,
        800,
        "I gave that number to two people already, and nobody called me back",
    ),
    agent(600, "I understand, I only need to find the order first"),
    customer(
        Manner::Angry,
        -700,
        "This is ridiculous, I have told this story three times now and nothing happens",
    ),
    customer(
        Manner::Angry,
        900,
        "You took my money twice, I am furious, this is the worst service I have ever had",
    ),
    agent(
        900,
        "You are right to be upset, and I can see both charges here now",
    ),
    customer(
        Manner::Angry,
        -400,
        "Then why did nobody see that before, this is absolutely terrible",
    ),
    agent(
        700,
        "I am sending the second charge back to your card while we speak, it is done in a moment",
    ),
    customer(
        Manner::Calm,
        1_600,
        "And how long will that take until I see it?",
    ),
    agent(
        600,
        "Two working days at most, and you get a mail with the number in a minute",
    ),
    customer(
        Manner::Calm,
        800,
        "All right, that is what I wanted to hear, thank you",
    ),
    agent(
        500,
        "Thank you for your patience, and I added a bag of beans to your next order",
    ),
    customer(
        Manner::Joyful,
        600,
        "Oh, that is really kind of you, thank you so much, have a lovely day",
    ),
];

/// The call, and what knows its words.
pub(super) fn call() -> (Tracks, Arc<dyn Transcriber>) {
    let tracks = Tracks::of(&SCRIPT);
    let transcriber = Scripted::new(tracks.lines.clone());
    (tracks, Arc::new(transcriber))
}

/// Calls for ever.
pub(super) async fn ring(target: Target, account: Account, tracks: Tracks) {
    sleep(FIRST_AFTER).await;
    for number in 1u64.. {
        if let Err(error) = talk(&target, &account, &tracks, number).await {
            tracing::debug!(error = %format!("{error:#}"), "the demo's caller calls again");
        }
        sleep(REST).await;
    }
}

async fn talk(
    target: &Target,
    account: &Account,
    tracks: &Tracks,
    number: u64,
) -> anyhow::Result<()> {
    let mut staff = StaffMember::sign_in(target, &account.email, &account.password).await?;
    let begin = json!({
        "external_id": format!("demo-{number}-{}", crate::first_start::random_text(6)), "phone": NUMBER,
        "disclosed": true, "synthetic": true, "agent": staff.agent,
    });
    let call = phone::begin(&mut staff, &begin).await?;
    let heard = |_: &serde_json::Value| ControlFlow::Continue(());
    phone::carry(
        &staff,
        &call,
        tracks,
        tracks.frames(),
        Instant::now(),
        heard,
    )
    .await
}
