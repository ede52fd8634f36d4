//! Findings: their tasks in lists, and what stands beside them: policies, reports, sweeps, acceptances.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::item::{decode, number};
use super::keys::{self, EXPIRES_AT};
use super::page::{Order, Page};
use super::write::Change;
use super::{Store, item};
use crate::Result;
use crate::clock::after;
use crate::finding::policy::FindingPolicy;
use crate::finding::report::{Batch, Report, SEEN_FOR};
use crate::finding::source::Source;
use crate::finding::tally::Tally;
use crate::ids::{ReportId, TaskId, TenantId};
use crate::task::Task;

/// How many assets are read at once.
const ASSETS: usize = 1000;

/// How many assets are written at once.
const CONCURRENCY: usize = 16;

/// That a full report goes on, which resolves what it does not name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Sweep {
    /// The source.
    pub source: String,
    /// The report.
    pub report: ReportId,
    /// The asset that it is all about; all of its source if none.
    pub asset: Option<String>,
    /// When it was noted: just before the report began.
    pub noted_at: Timestamp,
}

/// An acceptance, by its last day.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Accepted {
    /// Its last day.
    pub until: Date,
    /// The finding.
    pub task: TaskId,
}

/// Counts of findings, and when they were made.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Counts {
    /// The counts.
    pub tally: Tally,
    /// Why what was reported could not be relied on then.
    #[serde(default)]
    pub doubts: Vec<String>,
    /// When.
    pub counted_at: Timestamp,
}

