//! What every layer stands on: identifiers, cookies, time, randomness, settings, errors, secrets, signatures, telemetry.

pub mod clock;
pub mod config;
pub mod cookie;
pub mod error;
pub mod ids;
pub mod random;
pub mod secret;
pub mod signing;
pub mod telemetry;
