//! What goes on around a chat's messages: who read them, whether the customer is there, and
//! the e-mail that brings agents' words to a customer who is not.

use crate::{
    contact::{callback, conversation},
    customer::Step,
    model::*,
};

/// The longest time for which a customer is believed to have been away already.
const AWAY_CLAIM_MAX: Millis = Millis::from_secs(7 * 86_400);

/// The customer was told something when the open chat began, or gave an address.
pub(crate) fn details(
    step: &mut Step<'_>,
    details: &ChatDetails,
    source: Option<SourceId>,
) -> Reply {
    let Some(open) = &mut step.state.conversation else {
        return Reply::Gone;
    };
    let conversation = open.conversation;
    if source.is_some() {
        open.chat.source = source;
    }
    if let Some(email) = &details.email {
        address(&mut open.chat, email);
    }
    let news = details
        .terms
        .as_ref()
        .filter(|terms| open.chat.terms != **terms)
        .cloned();
    if let Some(terms) = news {
        open.chat.terms.clone_from(&terms);
        let body = TimelineBody::ChatTerms {
            conversation,
            terms,
        };
        step.timeline(Audience::Staff, body);
    }
    plan_mail(step);
    conversation::touch(step);
    Reply::Conversation {
        customer: step.state.customer,
        conversation,
    }
}

/// Another address ends the links that were mailed to the one before; any is tried anew.
fn address(chat: &mut ChatState, email: &Private) {
    let email = Some(email.clone()).filter(|email| !email.is_empty());
    if chat.email != email {
        chat.mail_generation += 1;
        chat.email = email;
    }
    chat.undeliverable = false;
}

/// A mail never arrives: staff sees it, and nothing more is mailed to that address.
pub(crate) fn mail_failed(step: &mut Step<'_>, failed: &MailFailed) -> Reply {
    let open = step.state.conversation.as_mut();
    let mailed = open.filter(|open| open.conversation == failed.conversation);
    let mut is_current = false;
    if let Some(open) = mailed {
        is_current = open.chat.mail_generation == failed.generation;
        if is_current && std::mem::replace(&mut open.chat.undeliverable, true) {
            return Reply::Duplicate;
        }
    }
    let body = TimelineBody::MailFailed {
        conversation: failed.conversation,
        failure: failed.failure,
        detail: failed.detail.clone(),
    };
    step.timeline(Audience::Staff, body);
    if is_current {
        plan_mail(step);
        conversation::touch(step);
    }
    Reply::Done
}

/// One side read the open conversation. Reading less than before changes nothing.
pub(crate) fn read(step: &mut Step<'_>, read: ChatRead) -> Reply {
    let seq = read.timeline_seq.min(step.state.timeline_seq);
    let Some(open) = &mut step.state.conversation else {
        return Reply::Gone;
    };
    if open.conversation != read.conversation {
        return Reply::Gone;
    }
    let chat = &mut open.chat;
    match read.agent {
        Some(_) if open.agent != read.agent => return Reply::NotYours,
        Some(_) => {
            if seq <= chat.staff_read {
                return Reply::Duplicate;
            }
            chat.staff_read = seq;
            if chat.unread.first().is_some_and(|first| *first <= seq) {
                chat.unread_older = 0;
            }
            chat.unread.retain(|place| *place > seq);
        }
        None => {
            if seq <= chat.customer_read {
                return Reply::Duplicate;
            }
            chat.customer_read = seq;
            chat.unmailed.retain(|message| message.timeline_seq > seq);
            plan_mail(step);
        }
    }
    conversation::touch(step);
    Reply::Done
}

/// The customer of an open conversation came or left.
pub(crate) fn presence(step: &mut Step<'_>, left_at: Option<Timestamp>) -> Reply {
    let at = step.at;
    let Some(open) = &mut step.state.conversation else {
        return Reply::Gone;
    };
    let earliest = open.started_at.max(at - AWAY_CLAIM_MAX);
    let left_at = left_at.map(|left| left.max(earliest).min(at));
    if open.chat.left_at == left_at {
        return Reply::Duplicate;
    }
    open.chat.left_at = left_at;
    plan_mail(step);
    conversation::touch(step);
    callback::go_on(step);
    Reply::Done
}

