//! Actions: what people have Assay change in Jira, one thing at a time: access of an account, an account's place in the
//! organisation, an issue.
//!
//! | state | what happens | then |
//! |---|---|---|
//! | planned | a dry run: the steps are worked out, the rules are asked, Jira is only read | approved, awaiting approval, or refused |
//! | awaiting approval | it is dangerous, so that a second person must approve it; or whoever asked wants to look at its dry run first | approved, or refused |
//! | approved | nothing yet | running |
//! | running | step by step: what holds now is read and noted, then changed, then read back | done, failed, or refused |
//! | done | it holds, as was read back | undone, by another action |
//! | failed, refused, undone | nothing any more | — |
//!
//! Every step may be repeated after a crash at any point: before Jira is told to change anything, it is written down what
//! held before, and what is so already is not changed again. The rules are asked in the dry run and once more
//! before anything is changed: never our own account, never one that is protected, never the last administrator. An issue
//! is created with a property that names its action, so that a create whose answer was lost is looked for by it.
//! Undoing is an action of its own, with the steps turned round of what was really changed.

mod asked;
mod dry_run;
mod instead;
mod plan;
mod state;
mod step;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, ActionId, CampaignId, ConnectionId, TenantId};
use crate::ticket::Issue;
use crate::trace::Entry;
use crate::{Error, Result};

pub use asked::{Asked, Deactivation, NewIssue};
pub use dry_run::{DryRun, Instead, IssueFacts};
pub use instead::instead_of_removing;
pub use plan::{Plan, Rules, is_lease_over, note_on, plan};
pub use state::State;
pub use step::{Change, IssueObject, Object, Standing, Step};

/// The key of the property by which the issue that an action created is known.
pub const PROPERTY: &str = "assay.action";

/// How many actions may be asked for at once without a second person: by a campaign, or by one token in the present hour
/// and the one before.
pub const MOST_AT_ONCE: u64 = 20;

/// How often an action is tried before it fails.
pub const MOST_ATTEMPTS: u32 = 10;

/// How many lines of its trace an action keeps.
const LONGEST_TRACE: usize = 60;

/// One action.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Action {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its identifier.
    pub id: ActionId,
    /// The connection that it is carried out through.
    pub connection: ConnectionId,
    /// The account that it is about; none where it is about an issue.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// What is asked for.
    pub asked: Asked,
    /// Why, in words.
    pub why: String,
    /// Who asked: an API token's id.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// The campaign whose decision it carries out.
    pub campaign: Option<CampaignId>,
    /// How many were asked for at once.
    pub together: u64,
    /// Whether it waits for an approval even where it is not dangerous.
    pub held: bool,
    /// See the module's table.
    pub state: State,
    /// Why it failed or was refused, or what it waits for.
    pub problem: Option<String>,
    /// What its dry run found out.
    pub dry_run: Option<DryRun>,
    /// What is done in Jira, in this order.
    pub steps: Vec<Step>,
    /// The issue that it created.
    #[serde(default)]
    pub issue: Option<Issue>,
    /// Who approved it; none where nobody had to.
    pub approved_by: Option<String>,
    /// When it was done, or ended otherwise.
    pub ended_at: Option<Timestamp>,
    /// The action that undoes it, once one was asked for.
    pub undone_by: Option<ActionId>,
    /// What happened, oldest first.
    pub trace: Vec<Entry>,
    /// How often it was tried in its present state.
    pub attempts: u32,
    /// Until when one worker alone carries it out.
    pub leased_until: Option<Timestamp>,
    /// When something is to be done about it next.
    pub due_at: Option<Timestamp>,
    /// Version of this record; rises with each change.
    pub version: u64,
}

/// What somebody wants done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wish {
    /// The connection that it is carried out through.
    pub connection: ConnectionId,
    /// The account that it is about; none where it is about an issue.
    pub account: Option<AccountId>,
    /// What is asked for.
    pub asked: Asked,
    /// Why.
    pub why: String,
    /// The campaign whose decision it carries out.
    pub campaign: Option<CampaignId>,
    /// How many are asked for at once.
    pub together: u64,
    /// Whether it waits for an approval even where it is not dangerous.
    pub held: bool,
}

impl Action {
    /// An action that is asked for.
    pub fn begin(tenant: TenantId, id: ActionId, wish: Wish, by: &str, now: Timestamp) -> Self {
        let mut action = Self {
            tenant,
            id,
            connection: wish.connection,
            account: wish.account,
            asked: wish.asked,
            why: wish.why,
            asked_by: by.to_owned(),
            asked_at: now,
            campaign: wish.campaign,
            together: wish.together,
            held: wish.held,
            state: State::Planned,
            problem: None,
            dry_run: None,
            steps: Vec::new(),
            issue: None,
            approved_by: None,
            ended_at: None,
            undone_by: None,
            trace: Vec::new(),
            attempts: 0,
            leased_until: None,
            due_at: Some(now),
            version: 0,
        };
        let why = action.why.clone();
        action.note(now, by, "asked for it", &why);
        action
    }

    /// Whether a second person must approve it, as its dry run found out.
    pub fn needs_second_person(&self) -> bool {
        self.dry_run.as_ref().is_some_and(|dry_run| !dry_run.dangers.is_empty())
    }

