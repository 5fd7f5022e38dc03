//! Callbacks at the edge: numbers, the words about them, and the times that are offered.

pub(crate) mod brand;
pub(crate) mod codes;
pub(crate) mod number;
pub(crate) mod times;
pub(crate) mod words;
