//! Lawful basis and the comparison group.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{LawfulBasis, Policy};
use crate::model::{Consent, CustomerId, CustomerState, Purpose};

/// Whether `purpose` has a lawful basis: what the customer said, else the policy's basis.
pub fn permits(state: &CustomerState, policy: &Policy, purpose: Purpose) -> bool {
    let (said, basis) = match purpose {
        Purpose::AnalyseBehaviour => (
            state.permission.analyse_behaviour,
            policy.permission.analyse_behaviour,
        ),
        Purpose::Contact => (state.permission.contact, policy.permission.contact),
        Purpose::AnalyseVoice => (
            state.permission.analyse_voice,
            policy.permission.analyse_voice,
        ),
    };
    allows(said, basis)
}

/// Whether there is a lawful basis: the customer's word, else `basis`.
pub fn allows(said: Consent, basis: LawfulBasis) -> bool {
    match said {
        Consent::Granted => true,
        Consent::Denied => false,
        Consent::Unset => basis == LawfulBasis::LegitimateInterest,
    }
}

/// Keeps the holdout's hash apart from every other use of customer ids.
const HOLDOUT_SEED: u64 = 0x686f_6c64_6f75_7431;

/// Whether the customer is in the comparison group of `percent` of all: always the same
/// answer for the same customer, and a larger percentage only adds customers.
pub fn in_holdout(customer: CustomerId, percent: f64) -> bool {
    if percent <= 0.0 {
        return false;
    }
    let hash = xxh3_64_with_seed(customer.uuid().as_bytes(), HOLDOUT_SEED);
    let share = (hash >> 11) as f64 / (1u64 << 53) as f64;
    share < percent / 100.0
}
