//! The records of routing's state and of the messages to and from it.

use overture_engine::model::{AgentId, OfferId, RequestId};
use overture_engine::model::{
    AgentProfile, AgentState, ArrivalCount, Closed, CustomerToRoute, HandleTimes, Needs,
    NewRequest, OfferAnswers, PacingState, PerChannel, Presence, RequestStage, RequestState,
    RouteEvent, RouteState, RouteToCustomer, SeatHold, Timestamp,
};

use super::callback::{AgentHoursRecord, BookingEntry, NumberEntry, SlotRecord, SlotWishRecord};
use super::wire::{
    LevelPair, Problem, Reader, RecordError, Wire, Writer, numbers, pair, record, required, take,
};

numbers! {
    Presence { 0 = Offline, 1 = Available, 2 = Busy, 3 = Away, }
    Closed { 0 = Resolved, 1 = Abandoned, 2 = Failed, }
}

record! {
    /// A count for each channel.
    PerChannelRecord for PerChannel {
        #[prost(uint32, tag = "1")]
        chat: u32,
        #[prost(uint32, tag = "2")]
        callback: u32,
    }
}

record! {
    /// What an agent can do.
    AgentProfileRecord for AgentProfile {
        #[prost(message, repeated, tag = "1")]
        skills: Vec<LevelPair>,
        #[prost(string, repeated, tag = "2")]
        languages: Vec<String>,
        #[prost(message, optional, tag = "3")]
        capacity: Option<PerChannelRecord>,
        #[prost(bool, tag = "4")]
        active: bool,
        #[prost(message, optional, tag = "40")]
        hours: Option<AgentHoursRecord>,
    }
}

record! {
    /// What a request needs.
    NeedsRecord for Needs {
        #[prost(uint32, tag = "1")]
        channel: u32,
        #[prost(string, optional, tag = "2")]
        skill: Option<String>,
        #[prost(string, optional, tag = "3")]
        language: Option<String>,
        #[prost(uint32, tag = "4")]
        priority: u32,
    }
}

record! {
    /// A request as it enters the queue.
    NewRequestRecord for NewRequest {
        #[prost(bytes = "vec", tag = "1")]
        request: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        conversation: Vec<u8>,
        #[prost(message, optional, tag = "3")]
        needs: Option<NeedsRecord>,
        #[prost(bytes = "vec", optional, tag = "4")]
        offer: Option<Vec<u8>>,
        #[prost(string, tag = "5")]
        why: String,
        #[prost(bytes = "vec", optional, tag = "6")]
        number: Option<Vec<u8>>,
    }
}

/// An input of routing. `kind`: 1 agent changed, 2 presence set, 3 reservation accepted,
/// 4 rejected, 5 from a customer, 6 tick.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RouteEventRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(bytes = "vec", tag = "2")]
    agent: Vec<u8>,
    #[prost(message, optional, tag = "3")]
    profile: Option<AgentProfileRecord>,
    #[prost(uint32, tag = "4")]
    presence: u32,
    #[prost(bytes = "vec", tag = "5")]
    reservation: Vec<u8>,
    #[prost(bytes = "vec", tag = "6")]
    customer: Vec<u8>,
    #[prost(message, optional, tag = "7")]
    message: Option<CustomerToRouteRecord>,
}

impl Wire<RouteEventRecord> for RouteEvent {
    fn write(&self, w: &mut Writer<'_>) -> RouteEventRecord {
        let mut record = RouteEventRecord::default();
        record.kind = match self {
            RouteEvent::AgentChanged { agent, profile } => {
                record.agent = agent.write(w);
                record.profile = profile.write(w);
                1
            }
            RouteEvent::PresenceSet { agent, presence } => {
                record.agent = agent.write(w);
                record.presence = presence.write(w);
                2
            }
            RouteEvent::ReservationAccepted { agent, reservation } => {
                record.agent = agent.write(w);
                record.reservation = reservation.write(w);
                3
            }
            RouteEvent::ReservationRejected { agent, reservation } => {
                record.agent = agent.write(w);
                record.reservation = reservation.write(w);
                4
            }
            RouteEvent::FromCustomer { customer, message } => {
                record.customer = customer.write(w);
                record.message = message.write(w);
                5
            }
            RouteEvent::Tick => 6,
        };
        record
    }