impl Store {
    /// A page of the tasks of a tenant's findings, or of one source's, that are `wanted`, by id. The page may be short, or
    /// even empty, and yet not the last.
    pub async fn list_findings(
        &self,
        tenant: &TenantId,
        source: Option<&str>,
        wanted: impl Fn(&Task) -> bool + Sync,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Task>> {
        let wanted = |task: &Task| task.finding.is_some() && wanted(task);
        let items = keys::findings(tenant, source);
        self.list_wanted(&items, Order::Rising, &Vec::new(), Some(&wanted), cursor, limit).await
    }

    /// The policy of a tenant; the usual one if nothing was said.
    pub async fn finding_policy(&self, tenant: &TenantId) -> Result<FindingPolicy> {
        let stored = self.get(&keys::finding_policy(tenant)).await?;
        Ok(stored.unwrap_or_else(|| FindingPolicy::new(tenant.clone())))
    }

    /// Saves a policy, and raises its version here and in the table.
    ///
    /// # Errors
    /// `Conflict` when another version is stored.
    pub async fn save_finding_policy(&self, policy: &mut FindingPolicy) -> Result<()> {
        let next = FindingPolicy { version: policy.version + 1, ..policy.clone() };
        let key = keys::finding_policy(&policy.tenant);
        self.save(&key, &next, policy.version, Vec::new()).await?;
        policy.version = next.version;
        Ok(())
    }

    /// The counts of the last evaluation; none before the first.
    pub async fn finding_counts(&self, tenant: &TenantId) -> Result<Option<Counts>> {
        self.get(&keys::finding_counts(tenant)).await
    }

    /// Keeps counts in the place of those before, whichever they are.
    pub async fn keep_finding_counts(&self, tenant: &TenantId, counts: &Counts) -> Result<()> {
        let key = keys::finding_counts(tenant);
        let whole = item::item(&key, item::encode(&key, counts)?, Vec::new());
        self.put(whole, Change::default(), &key).await.map(|_| ())
    }

    /// All sources of a tenant as wholes, by name.
    pub async fn sources(&self, tenant: &TenantId) -> Result<Vec<Source>> {
        let mut sources: Vec<Source> = self.all(&keys::sources(tenant)).await?;
        sources.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(sources)
    }

    /// Some assets of all sources of a tenant, and where to go on.
    pub async fn source_assets(
        &self,
        tenant: &TenantId,
        behind: Option<String>,
    ) -> Result<(Vec<Source>, Option<String>)> {
        let items = keys::assets(tenant, None);
        let (found, last) = self.query(&items, Order::Rising, &Vec::new(), behind, ASSETS).await?;
        Ok((found.into_iter().map(decode).collect::<Result<_>>()?, last))
    }

    /// A page of the assets of a source, or, without one, of the sources as wholes.
    pub async fn list_sources(
        &self,
        tenant: &TenantId,
        source: Option<&str>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Source>> {
        let items = source.map_or_else(|| keys::sources(tenant), |source| keys::assets(tenant, Some(source)));
        self.list(&items, Order::Rising, &Vec::new(), cursor, limit).await
    }

    /// What is known of a source's assets of these names, and of the source as a whole (no name).
    pub async fn sources_about(
        &self,
        tenant: &TenantId,
        name: &str,
        about: impl IntoIterator<Item = Option<&str>>,
    ) -> Result<BTreeMap<Option<String>, Source>> {
        let keys = about.into_iter().map(|asset| keys::source(tenant, name, asset)).collect();
        let sources: Vec<Source> = self.get_many(&keys, "sources and assets").await?;
        Ok(sources.into_iter().map(|source| (source.asset.clone(), source)).collect())
    }

    /// Saves what is known of sources and assets, each by itself, at most 16 at the same time; the results are in their
    /// order. The table has version + 1 of each afterwards.
    ///
    /// # Errors
    /// For each by itself: `Conflict` when another version is stored.
    pub async fn save_sources(&self, sources: &[Source]) -> Vec<Result<()>> {
        let saves: Vec<_> = sources
            .iter()
            .map(|source| async move {
                let key = keys::source(&source.tenant, &source.name, source.asset.as_deref());
                let next = Source { version: source.version + 1, ..source.clone() };
                self.save(&key, &next, source.version, Vec::new()).await
            })
            .collect();
        stream::iter(saves).buffered(CONCURRENCY).collect().await
    }

    /// Forgets what is known of a source as a whole, or of one of its assets; says whether anything was. It comes back when
    /// it speaks again.
    pub async fn forget_source(&self, tenant: &TenantId, name: &str, asset: Option<&str>) -> Result<bool> {
        let key = keys::source(tenant, name, asset);
        Ok(self.delete(&key, Change::default()).await?.is_some())
    }

    /// A report of a source.
    pub async fn report(&self, tenant: &TenantId, source: &str, id: &ReportId) -> Result<Option<Report>> {
        self.get(&keys::report(tenant, source, id)).await
    }

    /// Puts a report that begins, and gives it as it is stored: who came first says when it began.
    pub async fn begin_report(&self, report: &Report) -> Result<Report> {
        let key = keys::report(&report.tenant, &report.source, &report.id);
        let next = Report { version: 1, ..report.clone() };
        if self.put_new(&key, &next, Vec::new()).await? {
            return Ok(next);
        }
        Ok(self.get(&key).await?.unwrap_or(next))
    }

    /// Saves a report, and raises its version here and in the table.
    ///
    /// # Errors
    /// `Conflict` when another version is stored.
    pub async fn save_report(&self, report: &mut Report) -> Result<()> {
        let next = Report { version: report.version + 1, ..report.clone() };
        let key = keys::report(&report.tenant, &report.source, &report.id);
        self.replace(&key, &next, report.version, Vec::new()).await?;
        report.version = next.version;
        Ok(())
    }

    /// A batch of a report.
    pub async fn finding_batch(&self, report: &Report, number: u32) -> Result<Option<Batch>> {
        self.get(&keys::batch(report, number)).await
    }

    /// Saves a batch, and raises its version here and in the table. It is forgotten three weeks after its report began.
    ///
    /// # Errors
    /// `Conflict` when another version is stored.
    pub async fn save_finding_batch(&self, report: &Report, batch: &mut Batch) -> Result<()> {
        let next = Batch { version: batch.version + 1, ..batch.clone() };
        let key = keys::batch(report, batch.number);
        let expires_at = after(batch.began_at, SEEN_FOR).as_second();
        let beside = vec![(EXPIRES_AT, Some(number(expires_at)))];
        self.save(&key, &next, batch.version, beside).await?;
        batch.version = next.version;
        Ok(())
    }

    /// Some batches of the reports of a source that began at `began_at` or later, and where to go on.
    pub async fn finding_batches_since(
        &self,
        tenant: &TenantId,
        source: &str,
        began_at: Timestamp,
        behind: Option<String>,
    ) -> Result<(Vec<Batch>, Option<String>)> {
        let items = keys::batches(tenant, source);
        let behind = behind.unwrap_or_else(|| keys::before_batches(&items, began_at));
        let (found, last) = self.query(&items, Order::Rising, &Vec::new(), Some(behind), 100).await?;
        Ok((found.into_iter().map(decode).collect::<Result<_>>()?, last))
    }

    /// All batches of one report that came.
    pub async fn finding_batches_of(&self, report: &Report) -> Result<Vec<Batch>> {
        self.all(&keys::batches_of(report)).await
    }

    /// Notes that a full report is about to begin. Safe to repeat.
    pub async fn begin_sweep(&self, tenant: &TenantId, sweep: &Sweep) -> Result<()> {
        let key = keys::sweep(tenant, &sweep.source, &sweep.report);
        self.put_new(&key, sweep, Vec::new()).await.map(|_| ())
    }

    /// Forgets that a full report goes on.
    pub async fn end_sweep(&self, tenant: &TenantId, source: &str, report: &ReportId) -> Result<()> {
        let key = keys::sweep(tenant, source, report);
        self.delete(&key, Change::default()).await.map(|_| ())
    }

    /// The full reports of a tenant that go on, or those of one source.
    pub async fn sweeps(&self, tenant: &TenantId, source: Option<&str>) -> Result<Vec<Sweep>> {
        self.all(&keys::sweeps(tenant, source)).await
    }

    /// Notes on which day an acceptance ends. Safe to repeat.
    pub async fn note_acceptance(&self, tenant: &TenantId, accepted: &Accepted) -> Result<()> {
        let key = keys::acceptance(tenant, accepted.until, &accepted.task);
        self.put_new(&key, accepted, Vec::new()).await.map(|_| ())
    }

    /// Forgets on which day an acceptance ends.
    pub async fn forget_acceptance(&self, tenant: &TenantId, accepted: &Accepted) -> Result<()> {
        let key = keys::acceptance(tenant, accepted.until, &accepted.task);
        self.delete(&key, Change::default()).await.map(|_| ())
    }

    /// The acceptances whose last day is before `today`, the longest ended first, at most 100.
    pub async fn ended_acceptances(&self, tenant: &TenantId, today: Date) -> Result<Vec<Accepted>> {
        let items = keys::acceptances(tenant);
        let (found, _) = self.query(&items, Order::Rising, &Vec::new(), None, 100).await?;
        let found: Vec<Accepted> = found.into_iter().map(decode).collect::<Result<_>>()?;
        Ok(found.into_iter().filter(|accepted| accepted.until < today).collect())
    }
}