/// A message was appended: the caller writes the row.
pub(super) fn wrote(step: &mut Step<'_>, author: Author, message: MessageId, timeline_seq: u64) {
    let at = step.at;
    let Some(open) = &mut step.state.conversation else {
        return;
    };
    let chat = &mut open.chat;
    match author {
        Author::Customer => {
            if chat.unread.len() == UNREAD_REMEMBERED_MAX {
                chat.unread.remove(0);
                chat.unread_older += 1;
            }
            chat.unread.push(timeline_seq);
            chat.left_at = None;
        }
        Author::Agent(_) => {
            // Who answers has read what is above.
            chat.unread.clear();
            chat.unread_older = 0;
            chat.staff_read = timeline_seq;
            if chat.unmailed.len() == MAIL_MESSAGES_MAX {
                chat.unmailed.remove(0);
            }
            chat.unmailed.push(UnmailedMessage {
                message,
                timeline_seq,
                at,
            });
        }
        Author::System => {}
    }
    plan_mail(step);
}

/// When the mail that waits goes out: once the customer has been away long enough and what
/// agents write has been collected for a while.
fn plan_mail(step: &mut Step<'_>) {
    let settings = step.world.policy.chat;
    let Some(open) = &mut step.state.conversation else {
        return;
    };
    let chat = &mut open.chat;
    let addressed =
        open.channel == ChannelKind::Chat && chat.email.is_some() && !chat.undeliverable;
    chat.mail_at = match (chat.left_at, chat.unmailed.first()) {
        (Some(left_at), Some(first)) if addressed => {
            Some((left_at + settings.mail_after).max(first.at + settings.mail_collect))
        }
        _ => None,
    };
}

/// When mail is due, if any waits.
pub(crate) fn due(state: &CustomerState) -> Option<Timestamp> {
    state.open().filter_map(|open| open.chat.mail_at).min()
}

/// When mail of the conversation in front is due.
fn due_in_front(step: &Step<'_>) -> Option<Timestamp> {
    step.state.conversation.as_ref()?.chat.mail_at
}

/// Sends the mail that is due.
pub(crate) fn run_out(step: &mut Step<'_>) {
    if due_in_front(step).is_some_and(|due| due <= step.at) {
        mail(step);
    }
}

/// The conversation ends while answers wait to be mailed: they go now.
pub(super) fn mail_the_rest(step: &mut Step<'_>) {
    if due_in_front(step).is_some() {
        mail(step);
    }
}

fn mail(step: &mut Step<'_>) {
    let ordinal = step.ordinal();
    let customer = step.state.customer;
    let language = step.state.permission.language.clone();
    let Some(open) = &mut step.state.conversation else {
        return;
    };
    open.chat.mail_at = None;
    let unmailed = std::mem::take(&mut open.chat.unmailed);
    let Some(to) = open.chat.email.clone().filter(|_| !unmailed.is_empty()) else {
        return;
    };
    let what = Outbound::ChatMail {
        customer,
        conversation: open.conversation,
        to,
        messages: unmailed.iter().map(|message| message.message).collect(),
        language,
        source: open.chat.source,
        device: open.device,
        generation: open.chat.mail_generation,
    };
    let item = OutboxItem {
        delivery: DeliveryId::derive(step.at, step.seq, ordinal),
        at: step.at,
        what,
    };
    step.effect(Effect::Outbox(item));
}

/// Two conversations met in a merge: the one that stays keeps the address of the other if it
/// has none of its own.
pub(crate) fn carry_over(step: &mut Step<'_>, other: &ConversationState) {
    if let Some(open) = &mut step.state.conversation
        && open.chat.email.is_none()
    {
        if let Some(email) = &other.chat.email {
            address(&mut open.chat, email);
        }
        if open.chat.source.is_none() {
            open.chat.source = other.chat.source;
        }
        plan_mail(step);
    }
}
