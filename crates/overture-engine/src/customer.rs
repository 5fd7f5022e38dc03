//! The customer state machine: one event in, effects out.
//!
//! `step` only chooses; what each event means is in `session` (visits, identifiers,
//! permission), in `merge`, or in the stage it belongs to: [`crate::understand`],
//! [`crate::decide`], [`crate::contact`] (offers, grants, conversations).

mod merge;
mod session;

use crate::{
    World,
    contact::{
        articles, beside, call, callback, chat, conversation, conversation::Words, grants, guides,
        offers, pause,
    },
    decide::{self, LawfulBasis, SignalGroups},
    model::*,
    understand::{self, Struggle},
};

/// What one step wants done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepOutput {
    /// Rows to write.
    pub effects: Vec<Effect>,
    /// Messages for routing.
    pub to_route: Vec<CustomerToRoute>,
    /// Messages for other customers.
    pub to_customers: Vec<(CustomerId, CustomerBody)>,
}

/// One step under way: the state it changes and what it wants done.
pub struct Step<'a> {
    pub(crate) state: &'a mut CustomerState,
    pub(crate) at: Timestamp,
    pub(crate) seq: Seq,
    pub(crate) world: &'a World,
    pub(crate) out: &'a mut StepOutput,
    /// The browser that the input came from, where that is known.
    pub(crate) browser: Option<LinkKey>,
    ordinal: u32,
}

/// How many recent things are remembered for the timeline.
pub const TRAIL_ITEMS_MAX: usize = 12;

/// Whether the customer's permission lets this event be kept at all; somebody new, without a
/// state, has said nothing. What is not allowed is neither logged nor scored, and links nobody.
pub fn may_keep(
    state: Option<&CustomerState>,
    body: &CustomerBody,
    unsaid: Unsaid,
    world: &World,
) -> bool {
    let allowed = || may_analyse(state, unsaid, world);
    match body {
        CustomerBody::Behaviour(_) | CustomerBody::ReadAgain { .. } => allowed(),
        CustomerBody::Article(fact) => fact.is_a_statement() || allowed(),
        CustomerBody::Call(fact) => match &**fact {
            CallFact::Heard(utterance) => call::may_hear(state, utterance.call, world),
            _ => true,
        },
        // Who somebody is, is theirs to give where nothing is taken unasked.
        CustomerBody::Identified { .. } => unsaid == Unsaid::ByPolicy || allowed(),
        _ => true,
    }
}

/// Whether what the customer does and says may be understood, not only kept; somebody new,
/// without a state, has said nothing.
pub fn may_analyse(state: Option<&CustomerState>, unsaid: Unsaid, world: &World) -> bool {
    let said = state.map_or(Consent::Unset, |it| it.permission.analyse_behaviour);
    let basis = match unsaid {
        Unsaid::ByPolicy => world.policy.permission.analyse_behaviour,
        Unsaid::Nothing => LawfulBasis::Consent,
    };
    decide::allows(said, basis)
}

/// Takes one event into one customer's state.
///
/// Time comes from `input.received_at` alone. Applying an input whose `seq` is at or
/// below `state.applied` is the caller's mistake; replay leaves such inputs out.
pub fn step(
    state: &mut CustomerState,
    input: &Input,
    event: &CustomerEvent,
    world: &World,
    out: &mut StepOutput,
) -> Reply {
    state.applied = input.seq;
    let mut step = Step {
        browser: session::browser(state, event),
        state,
        at: input.received_at,
        seq: input.seq,
        world,
        out,
        ordinal: 0,
    };
    if offers::is_stopped(step.state, world) {
        offers::withdraw(&mut step);
    }
    let reply = match beside::enter(step.state, event) {
        Ok(place) => {
            let before = step.state.timeline_seq;
            let reply = dispatch(&mut step, event);
            hear(&mut step, event, before);
            beside::leave(step.state, place);
            reply
        }
        Err(refused) => refused,
    };
    step.wake();
    reply
}

