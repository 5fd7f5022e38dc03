//! Booked times of callbacks, from what agents who work then can take.
//!
//! Time is cut into cells of a quarter of an hour. In each, the agents who work then have so
//! many minutes for callbacks, less a share that is kept for live work; each booking takes
//! the minutes of one callback from somebody who can serve it. A booking is made only where
//! all bookings of the cell can be served at once, so what is promised fits what is there.
//! Agents who leave later may make it too much: then customers are told that we are late.

use std::{cmp::Ordering, collections::BTreeMap};

use super::{Routing, Run, lane::LaneKey};
use crate::model::{
    AgentHours, AgentProfile, Booking, CELL, CallbackSettings, ChannelKind, CustomerId,
    InteractionId, LinkKey, Millis, Needs, OpenInterval, RouteState, RouteToCustomer, Slot,
    SlotRefusal, SlotWish, Timestamp,
};

/// How many bookings may be open at once.
const BOOKINGS_MAX: usize = 50_000;

/// How many different needs the bookings of one cell may have; a further one finds no room.
const NEEDS_PER_CELL_MAX: usize = 6;

/// How many remembered numbers are looked at for being over with each request.
const NUMBERS_SWEPT: usize = 16;

const DAY: Millis = Millis::from_secs(86_400);

/// What capacity is made of, to be looked at away from the machine.
#[derive(Debug, Clone, Default)]
pub struct SlotBook {
    agents: Vec<AgentProfile>,
    bookings: BTreeMap<Timestamp, Vec<Needs>>,
}

/// How callbacks stand for one customer's needs, as of now.
#[derive(Debug, Clone)]
pub struct CallbackOutlook {
    /// Whether anybody who makes callbacks is signed in.
    pub staffed: bool,
    /// The expected wait for a callback now, seconds, if that can be said.
    pub wait_s: Option<u32>,
    /// For the times ahead.
    pub book: SlotBook,
    /// What the customer's callback needs.
    pub needs: Needs,
}

impl SlotBook {
    fn of(state: &RouteState) -> Self {
        let mut book = Self {
            agents: callers(state).cloned().collect(),
            bookings: BTreeMap::new(),
        };
        for booking in state.bookings.values() {
            let cell = book.bookings.entry(booking.cell).or_default();
            cell.push(booking.needs.clone());
        }
        book
    }

    /// The beginnings of the cells in `[from, to)` that have room for one more callback with
    /// these needs, in order.
    pub fn free_cells(
        &self,
        needs: &Needs,
        from: Timestamp,
        to: Timestamp,
        settings: &CallbackSettings,
    ) -> Vec<Timestamp> {
        let from = on_grid(from);
        let open: Vec<Vec<OpenInterval>> = self
            .agents
            .iter()
            .map(|agent| hours_of(agent, settings, from, to))
            .collect();
        let wanted = possible(&self.agents.iter(), needs);
        let slot = Slot { from, to };
        slot.cells()
            .filter(|cell| {
                let working: Vec<(&AgentProfile, Millis)> = self
                    .agents
                    .iter()
                    .zip(&open)
                    .map(|(agent, open)| (agent, time_in(open, *cell)))
                    .filter(|(_, time)| time.0 > 0)
                    .collect();
                let booked = self.bookings.get(cell).into_iter().flatten();
                fits(&working, booked.map(LaneKey::of), &wanted, settings)
            })
            .collect()
    }
}

impl Routing {
    /// How callbacks stand for a customer with these needs.
    pub fn callback_outlook(&self, needs: &Needs) -> CallbackOutlook {
        CallbackOutlook {
            staffed: self.index.staffs(ChannelKind::Callback),
            wait_s: self.index.wait_if_queued(needs, &self.state),
            book: SlotBook::of(&self.state),
            needs: needs.clone(),
        }
    }

    /// Checks that no cell is promised more often than it can be served: for tests.
    ///
    /// # Errors
    /// The cell, in words.
    pub fn check_slots(&self, settings: &CallbackSettings) -> Result<(), String> {
        let mut cells: BTreeMap<Timestamp, Vec<LaneKey>> = BTreeMap::new();
        for booking in self.state.bookings.values() {
            let cell = cells.entry(booking.cell).or_default();
            cell.push(LaneKey::of(&booking.needs));
        }
        for (cell, mut booked) in cells {
            let working = working(&self.state, settings, cell);
            let Some(one) = booked.pop() else { continue };
            if !fits(&working, booked.into_iter(), &one, settings) {
                return Err(format!("more is booked at {cell} than can be served"));
            }
        }
        Ok(())
    }
}

