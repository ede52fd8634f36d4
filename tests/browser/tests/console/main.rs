//! The console in a real browser, over a world.
//!
//! - [`pages`]: which pages there are, found by following links, and that none of them is left out.
//! - [`looking`]: each page in each view, by eye, by machine and by key.
//! - [`furniture`]: a house with something on every page, in names that would be harmful as markup.
//! - [`newcomer`]: the way from signing in to the first ticket.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is not as expected fails the test")]

#[expect(dead_code, reason = "the console's own tests need more of it")]
#[path = "../../../../functions/console/tests/console/support.rs"]
mod support;

mod furniture;
mod looking;
mod newcomer;
mod pages;
mod stage;