fn dispatch(step: &mut Step<'_>, event: &CustomerEvent) -> Reply {
    match &event.body {
        CustomerBody::Behaviour(behaviour) => observe(step, event, behaviour),
        CustomerBody::SessionStarted(started) => session::started(step, started, event.source),
        CustomerBody::Identified {
            identifiers,
            traits,
        } => session::identified(step, identifiers, traits),
        CustomerBody::Consent {
            purpose,
            granted,
            by,
        } => session::consent(step, *purpose, *granted, *by),
        CustomerBody::OfferShown { offer } => offers::shown(step, *offer),
        CustomerBody::OfferAccepted {
            offer,
            option,
            grant,
            key,
            phone,
        } => offers::accepted(step, *offer, *option, *grant, *key, phone.as_ref()),
        CustomerBody::OfferDismissed { offer, how } => offers::dismissed(step, *offer, *how),
        CustomerBody::OffersWanted => offers::wanted(step),
        CustomerBody::GuideFact {
            guide,
            offer,
            step: at_step,
            fact,
        } => guides::fact(step, *guide, *offer, *at_step, *fact),
        CustomerBody::Pausable { path, pausable } => pause::pausable(step, path, *pausable),
        CustomerBody::Pause { key, path, change } => pause::changed(step, *key, path, *change),
        CustomerBody::HelpRequested {
            channel,
            key,
            text,
            phone,
        } => {
            let original = event.original.as_ref();
            conversation::requested(
                step,
                *channel,
                *key,
                text.as_ref(),
                original,
                phone.as_ref(),
            )
        }
        CustomerBody::CustomerMessage {
            conversation,
            key,
            client_key,
            text,
            attachments,
        } => {
            let words = Words {
                key: *key,
                client_key,
                text,
                original: event.original.as_ref(),
                attachments,
            };
            conversation::customer_wrote(step, *conversation, words)
        }
        CustomerBody::CustomerEnded { conversation } => {
            conversation::customer_left(step, *conversation)
        }
        CustomerBody::AgentMessage {
            conversation,
            agent,
            key,
            client_key,
            text,
            attachments,
        } => {
            let words = Words {
                key: *key,
                client_key,
                text,
                original: None,
                attachments,
            };
            conversation::agent_wrote(step, *conversation, *agent, words)
        }
        CustomerBody::MailFailed(failed) => chat::mail_failed(step, failed),
        CustomerBody::Revealed { agent, row, reason } => {
            let body = TimelineBody::Revealed {
                agent: *agent,
                row: *row,
                reason: reason.clone(),
            };
            step.timeline(Audience::Staff, body);
            Reply::Done
        }
        CustomerBody::Labelled(label) => labelled(step, label),
        CustomerBody::ReadAgain { input, score } => hear_again(step, *input, score),
        CustomerBody::ChatDetails(details) => chat::details(step, details, event.source),
        CustomerBody::ChatRead(read) => chat::read(step, *read),
        CustomerBody::ChatPresence { left_at } => {
            let mut reply = Reply::Gone;
            beside::each(step, |step| match chat::presence(step, *left_at) {
                Reply::Duplicate if reply == Reply::Done => {}
                one => reply = one,
            });
            if left_at.is_some() && offers::left(step) {
                reply = Reply::Done;
            }
            reply
        }
        CustomerBody::AgentResolved {
            conversation,
            agent,
            code,
            notes,
        } => conversation::resolved(step, *conversation, *agent, *code, notes),
        CustomerBody::GrantIssued { terms, key } => grants::issued(step, terms, *key),
        CustomerBody::GrantRevoked { grant } => grants::revoked(step, *grant),
        CustomerBody::GrantRedeemed {
            grant,
            generation,
            channel,
            key,
        } => grants::redeemed(step, *grant, *generation, *channel, *key),
        CustomerBody::CallbackAsked {
            ask,
            phone,
            key,
            offer,
        } => callback::asked(step, ask, phone, *key, *offer),
        CustomerBody::CallbackMoved {
            conversation,
            slot,
            key,
        } => callback::moved(step, *conversation, *slot, *key),
        CustomerBody::CallbackCancelled { conversation, by } => {
            callback::cancelled(step, *conversation, *by)
        }
        CustomerBody::CallbackCalled {
            conversation,
            agent,
            outcome,
            notes,
        } => callback::called(step, *conversation, *agent, *outcome, notes),
        CustomerBody::FromRoute(message) => from_route(step, message),
        CustomerBody::MergeOut { merge, into } => merge::out(step, *merge, *into),
        CustomerBody::MergeIn { merge, from } => merge::fold_in(step, *merge, from),
        CustomerBody::Tick => tick(step),
        CustomerBody::Article(fact) => articles::observed(step, fact),
        CustomerBody::Call(fact) => call::fact(step, fact, event.reading.as_ref()),
    }
}

