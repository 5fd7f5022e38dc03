//! Callbacks: a time is booked, the customer is reminded, and when it comes the conversation
//! enters the queue like any other.
//!
//! `asked -> booking -> booked -> due -> reached | retried | ended`. A booked callback stands
//! aside (`CustomerState::scheduled`), so that the customer can chat meanwhile; when its time
//! comes it becomes the open conversation: at once, or when the chat that the customer is in
//! ends. All its times are kept in the state and fire as ticks, so nothing is told twice,
//! whatever restarts.

use smallvec::SmallVec;

use crate::{
    contact::{beside, chat, conversation, grants, offers, why},
    customer::Step,
    decide::QuietHours,
    model::*,
};

/// A booked callback goes before everybody who did not wait for a promised time.
const DUE_PRIORITY: u8 = 200;

/// How often a customer is told that we are late.
const LATE_TOLD_MAX: u8 = 3;

/// How long after a notice of lateness without an expected time the next may come.
const LATE_AGAIN: Millis = Millis::from_secs(15 * 60);

/// The customer asks to be called, now or at a time. Nothing suppresses this but what
/// protects the number.
pub(crate) fn asked(
    step: &mut Step<'_>,
    ask: &CallbackAsk,
    phone: &Private,
    key: u64,
    offer: Option<CallbackOffer>,
) -> Reply {
    let customer = step.state.customer;
    let is_callback =
        |open: &&ConversationState| open.channel == ChannelKind::Callback || ask.slot.is_none();
    let open = step.state.conversation.as_ref().filter(is_callback);
    if let Some(there) = step.state.scheduled.as_deref().or(open) {
        return Reply::Conversation {
            customer,
            conversation: there.conversation,
        };
    }
    step.state.callback_refusal = None;
    let redemption = match offer {
        Some(offer) => offers::take_callback(step, offer, key),
        None => None,
    };
    if offers::is_live(step) && step.state.conversation.is_none() {
        offers::give_way(step, ChannelKind::Callback);
    }
    let ordinal = step.ordinal();
    let conversation = InteractionId::derive(step.at, step.seq, ordinal);
    step.state.past_requests += 1;
    step.state.scheduled = Some(Box::new(ConversationState {
        conversation,
        request: RequestId::derive(step.at, step.seq, ordinal),
        channel: ChannelKind::Callback,
        status: ConversationStatus::Scheduled,
        agent: None,
        started_at: step.at,
        redemption,
        offer: offer.map(|offer| offer.offer),
        key,
        device: step.browser,
        phone: Some(phone.clone()),
        recent: SmallVec::new(),
        chat: Box::default(),
        issues: Vec::new(),
        callback: Some(Box::new(CallbackState {
            ask: ask.clone(),
            stage: CallbackStage::Booking,
            due_at: ask.slot.map_or(step.at, |slot| slot.from),
            attempts: 0,
            remind_at: None,
            late_at: None,
            late_told: 0,
            expected_at: None,
            moving: None,
        })),
    }));
    let wish = ask.slot.map_or(SlotWish::Now, SlotWish::At);
    book(step, conversation, ask.number, wish, Vec::new());
    Reply::Conversation {
        customer,
        conversation,
    }
}

fn book(
    step: &mut Step<'_>,
    conversation: InteractionId,
    number: LinkKey,
    wish: SlotWish,
    within: Vec<AgentHours>,
) {
    let needs = offers::needs(step, ChannelKind::Callback);
    step.out.to_route.push(CustomerToRoute::BookSlot {
        conversation,
        number,
        wish,
        needs,
        within,
    });
}

/// Routing booked: the callback is promised, or, asked for now, begins.
pub(crate) fn booked(
    step: &mut Step<'_>,
    conversation: InteractionId,
    slot: Option<Slot>,
    due_at: Timestamp,
) {
    let at = step.at;
    let settings = &step.world.policy.routing.machine.callbacks;
    let Some(callback) = scheduled(step.state, conversation) else {
        step.out
            .to_route
            .push(CustomerToRoute::CancelSlot { conversation });
        return;
    };
    let notice = if callback.moving.take().is_some() {
        CallbackNotice::Moved
    } else if callback.attempts > 0 {
        CallbackNotice::Retry
    } else {
        CallbackNotice::Confirmed
    };
    callback.stage = CallbackStage::Booked;
    callback.ask.slot = slot;
    callback.due_at = due_at;
    callback.remind_at = Some(due_at - settings.reminder).filter(|remind_at| *remind_at > at);
    callback.late_at = late_at(callback, settings);
    callback.late_told = 0;
    step.flush_trail();
    if slot.is_some() {
        tell_scheduled(step, notice, None);
    } else {
        start(step);
    }
}

