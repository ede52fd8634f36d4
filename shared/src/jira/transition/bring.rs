//! Bringing an issue to a done status, or out of one, through whatever workflow its project has.
//!
//! Reads the issue's status and the transitions that it offers; lets the walk decide which to take; moves the issue;
//! reads again. It takes at most [`super::STEPS`] steps, and never makes the same move again unless the status shows
//! that it is still needed.

use jiff::Timestamp;

use super::walk::Walk;
use crate::ids::IssueId;
use crate::jira::client::Client;
use crate::jira::error::{Effect, JiraError, Kind};
use crate::jira::issue::Look;
use crate::ticket::IssueStatus;
use crate::trace::Call;

/// When to try again what only a person can mend, in seconds.
const WAIT_FOR_A_PERSON: i64 = 3600;

/// When to try again what may mend itself, in seconds.
const WAIT_A_LITTLE: i64 = 30;

/// Where an issue is wanted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Goal {
    /// In a status of the category done.
    Done {
        /// The id of the wanted one; any if none. Another done status is entered only where nothing else leads on, and
        /// left again if that leads to the wanted one; where no way leads to the wanted one, it is as good.
        status: Option<String>,
    },
    /// In a status that is not of the category done; one of the category `new` rather than `indeterminate`.
    Open,
    /// In this very status, on a way that enters no done one.
    At {
        /// Its id.
        status: String,
    },
}

impl Goal {
    /// Whether the status `id` is where the issue is wanted.
    pub(super) fn is_reached(&self, id: &str, is_done: bool) -> bool {
        match self {
            Self::Done { status } => is_done && status.as_ref().is_none_or(|wanted| wanted == id),
            Self::Open => !is_done,
            Self::At { status } => status == id,
        }
    }
}

/// What became of bringing an issue somewhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Brought {
    /// A sentence like "moved to In Progress" and the call, for each move that Jira accepted, in order. A call without
    /// a status of success is one whose answer was lost while the issue shows that it was made.
    pub moves: Vec<(String, Call)>,
    /// Where it ended.
    pub end: BroughtEnd,
}

/// Where bringing an issue somewhere ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BroughtEnd {
    /// The issue is where it is wanted; the call showed it.
    There(IssueStatus, Call),
    /// It is not, for now.
    NotYet {
        /// Why.
        problem: String,
        /// The last call that was answered.
        call: Option<Call>,
        /// How many seconds to wait before trying again.
        wait: i64,
    },
    /// The issue was deleted, or is hidden from the account.
    Gone(Call),
}

impl BroughtEnd {
    fn failed(error: &JiraError) -> Self {
        Self::NotYet { problem: error.to_string(), call: error.answered(), wait: error.wait() }
    }

    fn not_yet(problem: String, call: &Call, wait: i64) -> Self {
        Self::NotYet { problem, call: Some(call.clone()), wait }
    }
}

/// What became of closing an issue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Closed {
    /// Its status is in the category done.
    Done(IssueStatus, Call),
    /// It is not, for now.
    NotYet {
        /// Why.
        problem: String,
        /// The last call that was answered.
        call: Option<Call>,
        /// How many seconds to wait before trying again.
        wait: i64,
    },
    /// The issue was deleted, or is hidden from the account.
    Gone(Call),
}

impl Client {
    /// Brings the issue to any done status. Makes no call past `deadline`.
    pub async fn close(&self, id: &IssueId, deadline: Timestamp) -> Closed {
        match self.bring(id, &Goal::Done { status: None }, deadline).await.end {
            BroughtEnd::There(status, call) => Closed::Done(status, call),
            BroughtEnd::NotYet { problem, call, wait } => Closed::NotYet { problem, call, wait },
            BroughtEnd::Gone(call) => Closed::Gone(call),
        }
    }

    /// Brings the issue where it is wanted, in as many moves as that takes and [`super::STEPS`] at most. Makes no call
    /// past `deadline`. An issue that is there already is left alone.
    pub async fn bring(&self, id: &IssueId, goal: &Goal, deadline: Timestamp) -> Brought {
        let mut walk = Walk::new(goal);
        let end = loop {
            let look = match self.look(id, Some(deadline)).await {
                Ok(look) => look,
                Err(error) if error.kind == Kind::NotFound => break self.missing(error).await,
                Err(error) => break BroughtEnd::failed(&error),
            };
            let problem = walk.arrive(&look.status);
            if goal.is_reached(&look.status.id, look.status.is_done()) {
                break self.there(look);
            }
            if let Some(problem) = problem {
                break BroughtEnd::not_yet(problem, &look.call, WAIT_A_LITTLE);
            }
            if let Some(end) = self.step(id, deadline, look, &mut walk).await {
                break end;
            }
        };
        Brought { moves: walk.made(), end }
    }

    fn there(&self, look: Look) -> BroughtEnd {
        BroughtEnd::There(look.status.read_at(self.now()), look.call)
    }

    /// Makes one move from where the issue stands. None when it is to be looked at again.
    async fn step(
        &self,
        id: &IssueId,
        deadline: Timestamp,
        look: Look,
        walk: &mut Walk<'_>,
    ) -> Option<BroughtEnd> {
        let is_good_enough = walk.is_good_enough(&look.status);
        if let Some(problem) = walk.is_too_long(&look.status) {
            let end = BroughtEnd::not_yet(problem, &look.call, WAIT_A_LITTLE);
            return Some(if is_good_enough { self.there(look) } else { end });
        }
        let (offered, call) = match self.offered(id, Some(deadline)).await {
            Ok(offered) => offered,
            Err(error) if error.kind == Kind::NotFound => return Some(self.missing(error).await),
            Err(error) => return Some(BroughtEnd::failed(&error)),
        };
        let (transition, fields) = match walk.choose(&offered, &look.status) {
            Ok(chosen) => chosen,
            Err(_) if is_good_enough => return Some(self.there(look)),
            Err(problem) => return Some(BroughtEnd::not_yet(problem, &call, WAIT_FOR_A_PERSON)),
        };
        walk.set_out(&look.status);
        match self.take(id, &transition.id, &fields, Some(deadline)).await {
            Ok(call) => walk.accepted(transition, call),
            // Somebody else changes the issue at the same time: look again. Source: specification of `doTransition`
            // 409.
            Err(error) if matches!(error.kind, Kind::Refused { status: 409, .. }) => {}
            Err(error) if matches!(error.kind, Kind::Refused { .. }) => walk.refused(transition, &error),
            Err(error) if error.kind == Kind::NotFound => {}
            // It may have had its effect. One look tells; if it does not show one, it may still come.
            Err(error) if error.effect() == Effect::Unknown => walk.in_doubt(transition, error),
            Err(error) => return Some(BroughtEnd::failed(&error)),
        }
        None
    }

    async fn missing(&self, error: JiraError) -> BroughtEnd {
        match self.confirm_caller().await {
            Ok(()) => BroughtEnd::Gone(error.call),
            Err(error) => BroughtEnd::failed(&error),
        }
    }
}

#[cfg(test)]
#[path = "bring_tests.rs"]
mod tests;
