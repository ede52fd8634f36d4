//! Ingesting: directories to the last account and activity to the last entry, whatever happens in between.
//!
//! Every test judges by the simulator's own state: `activity` compares with its journal of events, which no REST call
//! reads; `directory` is about lists, `killed` about runs that die anywhere.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ingesting {
    mod activity;
    mod checks;
    mod directory;
    mod killed;
    mod personal_data;
    mod quota;
    mod support;
}
