//! Which of a customer's open conversations an input is about, and whether who asks may touch it.
//!
//! Several browsers may be one customer because pages claim the same id with the public write
//! key. Such a claim opens nobody's chat: each browser has a conversation of its own. One is in
//! front (`CustomerState::conversation`), the others stand beside it, and the one that an input
//! is about is in front while the step lasts, so that everything else knows of one only.

use crate::{customer::Step, model::*};

/// Whose conversation has to be in front.
enum About {
    /// Whichever is.
    Front,
    /// This one.
    Conversation(InteractionId),
    /// The one that waits on this request.
    Request(RequestId),
    /// The asking session's own, if it has one.
    Own,
    /// The asking session's own, or room for it.
    OwnOrNew,
}

/// Where the conversation that was in front stands meanwhile; `None` where it stayed.
pub(crate) type Place = Option<usize>;

/// Brings the conversation that an event is about to the front.
///
/// # Errors
/// The answer to somebody who may not touch what they ask for. It is the same as for what is
/// over, so that it says nothing of another browser's conversation.
pub(crate) fn enter(state: &mut CustomerState, event: &CustomerEvent) -> Result<Place, Reply> {
    if let Some(asker) = &event.asker
        && !may(state, asker, &event.body)
    {
        return Err(Reply::Gone);
    }
    let wanted = match about(event) {
        About::Front => None,
        About::Conversation(id) => state.open().position(|open| open.conversation == id),
        About::Request(id) => state.open().position(|open| open.request == id),
        About::Own | About::OwnOrNew if event.asker.is_none() => None,
        About::Own => Some(own(state, event).ok_or(Reply::Gone)?),
        About::OwnOrNew => match own(state, event) {
            Some(place) => Some(place),
            None => return make_room(state),
        },
    };
    Ok(wanted.and_then(|position| to_front(state, position)))
}

/// Brings the conversation at a position of [`CustomerState::open`] to the front.
pub(crate) fn to_front(state: &mut CustomerState, position: usize) -> Place {
    let place = position.checked_sub(1)?;
    if let Some(front) = &mut state.conversation {
        std::mem::swap(front, &mut state.beside[place]);
    }
    Some(place)
}

/// Puts back what was in front; a conversation that ended makes room.
pub(crate) fn leave(state: &mut CustomerState, place: Place) {
    match (place, &mut state.conversation) {
        (Some(place), Some(front)) => std::mem::swap(front, &mut state.beside[place]),
        (Some(place), None) => state.conversation = Some(state.beside.remove(place)),
        (None, None) if !state.beside.is_empty() => {
            state.conversation = Some(state.beside.remove(0));
        }
        (None, _) => {}
    }
}

/// Does something with each open conversation in front, one after another; none may end.
pub(crate) fn each(step: &mut Step<'_>, mut act: impl FnMut(&mut Step<'_>)) {
    act(step);
    for position in 1..=step.state.beside.len() {
        let place = to_front(step.state, position);
        act(step);
        leave(step.state, place);
    }
}

fn about(event: &CustomerEvent) -> About {
    match &event.body {
        CustomerBody::CustomerMessage { conversation, .. }
        | CustomerBody::CustomerEnded { conversation }
        | CustomerBody::AgentMessage { conversation, .. }
        | CustomerBody::AgentResolved { conversation, .. }
        | CustomerBody::ChatRead(ChatRead { conversation, .. })
        | CustomerBody::MailFailed(MailFailed { conversation, .. })
        | CustomerBody::CallbackCancelled { conversation, .. }
        | CustomerBody::CallbackCalled { conversation, .. } => About::Conversation(*conversation),
        CustomerBody::FromRoute(
            RouteToCustomer::Waiting { request, .. }
            | RouteToCustomer::NoAgent { request }
            | RouteToCustomer::Assigned { request, .. }
            | RouteToCustomer::Requeued { request },
        ) => About::Request(*request),
        CustomerBody::FromRoute(
            RouteToCustomer::SlotBooked { conversation, .. }
            | RouteToCustomer::SlotRefused { conversation, .. },
        ) => About::Conversation(*conversation),
        CustomerBody::Labelled(LabelledText {
            conversation: Some(conversation),
            ..
        }) => About::Conversation(*conversation),
        CustomerBody::ChatDetails(_) => About::Own,
        CustomerBody::HelpRequested { .. }
        | CustomerBody::CallbackAsked { .. }
        | CustomerBody::GrantRedeemed { .. }
        | CustomerBody::OfferAccepted { .. } => About::OwnOrNew,
        _ => About::Front,
    }
}

/// Whether a session may touch what the body names. What it does not know is answered by
/// those who do.
fn may(state: &CustomerState, asker: &Asker, body: &CustomerBody) -> bool {
    let may_use = |open: &ConversationState| asker.may_use(open.conversation, open.device);
    let of_offer = |offer: OfferId| {
        let live = state.offer.as_ref().filter(|live| live.offer == offer);
        live.is_none_or(|live| asker.may_use_of(live.device))
    };
    match body {
        CustomerBody::CustomerMessage { conversation, .. }
        | CustomerBody::CustomerEnded { conversation }
        | CustomerBody::ChatRead(ChatRead { conversation, .. })
        | CustomerBody::CallbackMoved { conversation, .. }
        | CustomerBody::CallbackCancelled { conversation, .. } => {
            let named = state.open().chain(state.scheduled.as_deref());
            let mut named = named.filter(|open| open.conversation == *conversation);
            named.all(may_use)
        }
        CustomerBody::OfferShown { offer }
        | CustomerBody::OfferAccepted { offer, .. }
        | CustomerBody::OfferDismissed { offer, .. }
        | CustomerBody::GuideFact {
            offer: Some(offer), ..
        } => asker.only.is_none() && of_offer(*offer),
        // A link goes on with its conversation, and opens no other.
        CustomerBody::HelpRequested { .. } => asker.only.is_none() || state.open().any(may_use),
        // One callback a customer: who may not see it cannot have another.
        CustomerBody::CallbackAsked { offer, .. } => {
            let open = state.open().filter(|open| open.callback.is_some());
            let mut calls = open.chain(state.scheduled.as_deref());
            let may_offer = offer.is_none_or(|offer| of_offer(offer.offer));
            asker.only.is_none() && may_offer && calls.all(may_use)
        }
        CustomerBody::ChatDetails(_) | CustomerBody::Article(_) => true,
        _ => asker.only.is_none(),
    }
}

/// The position of the asking session's own conversation. The one that came from the offer
/// which is accepted once more goes first.
fn own(state: &CustomerState, event: &CustomerEvent) -> Option<usize> {
    let asker = event.asker?;
    if let CustomerBody::OfferAccepted { offer, .. } = &event.body {
        let came_of_it = |open: &ConversationState| {
            open.offer == Some(*offer) && asker.may_use(open.conversation, open.device)
        };
        if let Some(position) = state.open().position(came_of_it) {
            return Some(position);
        }
    }
    let own = state.own(&asker)?.conversation;
    state.open().position(|open| open.conversation == own)
}

/// Moves another browser's conversation out of the way of a new one.
fn make_room(state: &mut CustomerState) -> Result<Place, Reply> {
    let Some(other) = state.conversation.take() else {
        return Ok(None);
    };
    if state.beside.len() >= BESIDE_MAX {
        state.conversation = Some(other);
        return Err(Reply::NotAvailable);
    }
    state.beside.push(other);
    Ok(Some(state.beside.len() - 1))
}