    fn read(record: RouteEventRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record.kind {
            1 => RouteEvent::AgentChanged {
                agent: take!(record.agent, RouteEventRecord, r),
                profile: take!(record.profile, RouteEventRecord, r),
            },
            2 => RouteEvent::PresenceSet {
                agent: take!(record.agent, RouteEventRecord, r),
                presence: take!(record.presence, RouteEventRecord, r),
            },
            3 => RouteEvent::ReservationAccepted {
                agent: take!(record.agent, RouteEventRecord, r),
                reservation: take!(record.reservation, RouteEventRecord, r),
            },
            4 => RouteEvent::ReservationRejected {
                agent: take!(record.agent, RouteEventRecord, r),
                reservation: take!(record.reservation, RouteEventRecord, r),
            },
            5 => RouteEvent::FromCustomer {
                customer: take!(record.customer, RouteEventRecord, r),
                message: take!(record.message, RouteEventRecord, r),
            },
            6 => RouteEvent::Tick,
            other => {
                return Err(
                    RecordError::from(Problem::Number(other.into())).at("RouteEventRecord", "kind")
                );
            }
        })
    }
}

/// What a customer's step asks of routing. `kind`: 1 hold a seat, 2 release it,
/// 3 enqueue, 4 close, 40 book a slot, 41 cancel it, 42 block a number.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CustomerToRouteRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(bytes = "vec", tag = "2")]
    offer: Vec<u8>,
    #[prost(message, optional, tag = "3")]
    needs: Option<NeedsRecord>,
    #[prost(int64, tag = "4")]
    until: i64,
    #[prost(message, optional, tag = "5")]
    new: Option<NewRequestRecord>,
    #[prost(bytes = "vec", tag = "6")]
    request: Vec<u8>,
    #[prost(uint32, tag = "7")]
    how: u32,
    #[prost(bytes = "vec", tag = "40")]
    conversation: Vec<u8>,
    #[prost(bytes = "vec", tag = "41")]
    number: Vec<u8>,
    #[prost(message, optional, tag = "42")]
    wish: Option<SlotWishRecord>,
    #[prost(message, repeated, tag = "43")]
    within: Vec<AgentHoursRecord>,
    #[prost(uint32, tag = "44")]
    style: u32,
}

impl Wire<CustomerToRouteRecord> for CustomerToRoute {
    fn write(&self, w: &mut Writer<'_>) -> CustomerToRouteRecord {
        let mut record = CustomerToRouteRecord::default();
        record.kind = match self {
            CustomerToRoute::HoldSeat {
                offer,
                style,
                needs,
                until,
            } => {
                record.offer = offer.write(w);
                record.style = style.write(w);
                record.needs = needs.write(w);
                record.until = until.write(w);
                1
            }
            CustomerToRoute::ReleaseSeat { offer } => {
                record.offer = offer.write(w);
                2
            }
            CustomerToRoute::Enqueue(request) => {
                record.new = request.write(w);
                3
            }
            CustomerToRoute::Close { request, how } => {
                record.request = request.write(w);
                record.how = how.write(w);
                4
            }
            CustomerToRoute::BookSlot {
                conversation,
                number,
                wish,
                needs,
                within,
            } => {
                record.within = within.write(w);
                record.conversation = conversation.write(w);
                record.number = number.write(w);
                record.wish = wish.write(w);
                record.needs = needs.write(w);
                40
            }
            CustomerToRoute::CancelSlot { conversation } => {
                record.conversation = conversation.write(w);
                41
            }
            CustomerToRoute::BlockNumber { number } => {
                record.number = number.write(w);
                42
            }
        };
        record
    }

    fn read(record: CustomerToRouteRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record.kind {
            1 => CustomerToRoute::HoldSeat {
                offer: take!(record.offer, CustomerToRouteRecord, r),
                style: take!(record.style, CustomerToRouteRecord, r),
                needs: take!(record.needs, CustomerToRouteRecord, r),
                until: take!(record.until, CustomerToRouteRecord, r),
            },
            2 => CustomerToRoute::ReleaseSeat {
                offer: take!(record.offer, CustomerToRouteRecord, r),
            },
            3 => CustomerToRoute::Enqueue(take!(record.new, CustomerToRouteRecord, r)),
            4 => CustomerToRoute::Close {
                request: take!(record.request, CustomerToRouteRecord, r),
                how: take!(record.how, CustomerToRouteRecord, r),
            },
            40 => CustomerToRoute::BookSlot {
                conversation: take!(record.conversation, CustomerToRouteRecord, r),
                number: take!(record.number, CustomerToRouteRecord, r),
                wish: take!(record.wish, CustomerToRouteRecord, r),
                needs: take!(record.needs, CustomerToRouteRecord, r),
                within: take!(record.within, CustomerToRouteRecord, r),
            },
            41 => CustomerToRoute::CancelSlot {
                conversation: take!(record.conversation, CustomerToRouteRecord, r),
            },
            42 => CustomerToRoute::BlockNumber {
                number: take!(record.number, CustomerToRouteRecord, r),
            },
            other => {
                return Err(RecordError::from(Problem::Number(other.into()))
                    .at("CustomerToRouteRecord", "kind"));
            }
        })
    }
}

