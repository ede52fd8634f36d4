//! What a look at the issue shows, and what follows for the ticket and its tasks.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{HowGone, Issue, IssueStatus, State, Ticket, Wanted};
use crate::ids::ProjectId;
use crate::sync_setting::ReopenRule;
use crate::trace::{Call, Entry};

/// An issue as it was just read by id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sight {
    /// Its key now.
    pub key: String,
    /// The project that it is in now.
    pub project: ProjectId,
    /// Its status.
    pub status: IssueStatus,
    /// Whether it is archived, so that nothing can be written.
    pub archived: bool,
    /// When Jira says that it was changed last.
    pub changed_at: Timestamp,
    /// The call that showed it.
    pub call: Call,
}

/// What a person did to an issue and its tasks must be told.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// It was brought to a done status.
    Closed,
    /// It was brought out of its done status.
    Reopened,
    /// It was deleted or archived.
    Gone,
    /// It was gone and is there again.
    Restored,
}

impl Ticket {
    /// Takes what a look at the issue showed. Returns whether anything changed but the time of the last look.
    ///
    /// | known | seen | then |
    /// |---|---|---|
    /// | open | done | closed; the tasks are told, unless they wanted it |
    /// | closing | done | closed, as we wished |
    /// | closed | not done | by the rule open and the tasks are told; else it stays closed for us |
    /// | reopening | not done | open, as we wished |
    /// | any | archived | gone (archived); the tasks are told, of the closing if a person closed it before |
    /// | gone | there | restored: open or closed, as its status says |
    ///
    /// A look that began before the ticket was last written by a look is dropped: an older sight never replaces a newer one.
    pub fn seen(&mut self, sight: &Sight, rule: ReopenRule, actor: &str) -> bool {
        let now = sight.status.read_at;
        if self.issue_status.as_ref().is_some_and(|known| known.read_at > now) {
            return false;
        }
        let before = self.clone();
        self.note_place(sight, actor);
        let told = self.issue_status.as_ref().map(|status| status.name.clone());
        if told.as_ref() != Some(&sight.status.name) {
            let what = format!("the issue's status is {}", sight.status.name);
            self.record(Entry::new(now, actor, what, "it was read from Jira").with(sight.call.clone()));
        }
        if sight.archived {
            self.archived(sight, rule, actor);
        } else {
            self.follow(sight, rule, actor);
        }
        let is_news = *self != before;
        // Even if nothing changed: a look that began earlier and ends later is older than this one.
        self.issue_status = Some(sight.status.clone());
        is_news
    }

    /// The issue is archived. If a person closed it before that, then that is what the tasks are told: nothing is missing.
    fn archived(&mut self, sight: &Sight, rule: ReopenRule, actor: &str) {
        if matches!(self.state, State::Open { .. }) {
            self.follow(sight, rule, actor);
        }
        let closed = self.news.filter(|news| *news == News::Closed);
        self.gone(HowGone::Archived, sight.call.clone(), actor, sight.status.read_at);
        self.news = closed.or(self.news);
    }

    fn note_place(&mut self, sight: &Sight, actor: &str) {
        let now = sight.status.read_at;
        let renamed = self.state.issue().is_some_and(|issue| issue.key != sight.key);
        if renamed
            && let State::Open { issue }
            | State::Closing { issue }
            | State::Reopening { issue }
            | State::Closed { issue: Some(issue) }
            | State::Gone { issue, .. } = &mut self.state
        {
            let what = format!("the issue's key is {}, it was {}", sight.key, issue.key);
            sight.key.clone_into(&mut issue.key);
            self.record(Entry::new(now, actor, what, "it was moved or its project renamed in Jira"));
        }
        if self.project != sight.project {
            self.project = sight.project.clone();
        }
    }

