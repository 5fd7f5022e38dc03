//! Telling customers where they stand, often enough to be useful and no more.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Run,
    index::{Due, place_of},
    lane::{LaneKey, WaitKey},
};
use crate::model::{ChannelKind, Millis, RequestId, RouteToCustomer, Timestamp};

/// A customer is not told a wait again before this, however short it was.
const AGAIN_AFTER_MIN: Millis = Millis::from_secs(60);

/// What "nobody is signed in" is in [`crate::model::RequestState::told_position`].
const TOLD_NO_AGENT: u32 = u32::MAX;

/// Where lines moved in this step.
pub(super) struct Touched {
    /// By lane: the foremost place that changed, and how often one did.
    lanes: BTreeMap<usize, (usize, usize)>,
    /// Who began to wait.
    entered: BTreeSet<RequestId>,
    /// Signed-in agents by channel before the step.
    staff_before: [u32; 2],
}

impl Touched {
    pub(super) fn new(staff_before: [u32; 2]) -> Self {
        Self {
            lanes: BTreeMap::new(),
            entered: BTreeSet::new(),
            staff_before,
        }
    }

    pub(super) fn moved(&mut self, lane: usize, rank: usize) {
        let (foremost, moves) = self.lanes.entry(lane).or_insert((rank, 0));
        *foremost = rank.min(*foremost);
        *moves += 1;
    }

    pub(super) fn entered(&mut self, request: RequestId) {
        self.entered.insert(request);
    }
}

/// The step on the scale of places that `position` falls in: every place up to 10, then by
/// tens to 100, by hundreds to 1,000, and so on. A customer is told again when it changes.
fn rung(position: u32) -> u32 {
    if position <= 10 {
        return position;
    }
    let mut width = 10;
    while position > width * 10 {
        width *= 10;
    }
    position.div_ceil(width) * width
}

/// The rungs up to `length`, smallest first.
fn rungs(length: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(1), |rung_now| Some(rung(rung_now + 1)))
        .take_while(move |rung_now| *rung_now <= length)
}

