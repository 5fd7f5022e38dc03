//! Whose an event is: from the identifiers it carries to one customer.
//!
//! Identifiers that name a browser follow whoever uses it; identifiers that name a person
//! never move. Two people on one browser stay two; one person on two browsers becomes one.

use smallvec::SmallVec;

use crate::{
    flow::{LoadError, States},
    model::*,
};

/// What ingress has to do before the event itself can be taken.
#[derive(Debug, PartialEq)]
pub struct Attribution {
    /// Whose the event is; `None` means somebody new.
    pub customer: Option<CustomerId>,
    /// Places in the identifiers that have to be linked to the customer.
    pub unlinked: SmallVec<[usize; 2]>,
    /// Who has to be folded into the customer first.
    pub folded: Option<CustomerId>,
}

/// Finds whose the event is.
///
/// # Errors
/// [`LoadError`] when a link or a state could not be read.
pub fn attribute(
    states: &mut dyn States,
    identifiers: &[Identifier],
) -> Result<Attribution, LoadError> {
    let mut owners: SmallVec<[Option<CustomerId>; 4]> = SmallVec::new();
    for identifier in identifiers {
        owners.push(states.resolve(identifier.key)?);
    }
    if let Some(customer) = unanimous(&owners) {
        return Ok(only(customer));
    }
    let person = first_owner(identifiers, &owners, |kind| !kind.names_a_browser());
    let browser = first_owner(identifiers, &owners, IdentifierKind::names_a_browser);
    let user = identifiers
        .iter()
        .find(|identifier| !identifier.kind.names_a_browser());
    match (person, browser) {
        (None, None) => Ok(new_customer(identifiers)),
        (Some(person), None) => join(states, identifiers, &owners, person, None),
        (None, Some(browser)) => match user {
            Some(user) if is_somebody_else(states, browser, user)? => Ok(new_customer(identifiers)),
            _ => join(states, identifiers, &owners, browser, None),
        },
        (Some(person), Some(browser)) if person == browser => {
            join(states, identifiers, &owners, person, None)
        }
        (Some(person), Some(browser)) => {
            let user = user.expect("a person was found through an identifier that names one");
            if is_doubtful_claim(states, person, user)? {
                return Ok(only(browser));
            }
            let folded = (!is_somebody_else(states, browser, user)?).then_some(browser);
            join(states, identifiers, &owners, person, folded)
        }
    }
}

fn unanimous(owners: &[Option<CustomerId>]) -> Option<CustomerId> {
    let first = (*owners.first()?)?;
    owners
        .iter()
        .all(|owner| *owner == Some(first))
        .then_some(first)
}

fn first_owner(
    identifiers: &[Identifier],
    owners: &[Option<CustomerId>],
    wanted: impl Fn(IdentifierKind) -> bool,
) -> Option<CustomerId> {
    identifiers
        .iter()
        .zip(owners)
        .filter(|(identifier, _)| wanted(identifier.kind))
        .find_map(|(_, owner)| *owner)
}

fn new_customer(identifiers: &[Identifier]) -> Attribution {
    Attribution {
        customer: None,
        unlinked: (0..identifiers.len()).collect(),
        folded: None,
    }
}

/// The event is this customer's; nothing is linked.
fn only(customer: CustomerId) -> Attribution {
    Attribution {
        customer: Some(customer),
        unlinked: SmallVec::new(),
        folded: None,
    }
}

/// The event is this customer's, and every identifier that is free, or that names a
/// browser, is theirs from now on. A claim never attaches to a proven person.
fn join(
    states: &mut dyn States,
    identifiers: &[Identifier],
    owners: &[Option<CustomerId>],
    customer: CustomerId,
    folded: Option<CustomerId>,
) -> Result<Attribution, LoadError> {
    let user = identifiers
        .iter()
        .find(|identifier| !identifier.kind.names_a_browser());
    let doubtful = match user {
        Some(user) => is_doubtful_claim(states, customer, user)?,
        None => false,
    };
    let has_browser = identifiers
        .iter()
        .any(|identifier| identifier.kind.names_a_browser());
    if doubtful && has_browser {
        return Ok(doubtful_browser(identifiers, owners));
    }
    let unlinked = identifiers
        .iter()
        .zip(owners)
        .enumerate()
        .filter(|(_, (identifier, owner))| match owner {
            None => true,
            Some(owner) => *owner != customer && identifier.kind.names_a_browser(),
        })
        .map(|(place, _)| place)
        .collect();
    Ok(Attribution {
        customer: Some(customer),
        unlinked,
        folded,
    })
}

/// Somebody claims to be a proven customer from a browser we do not know: a new customer
/// who has the browser, and nothing else.
fn doubtful_browser(identifiers: &[Identifier], owners: &[Option<CustomerId>]) -> Attribution {
    let browser = first_owner(identifiers, owners, IdentifierKind::names_a_browser);
    let unlinked = match browser {
        Some(_) => SmallVec::new(),
        None => (0..identifiers.len())
            .filter(|place| identifiers[*place].kind.names_a_browser())
            .collect(),
    };
    Attribution {
        customer: browser,
        unlinked,
        folded: None,
    }
}

/// Whether the browser's customer is already known as another person of the same kind.
fn is_somebody_else(
    states: &mut dyn States,
    browser: CustomerId,
    user: &Identifier,
) -> Result<bool, LoadError> {
    let Some(state) = states.customer(browser)? else {
        return Ok(false);
    };
    Ok(state
        .links
        .iter()
        .any(|link| link.kind == user.kind && link.key != user.key))
}

/// Whether the event merely claims an identifier that its owner has proven.
fn is_doubtful_claim(
    states: &mut dyn States,
    person: CustomerId,
    user: &Identifier,
) -> Result<bool, LoadError> {
    if user.level == IdentityLevel::Verified {
        return Ok(false);
    }
    let Some(state) = states.customer(person)? else {
        return Ok(false);
    };
    Ok(state
        .links
        .iter()
        .any(|link| link.key == user.key && link.level == IdentityLevel::Verified))
}