/// Routing did not book: the request is not taken on, a move is not made, and another try
/// keeps its time without a place of its own. What was promised to a number that is left
/// alone since then is called off.
pub(crate) fn refused(step: &mut Step<'_>, conversation: InteractionId, why: SlotRefusal) {
    let is_blocked = why == SlotRefusal::NumberBlocked;
    if is_blocked
        && step
            .state
            .conversation
            .as_ref()
            .is_some_and(|open| open.conversation == conversation)
    {
        stop_open(step);
        return;
    }
    let Some(callback) = scheduled(step.state, conversation) else {
        return;
    };
    let was_promised = callback.stage == CallbackStage::Booked || callback.attempts > 0;
    if is_blocked && was_promised {
        stop_scheduled(step);
        return;
    }
    if let Some(moving) = callback.moving.take() {
        let key = moving.key;
        step.state.callback_refusal = Some(CallbackRefusal { key, why });
    } else if callback.attempts > 0 {
        callback.stage = CallbackStage::Booked;
        tell_scheduled(step, CallbackNotice::Retry, None);
    } else if callback.stage == CallbackStage::Booking {
        let key = step.state.scheduled.take().map_or(0, |gone| gone.key);
        step.state.callback_refusal = Some(CallbackRefusal { key, why });
        grants::release_held(step);
    }
}

/// The call is due, but whoever has the number had not asked to be called: it is not made,
/// and nothing is sent there.
fn stop_open(step: &mut Step<'_>) {
    let open = step.state.conversation.as_mut();
    let Some(callback) = open.and_then(callback_of) else {
        return;
    };
    callback.ask.texts = false;
    if let Some(told) = step.state.conversation.clone() {
        tell(step, &told, CallbackNotice::Cancelled, None);
    }
    grants::release_held(step);
    conversation::close(step, Closed::Abandoned, None);
}

/// As [`stop_open`], before the call is due.
fn stop_scheduled(step: &mut Step<'_>) {
    let aside = step.state.scheduled.as_deref_mut();
    if let Some(callback) = aside.and_then(callback_of) {
        callback.ask.texts = false;
    }
    drop_scheduled(step, None);
}

/// The customer, or staff for them, wants another time.
pub(crate) fn moved(
    step: &mut Step<'_>,
    conversation: InteractionId,
    slot: Slot,
    key: u64,
) -> Reply {
    let customer = step.state.customer;
    let Some(callback) = scheduled(step.state, conversation) else {
        return Reply::Gone;
    };
    if callback.ask.slot != Some(slot) {
        callback.moving = Some(Moving { slot, key });
        let number = callback.ask.number;
        step.state.callback_refusal = None;
        book(step, conversation, number, SlotWish::At(slot), Vec::new());
    }
    Reply::Conversation {
        customer,
        conversation,
    }
}

/// The customer, or staff for them, calls it off.
pub(crate) fn cancelled(
    step: &mut Step<'_>,
    conversation: InteractionId,
    by: Option<AgentId>,
) -> Reply {
    if scheduled(step.state, conversation).is_some() {
        drop_scheduled(step, by);
        return Reply::Done;
    }
    let open = step.state.conversation.as_ref();
    let mine = open.filter(|open| open.conversation == conversation && open.callback.is_some());
    match mine {
        Some(_) => conversation::customer_left(step, conversation),
        None => Reply::Gone,
    }
}

/// Ends the callback that stands aside, telling everybody.
pub(crate) fn drop_scheduled(step: &mut Step<'_>, by: Option<AgentId>) {
    let Some(mut gone) = step.state.scheduled.take() else {
        return;
    };
    let conversation = gone.conversation;
    gone.status = ConversationStatus::Ended;
    tell(step, &gone, CallbackNotice::Cancelled, by);
    conversation::row_of(step, &gone, None, None);
    if step.state.conversation.is_none() {
        grants::release_held(step);
    }
    step.out
        .to_route
        .push(CustomerToRoute::CancelSlot { conversation });
}

