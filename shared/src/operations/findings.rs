//! Findings: reports of scanners become tasks, and what people say of them.
//!
//! | part | reads | decides by | writes |
//! |---|---|---|---|
//! | [`Findings::receive`] | a batch, the stored tasks | `finding::taking` | tasks and their tickets, what the batch named |
//! | [`Findings::upload`] | a SARIF document | `sarif` | as above, batch by batch |
//! | [`Findings::sweep`] | all findings of a source, what was named since | `finding::taking::absent` | tasks, how far it came |
//! | [`Findings::accept`], [`Findings::withdraw`] | one task | `finding::acceptance` | the task, when it ends |
//! | [`Findings::keep`], in `maintain` | what is left of all these | as above | as above |
//!
//! A batch is written in this order, so that it may die anywhere and be sent again: first what it names, then the tasks,
//! then that they are written. A last batch that finds another one missing is refused and changes nothing.
//!
//! Of a sweep and something newer at the same time, the newer must win. That a full report goes on is noted before it
//! begins. What comes in without a report then writes each task that the report is about, even where it is as it was. A
//! batch of another report notes what it names, then looks whether a sweep goes on, and only then writes so; a sweep says
//! that it goes on before it reads what was named. So either the sweep knows of the batch, or the batch knows of the
//! sweep: then the sweep's write fails and it looks again, or the batch finds the task resolved by something older and
//! opens it again.

mod accepting;
mod hearing;
mod keeping;
mod sweeping;
mod uploading;
mod writing;

pub use self::hearing::Reported;
pub use self::uploading::{Document, Uploaded, UploadedSource};
pub use self::writing::Written;

use jiff::Timestamp;
use serde::Serialize;

use super::planning::Planner;
use crate::dynamodb::Sweep;
use crate::error::Kind;
use crate::finding::incoming::Incoming;
use crate::finding::report::{Batch, FINDINGS_IN_BATCH, Part, Report, ReportState, place};
use crate::finding::taking::Taking;
use crate::ids::TenantId;
use crate::{Error, Result, finding};

/// Takes in findings.
#[derive(Clone)]
pub struct Findings {
    /// Makes tickets of tasks.
    pub planner: Planner,
    /// When the work must have ended.
    pub deadline: Option<Timestamp>,
}

/// What came in at once.
#[derive(Clone, Debug)]
pub struct Received {
    /// Who found it.
    pub source: String,
    /// The report that it is a batch of, if any.
    pub part: Option<Part>,
    /// The findings that keep the rules, each with its place in what came in.
    pub findings: Vec<(u64, Incoming)>,
    /// Those that do not.
    pub rejected: Vec<Rejected>,
}

impl Received {
    /// The findings by their [`place`], in order.
    fn places(&self, tenant: &TenantId) -> Result<Vec<String>> {
        let id = |(_, incoming): &(u64, Incoming)| finding::id(tenant, &self.source, &incoming.fingerprint);
        let places = self.findings.iter().map(|it| id(it).map(|id| place(id.as_str()).to_owned()));
        let mut places = places.collect::<Result<Vec<String>>>()?;
        places.sort();
        Ok(places)
    }
}

/// A finding that was refused.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Rejected {
    /// Its place in what came in, from 0.
    pub index: u64,
    /// The part of it that breaks a rule.
    pub field: String,
    /// Why.
    pub reason: String,
    /// What it was found in, as far as that could be read.
    #[serde(skip)]
    pub asset: Option<String>,
}

/// How a report stands.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ReportView {
    /// Its identifier.
    pub id: String,
    /// How far it is.
    pub state: ReportState,
    /// When its first batch came.
    #[schema(value_type = String)]
    pub began_at: Timestamp,
    /// How many findings it resolved, so far.
    pub resolved: u64,
    /// Why it resolves nothing though it is full, if so.
    pub spares: Option<String>,
}

impl ReportView {
    /// The report as it stands.
    pub fn of(report: &Report) -> Self {
        Self {
            id: report.id.to_string(),
            state: report.state,
            began_at: report.began_at,
            resolved: report.resolved,
            spares: report.spares.clone().filter(|_| report.full),
        }
    }
}

/// What became of what came in.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Taken {
    /// How many findings are new.
    pub created: u64,
    /// How many are told otherwise than before.
    pub updated: u64,
    /// How many are as they were: nothing was written for them.
    pub unchanged: u64,
    /// How many were done and are to be done again.
    pub reopened: u64,
    /// How many the report resolved, so far: those that it does not name.
    pub resolved: u64,
    /// How many were refused.
    pub rejected: u64,
    /// The first 500 of them.
    pub rejections: Vec<Rejected>,
    /// The report, if it has a name.
    pub report: Option<ReportView>,
}

