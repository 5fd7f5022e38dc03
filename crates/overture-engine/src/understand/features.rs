//! Behaviour features: decayed counters and the struggles derived from raw behaviour.
//!
//! Everything is in event time and constant space. A late event adds what it would still
//! weigh, so the counters do not depend on the order of arrival.

use smallvec::SmallVec;

use crate::{
    decide::{FrustrationSettings, SignalGroups},
    model::{
        Behaviour, ClickPoint, Decayed, Features, FormFault, HALF_LIVES_MS, Millis, Navigation,
        Signal, SubmitOutcome, Timestamp,
    },
};

/// Form faults kept while they may still become a struggle.
const FAULTS_MAX: usize = 4;

/// So long may the page before take to come back.
const BACK_LOADS_MAX: Millis = Millis::from_secs(30);

/// A struggle that an event showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Struggle {
    /// Which.
    pub signal: Signal,
    /// The field, code or page, where there is one to name; for people.
    pub detail: String,
}

/// What one event showed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observed {
    /// The struggles seen in it, the derived ones last.
    pub struggles: SmallVec<[Struggle; 1]>,
    /// The signals that changed.
    pub changed: SignalGroups,
}

impl Observed {
    fn add(&mut self, signal: Signal, detail: impl Into<String>) {
        self.struggles.push(Struggle {
            signal,
            detail: detail.into(),
        });
    }
}

/// Takes one behaviour in and says what it showed.
pub fn observe(
    features: &mut Features,
    behaviour: &Behaviour,
    occurred_at: Timestamp,
    settings: &FrustrationSettings,
) -> Observed {
    let mut observed = Observed {
        struggles: SmallVec::new(),
        changed: SignalGroups::BEHAVIOUR,
    };
    match behaviour {
        Behaviour::PageView { path, navigation } => {
            observed.changed |= SignalGroups::PAGE;
            if page_opened(features, *navigation, occurred_at, settings) {
                observed.add(Signal::QuickBack, format!("back to {path}"));
            }
        }
        Behaviour::PageLeave => {
            observed.changed = SignalGroups::NONE;
            if occurred_at >= features.page_opened_at {
                features.page_left_at = Some(occurred_at);
            }
        }
        Behaviour::Click { x_px, y_px, on, .. } => {
            count(features, Signal::Click, occurred_at);
            let point = ClickPoint {
                x_px: *x_px,
                y_px: *y_px,
                at: occurred_at,
            };
            if !on.is_meant_to_repeat() && is_rage_click(features, point, settings) {
                count(features, Signal::RageClick, occurred_at);
                observed.add(Signal::RageClick, "");
            }
        }
        Behaviour::Scroll { depth_percent } => {
            observed.changed = SignalGroups::PAGE;
            if occurred_at >= features.page_opened_at {
                features.scroll_depth_percent =
                    features.scroll_depth_percent.max((*depth_percent).min(100));
            }
        }
        Behaviour::Active { ms } => {
            observed.changed = SignalGroups::PAGE;
            let ms = (*ms).min(60_000);
            features.session_active_ms = features.session_active_ms.saturating_add(ms);
            if occurred_at >= features.page_opened_at {
                features.page_active_ms = features.page_active_ms.saturating_add(ms);
            }
        }
        Behaviour::FormSubmit { outcome, .. } => {
            count(features, Signal::FormSubmit, occurred_at);
            if *outcome == SubmitOutcome::Failed {
                count(features, Signal::FailedSubmit, occurred_at);
                observed.add(Signal::FailedSubmit, "");
                if is_form_struggle(features, 0, occurred_at, settings) {
                    count(features, Signal::FormStruggle, occurred_at);
                    observed.add(Signal::FormStruggle, "submit refused again");
                }
            }
        }
        Behaviour::FormError {
            field,
            field_name,
            code,
            ..
        } => {
            count(features, Signal::FormError, occurred_at);
            observed.add(Signal::FormError, format!("{field_name}: {code}"));
            // 0 stands for the whole form; a field that happens to hash to it is moved aside.
            if is_form_struggle(features, (*field).max(1), occurred_at, settings) {
                count(features, Signal::FormStruggle, occurred_at);
                observed.add(Signal::FormStruggle, field_name.as_str());
            }
        }
        Behaviour::DeadClick => direct(features, Signal::DeadClick, occurred_at, &mut observed),
        Behaviour::SlowClick => direct(features, Signal::SlowClick, occurred_at, &mut observed),
        Behaviour::Thrash => direct(features, Signal::Thrash, occurred_at, &mut observed),
        Behaviour::Hesitation { .. } => {
            direct(features, Signal::Hesitation, occurred_at, &mut observed);
        }
        Behaviour::Custom { .. } => observed.changed = SignalGroups::EVENT,
    }
    observed
}

/// Forgets what belongs to the visit that ended; the decayed counters go on.
pub fn begin_session(features: &mut Features, at: Timestamp) {
    features.session_active_ms = 0;
    features.page_active_ms = 0;
    features.scroll_depth_percent = 0;
    features.page_opened_at = at;
    features.page_left_at = None;
    features.clicks.clear();
    features.faults.clear();
}

