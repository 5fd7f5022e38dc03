//! The `overture` binary.

fn main() {}