/// What came of the call.
pub(crate) fn called(
    step: &mut Step<'_>,
    conversation: InteractionId,
    agent: AgentId,
    outcome: CallOutcome,
    notes: &Private,
) -> Reply {
    let open = match &step.state.conversation {
        Some(open) if open.conversation != conversation => return Reply::Gone,
        Some(open) if open.agent != Some(agent) => return Reply::NotYours,
        Some(open) => open.clone(),
        None => return Reply::Gone,
    };
    let code = match outcome {
        CallOutcome::Reached => ResolutionCode::Reached,
        CallOutcome::NoAnswer => ResolutionCode::CallbackNoAnswer,
        CallOutcome::Voicemail => ResolutionCode::Voicemail,
        CallOutcome::WrongPerson => ResolutionCode::WrongPerson,
    };
    step.timeline(
        Audience::Staff,
        TimelineBody::Resolution {
            conversation,
            code,
            notes: notes.clone(),
            agent,
        },
    );
    let reached_nobody = matches!(outcome, CallOutcome::NoAnswer | CallOutcome::Voicemail);
    // Only one callback waits for its time.
    let may_wait = step.state.scheduled.is_none();
    let again = open.callback.as_deref().filter(|_| reached_nobody);
    let next = again
        .filter(|_| may_wait)
        .and_then(|callback| next_call(step, callback));
    match (next, again) {
        (Some(next), Some(_)) => retry(step, open.clone(), next),
        (None, Some(_)) => {
            tell(step, &open, CallbackNotice::GaveUp, Some(agent));
            conversation::close(step, Closed::Resolved, Some(code));
        }
        _ => {
            if let Some(callback) = &open.callback {
                if outcome == CallOutcome::WrongPerson {
                    let number = callback.ask.number;
                    step.out
                        .to_route
                        .push(CustomerToRoute::BlockNumber { number });
                }
                tell(step, &open, CallbackNotice::Done, Some(agent));
            }
            conversation::close(step, Closed::Resolved, Some(code));
        }
    }
    Reply::Done
}

/// The call that follows one that reached nobody.
struct NextCall {
    from: Timestamp,
    within: Vec<AgentHours>,
}

/// When the customer is called again: after the policy's wait, but neither at night nor
/// while the brand is closed. `None` when they were called often enough, or when no time is
/// left in which they may be.
fn next_call(step: &Step<'_>, callback: &CallbackState) -> Option<NextCall> {
    let settings = &step.world.policy.routing.machine.callbacks;
    let wait = settings.retries.get(usize::from(callback.attempts))?;
    let within = call_hours(step, &callback.ask);
    let earliest = step.at + *wait;
    let open = AgentHours::open_in_all(&within, earliest, earliest + settings.horizon);
    let first = open
        .into_iter()
        .find(|part| part.to.since(part.from) >= CELL)?;
    Some(NextCall {
        from: first.from,
        within,
    })
}

/// The hours that a call which nobody asked for at that time keeps to: the brand's, the
/// policy's and its quiet hours, the latter two by the clock of the customer. Where their
/// zone is not known, the brand's stands in.
fn call_hours(step: &Step<'_>, ask: &CallbackAsk) -> Vec<AgentHours> {
    let policy = &step.world.policy;
    let settings = &policy.routing.machine.callbacks;
    let brand = ask
        .hours
        .as_ref()
        .filter(|hours| zone(&hours.time_zone).is_some());
    let own = [&ask.time_zone, &step.state.permission.time_zone];
    let time_zone = own
        .into_iter()
        .flatten()
        .find(|name| zone(name).is_some())
        .or(brand.map(|hours| &hours.time_zone))
        .unwrap_or(&settings.hours.time_zone);
    let waking = policy.quiet_hours.as_ref().map(QuietHours::waking);
    let by_their_clock = [Some(settings.retry_hours.clone()), waking];
    let theirs = by_their_clock
        .into_iter()
        .flatten()
        .map(|hours| AgentHours {
            hours,
            time_zone: time_zone.clone(),
        });
    brand.cloned().into_iter().chain(theirs).collect()
}

/// The call reached nobody: the conversation stands aside until the next one.
fn retry(step: &mut Step<'_>, mut open: ConversationState, next: NextCall) {
    let (conversation, request) = (open.conversation, open.request);
    open.status = ConversationStatus::Scheduled;
    open.agent = None;
    let Some(callback) = open.callback.as_deref_mut() else {
        return;
    };
    callback.attempts += 1;
    callback.stage = CallbackStage::Booking;
    callback.due_at = next.from;
    callback.ask.slot = None;
    callback.remind_at = None;
    callback.late_at = None;
    callback.late_told = 0;
    callback.expected_at = None;
    let number = callback.ask.number;
    step.state.conversation = None;
    step.state.scheduled = Some(Box::new(open));
    // The time of a call that reached nobody says nothing about how long calls take.
    step.out.to_route.push(CustomerToRoute::Close {
        request,
        how: Closed::Failed,
    });
    let wish = SlotWish::From(next.from);
    book(step, conversation, number, wish, next.within);
}