required!(CustomerToRouteRecord for CustomerToRoute);

/// What routing tells a customer's step. `kind`: 1 seat held, 2 denied, 3 lost, 4 waiting,
/// 5 no agent, 6 assigned, 7 requeued, 40 slot booked, 41 slot refused.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RouteToCustomerRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(bytes = "vec", tag = "2")]
    offer: Vec<u8>,
    #[prost(uint32, optional, tag = "3")]
    wait_s: Option<u32>,
    #[prost(bool, tag = "4")]
    staffed: bool,
    #[prost(bytes = "vec", tag = "5")]
    request: Vec<u8>,
    #[prost(uint32, tag = "6")]
    position: u32,
    #[prost(bytes = "vec", tag = "7")]
    agent: Vec<u8>,
    #[prost(bytes = "vec", tag = "40")]
    conversation: Vec<u8>,
    #[prost(message, optional, tag = "41")]
    slot: Option<SlotRecord>,
    #[prost(int64, tag = "42")]
    due_at: i64,
    #[prost(uint32, tag = "43")]
    refusal: u32,
}

impl Wire<RouteToCustomerRecord> for RouteToCustomer {
    fn write(&self, w: &mut Writer<'_>) -> RouteToCustomerRecord {
        let mut record = RouteToCustomerRecord::default();
        record.kind = match self {
            RouteToCustomer::SeatHeld { offer } => {
                record.offer = offer.write(w);
                1
            }
            RouteToCustomer::SeatDenied {
                offer,
                wait_s,
                staffed,
            } => {
                record.offer = offer.write(w);
                record.wait_s = *wait_s;
                record.staffed = *staffed;
                2
            }
            RouteToCustomer::SeatLost { offer } => {
                record.offer = offer.write(w);
                3
            }
            RouteToCustomer::Waiting {
                request,
                position,
                wait_s,
            } => {
                record.request = request.write(w);
                record.position = *position;
                record.wait_s = *wait_s;
                4
            }
            RouteToCustomer::NoAgent { request } => {
                record.request = request.write(w);
                5
            }
            RouteToCustomer::Assigned { request, agent } => {
                record.request = request.write(w);
                record.agent = agent.write(w);
                6
            }
            RouteToCustomer::Requeued { request } => {
                record.request = request.write(w);
                7
            }
            RouteToCustomer::SlotBooked {
                conversation,
                slot,
                due_at,
            } => {
                record.conversation = conversation.write(w);
                record.slot = slot.write(w);
                record.due_at = due_at.write(w);
                40
            }
            RouteToCustomer::SlotRefused { conversation, why } => {
                record.conversation = conversation.write(w);
                record.refusal = why.write(w);
                41
            }
        };
        record
    }

    fn read(record: RouteToCustomerRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record.kind {
            1 => RouteToCustomer::SeatHeld {
                offer: take!(record.offer, RouteToCustomerRecord, r),
            },
            2 => RouteToCustomer::SeatDenied {
                offer: take!(record.offer, RouteToCustomerRecord, r),
                wait_s: record.wait_s,
                staffed: record.staffed,
            },
            3 => RouteToCustomer::SeatLost {
                offer: take!(record.offer, RouteToCustomerRecord, r),
            },
            4 => RouteToCustomer::Waiting {
                request: take!(record.request, RouteToCustomerRecord, r),
                position: record.position,
                wait_s: record.wait_s,
            },
            5 => RouteToCustomer::NoAgent {
                request: take!(record.request, RouteToCustomerRecord, r),
            },
            6 => RouteToCustomer::Assigned {
                request: take!(record.request, RouteToCustomerRecord, r),
                agent: take!(record.agent, RouteToCustomerRecord, r),
            },
            7 => RouteToCustomer::Requeued {
                request: take!(record.request, RouteToCustomerRecord, r),
            },
            40 => RouteToCustomer::SlotBooked {
                conversation: take!(record.conversation, RouteToCustomerRecord, r),
                slot: take!(record.slot, RouteToCustomerRecord, r),
                due_at: take!(record.due_at, RouteToCustomerRecord, r),
            },
            41 => RouteToCustomer::SlotRefused {
                conversation: take!(record.conversation, RouteToCustomerRecord, r),
                why: take!(record.refusal, RouteToCustomerRecord, r),
            },
            other => {
                return Err(RecordError::from(Problem::Number(other.into()))
                    .at("RouteToCustomerRecord", "kind"));
            }
        })
    }
}

