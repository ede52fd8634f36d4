//! The console in a real browser, over a world.
//!
//! - [`pages`]: which pages there are, found by following links, and that none of them is left out.
//! - [`looking`]: each page in each view, by eye, by machine and by key.
//! - [`furniture`]: a house with something on every page, in names that would be harmful as markup.
//! - [`newcomer`]: the way from signing in to the first ticket.
//! - [`campaign`]: an access review, from its form to its signed record, decided on by keys alone.
//! - [`usage`]: from the overview to who uses a site, what that costs, and a file of it.
//! - [`wizard`]: from a scanner's finding to its ticket, with every field that Jira demands.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is not as expected fails the test")]

#[expect(dead_code, reason = "the console's own tests need more of it")]
#[path = "../../../../functions/console/tests/console/support.rs"]
mod support;

mod campaign;
mod furniture;
mod looking;
mod newcomer;
mod pages;
mod stage;
mod usage;
mod wizard;
