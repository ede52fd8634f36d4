//! What Assay is about, as pure values and functions: no AWS, HTTP or Lambda type, no effect, no clock of its own.
//!
//! Reading order: [`connection`] → [`evidence`] → [`check`] → [`task`] → [`plan`] → [`ticket`] → [`trace`]; and who has access:
//! [`directory`] → [`account`] → [`person`] → [`matching`] → [`ingestion`] → [`policy`]; whether they should:
//! [`campaign`] → [`action`]; what scanners found: [`finding`] → [`configuration`] → [`mapping`] → [`pull`].
//! [`campaign`] → [`action`]; and what people hear of: [`notification`] → [`channel`] → [`announcement`]; [`ending`].
//! Who calls: [`access`] → [`console`] → [`single_sign_on`].
//! [`campaign`] → [`action`]; and what people hear of: [`notification`] → [`channel`] → [`announcement`]; [`ending`];
//! and who changed what: [`audit`].

pub mod access;
pub mod account;
pub mod action;
pub mod announcement;
pub mod audit;
pub mod campaign;
pub mod channel;
pub mod check;
pub mod configuration;
pub mod connection;
pub mod console;
pub mod directory;
pub mod ending;
pub mod evidence;
pub mod finding;
pub mod idempotency;
pub mod ingestion;
pub mod mapping;
pub mod matching;
pub mod notification;
pub mod oauth;
pub mod person;
pub mod plan;
pub mod policy;
pub mod pull;
pub mod quota;
pub mod sarif;
pub mod seat;
pub mod seen;
pub mod sheet;
pub mod single_sign_on;
pub mod site;
pub mod sync_setting;
pub mod task;
pub mod ticket;
pub mod trace;
