//! Seats for offers: shared by as many as are expected to leave one for whoever accepts.
//!
//! A seat that is held for offers counts as in use, once, however many share it. Who accepts
//! gets that seat; the others move to another one, and where there is none, to nobody's harm
//! but theirs, the chat option is taken from them before they can choose it.

use std::collections::BTreeSet;

use super::{
    learned::Acceptance,
    outlook::{Now, poisson_above},
};
use crate::{
    model::{
        AgentId, ChannelKind, Millis, OfferId, OfferStyle, PacingMode, PacingOutlook,
        PacingSettings, RouteSettings, RouteState, RouteToCustomer, SeatHold, Timestamp,
    },
    route::{
        Routing, Run,
        index::{Index, place_of},
        lane::LaneKey,
    },
};

/// How likely it may be, with a new offer, that more offers are accepted than seats are held.
const SHORT_RISK: f64 = 0.1;
/// And when somebody waits who could have one of the seats; the others then share fewer.
const SPARE_RISK: f64 = 0.2;
/// And when it is the last one, which takes the chat option from the offers that had it.
const LAST_RISK: f64 = 0.05;
/// Of the requests that may be late, the share that offers may make late. The level is for
/// every quarter of an hour, of which some are busier than could be seen; this value keeps it
/// in more than 95 of 100 on simulated days.
const RISK_SHARE: f64 = 0.35;
/// How far ahead the service level must hold, seconds.
const HORIZON_S: f64 = 60.0;

/// What is open in a lane: the offers that share seats of its agents.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::route) struct Pool {
    /// Offers that are not answered.
    offers: u32,
    /// How many are expected to be accepted.
    expected: f64,
    /// Seats held for them.
    seats: u32,
    /// The held seat that the fewest acceptances are expected on.
    lightest: Option<(AgentId, f64)>,
}

/// The offers that share seats of a lane's agents.
fn pool(index: &Index, lane: usize, acceptance: &Acceptance, at: Timestamp) -> Pool {
    let mut pool = Pool::default();
    let place = place_of(index.lanes[lane].key.channel);
    for agent in &index.sharing[place] {
        let entry = &index.agents[agent];
        if !entry.lanes.contains(&lane) {
            continue;
        }
        let shared = &entry.shared[place];
        let expected = shared
            .values()
            .map(|(style, since)| acceptance.at(*style, at.since(*since)))
            .sum();
        pool.offers += shared.len() as u32;
        pool.expected += expected;
        pool.seats += 1;
        if pool.lightest.is_none_or(|(_, least)| expected < least) {
            pool.lightest = Some((*agent, expected));
        }
    }
    pool
}

impl Pool {
    /// Whether one more offer that is accepted with `chance` may do without a seat more.
    fn has_room_for(&self, chance: f64) -> bool {
        self.seats > 0 && poisson_above(self.expected + chance, self.seats) <= SHORT_RISK
    }

    /// Whether the offers may do with one seat less.
    fn can_spare_one(&self) -> bool {
        let risk = match self.seats {
            0 => return false,
            1 => LAST_RISK,
            _ => SPARE_RISK,
        };
        poisson_above(self.expected, self.seats - 1) <= risk
    }
}

/// Where the offer's seat is.
enum Seat {
    Shared(AgentId),
    Free(AgentId),
}