fn from_route(step: &mut Step<'_>, message: &RouteToCustomer) -> Reply {
    match *message {
        RouteToCustomer::SeatHeld { offer } => offers::seat_held(step, offer),
        RouteToCustomer::SeatDenied {
            offer,
            wait_s,
            staffed,
        } => {
            offers::seat_denied(step, offer, staffed.then_some(wait_s).flatten());
        }
        RouteToCustomer::SeatLost { offer } => offers::seat_lost(step, offer),
        RouteToCustomer::Waiting {
            request,
            position,
            wait_s,
        } => {
            conversation::waiting(step, request, position, wait_s);
        }
        RouteToCustomer::NoAgent { request } => conversation::no_agent(step, request),
        RouteToCustomer::Assigned { request, agent } => {
            conversation::assigned(step, request, agent);
        }
        RouteToCustomer::Requeued { request } => conversation::requeued(step, request),
        RouteToCustomer::SlotBooked {
            conversation,
            slot,
            due_at,
        } => callback::booked(step, conversation, slot, due_at),
        RouteToCustomer::SlotRefused { conversation, why } => {
            callback::refused(step, conversation, why);
        }
    }
    Reply::Done
}

/// Something was done on a page: remember it, then think again.
fn observe(step: &mut Step<'_>, event: &CustomerEvent, behaviour: &Behaviour) -> Reply {
    let visit = session::touch(step, behaviour);
    guides::leave_page(step);
    step.state.last_seen_at = step.at;
    let understood = understand::observe(
        step.state,
        behaviour,
        event.occurred_at,
        step.at,
        step.world,
    );
    remember(step, event.occurred_at, behaviour, &understood.struggles);
    let name = match behaviour {
        Behaviour::Custom { name, .. } => Some(name.as_str()),
        _ => None,
    };
    let event_changed = if name.is_some() {
        SignalGroups::EVENT
    } else {
        SignalGroups::NONE
    };
    evaluate(step, understood.changed | visit | event_changed, name);
    if offers::is_live(step) || step.state.conversation.is_some() {
        step.flush_trail();
    }
    if step.state.conversation.is_some() && matches!(behaviour, Behaviour::PageView { .. }) {
        // Staff sees which page is open now.
        conversation::touch(step);
    }
    Reply::Done
}

fn remember(step: &mut Step<'_>, at: Timestamp, behaviour: &Behaviour, struggles: &[Struggle]) {
    match behaviour {
        Behaviour::PageView { path, .. } => step.trail(at, Trail::Page { path: path.clone() }),
        Behaviour::Custom { name, .. } => step.trail(at, Trail::Custom { name: name.clone() }),
        _ => {}
    }
    for struggle in struggles {
        let Struggle { signal, detail } = struggle.clone();
        step.trail(at, Trail::Struggle { signal, detail });
    }
}

/// What the customer said was read: it becomes their mood, staff sees it, and the rules speak.
/// `before` is the timeline's last number before the event; words that came twice add nothing to it.
fn hear(step: &mut Step<'_>, event: &CustomerEvent, before: u64) {
    let score = event.reading.as_ref().and_then(TextReading::score);
    if score.is_none() && event.issue.is_none() {
        return;
    }
    let (of, message_row) = match &event.body {
        CustomerBody::Behaviour(Behaviour::Custom { name, .. }) => {
            (ReadingOf::Event(name.clone()), None)
        }
        // The utterance's own row shows what its words say.
        CustomerBody::Call(_) => {
            return hear_call(step, score);
        }
        _ => match conversation::newest_message(step.state, before) {
            Some(sent) => (ReadingOf::Message(sent.message), Some(sent.timeline_seq)),
            None => return,
        },
    };
    let mut changed = SignalGroups::NONE;
    if let Some(score) = score {
        let row = step.state.timeline_seq + 1;
        let heard = Heard::new(step.state.applied, of.clone(), row, step.at);
        let settings = &step.world.policy.sentiment;
        changed |= understand::text::heard(&mut step.state.mood, score, heard, settings);
        show_mood(step, of.clone(), score, None);
    }
    if let Some(issue) = &event.issue {
        changed |= hear_issue(step, of, message_row, issue);
    }
    evaluate(step, changed, None);
}

