//! Live guides: each is a prompt rule, so that all that holds for unasked contact holds for it.

use smallvec::SmallVec;

use super::{Action, Condition, PagePattern, Rule, condition::ConditionError, pages::BadPattern};
use crate::model::{
    CustomerState, GuideFrequency, GuideId, GuideKind, GuideTarget, IdentityLevel, Millis, SourceId,
};

/// The most live guides: with the most rules of a policy they still fit in a
/// [`super::RuleSet`].
pub const GUIDES_LIVE_MAX: usize = 50;

/// How long a guide may stay on a page before it runs out.
const GUIDE_EXPIRES: Millis = Millis::from_secs(30 * 60);

/// What an empty audience stands for: whoever is on a page.
const EVERYBODY: &str = "has(session.path)";

/// A live guide.
#[derive(Debug, Clone)]
pub struct LiveGuide {
    /// Which.
    pub guide: GuideId,
    /// Its published revision.
    pub revision: u32,
    /// What it looks like.
    pub kind: GuideKind,
    /// How often one customer is shown it.
    pub frequency: GuideFrequency,
    /// On which pages.
    pub pages: PagePattern,
    /// Only in visits of these sources; empty for all.
    pub sources: SmallVec<[SourceId; 2]>,
}

impl LiveGuide {
    /// Whether the customer's visit is on one of its pages, of one of its sources.
    pub fn is_here(&self, state: &CustomerState) -> bool {
        state.session.as_ref().is_some_and(|session| {
            let source_fits = self.sources.is_empty()
                || session
                    .source
                    .is_some_and(|source| self.sources.contains(&source));
            source_fits && self.pages.fits(&session.path)
        })
    }
}

/// Why a guide cannot be live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuideError {
    /// There are too many live guides.
    TooMany,
    /// Its pages.
    Pages(GuideId, BadPattern),
    /// Its audience: every mistake with its place.
    Audience(GuideId, Vec<ConditionError>),
}

/// The live guides as rules and as a list, the highest priority first in both.
#[derive(Debug, Clone, Default)]
pub struct Guides {
    live: Vec<LiveGuide>,
    rules: Vec<Rule>,
}

/// Checks and compiles an audience; an empty one is everybody.
///
/// # Errors
/// Every mistake with its place.
pub fn audience(text: &str) -> Result<Condition, Vec<ConditionError>> {
    Condition::compile(if text.trim().is_empty() {
        EVERYBODY
    } else {
        text
    })
}

impl Guides {
    /// Compiles the live guides.
    ///
    /// # Errors
    /// The first guide that cannot be live, and why.
    pub fn compile(targets: &[GuideTarget]) -> Result<Self, GuideError> {
        if targets.len() > GUIDES_LIVE_MAX {
            return Err(GuideError::TooMany);
        }
        let mut targets: Vec<&GuideTarget> = targets.iter().collect();
        targets.sort_by_key(|target| (std::cmp::Reverse(target.priority), target.guide));
        let mut guides = Self::default();
        for target in targets {
            let pages = PagePattern::parse(&target.pages)
                .map_err(|error| GuideError::Pages(target.guide, error))?;
            let when = audience(&target.audience)
                .map_err(|errors| GuideError::Audience(target.guide, errors))?;
            let live = LiveGuide {
                guide: target.guide,
                revision: target.revision,
                kind: target.kind,
                frequency: target.frequency,
                pages,
                sources: target.sources.clone(),
            };
            guides.rules.push(rule(target, when, live.clone()));
            guides.live.push(live);
        }
        Ok(guides)
    }

    /// Those for the page at `path`, the highest priority first.
    pub fn for_path<'g>(&'g self, path: &'g str) -> impl Iterator<Item = &'g LiveGuide> {
        self.live.iter().filter(move |guide| guide.pages.fits(path))
    }

    /// All of them, the highest priority first.
    pub fn iter(&self) -> impl Iterator<Item = &LiveGuide> {
        self.live.iter()
    }

    /// The rules by which they are shown.
    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

fn rule(target: &GuideTarget, when: Condition, guide: LiveGuide) -> Rule {
    Rule {
        key: target.guide.rule_key(),
        id: target.guide.rule(),
        about: target.name.clone(),
        when,
        action: Action::Prompt,
        boost: 0,
        priority: target.priority,
        min_identity: IdentityLevel::Anonymous,
        grant: None,
        require_grant: false,
        options: SmallVec::new(),
        skill: None,
        shadow: false,
        dwell: Millis(0),
        // Like a hint, a guide does not stand in the way of a banner when things get worse.
        cooldown: Some(Millis(0)),
        expires: GUIDE_EXPIRES,
        guide: Some(guide),
    }
}
