//! Rules, and the index from signals to the rules that read them.

use smallvec::SmallVec;

use crate::{
    decide::{Condition, LiveGuide, SignalGroups},
    model::{ChannelKind, GrantTerms, IdentityLevel, Millis, OfferOptionKind, OfferStyle, RuleKey},
};

/// What a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A small contextual prompt.
    Prompt,
    /// The banner that offers help.
    Offer,
    /// An alert for staff.
    Notify,
    /// A hand-over to senior staff.
    Escalate,
    /// A grant, without a word to the customer.
    Grant,
    /// More contacts on the grant the customer has.
    Boost,
}

impl Action {
    /// `prompt`, `offer`, `notify`, `escalate`, `grant` or `boost`.
    pub const fn name(self) -> &'static str {
        match self {
            Action::Prompt => "prompt",
            Action::Offer => "offer",
            Action::Notify => "notify",
            Action::Escalate => "escalate",
            Action::Grant => "grant",
            Action::Boost => "boost",
        }
    }

    /// Whether the customer notices; otherwise only staff does.
    pub const fn reaches_customer(self) -> bool {
        matches!(self, Action::Prompt | Action::Offer)
    }

    /// How its offer looks, where it makes one.
    pub const fn style(self) -> Option<OfferStyle> {
        match self {
            Action::Prompt => Some(OfferStyle::Prompt),
            Action::Offer => Some(OfferStyle::Banner),
            Action::Notify | Action::Escalate | Action::Grant | Action::Boost => None,
        }
    }
}

/// One rule of a policy.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id, unique in the policy.
    pub id: String,
    /// The hash of its id.
    pub key: RuleKey,
    /// One plain line for staff: why. Empty when the file gives none.
    pub about: String,
    /// When it asks.
    pub when: Condition,
    /// What for.
    pub action: Action,
    /// Larger goes first.
    pub priority: u16,
    /// How far the person must be proven.
    pub min_identity: IdentityLevel,
    /// The grant it issues, where its options reach an agent and it requires none, and where a
    /// grant is what it asks for.
    pub grant: Option<GrantTerms>,
    /// Contacts that a boost adds.
    pub boost: u32,
    /// Whether an earlier grant must be usable.
    pub require_grant: bool,
    /// What its offer holds; empty for alerts and escalations.
    pub options: SmallVec<[OfferOptionKind; 4]>,
    /// The skill that an agent must have; `None` leaves it to the page.
    pub skill: Option<String>,
    /// Whether it is only watched, even in live mode.
    pub shadow: bool,
    /// How long its condition must hold first.
    pub dwell: Millis,
    /// How long contact rests after it; `None` leaves it to the policy.
    pub cooldown: Option<Millis>,
    /// How long its offer stays.
    pub expires: Millis,
    /// The guide it shows; `None` for the rules of the policy's own file.
    pub guide: Option<LiveGuide>,
}

impl Rule {
    /// The channels on which its options reach an agent.
    pub fn channels(&self) -> impl Iterator<Item = ChannelKind> + '_ {
        self.options.iter().filter_map(|option| match option {
            OfferOptionKind::Chat => Some(ChannelKind::Chat),
            OfferOptionKind::Callback => Some(ChannelKind::Callback),
            OfferOptionKind::Faq | OfferOptionKind::SmartPause => None,
        })
    }

    /// The groups of all signals that it reads.
    pub fn groups(&self) -> SignalGroups {
        match self.guide {
            Some(_) => self.when.groups() | SignalGroups::PAGE,
            None => self.when.groups(),
        }
    }

    /// How its offer looks, where it makes one.
    pub fn style(&self) -> Option<OfferStyle> {
        match self.guide {
            Some(_) => Some(OfferStyle::Guide),
            None => self.action.style(),
        }
    }

    /// Whether its condition is about one custom event, and so never goes on holding.
    pub fn is_momentary(&self) -> bool {
        self.when.groups().intersects(SignalGroups::EVENT)
    }
}

/// A set of rules by their places, up to 256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleSet([u64; 4]);

impl RuleSet {
    /// Adds the rule at `place`.
    pub fn insert(&mut self, place: usize) {
        self.0[place / 64] |= 1 << (place % 64);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    /// The places, lowest first: the highest priority first.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let mut words = self.0;
        std::iter::from_fn(move || {
            let word = words.iter().position(|word| *word != 0)?;
            let bit = words[word].trailing_zeros() as usize;
            words[word] &= words[word] - 1;
            Some(word * 64 + bit)
        })
    }

    fn add_all(&mut self, other: &RuleSet) {
        for (word, added) in self.0.iter_mut().zip(other.0) {
            *word |= added;
        }
    }
}

/// Finds rules by what they read and by their keys.
#[derive(Debug, Clone, Default)]
pub(super) struct RuleIndex {
    by_group: [RuleSet; 16],
    by_key: Vec<(RuleKey, u16)>,
}

impl RuleIndex {
    pub(super) fn of(rules: &[Rule]) -> Self {
        let mut index = Self::default();
        for (place, rule) in rules.iter().enumerate() {
            for (bit, set) in index.by_group.iter_mut().enumerate() {
                if rule.groups().0 & (1 << bit) != 0 {
                    set.insert(place);
                }
            }
            index.by_key.push((rule.key, place as u16));
        }
        index.by_key.sort_unstable();
        index
    }

    pub(super) fn by_key(&self, key: RuleKey) -> Option<usize> {
        let found = self.by_key.binary_search_by_key(&key, |(key, _)| *key);
        found.ok().map(|place| usize::from(self.by_key[place].1))
    }

    pub(super) fn reading(&self, groups: SignalGroups) -> RuleSet {
        let mut all = RuleSet::default();
        let mut left = groups.0;
        while left != 0 {
            let bit = left.trailing_zeros();
            left &= left - 1;
            all.add_all(&self.by_group[bit as usize]);
        }
        all
    }
}
