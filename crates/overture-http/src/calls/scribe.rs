//! Writes what was heard: the facts of a call, one after another, and what came of them.

use std::{sync::Arc, time::Duration};

use overture_engine::model::{CallFact, CustomerId};
use overture_store::TimelineWindow;
use tokio::sync::mpsc;

use super::{
    begin::{Begun, submit_fact},
    live::LiveCall,
};
use crate::{app::Shared, desk, error::ApiError};

/// How often a fact is tried that the engine has no room for.
const TRIES_MAX: u32 = 20;

/// Writes the facts of one call in their order, and shows what came of them.
pub(super) async fn write(
    app: Shared,
    live: Arc<LiveCall>,
    begun: Begun,
    mut after: u64,
    mut facts: mpsc::Receiver<CallFact>,
) {
    while let Some(fact) = facts.recv().await {
        let permitted = persist(&app, begun.customer, fact).await;
        live.permit(permitted);
        let window = TimelineWindow::After(after);
        let page = desk::timeline_of(&app, begun.customer, window).await;
        if let Ok(page) = page {
            after = page.seq.max(after);
            let call = begun.call.to_string();
            let own = page
                .items
                .into_iter()
                .filter(|item| item["kind"] == "utterance" && item["call"] == call);
            live.lock().trace.utterances.extend(own);
        }
        live.touch();
        app.calls.touch();
    }
}

/// Hands a fact in until it is taken; whether the call may be listened to after it.
pub(super) async fn persist(app: &Shared, customer: CustomerId, fact: CallFact) -> bool {
    let mut tries = 0;
    loop {
        match submit_fact(app, customer, fact.clone()).await {
            Ok(begun) => return begun.not_analysed.is_none(),
            Err(ApiError {
                retry_after_s: Some(seconds),
                ..
            }) if tries < TRIES_MAX => {
                tries += 1;
                tokio::time::sleep(Duration::from_secs(seconds.into())).await;
            }
            // Not permitted any more, or over.
            Err(_) => return false,
        }
    }
}
