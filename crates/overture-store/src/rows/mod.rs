//! Plain values that go into a store and come out of it.

mod admin;
mod commit;
mod desk;
mod limits;
mod query;

pub use admin::*;
pub use commit::*;
pub use desk::*;
pub use limits::*;
pub use query::*;
