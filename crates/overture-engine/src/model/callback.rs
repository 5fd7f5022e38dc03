//! Callbacks: a time at which we call a customer, from real capacity.

use super::{
    AgentId, CustomerId, GrantId, InteractionId, LinkKey, Millis, Needs, OfferId, OpenInterval,
    Private, Timestamp, WeeklyHours, zone,
};

/// The grid of capacity: every slot is a whole number of cells, counted from the epoch. All
/// zones of today are a whole number of cells away from UTC.
pub const CELL: Millis = Millis::from_secs(900);

/// The longest slot that may be asked for.
pub const SLOT_MAX: Millis = Millis::from_secs(4 * 3_600);

/// The span in which the customer is called, `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

impl Slot {
    /// Whether it is one to four hours' worth of whole cells on the grid.
    pub fn is_on_grid(self) -> bool {
        let cell = CELL.0 as i64;
        self.from < self.to
            && self.to.since(self.from) <= SLOT_MAX
            && self.from.0.rem_euclid(cell) == 0
            && self.to.0.rem_euclid(cell) == 0
    }

    /// The beginnings of its cells, in order.
    pub fn cells(self) -> impl Iterator<Item = Timestamp> {
        std::iter::successors(Some(self.from), |cell| Some(*cell + CELL))
            .take_while(move |cell| *cell < self.to)
    }
}

/// What a customer asks when they ask to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackAsk {
    /// The keyed hash of the number: the same for everybody who gives that number.
    pub number: LinkKey,
    /// When; `None` means now.
    pub slot: Option<Slot>,
    /// Whether the customer agreed to text messages about this callback.
    pub texts: bool,
    /// The number that we call from, E.164.
    pub our_number: Option<String>,
    /// The customer's IANA zone.
    pub time_zone: Option<String>,
    /// BCP 47, for what is written to the customer.
    pub language: Option<String>,
    /// When the brand is open: a call that is made again keeps to it.
    pub hours: Option<AgentHours>,
}

/// The offer that a callback is asked for with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallbackOffer {
    /// Which.
    pub offer: OfferId,
    /// The grant whose token was presented and found genuine.
    pub grant: Option<GrantId>,
}

/// Where a callback is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallbackStage {
    /// Routing is asked for the time.
    Booking,
    /// The time is fixed.
    Booked,
    /// Its time has come: it is an open conversation.
    Due,
}

/// The callback of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackState {
    /// What was asked; the slot is the one that holds now.
    pub ask: CallbackAsk,
    /// Where it is.
    pub stage: CallbackStage,
    /// When the call is due.
    pub due_at: Timestamp,
    /// Calls made so far that reached nobody.
    pub attempts: u8,
    /// When the customer is reminded.
    pub remind_at: Option<Timestamp>,
    /// When the customer is told that we are late, unless an agent has it by then.
    pub late_at: Option<Timestamp>,
    /// How often the customer was told that.
    pub late_told: u8,
    /// When we expect to call, once late.
    pub expected_at: Option<Timestamp>,
    /// The slot that routing is asked for in place of the one that holds, with the caller's
    /// key.
    pub moving: Option<Moving>,
}

/// A move under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moving {
    /// The wanted slot.
    pub slot: Slot,
    /// The caller's idempotency key, hashed.
    pub key: u64,
}

/// Why a callback was not taken on, for the caller whose key it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallbackRefusal {
    /// The caller's idempotency key, hashed.
    pub key: u64,
    /// Why.
    pub why: SlotRefusal,
}

/// Why routing does not book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SlotRefusal {
    /// No capacity left then.
    Full,
    /// Too soon, too far ahead, or not on the grid.
    OutOfReach,
    /// Too many callbacks to that number within a day.
    NumberLimit,
    /// Another callback to that number was asked for a moment ago.
    NumberCoolDown,
    /// Whoever has that number did not ask to be called.
    NumberBlocked,
}

