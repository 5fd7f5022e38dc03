//! overture-inference
