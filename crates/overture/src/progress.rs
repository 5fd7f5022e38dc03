//! The bar of commands that take a while; nothing is drawn where standard error is no terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// Steps of a whole bar.
const STEPS: u64 = 1_000;

/// An empty bar.
pub(crate) fn bar() -> ProgressBar {
    ProgressBar::new(STEPS).with_style(
        ProgressStyle::with_template("{wide_bar} {percent} % {eta}")
            .expect("the template is valid"),
    )
}

/// Draws the share that is done, `0.0..=1.0`.
pub(crate) fn set(bar: &ProgressBar, share: f32) {
    bar.set_position((f64::from(share) * STEPS as f64) as u64);
}
