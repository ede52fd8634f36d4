//! No check passes on a reading that is empty, partial, stale or refused: every kind of bad reading, end to end, for
//! every check that it touches.
//!
//! All is mended in Jira before a reading goes wrong, so that a good reading would pass, resolve every task and close
//! every ticket. A bad one must do none of it, and must say why it could not tell. `table` is the matrix itself, each
//! kind by each check; the other files go deeper into one kind each.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checks_matrix {
    mod calls;
    mod good;
    mod midway;
    mod scopes;
    mod shapes;
    mod states;
    mod support;
    mod table;
    mod timing;
}