/// Routing's memory.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RouteRecord {
    #[prost(uint64, tag = "1")]
    applied: u64,
    #[prost(message, repeated, tag = "2")]
    agents: Vec<AgentEntry>,
    #[prost(message, repeated, tag = "3")]
    requests: Vec<RequestEntry>,
    #[prost(message, repeated, tag = "4")]
    holds: Vec<HoldEntry>,
    #[prost(float, tag = "5")]
    handle_chat_s: f32,
    #[prost(float, tag = "6")]
    handle_callback_s: f32,
    #[prost(message, repeated, tag = "40")]
    bookings: Vec<BookingEntry>,
    #[prost(message, repeated, tag = "41")]
    numbers: Vec<NumberEntry>,
    #[prost(message, optional, tag = "42")]
    pacing: Option<PacingRecord>,
}

impl Wire<RouteRecord> for RouteState {
    fn write(&self, w: &mut Writer<'_>) -> RouteRecord {
        RouteRecord {
            applied: self.applied.write(w),
            agents: self.agents.write(w),
            requests: self.requests.write(w),
            holds: self.holds.write(w),
            handle_chat_s: self.handle_s[0],
            handle_callback_s: self.handle_s[1],
            bookings: self.bookings.write(w),
            numbers: self.numbers.write(w),
            pacing: Some(self.pacing.write(w)),
        }
    }

    fn read(record: RouteRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(RouteState {
            applied: take!(record.applied, RouteRecord, r),
            agents: take!(record.agents, RouteRecord, r),
            requests: take!(record.requests, RouteRecord, r),
            holds: take!(record.holds, RouteRecord, r),
            handle_s: [record.handle_chat_s, record.handle_callback_s],
            bookings: take!(record.bookings, RouteRecord, r),
            numbers: take!(record.numbers, RouteRecord, r),
            pacing: match record.pacing {
                Some(pacing) => PacingState::read(pacing, r)?,
                None => PacingState::default(),
            },
        })
    }
}

pair! {
    /// An agent in routing's memory.
    AgentEntry for (AgentId, AgentState) {
        #[prost(bytes = "vec", tag = "1")]
        agent: Vec<u8>,
        #[prost(message, optional, tag = "2")]
        state: Option<AgentRecord>,
    }
}

pair! {
    /// A request in routing's memory.
    RequestEntry for (RequestId, RequestState) {
        #[prost(bytes = "vec", tag = "1")]
        request: Vec<u8>,
        #[prost(message, optional, tag = "2")]
        state: Option<RequestRecord>,
    }
}

pair! {
    /// A held seat in routing's memory.
    HoldEntry for (OfferId, SeatHold) {
        #[prost(bytes = "vec", tag = "1")]
        offer: Vec<u8>,
        #[prost(message, optional, tag = "2")]
        hold: Option<SeatHoldRecord>,
    }
}

record! {
    /// One agent.
    AgentRecord for AgentState {
        #[prost(message, optional, tag = "1")]
        profile: Option<AgentProfileRecord>,
        #[prost(uint32, tag = "2")]
        presence: u32,
        #[prost(int64, tag = "3")]
        idle_since: i64,
        #[prost(message, optional, tag = "4")]
        load: Option<PerChannelRecord>,
    }
}

record! {
    /// One open request.
    RequestRecord for RequestState {
        #[prost(bytes = "vec", tag = "1")]
        customer: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        conversation: Vec<u8>,
        #[prost(message, optional, tag = "3")]
        needs: Option<NeedsRecord>,
        #[prost(string, tag = "4")]
        why: String,
        #[prost(int64, tag = "5")]
        queued_at: i64,
        #[prost(message, optional, tag = "6")]
        stage: Option<RequestStageRecord>,
        #[prost(bytes = "vec", repeated, tag = "7")]
        passed: Vec<Vec<u8>>,
        #[prost(uint32, tag = "8")]
        told_position: u32,
        #[prost(int64, optional, tag = "9")]
        tell_again_at: Option<i64>,
    }
}

/// Where a request is. `kind`: 1 queued, 2 offered, 3 assigned.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RequestStageRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(bytes = "vec", tag = "2")]
    agent: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    reservation: Vec<u8>,
    #[prost(int64, tag = "4")]
    time: i64,
}

