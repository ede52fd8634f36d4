//! Tickets: our record that an issue was, or must be, created in Jira.
//!
//! Reads the record; decides the next step ([`Ticket::next_step`]); writes the record after each step, always under the
//! condition that its version is still the one that was read. [`crate::plan`] comes before, `operations::tickets` after.
//!
//! ```text
//! planned ──► creating ──► open ◄──► closing ──► closed
//!    ▲            │ │       │ ▲                    │
//!    │ refused    │ │       │ └───── reopening ◄───┘
//!    │ for now    │ └──► failed (Jira says why)
//!    │            ▼         │
//!    └──────── unknown      └──► gone (deleted or archived in Jira)
//!   (not found past the bound; found → open)
//! ```
//!
//! | state | an issue may exist | written before | leaves it by |
//! |---|---|---|---|
//! | `planned` | no | the sync request | a worker's claim |
//! | `creating` | perhaps | the call to Jira | the call's answer, or the end of its lease → `unknown` |
//! | `unknown` | perhaps | — | being found; or not being found past the bound → `planned` |
//! | `open` | yes | — | the wish to close; a person closing, archiving or deleting it |
//! | `closing` | yes | the calls to Jira | Jira's status being in the category done |
//! | `closed` | yes, or it was never needed | — | the wish to reopen; a person reopening it |
//! | `reopening` | yes | the calls to Jira | Jira's status not being in the category done |
//! | `failed` | no | — | its retry, or its setting's quarantine being lifted |
//! | `gone` | not any more, or archived | — | being seen again (restored); else its tasks get a new ticket, by policy |
//!
//! Two rules keep both sides in step without guessing who was first. The record holds the status that both sides last
//! agreed on (`issue_status`). If Jira's differs from it, a person changed it, and the tasks are told (`news`); if the
//! wish differs, we change Jira. Our own changes are known again because the record says `closing`, `reopening` or what
//! is being written (`writing`) before the call is made.

pub mod content;
mod following;
mod outcome;
mod ownership;
mod sight;
mod step;
pub mod tally;
mod wish;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::seconds_between;
use crate::configuration::Grouping;
use crate::connection::Lease;
use crate::ids::{
    AccountId, CloudId, ConnectionId, IssueId, IssueTypeId, ProjectId, SettingId, TaskId, TenantId, TicketId,
};
use crate::pull::{Followed, PullId};
use crate::sync_setting::GonePolicy;
use crate::task::Task;
use crate::trace;
pub use content::{Block, Content, Field, Span};
pub use following::ShownPull;
pub use outcome::look_again_after;
pub use ownership::{Current, Edits, Shown, Written};
pub use sight::{News, Sight};
pub use step::Step;

/// The key of the property by which an issue is known as the one of a ticket.
pub const PROPERTY: &str = "assay.ticket";

/// The label that every ticket carries, by which lost ones are looked for.
pub const LABEL: &str = "assay";

/// How long a worker may work on a ticket before another one may take over, in seconds: longer than the worker's
/// time-out (60 seconds), so that no two ever work on the same ticket.
pub const LEASE: i64 = 75;

/// How often something was tried in vain, at least, before people hear of it.
const TRIES_OF_A_LASTING_PROBLEM: u32 = 3;

/// How long it must have been in vain, in seconds.
const LASTING_AFTER: i64 = 3600;

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
    /// The issue, if there is one, must be deleted: the sync setting was disabled so.
    Deleted,
    /// Nothing: the sync setting was disabled, and the issue stays as it is.
    Kept,
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
    },
    /// Done, or never needed.
    Closed {
        /// Which one; none if the ticket was not needed any more before an issue existed.
        issue: Option<Issue>,
    },
    /// The issue is being brought out of its done status.
    Reopening {
        /// Which one.
        issue: Issue,
    },
    /// Jira refused to create it.
    Failed {
        /// Why, in Jira's words.
        reason: String,
    },
    /// The issue was deleted or archived.
    Gone {
        /// Which one it was.
        issue: Issue,
        /// How it went.
        #[serde(default)]
        how: HowGone,
    },
}

