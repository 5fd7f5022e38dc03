//! The records of callbacks: what was asked, booked and told.

use overture_engine::model::{
    AgentHours, Booking, CallOutcome, CallbackAsk, CallbackNotice, CallbackOffer, CallbackRefusal,
    CallbackRow, CallbackStage, CallbackState, CallbackText, CallbackView, InteractionId, LinkKey,
    Moving, NumberUse, Slot, SlotRefusal, SlotWish, Timestamp, WeeklyHours,
};

use super::{
    route::NeedsRecord,
    wire::{Problem, Reader, RecordError, Wire, Writer, numbers, pair, record, required, take},
};

numbers! {
    CallbackStage { 0 = Booking, 1 = Booked, 2 = Due, }
    SlotRefusal {
        0 = Full, 1 = OutOfReach, 2 = NumberLimit, 3 = NumberCoolDown, 4 = NumberBlocked,
    }
    CallOutcome { 0 = Reached, 1 = NoAnswer, 2 = Voicemail, 3 = WrongPerson, }
    CallbackNotice {
        0 = Confirmed, 1 = Reminder, 2 = Moved, 3 = Late, 4 = Cancelled, 5 = Retry, 6 = GaveUp,
        7 = Done,
    }
}

record! {
    /// The span in which the customer is called.
    SlotRecord for Slot {
        #[prost(int64, tag = "1")]
        from: i64,
        #[prost(int64, tag = "2")]
        to: i64,
    }
}

record! {
    /// What was asked.
    CallbackAskRecord for CallbackAsk {
        #[prost(bytes = "vec", tag = "1")]
        number: Vec<u8>,
        #[prost(message, optional, tag = "2")]
        slot: Option<SlotRecord>,
        #[prost(bool, tag = "3")]
        texts: bool,
        #[prost(string, optional, tag = "4")]
        our_number: Option<String>,
        #[prost(string, optional, tag = "5")]
        time_zone: Option<String>,
        #[prost(string, optional, tag = "6")]
        language: Option<String>,
        #[prost(message, optional, tag = "7")]
        hours: Option<AgentHoursRecord>,
    }
}

record! {
    /// The offer it came from.
    CallbackOfferRecord for CallbackOffer {
        #[prost(bytes = "vec", tag = "1")]
        offer: Vec<u8>,
        #[prost(bytes = "vec", optional, tag = "2")]
        grant: Option<Vec<u8>>,
    }
}

record! {
    /// A move under way.
    MovingRecord for Moving {
        #[prost(message, optional, tag = "1")]
        slot: Option<SlotRecord>,
        #[prost(fixed64, tag = "2")]
        key: u64,
    }
}

record! {
    /// The callback of a conversation.
    CallbackStateRecord for CallbackState {
        #[prost(message, optional, tag = "1")]
        ask: Option<CallbackAskRecord>,
        #[prost(uint32, tag = "2")]
        stage: u32,
        #[prost(int64, tag = "3")]
        due_at: i64,
        #[prost(uint32, tag = "4")]
        attempts: u32,
        #[prost(int64, optional, tag = "5")]
        remind_at: Option<i64>,
        #[prost(int64, optional, tag = "6")]
        late_at: Option<i64>,
        #[prost(uint32, tag = "7")]
        late_told: u32,
        #[prost(int64, optional, tag = "8")]
        expected_at: Option<i64>,
        #[prost(message, optional, tag = "9")]
        moving: Option<MovingRecord>,
    }
}

record! {
    /// Why the last request was not taken on.
    CallbackRefusalRecord for CallbackRefusal {
        #[prost(fixed64, tag = "1")]
        key: u64,
        #[prost(uint32, tag = "2")]
        why: u32,
    }
}

record! {
    /// What a timeline row says.
    CallbackViewRecord for CallbackView {
        #[prost(bytes = "vec", tag = "1")]
        conversation: Vec<u8>,
        #[prost(uint32, tag = "2")]
        notice: u32,
        #[prost(message, optional, tag = "3")]
        slot: Option<SlotRecord>,
        #[prost(int64, tag = "4")]
        due_at: i64,
        #[prost(int64, optional, tag = "5")]
        expected_at: Option<i64>,
        #[prost(bytes = "vec", tag = "6")]
        phone: Vec<u8>,
        #[prost(string, optional, tag = "7")]
        our_number: Option<String>,
        #[prost(string, optional, tag = "8")]
        time_zone: Option<String>,
        #[prost(uint32, tag = "9")]
        attempts: u32,
        #[prost(bytes = "vec", optional, tag = "10")]
        by: Option<Vec<u8>>,
    }
}

