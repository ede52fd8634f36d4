//! A pull request as Assay keeps it, and what it is about.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Pull, PullId, PullState};
use crate::clock::{after, seconds_between};
use crate::connection::Lease;
use crate::ids::{TaskId, TenantId, TicketId};

/// How many tickets, and how many findings, one pull request is about at most.
const MOST_LINKS: usize = 200;

/// The shortest and the longest time between two readings of a pull request, in seconds.
const READ_EVERY: (i64, i64) = (900, 24 * 3600);

/// How long one that is not open any more is still read, in seconds: whether it was reopened.
const READ_FOR: i64 = 7 * 24 * 3600;

/// What a pull request is about.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Links {
    /// Tickets.
    pub tickets: BTreeSet<TicketId>,
    /// Findings, by the ids of their tasks.
    pub findings: BTreeSet<TaskId>,
}

impl Links {
    /// Whether it is about nothing of ours.
    pub fn is_empty(&self) -> bool {
        self.tickets.is_empty() && self.findings.is_empty()
    }
}

/// One pull request of a tenant.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Remediation {
    /// Whose it is.
    pub tenant: TenantId,
    /// Fixed by its address.
    pub id: PullId,
    /// As it was last heard of.
    pub pull: Pull,
    /// Its branch; empty where that was not said.
    #[serde(default)]
    pub branch: String,
    /// The tickets that it is about: all their findings.
    #[serde(default)]
    pub tickets: BTreeSet<TicketId>,
    /// The findings that it is about.
    #[serde(default)]
    pub findings: BTreeSet<TaskId>,
    /// The pull request that it takes back. Then it is about nothing else.
    #[serde(default)]
    pub reverts: Option<PullId>,
    /// Who is writing its description.
    #[serde(default)]
    pub lease: Option<Lease>,
    /// When it was first heard of.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// When it is read again; none if it is not.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
    /// Grows by one with every write; 0 before the first.
    pub version: u64,
}

impl Remediation {
    /// A pull request that was not known before.
    pub fn new(tenant: &TenantId, pull: Pull, now: Timestamp) -> Self {
        let mut made = Self {
            tenant: tenant.clone(),
            id: PullId::of(&pull.url),
            pull,
            branch: String::new(),
            tickets: BTreeSet::new(),
            findings: BTreeSet::new(),
            reverts: None,
            lease: None,
            created_at: now,
            updated_at: now,
            due_at: None,
            version: 0,
        };
        made.due_at = made.next_reading(now);
        made
    }

    /// Takes what was heard. Returns whether that is news. Links are only added: what somebody once said it is about stays.
    pub fn hear(
        &mut self,
        pull: &Pull,
        is_certain: bool,
        branch: &str,
        links: &Links,
        now: Timestamp,
    ) -> bool {
        let before = self.clone();
        self.pull = self.pull.after(pull, is_certain);
        if !branch.is_empty() {
            branch.clone_into(&mut self.branch);
        }
        let free = MOST_LINKS.saturating_sub(self.tickets.len());
        let new: Vec<TicketId> = links.tickets.difference(&self.tickets).take(free).cloned().collect();
        self.tickets.extend(new);
        let free = MOST_LINKS.saturating_sub(self.findings.len());
        let new: Vec<TaskId> = links.findings.difference(&self.findings).take(free).cloned().collect();
        self.findings.extend(new);
        self.note(&before, now)
    }

    /// Another one took it back, or that was taken back itself. Returns whether that is news.
    pub fn revert(&mut self, is_reverted: bool, at: Timestamp, now: Timestamp) -> bool {
        let before = self.clone();
        match (self.pull.state, is_reverted) {
            (PullState::Merged, true) => self.pull.state = PullState::Reverted,
            (PullState::Reverted, false) => self.pull.state = PullState::Merged,
            _ => return false,
        }
        self.pull.changed_at = self.pull.changed_at.max(at);
        self.note(&before, now)
    }

    fn note(&mut self, before: &Self, now: Timestamp) -> bool {
        let is_news = self != before;
        if is_news {
            self.updated_at = now;
            self.due_at = self.next_reading(now);
        }
        is_news
    }

    /// When it is read again at its forge, in case a delivery was lost: soon after it changed, then ever more rarely; one
    /// that is not open any more only for a week.
    pub fn next_reading(&self, now: Timestamp) -> Option<Timestamp> {
        let age = seconds_between(self.pull.changed_at, now).max(0);
        let is_worth_it = self.pull.is_on_github() && (self.pull.state == PullState::Open || age < READ_FOR);
        is_worth_it.then(|| after(now, age.clamp(READ_EVERY.0, READ_EVERY.1)))
    }
}
