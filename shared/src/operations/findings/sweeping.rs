//! Sweeping: what is in no report since a full one began is resolved.

use std::collections::HashSet;

use data_encoding::BASE32_NOPAD;

use super::Findings;
use crate::Result;
use crate::dynamodb::LONGEST_PAGE;
use crate::error::Kind;
use crate::finding::report::{Report, ReportState, place};
use crate::finding::taking::absent;
use crate::ids::{ReportId, TaskId, TenantId};
use crate::task::Task;

/// How often a page is looked at again because others wrote its tasks meanwhile.
const ATTEMPTS: u32 = 6;

/// What was named, in 16 bytes each: 100,000 findings take a few megabytes.
#[derive(Default)]
struct Seen(HashSet<u128>);

impl Seen {
    fn add(&mut self, place: &str) {
        self.0.extend(number_of(place));
    }

    fn has(&self, task: &TaskId) -> bool {
        number_of(place(task.as_str())).is_some_and(|number| self.0.contains(&number))
    }
}

/// A place of 15 bytes in base 32 as a number.
fn number_of(place: &str) -> Option<u128> {
    let bytes = BASE32_NOPAD.decode(place.to_ascii_uppercase().as_bytes()).ok()?;
    (bytes.len() <= 16).then(|| bytes.iter().fold(0, |number, byte| (number << 8) | u128::from(*byte)))
}

impl Findings {
    /// Resolves what a report proves to be gone, until it is done or time is up. Returns the report as it then is; none if
    /// there is no such report. Safe to repeat, and to run twice at once.
    pub async fn sweep(&self, tenant: &TenantId, source: &str, id: &ReportId) -> Result<Option<Report>> {
        let store = &self.planner.core.store;
        let Some(mut report) = store.report(tenant, source, id).await? else { return Ok(None) };
        // Before it is forgotten that it goes on: whoever ended it may have died before it was noted what it proves.
        if report.state != ReportState::Receiving {
            self.report_ended(&report).await?;
        }
        if report.state != ReportState::Sweeping {
            if report.state == ReportState::Done {
                store.end_sweep(tenant, source, id).await?;
            }
            return Ok(Some(report));
        }
        let seen = self.seen_since(&report).await?;
        loop {
            if self.is_late() {
                return Ok(Some(report));
            }
            let mine = |task: &Task| {
                let finding = task.finding.as_ref();
                report.asset.is_none() || finding.map(|it| &it.asset) == report.asset.as_ref()
            };
            let cursor = report.cursor.as_deref();
            let page = store.list_findings(tenant, Some(source), mine, cursor, LONGEST_PAGE).await?;
            let tasks: Vec<Task> = page.items.into_iter().filter(|task| !seen.has(&task.id)).collect();
            report.resolved += self.resolve(&report, tasks).await?;
            report.cursor = page.next;
            if report.cursor.is_none() {
                report.state = ReportState::Done;
            }
            match store.save_report(&mut report).await {
                // Another one sweeps, too; it goes on.
                Err(error) if *error.kind() == Kind::Conflict => {
                    return store.report(tenant, source, id).await;
                }
                saved => saved?,
            }
            if report.state == ReportState::Done {
                store.end_sweep(tenant, source, id).await?;
                tracing::info!(%tenant, report = %id, resolved = report.resolved, "a report was dealt with");
                return Ok(Some(report));
            }
        }
    }

    /// What the reports named that began when this one did or later.
    async fn seen_since(&self, report: &Report) -> Result<Seen> {
        let (mut seen, mut behind) = (Seen::default(), None);
        loop {
            let store = &self.planner.core.store;
            let (batches, next) =
                store.finding_batches_since(&report.tenant, &report.source, report.began_at, behind).await?;
            for place in batches.iter().flat_map(|batch| &batch.seen) {
                seen.add(place);
            }
            if next.is_none() {
                return Ok(seen);
            }
            behind = next;
        }
    }

    /// Resolves those of the tasks that nothing newer speaks for. Returns how many.
    async fn resolve(&self, report: &Report, mut tasks: Vec<Task>) -> Result<u64> {
        let now = self.planner.core.clock.now();
        let mut resolved = 0;
        for _ in 0..ATTEMPTS {
            let mut gone: Vec<Task> = Vec::new();
            let mut others: Vec<Task> = Vec::new();
            for task in tasks {
                match absent(&task, report.began_at, now) {
                    Some(task) => gone.push(task),
                    // Resolved by this very report, perhaps, by one that died before it planned.
                    None if task.resolved_at == Some(report.began_at) => others.push(task),
                    None => {}
                }
            }
            if gone.is_empty() && others.is_empty() {
                return Ok(resolved);
            }
            let count = gone.len();
            let contested = self.write_tasks(&report.tenant, gone, others).await?;
            resolved += count.saturating_sub(contested.len()) as u64;
            let contested: Vec<TaskId> = contested.into_iter().collect();
            if contested.is_empty() {
                return Ok(resolved);
            }
            tasks = self.planner.core.store.tasks_by_id(&report.tenant, &contested).await?;
        }
        // Somebody keeps writing them: they are there. The next report looks again.
        Ok(resolved)
    }

    pub(super) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| self.planner.core.clock.now() >= deadline)
    }
}
