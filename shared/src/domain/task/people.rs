//! What people do with a task.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{State, Task};
use crate::ids::AccountId;

/// That a person said that a task is done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Completion {
    /// Who: a token's id, or `jira`.
    pub by: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Why, in a sentence.
    pub why: String,
}

/// A part of a task that people may change. What they changed, no check changes back.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Its title.
    Title,
    /// Who is responsible.
    Assignee,
    /// When it should be done.
    DueAt,
}

/// What a person changes about a task; what is none stays as it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Edit {
    /// Its new title.
    pub title: Option<String>,
    /// Who is responsible now; nobody if the inner one is none.
    pub assignee: Option<Option<AccountId>>,
    /// When it should be done now.
    pub due_at: Option<Timestamp>,
}

impl Task {
    /// A person says that it is done. Returns whether that changes anything.
    pub fn complete(&mut self, by: &str, why: &str, now: Timestamp) -> bool {
        if self.state != State::Open {
            return false;
        }
        self.state = State::Completed;
        self.completion = Some(Completion { by: by.to_owned(), at: now, why: why.to_owned() });
        self.held = false;
        self.updated_at = now;
        true
    }

    /// A person opens it again. Returns whether that changes anything.
    pub fn reopen(&mut self, now: Timestamp) -> bool {
        if self.state == State::Open {
            return false;
        }
        self.open_again(now);
        self.held = true;
        true
    }

    /// A person changes it. Returns whether that changes anything.
    pub fn edit(&mut self, edit: &Edit, now: Timestamp) -> bool {
        let before = (self.title.clone(), self.assignee.clone(), self.due_at);
        if let Some(title) = &edit.title {
            self.title.clone_from(title);
            self.edited.insert(Part::Title);
        }
        if let Some(assignee) = &edit.assignee {
            self.assignee.clone_from(assignee);
            self.edited.insert(Part::Assignee);
        }
        if let Some(due_at) = edit.due_at {
            self.due_at = due_at;
            self.edited.insert(Part::DueAt);
        }
        let changed = before != (self.title.clone(), self.assignee.clone(), self.due_at);
        if changed {
            self.updated_at = now;
        }
        changed
    }
}
