//! Conversations: a request for an agent, the messages, and how it ended.
//!
//! Messages get their order here, in the customer's own state, whoever wrote them.

use smallvec::SmallVec;

use crate::{
    contact::{grants, offers, why},
    customer::Step,
    model::*,
};

/// How many message keys a conversation remembers.
const RECENT_MAX: usize = 64;

/// What a conversation is opened with.
pub(crate) struct Opening {
    pub(crate) channel: ChannelKind,
    pub(crate) key: u64,
    pub(crate) phone: Option<Private>,
    pub(crate) redemption: Option<(GrantId, RedemptionId)>,
    /// The offer it comes from.
    pub(crate) offer: Option<OfferId>,
    /// The offer whose held seat it takes over.
    pub(crate) seat: Option<OfferId>,
}

/// The customer asks for help on their own. Nothing suppresses this.
pub(crate) fn requested(
    step: &mut Step<'_>,
    channel: ChannelKind,
    key: u64,
    text: Option<&Private>,
    phone: Option<&Private>,
) -> Reply {
    let conversation = match &step.state.conversation {
        Some(open) => open.conversation,
        None => {
            let seat = offers::give_way(step, channel);
            let phone = phone.cloned();
            open(
                step,
                Opening {
                    channel,
                    key,
                    phone,
                    redemption: None,
                    offer: None,
                    seat,
                },
            )
        }
    };
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        write(step, key, "", Author::Customer, text);
    }
    Reply::Conversation {
        customer: step.state.customer,
        conversation,
    }
}

/// A redeemed grant opens a conversation, or joins the open one.
pub(crate) fn open_for_grant(
    step: &mut Step<'_>,
    channel: ChannelKind,
    key: u64,
    redemption: (GrantId, RedemptionId),
) -> InteractionId {
    match &step.state.conversation {
        Some(open) => {
            let conversation = open.conversation;
            if open.agent.is_some() {
                grants::connect_held(step);
            }
            conversation
        }
        None => {
            let seat = offers::give_way(step, channel);
            let redemption = Some(redemption);
            open(
                step,
                Opening {
                    channel,
                    key,
                    phone: None,
                    redemption,
                    offer: None,
                    seat,
                },
            )
        }
    }
}

/// Opens a conversation and asks routing for an agent.
pub(crate) fn open(step: &mut Step<'_>, opening: Opening) -> InteractionId {
    let ordinal = step.ordinal();
    let conversation = InteractionId::derive(step.at, step.seq, ordinal);
    let request = RequestId::derive(step.at, step.seq, ordinal);
    step.state.past_requests += 1;
    step.state.conversation = Some(ConversationState {
        conversation,
        request,
        channel: opening.channel,
        status: ConversationStatus::Queued,
        agent: None,
        started_at: step.at,
        redemption: opening.redemption,
        offer: opening.offer,
        key: opening.key,
        device: step
            .state
            .session
            .as_ref()
            .and_then(|session| session.device),
        phone: opening.phone,
        recent: SmallVec::new(),
    });
    step.flush_trail();
    changed(step, None, None);
    let needs = offers::needs(step, opening.channel);
    let why = why(step.state, step.at);
    let new = NewRequest {
        request,
        conversation,
        needs,
        offer: opening.seat,
        why,
    };
    step.out.to_route.push(CustomerToRoute::Enqueue(new));
    conversation
}

/// The customer wrote.
pub(crate) fn customer_wrote(
    step: &mut Step<'_>,
    conversation: InteractionId,
    key: u64,
    client_key: &str,
    text: &Private,
) -> Reply {
    match &step.state.conversation {
        Some(open) if open.conversation == conversation => {
            write(step, key, client_key, Author::Customer, text)
        }
        _ => Reply::Gone,
    }
}

/// An agent wrote.
pub(crate) fn agent_wrote(
    step: &mut Step<'_>,
    conversation: InteractionId,
    agent: AgentId,
    key: u64,
    client_key: &str,
    text: &Private,
) -> Reply {
    match &step.state.conversation {
        Some(open) if open.conversation != conversation => Reply::Gone,
        Some(open) if open.agent != Some(agent) => Reply::NotYours,
        Some(_) => write(step, key, client_key, Author::Agent(agent), text),
        None => Reply::Gone,
    }
}

/// Appends a message, once a key.
fn write(step: &mut Step<'_>, key: u64, client_key: &str, author: Author, text: &Private) -> Reply {
    let open = step
        .state
        .conversation
        .as_ref()
        .expect("the caller found it open");
    if let Some(sent) = open.recent.iter().find(|sent| sent.key == key) {
        return Reply::Message {
            message: sent.message,
            timeline_seq: sent.timeline_seq,
        };
    }
    let conversation = open.conversation;
    let ordinal = step.ordinal();
    let message = MessageId::derive(step.at, step.seq, ordinal);
    let body = TimelineBody::Message {
        conversation,
        message,
        author,
        client_key: client_key.to_owned(),
        text: text.clone(),
    };
    let timeline_seq = step.timeline(Audience::Everyone, body);
    let open = step.state.conversation.as_mut().expect("found above");
    if open.recent.len() == RECENT_MAX {
        open.recent.remove(0);
    }
    open.recent.push(SentMessage {
        key,
        message,
        timeline_seq,
    });
    row(step, Some((author, text.clone())), None);
    Reply::Message {
        message,
        timeline_seq,
    }
}

