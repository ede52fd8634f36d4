//! A stateful fake GitHub, as far as Assay uses it.
//!
//! Its address stands for `https://api.github.com`; `/__sim/…` controls it. Repositories, pull requests, a GitHub App with
//! its installation, personal access tokens and webhooks are kept in memory, in virtual time. It misbehaves on demand.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use github_sim::{Fault, FaultKind, NewPull, Options, Simulator};
//!
//! let running = Simulator::new(Options::default()).start().await?;
//! let github = &running.simulator;
//! github.create_repository("acme/shop", false);
//! github.set_hook("http://127.0.0.1:9/github", "a secret");
//! let number = github.open_pull("acme/shop", &NewPull::new("Fix SEC-1", "fix/SEC-1")).unwrap();
//! github.merge("acme/shop", number).unwrap();
//! for delivery in github.take_deliveries() {
//!     // … hand it over, twice, in another order, or `delivery.signed_with("an old secret")`
//! }
//! github.add_fault(Fault::once(FaultKind::AnswerLost, "PATCH", "/pulls/1"));
//! # Ok(())
//! # }
//! ```

#![recursion_limit = "256"]

mod auth;
mod control;
mod faults;
mod jwt;
mod routes;
mod server;
mod settings;
mod shapes;
mod simulator;
mod state;
mod webhooks;

pub use faults::{Fault, FaultKind};
pub use jwt::{APP_KEY, OTHER_KEY, app_jwt};
pub use server::{JournalEntry, serve};
pub use settings::{Settings, WebhookDelivery};
pub use simulator::{Options, Running, Simulator};
pub use state::{NewPull, Token};
pub use webhooks::{Delivery, sign};
