//! overture-http