/// The customer left: what waited is closed; an agent who has it still ends it.
pub(crate) fn customer_left(step: &mut Step<'_>, conversation: InteractionId) -> Reply {
    let Some(open) = &step.state.conversation else {
        return Reply::Gone;
    };
    if open.conversation != conversation {
        return Reply::Gone;
    }
    if open.agent.is_some() {
        let key = step.seq.0;
        let text = Private::new("The customer left the conversation.");
        return match write(step, key, "", Author::System, &text) {
            Reply::Message { .. } => Reply::Done,
            other => other,
        };
    }
    grants::release_held(step);
    close(step, Closed::Abandoned, None);
    Reply::Done
}

/// The agent ended it, with a code and notes.
pub(crate) fn resolved(
    step: &mut Step<'_>,
    conversation: InteractionId,
    agent: AgentId,
    code: ResolutionCode,
    notes: &Private,
) -> Reply {
    match &step.state.conversation {
        Some(open) if open.conversation != conversation => return Reply::Gone,
        Some(open) if open.agent != Some(agent) => return Reply::NotYours,
        Some(_) => {}
        None => return Reply::Gone,
    }
    let notes = notes.clone();
    step.timeline(
        Audience::Staff,
        TimelineBody::Resolution {
            conversation,
            code,
            notes,
            agent,
        },
    );
    close(step, Closed::Resolved, Some(code));
    Reply::Done
}

fn close(step: &mut Step<'_>, how: Closed, code: Option<ResolutionCode>) {
    let open = step
        .state
        .conversation
        .as_mut()
        .expect("the caller found it open");
    open.status = ConversationStatus::Ended;
    let request = open.request;
    announce(step, None, None);
    row(step, None, code);
    step.state.conversation = None;
    step.out
        .to_route
        .push(CustomerToRoute::Close { request, how });
}

/// Two conversations met in a merge: this one gives way to the other.
pub(crate) fn close_duplicate(step: &mut Step<'_>, other: &ConversationState) {
    let kept = step.state.conversation.replace(other.clone());
    close(step, Closed::Abandoned, None);
    step.state.conversation = kept;
}

/// Routing says where the request stands.
pub(crate) fn waiting(step: &mut Step<'_>, request: RequestId, position: u32, wait_s: Option<u32>) {
    if let Some(open) = mine(step, request) {
        open.status = ConversationStatus::Queued;
        changed(step, Some(position), wait_s);
    }
}

/// Nobody who could serve is signed in.
pub(crate) fn no_agent(step: &mut Step<'_>, request: RequestId) {
    if let Some(open) = mine(step, request) {
        open.status = ConversationStatus::NoAgent;
        changed(step, None, None);
    }
}

/// An agent took it: what the grant held is consumed now.
pub(crate) fn assigned(step: &mut Step<'_>, request: RequestId, agent: AgentId) {
    match mine(step, request) {
        Some(open) => {
            open.status = ConversationStatus::Assigned;
            open.agent = Some(agent);
            grants::connect_held(step);
            changed(step, None, None);
        }
        None => {
            let how = Closed::Abandoned;
            step.out
                .to_route
                .push(CustomerToRoute::Close { request, how });
        }
    }
}

/// The agent can no longer serve it.
pub(crate) fn requeued(step: &mut Step<'_>, request: RequestId) {
    if let Some(open) = mine(step, request) {
        open.status = ConversationStatus::Queued;
        open.agent = None;
        changed(step, None, None);
    }
}

fn mine<'s>(step: &'s mut Step<'_>, request: RequestId) -> Option<&'s mut ConversationState> {
    step.state
        .conversation
        .as_mut()
        .filter(|open| open.request == request)
}

/// Tells everybody how the open conversation stands.
pub(crate) fn changed(step: &mut Step<'_>, position: Option<u32>, wait_s: Option<u32>) {
    announce(step, position, wait_s);
    row(step, None, None);
}

fn announce(step: &mut Step<'_>, position: Option<u32>, wait_s: Option<u32>) {
    let open = step
        .state
        .conversation
        .as_ref()
        .expect("the caller found it open");
    let body = TimelineBody::Conversation {
        conversation: open.conversation,
        channel: open.channel,
        status: open.status,
        agent: open.agent,
        position,
        wait_s,
    };
    step.timeline(Audience::Everyone, body);
}

fn row(step: &mut Step<'_>, last: Option<(Author, Private)>, code: Option<ResolutionCode>) {
    let open = step
        .state
        .conversation
        .as_ref()
        .expect("the caller found it open");
    let (last_author, last_text) = last.unzip();
    let row = ConversationRow {
        conversation: open.conversation,
        customer: step.state.customer,
        request: open.request,
        channel: open.channel,
        status: open.status,
        agent: open.agent,
        started_at: open.started_at,
        last_at: step.at,
        last_author,
        last_text,
        phone: open.phone.clone(),
        code,
    };
    step.effect(Effect::Conversation(row));
}
