//! Routing: agents, their capacity, the requests that wait, the seats that are held.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AgentHours, AgentId, Booking, ChannelKind, CustomerId, InteractionId, LinkKey, NumberUse,
    OfferId, OfferStyle, PacingState, RequestId, ReservationId, Seq, Slot, SlotRefusal, SlotWish,
    Timestamp,
};

/// A count for each channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PerChannel {
    /// Chats.
    pub chat: u32,
    /// Callbacks.
    pub callback: u32,
}

impl PerChannel {
    /// The count for `channel`.
    pub const fn get(self, channel: ChannelKind) -> u32 {
        match channel {
            ChannelKind::Chat => self.chat,
            ChannelKind::Callback => self.callback,
        }
    }

    /// The count for `channel`, to change.
    pub const fn get_mut(&mut self, channel: ChannelKind) -> &mut u32 {
        match channel {
            ChannelKind::Chat => &mut self.chat,
            ChannelKind::Callback => &mut self.callback,
        }
    }
}

/// Whether an agent takes work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Presence {
    /// Takes work.
    Available,
    /// Works, takes no more.
    Busy,
    /// Back soon.
    Away,
    /// Not signed in.
    #[default]
    Offline,
}

impl Presence {
    /// `available`, `busy`, `away` or `offline`.
    pub const fn name(self) -> &'static str {
        match self {
            Presence::Available => "available",
            Presence::Busy => "busy",
            Presence::Away => "away",
            Presence::Offline => "offline",
        }
    }

    /// The presence with this wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Presence::Available,
            Presence::Busy,
            Presence::Away,
            Presence::Offline,
        ]
        .into_iter()
        .find(|presence| presence.name() == name)
    }
}

/// What an agent can do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentProfile {
    /// Skills with proficiency, `1..=5`.
    pub skills: BTreeMap<String, u8>,
    /// BCP 47 primary languages; empty means any.
    pub languages: BTreeSet<String>,
    /// How many at once, by channel.
    pub capacity: PerChannel,
    /// Whether the account may work at all.
    pub active: bool,
    /// When they work, for what is promised ahead; `None` is the policy's hours.
    pub hours: Option<AgentHours>,
}

/// What a request needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// On which channel.
    pub channel: ChannelKind,
    /// A skill that the agent must have.
    pub skill: Option<String>,
    /// A language that the agent must speak.
    pub language: Option<String>,
    /// Larger goes first.
    pub priority: u8,
}

/// An input of the routing state machine.
#[derive(Debug, Clone, PartialEq)]
pub enum RouteEvent {
    /// An agent's account was made or changed.
    AgentChanged {
        /// Who.
        agent: AgentId,
        /// What they can do now.
        profile: AgentProfile,
    },
    /// An agent said whether they take work.
    PresenceSet {
        /// Who.
        agent: AgentId,
        /// What.
        presence: Presence,
    },
    /// An agent takes an offered reservation.
    ReservationAccepted {
        /// Who.
        agent: AgentId,
        /// Which.
        reservation: ReservationId,
    },
    /// An agent passes on an offered reservation.
    ReservationRejected {
        /// Who.
        agent: AgentId,
        /// Which.
        reservation: ReservationId,
    },
    /// A customer's step sent a message.
    FromCustomer {
        /// Who.
        customer: CustomerId,
        /// What.
        message: CustomerToRoute,
    },
    /// A due time was reached.
    Tick,
}

/// What a customer's step asks of routing.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomerToRoute {
    /// Hold a seat for an offer until `until`.
    HoldSeat {
        /// For which offer.
        offer: OfferId,
        /// How it looks.
        style: OfferStyle,
        /// What it needs.
        needs: Needs,
        /// When the hold ends by itself.
        until: Timestamp,
    },
    /// Give the offer's seat back.
    ReleaseSeat {
        /// Which.
        offer: OfferId,
    },
    /// Find an agent.
    Enqueue(NewRequest),
    /// The customer no longer waits, or the conversation is over.
    Close {
        /// Which.
        request: RequestId,
        /// How.
        how: Closed,
    },
    /// Book a time for a callback, in place of what is booked for it. Asking counts the
    /// number, unless something is booked already or the wish says otherwise.
    BookSlot {
        /// For which callback.
        conversation: InteractionId,
        /// The keyed hash of the number to be called.
        number: LinkKey,
        /// When.
        wish: SlotWish,
        /// What it needs.
        needs: Needs,
        /// A wish without a slot keeps to all of these; empty is any time.
        within: Vec<AgentHours>,
    },
    /// Give a booked time back.
    CancelSlot {
        /// For which callback.
        conversation: InteractionId,
    },
    /// Whoever has this number had not asked to be called: take no more callbacks to it.
    BlockNumber {
        /// Its keyed hash.
        number: LinkKey,
    },
}

/// How a request left routing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Closed {
    /// An agent resolved it.
    Resolved,
    /// The customer left.
    Abandoned,
    /// We failed.
    Failed,
}

