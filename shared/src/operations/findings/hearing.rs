//! What is known of a source: when it spoke, and what of it proves nothing.

use jiff::Timestamp;

use super::{Findings, Received};
use crate::dynamodb::Sweep;
use crate::error::Kind;
use crate::finding::report::{Part, Report};
use crate::finding::source::{Alone, Source};
use crate::ids::TenantId;
use crate::{Error, Result};

/// How often it is noted again that a source spoke, where others note the same.
const ATTEMPTS: u32 = 6;

impl Received {
    /// What became of it, by asset, if it is of no full report: what such a report proves is known when it ends.
    pub(super) fn alone(&self) -> Alone {
        let mut alone = Alone::default();
        if self.part.as_ref().is_some_and(|part| part.full) {
            return alone;
        }
        let of_all = self.part.as_ref().and_then(|part| part.asset.as_ref());
        for rejected in &self.rejected {
            let asset = rejected.asset.as_ref().or(of_all).cloned();
            *alone.refused.entry(asset).or_default() += 1;
        }
        let assets = self.findings.iter().map(|(_, incoming)| &incoming.asset).chain(of_all);
        alone.taken.extend(assets.cloned());
        alone
    }
}

impl Findings {
    /// Notes that a source speaks, before anything of it is written. Safe to repeat.
    pub(super) async fn speaks(&self, tenant: &TenantId, name: &str) -> Result<()> {
        let now = self.planner.core.clock.now();
        self.note(tenant, name, now, |source| source.heard(now)).await
    }

    /// Notes that a source spoke, what it said outside of full reports, and what became of a report of it. Safe to repeat.
    pub(super) async fn heard(
        &self,
        tenant: &TenantId,
        name: &str,
        alone: &Alone,
        ended: Option<&Report>,
    ) -> Result<()> {
        let now = self.planner.core.clock.now();
        self.note(tenant, name, now, |source| {
            source.heard(now);
            source.took(alone, now);
            if let Some(report) = ended {
                source.ended(report);
            }
        })
        .await
    }

    /// Notes that a report that was to begin will never be whole. Safe to repeat.
    pub(super) async fn heard_no_more(
        &self,
        tenant: &TenantId,
        sweep: &Sweep,
        report: Option<Report>,
    ) -> Result<()> {
        let report = report.unwrap_or_else(|| {
            let (id, asset) = (sweep.report.clone(), sweep.asset.clone());
            let part = Part { id, full: true, asset, batch: 1, batches: None };
            Report::begin(tenant.clone(), sweep.source.clone(), &part, sweep.noted_at)
        });
        self.note(tenant, &report.source, report.began_at, |source| source.ended(&report)).await
    }

    /// Changes what is known of a source, first heard of at `since` if nothing is.
    async fn note(
        &self,
        tenant: &TenantId,
        name: &str,
        since: Timestamp,
        change: impl Fn(&mut Source),
    ) -> Result<()> {
        let store = &self.planner.core.store;
        for _ in 0..ATTEMPTS {
            let stored = store.source(tenant, name).await?;
            let mut source =
                stored.clone().unwrap_or_else(|| Source::new(tenant.clone(), name.to_owned(), since));
            change(&mut source);
            if stored.as_ref() == Some(&source) {
                return Ok(());
            }
            match store.save_source(&mut source).await {
                // Others of its batches come at this moment.
                Err(error) if *error.kind() == Kind::Conflict => {}
                saved => return saved,
            }
        }
        Err(Error::unavailable("many batches of this source come at this moment; send this one again"))
    }
}
