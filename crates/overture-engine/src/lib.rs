//! overture-engine
