//! What a run measured, and how much of the machine the generator took itself.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest latency the histogram tells apart, microseconds (10 min).
const LATENCY_US_MAX: u64 = 600_000_000;

/// Latencies in microseconds and answers by status.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    latency_us: Histogram<u64>,
    answers: BTreeMap<u16, u64>,
    failures: BTreeMap<String, u64>,
}

impl Default for Measured {
    fn default() -> Self {
        Self {
            latency_us: Histogram::new_with_max(LATENCY_US_MAX, 3).expect("the bounds are valid"),
            answers: BTreeMap::new(),
            failures: BTreeMap::new(),
        }
    }
}

impl Measured {
    /// Counts one latency.
    pub(crate) fn latency(&mut self, took: Duration) {
        let us = took.as_micros().min(u128::from(LATENCY_US_MAX)) as u64;
        self.latency_us
            .record(us)
            .expect("the latency was bounded above");
    }

    /// Counts one answer.
    pub(crate) fn answer(&mut self, status: u16) {
        *self.answers.entry(status).or_default() += 1;
    }

    /// Counts one call that got no answer, by its reason.
    pub(crate) fn failure(&mut self, reason: impl Into<String>) {
        *self.failures.entry(reason.into()).or_default() += 1;
    }

    /// How many answers had `status`.
    pub(crate) fn answered(&self, status: u16) -> u64 {
        self.answers.get(&status).copied().unwrap_or(0)
    }

    /// The numbers for the report.
    pub(crate) fn summary(&self) -> Summary {
        let ms = |quantile| self.latency_us.value_at_quantile(quantile) as f64 / 1_000.0;
        Summary {
            count: self.latency_us.len(),
            latency_ms: LatencyMs {
                mean: (self.latency_us.mean()).round() / 1_000.0,
                p50: ms(0.5),
                p90: ms(0.9),
                p99: ms(0.99),
                p999: ms(0.999),
                max: self.latency_us.max() as f64 / 1_000.0,
            },
            answers: self.answers.clone(),
            failures: self.failures.clone(),
        }
    }
}

/// Latencies and answers of one kind of call.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Summary {
    /// How many were measured.
    pub(crate) count: u64,
    /// From the intended send time, milliseconds.
    pub(crate) latency_ms: LatencyMs,
    /// Answers by status.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) answers: BTreeMap<u16, u64>,
    /// Calls without an answer, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) failures: BTreeMap<String, u64>,
}

/// Quantiles in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct LatencyMs {
    /// Arithmetic mean.
    pub(crate) mean: f64,
    /// Median.
    pub(crate) p50: f64,
    /// 90th percentile.
    pub(crate) p90: f64,
    /// 99th percentile.
    pub(crate) p99: f64,
    /// 99.9th percentile.
    pub(crate) p999: f64,
    /// Largest.
    pub(crate) max: f64,
}

/// CPU time and memory of a process, from `/proc`.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct ProcessUse {
    /// User and system time, seconds.
    pub(crate) cpu_s: f64,
    /// Resident memory, megabytes.
    pub(crate) resident_mb: f64,
}

/// Clock ticks a second in `/proc/PID/stat`; fixed at 100 on Linux.
const TICKS_PER_S: f64 = 100.0;

impl ProcessUse {
    /// Of the process with this id, `None` for this one. Zero where `/proc` is missing.
    pub(crate) fn of(process: Option<u32>) -> Self {
        let folder = process.map_or("self".to_owned(), |id| id.to_string());
        Self::read(&folder).unwrap_or_default()
    }

    fn read(folder: &str) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{folder}/stat")).ok()?;
        let status = std::fs::read_to_string(format!("/proc/{folder}/status")).ok()?;
        // The name may hold spaces: fields are counted after its closing parenthesis.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let user: f64 = fields.next()?.parse().ok()?;
        let system: f64 = fields.next()?.parse().ok()?;
        let resident_kb: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?
            .split_whitespace()
            .next()?
            .parse()
            .ok()?;
        Some(Self {
            cpu_s: (user + system) / TICKS_PER_S,
            resident_mb: (resident_kb / 102.4).round() / 10.0,
        })
    }

    /// CPU time used since `earlier`; memory as it is now.
    pub(crate) fn since(self, earlier: ProcessUse) -> ProcessUse {
        ProcessUse {
            cpu_s: ((self.cpu_s - earlier.cpu_s) * 100.0).round() / 100.0,
            resident_mb: self.resident_mb,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_counts_come_out_as_they_went_in() {
        let mut measured = Measured::default();
        for ms in 1..=100 {
            measured.latency(Duration::from_millis(ms));
        }
        measured.answer(200);
        measured.failure("closed");
        measured.answer(200);
        let summary = measured.summary();
        assert_eq!(summary.count, 100);
        assert!((summary.latency_ms.p50 - 50.0).abs() < 0.2);
        assert!((summary.latency_ms.max - 100.0).abs() < 0.2);
        assert_eq!(summary.answers[&200], 2);
        assert_eq!(summary.failures["closed"], 1);
    }

    #[test]
    fn this_process_has_memory() {
        assert!(ProcessUse::of(None).resident_mb > 0.0);
    }
}
