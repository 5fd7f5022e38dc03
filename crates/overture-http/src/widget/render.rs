//! Timeline rows as the widget sees them: wording and grant tokens are added here, and only
//! here, when something is sent.

use overture_engine::model::{
    Attachment, Author, CallbackView, ConversationStatus, OfferOptionKind, OfferStage, OfferView,
    TimelineBody, TimelineItem, Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    callback::{number, words as callback_words},
    wording::{self, Words},
};

/// How many digits of a number the customer sees again.
const NUMBER_HINT_DIGITS: usize = 3;

/// One item of the feed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FeedItem {
    /// Its number; ask for what comes after it.
    pub(crate) seq: u64,
    /// When.
    pub(crate) at: String,
    #[serde(flatten)]
    pub(crate) body: FeedBody,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum FeedBody {
    Offer {
        offer: String,
        style: &'static str,
        /// The guide to show, where it is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        guide: Option<String>,
        title: String,
        text: String,
        why: &'static str,
        options: Vec<FeedOption>,
        #[serde(skip_serializing_if = "Option::is_none")]
        grant_token: Option<String>,
        expires_at: String,
    },
    OfferWithdrawn {
        offer: String,
    },
    Conversation {
        conversation: String,
        status: &'static str,
        channel: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        agent_name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        position: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        wait_s: Option<u32>,
    },
    /// What a customer is told about a callback.
    Callback {
        conversation: String,
        /// `confirmed`, `reminder`, `moved`, `late`, `cancelled`, `retry`, `gave_up`, `done`.
        notice: &'static str,
        /// Whether it is over.
        ended: bool,
        /// In the session's language, by the customer's clock.
        text: String,
        due_at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        slot_at: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        slot_end_at: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        expected_at: Option<String>,
        /// The last digits of the number that is called.
        number_hint: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        our_number: Option<String>,
        attempts: u8,
    },
    Message {
        conversation: String,
        message: String,
        author: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        author_name: Option<String>,
        text: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        client_key: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<FeedAttachment>,
    },
}

/// A file that came with a message. `url` is a path from our root and needs the session.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FeedAttachment {
    id: String,
    name: String,
    content_type: String,
    bytes: u64,
    /// Of an image, else 0.
    width_px: u32,
    /// Of an image, else 0.
    height_px: u32,
    /// What it shows; may be empty.
    alt: String,
    url: String,
}