    /// Whether a plan that was made again holds what nobody let through: a danger that the dry run did not name, or a step
    /// that was not there when somebody approved it.
    pub fn is_outgrown_by(&self, plan: &Plan) -> bool {
        let known =
            |danger: &String| self.dry_run.as_ref().is_some_and(|dry_run| dry_run.dangers.contains(danger));
        let is_there = |step: &Step| {
            self.steps.iter().any(|one| (one.change, &one.object) == (step.change, &step.object))
        };
        !plan.dangers.iter().all(known) || (self.approved_by.is_some() && !plan.steps.iter().all(is_there))
    }

    /// Takes the plan of a dry run; what was approved before was another plan.
    pub fn planned(&mut self, plan: Plan, now: Timestamp) {
        self.approved_by = None;
        let awaits = self.held || !plan.dangers.is_empty();
        let found = format!("{} steps; {} dangers", plan.steps.len(), plan.dangers.len());
        self.looked_at(plan, now);
        self.note(now, "worker", "dry run", &found);
        self.go_to(if awaits { State::AwaitingApproval } else { State::Approved }, now);
    }

    /// Keeps what a dry run found out, whether it may be done or not.
    pub fn looked_at(&mut self, plan: Plan, now: Timestamp) {
        let Plan { steps, products_lost, dangers, notes, issue, reported, instead, refusal: _ } = plan;
        self.steps = steps;
        self.dry_run = Some(DryRun { at: now, products_lost, dangers, notes, issue, reported, instead });
    }

    /// Takes an approval. `is_same_person` says whether one person may hold the tokens of both who asked and who approves
    /// ([`crate::access::may_be_one_person`]): nobody approves by a second token of their own.
    ///
    /// # Errors
    /// `Conflict` when it does not wait for one; `Forbidden` when whoever asked may not approve it.
    pub fn approve(&mut self, by: &str, is_same_person: bool, now: Timestamp) -> Result<()> {
        if self.state != State::AwaitingApproval {
            let message = format!("action {} is {}; it waits for no approval", self.id, self.state.word());
            return Err(Error::conflict(message));
        }
        if self.needs_second_person() && (is_same_person || by == self.asked_by) {
            let message = format!(
                "action {} is dangerous: another person than the one who asked for it must approve it, by a token that no maker of the asker's token made",
                self.id
            );
            return Err(Error::new(crate::error::Kind::Forbidden, message));
        }
        self.approved_by = Some(by.to_owned());
        self.note(now, by, "approved it", "its dry run was looked at");
        self.go_to(State::Approved, now);
        Ok(())
    }

    /// Takes the word that it is not wanted, before anything was changed.
    ///
    /// # Errors
    /// `Conflict` when it is too late.
    pub fn decline(&mut self, by: &str, why: &str, now: Timestamp) -> Result<()> {
        match self.state {
            State::Planned | State::AwaitingApproval | State::Approved => {
                self.note(now, by, "declined it", why);
                self.refuse(&format!("it was declined: {why}"), now);
                Ok(())
            }
            State::Running | State::Done | State::Failed | State::Refused | State::Undone => {
                let message = format!("action {} is {}; it is too late", self.id, self.state.word());
                Err(Error::conflict(message))
            }
        }
    }

    /// Ends it, since it may not be carried out.
    pub fn refuse(&mut self, why: &str, now: Timestamp) {
        self.problem = Some(why.to_owned());
        self.note(now, "worker", "refused", why);
        self.go_to(State::Refused, now);
    }

    /// Ends it, since it could not be carried out. What of it was done stays, and its steps say so.
    pub fn fail(&mut self, why: &str, now: Timestamp) {
        self.problem = Some(why.to_owned());
        self.note(now, "worker", "failed", why);
        self.go_to(State::Failed, now);
    }

    /// Goes to a state, in which attempts are counted anew.
    pub fn go_to(&mut self, state: State, now: Timestamp) {
        self.state = state;
        self.attempts = 0;
        self.leased_until = None;
        self.due_at = state.is_at_work().then_some(now);
        if matches!(state, State::Done | State::Failed | State::Refused | State::Undone) {
            self.ended_at = Some(now);
        }
        if !matches!(state, State::Failed | State::Refused) {
            self.problem = None;
        }
    }

    /// Adds a line to the trace, which keeps its beginning and its end.
    pub fn note(&mut self, at: Timestamp, actor: &str, what: &str, why: &str) {
        if self.trace.len() >= LONGEST_TRACE {
            self.trace.remove(LONGEST_TRACE / 2);
        }
        self.trace.push(Entry::new(at, actor, what, why));
    }

    /// What undoes it: its steps turned round, the last one first.
    ///
    /// # Errors
    /// `Conflict` when it changed nothing that could be undone.
    pub fn undoing(&self) -> Result<Asked> {
        let steps: Vec<Step> = self.steps.iter().rev().filter_map(Step::undone).collect();
        let is_ended = matches!(self.state, State::Done | State::Failed);
        if !is_ended || steps.is_empty() {
            let has_begun = is_ended && self.steps.iter().any(Step::has_begun);
            let why = if has_begun {
                self.asked.advice_on_undoing(self.issue.as_ref().map(|issue| issue.key.as_str()))
            } else {
                "it changed nothing that can be undone".to_owned()
            };
            return Err(Error::conflict(format!("action {} is {}; {why}", self.id, self.state.word())));
        }
        Ok(Asked::Undo { of: self.id.clone(), steps })
    }
}

#[cfg(test)]
#[path = "action_tests.rs"]
mod tests;
