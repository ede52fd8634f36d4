//! A stateful fake Jira Cloud.
//!
//! One port stands for all of Atlassian's hosts: `/sites/{domain}/…` for `https://{domain}/…`, `/ex/jira/…`,
//! `/me` and `/oauth/token/accessible-resources` for `https://api.atlassian.com`, `/authorize` and
//! `/oauth/token` for `https://auth.atlassian.com`. `/__sim/…` controls it and `/` shows the sites to a person.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use jira_sim::{Fault, FaultKind, Simulator};
//!
//! let running = Simulator::default().start().await?;
//! running.simulator.add_fault(Fault::once(FaultKind::AnswerLost, "createIssues"));
//! // … calls to running.site_url("demo.atlassian.net") …
//! assert_eq!(running.simulator.violations(), []);
//! # Ok(())
//! # }
//! ```

mod activity;
mod adf;
mod auth;
mod call;
mod clock;
mod control;
mod faults;
mod hand;
mod journal;
mod jql;
mod limits;
mod oauth;
mod openapi;
mod operation;
mod organisation;
mod page;
mod personal_data;
pub mod program;
mod routes;
mod server;
mod settings;
mod simulator;
mod state;
mod webhooks;

pub use activity::{Activity, ActivityEvent, ActivityKind};
pub use clock::{Clock, ClockBase};
pub use faults::{Fault, FaultKind};
pub use journal::JournalEntry;
pub use openapi::Violation;
pub use server::{Cut, answer_all, serve};
pub use settings::{Burst, Settings, WebhookDelivery};
pub use simulator::{Options, Running, Simulator};
pub use state::seed::Seed;
pub use webhooks::Delivery;