impl FeedAttachment {
    pub(crate) fn of(file: &Attachment) -> Self {
        Self {
            id: file.attachment.to_string(),
            name: file.name.reveal().to_owned(),
            content_type: file.content_type.clone(),
            bytes: file.bytes,
            width_px: file.width_px,
            height_px: file.height_px,
            alt: file.alt.reveal().to_owned(),
            url: format!("/v1/widget/attachments/{}", file.attachment),
        }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FeedOption {
    kind: &'static str,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_s: Option<u32>,
}

/// The item for a row; `None` for rows that the widget does not show.
pub(crate) fn item(app: &App, words: &Words, row: &TimelineItem) -> Option<FeedItem> {
    let body = match &row.body {
        TimelineBody::Offer(view) => offer(app, words, view)?,
        TimelineBody::Conversation {
            conversation,
            channel,
            status,
            agent,
            position,
            wait_s,
        } => FeedBody::Conversation {
            conversation: conversation.to_string(),
            status: status.name(),
            channel: channel.name(),
            agent_name: agent.and_then(|agent| app.names.load().get(&agent).cloned()),
            position: *position,
            wait_s: *wait_s,
        },
        TimelineBody::Message {
            conversation,
            message,
            author,
            client_key,
            text,
            original,
            attachments,
        } => FeedBody::Message {
            conversation: conversation.to_string(),
            message: message.to_string(),
            author: author_name(*author),
            author_name: match author {
                Author::Agent(agent) => app.names.load().get(agent).cloned(),
                Author::Customer | Author::System => None,
            },
            // What they wrote is theirs to read.
            text: original.as_ref().unwrap_or(text).reveal().to_owned(),
            client_key: (*author == Author::Customer && !client_key.is_empty())
                .then(|| client_key.clone()),
            attachments: attachments.iter().map(FeedAttachment::of).collect(),
        },
        TimelineBody::Callback(view) => callback(words, view),
        _ => return None,
    };
    Some(FeedItem {
        seq: row.seq,
        at: row.at.to_string(),
        body,
    })
}

fn callback(words: &Words, view: &CallbackView) -> FeedBody {
    let phone = view.phone.reveal();
    let hidden = phone.chars().count().saturating_sub(NUMBER_HINT_DIGITS);
    FeedBody::Callback {
        conversation: view.conversation.to_string(),
        notice: view.notice.name(),
        ended: view.notice.is_last(),
        text: callback_words::notice(view, words.language.tag()),
        due_at: view.due_at.to_string(),
        slot_at: view.slot.map(|slot| slot.from.to_string()),
        slot_end_at: view.slot.map(|slot| slot.to.to_string()),
        expected_at: view.expected_at.map(|at| at.to_string()),
        number_hint: phone.chars().skip(hidden).collect(),
        our_number: view.our_number.as_deref().map(number::readable),
        attempts: view.attempts,
    }
}

/// `customer`, `agent` or `system`.
pub(crate) fn author_name(author: Author) -> &'static str {
    match author {
        Author::Customer => "customer",
        Author::Agent(_) => "agent",
        Author::System => "system",
    }
}

fn offer(app: &App, words: &Words, view: &OfferView) -> Option<FeedBody> {
    let live = match view.stage {
        OfferStage::Eligible => return None,
        OfferStage::Reserved | OfferStage::Shown => app.now() < view.expires_at,
        _ => false,
    };
    if !live {
        return Some(FeedBody::OfferWithdrawn {
            offer: view.offer.to_string(),
        });
    }
    let options: Vec<FeedOption> = view
        .options
        .iter()
        .map(|(kind, wait_s)| FeedOption {
            kind: kind.name(),
            label: words.option(*kind),
            wait_s: *wait_s,
        })
        .collect();
    let agent = view
        .options
        .iter()
        .any(|(kind, _)| *kind == OfferOptionKind::Chat);
    Some(FeedBody::Offer {
        offer: view.offer.to_string(),
        style: view.style.name(),
        guide: view.guide().map(|guide| guide.to_string()),
        title: words.title(view.style),
        text: match agent {
            true => words.text_with_agent(view.style),
            false => words.text_alone(view.style),
        },
        why: wording::why(words.language, view.why),
        options,
        grant_token: view
            .grant
            .map(|(grant, generation)| app.keys.grant_token(grant, generation)),
        expires_at: view.expires_at.to_string(),
    })
}

/// Of a stretch of rows, what a page that was just loaded needs: the live offer, and the
/// open conversation with its last messages. Rows are oldest first, and stay so.
pub(crate) fn live(
    app: &App,
    words: &Words,
    rows: &[TimelineItem],
    now: Timestamp,
) -> Vec<FeedItem> {
    const MESSAGES_MAX: usize = 100;
    let offer = rows.iter().rposition(
        |row| matches!(&row.body, TimelineBody::Offer(view) if view.stage != OfferStage::Eligible),
    );
    let offer = offer.filter(|at| match &rows[*at].body {
        TimelineBody::Offer(view) => {
            matches!(view.stage, OfferStage::Reserved | OfferStage::Shown) && now < view.expires_at
        }
        _ => false,
    });
    let standing = rows
        .iter()
        .rposition(|row| matches!(&row.body, TimelineBody::Conversation { .. }));
    let open = standing.and_then(|at| match &rows[at].body {
        TimelineBody::Conversation {
            conversation,
            status,
            ..
        } if *status != ConversationStatus::Ended => Some(*conversation),
        _ => None,
    });
    let messages: Vec<usize> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| {
            matches!(&row.body, TimelineBody::Message { conversation, .. }
                if Some(*conversation) == open)
        })
        .map(|(at, _)| at)
        .collect();
    let mut wanted: Vec<usize> = messages[messages.len().saturating_sub(MESSAGES_MAX)..].to_vec();
    wanted.extend(offer);
    let callback = rows
        .iter()
        .rposition(|row| matches!(row.body, TimelineBody::Callback(_)));
    wanted.extend(callback.filter(
        |at| matches!(&rows[*at].body, TimelineBody::Callback(view) if !view.notice.is_last()),
    ));
    wanted.extend(standing.filter(|_| open.is_some()));
    wanted.sort_unstable();
    wanted
        .into_iter()
        .filter_map(|at| item(app, words, &rows[at]))
        .collect()
}