impl Findings {
    /// Takes in one batch: at most 500 findings, each told from the others.
    ///
    /// # Errors
    /// `Conflict` when the batch does not fit its report, or is the last and others are missing; then nothing is written.
    pub async fn receive(&self, tenant: &TenantId, mut received: Received) -> Result<Taken> {
        without_doubles(&mut received);
        let store = &self.planner.core.store;
        let now = self.planner.core.clock.now();
        let report = match &received.part {
            Some(part) => Some(self.report_for(tenant, &received, part, now).await?),
            None => None,
        };
        // So that what is left to do is gone on with, whatever else the tenant has.
        store.put_comparison_if_new(tenant, now).await?;
        self.speaks(tenant, &received).await?;
        let began_at = report.as_ref().map_or(now, |report| report.began_at);
        let batch = match (&report, &received.part) {
            (Some(report), Some(part)) => Some(self.named(report, &received, part.batch).await?),
            _ => None,
        };
        let policy = store.finding_policy(tenant).await?;
        let touch = self.must_touch(tenant, &received, report.as_ref()).await?;
        let taking = Taking {
            tenant,
            source: &received.source,
            report: report.as_ref().map(|report| &report.id),
            began_at,
            now,
            policy: &policy,
            touch,
        };
        let written = self.write_batch(&taking, &received.findings).await?;
        if let (Some(report), Some(batch)) = (&report, batch.filter(|batch| !batch.done)) {
            self.save_batch(report, &mut Batch { done: true, ..batch }).await?;
        }
        let mut taken = Taken {
            created: written.created,
            updated: written.updated,
            unchanged: written.unchanged,
            reopened: written.reopened,
            rejected: received.rejected.len() as u64,
            ..Taken::default()
        };
        let mut ended = None;
        if let Some(mut report) = report {
            if let Some(batches) = received.part.as_ref().and_then(|part| part.batches) {
                self.end(&mut report, batches).await?;
                ended = Some(report.clone());
                report = self.sweep(tenant, &report.source, &report.id).await?.unwrap_or(report);
            }
            taken.resolved = report.resolved;
            taken.report = Some(ReportView::of(&report));
        }
        self.heard(tenant, &received, ended.as_ref()).await?;
        taken.rejections = received.rejected;
        Ok(taken)
    }

    /// The report that a batch is of; it begins with its first batch.
    async fn report_for(
        &self,
        tenant: &TenantId,
        received: &Received,
        part: &Part,
        now: Timestamp,
    ) -> Result<Report> {
        let store = &self.planner.core.store;
        let source = received.source.as_str();
        let report = match store.report(tenant, source, &part.id).await? {
            Some(report) => report,
            None => self.begin_report(tenant, source, part, now).await?,
        };
        report.takes(part, now)?;
        if report.state != ReportState::Receiving {
            let stored = store.finding_batch(&report, part.batch).await?;
            let seen = received.places(tenant)?;
            report.repeats(stored.as_ref(), &seen, received.rejected.len() as u64)?;
        }
        if part.batches.is_some() && report.state == ReportState::Receiving {
            let came = store.finding_batches_of(&report).await?;
            let done: Vec<u32> = came.iter().filter(|batch| batch.done).map(|batch| batch.number).collect();
            if let Some(beyond) = done.iter().find(|number| **number > part.batch) {
                let message =
                    format!("report {} has a batch {beyond}; the last has the highest number", report.id);
                return Err(Error::conflict(message));
            }
            if (1..part.batch).any(|number| !done.contains(&number)) {
                return Err(missing(&report, &done, part.batch));
            }
        }
        Ok(report)
    }

    async fn begin_report(
        &self,
        tenant: &TenantId,
        source: &str,
        part: &Part,
        now: Timestamp,
    ) -> Result<Report> {
        let store = &self.planner.core.store;
        let new = Report::begin(tenant.clone(), source.to_owned(), part, now);
        if part.batches.is_some_and(|batches| batches > 1) {
            return Err(missing(&new, &[], part.batch));
        }
        if part.full {
            let (source, report) = (source.to_owned(), part.id.clone());
            let sweep = Sweep { source, report, asset: part.asset.clone(), noted_at: now };
            store.begin_sweep(tenant, &sweep).await?;
        }
        // After that was noted, so that whatever comes in later has seen the note.
        store.begin_report(&Report { began_at: self.planner.core.clock.now(), ..new }).await
    }

