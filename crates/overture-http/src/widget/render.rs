//! Timeline rows as the widget sees them: wording and grant tokens are added here, and only
//! here, when something is sent.

use overture_engine::model::{
    Author, ConversationStatus, OfferOptionKind, OfferStage, OfferView, TimelineBody, TimelineItem,
    Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{app::App, wording, wording::Language};

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
        title: &'static str,
        text: &'static str,
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
    Message {
        conversation: String,
        message: String,
        author: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        author_name: Option<String>,
        text: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        client_key: Option<String>,
    },
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FeedOption {
    kind: &'static str,
    label: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_s: Option<u32>,
}

/// The item for a row; `None` for rows that the widget does not show.
pub(crate) fn item(app: &App, language: Language, row: &TimelineItem) -> Option<FeedItem> {
    let body = match &row.body {
        TimelineBody::Offer(view) => offer(app, language, view)?,
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
        } => FeedBody::Message {
            conversation: conversation.to_string(),
            message: message.to_string(),
            author: author_name(*author),
            author_name: match author {
                Author::Agent(agent) => app.names.load().get(agent).cloned(),
                Author::Customer | Author::System => None,
            },
            text: text.reveal().to_owned(),
            client_key: (*author == Author::Customer && !client_key.is_empty())
                .then(|| client_key.clone()),
        },
        _ => return None,
    };
    Some(FeedItem {
        seq: row.seq,
        at: row.at.to_string(),
        body,
    })
}

/// `customer`, `agent` or `system`.
pub(crate) fn author_name(author: Author) -> &'static str {
    match author {
        Author::Customer => "customer",
        Author::Agent(_) => "agent",
        Author::System => "system",
    }
}

fn offer(app: &App, language: Language, view: &OfferView) -> Option<FeedBody> {
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
        .filter(|(kind, _)| *kind != OfferOptionKind::SmartPause)
        .map(|(kind, wait_s)| FeedOption {
            kind: kind.name(),
            label: wording::option(language, *kind),
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
        title: wording::title(language, view.style),
        text: wording::text(language, view.style, agent),
        why: wording::why(language, view.why),
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
    language: Language,
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
    wanted.extend(standing.filter(|_| open.is_some()));
    wanted.sort_unstable();
    wanted
        .into_iter()
        .filter_map(|at| item(app, language, &rows[at]))
        .collect()
}
