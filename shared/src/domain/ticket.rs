//! Tickets: our record that an issue was, or must be, created in Jira.
//!
//! Reads the record; decides the next step ([`Ticket::next_step`]); writes the record after each step, always under the
//! condition that its version is still the one that was read. [`crate::plan`] comes before, `operations::tickets` after.
//!
//! ```text
//! planned ──► creating ──► open ──► closing ──► closed
//!    ▲            │ │        │
//!    │ refused    │ │        └──► gone (deleted in Jira)
//!    │ for now    │ └──► failed (Jira says why)
//!    │            ▼
//!    └──────── unknown ──► open (found)
//!   (not found past the bound)
//! ```
//!
//! | state | an issue may exist | written before | leaves it by |
//! |---|---|---|---|
//! | `planned` | no | the sync request | a worker's claim |
//! | `creating` | perhaps | the call to Jira | the call's answer, or the end of its lease → `unknown` |
//! | `unknown` | perhaps | — | being found; or not being found past the bound → `planned` |
//! | `open` | yes | — | the wish to close; a person deleting it |
//! | `closing` | yes | the calls to Jira | Jira's status being in the category done |
//! | `closed` | yes, or it was never needed | — | — (a task that fails again gets a new generation) |
//! | `failed` | no | — | its retry |
//! | `gone` | not any more | — | — |

pub mod content;
mod step;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::connection::Lease;
use crate::ids::{
    CloudId, ConnectionId, IssueId, IssueTypeId, ProjectId, SettingId, TaskId, TenantId, TicketId,
};
use crate::trace;
pub use content::{Block, Content, Span};
pub use step::{Step, look_again_after};

/// The key of the property by which an issue is known as the one of a ticket.
pub const PROPERTY: &str = "assay.ticket";

/// The label that every ticket carries, by which lost ones are looked for.
pub const LABEL: &str = "assay";

/// How long a worker may work on a ticket before another one may take over, in seconds: longer than the worker's
/// time-out (60 seconds), so that no two ever work on the same ticket.
pub const LEASE: i64 = 75;

/// How many trace entries the record itself holds; older ones move to a record of their own.
pub const TRACE_IN_RECORD: usize = 60;

/// The issue that a ticket stands for. The id never changes; the key is what people read.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Issue {
    /// Jira's immutable identifier.
    pub id: IssueId,
    /// The key when it was last read.
    pub key: String,
}

/// What the tasks want the ticket to be.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// There must be an issue, and it must not be done because of us.
    Open,
    /// The issue, if there is one, must be done.
    Closed,
}

/// See the module's picture and table.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// To be created.
    Planned,
    /// A worker is creating it, or died while it was.
    Creating {
        /// When that began.
        since: Timestamp,
    },
    /// A create was sent, and whether it took effect is not known.
    Unknown {
        /// When the create was sent.
        since: Timestamp,
        /// How often it has been looked for.
        looks: u32,
    },
    /// The issue exists.
    Open {
        /// Which one.
        issue: Issue,
    },
    /// The issue is being brought to a done status.
    Closing {
        /// Which one.
        issue: Issue,
        /// Why it could not be closed yet, if it could not.
        problem: Option<String>,
    },
    /// Done, or never needed.
    Closed {
        /// Which one; none if the ticket was not needed any more before an issue existed.
        issue: Option<Issue>,
    },
    /// Jira refused to create it.
    Failed {
        /// Why, in Jira's words.
        reason: String,
    },
    /// The issue was deleted in Jira.
    Gone {
        /// Which one it was.
        issue: Issue,
    },
}

impl State {
    /// The state's word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Creating { .. } => "creating",
            Self::Unknown { .. } => "unknown",
            Self::Open { .. } => "open",
            Self::Closing { .. } => "closing",
            Self::Closed { .. } => "closed",
            Self::Failed { .. } => "failed",
            Self::Gone { .. } => "gone",
        }
    }

    /// The issue, where there is or was one.
    pub fn issue(&self) -> Option<&Issue> {
        match self {
            Self::Open { issue } | Self::Closing { issue, .. } | Self::Gone { issue } => Some(issue),
            Self::Closed { issue } => issue.as_ref(),
            Self::Planned | Self::Creating { .. } | Self::Unknown { .. } | Self::Failed { .. } => None,
        }
    }
}

/// The status of the issue as Jira last told it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct IssueStatus {
    /// Its name, for people.
    pub name: String,
    /// Whether its category is "done".
    pub done: bool,
    /// When that was read.
    #[schema(value_type = String)]
    pub read_at: Timestamp,
}

/// One ticket.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ticket {
    /// Whose it is.
    pub tenant: TenantId,
    /// Fixed by what it stands for: setting, task and the task's generation.
    pub id: TicketId,
    /// The setting that asked for it.
    pub setting: SettingId,
    /// Through which connection it is written.
    pub connection: ConnectionId,
    /// The site on which its issue is, once there is one.
    pub cloud_id: Option<CloudId>,
    /// The project it is created in.
    pub project: ProjectId,
    /// The type it is created as.
    pub issue_type: IssueTypeId,
    /// The tasks that it stands for.
    pub tasks: Vec<TaskId>,
    /// What is written into the issue.
    pub content: Content,
    /// What the tasks want.
    pub wanted: Wanted,
    /// See the module's picture.
    #[serde(flatten)]
    pub state: State,
    /// Further issues that repeated creates made and that are still to be closed.
    #[serde(default)]
    pub twins: Vec<Issue>,
    /// The issue's status, once read.
    pub issue_status: Option<IssueStatus>,
    /// How many creates have been sent.
    pub attempts: u32,
    /// When the first create was sent of which nobody knows whether it took effect; none while there is no such doubt.
    #[serde(default)]
    pub doubted_since: Option<Timestamp>,
    /// Optional fields that Jira refused for this ticket and that are therefore left out.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// Who works on it now.
    pub lease: Option<Lease>,
    /// Until when nothing is to be done although a message comes, because Jira asked to wait or it is too early to look.
    pub not_before: Option<Timestamp>,
    /// When it must be looked at again even if no message comes; none when it is settled.
    pub due_at: Option<Timestamp>,
    /// The newest trace entries, oldest first.
    pub trace: Vec<trace::Entry>,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// Grows by one with every write; 0 before the first.
    pub version: u64,
}

impl Ticket {
    /// Adds a line to the trace and notes the time of the change.
    pub fn record(&mut self, entry: trace::Entry) {
        self.updated_at = entry.at;
        self.trace.push(entry);
    }
}