/// A request as it enters the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRequest {
    /// Its id.
    pub request: RequestId,
    /// The conversation it is for.
    pub conversation: InteractionId,
    /// What it needs.
    pub needs: Needs,
    /// The offer whose held seat it takes over.
    pub offer: Option<OfferId>,
    /// One plain line for the agent: why.
    pub why: String,
    /// The keyed hash of the number to be called, of a callback: it may have been blocked
    /// since the call was promised.
    pub number: Option<LinkKey>,
}

/// What routing tells a customer's step.
#[derive(Debug, Clone, PartialEq)]
pub enum RouteToCustomer {
    /// A seat is held for the offer.
    SeatHeld {
        /// Which.
        offer: OfferId,
    },
    /// No seat; how long the wait would be, if that can be said.
    SeatDenied {
        /// Which.
        offer: OfferId,
        /// Expected wait, seconds.
        wait_s: Option<u32>,
        /// Whether anybody who could serve is signed in.
        staffed: bool,
    },
    /// The held seat is gone.
    SeatLost {
        /// Which.
        offer: OfferId,
    },
    /// Where the request stands in the queue.
    Waiting {
        /// Which.
        request: RequestId,
        /// 1 is next.
        position: u32,
        /// Expected wait, seconds, if that can be said.
        wait_s: Option<u32>,
    },
    /// Nobody who could serve is signed in.
    NoAgent {
        /// Which.
        request: RequestId,
    },
    /// An agent took it.
    Assigned {
        /// Which.
        request: RequestId,
        /// Who.
        agent: AgentId,
    },
    /// The agent can no longer serve it; it waits again, with its age.
    Requeued {
        /// Which.
        request: RequestId,
    },
    /// A callback's time is booked.
    SlotBooked {
        /// For which callback.
        conversation: InteractionId,
        /// The slot; `None` for now.
        slot: Option<Slot>,
        /// When the call is due.
        due_at: Timestamp,
    },
    /// A callback's time is not booked; what was booked before stays.
    SlotRefused {
        /// For which callback.
        conversation: InteractionId,
        /// Why.
        why: SlotRefusal,
    },
}

/// The routing state machine's memory.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RouteState {
    /// The last input that was applied.
    pub applied: Seq,
    /// Every agent with an account.
    pub agents: BTreeMap<AgentId, AgentState>,
    /// Every open request.
    pub requests: BTreeMap<RequestId, RequestState>,
    /// Every held seat.
    pub holds: BTreeMap<OfferId, SeatHold>,
    /// Smoothed seconds that one served request lasts, by channel (chat, callback);
    /// zero when none was served yet.
    pub handle_s: [f32; 2],
    /// What was learned for pacing.
    pub pacing: PacingState,
    /// Booked times of callbacks that have not passed.
    pub bookings: BTreeMap<InteractionId, Booking>,
    /// Numbers that we were asked to call lately.
    pub numbers: BTreeMap<LinkKey, NumberUse>,
}

/// One agent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AgentState {
    /// What they can do.
    pub profile: AgentProfile,
    /// Whether they take work.
    pub presence: Presence,
    /// Since when they have had nothing new: the longest idle goes first.
    pub idle_since: Timestamp,
    /// Seats in use: holds, open reservations and assignments.
    pub load: PerChannel,
}

/// One open request: `queued -> offered -> assigned`; closed ones leave the state.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestState {
    /// Whose.
    pub customer: CustomerId,
    /// The conversation it is for.
    pub conversation: InteractionId,
    /// What it needs.
    pub needs: Needs,
    /// Why, in one plain line.
    pub why: String,
    /// When it entered the queue; kept when it returns there.
    pub queued_at: Timestamp,
    /// Where it is.
    pub stage: RequestStage,
    /// Who passed on it or let it time out; asked again only when nobody else can.
    pub passed: BTreeSet<AgentId>,
    /// The last position told to the customer; 0 is none, `u32::MAX` is "nobody signed in".
    pub told_position: u32,
    /// When the customer, still waiting at that position, is told anew because the wait they
    /// were told is over.
    pub tell_again_at: Option<Timestamp>,
}

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestStage {
    /// Waiting.
    Queued,
    /// An agent is asked.
    Offered {
        /// Who.
        agent: AgentId,
        /// The question.
        reservation: ReservationId,
        /// When it times out.
        until: Timestamp,
    },
    /// An agent has it.
    Assigned {
        /// Who.
        agent: AgentId,
        /// The question they said yes to; saying yes again changes nothing.
        reservation: ReservationId,
        /// Since when.
        at: Timestamp,
    },
}

/// A seat held for an offer.
#[derive(Debug, Clone, PartialEq)]
pub struct SeatHold {
    /// For whom.
    pub customer: CustomerId,
    /// What it needs.
    pub needs: Needs,
    /// Whose seat.
    pub agent: AgentId,
    /// When it ends by itself.
    pub until: Timestamp,
    /// How the offer looks.
    pub style: OfferStyle,
    /// Since when the offer is open.
    pub since: Timestamp,
    /// Whether the agent's other offers on the channel that share have the same seat.
    pub shares: bool,
}
