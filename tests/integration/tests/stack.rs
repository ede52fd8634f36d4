//! The deployed functions, through API Gateway, schedules and queues, against the simulator. See `tests/README.md`.

mod stack {
    mod main_job;
    mod robustness;
}