impl SlotRefusal {
    /// The refusal's wire name, for example `slot_full`.
    pub const fn name(self) -> &'static str {
        match self {
            SlotRefusal::Full => "slot_full",
            SlotRefusal::OutOfReach => "slot_out_of_reach",
            SlotRefusal::NumberLimit => "number_limit",
            SlotRefusal::NumberCoolDown => "number_cool_down",
            SlotRefusal::NumberBlocked => "number_blocked",
        }
    }
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// Spoke with the customer.
    Reached,
    /// Nobody picked up.
    NoAnswer,
    /// A machine did.
    Voicemail,
    /// Somebody who had not asked.
    WrongPerson,
}

impl CallOutcome {
    /// Every outcome, in the order of the desk's keys.
    pub const ALL: [CallOutcome; 4] = [
        CallOutcome::Reached,
        CallOutcome::NoAnswer,
        CallOutcome::Voicemail,
        CallOutcome::WrongPerson,
    ];

    /// `reached`, `no_answer`, `voicemail` or `wrong_person`.
    pub const fn name(self) -> &'static str {
        match self {
            CallOutcome::Reached => "reached",
            CallOutcome::NoAnswer => "no_answer",
            CallOutcome::Voicemail => "voicemail",
            CallOutcome::WrongPerson => "wrong_person",
        }
    }

    /// The outcome with this wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// What a customer is told about a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallbackNotice {
    /// We will call then.
    Confirmed,
    /// We will call soon.
    Reminder,
    /// We will call at another time now.
    Moved,
    /// We are late.
    Late,
    /// It is called off.
    Cancelled,
    /// We tried, and will try again.
    Retry,
    /// We tried often enough.
    GaveUp,
    /// It is over.
    Done,
}

impl CallbackNotice {
    /// The notice's wire name, for example `confirmed`.
    pub const fn name(self) -> &'static str {
        match self {
            CallbackNotice::Confirmed => "confirmed",
            CallbackNotice::Reminder => "reminder",
            CallbackNotice::Moved => "moved",
            CallbackNotice::Late => "late",
            CallbackNotice::Cancelled => "cancelled",
            CallbackNotice::Retry => "retry",
            CallbackNotice::GaveUp => "gave_up",
            CallbackNotice::Done => "done",
        }
    }

    /// Whether the callback is over with it.
    pub const fn is_last(self) -> bool {
        matches!(
            self,
            CallbackNotice::Cancelled | CallbackNotice::GaveUp | CallbackNotice::Done
        )
    }
}

/// What a timeline row says of a callback. The words are chosen by whoever sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackView {
    /// The conversation it is.
    pub conversation: InteractionId,
    /// What the customer is told.
    pub notice: CallbackNotice,
    /// The slot, where one is booked.
    pub slot: Option<Slot>,
    /// When the call is due.
    pub due_at: Timestamp,
    /// When we expect to call, once late.
    pub expected_at: Option<Timestamp>,
    /// Where we call; whoever may read the row sees its last digits.
    pub phone: Private,
    /// The number that we call from.
    pub our_number: Option<String>,
    /// The customer's zone.
    pub time_zone: Option<String>,
    /// Calls made so far that reached nobody.
    pub attempts: u8,
    /// The member of staff behind the notice, where it was one.
    pub by: Option<AgentId>,
}

/// A text message about a callback, as it waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackText {
    /// Whose callback.
    pub customer: CustomerId,
    /// What it says.
    pub view: CallbackView,
    /// BCP 47, of the customer.
    pub language: Option<String>,
}

/// What a conversation's row says of its callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackRow {
    /// The slot, where one is booked.
    pub slot: Option<Slot>,
    /// When the call is due.
    pub due_at: Timestamp,
    /// Calls made so far that reached nobody.
    pub attempts: u8,
    /// When we expect to call, once late.
    pub expected_at: Option<Timestamp>,
    /// The customer's zone.
    pub time_zone: Option<String>,
}

