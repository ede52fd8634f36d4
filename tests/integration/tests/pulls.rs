//! Pull requests at GitHub, from their webhooks to the issues, the findings and back into their descriptions.

#![expect(clippy::unwrap_used, reason = "what is not as expected fails the test")]
#![recursion_limit = "256"]

#[path = "pulls/hostile.rs"]
mod hostile;
#[path = "pulls/killed.rs"]
mod killed;
#[path = "pulls/life.rs"]
mod life;
#[path = "pulls/linking.rs"]
mod linking;
#[path = "pulls/reverting.rs"]
mod reverting;
#[path = "pulls/support.rs"]
mod support;
#[path = "pulls/trouble.rs"]
mod trouble;