impl Run<'_> {
    /// Books a time, in place of what is booked for the callback already.
    pub(super) fn book_slot(
        &mut self,
        customer: CustomerId,
        conversation: InteractionId,
        number: LinkKey,
        wish: SlotWish,
        needs: &Needs,
        within: &[AgentHours],
    ) {
        self.forget_passed(number);
        let before = self.state.bookings.remove(&conversation);
        let is_new = before.is_none() && !matches!(wish, SlotWish::From(_));
        let found = if is_new {
            self.may_call(customer, number)
        } else if self.is_blocked(number) {
            Err(SlotRefusal::NumberBlocked)
        } else {
            Ok(())
        }
        .and_then(|()| self.find_cell(wish, needs, within));
        let message = match found {
            Ok(found) => {
                if is_new {
                    self.count(customer, number);
                }
                if let Some((_, cell)) = found {
                    let needs = possible(&callers(self.state), needs).needs(needs);
                    let booking = Booking {
                        customer,
                        needs,
                        cell,
                        number: Some(number),
                    };
                    self.state.bookings.insert(conversation, booking);
                }
                RouteToCustomer::SlotBooked {
                    conversation,
                    slot: found.map(|(slot, _)| slot),
                    due_at: found.map_or(self.at, |(_, cell)| cell),
                }
            }
            Err(why) => {
                if let Some(before) = before {
                    self.state.bookings.insert(conversation, before);
                }
                RouteToCustomer::SlotRefused { conversation, why }
            }
        };
        self.tell(customer, message);
    }

    /// Gives a booked time back. An unknown one changes nothing.
    pub(super) fn cancel_slot(&mut self, conversation: InteractionId) {
        self.state.bookings.remove(&conversation);
    }

    /// Whoever has this number had not asked to be called: what is booked for it, by
    /// whomever, is given back.
    pub(super) fn block_number(&mut self, number: LinkKey) {
        let until = self.at + self.settings.callbacks.wrong_person_block;
        let used = self.state.numbers.entry(number).or_default();
        used.blocked_until = used.blocked_until.max(until);
        if !self.is_blocked(number) {
            return;
        }
        let booked = self.state.bookings.iter();
        let stopped: Vec<(InteractionId, CustomerId)> = booked
            .filter(|(_, booking)| booking.number == Some(number))
            .map(|(conversation, booking)| (*conversation, booking.customer))
            .collect();
        for (conversation, customer) in stopped {
            self.state.bookings.remove(&conversation);
            let why = SlotRefusal::NumberBlocked;
            self.tell(customer, RouteToCustomer::SlotRefused { conversation, why });
        }
    }

    /// Whether the number is left alone because somebody there had not asked.
    pub(super) fn is_blocked(&self, number: LinkKey) -> bool {
        let used = self.state.numbers.get(&number);
        used.is_some_and(|used| used.blocked_until > self.at)
    }

    fn find_cell(
        &self,
        wish: SlotWish,
        needs: &Needs,
        within: &[AgentHours],
    ) -> Result<Option<(Slot, Timestamp)>, SlotRefusal> {
        let settings = &self.settings.callbacks;
        let last = self.at + settings.horizon;
        let slot = match wish {
            SlotWish::Now => return Ok(None),
            SlotWish::At(slot) => {
                let soon = slot.from < self.at + settings.lead;
                if soon || slot.to > last || !slot.is_on_grid() {
                    return Err(SlotRefusal::OutOfReach);
                }
                slot
            }
            SlotWish::From(from) => Slot {
                from: on_grid(from),
                to: last,
            },
        };
        if self.state.bookings.len() >= BOOKINGS_MAX {
            return Err(SlotRefusal::Full);
        }
        let open = AgentHours::open_in_all(within, slot.from, slot.to);
        let is_open = |cell: Timestamp| {
            open.iter()
                .any(|part| part.from <= cell && cell + CELL <= part.to)
        };
        let cell = SlotBook::of(self.state)
            .free_cells(needs, slot.from, slot.to, settings)
            .into_iter()
            .find(|cell| is_open(*cell))
            .ok_or(SlotRefusal::Full)?;
        let slot = match wish {
            SlotWish::From(_) => Slot {
                from: cell,
                to: cell + CELL,
            },
            _ => slot,
        };
        Ok(Some((slot, cell)))
    }

    /// Whether one more callback to this number may be asked for.
    fn may_call(&self, customer: CustomerId, number: LinkKey) -> Result<(), SlotRefusal> {
        let settings = &self.settings.callbacks;
        let Some(used) = self.state.numbers.get(&number) else {
            return Ok(());
        };
        if self.is_blocked(number) {
            return Err(SlotRefusal::NumberBlocked);
        }
        let today = used.asked_at.iter().filter(|at| **at + DAY > self.at);
        if today.count() >= settings.number_per_day as usize {
            return Err(SlotRefusal::NumberLimit);
        }
        let rests = used
            .asked_at
            .last()
            .is_some_and(|last| *last + settings.number_cooldown > self.at);
        if rests && used.last != Some(customer) {
            return Err(SlotRefusal::NumberCoolDown);
        }
        Ok(())
    }

    fn count(&mut self, customer: CustomerId, number: LinkKey) {
        let at = self.at;
        let used = self.state.numbers.entry(number).or_default();
        used.asked_at.retain(|asked_at| *asked_at + DAY > at);
        used.asked_at.push(at);
        used.last = Some(customer);
    }

    /// Forgets booked times that have passed, and, from this number on, numbers that were
    /// not asked for within a day.
    fn forget_passed(&mut self, number: LinkKey) {
        let at = self.at;
        self.state
            .bookings
            .retain(|_, booking| booking.cell + CELL > at);
        let is_over = |used: &crate::model::NumberUse| {
            used.blocked_until <= at && used.asked_at.iter().all(|asked| *asked + DAY <= at)
        };
        let after = self.state.numbers.range(number..);
        let around = after.chain(self.state.numbers.range(..number));
        let over: Vec<LinkKey> = around
            .take(NUMBERS_SWEPT)
            .filter(|(_, used)| is_over(used))
            .map(|(key, _)| *key)
            .collect();
        for key in over {
            self.state.numbers.remove(&key);
        }
    }
}

