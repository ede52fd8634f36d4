//! Findings: reports of scanners become tasks and tickets, in one process and in virtual time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod findings {
    mod accepting;
    mod checks;
    mod killed;
    mod reports;
    mod support;
    mod tickets;
    mod uploads;
}