/// The counter of `signal` with half-life [`HALF_LIVES_MS`]`[half_life]`, decayed to `now`.
///
/// A `now` before the newest event (clocks differ) reads the counter undecayed.
pub fn read(features: &Features, signal: Signal, half_life: usize, now: Timestamp) -> f64 {
    let counter = &features.counters[signal as usize];
    let value = counter.values[half_life];
    if value == 0.0 {
        return 0.0;
    }
    f64::from(value * decay(now.since(counter.at).0, half_life))
}

/// Adds one event to a counter. Later events decay what is there; a late one adds what it
/// would still weigh.
pub fn add(counter: &mut Decayed, at: Timestamp) {
    if at >= counter.at {
        let age_ms = at.since(counter.at).0;
        for (half_life, value) in counter.values.iter_mut().enumerate() {
            let kept = if *value == 0.0 {
                0.0
            } else {
                *value * decay(age_ms, half_life)
            };
            *value = kept + 1.0;
        }
        counter.at = at;
    } else {
        let age_ms = counter.at.since(at).0;
        for (half_life, value) in counter.values.iter_mut().enumerate() {
            *value += decay(age_ms, half_life);
        }
    }
}

/// What is left of 1 after `age_ms`: `2^(-age / half-life)`.
fn decay(age_ms: u64, half_life: usize) -> f32 {
    if age_ms == 0 {
        return 1.0;
    }
    libm::exp2f(-(age_ms as f64 / HALF_LIVES_MS[half_life] as f64) as f32)
}

fn count(features: &mut Features, signal: Signal, at: Timestamp) {
    add(&mut features.counters[signal as usize], at);
}

fn direct(features: &mut Features, signal: Signal, at: Timestamp, observed: &mut Observed) {
    count(features, signal, at);
    observed.add(signal, "");
}

/// Turns to the new page, unless the event is older than the page now open; true when the
/// old one was left by Back soon after it was opened.
fn page_opened(
    features: &mut Features,
    navigation: Navigation,
    at: Timestamp,
    settings: &FrustrationSettings,
) -> bool {
    let pages_before = features.counters[Signal::PageView as usize].values[3] > 0.0;
    count(features, Signal::PageView, at);
    if at < features.page_opened_at {
        return false;
    }
    // What was left long before this one came was not left for it.
    let left_at = features
        .page_left_at
        .take()
        .filter(|left_at| at.since(*left_at) <= BACK_LOADS_MAX)
        .unwrap_or(at);
    let quick = pages_before
        && navigation == Navigation::BackForward
        && left_at.since(features.page_opened_at) <= settings.quick_back;
    if quick {
        count(features, Signal::QuickBack, at);
    }
    features.page_opened_at = at;
    features.page_active_ms = 0;
    features.scroll_depth_percent = 0;
    features.clicks.clear();
    quick
}

/// Whether `point` completes a rage click: enough clicks close together in place and time.
/// The clicks of a found one are used up.
fn is_rage_click(
    features: &mut Features,
    point: ClickPoint,
    settings: &FrustrationSettings,
) -> bool {
    let needed = settings.rage_clicks as usize;
    let clicks = &mut features.clicks;
    let place = clicks.partition_point(|earlier| earlier.at <= point.at);
    clicks.insert(place, point);
    if clicks.len() > needed {
        clicks.remove(0);
    }
    let found = clicks.len() == needed
        && clicks[needed - 1].at.since(clicks[0].at) <= settings.rage_window
        && all_within(clicks, settings.rage_radius_px);
    if found {
        clicks.clear();
    }
    found
}

fn all_within(clicks: &[ClickPoint], radius_px: f32) -> bool {
    clicks.iter().enumerate().all(|(index, one)| {
        clicks[index + 1..].iter().all(|other| {
            let (dx, dy) = (one.x_px - other.x_px, one.y_px - other.y_px);
            dx * dx + dy * dy <= radius_px * radius_px
        })
    })
}

/// Whether a fault of `field` (0: the whole form) completes a struggle. The faults of a
/// found one are used up, so one refused form is one struggle.
fn is_form_struggle(
    features: &mut Features,
    field: u64,
    at: Timestamp,
    settings: &FrustrationSettings,
) -> bool {
    let faults = &mut features.faults;
    let near = |fault: &FormFault| {
        at.since(fault.at) <= settings.form_window && fault.at.since(at) <= settings.form_window
    };
    let same = faults
        .iter()
        .filter(|fault| fault.field == field && near(fault))
        .count();
    if same + 1 >= settings.form_faults as usize {
        faults.clear();
        return true;
    }
    if faults.len() >= FAULTS_MAX {
        // A refused submit outlives field errors: a long form has many of those.
        let oldest = faults
            .iter()
            .enumerate()
            .min_by_key(|(_, fault)| (fault.field == 0 && near(fault), fault.at))
            .map_or(0, |(index, _)| index);
        faults.remove(oldest);
    }
    faults.push(FormFault { field, at });
    false
}
