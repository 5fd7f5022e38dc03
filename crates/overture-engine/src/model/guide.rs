//! Guides: help that is written beside an element of the organisation's own pages.

use smallvec::SmallVec;

use super::{GuideId, RuleKey, SourceId};

/// What a guide looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GuideKind {
    /// One card beside one element.
    Tooltip,
    /// Several cards, one after the other.
    Steps,
    /// A short captioned video.
    Video,
}

impl GuideKind {
    /// Every kind.
    pub const ALL: [GuideKind; 3] = [GuideKind::Tooltip, GuideKind::Steps, GuideKind::Video];

    /// `tooltip`, `steps` or `video`.
    pub const fn name(self) -> &'static str {
        match self {
            GuideKind::Tooltip => "tooltip",
            GuideKind::Steps => "steps",
            GuideKind::Video => "video",
        }
    }

    /// The kind with this wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// How often one customer is shown a guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GuideFrequency {
    /// Once, and never again.
    Ever,
    /// Once a visit.
    Visit,
    /// Each time its condition becomes true; once it was closed, not again in that visit.
    Always,
}

impl GuideFrequency {
    /// Every frequency.
    pub const ALL: [GuideFrequency; 3] = [
        GuideFrequency::Ever,
        GuideFrequency::Visit,
        GuideFrequency::Always,
    ];

    /// `ever`, `visit` or `always`.
    pub const fn name(self) -> &'static str {
        match self {
            GuideFrequency::Ever => "ever",
            GuideFrequency::Visit => "visit",
            GuideFrequency::Always => "always",
        }
    }

    /// The frequency with this wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// What became of a guide in a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GuideFactKind {
    /// A step was reached: its element was there.
    Step,
    /// It was followed to its end.
    Completed,
    /// The customer put it away.
    Closed,
    /// The element of a step was not on the page.
    AnchorMissing,
}

impl GuideFactKind {
    /// Every fact.
    pub const ALL: [GuideFactKind; 4] = [
        GuideFactKind::Step,
        GuideFactKind::Completed,
        GuideFactKind::Closed,
        GuideFactKind::AnchorMissing,
    ];

    /// `step`, `completed`, `closed` or `anchor_missing`.
    pub const fn name(self) -> &'static str {
        match self {
            GuideFactKind::Step => "step",
            GuideFactKind::Completed => "completed",
            GuideFactKind::Closed => "closed",
            GuideFactKind::AnchorMissing => "anchor_missing",
        }
    }

    /// The fact with this wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fact| fact.name() == name)
    }
}

/// The most steps of a guide.
pub const GUIDE_STEPS_MAX: usize = 12;

/// All of a live guide that decides who sees it; what it says is for whoever shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideTarget {
    /// Which.
    pub guide: GuideId,
    /// Its published revision.
    pub revision: u32,
    /// As staff calls it.
    pub name: String,
    /// What it looks like.
    pub kind: GuideKind,
    /// On which pages: a pattern over paths, see [`crate::decide::PagePattern`].
    pub pages: String,
    /// For whom: a condition in CEL; empty for everybody on those pages.
    pub audience: String,
    /// `0..=1000`, larger goes first.
    pub priority: u16,
    /// How often.
    pub frequency: GuideFrequency,
    /// Only in visits of these sources; empty for all.
    pub sources: SmallVec<[SourceId; 2]>,
}

impl GuideId {
    /// The id of the rule by which a live guide is shown.
    pub fn rule(self) -> String {
        format!("guide:{self}")
    }

    /// The key of that rule.
    pub fn rule_key(self) -> RuleKey {
        RuleKey::of(&self.rule())
    }

    /// The guide that the rule with this id shows, if it shows one.
    pub fn of_rule(rule: &str) -> Option<Self> {
        rule.strip_prefix("guide:")?.parse().ok()
    }
}
