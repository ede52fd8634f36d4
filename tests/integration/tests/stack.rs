//! The deployed functions, through API Gateway, schedules and queues, against the simulator. See `tests/README.md`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is not as expected fails the test")]

mod stack {
    mod access;
    mod acting;
    mod both_ways;
    mod following;
    mod main_job;
    mod robustness;
}