impl Run<'_> {
    pub(in crate::route) fn acceptance(&self) -> Acceptance {
        Acceptance::of(&self.state.pacing, &self.settings.pacing)
    }

    fn pool(&self, lane: usize, acceptance: &Acceptance) -> Pool {
        pool(self.index, lane, acceptance, self.at)
    }

    /// The agent on whose seat a new offer is held; none where it would harm who comes.
    pub(in crate::route) fn seat_for_offer(
        &self,
        lane: usize,
        style: OfferStyle,
    ) -> Option<(AgentId, bool)> {
        let free = self.index.lanes[lane].free.first().map(|free| free.agent);
        if self.settings.pacing.mode == PacingMode::Held {
            return free.map(|agent| (agent, false));
        }
        let acceptance = self.acceptance();
        let pool = self.pool(lane, &acceptance);
        let chance = acceptance.at(style, Millis(0));
        let agent = match self.share(lane, &pool, chance)? {
            Seat::Shared(agent) | Seat::Free(agent) => agent,
        };
        let waits = self.index.lanes[lane].waiting.len() > 0;
        (!waits && self.level_holds(lane, &pool)).then_some((agent, true))
    }

    fn share(&self, lane: usize, pool: &Pool, chance: f64) -> Option<Seat> {
        let free = self.index.lanes[lane].free.first().map(|free| free.agent);
        match (pool.lightest, free) {
            (Some((lightest, _)), _) if pool.has_room_for(chance) => Some(Seat::Shared(lightest)),
            (_, Some(free)) => Some(Seat::Free(free)),
            _ => None,
        }
    }

    /// Whether those who come are answered in time although one more offer is accepted.
    fn level_holds(&self, lane: usize, pool: &Pool) -> bool {
        let now = now(self.index, self.state, self.settings, lane, pool, self.at);
        let settings = &self.settings.pacing;
        level_holds(&now, in_time(&now, settings.target.as_secs_f64()), settings)
    }

    /// Lets who waits have a seat that the offers of a lane can do without.
    pub(in crate::route) fn spare_seats(&mut self) {
        for channel in ChannelKind::ALL {
            let place = place_of(channel);
            if self.index.sharing[place].is_empty() || self.index.by_age[place].is_empty() {
                continue;
            }
            let acceptance = self.acceptance();
            let waiting: BTreeSet<usize> = self.index.sharing[place]
                .iter()
                .flat_map(|agent| &self.index.agents[agent].lanes)
                .copied()
                .filter(|lane| {
                    let lane = &self.index.lanes[*lane];
                    lane.key.channel == channel && lane.waiting.len() > 0
                })
                .collect();
            for lane in waiting {
                while self.index.lanes[lane].waiting.len() > 0 {
                    let pool = self.pool(lane, &acceptance);
                    let Some((agent, _)) = pool.lightest.filter(|_| pool.can_spare_one()) else {
                        break;
                    };
                    self.spare(agent, channel, &acceptance);
                }
            }
        }
    }

    /// Moves the offers that share an agent's seat to other shared seats, and gives the seat to
    /// who waits.
    fn spare(&mut self, agent: AgentId, channel: ChannelKind, acceptance: &Acceptance) {
        for (offer, hold) in self.unshare(agent, channel) {
            self.move_to_shared(offer, hold, acceptance);
        }
        self.fill(agent);
    }

    /// The offers on the agent's shared seat, which is then free.
    pub(in crate::route) fn unshare(
        &mut self,
        agent: AgentId,
        channel: ChannelKind,
    ) -> Vec<(OfferId, SeatHold)> {
        let offers: Vec<OfferId> = self.work_of(agent).shared[place_of(channel)]
            .keys()
            .copied()
            .collect();
        offers
            .into_iter()
            .filter_map(|offer| Some((offer, self.unhold(offer)?)))
            .collect()
    }

    /// Keeps an offer whose seat is gone: on a seat that is shared already, whatever is
    /// expected of it, else without its chat option.
    fn move_to_shared(&mut self, offer: OfferId, hold: SeatHold, acceptance: &Acceptance) {
        let lane = self.lane(&LaneKey::of(&hold.needs));
        match self.pool(lane, acceptance).lightest {
            Some((agent, _)) => self.hold(offer, SeatHold { agent, ..hold }),
            None => self.lose(offer, &hold),
        }
    }

    /// Gives an offer whose seat is gone another one: a shared one with room, a free one, any
    /// shared one; else the customer is told.
    pub(in crate::route) fn seat_again(&mut self, offer: OfferId, hold: SeatHold) {
        let lane = self.lane(&LaneKey::of(&hold.needs));
        if !hold.shares {
            match self.index.lanes[lane].free.first().map(|free| free.agent) {
                Some(agent) => self.hold(offer, SeatHold { agent, ..hold }),
                None => self.lose(offer, &hold),
            }
            return;
        }
        let acceptance = self.acceptance();
        let pool = self.pool(lane, &acceptance);
        let chance = acceptance.at(hold.style, self.at.since(hold.since));
        match self.share(lane, &pool, chance) {
            Some(Seat::Shared(agent) | Seat::Free(agent)) => {
                self.hold(offer, SeatHold { agent, ..hold });
            }
            None => self.move_to_shared(offer, hold, &acceptance),
        }
    }

    fn lose(&mut self, offer: OfferId, hold: &SeatHold) {
        self.tell(hold.customer, RouteToCustomer::SeatLost { offer });
    }
}

