//! overture-channels
