//! How all findings of a tenant stand: their counts, and the verdict of check B9 about them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::policy::FindingPolicy;
use super::{Finding, Severity};
use crate::check::{Failing, Outcome, Verdict};
use crate::evidence::{Entity, Gap};
use crate::task::{State, Task};

/// How a finding stands.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// To be dealt with.
    Open,
    /// Its risk is accepted for a time.
    Accepted,
    /// A person says that it is done; no report has confirmed it yet.
    Completed,
    /// Absent from a full report.
    Resolved,
}

impl Standing {
    /// How the finding of a task stands.
    pub fn of(task: &Task) -> Self {
        match task.state {
            State::Open => Self::Open,
            State::Completed if task.acceptance().is_some() => Self::Accepted,
            State::Completed => Self::Completed,
            State::Resolved => Self::Resolved,
        }
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Completed => "completed",
            Self::Resolved => "resolved",
        }
    }
}

/// Whether a finding is open past its due date. One whose severity has no limit never is, unless a person set its date.
pub fn is_overdue(task: &Task, finding: &Finding, policy: &FindingPolicy, now: Timestamp) -> bool {
    let is_limited = policy.is_limited(finding.severity) || task.edited.contains(&crate::task::Part::DueAt);
    task.is_open() && is_limited && task.due_at < now
}

/// Counts of findings.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Tally {
    /// All of them.
    pub total: u64,
    /// By how they stand.
    #[schema(value_type = Object)]
    pub by_state: BTreeMap<Standing, u64>,
    /// Those that are open, by severity.
    #[schema(value_type = Object)]
    pub open_by_severity: BTreeMap<Severity, u64>,
    /// Those that are open past their due date, by severity.
    #[schema(value_type = Object)]
    pub overdue_by_severity: BTreeMap<Severity, u64>,
    /// How many of those that are open have a ticket.
    pub open_with_ticket: u64,
}

impl Tally {
    /// Counts a task's finding. Returns whether it is overdue.
    pub fn add(&mut self, task: &Task, policy: &FindingPolicy, now: Timestamp) -> bool {
        let Some(finding) = &task.finding else { return false };
        self.total += 1;
        *self.by_state.entry(Standing::of(task)).or_default() += 1;
        if !task.is_open() {
            return false;
        }
        *self.open_by_severity.entry(finding.severity).or_default() += 1;
        self.open_with_ticket += u64::from(task.ticket.is_some());
        let late = is_overdue(task, finding, policy, now);
        if late {
            *self.overdue_by_severity.entry(finding.severity).or_default() += 1;
        }
        late
    }

    /// How many are open.
    pub fn open(&self) -> u64 {
        self.by_state.get(&Standing::Open).copied().unwrap_or_default()
    }

    /// How many are overdue.
    pub fn overdue(&self) -> u64 {
        self.overdue_by_severity.values().sum()
    }

    /// The counts in words, for the evidence.
    pub fn words(&self) -> String {
        let severities: Vec<String> = Severity::ALL
            .into_iter()
            .filter_map(|severity| Some((severity, self.open_by_severity.get(&severity)?)))
            .map(|(severity, count)| format!("{count} {}", severity.word()))
            .collect();
        let severities =
            if severities.is_empty() { String::new() } else { format!(" ({})", severities.join(", ")) };
        format!(
            "all findings of the tenant: {} known, {} open{severities}, {} of them past their due date, {} with a ticket",
            self.total,
            self.open(),
            self.overdue(),
            self.open_with_ticket
        )
    }
}

/// The verdict of check B9 about a tenant's findings, and why their sources cannot be relied on.
///
/// What is late is late whatever a scanner says; but that nothing is late is known only where all sources spoke, whole and
/// in time.
pub fn verdict(tally: &Tally, failing: Vec<Failing>, gaps: Vec<Gap>) -> Verdict {
    let (outcome, because) = match (tally.total, tally.overdue()) {
        (0, _) => (Outcome::Pass, "no finding is known".to_owned()),
        (_, 0) => (Outcome::Pass, format!("none of {} open findings is past its due date", tally.open())),
        (_, late) => {
            (Outcome::Fail, format!("{late} of {} open findings are past their due date", tally.open()))
        }
    };
    let mut verdict = Verdict { outcome, failing, gaps: Vec::new(), because };
    for gap in gaps {
        verdict.doubt(gap);
    }
    verdict
}

/// A finding that is overdue, as check B9 names it.
pub fn failing(task: &Task) -> Option<Failing> {
    let finding = task.finding.as_ref()?;
    let due_on = task.due_at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let entity = Entity {
        id: task.id.to_string(),
        key: task.subject.key.clone(),
        title: finding.title.clone(),
        url: task.subject.url.clone(),
        assignee: task.assignee.clone(),
        created_at: finding.first_seen_at,
        done: false,
        priority: Some(finding.severity.word().to_owned()),
    };
    let why = format!("it is {} and was due on {due_on}", finding.severity.word());
    Some(Failing { entity, why })
}
