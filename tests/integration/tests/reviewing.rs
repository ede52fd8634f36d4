//! Access reviews and changes of access, over the simulated site: from its accounts to signed records, and from a decision
//! to what is read back from Jira, whatever dies in between.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod reviewing {
    mod acting;
    mod acting_issues;
    mod acting_users;
    mod campaigns;
    mod evading;
    mod killed;
    mod support;
}
