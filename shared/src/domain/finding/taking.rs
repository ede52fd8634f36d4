//! What becomes of a finding's task when a report names it, or does not.
//!
//! Each report speaks for the moment at which it began. What it says is taken if that is newer than what is known:
//!
//! | task | the report began | then |
//! |---|---|---|
//! | none | — | opened |
//! | any | before the newest report that the finding is written from | nothing |
//! | open | — | texts, severity, limit and due date are brought up to date |
//! | accepted, and the acceptance holds | — | texts and severity are brought up to date; it stays accepted |
//! | accepted, and the acceptance's last day is over | — | open again, its limit counted from now |
//! | completed by a person | after that | open again, a regression; the limit is counted as before, for it was never gone |
//! | completed by a person | before that | texts |
//! | resolved | after the report in which it was absent | open again, a regression, its limit counted from now |
//! | resolved | before | nothing |
//!
//! What a person changed (title, assignee, due date) stays. A task that a person opened again (`held`) is not resolved by
//! absence: a person ends it. A report that says nothing new writes nothing, but once a day the day on which it was seen.

use jiff::Timestamp;

use super::acceptance::completion;
use super::incoming::Incoming;
use super::policy::FindingPolicy;
use super::{Finding, Location, Package, id};
use crate::Result;
use crate::check::CheckId;
use crate::clock::seconds_between;
use crate::ids::{ReportId, RunId, TenantId};
use crate::task::{Part, State, Subject, Task};

/// After how many seconds it is written again when a finding was last seen.
const SEEN_AGAIN_AFTER: i64 = 24 * 3600;

/// Who reports, when, and by which rules it is taken in.
#[derive(Clone, Debug)]
pub struct Taking<'a> {
    /// Whose findings they are.
    pub tenant: &'a TenantId,
    /// Who found them.
    pub source: &'a str,
    /// The report, if it has a name.
    pub report: Option<&'a ReportId>,
    /// When the report began.
    pub began_at: Timestamp,
    /// When it is.
    pub now: Timestamp,
    /// The tenant's policy.
    pub policy: &'a FindingPolicy,
    /// Whether findings that are as they were are written, too, so that a sweep that goes on sees that they are there.
    pub touch: bool,
}

/// What becomes of a finding.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Became {
    /// It is new.
    Created,
    /// It is told otherwise than before.
    Updated,
    /// It was done, and is to be done again.
    Reopened,
    /// It is as it was.
    Unchanged,
}

