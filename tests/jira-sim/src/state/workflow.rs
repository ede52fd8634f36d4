//! Workflows: which statuses a project has, and which steps lead from one to another.

use super::vocabulary::{DONE, IN_PROGRESS, IN_REVIEW, TEAM_DONE, TEAM_IN_PROGRESS, TEAM_TO_DO, TO_DO};

/// One step of a workflow. Its id and name are not those of the status that it leads to.
#[derive(Debug, Clone)]
pub(crate) struct Transition {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// Empty = from every status.
    pub(crate) from: Vec<u64>,
    pub(crate) to: u64,
    /// Fields on its screen; empty = no screen.
    pub(crate) screen: Vec<String>,
    /// Those of the screen that must be given.
    pub(crate) required: Vec<String>,
}

impl Transition {
    fn new(id: u64, name: &str, from: &[u64], to: u64) -> Self {
        let (screen, required) = (Vec::new(), Vec::new());
        Self { id, name: name.to_owned(), from: from.to_vec(), to, screen, required }
    }

    pub(crate) fn leaves(&self, status: u64) -> bool {
        self.from.is_empty() || self.from.contains(&status)
    }
}

/// A project's workflow, the same for all its issue types.
#[derive(Debug, Clone)]
pub(crate) struct Workflow {
    /// The first is where issues begin.
    pub(crate) statuses: Vec<u64>,
    pub(crate) transitions: Vec<Transition>,
}

impl Workflow {
    pub(crate) fn initial(&self) -> u64 {
        self.statuses.first().copied().unwrap_or(TO_DO)
    }

    /// Every status is reached from every other.
    pub(crate) fn simple() -> Self {
        Self {
            statuses: vec![TO_DO, IN_PROGRESS, DONE],
            transitions: vec![
                Transition::new(11, "To Do", &[], TO_DO),
                Transition::new(21, "In Progress", &[], IN_PROGRESS),
                Transition::new(31, "Done", &[], DONE),
            ],
        }
    }

    /// Step by step; no direct way from the first status to the last.
    pub(crate) fn reviewed() -> Self {
        Self {
            statuses: vec![TO_DO, IN_PROGRESS, IN_REVIEW, DONE],
            transitions: vec![
                Transition::new(11, "Start work", &[TO_DO], IN_PROGRESS),
                Transition::new(21, "Ask for review", &[IN_PROGRESS], IN_REVIEW),
                Transition::new(31, "Approve", &[IN_REVIEW], DONE),
                Transition::new(41, "Send back", &[IN_REVIEW], IN_PROGRESS),
                Transition::new(51, "Reopen", &[DONE], TO_DO),
                Transition::new(61, "Stop work", &[IN_PROGRESS], TO_DO),
            ],
        }
    }

    /// A team-managed project's board.
    pub(crate) fn team() -> Self {
        Self {
            statuses: vec![TEAM_TO_DO, TEAM_IN_PROGRESS, TEAM_DONE],
            transitions: vec![
                Transition::new(11, "To Do", &[], TEAM_TO_DO),
                Transition::new(21, "In Progress", &[], TEAM_IN_PROGRESS),
                Transition::new(31, "Done", &[], TEAM_DONE),
            ],
        }
    }
}
