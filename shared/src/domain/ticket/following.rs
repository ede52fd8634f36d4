//! Pull requests that a ticket follows: what is heard of them, and what of that was shown and told.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{LEASE, State, Step, Ticket, Wanted};
use crate::clock::after;
use crate::connection::Lease;
use crate::ids::TaskId;
use crate::pull::{Followed, Pull, PullId, PullState};
use crate::trace::{Call, Entry};

/// How many pull requests a ticket follows, at most; further ones are left out.
const MOST_PULLS: usize = 50;

impl Ticket {
    /// Something was heard of a pull request that is about the ticket, or about some of its `tasks` alone. Returns whether
    /// that is news.
    pub fn follow_pull(
        &mut self,
        id: &PullId,
        pull: &Pull,
        tasks: &BTreeSet<TaskId>,
        now: Timestamp,
    ) -> bool {
        let state = match self.pulls.get_mut(id) {
            Some(followed) => {
                let before = followed.pull.state;
                if !followed.hear(pull, tasks) {
                    return false;
                }
                Some(followed.pull.state).filter(|state| *state != before)
            }
            None => None,
        };
        let state = if self.pulls.contains_key(id) {
            state
        } else if self.pulls.len() < MOST_PULLS {
            self.pulls.insert(id.clone(), Followed::new(pull.clone(), tasks.clone()));
            Some(pull.state)
        } else {
            return false;
        };
        if let Some(state) = state {
            let what = format!("pull request {} is {}", pull.name(), state.word());
            self.record(Entry::new(now, pull.teller(), what, "its forge, or whoever uses the API, says so"));
        }
        match &self.lease {
            // Whoever has it looks at what is to be done next when it has saved what it learned.
            Some(lease) => self.due_at = Some(lease.until),
            None => self.schedule(now),
        }
        true
    }

    /// The key of the issue, where pull requests can be shown in it.
    fn key_to_show_in(&self) -> Option<&str> {
        match &self.state {
            State::Open { issue }
            | State::Closing { issue }
            | State::Reopening { issue }
            | State::Closed { issue: Some(issue) } => Some(issue.key.as_str()),
            State::Planned
            | State::Creating { .. }
            | State::Unknown { .. }
            | State::Failed { .. }
            | State::Closed { issue: None }
            | State::Gone { .. } => None,
        }
    }

    /// The next step with what pull requests ask for; `step` is the one without them.
    pub(super) fn with_pulls(&self, step: Step, now: Timestamp) -> Step {
        let comes_first = matches!(step, Step::LookUp | Step::Look | Step::Tell)
            || matches!(self.state, State::Creating { .. } | State::Unknown { .. })
            || matches!(self.wanted, Wanted::Kept | Wanted::Deleted)
            || self.news.is_some();
        if self.pulls.is_empty() || comes_first {
            return step;
        }
        if self.pulls.values().any(Followed::is_untold) {
            return Step::TellPulls;
        }
        let Some(key) = self.key_to_show_in() else { return step };
        let next = self.pulls.values().filter_map(|followed| followed.due_at(key, now)).min();
        match (step, next) {
            (_, Some(next)) if next <= now => Step::Follow,
            (Step::Settled, Some(next)) => Step::Wait { until: next },
            (Step::Wait { until }, Some(next)) => Step::Wait { until: until.min(next) },
            (step, _) => step,
        }
    }

    /// The pull requests that something is to be done for now.
    pub fn pulls_to_show(&self, now: Timestamp) -> Vec<PullId> {
        let Some(key) = self.key_to_show_in() else { return Vec::new() };
        let is_due = |followed: &Followed| followed.due_at(key, now).is_some_and(|at| at <= now);
        self.pulls.iter().filter(|(_, it)| is_due(it)).map(|(id, _)| id.clone()).collect()
    }

    /// A worker claims the ticket in order to show pull requests. Saved before the calls. What else waits goes on waiting.
    pub fn begin_follow(&mut self, worker: &str, now: Timestamp) {
        let until = after(now, LEASE);
        self.lease = Some(Lease { owner: worker.to_owned(), until });
        self.due_at = Some(until);
    }

    /// What became of showing pull requests. What was heard of one meanwhile is still to be shown.
    pub fn followed(&mut self, shown: &[ShownPull], now: Timestamp) {
        for it in shown {
            let Some(followed) = self.pulls.get_mut(&it.id) else { continue };
            let before = followed.clone();
            followed.moved |= it.moved;
            if it.shown {
                followed.shown = Some(it.state);
            }
            if let Some(key) = &it.referenced_as {
                followed.referenced = true;
                followed.referenced_as = Some(key.clone());
            }
            let key = it.key.as_str();
            match &it.failed {
                Some((problem, wait)) => {
                    if followed.failed(problem.clone(), *wait, now) {
                        followed.give_up(key);
                    }
                }
                None => followed.settled(),
            }
            // What cannot be done at all is told, too.
            if it.failed.is_none() {
                followed.problem.clone_from(&it.remark);
            }
            let (is_news, name) = (before.problem != followed.problem, followed.pull.name());
            if let Some(problem) = followed.problem.clone().filter(|_| is_news) {
                self.record(Entry::new(
                    now,
                    "worker",
                    format!("could not show all of pull request {name}"),
                    problem,
                ));
            }
            for (what, call) in &it.done {
                let mut entry =
                    Entry::new(now, "worker", what, format!("pull request {name} is {}", it.state.word()));
                entry.call.clone_from(call);
                self.record(entry);
            }
        }
        self.lease = None;
        self.schedule(now);
    }

    /// Showing pull requests must wait: the connection cannot be used now.
    pub fn follow_later(&mut self, why: &str, wait: i64, now: Timestamp) {
        for id in self.pulls_to_show(now) {
            if let Some(followed) = self.pulls.get_mut(&id) {
                followed.problem = Some(why.to_owned());
                followed.not_before = Some(after(now, wait));
            }
        }
        self.schedule(now);
    }

    /// The tasks were told of pull requests in these states. What was heard since is told again.
    pub fn told_of_pulls(&mut self, told: &[(PullId, PullState)], now: Timestamp) {
        for (id, state) in told {
            if let Some(followed) = self.pulls.get_mut(id) {
                followed.told = Some(*state);
            }
        }
        self.schedule(now);
    }

    /// The pull requests that the tasks are to be told of, oldest change first, with the state to tell.
    pub fn pulls_to_tell(&self) -> Vec<(PullId, PullState)> {
        let mut untold: Vec<_> = self.pulls.iter().filter(|(_, followed)| followed.is_untold()).collect();
        untold.sort_by_key(|(_, followed)| followed.pull.changed_at);
        untold.into_iter().map(|(id, followed)| (id.clone(), followed.pull.state)).collect()
    }
}

/// What became of showing one pull request.
#[derive(Clone, Debug)]
pub struct ShownPull {
    /// Which one.
    pub id: PullId,
    /// The state that was to be shown.
    pub state: PullState,
    /// The key that the issue had.
    pub key: String,
    /// Whether the issue shows it.
    pub shown: bool,
    /// Whether the status for opened ones was dealt with.
    pub moved: bool,
    /// The key that the description names, or cannot be made to name.
    pub referenced_as: Option<String>,
    /// What could not be done, and how many seconds to wait.
    pub failed: Option<(String, i64)>,
    /// What cannot be done at all.
    pub remark: Option<String>,
    /// What was done, with the call where one tells.
    pub done: Vec<(String, Option<Call>)>,
}

#[cfg(test)]
#[path = "following_tests.rs"]
mod tests;
