//! Check B9 about the tenant's own findings: whether each is dealt with in time.
//!
//! Reads the findings page by page, so that hundreds of thousands fill no memory; their tasks are the findings themselves,
//! so none is written. Those that were written not long ago are planned again: whoever wrote them may have died before.

use std::io::Write;

use jiff::Timestamp;

use super::{Evaluator, recording};
use crate::check::{CheckId, CheckRun, Evidence};
use crate::clock::seconds_between;
use crate::dynamodb::{Counts, LONGEST_PAGE};
use crate::evidence::Coverage;
use crate::finding::doubts::Doubts;
use crate::finding::tally::{Standing, Tally, failing, verdict};
use crate::ids::{Hash, TaskId, TenantId};
use crate::operations::findings::Reported;
use crate::task::Task;
use crate::{Error, Result};

impl Evaluator {
    /// Evaluates the part of check B9 that is about the tenant, if any finding was ever reported.
    pub(super) async fn review_findings(&self, tenant: &TenantId, started_at: Timestamp) -> Result<()> {
        let core = &self.jira.core;
        let policy = core.store.finding_policy(tenant).await?;
        // Before the findings: what takes a doubt away changes findings, too, which then are read as they became.
        let reported = Reported::read(&core.store, tenant, &policy, started_at, usize::MAX).await?;
        let (mut tally, mut late, mut hash) = (Tally::default(), Vec::new(), Hash::default());
        let (mut cursor, mut pages, mut recent) = (None, 0, Vec::new());
        loop {
            let page =
                core.store.list_findings(tenant, None, |_| true, cursor.as_deref(), LONGEST_PAGE).await?;
            pages += 1;
            for task in &page.items {
                if tally.add(task, &policy, started_at) {
                    late.extend(failing(task));
                }
                writeln!(hash, "{} {} {}", task.id, Standing::of(task).word(), task.due_at)
                    .map_err(|cause| Error::internal("could not make a digest").because(cause))?;
            }
            let is_recent = |task: &&Task| seconds_between(task.updated_at, started_at) < 2 * self.interval;
            let ids: Vec<TaskId> = page.items.iter().filter(is_recent).map(|task| task.id.clone()).collect();
            if !ids.is_empty() {
                recent.push((cursor, ids));
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        if tally.total == 0 && reported.is_none() {
            return Ok(());
        }
        let (doubts, forgotten) = match reported {
            Some(reported) => (reported.doubts.clone(), reported.forget(&core.store).await),
            None => (Doubts::default(), Ok(())),
        };
        let counts = Counts { tally: tally.clone(), doubts: doubts.clone().words(), counted_at: started_at };
        core.store.keep_finding_counts(tenant, &counts).await?;
        let verdict = verdict(&tally, late, doubts.gaps());
        let subject = recording::Subject { tenant, connection: None, check: CheckId::B9 };
        let coverage = Coverage {
            pages,
            read: tally.total,
            counted: Some(tally.total),
            in_scope: Some(tally.open()),
            gaps: verdict.gaps.clone(),
        };
        let run = CheckRun {
            tenant: tenant.clone(),
            id: recording::run_id(&subject, started_at)?,
            check: CheckId::B9,
            connection: None,
            outcome: verdict.outcome,
            because: verdict.because,
            failing: verdict.failing.len() as u64,
            evidence: Evidence {
                query: String::new(),
                scope: tally.words(),
                coverage,
                read_at: Some(started_at),
                digest: hash.digest(),
            },
            started_at,
            finished_at: core.clock.now(),
        };
        core.store.put_run(&run, &verdict.failing).await?;
        // Last, so that however much there is to plan, what was found is written down.
        self.plan_pages(tenant, recent).await?;
        forgotten
    }
}