/// Whoever makes callbacks at all.
fn callers(state: &RouteState) -> impl Iterator<Item = &AgentProfile> + Clone {
    let profiles = state.agents.values().map(|agent| &agent.profile);
    profiles.filter(|profile| profile.active && profile.capacity.callback > 0)
}

/// What is needed of an agent, relaxed where nobody at all has it: the language first, then
/// the skill, as for requests that wait too long.
fn possible<'a>(
    agents: &(impl Iterator<Item = &'a AgentProfile> + Clone),
    needs: &Needs,
) -> LaneKey {
    let exact = LaneKey::of(needs);
    let any_language = exact.any_language();
    [exact, any_language]
        .into_iter()
        .find(|key| agents.clone().any(|agent| key.fits(agent)))
        .unwrap_or_else(|| LaneKey::anybody(needs.channel))
}

fn on_grid(at: Timestamp) -> Timestamp {
    let cell = CELL.0 as i64;
    Timestamp((at.0 + cell - 1).div_euclid(cell) * cell)
}

fn hours_of(
    agent: &AgentProfile,
    settings: &CallbackSettings,
    from: Timestamp,
    to: Timestamp,
) -> Vec<OpenInterval> {
    let own = agent.hours.as_ref().unwrap_or(&settings.hours);
    own.open(from, to)
}

/// How much of a cell is open. Intervals are in order.
fn time_in(open: &[OpenInterval], cell: Timestamp) -> Millis {
    let end = cell + CELL;
    let place = open.binary_search_by(|part| {
        if part.to <= cell {
            Ordering::Less
        } else if part.from >= end {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    });
    // A cell with a pause in it counts one side of the pause: less is promised, not more.
    place.map_or(Millis(0), |place| open[place].overlap(cell, end))
}

fn working<'a>(
    state: &'a RouteState,
    settings: &CallbackSettings,
    cell: Timestamp,
) -> Vec<(&'a AgentProfile, Millis)> {
    callers(state)
        .map(|agent| {
            let open = hours_of(agent, settings, cell, cell + CELL);
            (agent, time_in(&open, cell))
        })
        .filter(|(_, time)| time.0 > 0)
        .collect()
}

/// Whether one more callback that needs `wanted` fits into a cell beside what is booked.
///
/// For every set of needs, those who can serve any of them must have time for all of them:
/// that is exact for time that can be divided (Hall's condition).
fn fits(
    working: &[(&AgentProfile, Millis)],
    booked: impl Iterator<Item = LaneKey>,
    wanted: &LaneKey,
    settings: &CallbackSettings,
) -> bool {
    let mut demand: Vec<(LaneKey, u64)> = vec![(wanted.clone(), settings.handle.0)];
    for key in booked {
        match demand.iter_mut().find(|(known, _)| *known == key) {
            Some((_, time)) => *time += settings.handle.0,
            None => demand.push((key, settings.handle.0)),
        }
    }
    if demand.len() > NEEDS_PER_CELL_MAX {
        return false;
    }
    let share = u64::from(100u32.saturating_sub(settings.keep_live_percent));
    let mut supply: BTreeMap<u32, u64> = BTreeMap::new();
    for (agent, time) in working {
        let serves = demand
            .iter()
            .enumerate()
            .fold(0, |serves, (place, (key, _))| {
                serves | u32::from(key.fits(agent)) << place
            });
        let seats = u64::from(agent.capacity.callback);
        *supply.entry(serves).or_default() += time.0 * seats * share / 100;
    }
    (1..1u32 << demand.len()).all(|set| {
        let wanted: u64 = demand
            .iter()
            .enumerate()
            .filter(|(place, _)| set & 1 << place != 0)
            .map(|(_, (_, time))| time)
            .sum();
        let there: u64 = supply
            .iter()
            .filter(|(serves, _)| **serves & set != 0)
            .map(|(_, time)| time)
            .sum();
        wanted <= there
    })
}