/// The time of the callback that stands aside has come: it is the open conversation now.
fn start(step: &mut Step<'_>) {
    let Some(mut due) = step.state.scheduled.take() else {
        return;
    };
    let settings = &step.world.policy.routing.machine.callbacks;
    let ordinal = step.ordinal();
    due.request = RequestId::derive(step.at, step.seq, ordinal);
    due.status = ConversationStatus::Queued;
    let (mut priority, mut number) = (0, None);
    if let Some(callback) = due.callback.as_deref_mut() {
        callback.stage = CallbackStage::Due;
        callback.remind_at = None;
        number = Some(callback.ask.number);
        if callback.late_told == 0 {
            callback.late_at = late_at(callback, settings);
        }
        if callback.ask.slot.is_some() || callback.attempts > 0 {
            priority = DUE_PRIORITY;
        }
    }
    let (request, conversation) = (due.request, due.conversation);
    offers::give_way(step, ChannelKind::Callback);
    // Asked for from another browser than the one whose conversation is open.
    step.state.beside.extend(step.state.conversation.take());
    step.state.conversation = Some(*due);
    step.flush_trail();
    conversation::changed(step, None, None);
    let needs = Needs {
        priority,
        ..offers::needs(step, ChannelKind::Callback)
    };
    let why = why(step.state, step.at);
    step.out.to_route.push(CustomerToRoute::Enqueue(NewRequest {
        request,
        conversation,
        needs,
        offer: None,
        why,
        number,
    }));
}

/// When the customer is told that we are late: so long before the slot is over, and not
/// before the call is due.
fn late_at(callback: &CallbackState, settings: &CallbackSettings) -> Option<Timestamp> {
    let slot = callback.ask.slot?;
    Some((slot.to - settings.late_notice).max(callback.due_at))
}

/// A callback whose time has come begins, unless the customer is in a conversation.
///
/// A chat that they left does not hold up the call: it ends, and what agents wrote there is
/// mailed where an address was left. A chat that they are in does, and they are told that we
/// are late.
pub(crate) fn go_on(step: &mut Step<'_>) {
    if due_of(step.state).is_none_or(|due_at| due_at > step.at) {
        return;
    }
    let Some(position) = held_up_by(step.state) else {
        start(step);
        return;
    };
    // Another browser's conversation is ending: the tick that follows sees to this one.
    let may_leave = step.state.conversation.is_some();
    if may_leave && step.state.open().nth(position).is_some_and(is_left) {
        let place = beside::to_front(step.state, position);
        leave_chat(step);
        beside::leave(step.state, place);
    }
}

/// The position of the open conversation of the browser that asked for the callback: it waits
/// for that one, and not for anybody who merely claims to be the customer.
fn held_up_by(state: &CustomerState) -> Option<usize> {
    let aside = state.scheduled.as_deref()?;
    state.open().position(|open| open.device == aside.device)
}

/// Whether it is a chat whose customer is known not to be there.
fn is_left(open: &ConversationState) -> bool {
    open.channel == ChannelKind::Chat && open.chat.left_at.is_some()
}

/// Ends the chat in front; the callback that waits for that begins.
fn leave_chat(step: &mut Step<'_>) {
    let waited = step
        .state
        .conversation
        .as_ref()
        .is_some_and(|open| open.agent.is_none());
    let aside = step.state.scheduled.as_deref();
    if waited && aside.is_none_or(|scheduled| scheduled.redemption.is_none()) {
        grants::release_held(step);
    }
    chat::mail_the_rest(step);
    conversation::close(step, Closed::Abandoned, None);
}

/// Reminds and begins: whatever is due.
pub(crate) fn run_out(step: &mut Step<'_>) {
    let at = step.at;
    let has_come = |time: Option<Timestamp>| time.is_some_and(|time| time <= at);
    let is_due = due_of(step.state).is_some_and(|due_at| due_at <= at);
    if let Some(callback) = step.state.scheduled.as_deref_mut().and_then(callback_of)
        && has_come(callback.remind_at)
    {
        callback.remind_at = None;
        if !is_due {
            tell_scheduled(step, CallbackNotice::Reminder, None);
        }
    }
    go_on(step);
    if let Some(aside) = step.state.scheduled.as_deref_mut()
        && is_late(aside, at)
    {
        tell_scheduled(step, CallbackNotice::Late, None);
    }
}

