//! Active Sync both ways: what people do in Jira reaches the tasks, what happens to tasks reaches Jira, and nothing is
//! lost, doubled or overwritten.
//!
//! Every test judges by the simulator's own state: issues with their histories and comments, and the journal of calls.
//! `people` is about what people do to an issue's status, `gone` about issues that move or go, `fields` about whose a field
//! is, `batch` and `moving` about lists of tasks, `workflow` about ways to a done status, `quarantine`, `disabling`, `finishing`, `sparing` and `blocking` about
//! what stands in the way.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod active_sync {
    mod batch;
    mod blocking;
    mod disabling;
    mod echo;
    mod fields;
    mod finishing;
    mod gone;
    mod moving;
    mod people;
    mod quarantine;
    mod sparing;
    mod support;
    mod workflow;
    mod writing;
}