    /// Whether tasks must be written though nothing is new about them, since a full report of the same source and asset
    /// goes on that may not know of them.
    async fn must_touch(&self, tenant: &TenantId, received: &Received, own: Option<&Report>) -> Result<bool> {
        let store = &self.planner.core.store;
        for sweep in store.sweeps(tenant, Some(&received.source)).await? {
            let concerns =
                |asset: &String| received.findings.iter().any(|(_, incoming)| incoming.asset == *asset);
            if own.is_some_and(|own| own.id == sweep.report) || !sweep.asset.as_ref().is_none_or(concerns) {
                continue;
            }
            if own.is_none() {
                return Ok(true);
            }
            let other = store.report(tenant, &sweep.source, &sweep.report).await?;
            if other.is_some_and(|other| other.state == ReportState::Sweeping) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Notes what a batch names, before anything is done about it.
    async fn named(&self, report: &Report, received: &Received, number: u32) -> Result<Batch> {
        let known = self.planner.core.store.finding_batch(report, number).await?;
        let mut batch = known.clone().unwrap_or_else(|| Batch {
            began_at: report.began_at,
            number,
            seen: Vec::new(),
            refused: 0,
            done: false,
            version: 0,
        });
        batch.seen.extend(received.places(&report.tenant)?);
        batch.seen.sort();
        batch.seen.dedup();
        batch.refused = received.rejected.len() as u64;
        if known.as_ref() != Some(&batch) {
            batch.done = false;
            self.save_batch(report, &mut batch).await?;
        }
        Ok(batch)
    }

    async fn save_batch(&self, report: &Report, batch: &mut Batch) -> Result<()> {
        self.planner.core.store.save_finding_batch(report, batch).await.map_err(|error| {
            if *error.kind() != Kind::Conflict {
                return error;
            }
            Error::conflict("this batch is being taken in at this moment, too; send it again").because(error)
        })
    }

    /// The last batch of a report has come, and all others.
    async fn end(&self, report: &mut Report, batches: u32) -> Result<()> {
        if report.state != ReportState::Receiving {
            return Ok(());
        }
        let store = &self.planner.core.store;
        let refused: u64 = store.finding_batches_of(report).await?.iter().map(|batch| batch.refused).sum();
        let proves = if report.full { ", so it is not known that what it does not name is gone" } else { "" };
        let spares = (refused > 0).then(|| format!("{refused} of its parts were refused{proves}"));
        report.end(batches, spares);
        match store.save_report(report).await {
            // The same last batch, sent twice at once.
            Err(error) if *error.kind() == Kind::Conflict => {
                let stored = store.report(&report.tenant, &report.source, &report.id).await?;
                *report = stored.filter(|stored| stored.batches == Some(batches)).ok_or(error)?;
                Ok(())
            }
            saved => saved,
        }
    }
}

fn missing(report: &Report, done: &[u32], last: u32) -> Error {
    let missing: Vec<String> =
        (1..last).filter(|number| !done.contains(number)).take(20).map(|number| number.to_string()).collect();
    Error::conflict(format!(
        "report {} lacks its batches {}; send them, and then the last one again. Nothing was resolved",
        report.id,
        missing.join(", ")
    ))
}

/// Refuses findings whose fingerprint another one has, and those beyond the most that are taken.
fn without_doubles(received: &mut Received) {
    let mut known = std::collections::BTreeSet::new();
    let (mut kept, mut rejected) = (Vec::new(), Vec::new());
    for (index, incoming) in std::mem::take(&mut received.findings) {
        let asset = Some(incoming.asset.clone());
        let reason = if kept.len() >= FINDINGS_IN_BATCH {
            format!("at most {FINDINGS_IN_BATCH} findings are taken at once")
        } else if !known.insert(incoming.fingerprint.clone()) {
            "another finding has this fingerprint, or the same rule, advisory, asset, place and package; give each its own"
                .to_owned()
        } else {
            kept.push((index, incoming));
            continue;
        };
        rejected.push(Rejected { index, field: "fingerprint".to_owned(), reason, asset });
    }
    received.findings = kept;
    received.rejected.extend(rejected);
    received.rejected.sort_by_key(|rejected| rejected.index);
}
