//! The vocabulary: what exists, what happens to it, what is decided, what is wanted done.
//!
//! Words follow `docs/GLOSSARY.md`. Types here are plain values; how they are written to
//! disk is decided in `overture-store`, how they look on the wire in `overture-http`.

mod article;
mod call;
mod callback;
mod chat;
mod customer;
mod decision;
mod effect;
mod event;
mod grant;
mod guide;
mod hours;
mod id;
mod identity;
mod issue;
mod offer;
mod pacing;
mod pause;
mod private;
mod rollout;
mod route;
mod route_settings;
mod score;
mod text;
mod time;
mod world;

pub use article::*;
pub use call::*;
pub use callback::*;
pub use chat::*;
pub use customer::*;
pub use decision::*;
pub use effect::*;
pub use event::*;
pub use grant::*;
pub use guide::*;
pub use hours::*;
pub use id::*;
pub use identity::*;
pub use issue::*;
pub use offer::*;
pub use pacing::*;
pub use pause::*;
pub use private::*;
pub use rollout::*;
pub use route::*;
pub use route_settings::*;
pub use score::*;
pub use text::*;
pub use time::*;
pub use world::*;
