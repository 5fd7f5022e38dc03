//! What belongs to a chat besides its messages: who read how far, whether the customer is
//! there, where to write when they are not, and the files that messages carry.

use super::{AgentId, AttachmentId, InteractionId, MessageId, Private, SourceId, Timestamp};

/// How many unread messages of the customer are remembered one by one.
pub const UNREAD_REMEMBERED_MAX: usize = 256;

/// How many messages one e-mail carries at most; the newest are kept.
pub const MAIL_MESSAGES_MAX: usize = 50;

/// How many attachments one message may carry.
pub const ATTACHMENTS_A_MESSAGE_MAX: usize = 5;

/// A file that came with a message. Its bytes are stored apart, sealed with the key of the
/// customer whose conversation it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Which.
    pub attachment: AttachmentId,
    /// Its cleaned file name.
    pub name: Private,
    /// One of the media types that are taken.
    pub content_type: String,
    /// Its length.
    pub bytes: u64,
    /// Pixels from side to side; 0 where it is not an image.
    pub width_px: u32,
    /// Pixels from top to bottom; 0 where it is not an image.
    pub height_px: u32,
    /// What it shows, in the sender's words; may be empty.
    pub alt: Private,
}

/// Which side of a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChatSide {
    /// The customer.
    Customer,
    /// The agent who has it, or who stands in.
    Staff,
}

impl ChatSide {
    /// `customer` or `agent`.
    pub const fn name(self) -> &'static str {
        match self {
            ChatSide::Customer => "customer",
            ChatSide::Staff => "agent",
        }
    }
}

/// What an open conversation knows besides its messages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChatState {
    /// When it last changed for people who look at lists.
    pub last_at: Timestamp,
    /// Places in the timeline of the customer's messages that staff has not read, oldest
    /// first, at most [`UNREAD_REMEMBERED_MAX`].
    pub unread: Vec<u64>,
    /// How many older ones there are.
    pub unread_older: u32,
    /// The customer read up to this place in the timeline.
    pub customer_read: u64,
    /// Staff read up to this place in the timeline.
    pub staff_read: u64,
    /// When the customer was last there; `None` while they are, or when nobody knows.
    pub left_at: Option<Timestamp>,
    /// Where the customer wants answers that they are not there for.
    pub email: Option<Private>,
    /// Counts the addresses that were left: links mailed to an earlier one are over.
    pub mail_generation: u32,
    /// Whether mail to the address did not arrive and none is sent any more.
    pub undeliverable: bool,
    /// Through which source the customer came.
    pub source: Option<SourceId>,
    /// The version of the consent line that the customer was shown.
    pub terms: String,
    /// Agents' messages that the customer has neither read nor been mailed, oldest first.
    pub unmailed: Vec<UnmailedMessage>,
    /// When they are mailed, if the customer does not come back before.
    pub mail_at: Option<Timestamp>,
}

impl ChatState {
    /// How many messages of the customer's staff has not read.
    pub fn unread_count(&self) -> u32 {
        self.unread_older + self.unread.len() as u32
    }

    /// What lists show of it, while `page` is open.
    pub fn standing(&self, page: &str) -> ChatStanding {
        ChatStanding {
            unread: self.unread_count(),
            customer_read: self.customer_read,
            staff_read: self.staff_read,
            left_at: self.left_at,
            email: self.email.clone(),
            mail_generation: self.mail_generation,
            undeliverable: self.undeliverable,
            terms: self.terms.clone(),
            page: page.to_owned(),
        }
    }

    /// The customer's timeline was put behind another's: every place in it moves by `offset`.
    pub fn shift(&mut self, offset: u64) {
        let shifted = |place: u64| if place == 0 { 0 } else { place + offset };
        self.unread
            .iter_mut()
            .for_each(|place| *place = shifted(*place));
        self.customer_read = shifted(self.customer_read);
        self.staff_read = shifted(self.staff_read);
        for message in &mut self.unmailed {
            message.timeline_seq = shifted(message.timeline_seq);
        }
    }
}

/// An agent's message that may have to be mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnmailedMessage {
    /// Which.
    pub message: MessageId,
    /// Its place in the timeline.
    pub timeline_seq: u64,
    /// When it was written.
    pub at: Timestamp,
}

/// What lists show of a conversation besides its messages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChatStanding {
    /// How many messages of the customer's staff has not read.
    pub unread: u32,
    /// The customer read up to this place in the timeline.
    pub customer_read: u64,
    /// Staff read up to this place in the timeline.
    pub staff_read: u64,
    /// When the customer was last there; `None` while they are, or when nobody knows.
    pub left_at: Option<Timestamp>,
    /// Where answers are mailed while the customer is away.
    pub email: Option<Private>,
    /// Counts the addresses that were left: links mailed to an earlier one are over.
    pub mail_generation: u32,
    /// Whether mail to the address did not arrive and none is sent any more.
    pub undeliverable: bool,
    /// The version of the consent line that the customer was shown.
    pub terms: String,
    /// The page the customer has open, without query and fragment; empty when not known.
    pub page: String,
}

/// Who read a conversation, and how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatRead {
    /// Which conversation.
    pub conversation: InteractionId,
    /// Who; `None` for the customer.
    pub agent: Option<AgentId>,
    /// Up to this place in the timeline.
    pub timeline_seq: u64,
}

/// Why a mail never arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailFailure {
    /// The mail server refused the address or the mail for good.
    Refused,
    /// It was tried for as long as deliveries are.
    GivenUp,
}

impl MailFailure {
    /// `refused` or `given_up`.
    pub const fn name(self) -> &'static str {
        match self {
            MailFailure::Refused => "refused",
            MailFailure::GivenUp => "given_up",
        }
    }
}

/// A mail with agents' messages that never arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailFailed {
    /// Which conversation it continued.
    pub conversation: InteractionId,
    /// See [`ChatState::mail_generation`].
    pub generation: u32,
    /// Why.
    pub failure: MailFailure,
    /// What the mail server said, for people; without the address.
    pub detail: String,
}

/// What the customer was told and told us when a chat began.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChatDetails {
    /// The version of the consent line that was shown, if one was.
    pub terms: Option<String>,
    /// Where to write when they are away; an empty text takes it back.
    pub email: Option<Private>,
}
