//! Conversations: a request for an agent, the messages, and how it ended.
//!
//! Messages get their order here, in the customer's own state, whoever wrote them.

use smallvec::SmallVec;

use crate::{
    contact::{callback, chat, grants, offers, why},
    customer::Step,
    model::*,
};

/// How many message keys a conversation remembers.
const RECENT_MAX: usize = 64;

/// One message as it came in.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    /// The sender's own key, hashed.
    pub(crate) key: u64,
    /// The sender's own key.
    pub(crate) client_key: &'a str,
    pub(crate) text: &'a Private,
    /// What was written where identifiers in it were replaced.
    pub(crate) original: Option<&'a Private>,
    pub(crate) attachments: &'a [Attachment],
}

impl<'a> Words<'a> {
    fn plain(key: u64, text: &'a Private) -> Self {
        Self {
            key,
            client_key: "",
            text,
            original: None,
            attachments: &[],
        }
    }
}

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
    original: Option<&Private>,
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
        let words = Words {
            original,
            ..Words::plain(key, text)
        };
        write(step, Author::Customer, words);
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
        device: step.browser,
        phone: opening.phone,
        recent: SmallVec::new(),
        chat: Box::default(),
        callback: None,
        issues: Vec::new(),
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
        number: None,
    };
    step.out.to_route.push(CustomerToRoute::Enqueue(new));
    conversation
}

/// The customer wrote.
pub(crate) fn customer_wrote(
    step: &mut Step<'_>,
    conversation: InteractionId,
    words: Words<'_>,
) -> Reply {
    match &step.state.conversation {
        Some(open) if open.conversation == conversation => write(step, Author::Customer, words),
        _ => Reply::Gone,
    }
}

/// An agent wrote.
pub(crate) fn agent_wrote(
    step: &mut Step<'_>,
    conversation: InteractionId,
    agent: AgentId,
    words: Words<'_>,
) -> Reply {
    match &step.state.conversation {
        Some(open) if open.conversation != conversation => Reply::Gone,
        Some(open) if open.agent != Some(agent) => Reply::NotYours,
        Some(_) => write(step, Author::Agent(agent), words),
        None => Reply::Gone,
    }
}

/// Appends a message, once a key.
fn write(step: &mut Step<'_>, author: Author, words: Words<'_>) -> Reply {
    let open = step
        .state
        .conversation
        .as_ref()
        .expect("the caller found it open");
    if let Some(sent) = open.recent.iter().find(|sent| sent.key == words.key) {
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
        client_key: words.client_key.to_owned(),
        text: words.text.clone(),
        original: words.original.cloned(),
        attachments: words.attachments.to_vec(),
    };
    let timeline_seq = step.timeline(Audience::Everyone, body);
    let open = step.state.conversation.as_mut().expect("found above");
    if open.recent.len() == RECENT_MAX {
        open.recent.remove(0);
    }
    open.recent.push(SentMessage {
        key: words.key,
        message,
        timeline_seq,
    });
    chat::wrote(step, author, message, timeline_seq);
    row(step, Some((author, last_words(words))), None);
    Reply::Message {
        message,
        timeline_seq,
    }
}

/// The last message of the open conversation, if it has a number above `before` in the timeline.
pub(crate) fn newest_message(state: &CustomerState, before: u64) -> Option<SentMessage> {
    let last = state.conversation.as_ref()?.recent.last()?;
    (last.timeline_seq > before).then_some(*last)
}

/// What lists show of a message: its text, or the name of the first file it carries.
fn last_words(words: Words<'_>) -> Private {
    match words.attachments.first() {
        Some(first) if words.text.is_empty() => first.name.clone(),
        _ => words.text.clone(),
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
        return match write(step, Author::System, Words::plain(key, &text)) {
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

/// Ends the open conversation; a callback whose time came meanwhile begins.
pub(crate) fn close(step: &mut Step<'_>, how: Closed, code: Option<ResolutionCode>) {
    let open = step
        .state
        .conversation
        .as_mut()
        .expect("the caller found it open");
    open.status = ConversationStatus::Ended;
    let (request, conversation) = (open.request, open.conversation);
    let is_booked = open
        .callback
        .as_deref()
        .is_some_and(|callback| callback.ask.slot.is_some());
    if how == Closed::Resolved {
        chat::mail_the_rest(step);
    }
    announce(step, None, None);
    row(step, None, code);
    step.state.conversation = None;
    step.out
        .to_route
        .push(CustomerToRoute::Close { request, how });
    if is_booked {
        step.out
            .to_route
            .push(CustomerToRoute::CancelSlot { conversation });
    }
    callback::go_on(step);
}

/// Two conversations met in a merge: this one gives way to the other.
pub(crate) fn close_duplicate(step: &mut Step<'_>, other: &ConversationState) {
    let kept = step.state.conversation.replace(other.clone());
    let aside = step.state.scheduled.take();
    close(step, Closed::Abandoned, None);
    step.state.scheduled = aside;
    step.state.conversation = kept;
}

/// Routing says where the request stands.
pub(crate) fn waiting(step: &mut Step<'_>, request: RequestId, position: u32, wait_s: Option<u32>) {
    if let Some(open) = mine(step, request) {
        open.status = ConversationStatus::Queued;
        callback::waits(step, wait_s);
        changed(step, Some(position), wait_s);
    }
}

/// Nobody who could serve is signed in.
pub(crate) fn no_agent(step: &mut Step<'_>, request: RequestId) {
    if let Some(open) = mine(step, request) {
        open.status = ConversationStatus::NoAgent;
        callback::waits(step, None);
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
    let at = step.at;
    let open = step
        .state
        .conversation
        .as_mut()
        .expect("the caller found it open");
    open.chat.last_at = at;
    write_row(step, last, code);
}

/// Writes the row as it stands, without making it look newer.
pub(crate) fn touch(step: &mut Step<'_>) {
    write_row(step, None, None);
}

fn write_row(step: &mut Step<'_>, last: Option<(Author, Private)>, code: Option<ResolutionCode>) {
    let open = step
        .state
        .conversation
        .take()
        .expect("the caller found it open");
    row_of(step, &open, last, code);
    step.state.conversation = Some(open);
}

/// Writes the row of a conversation as it stands now.
pub(crate) fn row_of(
    step: &mut Step<'_>,
    open: &ConversationState,
    last: Option<(Author, Private)>,
    code: Option<ResolutionCode>,
) {
    let page = step.state.session.as_ref().map_or("", |visit| &visit.path);
    let (last_author, last_text) = last.unzip();
    let callback = open.callback.as_deref().map(|callback| CallbackRow {
        slot: callback.ask.slot,
        due_at: callback.due_at,
        attempts: callback.attempts,
        expected_at: callback.expected_at,
        time_zone: callback.ask.time_zone.clone(),
    });
    let row = ConversationRow {
        conversation: open.conversation,
        customer: step.state.customer,
        request: open.request,
        channel: open.channel,
        status: open.status,
        agent: open.agent,
        started_at: open.started_at,
        last_at: open.chat.last_at,
        last_author,
        last_text,
        phone: open.phone.clone(),
        code,
        chat: Box::new(open.chat.standing(page)),
        callback,
        issue: open.issues.last().cloned(),
        grant: open.redemption.map(|(grant, _)| grant),
    };
    step.effect(Effect::Conversation(row));
}