/// Says that the call of the conversation in front is late, when that is due.
pub(crate) fn run_late(step: &mut Step<'_>) {
    let at = step.at;
    if let Some(open) = &mut step.state.conversation
        && open.agent.is_none()
        && is_late(open, at)
    {
        let told = open.clone();
        tell(step, &told, CallbackNotice::Late, None);
        conversation::row_of(step, &told, None, None);
    }
}

/// Whether the customer is to be told now that we are late; each time is taken once.
fn is_late(waiting: &mut ConversationState, at: Timestamp) -> bool {
    let Some(callback) = callback_of(waiting) else {
        return false;
    };
    if callback.late_at.is_none_or(|late_at| late_at > at) {
        return false;
    }
    callback.late_told += 1;
    callback.late_at = (callback.late_told < LATE_TOLD_MAX)
        .then(|| callback.expected_at.filter(|then| *then > at))
        .map(|then| then.unwrap_or(at + LATE_AGAIN));
    true
}

/// The expected wait of the open callback changed.
pub(crate) fn waits(step: &mut Step<'_>, wait_s: Option<u32>) {
    let at = step.at;
    if let Some(callback) = step.state.conversation.as_mut().and_then(callback_of) {
        callback.expected_at = wait_s.map(|wait_s| at + Millis::from_secs(wait_s.into()));
    }
}

/// When a callback next wants a tick.
pub(crate) fn due(state: &CustomerState) -> Option<Timestamp> {
    let aside = state
        .scheduled
        .as_deref()
        .and_then(|scheduled| scheduled.callback.as_deref());
    let remind_at = aside.and_then(|callback| callback.remind_at);
    let held_up = held_up_by(state).and_then(|position| state.open().nth(position));
    let due_at = due_of(state).filter(|_| held_up.is_none_or(is_left));
    let late_aside = aside.and_then(|callback| callback.late_at);
    let late_at = state
        .open()
        .filter(|open| open.agent.is_none())
        .filter_map(|open| open.callback.as_deref()?.late_at)
        .min();
    [remind_at, due_at, late_aside, late_at]
        .into_iter()
        .flatten()
        .min()
}

/// When the callback that stands aside is due.
fn due_of(state: &CustomerState) -> Option<Timestamp> {
    let callback = state.scheduled.as_deref()?.callback.as_deref()?;
    (callback.stage == CallbackStage::Booked).then_some(callback.due_at)
}

fn callback_of(open: &mut ConversationState) -> Option<&mut CallbackState> {
    open.callback.as_deref_mut()
}

fn scheduled(state: &mut CustomerState, conversation: InteractionId) -> Option<&mut CallbackState> {
    let scheduled = state.scheduled.as_deref_mut();
    scheduled
        .filter(|scheduled| scheduled.conversation == conversation)
        .and_then(callback_of)
}

fn tell_scheduled(step: &mut Step<'_>, notice: CallbackNotice, by: Option<AgentId>) {
    if let Some(scheduled) = step.state.scheduled.clone() {
        tell(step, &scheduled, notice, by);
        conversation::row_of(step, &scheduled, None, None);
    }
}

/// Tells the customer: in the page, and by a text message where that was agreed.
pub(crate) fn tell(
    step: &mut Step<'_>,
    of: &ConversationState,
    notice: CallbackNotice,
    by: Option<AgentId>,
) {
    let (Some(callback), Some(phone)) = (of.callback.as_deref(), &of.phone) else {
        return;
    };
    let view = CallbackView {
        conversation: of.conversation,
        notice,
        slot: callback.ask.slot,
        due_at: callback.due_at,
        expected_at: callback
            .expected_at
            .filter(|_| notice == CallbackNotice::Late),
        phone: phone.clone(),
        our_number: callback.ask.our_number.clone(),
        time_zone: callback.ask.time_zone.clone(),
        attempts: callback.attempts,
        by,
    };
    if callback.ask.texts && notice != CallbackNotice::Done {
        let ordinal = step.ordinal();
        let item = OutboxItem {
            delivery: DeliveryId::derive(step.at, step.seq, ordinal),
            at: step.at,
            what: Outbound::Sms(Box::new(CallbackText {
                customer: step.state.customer,
                view: view.clone(),
                language: callback.ask.language.clone(),
            })),
        };
        step.effect(Effect::Outbox(item));
    }
    step.timeline_for(
        of.device,
        Audience::Everyone,
        TimelineBody::Callback(Box::new(view)),
    );
}
