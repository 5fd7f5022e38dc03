//! Routing looks at few pairs, however many wait.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/busy_floor.rs"]
mod busy_floor;

use busy_floor::Floor;
use overture_engine::model::Millis;

#[test]
fn a_decision_never_looks_at_everybody() {
    let mut floor = Floor::new(200, 3_000);
    for turn in 0..500 {
        floor.at = floor.at + Millis(20);
        let entered = floor.enqueue();
        assert!(entered.pairs_weighed <= 4, "{}", entered.pairs_weighed);
        let resolved = floor.resolve_next();
        assert!(resolved.pairs_weighed <= 32, "{}", resolved.pairs_weighed);
        assert!(
            resolved.to_customers.len() <= 64,
            "{} were told",
            resolved.to_customers.len()
        );
        if turn % 100 == 0 {
            floor.routing.check_index().unwrap();
        }
    }
}