fn level_holds(now: &Now, in_time: f64, settings: &PacingSettings) -> bool {
    let late = 1.0 - in_time;
    // While one chat lasts so many come; where that is less than one, their risk is too.
    let come = now.arrivals_s * now.handle_s;
    late * come.min(1.0) <= (1.0 - settings.service_level) * RISK_SHARE
}

fn in_time(now: &Now, target_s: f64) -> f64 {
    let at_once = now.in_time(0.0, target_s);
    at_once.min(now.in_time(HORIZON_S, target_s))
}

fn now(
    index: &Index,
    state: &RouteState,
    settings: &RouteSettings,
    number: usize,
    pool: &Pool,
    at: Timestamp,
) -> Now {
    let lane = &index.lanes[number];
    let place = place_of(lane.key.channel);
    // Agents of several lanes share what comes evenly, by their seats.
    let anybody = &index.lanes[index.lane_by_key[&LaneKey::anybody(lane.key.channel)]];
    let share = f64::from(lane.seats) / f64::from(anybody.seats.max(1));
    let in_use = lane.used.saturating_sub(pool.seats);
    Now {
        seats: lane.seats,
        taken: in_use + lane.waiting.len() as u32 + 1,
        expected: pool.expected,
        arrivals_s: state.pacing.arrivals[place].rate_s(at) * share,
        handle_s: state.pacing.handled[place].mean_s(settings.pacing.handle),
    }
}

impl Routing {
    /// What pacing sees of everybody on `channel`, as of `at`.
    pub fn outlook(
        &self,
        channel: ChannelKind,
        settings: &RouteSettings,
        at: Timestamp,
    ) -> PacingOutlook {
        let lane = self.index.lane_by_key[&LaneKey::anybody(channel)];
        let acceptance = Acceptance::of(&self.state.pacing, &settings.pacing);
        let mut pool = pool(&self.index, lane, &acceptance, at);
        let seats = self.index.lanes[lane].seats;
        let now = now(&self.index, &self.state, settings, lane, &pool, at);
        // Seats that are held for one offer alone.
        for hold in self.state.holds.values() {
            if hold.needs.channel == channel && !hold.shares {
                pool.offers += 1;
                pool.seats += 1;
                pool.expected += acceptance.at(hold.style, at.since(hold.since));
            }
        }
        let in_time = in_time(&now, settings.pacing.target.as_secs_f64());
        let waits = self.index.lanes[lane].waiting.len() > 0;
        let level_holds = settings.pacing.mode == PacingMode::Held
            || level_holds(&now, in_time, &settings.pacing) && !waits;
        PacingOutlook {
            level_holds,
            mode: settings.pacing.mode,
            outstanding: pool.offers,
            expected: pool.expected,
            held: pool.seats,
            seats,
            target: settings.pacing.target,
            service_level: settings.pacing.service_level,
            in_time: (seats > 0).then_some(in_time),
        }
    }
}
