//! The JSON API, called in process.
