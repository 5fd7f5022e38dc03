//! Trying a guide on the organisation's own page: a channel between the editor and a page.
//!
//! It lives in memory and for an hour. The page's address carries a token that is good for
//! ten minutes and for one page; what that page gets in exchange goes on with its tab.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::http::StatusCode;
use overture_engine::model::{GuideId, Millis, Timestamp};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::{
    auth::{hash, secret},
    error::{ApiError, ApiResult},
};

const LIFE: Millis = Millis::from_secs(3_600);
const TOKEN_LIFE: Millis = Millis::from_secs(600);
/// Channels at once; the oldest goes when there is one more.
const CHANNELS_MAX: usize = 100;
/// Messages that wait in one direction; the oldest go first.
const WAITING_MAX: usize = 64;
/// How long an answer waits for something to say.
pub(super) const WAIT: Duration = Duration::from_secs(15);

/// Which end a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Editor,
    Page,
}

#[derive(Debug, Default)]
struct Queue {
    last: u64,
    waiting: VecDeque<(u64, Value)>,
}

#[derive(Debug)]
struct Channel {
    guide: GuideId,
    origin: String,
    begin: Value,
    token: Option<[u8; 32]>,
    page: Option<[u8; 32]>,
    made_at: Timestamp,
    queues: [Queue; 2],
    news: Arc<Notify>,
}

/// Every open channel, by its id.
#[derive(Debug, Default)]
pub(crate) struct Previews(Mutex<HashMap<String, Channel>>);

/// What opening a channel gave.
pub(super) struct Opened {
    pub(super) preview: String,
    pub(super) token: String,
}

fn over(status: StatusCode) -> ApiError {
    ApiError::new(
        status,
        "preview_over",
        "the preview is over: open the page from the editor again",
    )
}

impl Previews {
    fn channels(&self) -> MutexGuard<'_, HashMap<String, Channel>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a channel for a page of `origin`; `begin` is what the page starts with.
    pub(super) fn open(
        &self,
        guide: GuideId,
        origin: String,
        begin: Value,
        now: Timestamp,
    ) -> Opened {
        let mut channels = self.channels();
        channels.retain(|_, channel| now.since(channel.made_at) < LIFE);
        if channels.len() >= CHANNELS_MAX
            && let Some(oldest) = channels
                .iter()
                .min_by_key(|(_, channel)| channel.made_at)
                .map(|(id, _)| id.clone())
        {
            channels.remove(&oldest);
        }
        let preview = format!("pvw_{}", &secret()[..32]);
        let token = format!("pvt_{}", secret());
        let channel = Channel {
            guide,
            origin,
            begin,
            token: Some(hash(&token)),
            page: None,
            made_at: now,
            queues: [Queue::default(), Queue::default()],
            news: Arc::default(),
        };
        channels.insert(preview.clone(), channel);
        Opened { preview, token }
    }

    /// Exchanges a page's token, once: the page's secret and what it starts with.
    pub(super) fn enter(
        &self,
        token: &str,
        origin: Option<&str>,
        now: Timestamp,
    ) -> ApiResult<Value> {
        let mut channels = self.channels();
        let wanted = hash(token);
        let channel = channels
            .values_mut()
            .find(|channel| channel.token == Some(wanted))
            .filter(|channel| now.since(channel.made_at) < TOKEN_LIFE)
            .ok_or_else(|| over(StatusCode::UNAUTHORIZED))?;
        if origin.is_none_or(|origin| !origin.eq_ignore_ascii_case(&channel.origin)) {
            return Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "origin_not_allowed",
                "this preview was opened for a page of another origin",
            ));
        }
        let page = format!("pvs_{}", secret());
        channel.token = None;
        channel.page = Some(hash(&page));
        channel.say(End::Editor, json!({"kind": "opened"}));
        let mut begin = channel.begin.clone();
        begin["page"] = page.into();
        Ok(begin)
    }

    /// The channel of a page's secret.
    pub(super) fn of_page(&self, page: &str, now: Timestamp) -> ApiResult<String> {
        let wanted = hash(page);
        let channels = self.channels();
        channels
            .iter()
            .find(|(_, channel)| channel.page == Some(wanted) && now.since(channel.made_at) < LIFE)
            .map(|(id, _)| id.clone())
            .ok_or_else(|| over(StatusCode::UNAUTHORIZED))
    }

    /// The guide that a channel is about.
    pub(super) fn guide(&self, preview: &str) -> ApiResult<GuideId> {
        let channels = self.channels();
        channels
            .get(preview)
            .map(|one| one.guide)
            .ok_or_else(|| over(StatusCode::NOT_FOUND))
    }

    /// Says something to one end.
    pub(super) fn say(&self, preview: &str, to: End, message: Value) -> ApiResult<()> {
        let mut channels = self.channels();
        let channel = channels
            .get_mut(preview)
            .ok_or_else(|| over(StatusCode::NOT_FOUND))?;
        if to == End::Page && message["kind"] == "content" {
            channel.begin["guide"] = message["guide"].clone();
        }
        channel.say(to, message);
        Ok(())
    }

    /// What was said to one end after a number; waits a while for something.
    pub(super) async fn hear(&self, preview: &str, end: End, after: u64) -> ApiResult<Value> {
        let patience = tokio::time::sleep(WAIT);
        tokio::pin!(patience);
        loop {
            // Made while the channel is locked, so that nothing said meanwhile is missed.
            let said = {
                let channels = self.channels();
                let channel = channels
                    .get(preview)
                    .ok_or_else(|| over(StatusCode::NOT_FOUND))?;
                let queue = &channel.queues[end as usize];
                let messages: Vec<&Value> = queue
                    .waiting
                    .iter()
                    .filter(|(number, _)| *number > after)
                    .map(|(_, message)| message)
                    .collect();
                if !messages.is_empty() {
                    return Ok(json!({"after": queue.last, "messages": messages}));
                }
                Arc::clone(&channel.news).notified_owned()
            };
            tokio::select! {
                () = said => {}
                () = &mut patience => return Ok(json!({"after": after, "messages": []})),
            }
        }
    }
}

impl Channel {
    fn say(&mut self, to: End, message: Value) {
        let queue = &mut self.queues[to as usize];
        queue.last += 1;
        queue.waiting.push_back((queue.last, message));
        if queue.waiting.len() > WAITING_MAX {
            queue.waiting.pop_front();
        }
        self.news.notify_waiters();
    }
}
