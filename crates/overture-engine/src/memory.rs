//! Everything in memory: the states of simulations, replays and tests.

use std::collections::BTreeMap;

use crate::{
    flow::{LoadError, States},
    model::{CustomerId, CustomerState, LinkKey},
    route::Routing,
};

/// Customers, links and routing that were never written anywhere.
#[derive(Debug, Clone, Default)]
pub struct MemoryStates {
    /// Customers by id.
    pub customers: BTreeMap<CustomerId, CustomerState>,
    /// Whose each identifier is.
    pub links: BTreeMap<LinkKey, CustomerId>,
    /// The routing machine.
    pub routing: Routing,
}

impl States for MemoryStates {
    fn resolve(&mut self, key: LinkKey) -> Result<Option<CustomerId>, LoadError> {
        Ok(self.links.get(&key).copied())
    }

    fn link(&mut self, key: LinkKey, customer: CustomerId) {
        self.links.insert(key, customer);
    }

    fn merged(&mut self, from: CustomerId, into: CustomerId) {
        for customer in self
            .links
            .values_mut()
            .filter(|customer| **customer == from)
        {
            *customer = into;
        }
    }

    fn customer(&mut self, id: CustomerId) -> Result<Option<&mut CustomerState>, LoadError> {
        Ok(self.customers.get_mut(&id))
    }

    fn insert(&mut self, state: CustomerState) {
        self.customers.insert(state.customer, state);
    }

    fn routing(&mut self) -> &mut Routing {
        &mut self.routing
    }
}
