//! The table: one `DynamoDB` table that holds all state but secrets.
//!
//! [`keys`] says who reads what by which key. Each noun has a file of its own, named as in [`crate::domain`].
//!
//! An item holds its domain value whole, in the attribute `record`; beside it stand only the keys and what conditions
//! and indexes need. So a name of the domain can never collide with one of the table, and a write of the record leaves
//! the attributes beside it alone unless it says otherwise.
//!
//! Rules of every write:
//!
//! - It carries the condition under which it is right, and its documentation says what happens otherwise.
//! - It may be sent twice, because an answer can be lost and the call repeated. A save that finds exactly what it was
//!   about to write counts as done; it is no conflict with itself. A claim, which only one may win, does not: whoever
//!   cannot know that it won has lost, and what it claimed is tried again when the claim ends.
//! - A failed condition is [`Kind::Conflict`](crate::error::Kind::Conflict) or an answer of its own, never an error
//!   that looks like throttling; throttling and lost connections are
//!   [`Kind::Unavailable`](crate::error::Kind::Unavailable); everything else the table refuses is our fault,
//!   [`Kind::Internal`](crate::error::Kind::Internal).
//!
//! Reads by key and of partitions are consistent; reads of the indexes are not, which is why what they find is claimed
//! or saved under a condition before anything is done about it.

mod access;
mod account;
mod action;
mod audit;
mod campaign;
mod channel;
mod check;
mod connection;
mod console;
mod delivery;
mod directory;
mod due;
mod failure;
mod finding;
mod idempotency;
mod ingestion;
mod item;
pub mod keys;
mod many;
mod notification;
mod oauth;
mod page;
mod person;
mod policy;
mod posture;
mod pull;
mod quota;
mod single_sign_on;
mod sync_setting;
mod table;
mod task;
mod tenant;
mod ticket;
mod trace;
mod turn;
mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;

pub use action::ActionFilter;
pub use audit::AuditFilter;
pub use campaign::SigningKeyKnown;
pub use finding::{Accepted, Counts, Sweep};
pub use idempotency::Begin;
pub use ingestion::ActiveMonth;
pub use page::{LONGEST_PAGE, Page, Which};
pub use table::create_table;
pub use task::TaskFilter;
pub use ticket::TicketFilter;
pub use turn::Comparison;

/// How many writes of one call run at the same time.
const CONCURRENCY: usize = 16;

/// The table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: Arc<str>,
}

impl Store {
    /// The table named `table`.
    pub fn new(client: Client, table: impl Into<Arc<str>>) -> Self {
        Self { client, table: table.into() }
    }
}
