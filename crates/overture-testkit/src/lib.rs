//! overture-testkit
