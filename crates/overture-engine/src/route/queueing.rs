//! How long people wait in a queue that has settled: Erlang C and Erlang A, exactly.
//!
//! Arrivals are Poisson, handle times exponential, `servers` work side by side, whoever came
//! first is served first. In Erlang C nobody leaves; in Erlang A (M/M/n+M) each who waits
//! leaves after an exponential patience. Everything is computed by recurrences of positive
//! terms, without factorials: relative errors stay near 1e-12 up to 5,000 servers.
//!
//! What may happen within the next minute, from the seats as they are now, is in
//! `pacing/outlook.rs`.

/// A queue: how many serve, how fast people come, how long one takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Queue {
    /// How many serve, at least 1.
    pub servers: u32,
    /// Arrivals a second, at least 0.
    pub arrivals_s: f64,
    /// Mean handle time, seconds, above 0.
    pub handle_s: f64,
}

impl Queue {
    /// The offered load in erlangs.
    pub fn load(&self) -> f64 {
        self.arrivals_s * self.handle_s
    }

    /// How many who wait are served a second while everybody is busy.
    fn drain_s(&self) -> f64 {
        f64::from(self.servers) / self.handle_s
    }

    /// The share of arrivals that would be lost if nobody could wait: Erlang's B.
    pub fn erlang_b(&self) -> f64 {
        let load = self.load();
        (1..=self.servers).fold(1.0, |b, server| {
            let carried = load * b;
            carried / (f64::from(server) + carried)
        })
    }

    /// The queue when nobody leaves; `None` when more come than can ever be served.
    pub fn erlang_c(&self) -> Option<ErlangC> {
        let slack_s = self.drain_s() - self.arrivals_s;
        (slack_s > 0.0).then(|| {
            let b = self.erlang_b();
            let occupancy = self.load() / f64::from(self.servers);
            ErlangC {
                wait_share: b / (1.0 - occupancy * (1.0 - b)),
                slack_s,
                occupancy,
                arrivals_s: self.arrivals_s,
            }
        })
    }

    /// The queue when those who wait leave after `patience_s` seconds on average, above 0.
    /// There is always a settled one.
    pub fn erlang_a(&self, patience_s: f64) -> ErlangA {
        let leave_s = 1.0 / patience_s;
        let drain_s = self.drain_s();
        // Relative to the probability that exactly all servers are busy and nobody waits.
        let (mut weight, mut waiting, mut queue) = (1.0, 0.0, 0.0);
        let mut place = 1.0;
        loop {
            weight *= self.arrivals_s / (drain_s + place * leave_s);
            waiting += weight;
            queue += place * weight;
            let falls = self.arrivals_s < drain_s + place * leave_s;
            if falls && weight * (place + 1.0) < 1e-18 * (1.0 + queue) {
                break;
            }
            place += 1.0;
        }
        let total = 1.0 / self.erlang_b() + waiting;
        let queue = queue / total;
        ErlangA {
            busy_share: (1.0 + waiting) / total,
            queue,
            queue_of: *self,
            leave_s,
        }
    }
}

/// A settled queue that nobody leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErlangC {
    /// The share that has to wait.
    pub wait_share: f64,
    /// The share of time that servers are busy.
    pub occupancy: f64,
    slack_s: f64,
    arrivals_s: f64,
}

impl ErlangC {
    /// The probability to wait longer than `seconds`.
    pub fn waits_longer(&self, seconds: f64) -> f64 {
        self.wait_share * libm::exp(-self.slack_s * seconds)
    }

    /// The mean wait of everybody, seconds.
    pub fn mean_wait_s(&self) -> f64 {
        self.wait_share / self.slack_s
    }

    /// The wait that a share `below` of everybody does not exceed, seconds; `0.0..1.0`.
    pub fn wait_quantile_s(&self, below: f64) -> f64 {
        (libm::log(self.wait_share / (1.0 - below)) / self.slack_s).max(0.0)
    }

    /// How many wait, on average.
    pub fn mean_queue(&self) -> f64 {
        self.arrivals_s * self.mean_wait_s()
    }
}

/// A settled queue that people leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErlangA {
    /// The probability to find everybody busy.
    pub busy_share: f64,
    /// How many wait, on average.
    pub queue: f64,
    queue_of: Queue,
    leave_s: f64,
}

impl ErlangA {
    /// The share that leaves before being served.
    pub fn abandoned_share(&self) -> f64 {
        self.leave_s * self.mean_wait_s()
    }

    /// The mean wait of everybody, served or not, seconds.
    pub fn mean_wait_s(&self) -> f64 {
        match self.queue_of.arrivals_s {
            0.0 => 0.0,
            arrivals_s => self.queue / arrivals_s,
        }
    }

    /// The share of time that servers are busy.
    pub fn occupancy(&self) -> f64 {
        self.queue_of.load() * (1.0 - self.abandoned_share()) / f64::from(self.queue_of.servers)
    }

    /// The probability that somebody who would never leave waits longer than `seconds`:
    /// the offered wait V of Zeltyn and Mandelbaum (2005).
    pub fn offered_wait_longer(&self, seconds: f64) -> f64 {
        self.busy_share * self.tail(seconds) / self.tail(0.0)
    }

    /// The probability to be there and wait longer than `seconds`.
    pub fn waits_longer(&self, seconds: f64) -> f64 {
        self.offered_wait_longer(seconds) * libm::exp(-self.leave_s * seconds)
    }

    /// The wait that a share `below` of everybody, served or not, does not exceed, seconds.
    pub fn wait_quantile_s(&self, below: f64) -> f64 {
        let above = 1.0 - below;
        if self.busy_share <= above {
            return 0.0;
        }
        let mut high = 1.0 / self.leave_s;
        while self.waits_longer(high) > above {
            high *= 2.0;
        }
        let mut low = 0.0;
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if self.waits_longer(middle) > above {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    /// The integral of the offered wait's density, unscaled, from `from` on: its logarithm
    /// rises at `arrivals * e^(-leave * x) - drain`, so it is concave and has one peak.
    fn tail(&self, from: f64) -> f64 {
        let (arrivals_s, drain_s) = (self.queue_of.arrivals_s, self.queue_of.drain_s());
        let log_density = |x: f64| {
            let came = -libm::expm1(-self.leave_s * x) / self.leave_s;
            arrivals_s * came - drain_s * x
        };
        let peak_at = (libm::log(arrivals_s / drain_s) / self.leave_s).max(0.0);
        let peak = log_density(peak_at);
        let mut end = from.max(peak_at) + 1.0 / drain_s;
        while log_density(end) > peak - TAIL_EXPONENT {
            end += end - from.min(peak_at);
        }
        simpson(|x| libm::exp(log_density(x) - peak), from, end)
    }
}

/// What is left out of an integral is smaller than `e^-40` of its peak.
const TAIL_EXPONENT: f64 = 40.0;

/// The integral of a smooth function, by Simpson's rule.
fn simpson(of: impl Fn(f64) -> f64, from: f64, to: f64) -> f64 {
    const PANELS: u32 = 4_096;
    let width = (to - from) / f64::from(PANELS);
    let inside: f64 = (1..PANELS)
        .map(|panel| {
            let factor = if panel % 2 == 1 { 4.0 } else { 2.0 };
            factor * of(from + width * f64::from(panel))
        })
        .sum();
    (of(from) + inside + of(to)) * width / 3.0
}