impl Taking<'_> {
    /// Takes in a finding onto its stored task. Returns the task to be written, if any.
    ///
    /// # Errors
    /// Never for identifiers made by this library; the type asks for it.
    pub fn take(&self, stored: Option<&Task>, incoming: &Incoming) -> Result<(Became, Option<Task>)> {
        let Some((task, known)) = stored.and_then(|task| Some((task, task.finding.as_deref()?))) else {
            return Ok((Became::Created, Some(self.open(incoming)?)));
        };
        if self.began_at < known.last_seen_at {
            return Ok((Became::Unchanged, None));
        }
        if task.state == State::Resolved && task.resolved_at.is_some_and(|at| at >= self.began_at) {
            return Ok((Became::Unchanged, None));
        }
        let mut next = self.refreshed(task, known, incoming);
        let became = self.restate(&mut next)?;
        next.due_by(self.policy);
        if became == Became::Unchanged && next == *task {
            let is_old = seconds_between(known.last_seen_at, self.began_at) >= SEEN_AGAIN_AFTER;
            if !is_old && !self.touch {
                return Ok((Became::Unchanged, None));
            }
            self.seen(&mut next);
            return Ok((Became::Unchanged, Some(next)));
        }
        self.seen(&mut next);
        next.updated_at = self.now;
        Ok((if became == Became::Unchanged { Became::Updated } else { became }, Some(next)))
    }

    /// Brings the task's state in line with the report that names its finding.
    fn restate(&self, task: &mut Task) -> Result<Became> {
        let today = self.policy.today(self.now);
        let Some(finding) = task.finding.as_mut() else { return Ok(Became::Unchanged) };
        let accepted = finding.acceptance.clone();
        let holds = accepted.as_ref().is_some_and(|acceptance| acceptance.until >= today);
        match task.state {
            State::Open => {
                finding.acceptance = None;
                Ok(Became::Unchanged)
            }
            State::Completed if accepted.is_some() => {
                let ended = !holds && task.end_acceptance(self.policy, self.now);
                Ok(if ended { Became::Reopened } else { Became::Unchanged })
            }
            State::Completed => {
                let at = task.completion.as_ref().map(|completion| completion.at);
                if at.is_some_and(|at| at >= self.began_at) {
                    return Ok(Became::Unchanged);
                }
                finding.regressions += 1;
                self.open_again(task)
            }
            State::Resolved => {
                if let Some(acceptance) = accepted.filter(|_| holds) {
                    task.completion = Some(completion(&acceptance));
                    task.state = State::Completed;
                    task.resolved_at = None;
                    return Ok(Became::Updated);
                }
                finding.regressions += 1;
                finding.counted_from = Some(self.now);
                self.open_again(task)
            }
        }
    }

    fn open_again(&self, task: &mut Task) -> Result<Became> {
        task.open_again(self.now);
        task.opened_by = self.run()?;
        Ok(Became::Reopened)
    }

    fn seen(&self, task: &mut Task) {
        if let Some(finding) = task.finding.as_mut() {
            finding.last_seen_at = finding.last_seen_at.max(self.began_at);
            finding.report = self.report.cloned();
        }
    }

    fn refreshed(&self, task: &Task, known: &Finding, incoming: &Incoming) -> Task {
        let finding = Finding {
            first_seen_at: known.first_seen_at,
            last_seen_at: known.last_seen_at,
            counted_from: known.counted_from,
            report: known.report.clone(),
            acceptance: known.acceptance.clone(),
            regressions: known.regressions,
            pulls: known.pulls.clone(),
            ..self.finding(incoming)
        };
        let title =
            if task.edited.contains(&Part::Title) { task.title.clone() } else { incoming.title.clone() };
        Task {
            subject: subject(task.id.as_str(), &finding),
            title,
            why: why(&finding),
            finding: Some(Box::new(finding)),
            ..task.clone()
        }
    }

    fn finding(&self, incoming: &Incoming) -> Finding {
        Finding {
            source: self.source.to_owned(),
            fingerprint: incoming.fingerprint.clone(),
            title: incoming.title.clone(),
            description: incoming.description.clone(),
            fix: incoming.fix.clone(),
            severity: incoming.severity,
            score: incoming.score,
            rule: incoming.rule.clone(),
            advisory: incoming.advisory.clone(),
            asset: incoming.asset.clone(),
            location: incoming.location.clone(),
            package: incoming.package.clone(),
            links: incoming.links.clone(),
            first_seen_at: self.now,
            last_seen_at: self.began_at,
            counted_from: None,
            report: self.report.cloned(),
            acceptance: None,
            regressions: 0,
            pulls: std::collections::BTreeMap::new(),
        }
    }

    fn open(&self, incoming: &Incoming) -> Result<Task> {
        let finding = self.finding(incoming);
        let id = id(self.tenant, self.source, &incoming.fingerprint)?;
        Ok(Task {
            tenant: self.tenant.clone(),
            check: CheckId::B9,
            connection: None,
            subject: subject(id.as_str(), &finding),
            id,
            title: finding.title.clone(),
            why: why(&finding),
            due_at: self.policy.due_at(&finding),
            finding: Some(Box::new(finding)),
            assignee: None,
            state: State::Open,
            generation: 1,
            opened_by: self.run()?,
            opened_at: self.now,
            resolved_at: None,
            completion: None,
            held: false,
            edited: std::collections::BTreeSet::new(),
            ticket: None,
            updated_at: self.now,
            version: 0,
        })
    }

    /// What stands for a run in tasks that a report opens: the report.
    fn run(&self) -> Result<RunId> {
        match self.report {
            Some(report) => RunId::parse(report.as_str()),
            None => RunId::parse(&format!("report-{}", self.began_at.as_millisecond())),
        }
    }
}

/// The task as it is when its finding is absent from a full report that began at `began_at`; none if that changes nothing.
pub fn absent(task: &Task, began_at: Timestamp, now: Timestamp) -> Option<Task> {
    let finding = task.finding.as_ref()?;
    let is_older = finding.last_seen_at < began_at && task.opened_at < began_at;
    if task.state == State::Resolved || task.held || !is_older {
        return None;
    }
    // The moment that the report speaks for, so that a report that began before it brings nothing back.
    Some(Task { state: State::Resolved, resolved_at: Some(began_at), updated_at: now, ..task.clone() })
}

fn subject(task: &str, finding: &Finding) -> Subject {
    let names = [&finding.advisory, &finding.rule];
    let name = names.into_iter().find(|name| !name.is_empty());
    Subject {
        id: task.to_owned(),
        key: name.map_or_else(|| finding.fingerprint.chars().take(12).collect(), Clone::clone),
        title: finding.title.clone(),
        url: finding.links.first().cloned().unwrap_or_default(),
    }
}

fn why(finding: &Finding) -> String {
    let score = finding.score.map(|score| format!(" (CVSS {}.{})", score / 10, score % 10));
    let package = finding
        .package
        .as_ref()
        .map(|Package { name, version, .. }| format!(", package {name} {version}").trim_end().to_owned());
    let place = finding.location.as_ref().map(|Location { path, line }| match line {
        Some(line) => format!(", at {path}:{line}"),
        None => format!(", at {path}"),
    });
    let rest = [package, place].into_iter().flatten().collect::<String>();
    format!(
        "{} reports it as {}{} in {}{rest}",
        finding.source,
        finding.severity.word(),
        score.unwrap_or_default(),
        finding.asset
    )
}

#[cfg(test)]
#[path = "taking_tests.rs"]
pub(crate) mod tests;
