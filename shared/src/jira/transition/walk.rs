//! A walk through a workflow that is learned on the way. Pure.
//!
//! From each status the best move to a status where the issue was not yet is chosen. Where there is none, the walk
//! turns back, along moves that it knows, to the nearest status that had another one.
//!
//! A walk that begins where the goal is one move away, and that move demands what only a person can fill in, ends there: an
//! earlier walk led to that place, and another one would only move the issue to and fro.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use super::bring::Goal;
use super::{Target, Transition, fill};
use crate::jira::error::JiraError;
use crate::jira::issue::StatusBean;
use crate::trace::Call;

/// How many moves are made to bring one issue where it is wanted, at most.
pub const STEPS: usize = 6;

/// A move that was made, or may have been.
struct Made {
    to: Target,
    call: Call,
    /// Why nobody knows whether it was made.
    doubt: Option<String>,
}

/// See the module.
pub(super) struct Walk<'a> {
    goal: &'a Goal,
    visited: BTreeSet<String>,
    /// The status where the last move began.
    from: String,
    last: Option<Made>,
    steps: usize,
    made: Vec<(String, Call)>,
    /// The transitions that led, or would lead, from a status where the issue was, and where to.
    exits: BTreeMap<String, Vec<(String, String)>>,
    /// The statuses and the transitions from there that Jira refused.
    refused: BTreeSet<(String, String)>,
    refusal: Option<String>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(goal: &'a Goal) -> Self {
        Self {
            goal,
            visited: BTreeSet::new(),
            from: String::new(),
            last: None,
            steps: 0,
            made: Vec::new(),
            exits: BTreeMap::new(),
            refused: BTreeSet::new(),
            refusal: None,
        }
    }

    /// The moves that Jira accepted.
    pub(super) fn made(self) -> Vec<(String, Call)> {
        self.made
    }

    /// Notes where the issue stands now. Says what keeps the walk from going on, if anything does.
    pub(super) fn arrive(&mut self, status: &StatusBean) -> Option<String> {
        let is_new = self.visited.insert(status.id.clone());
        let last = self.last.take()?;
        let is_as_meant = last.to.id == status.id;
        match last.doubt {
            Some(_) if is_as_meant => {
                self.note(&last.to, last.call);
                None
            }
            Some(doubt) if !is_new => Some(doubt),
            None if !is_new && !is_as_meant => {
                Some(format!("Jira accepted the move, but the issue is in status {} again", status.name))
            }
            _ => None,
        }
    }

    /// Whether `status` is done, though not the done status that is wanted.
    pub(super) fn is_good_enough(&self, status: &StatusBean) -> bool {
        matches!(self.goal, Goal::Done { .. }) && status.is_done()
    }

    /// Says so if no further move may be made.
    pub(super) fn is_too_long(&self, status: &StatusBean) -> Option<String> {
        let (name, ask) = (&status.name, self.in_jira());
        (self.steps >= STEPS)
            .then(|| format!("the issue is in status {name} after {STEPS} moves; {ask} it in Jira"))
    }

    /// The move to make and the fields to make it with; or why there is none.
    pub(super) fn choose<'t>(
        &mut self,
        offered: &'t [Transition],
        status: &StatusBean,
    ) -> Result<(&'t Transition, BTreeMap<String, Value>), String> {
        if offered.is_empty() {
            return Err(format!(
                "Jira offers no move out of status {}: the permission Transition issues is missing, the issue is \
                 archived, or the workflow has none; give the connection's account the permission, or {} the issue in \
                 Jira",
                status.name,
                self.in_jira()
            ));
        }
        let mut ways = Vec::new();
        let mut blocked = Vec::new();
        let mut is_goal_blocked = false;
        for transition in offered {
            if self.is_refused(&status.id, &transition.id)
                || transition.to.id == status.id
                || self.is_forbidden(&transition.to)
            {
                continue;
            }
            match fill(transition) {
                Ok(fields) => ways.push((transition, fields)),
                Err(_) if self.visited.contains(&transition.to.id) => {}
                Err(fields) => {
                    is_goal_blocked |= self.leads_to_goal(&transition.to);
                    blocked.push(format!("{} needs {}", transition.name, fields.join(", ")));
                }
            }
        }
        if self.steps == 0 && is_goal_blocked && !ways.iter().any(|(way, _)| self.leads_to_goal(&way.to)) {
            return Err(self.no_way(status, &blocked));
        }
        let exits = ways.iter().map(|(way, _)| (way.id.clone(), way.to.id.clone())).collect();
        self.exits.insert(status.id.clone(), exits);
        let unvisited = ways.iter().enumerate().filter(|(_, (way, _))| !self.visited.contains(&way.to.id));
        let best = unvisited.min_by_key(|(_, (way, _))| self.rank(&way.to)).map(|(number, _)| number);
        let chosen = best.or_else(|| {
            let back = self.way_back(&status.id)?;
            ways.iter().position(|(way, _)| way.id == back)
        });
        match chosen {
            Some(chosen) => Ok(ways.swap_remove(chosen)),
            None => Err(self.no_way(status, &blocked)),
        }
    }

    /// The move of [`Self::choose`] is about to be made from `status`.
    pub(super) fn set_out(&mut self, status: &StatusBean) {
        self.steps += 1;
        self.from.clone_from(&status.id);
    }

    /// Jira accepted it.
    pub(super) fn accepted(&mut self, transition: &Transition, call: Call) {
        self.note(&transition.to, call.clone());
        self.last = Some(Made { to: transition.to.clone(), call, doubt: None });
    }

    /// Nobody knows whether it was made.
    pub(super) fn in_doubt(&mut self, transition: &Transition, error: JiraError) {
        let doubt = Some(error.to_string());
        self.last = Some(Made { to: transition.to.clone(), call: error.call, doubt });
    }

    /// Jira refused it; it is not made again from there.
    pub(super) fn refused(&mut self, transition: &Transition, error: &JiraError) {
        self.refused.insert((self.from.clone(), transition.id.clone()));
        self.refusal = Some(format!("{}: {error}", transition.name));
    }

    fn note(&mut self, to: &Target, call: Call) {
        self.made.push((format!("moved to {}", to.name), call));
    }

    fn is_refused(&self, status: &str, transition: &str) -> bool {
        self.refused.contains(&(status.to_owned(), transition.to_owned()))
    }

    fn leads_to_goal(&self, to: &Target) -> bool {
        self.goal.is_reached(&to.id, to.category == "done")
    }

    /// Whether a status is not even to be entered on the way.
    fn is_forbidden(&self, to: &Target) -> bool {
        matches!(self.goal, Goal::At { .. }) && to.category == "done" && !self.leads_to_goal(to)
    }

    /// How far from the goal a status seems; less is nearer.
    fn rank(&self, to: &Target) -> u8 {
        match (self.goal, to.category.as_str()) {
            (Goal::Done { status: Some(wanted) } | Goal::At { status: wanted }, _) if *wanted == to.id => 0,
            (Goal::Done { status: Some(_) } | Goal::Open, "done") => 4,
            (Goal::Done { .. }, "done") | (Goal::Open, "new") => 0,
            (_, "indeterminate") => 1,
            (Goal::Done { .. }, "new") => 2,
            _ => 3,
        }
    }

    /// The first transition of the shortest known way from `status` to one that leads where the issue was not yet.
    fn way_back(&self, status: &str) -> Option<String> {
        let mut seen = BTreeSet::from([status]);
        let mut waiting = VecDeque::new();
        for (transition, to) in self.usable(status) {
            if seen.insert(to) {
                waiting.push_back((to, transition));
            }
        }
        while let Some((at, first)) = waiting.pop_front() {
            for (_, to) in self.usable(at) {
                if !self.visited.contains(to) {
                    return Some(first.to_owned());
                }
                if seen.insert(to) {
                    waiting.push_back((to, first));
                }
            }
        }
        None
    }

    fn usable<'b>(&'b self, status: &'b str) -> impl Iterator<Item = (&'b str, &'b str)> {
        let exits = self.exits.get(status).into_iter().flatten();
        exits
            .filter(move |(transition, _)| !self.is_refused(status, transition))
            .map(|(transition, to)| (transition.as_str(), to.as_str()))
    }

    fn no_way(&self, status: &StatusBean, blocked: &[String]) -> String {
        let wanted = match self.goal {
            Goal::Done { status: None } => "a done status",
            Goal::Done { status: Some(_) } => "the wanted done status",
            Goal::Open => "an open status",
            Goal::At { .. } => "the status for opened pull requests",
        };
        let mut problem = format!("there is no way from status {} to {wanted}", status.name);
        if !blocked.is_empty() {
            problem = format!("{problem} that needs no further fields: {}", blocked.join("; "));
        }
        match &self.refusal {
            Some(refusal) => format!("{problem}; {refusal}"),
            None => problem,
        }
    }

    /// What a person would do.
    fn in_jira(&self) -> &'static str {
        match self.goal {
            Goal::Done { .. } => "close",
            Goal::Open => "reopen",
            Goal::At { .. } => "move",
        }
    }
}
