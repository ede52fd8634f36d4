//! The deployed functions on the local stack.
