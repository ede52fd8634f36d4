//! The handler.
