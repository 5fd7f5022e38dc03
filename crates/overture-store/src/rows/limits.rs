//! How much disk a store may use, and how long it keeps what.

use overture_engine::model::Millis;

/// The bounds of a store's disk use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskLimits {
    /// Writes are refused from here on, in bytes of the database with its log.
    pub max_bytes: u64,
    /// Writes are refused when less of the disk is free, in percent, `0..=100`.
    /// PostgreSQL's disk cannot be seen from here: only `max_bytes` counts there.
    pub min_free_percent: u8,
    /// Size of the reserve file that is given up when the disk is full, so that a
    /// shutdown and a clean-up still have room. Zero for none.
    pub reserve_bytes: u64,
}

impl Default for DiskLimits {
    /// 50 GB, 5 % free, 16 MiB of reserve.
    fn default() -> Self {
        Self {
            max_bytes: 50_000_000_000,
            min_free_percent: 5,
            reserve_bytes: 16 << 20,
        }
    }
}

/// How full the disk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiskPressure {
    /// Bytes that the database and its log use.
    pub used_bytes: u64,
    /// Bytes free on the disk; for PostgreSQL what is left of `max_bytes`.
    pub free_bytes: u64,
    /// Whether writes should be refused now.
    pub refusing: bool,
}

/// What may be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Log rows and timelines older than this go.
    pub max_age: Millis,
    /// The oldest log rows go until the log is no larger.
    pub max_log_bytes: u64,
}

/// What was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Packed log rows.
    pub log_rows: u64,
    /// Timeline rows, of customers who were never in contact.
    pub timeline_rows: u64,
}
