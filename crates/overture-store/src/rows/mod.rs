//! Plain values that go into a store and come out of it.

mod admin;
mod articles;
mod brand;
mod calls;
mod chat;
mod commit;
mod desk;
mod guides;
mod lexicon;
mod limits;
mod query;
mod rollouts;

pub use admin::*;
pub use articles::*;
pub use brand::*;
pub use calls::*;
pub use chat::*;
pub use commit::*;
pub use desk::*;
pub use guides::*;
pub use lexicon::*;
pub use limits::*;
pub use query::*;
pub use rollouts::*;
