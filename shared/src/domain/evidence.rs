//! What was read from Jira as evidence, and how much of it.
//!
//! The heart of the promise "no check passes by accident": a passing verdict needs a [`Complete`] reading, and the
//! only way to get one is [`Reading::complete`], which refuses everything that was refused, cut short, miscounted,
//! unconfirmed or too old.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::{in_words, seconds_between};
use crate::connection::Project;
use crate::ids::AccountId;

/// How long after it was read a reading may still be judged, in seconds.
pub const MAXIMUM_AGE: i64 = 3600;

/// A thing that a check judges, as it was read: a change ticket or an incident in Jira.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Entity {
    /// Identifier that never changes (Jira's issue id).
    pub id: String,
    /// What people call it now (Jira's issue key).
    pub key: String,
    /// Its title.
    pub title: String,
    /// Where a person can look at it.
    pub url: String,
    /// Who is responsible for it, if anyone.
    pub assignee: Option<AccountId>,
    /// When it was created.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// Whether its status is in the category "done".
    pub done: bool,
    /// Identifier of its priority, if it has one.
    pub priority: Option<String>,
}

/// Why a reading is not the whole truth.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Gap {
    /// Jira refused the call, or the credentials.
    Refused {
        /// What was tried and what came back.
        detail: String,
    },
    /// Jira could not be reached, or failed, or asked us to wait.
    Unavailable {
        /// What was tried and what came back.
        detail: String,
    },
    /// An answer could not be understood.
    Malformed {
        /// What was tried and where the answer stopped making sense.
        detail: String,
    },
    /// Fewer entities were read than Jira counts.
    Short {
        /// How many were read.
        read: u64,
        /// How many Jira counts.
        counted: u64,
    },
    /// A project in scope cannot be seen by the connection's account.
    Hidden {
        /// The project's key.
        project: String,
    },
    /// Nothing showed that Jira answered as our account and not as an anonymous caller.
    CallerUnconfirmed,
    /// The number of entities was not counted, so it cannot be known whether all were read.
    NotCounted,
    /// The reading, or what it rests on, is too old to be judged.
    Stale {
        /// Its age in seconds.
        age: i64,
    },
    /// Accounts of which nobody knows whose they are.
    Unidentified {
        /// How many.
        accounts: u64,
    },
    /// A scanner fell silent, or a report of it was not whole.
    Unreported {
        /// Which, and since when.
        detail: String,
    },
    /// The connection cannot be used in its present state.
    ConnectionUnusable {
        /// The state and what to do.
        detail: String,
    },
}

impl std::fmt::Display for Gap {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused { detail }
            | Self::Unavailable { detail }
            | Self::Malformed { detail }
            | Self::Unreported { detail }
            | Self::ConnectionUnusable { detail } => formatter.write_str(detail),
            Self::Short { read, counted } => {
                write!(formatter, "{read} entities were read but Jira counts {counted}")
            }
            Self::Hidden { project } => {
                write!(
                    formatter,
                    "the connection's account cannot browse project {project}; give it the permission Browse projects there"
                )
            }
            Self::CallerUnconfirmed => {
                formatter.write_str("Jira did not confirm that it answered as the connection's account")
            }
            Self::NotCounted => {
                formatter.write_str("Jira did not count the entities, so it is unknown whether all were read")
            }
            Self::Unidentified { accounts } => {
                write!(
                    formatter,
                    "{accounts} accounts are not identified, and the persons behind them may have left; say whose they are, or mark them"
                )
            }
            Self::Stale { age } => {
                write!(formatter, "what was read is {} old, which is too old to be judged", in_words(*age))
            }
        }
    }
}

/// How much was read, and every reason to think that it was not all.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Coverage {
    /// Pages read.
    pub pages: u32,
    /// Entities read, each counted once.
    pub read: u64,
    /// Entities that Jira counts for the same query.
    pub counted: Option<u64>,
    /// Things in scope altogether, of which the query asks for some; where a query asks for all, the same as `counted`.
    pub in_scope: Option<u64>,
    /// Reasons why this may not be all; empty when it is.
    pub gaps: Vec<Gap>,
}

/// What one query brought.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Reading {
    /// The query, in Jira's language.
    pub query: String,
    /// What it was meant to cover, in words.
    pub scope: String,
    /// The entities read.
    pub entities: Vec<Entity>,
    /// How much that is.
    pub coverage: Coverage,
    /// When reading began: the moment that the reading is true for.
    pub read_at: Timestamp,
    /// The projects that the entities are in, where the query names none.
    #[serde(default)]
    pub seen_in: Vec<Project>,
}

impl Reading {
    /// A reading that brought nothing, for the reason given.
    pub fn failed(query: impl Into<String>, scope: impl Into<String>, gap: Gap, read_at: Timestamp) -> Self {
        let coverage = Coverage { gaps: vec![gap], ..Coverage::default() };
        let (entities, seen_in) = (Vec::new(), Vec::new());
        Self { query: query.into(), scope: scope.into(), entities, coverage, read_at, seen_in }
    }

    /// This reading as proof that all was read, or the reasons why it is none.
    pub fn complete(&self, now: Timestamp) -> Result<Complete<'_>, Vec<Gap>> {
        let mut gaps = self.coverage.gaps.clone();
        let read = self.entities.len() as u64;
        match self.coverage.counted {
            None => gaps.push(Gap::NotCounted),
            Some(counted) if counted > read => gaps.push(Gap::Short { read, counted }),
            Some(_) => {}
        }
        let age = seconds_between(self.read_at, now);
        // A reading from the future is a clock that cannot be trusted.
        if !(0..=MAXIMUM_AGE).contains(&age) {
            gaps.push(Gap::Stale { age });
        }
        if gaps.is_empty() { Ok(Complete(self)) } else { Err(gaps) }
    }
}

/// A reading that is known to be whole and fresh.
#[derive(Clone, Copy, Debug)]
pub struct Complete<'a>(&'a Reading);

impl<'a> Complete<'a> {
    /// What was read.
    pub fn entities(self) -> &'a [Entity] {
        &self.0.entities
    }

    /// Whether anything is in scope at all, read by this query or not.
    pub fn anything_in_scope(self) -> bool {
        self.0.coverage.in_scope.unwrap_or(self.0.entities.len() as u64) > 0
    }
}