/// What the customer said in a call is part of their mood as what they write is.
fn hear_call(step: &mut Step<'_>, score: Option<&TextScore>) {
    let Some(score) = score else { return };
    let row = step.state.timeline_seq;
    let heard = Heard::new(
        step.state.applied,
        ReadingOf::Event(String::new()),
        row,
        step.at,
    );
    let settings = &step.world.policy.sentiment;
    let changed = understand::text::heard(&mut step.state.mood, score, heard, settings);
    evaluate(step, changed, None);
}

/// Shows staff what a text is about. A text that is about an issue says what its conversation, or an event's what the visit, is
/// about from now on; one that is about none, a greeting for example, leaves that as it is.
fn hear_issue(
    step: &mut Step<'_>,
    of: ReadingOf,
    message_row: Option<u64>,
    issue: &TextIssue,
) -> SignalGroups {
    let body = TimelineBody::Issue {
        of,
        issue: issue.clone(),
    };
    let row = step.timeline(Audience::Staff, body);
    let Some(label) = &issue.named else {
        return SignalGroups::NONE;
    };
    let named = NamedIssue {
        row: message_row.unwrap_or(row),
        at: step.at,
        label: label.clone(),
        p: issue.p,
    };
    if message_row.is_none() {
        if let Some(session) = &mut step.state.session {
            session.issue = Some(Box::new(named));
        }
        return SignalGroups::ISSUE;
    }
    let is_first = |open: &ConversationState| open.issues.is_empty();
    if step.state.conversation.as_ref().is_some_and(is_first) {
        // A rule that spoke in an earlier conversation sees that this one was about nothing yet, and may speak again.
        evaluate(step, SignalGroups::ISSUE, None);
    }
    if let Some(open) = &mut step.state.conversation {
        understand::issue::put(&mut open.issues, named);
        conversation::touch(step);
    }
    SignalGroups::ISSUE
}

/// Staff said what a message really is: the mood stays what it was, what the conversation is about follows, models learn from both.
fn labelled(step: &mut Step<'_>, label: &LabelledText) -> Reply {
    let body = TimelineBody::Labelled {
        agent: label.agent,
        row: label.row,
        label: label.label.clone(),
    };
    step.timeline(Audience::Staff, body);
    let (customer, at) = (step.state.customer, step.at);
    step.effect(Effect::Labelled {
        customer,
        at,
        label: label.clone(),
    });
    if let TextLabel::Issue(named) = &label.label {
        correct_issue(step, label, named.as_deref());
    }
    Reply::Done
}

/// What staff says of a message counts for its conversation, while that is open.
fn correct_issue(step: &mut Step<'_>, label: &LabelledText, named: Option<&str>) {
    let at = step.at;
    let open = step.state.conversation.as_mut();
    let Some(open) = open.filter(|open| Some(open.conversation) == label.conversation) else {
        return;
    };
    let corrected = named.map(|named| NamedIssue {
        row: label.row,
        at,
        label: named.to_owned(),
        p: 1.0,
    });
    understand::issue::correct(&mut open.issues, label.row, corrected);
    conversation::touch(step);
    evaluate(step, SignalGroups::ISSUE, None);
}

/// A slower model read a text of the customer's anew: their mood is as if it had been read so at once.
fn hear_again(step: &mut Step<'_>, input: Seq, score: &TextScore) -> Reply {
    let settings = &step.world.policy.sentiment;
    let mood = step.state.mood.as_deref_mut();
    let again = mood.and_then(|mood| understand::text::heard_again(mood, input, score, settings));
    let Some(heard) = again else {
        return Reply::Gone;
    };
    show_mood(step, heard.of, score, Some(heard.row));
    evaluate(step, SignalGroups::SENTIMENT, None);
    Reply::Done
}

/// Shows staff what was read, with where it left the mood.
fn show_mood(step: &mut Step<'_>, of: ReadingOf, score: &TextScore, replaces: Option<u64>) {
    let Some(mood) = step.state.mood.as_deref() else {
        return;
    };
    let reading = MoodReading {
        of,
        score: score.clone(),
        average: mood.average,
        trend: mood.trend(),
        repeated_negatives: mood.repeated_since.is_some(),
        replaces,
    };
    step.timeline(Audience::Staff, TimelineBody::Mood(Box::new(reading)));
}

