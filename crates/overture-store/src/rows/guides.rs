//! Guides, their revisions and files, and whether their elements are found.

use overture_engine::model::{CustomerId, GuideId, GuideTarget, MediaId, Timestamp};

/// A guide with its draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guide {
    /// Which.
    pub guide: GuideId,
    /// As staff calls it.
    pub name: String,
    /// Its content as it is being written; JSON that the store does not look into.
    pub draft: String,
    /// Counts up with each save of the draft.
    pub draft_version: u32,
    /// The revision that is live.
    pub live_revision: Option<u32>,
    /// Whether it was put away.
    pub archived: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the draft was saved last.
    pub changed_at: Timestamp,
    /// By whom: a name for people.
    pub changed_by: String,
}

/// A published revision of a guide; never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideRevision {
    /// Which guide.
    pub guide: GuideId,
    /// Counts up from 1 without gaps.
    pub revision: u32,
    /// Its content.
    pub content: String,
    /// Who published it: a name for people.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Who sees which live guide, from some time on; never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideSet {
    /// Counts up from 1 without gaps.
    pub revision: u32,
    /// The live guides.
    pub targets: Vec<GuideTarget>,
    /// Who changed it: a name for people.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A file that a guide shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideMedia {
    /// Which.
    pub media: MediaId,
    /// Whose.
    pub guide: GuideId,
    /// As it is served.
    pub content_type: String,
    /// Its length.
    pub bytes: u64,
    /// Of a video, milliseconds; 0 for anything else.
    pub duration_ms: u32,
    /// When it was uploaded.
    pub created_at: Timestamp,
}

/// Files kept of one guide; older ones that no revision may name are the caller's to remove.
pub const GUIDE_MEDIA_MAX: usize = 40;

/// Whether a guide's elements were found for one visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuideSight {
    /// Which guide.
    pub guide: GuideId,
    /// Its revision.
    pub revision: u32,
    /// Who was to be shown it.
    pub customer: CustomerId,
    /// Whether the element was on the page.
    pub found: bool,
    /// The step whose element was missing or found, from 0.
    pub step: u8,
    /// When.
    pub at: Timestamp,
}

/// How the elements of a revision are found lately: of the step that most visitors missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GuideHealth {
    /// Visitors for whom its element was missing.
    pub missing: u32,
    /// Visitors who were shown it beside its element; without a missing one, any step.
    pub found: u32,
    /// Of those, the ones after the last for whom it was missing.
    pub found_since: u32,
    /// Which step, from 0.
    pub step: Option<u8>,
}

impl GuideHealth {
    /// From what visitors found last, `(found, step)`, the latest first.
    pub(crate) fn of(sights: &[(bool, u8)]) -> Self {
        let missed = |step: u8| {
            let all = sights.iter();
            all.filter(|(found, at)| !found && *at == step).count() as u32
        };
        let missing = sights.iter().filter(|(found, _)| !found);
        let worst = missing
            .map(|(_, step)| *step)
            .max_by_key(|step| missed(*step));
        let mut health = Self {
            step: worst,
            ..Self::default()
        };
        for (found, at) in sights {
            if *found && *at >= worst.unwrap_or_default() {
                health.found += 1;
                health.found_since += u32::from(health.missing == 0);
            } else if !found && Some(*at) == worst {
                health.missing += 1;
            }
        }
        health
    }
}
