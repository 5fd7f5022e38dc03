//! A day at a chat desk, to see what pacing is worth: people who ask and people who are
//! offered help, agents who take seconds to answer and minutes to help, and the real routing
//! machine between them.
//!
//! The same people come whoever decides about offers, so days can be compared. Everything
//! follows from a seed; a day of routing takes a second or two in a build for development.

mod day;
mod people;

pub use day::run;

/// Who decides whether somebody who struggles is offered a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Controller {
    /// Nobody is offered one.
    NoOffers,
    /// The routing machine, with seats shared by what is expected.
    Paced,
    /// The routing machine, with a seat an offer.
    SeatEach,
    /// Everybody is offered one, until the share answered in time of the last so many minutes
    /// is too low; again when it is not.
    Reactive {
        /// How many minutes.
        minutes: u64,
    },
    /// The same, by the last quarter of an hour that is over.
    ReactiveQuarter,
}

/// What a day is like.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// How many hours it has.
    pub hours: f64,
    /// Agents at work all day.
    pub agents: u32,
    /// How many chats each has at most.
    pub chats_each: u32,
    /// How many ask unasked in a minute, at the quietest and at the busiest time.
    pub unasked_per_min: (f64, f64),
    /// How many struggle in a minute, to be offered help.
    pub struggling_per_min: f64,
    /// Of those offered help, the share who would start a chat.
    pub accept_share: f64,
    /// How long they take: log-normal, its median.
    pub accept_median_s: f64,
    /// And the spread of its logarithm.
    pub accept_spread: f64,
    /// Of the others, the share who put the offer away.
    pub dismiss_share: f64,
    /// After that an offer is gone.
    pub expires_s: u64,
    /// How long a chat takes, on average: log-normal.
    pub handle_mean_s: f64,
    /// And the spread of its logarithm.
    pub handle_spread: f64,
    /// How long people wait, on average: exponential.
    pub patience_s: f64,
}

impl Default for Scenario {
    /// Forty agents with two chats each, eight hours with two busy times. Those who ask keep a
    /// half of the seats busy; those who struggle would fill the rest and more.
    fn default() -> Self {
        Self {
            hours: 8.0,
            agents: 40,
            chats_each: 2,
            unasked_per_min: (5.0, 10.0),
            struggling_per_min: 80.0,
            accept_share: 0.12,
            accept_median_s: 12.0,
            accept_spread: 0.9,
            dismiss_share: 0.4,
            expires_s: 300,
            handle_mean_s: 360.0,
            handle_spread: 0.94,
            patience_s: 449.0,
        }
    }
}

impl Scenario {
    /// How many ask in a minute, `at_min` after the start.
    fn unasked_per_min_at(&self, at_min: f64) -> f64 {
        let (least, most) = self.unasked_per_min;
        let turns = 2.0 * at_min / (self.hours * 60.0);
        let height = 0.5 - 0.5 * (std::f64::consts::TAU * turns).cos();
        least + (most - least) * height
    }

    fn handle_median_s(&self) -> f64 {
        self.handle_mean_s * (-self.handle_spread * self.handle_spread / 2.0).exp()
    }
}

/// What a day came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DayResult {
    /// Offers with the chat option.
    pub offered: u32,
    /// Chats started from them.
    pub accepted: u32,
    /// Of those, how many were not answered within the target, whether they waited or left.
    pub accepted_late: u32,
    /// Of those, how many left before anybody came.
    pub accepted_left: u32,
    /// Offers that lost the chat option while they were open.
    pub lost: u32,
    /// Of those, how many would have been accepted.
    pub lost_wanted: u32,
    /// Who asked unasked.
    pub asked: u32,
    /// Of those, how many left before anybody came.
    pub asked_left: u32,
    /// By quarter of an hour: how many began to wait, and how many of them count as in time.
    pub quarters: Vec<Quarter>,
    /// Seconds that agents spent in chats over the seconds they could have.
    pub occupancy: f64,
}

/// A quarter of an hour, by when people began to wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quarter {
    /// Who began to wait, but for those who left within the target.
    pub counted: u32,
    /// Who was answered within the target.
    pub in_time: u32,
}

impl Quarter {
    /// Answered within the target over entered less left within the target.
    pub fn service_level(self) -> f64 {
        match self.counted {
            0 => 1.0,
            counted => f64::from(self.in_time) / f64::from(counted),
        }
    }
}

impl DayResult {
    /// The share of quarters of an hour with at least this service level.
    pub fn quarters_at(&self, service_level: f64) -> f64 {
        let good = self
            .quarters
            .iter()
            .filter(|quarter| quarter.service_level() >= service_level)
            .count();
        good as f64 / self.quarters.len().max(1) as f64
    }

    /// The service level of the whole day.
    pub fn service_level(&self) -> f64 {
        let all = self
            .quarters
            .iter()
            .fold(Quarter::default(), |sum, next| Quarter {
                counted: sum.counted + next.counted,
                in_time: sum.in_time + next.in_time,
            });
        all.service_level()
    }

    /// The share of accepted offers that were not answered within the target.
    pub fn accepted_late_share(&self) -> f64 {
        f64::from(self.accepted_late) / f64::from(self.accepted.max(1))
    }

    /// Adds another day.
    pub fn add(&mut self, other: &Self) {
        let days = self.quarters.len() as f64;
        let more = other.quarters.len() as f64;
        self.occupancy = (self.occupancy * days + other.occupancy * more) / (days + more).max(1.0);
        self.offered += other.offered;
        self.accepted += other.accepted;
        self.accepted_late += other.accepted_late;
        self.accepted_left += other.accepted_left;
        self.lost += other.lost;
        self.lost_wanted += other.lost_wanted;
        self.asked += other.asked;
        self.asked_left += other.asked_left;
        self.quarters.extend(&other.quarters);
    }
}