impl Run<'_> {
    /// Whether anybody who works on the channel is signed in. Everybody counts, whatever the
    /// needs, because needs are relaxed after the bounded wait.
    pub(super) fn staffed(&self, channel: ChannelKind) -> bool {
        self.index.staff[place_of(channel)] > 0
    }

    /// The expected wait at `position` (1 is next) of a lane, in seconds: the smoothed handle
    /// time times the position, over the seats of the agents who take its work. `None` until
    /// a request was served, and while nobody takes its work.
    pub(super) fn wait_s(&self, lane: usize, position: u32) -> Option<u32> {
        let lane = &self.index.lanes[lane];
        let handle_s = self.state.handle_s[place_of(lane.key.channel)];
        (lane.seats > 0 && handle_s > 0.0).then(|| {
            let wait_s = f64::from(handle_s) * f64::from(position) / f64::from(lane.seats);
            libm::ceil(wait_s) as u32
        })
    }

    /// Tells those whose place moved to another rung, those who began to wait, and, when the
    /// first agent of a channel came or the last one left, everybody who waits there.
    pub(super) fn tell_places(&mut self) {
        let mut due: BTreeMap<RequestId, (usize, u32)> = BTreeMap::new();
        for (lane, (foremost, moves)) in std::mem::take(&mut self.touched.lanes) {
            let waiting = &self.index.lanes[lane].waiting;
            let length = waiting.len();
            for rung in rungs(length as u32) {
                // With `moves` moves a place just at or behind a rung may have crossed it.
                let first = (rung as usize).saturating_sub(moves).max(foremost);
                let last = (rung as usize + moves).min(length);
                for rank in first..last {
                    if let Some(key) = waiting.nth(rank) {
                        due.insert(key.request, (lane, rank as u32 + 1));
                    }
                }
            }
        }
        for channel in ChannelKind::ALL {
            let before = self.touched.staff_before[place_of(channel)] > 0;
            if before != self.staffed(channel) {
                for (_, request) in &self.index.by_age[place_of(channel)] {
                    self.touched.entered.insert(*request);
                }
            }
        }
        for id in std::mem::take(&mut self.touched.entered) {
            let Some(request) = self.state.requests.get(&id) else {
                continue;
            };
            let lane = self.index.lane_by_key[&LaneKey::of(&request.needs)];
            let position = self.index.lanes[lane]
                .waiting
                .rank(&WaitKey::of(id, request)) as u32
                + 1;
            due.insert(id, (lane, position));
        }
        for (id, (lane, position)) in due {
            self.tell_place(id, lane, position);
        }
    }

    /// Tells a customer who believes that nobody is there that somebody is asked.
    pub(super) fn tell_somebody_came(&mut self, id: RequestId) {
        let Some(request) = self.state.requests.get_mut(&id) else {
            return;
        };
        if request.told_position == TOLD_NO_AGENT {
            request.told_position = 1;
            let customer = request.customer;
            let waiting = RouteToCustomer::Waiting {
                request: id,
                position: 1,
                wait_s: None,
            };
            self.tell(customer, waiting);
        }
    }

    fn tell_place(&mut self, id: RequestId, lane: usize, position: u32) {
        let wait_s = self.wait_s(lane, position);
        let Some(request) = self.state.requests.get_mut(&id) else {
            return;
        };
        if request.stage != crate::model::RequestStage::Queued {
            return;
        }
        let customer = request.customer;
        let told = request.told_position;
        if self.index.staff[place_of(request.needs.channel)] == 0 {
            if told != TOLD_NO_AGENT {
                request.told_position = TOLD_NO_AGENT;
                self.expect(id, None);
                self.tell(customer, RouteToCustomer::NoAgent { request: id });
            }
        } else if told == 0 || told == TOLD_NO_AGENT || rung(told) != rung(position) {
            self.tell_waiting(id, position, wait_s);
        } else if request.tell_again_at.is_none() {
            // Came back to the line, or what the wait is was not known before.
            let again = self.again_after(wait_s);
            self.expect(id, again);
        }
    }

    /// The wait that a customer was told is over and they still wait: nobody who has waited
    /// for long is told less than that. So each of these comes after at least twice the time.
    pub(super) fn tell_wait_again(&mut self, id: RequestId) {
        self.expect(id, None);
        let request = &self.state.requests[&id];
        let lane = self.index.lane_by_key[&LaneKey::of(&request.needs)];
        let key = WaitKey::of(id, request);
        let position = self.index.lanes[lane].waiting.rank(&key) as u32 + 1;
        let waited_s = self.at.since(request.queued_at).as_secs_f64() as u32;
        if let Some(wait_s) = self.wait_s(lane, position) {
            self.tell_waiting(id, position, Some(wait_s.max(waited_s)));
        }
    }

    fn tell_waiting(&mut self, id: RequestId, position: u32, wait_s: Option<u32>) {
        let again = self.again_after(wait_s);
        self.expect(id, again);
        let Some(request) = self.state.requests.get_mut(&id) else {
            return;
        };
        request.told_position = position;
        let customer = request.customer;
        let waiting = RouteToCustomer::Waiting {
            request: id,
            position,
            wait_s,
        };
        self.tell(customer, waiting);
    }

    /// When a wait that is told now is over.
    fn again_after(&self, wait_s: Option<u32>) -> Option<Timestamp> {
        let wait = Millis::from_secs(wait_s?.into()).max(AGAIN_AFTER_MIN);
        Some(self.at + wait)
    }

    /// Sets when a customer who waits is told again.
    pub(super) fn expect(&mut self, id: RequestId, again: Option<Timestamp>) {
        let Some(request) = self.state.requests.get_mut(&id) else {
            return;
        };
        if let Some(before) = std::mem::replace(&mut request.tell_again_at, again) {
            self.index.dues.remove(&(before, Due::Wait(id)));
        }
        if let Some(at) = again {
            self.index.dues.insert((at, Due::Wait(id)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_single_places_then_one_significant_digit() {
        let all: Vec<u32> = rungs(2_500).collect();
        assert_eq!(
            all,
            [
                1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 200, 300, 400,
                500, 600, 700, 800, 900, 1_000, 2_000
            ]
        );
        for (position, expected) in [(10, 10), (11, 20), (100, 100), (101, 200), (9_999, 10_000)] {
            assert_eq!(rung(position), expected);
        }
    }
}