    fn follow(&mut self, sight: &Sight, rule: ReopenRule, actor: &str) {
        let now = sight.status.read_at;
        let Some(issue) = self.state.issue().cloned() else { return };
        let done = sight.status.done;
        match &self.state {
            State::Open { .. } if done => {
                self.end(State::Closed { issue: Some(issue) }, now);
                let wished = self.wanted == Wanted::Closed;
                self.news = (!wished).then_some(News::Closed);
                let why = if wished { "its tasks wanted it so" } else { "a person closed it in Jira" };
                self.record(Entry::new(now, actor, "the issue is done", why));
            }
            State::Closing { .. } if done => {
                self.end(State::Closed { issue: Some(issue) }, now);
                self.record(Entry::new(now, actor, "the issue is done", "we were closing it"));
            }
            State::Closed { .. } if !done && self.known_done() => {
                if rule.reopens_tasks() || self.wanted == Wanted::Open {
                    self.state = State::Open { issue };
                    let wished = self.wanted == Wanted::Open;
                    self.news = (!wished).then_some(News::Reopened);
                    self.ended_at = None;
                    self.counts_since = Some(now);
                    let why = "a person reopened it in Jira";
                    self.record(Entry::new(now, actor, "the issue is to be done again", why));
                } else {
                    let why = "the sync setting does not let its tasks follow";
                    self.record(Entry::new(now, actor, "the issue was reopened in Jira and is left so", why));
                }
            }
            State::Reopening { .. } if !done => {
                self.state = State::Open { issue };
                self.ended_at = None;
                self.record(Entry::new(now, actor, "the issue is to be done again", "we were reopening it"));
            }
            State::Gone { how: HowGone::Archived | HowGone::Deleted, .. } => {
                self.record(Entry::new(now, actor, "the issue is there again", "it was restored in Jira"));
                self.news = Some(News::Restored);
                // It was about the issue that was missing; if that goes again, people decide again.
                self.decided = None;
                self.state = if done { State::Closed { issue: Some(issue) } } else { State::Open { issue } };
                self.ended_at = done.then_some(now);
            }
            State::Planned
            | State::Creating { .. }
            | State::Unknown { .. }
            | State::Open { .. }
            | State::Closing { .. }
            | State::Closed { .. }
            | State::Reopening { .. }
            | State::Failed { .. }
            | State::Gone { how: HowGone::ByUs, .. } => {}
        }
    }

    /// Whether both sides last agreed that the issue is done.
    fn known_done(&self) -> bool {
        self.issue_status.as_ref().is_none_or(|status| status.done)
    }

    fn end(&mut self, state: State, now: Timestamp) {
        self.state = state;
        self.ended_at = Some(now);
        self.problem = None;
        self.lease = None;
        self.not_before = None;
    }

    /// The issue is not there any more, or is archived.
    pub fn gone(&mut self, how: HowGone, call: Call, actor: &str, now: Timestamp) {
        let Some(issue) = self.state.issue().cloned() else { return };
        if matches!(&self.state, State::Gone { how: known, .. } if *known == how) {
            return;
        }
        let (what, why) = match how {
            HowGone::Deleted => {
                (format!("issue {} is gone", issue.key), "Jira does not know it, or hides it")
            }
            HowGone::Archived => {
                (format!("issue {} is archived", issue.key), "nothing can be written into it")
            }
            HowGone::ByUs => {
                (format!("deleted issue {}", issue.key), "its sync setting was disabled with its tickets")
            }
        };
        self.record(Entry::new(now, actor, what, why).with(call));
        let needed = self.wanted == Wanted::Open && how != HowGone::ByUs;
        self.end(State::Gone { issue, how }, now);
        self.news = needed.then_some(News::Gone);
    }

    /// The tasks were told what a person did.
    pub fn told(&mut self) {
        self.news = None;
    }

    /// Somebody says that the issue should be looked at.
    pub fn hear(&mut self, now: Timestamp) {
        self.heard_at = Some(now);
        self.due_at = Some(now);
    }

    /// The issue was looked at by a call that began at `began`. What was heard after that is still to be looked at.
    pub fn looked(&mut self, began: Timestamp) {
        if self.heard_at.is_some_and(|heard_at| heard_at <= began) {
            self.heard_at = None;
        }
    }

    /// The issue that the ticket stands for, if it is there to be looked at.
    pub fn issue_to_look_at(&self) -> Option<&Issue> {
        match &self.state {
            State::Open { issue }
            | State::Closing { issue }
            | State::Reopening { issue }
            | State::Closed { issue: Some(issue) }
            | State::Gone { issue, how: HowGone::Archived | HowGone::Deleted } => Some(issue),
            State::Planned
            | State::Creating { .. }
            | State::Unknown { .. }
            | State::Closed { issue: None }
            | State::Failed { .. }
            | State::Gone { how: HowGone::ByUs, .. } => None,
        }
    }
}

#[cfg(test)]
#[path = "sight_tests.rs"]
mod tests;
