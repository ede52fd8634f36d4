//! What a ticket shows and tells of a pull request, and when it tries again.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Pull, PullState};
use crate::clock::after;
use crate::ids::TaskId;

/// How often something is tried before it is given up, with waits that grow to [`LONGEST_WAIT`]: about four days.
const MOST_TRIES: u32 = 20;

/// The longest wait between two tries, in seconds.
const LONGEST_WAIT: i64 = 6 * 3600;

/// A pull request that a ticket follows, and how far that was told.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Followed {
    /// As it was last heard of.
    pub pull: Pull,
    /// The tasks of the ticket that it is about; all of them if there is none.
    #[serde(default)]
    pub tasks: BTreeSet<TaskId>,
    /// The state that the issue last told people: by a remote link and a comment.
    #[serde(default)]
    pub shown: Option<PullState>,
    /// The state that the tasks were last told.
    #[serde(default)]
    pub told: Option<PullState>,
    /// Whether its description names the ticket, or cannot be made to.
    #[serde(default)]
    pub referenced: bool,
    /// The key that its description was given.
    #[serde(default)]
    pub referenced_as: Option<String>,
    /// Whether the issue was brought to the status for opened pull requests, or is not to be.
    #[serde(default)]
    pub moved: bool,
    /// Why something of this could not be done, if it could not.
    #[serde(default)]
    pub problem: Option<String>,
    /// How often that was tried.
    #[serde(default)]
    pub tries: u32,
    /// When it is tried again.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
}

impl Followed {
    /// Begins to follow.
    pub fn new(pull: Pull, tasks: BTreeSet<TaskId>) -> Self {
        Self {
            pull,
            tasks,
            shown: None,
            told: None,
            referenced: false,
            referenced_as: None,
            moved: false,
            problem: None,
            tries: 0,
            not_before: None,
        }
    }

    /// Takes what was heard. Returns whether that is news. What is older changes nothing.
    pub fn hear(&mut self, pull: &Pull, tasks: &BTreeSet<TaskId>) -> bool {
        let before = self.clone();
        if tasks.is_empty() {
            self.tasks.clear();
        } else if !self.tasks.is_empty() {
            self.tasks.extend(tasks.iter().cloned());
        }
        if pull.changed_at >= self.pull.changed_at {
            if pull.state != self.pull.state {
                // What could not be done in the state before may be possible now.
                (self.tries, self.not_before) = (0, None);
            }
            self.pull.clone_from(pull);
        }
        *self != before
    }

    /// Whether it is about the task.
    pub fn is_about(&self, task: &TaskId) -> bool {
        self.tasks.is_empty() || self.tasks.contains(task)
    }

    /// Whether the tasks must be told: that it was merged or reverted, or that what they were told was not so.
    pub fn is_untold(&self) -> bool {
        let matters = |state: PullState| matches!(state, PullState::Merged | PullState::Reverted);
        self.told != Some(self.pull.state) && (matters(self.pull.state) || self.told.is_some_and(matters))
    }

    /// Whether the issue or the description does not say yet what it should. `key` is the issue's.
    pub fn is_unshown(&self, key: &str) -> bool {
        let is_unmoved = self.pull.state == PullState::Open && !self.moved;
        self.shown != Some(self.pull.state) || is_unmoved || self.lacks_reference(key)
    }

    /// Whether the description is to be looked at: it was not yet, or the issue has another key since. Nobody looks at a
    /// pull request that was closed without a merge.
    pub fn lacks_reference(&self, key: &str) -> bool {
        let is_moved = self.referenced_as.as_ref().is_some_and(|known| known != key);
        self.pull.is_on_github() && self.pull.state != PullState::Closed && (!self.referenced || is_moved)
    }

    /// When something is to be done; none if nothing is. `key` is the issue's.
    pub fn due_at(&self, key: &str, now: Timestamp) -> Option<Timestamp> {
        self.is_unshown(key).then(|| self.not_before.unwrap_or(now).max(now))
    }

    /// Something could not be done. It is tried again after `wait` seconds, ever more rarely. Returns whether it is given
    /// up.
    pub fn failed(&mut self, problem: String, wait: i64, now: Timestamp) -> bool {
        self.problem = Some(problem);
        self.tries += 1;
        let grown =
            wait.saturating_mul(1 << self.tries.saturating_sub(1).min(10)).min(LONGEST_WAIT.max(wait));
        self.not_before = Some(after(now, grown));
        self.tries >= MOST_TRIES
    }

    /// Nothing more is tried until the pull request or the key changes.
    pub fn give_up(&mut self, key: &str) {
        self.shown = Some(self.pull.state);
        self.moved = true;
        self.referenced = true;
        self.referenced_as = Some(key.to_owned());
        self.not_before = None;
    }

    /// All that was to be done is done.
    pub fn settled(&mut self) {
        self.problem = None;
        self.tries = 0;
        self.not_before = None;
    }
}