/// How an issue went.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HowGone {
    /// Jira does not know it any more, or hides it.
    #[default]
    Deleted,
    /// It was archived.
    Archived,
    /// We deleted it, because its sync setting was disabled so.
    ByUs,
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
            Self::Reopening { .. } => "reopening",
            Self::Closed { .. } => "closed",
            Self::Failed { .. } => "failed",
            Self::Gone { .. } => "gone",
        }
    }

    /// The issue, where there is or was one.
    pub fn issue(&self) -> Option<&Issue> {
        match self {
            Self::Open { issue }
            | Self::Closing { issue }
            | Self::Reopening { issue }
            | Self::Gone { issue, .. } => Some(issue),
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

/// What a ticket stands for beside a single task.
#[derive(Clone, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Batch {
    /// Whose tasks they are; nobody's if none.
    pub assignee: Option<AccountId>,
    /// What its findings have in common ([`crate::configuration::Grouping::key`]); none for tasks of other checks.
    #[serde(default)]
    pub group: Option<String>,
}

impl Batch {
    /// Whether a task belongs to it, whatever its sync setting is by now.
    pub fn takes(&self, task: &Task) -> bool {
        match (&self.group, &task.finding) {
            (None, _) => self.assignee == task.assignee,
            (Some(_), None) => false,
            (Some(group), Some(finding)) => {
                Grouping::ALL.into_iter().any(|grouping| grouping.key(finding).as_ref() == Some(group))
            }
        }
    }
}

/// Why a ticket could not be brought to where it is wanted, and since when.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// What could not be done and why, with what to do.
    pub what: String,
    /// Since when.
    #[schema(value_type = String)]
    pub since: Timestamp,
    /// How often it was tried.
    pub tries: u32,
}

impl Problem {
    /// Whether it has lasted longer than what passes by itself: Jira's limits do within the hour.
    pub fn has_lasted(&self, now: Timestamp) -> bool {
        self.tries >= TRIES_OF_A_LASTING_PROBLEM && seconds_between(self.since, now) >= LASTING_AFTER
    }
}

/// One ticket.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ticket {
    /// Whose it is.
    pub tenant: TenantId,
    /// Fixed by what it stands for: a task or an assignee's batch, and the generation.
    pub id: TicketId,
    /// The how manieth ticket it is of what it stands for, counted from 1.
    #[serde(default = "first")]
    pub generation: u32,
    /// The batch that it stands for; none if it stands for one task.
    #[serde(default)]
    pub batch: Option<Batch>,
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
    /// What we wrote into the issue last; none until it was read for the first time.
    #[serde(default)]
    pub written: Option<Written>,
    /// What is being written into the issue: saved before the call, so that our own change is known again even if its
    /// answer is lost.
    #[serde(default)]
    pub writing: Option<Written>,
    /// Pull requests that it follows.
    #[serde(default)]
    pub pulls: BTreeMap<PullId, Followed>,
    /// Fields that people changed in Jira, and that we therefore leave to them.
    #[serde(default)]
    pub kept: BTreeSet<Field>,
    /// When somebody (a webhook, the comparison, a person) said that the issue should be looked at; none once it was.
    #[serde(default)]
    pub heard_at: Option<Timestamp>,
    /// What a person did to the issue and the tasks have not been told yet.
    #[serde(default)]
    pub news: Option<News>,
    /// What a person decided for this ticket alone, when its issue was gone.
    #[serde(default)]
    pub decided: Option<GonePolicy>,
    /// Why it is not where it is wanted, if something stands against it.
    #[serde(default)]
    pub problem: Option<Problem>,
    /// When the issue was last brought to an end: closed, or gone.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// Since when a task that is done counts for the closure rule "any": since the issue is there, or a person was last seen
    /// to have reopened it.
    #[serde(default)]
    pub counts_since: Option<Timestamp>,
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

fn first() -> u32 {
    1
}

impl Ticket {
    /// Whether an issue exists, or will, that is not at its end.
    pub fn is_live(&self) -> bool {
        match self.state {
            State::Planned
            | State::Creating { .. }
            | State::Unknown { .. }
            | State::Open { .. }
            | State::Closing { .. }
            | State::Reopening { .. }
            | State::Failed { .. } => true,
            State::Closed { .. } | State::Gone { .. } => false,
        }
    }

    /// Adds a line to the trace and notes the time of the change.
    pub fn record(&mut self, entry: trace::Entry) {
        self.updated_at = entry.at;
        self.trace.push(entry);
    }
}