/// When an agent works; also when a brand is open and when a customer may be called.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AgentHours {
    /// In which hours of the week.
    pub hours: WeeklyHours,
    /// By the clock of this IANA zone.
    pub time_zone: String,
}

impl AgentHours {
    /// The open intervals in `[from, to)`; none where nobody knows the zone.
    pub fn open(&self, from: Timestamp, to: Timestamp) -> Vec<OpenInterval> {
        match zone(&self.time_zone) {
            Some(zone) => self.hours.open(&zone, from, to),
            None => Vec::new(),
        }
    }

    /// The parts of `[from, to)` in which all of these are open, in order.
    pub fn open_in_all(all: &[Self], from: Timestamp, to: Timestamp) -> Vec<OpenInterval> {
        let whole = vec![OpenInterval { from, to }];
        all.iter().fold(whole, |open, hours| {
            let also = hours.open(from, to);
            open.iter()
                .flat_map(|one| {
                    also.iter().map(|other| OpenInterval {
                        from: one.from.max(other.from),
                        to: one.to.min(other.to),
                    })
                })
                .filter(|both| both.from < both.to)
                .collect()
        })
    }
}

/// Which time routing is asked to book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotWish {
    /// As soon as an agent is free: only the number is counted.
    Now,
    /// Within this slot.
    At(Slot),
    /// The first cell with room from then on; the number is not counted again.
    From(Timestamp),
}

/// A booked cell in routing's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// For whom.
    pub customer: CustomerId,
    /// What it needs of the agent who calls.
    pub needs: Needs,
    /// The beginning of the cell.
    pub cell: Timestamp,
    /// The keyed hash of the number to be called; `None` in what earlier releases booked.
    pub number: Option<LinkKey>,
}

/// What routing remembers of a number that we were asked to call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NumberUse {
    /// When callbacks to it were asked for, oldest first, within the last day.
    pub asked_at: Vec<Timestamp>,
    /// Who asked last.
    pub last: Option<CustomerId>,
    /// No callbacks to it before this.
    pub blocked_until: Timestamp,
}

/// How callbacks are promised and made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackSettings {
    /// When agents without hours of their own work.
    pub hours: AgentHours,
    /// How soon a slot may begin at the earliest.
    pub lead: Millis,
    /// How far ahead slots are offered.
    pub horizon: Millis,
    /// What one callback takes of an agent's time.
    pub handle: Millis,
    /// So many percent of working time are kept for live work.
    pub keep_live_percent: u32,
    /// How long before the slot the customer is reminded.
    pub reminder: Millis,
    /// How long before the end of the slot the customer is told that we are late.
    pub late_notice: Millis,
    /// How long after each call that reached nobody the next is made.
    pub retries: Vec<Millis>,
    /// When a customer is called again, by the clock of their own zone.
    pub retry_hours: WeeklyHours,
    /// Callbacks to one number within a day.
    pub number_per_day: u32,
    /// How long after one customer's request another may ask for the same number.
    pub number_cooldown: Millis,
    /// How long a number is left alone after somebody there had not asked.
    pub wrong_person_block: Millis,
}

impl Default for CallbackSettings {
    /// What the shipped policy says.
    fn default() -> Self {
        let minutes = |minutes: u64| Millis::from_secs(minutes * 60);
        Self {
            hours: AgentHours {
                hours: WeeklyHours::weekdays(540, 1_020).expect("nine to five is an interval"),
                time_zone: "UTC".to_owned(),
            },
            lead: minutes(15),
            horizon: minutes(7 * 1_440),
            handle: minutes(10),
            keep_live_percent: 25,
            reminder: minutes(10),
            late_notice: minutes(5),
            retries: vec![minutes(30), minutes(240)],
            retry_hours: WeeklyHours::every_day(480, 1_260).expect("eight to nine is an interval"),
            number_per_day: 3,
            number_cooldown: minutes(2),
            wrong_person_block: minutes(90 * 1_440),
        }
    }
}