/// Scores the customer anew, with nothing new done, and lets the rules speak.
pub(crate) fn reconsider(step: &mut Step<'_>, changed: SignalGroups) {
    let understood = understand::refresh(step.state, step.at, step.world);
    evaluate(step, understood.changed | changed, None);
}

/// Lets the rules speak that see a change.
pub(crate) fn speak(step: &mut Step<'_>, changed: SignalGroups) {
    evaluate(step, changed, None);
}

/// Lets every rule that saw a change speak.
fn evaluate(step: &mut Step<'_>, changed: SignalGroups, event: Option<&str>) {
    for hit in decide::evaluate(step.state, step.world, step.at, changed, event) {
        offers::act(step, hit, event);
    }
}

fn tick(step: &mut Step<'_>) -> Reply {
    offers::run_out(step);
    grants::run_out(step);
    callback::run_out(step);
    call::run_out(step);
    beside::each(step, |step| {
        chat::run_out(step);
        callback::run_late(step);
    });
    if decide::due(step.state, step.world).is_some_and(|due| due <= step.at) {
        reconsider(step, SignalGroups::NONE);
    }
    Reply::Done
}

/// When the customer next needs a tick, if ever.
fn due(state: &CustomerState, world: &World) -> Option<Timestamp> {
    [
        offers::due(state),
        grants::due(state),
        chat::due(state),
        callback::due(state),
        call::due(state),
        decide::due(state, world),
    ]
    .into_iter()
    .flatten()
    .min()
}

impl Step<'_> {
    /// The next ordinal for an id that is derived in this step.
    pub(crate) fn ordinal(&mut self) -> u32 {
        self.ordinal += 1;
        self.ordinal
    }

    /// Asks for a row.
    pub(crate) fn effect(&mut self, effect: Effect) {
        self.out.effects.push(effect);
    }

    /// Appends to the customer's timeline and returns the row's number.
    pub(crate) fn timeline(&mut self, audience: Audience, body: TimelineBody) -> u64 {
        let at = self.at;
        self.timeline_at(at, audience, body)
    }

    fn timeline_at(&mut self, at: Timestamp, audience: Audience, body: TimelineBody) -> u64 {
        let conversation = self
            .state
            .conversation
            .as_ref()
            .and_then(|open| open.device);
        let device = match body {
            TimelineBody::Offer(_) => self.state.offer.as_ref().and_then(|offer| offer.device),
            _ => conversation,
        };
        self.timeline_row(at, device, audience, body)
    }

    /// Appends what one browser may read, or every verified session.
    pub(crate) fn timeline_for(
        &mut self,
        device: Option<LinkKey>,
        audience: Audience,
        body: TimelineBody,
    ) -> u64 {
        let at = self.at;
        self.timeline_row(at, device, audience, body)
    }

    fn timeline_row(
        &mut self,
        at: Timestamp,
        device: Option<LinkKey>,
        audience: Audience,
        body: TimelineBody,
    ) -> u64 {
        self.state.timeline_seq += 1;
        let item = TimelineItem {
            customer: self.state.customer,
            seq: self.state.timeline_seq,
            at,
            audience,
            device,
            body,
        };
        self.effect(Effect::Timeline(item));
        self.state.timeline_seq
    }

    fn trail(&mut self, at: Timestamp, what: Trail) {
        if self.state.trail.len() == TRAIL_ITEMS_MAX {
            self.state.trail.remove(0);
        }
        self.state.trail.push(TrailItem { at, what });
    }

    /// Writes what the customer did lately into the timeline, because now it matters.
    pub(crate) fn flush_trail(&mut self) {
        for item in std::mem::take(&mut self.state.trail) {
            let body = match item.what {
                Trail::Page { path } => TimelineBody::Page { path },
                Trail::Struggle { signal, detail } => TimelineBody::Struggle { signal, detail },
                Trail::Custom { name } => TimelineBody::Custom { name },
            };
            self.timeline_at(item.at, Audience::Staff, body);
        }
    }

    /// Tells the caller when this customer wants a tick, if that changed.
    fn wake(&mut self) {
        let at = due(self.state, self.world);
        if at != self.state.wake_at {
            self.state.wake_at = at;
            let customer = self.state.customer;
            self.effect(Effect::Wake { customer, at });
        }
    }
}
