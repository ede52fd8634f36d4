//! The console in a real browser, driven over the protocol of Chromium's developer tools (CDP).
//!
//! - [`chromium`]: where Chromium is, and one of it as a process that never outlives the test.
//! - [`view`]: how a person looks at a page: width, colours, with or without scripts, time zone.
//! - [`tab`]: a page that is looked at, and what a person does there: open, click, type, press keys.
//! - [`seen`]: what a person does not see: errors in the console, what the policy refused, requests to elsewhere.
//! - [`axe`]: what axe-core finds about accessibility.
//! - [`keyboard`]: where the Tab key leads.
//! - [`layout`]: what is too wide, and what moves while a page loads.
//! - [`site`]: a router on a loopback port.
//!
//! Questions about a page are asked in an isolated world, which the page's own policy and scripts cannot reach and
//! which cannot disturb them; they work on a page without scripts, too. Everything is bounded by [`BOUND`].

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "everything here is called by tests, which fail by panicking"
)]

use std::time::Duration;

pub mod axe;
pub mod chromium;
pub mod keyboard;
pub mod layout;
pub mod seen;
pub mod site;
pub mod tab;
pub mod view;

mod act;

/// How long anything may take before the test says that it does not come.
pub const BOUND: Duration = Duration::from_secs(20);
