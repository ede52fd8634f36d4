//! What is known of a source: when it spoke, of which assets, and what of it proves nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Findings, Received};
use crate::dynamodb::{Store, Sweep};
use crate::error::Kind;
use crate::evidence::Gap;
use crate::finding::asset::{Asset, Silence};
use crate::finding::policy::FindingPolicy;
use crate::finding::report::{Part, Report};
use crate::finding::source::{Alone, Source, gaps};
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
        alone.taken = self.assets();
        alone
    }

    /// The assets that it speaks of.
    fn assets(&self) -> BTreeSet<String> {
        let of_all = self.part.as_ref().and_then(|part| part.asset.as_ref());
        self.findings.iter().map(|(_, incoming)| &incoming.asset).chain(of_all).cloned().collect()
    }
}

impl Findings {
    /// Notes of which source and assets something comes for the first time, before anything of it is written: so that those
    /// are known whose first report is never taken in whole. Gives the assets that are to be noted as heard of once it is
    /// taken in. Safe to repeat.
    pub(super) async fn speaks(&self, tenant: &TenantId, received: &Received) -> Result<Vec<Asset>> {
        let (store, now) = (&self.planner.core.store, self.planner.core.clock.now());
        let source = received.source.as_str();
        self.note(tenant, source, now, |_| {}).await?;
        let names = received.assets();
        let known = store.assets_named(tenant, source, &names).await?;
        let (mut new, mut again) = (Vec::new(), Vec::new());
        for name in names {
            let asset = Asset { tenant: tenant.clone(), source: source.to_owned(), name, heard_at: now };
            match known.get(&asset.name) {
                None => new.push(asset),
                Some(known) if known.is_heard_again(now) => again.push(asset),
                Some(_) => {}
            }
        }
        store.keep_assets(&new).await?;
        Ok(again)
    }

    /// Notes that a source spoke, of which assets, what it said outside of full reports, and what became of a report of it.
    /// Safe to repeat.
    pub(super) async fn heard(
        &self,
        tenant: &TenantId,
        received: &Received,
        assets: &[Asset],
        ended: Option<&Report>,
    ) -> Result<()> {
        let (alone, now) = (received.alone(), self.planner.core.clock.now());
        self.planner.core.store.keep_assets(assets).await?;
        self.note(tenant, &received.source, now, |source| {
            source.heard(now);
            source.took(&alone, now);
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

/// Why what was reported to a tenant cannot be relied on: by source, then by asset. None if nothing was ever reported.
pub async fn doubts(
    store: &Store,
    tenant: &TenantId,
    policy: &FindingPolicy,
    now: Timestamp,
) -> Result<Option<Vec<Gap>>> {
    let sources = store.sources(tenant).await?;
    if sources.is_empty() {
        return Ok(None);
    }
    let by_name: BTreeMap<&str, &Source> = sources.iter().map(|it| (it.name.as_str(), it)).collect();
    let (mut silence, mut behind) = (Silence::default(), None);
    loop {
        let (assets, last) = store.assets(tenant, behind).await?;
        for asset in &assets {
            silence.add(asset, &by_name, policy, now);
        }
        behind = last;
        if behind.is_none() {
            break;
        }
    }
    let mut doubts = gaps(&sources, policy, now);
    doubts.extend(silence.gaps());
    Ok(Some(doubts))
}