impl Wire<RequestStageRecord> for RequestStage {
    fn write(&self, w: &mut Writer<'_>) -> RequestStageRecord {
        let mut record = RequestStageRecord::default();
        record.kind = match self {
            RequestStage::Queued => 1,
            RequestStage::Offered {
                agent,
                reservation,
                until,
            } => {
                record.agent = agent.write(w);
                record.reservation = reservation.write(w);
                record.time = until.write(w);
                2
            }
            RequestStage::Assigned {
                agent,
                reservation,
                at,
            } => {
                record.agent = agent.write(w);
                record.reservation = reservation.write(w);
                record.time = at.write(w);
                3
            }
        };
        record
    }

    fn read(record: RequestStageRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record.kind {
            1 => RequestStage::Queued,
            2 => RequestStage::Offered {
                agent: take!(record.agent, RequestStageRecord, r),
                reservation: take!(record.reservation, RequestStageRecord, r),
                until: Timestamp(record.time),
            },
            3 => RequestStage::Assigned {
                agent: take!(record.agent, RequestStageRecord, r),
                reservation: take!(record.reservation, RequestStageRecord, r),
                at: Timestamp(record.time),
            },
            other => {
                return Err(RecordError::from(Problem::Number(other.into()))
                    .at("RequestStageRecord", "kind"));
            }
        })
    }
}

required!(RequestStageRecord for RequestStage);

record! {
    /// A held seat.
    SeatHoldRecord for SeatHold {
        #[prost(bytes = "vec", tag = "1")]
        customer: Vec<u8>,
        #[prost(message, optional, tag = "2")]
        needs: Option<NeedsRecord>,
        #[prost(bytes = "vec", tag = "3")]
        agent: Vec<u8>,
        #[prost(int64, tag = "4")]
        until: i64,
        #[prost(uint32, tag = "40")]
        style: u32,
        #[prost(int64, tag = "41")]
        since: i64,
        #[prost(bool, tag = "42")]
        shares: bool,
    }
}

/// What routing learned for pacing. The lists have a place for each channel (chat, callback) or
/// style (prompt, banner, guide); what is missing is nothing yet.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PacingRecord {
    #[prost(message, repeated, tag = "1")]
    arrivals: Vec<ArrivalCountRecord>,
    #[prost(message, repeated, tag = "2")]
    handled: Vec<HandleTimesRecord>,
    #[prost(message, repeated, tag = "3")]
    answers: Vec<OfferAnswersRecord>,
}

impl Wire<PacingRecord> for PacingState {
    fn write(&self, w: &mut Writer<'_>) -> PacingRecord {
        PacingRecord {
            arrivals: self.arrivals.iter().map(|count| count.write(w)).collect(),
            handled: self.handled.iter().map(|times| times.write(w)).collect(),
            answers: self
                .answers
                .iter()
                .map(|answers| answers.write(w))
                .collect(),
        }
    }

    fn read(record: PacingRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(PacingState {
            arrivals: places(record.arrivals, r)?,
            handled: places(record.handled, r)?,
            answers: places(record.answers, r)?,
        })
    }
}

/// The first places of a list that has grown or will grow.
fn places<T: Wire<R> + Default + Copy, R, const PLACES: usize>(
    records: Vec<R>,
    r: Reader<'_>,
) -> Result<[T; PLACES], RecordError> {
    let mut values = [T::default(); PLACES];
    for (value, record) in values.iter_mut().zip(records) {
        *value = T::read(record, r)?;
    }
    Ok(values)
}

record! {
    /// A fading count of arrivals.
    ArrivalCountRecord for ArrivalCount {
        #[prost(double, tag = "1")]
        count: f64,
        #[prost(int64, tag = "2")]
        at: i64,
        #[prost(int64, tag = "3")]
        since: i64,
    }
}

record! {
    /// Fading sums over logarithms of handle times.
    HandleTimesRecord for HandleTimes {
        #[prost(double, tag = "1")]
        count: f64,
        #[prost(double, tag = "2")]
        sum: f64,
        #[prost(double, tag = "3")]
        squares: f64,
    }
}

/// Fading counts of answers by age.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OfferAnswersRecord {
    #[prost(double, repeated, tag = "1")]
    accepted: Vec<f64>,
    #[prost(double, repeated, tag = "2")]
    declined: Vec<f64>,
}

impl Wire<OfferAnswersRecord> for OfferAnswers {
    fn write(&self, _: &mut Writer<'_>) -> OfferAnswersRecord {
        OfferAnswersRecord {
            accepted: self.accepted.to_vec(),
            declined: self.declined.to_vec(),
        }
    }

    fn read(record: OfferAnswersRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(OfferAnswers {
            accepted: places(record.accepted, r)?,
            declined: places(record.declined, r)?,
        })
    }
}