record! {
    /// A text message that waits to be sent.
    CallbackTextRecord for CallbackText {
        #[prost(bytes = "vec", tag = "1")]
        customer: Vec<u8>,
        #[prost(message, optional, tag = "2")]
        view: Option<CallbackViewRecord>,
        #[prost(string, optional, tag = "3")]
        language: Option<String>,
    }
}

record! {
    /// What a conversation's row says of its callback.
    CallbackRowRecord for CallbackRow {
        #[prost(message, optional, tag = "1")]
        slot: Option<SlotRecord>,
        #[prost(int64, tag = "2")]
        due_at: i64,
        #[prost(uint32, tag = "3")]
        attempts: u32,
        #[prost(int64, optional, tag = "4")]
        expected_at: Option<i64>,
        #[prost(string, optional, tag = "5")]
        time_zone: Option<String>,
    }
}

record! {
    /// When an agent works.
    AgentHoursRecord for AgentHours {
        #[prost(uint32, repeated, tag = "1")]
        hours: Vec<u32>,
        #[prost(string, tag = "2")]
        time_zone: String,
    }
}

/// Three numbers an interval: the day (0 is Monday), its first minute, the minute after it.
impl Wire<Vec<u32>> for WeeklyHours {
    fn write(&self, _: &mut Writer<'_>) -> Vec<u32> {
        let days = (0u32..).zip(self.days());
        days.flat_map(|(day, open)| {
            open.iter()
                .flat_map(move |(from, to)| [day, u32::from(*from), u32::from(*to)])
        })
        .collect()
    }

    fn read(record: Vec<u32>, _: Reader<'_>) -> Result<Self, RecordError> {
        let mut days: Vec<Vec<(u16, u16)>> = vec![Vec::new(); 7];
        for part in record.chunks(3) {
            let [day, from, to] = part else {
                return Err(Problem::Length(record.len()).into());
            };
            let minute = |number: u32| {
                u16::try_from(number).map_err(|_| RecordError::from(Problem::Number(number.into())))
            };
            let interval = (minute(*from)?, minute(*to)?);
            match days.get_mut(*day as usize) {
                Some(day) => day.push(interval),
                None => return Err(Problem::Number((*day).into()).into()),
            }
        }
        WeeklyHours::new(days).map_err(|error| Problem::Parse(error.to_string()).into())
    }
}

/// Which time is asked for. `kind`: 1 now, 2 at a slot, 3 the first from a time on.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SlotWishRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(message, optional, tag = "2")]
    slot: Option<SlotRecord>,
    #[prost(int64, tag = "3")]
    from: i64,
}

impl Wire<SlotWishRecord> for SlotWish {
    fn write(&self, w: &mut Writer<'_>) -> SlotWishRecord {
        let mut record = SlotWishRecord::default();
        record.kind = match self {
            SlotWish::Now => 1,
            SlotWish::At(slot) => {
                record.slot = slot.write(w);
                2
            }
            SlotWish::From(from) => {
                record.from = from.write(w);
                3
            }
        };
        record
    }

    fn read(record: SlotWishRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record.kind {
            1 => SlotWish::Now,
            2 => SlotWish::At(take!(record.slot, SlotWishRecord, r)),
            3 => SlotWish::From(Timestamp(record.from)),
            other => {
                return Err(
                    RecordError::from(Problem::Number(other.into())).at("SlotWishRecord", "kind")
                );
            }
        })
    }
}

required!(SlotWishRecord for SlotWish);

record! {
    /// A booked cell.
    BookingRecord for Booking {
        #[prost(bytes = "vec", tag = "1")]
        customer: Vec<u8>,
        #[prost(message, optional, tag = "2")]
        needs: Option<NeedsRecord>,
        #[prost(int64, tag = "3")]
        cell: i64,
        #[prost(bytes = "vec", optional, tag = "4")]
        number: Option<Vec<u8>>,
    }
}

pair! {
    /// A booked cell in routing's memory.
    BookingEntry for (InteractionId, Booking) {
        #[prost(bytes = "vec", tag = "1")]
        conversation: Vec<u8>,
        #[prost(message, optional, tag = "2")]
        booking: Option<BookingRecord>,
    }
}

record! {
    /// What is remembered of a number.
    NumberUseRecord for NumberUse {
        #[prost(int64, repeated, tag = "1")]
        asked_at: Vec<i64>,
        #[prost(bytes = "vec", optional, tag = "2")]
        last: Option<Vec<u8>>,
        #[prost(int64, tag = "3")]
        blocked_until: i64,
    }
}

pair! {
    /// A number in routing's memory.
    NumberEntry for (LinkKey, NumberUse) {
        #[prost(bytes = "vec", tag = "1")]
        number: Vec<u8>,
        #[prost(message, optional, tag = "2")]
        used: Option<NumberUseRecord>,
    }
}
