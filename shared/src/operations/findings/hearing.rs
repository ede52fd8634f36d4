//! What is known of sources and their assets: when they spoke, and what of it proves nothing.
//!
//! Before anything is written, it is noted of what something comes; after it was taken in, that it was. So whatever dies in
//! between leaves a doubt, and no silence is taken for a clean asset.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Findings, Received};
use crate::dynamodb::{Store, Sweep};
use crate::error::Kind;
use crate::finding::doubts::Doubts;
use crate::finding::policy::FindingPolicy;
use crate::finding::report::{Part, Report, ReportState};
use crate::finding::source::{Said, Source, unfinished};
use crate::ids::TenantId;
use crate::{Error, Result};

/// How often it is noted again what was said, where others note the same.
const ATTEMPTS: u32 = 6;

/// How many assets one evaluation forgets.
const MOST_FORGOTTEN: usize = 500;

/// What is said at once: of the source as a whole (no name), and of its assets.
type Sayings = BTreeMap<Option<String>, Said>;

impl Received {
    /// What it says once it is taken in. A report says of its asset that it was heard of when its last batch is there; what
    /// of it was refused is counted in the report.
    fn sayings(&self, ended: Option<&Report>) -> Sayings {
        let mut sayings = Sayings::from([(None, Said { heard: true, ..Said::default() })]);
        let of_report = self.part.as_ref().and_then(|part| part.asset.as_ref());
        for asset in self.findings.iter().map(|(_, incoming)| &incoming.asset) {
            let said = sayings.entry(Some(asset.clone())).or_default();
            said.heard = Some(asset) != of_report;
            said.taken = self.part.is_none();
        }
        if self.part.is_none() {
            sayings.entry(None).or_default().taken = !self.findings.is_empty();
            for rejected in &self.rejected {
                sayings.entry(rejected.asset.clone()).or_default().refused += 1;
            }
        }
        if let Some(part) = &self.part {
            let said = sayings.entry(part.asset.clone()).or_default();
            said.heard |= ended.is_some();
            said.ended = ended.cloned();
        }
        sayings
    }
}

impl Findings {
    /// Notes of what something comes, before anything of it is written. Safe to repeat.
    pub(super) async fn speaks(&self, tenant: &TenantId, received: &Received) -> Result<()> {
        let about = received.sayings(None).into_keys().map(|about| (about, Said::default())).collect();
        self.note(tenant, &received.source, &about).await
    }

    /// The same of assets about which batches will come.
    pub(super) async fn will_speak(
        &self,
        tenant: &TenantId,
        subjects: &BTreeSet<(String, String)>,
    ) -> Result<()> {
        let mut by_source: BTreeMap<&str, Sayings> = BTreeMap::new();
        for (source, asset) in subjects {
            let about = by_source.entry(source).or_default();
            about.extend([None, Some(asset.clone())].map(|about| (about, Said::default())));
        }
        for (source, about) in by_source {
            self.note(tenant, source, &about).await?;
        }
        Ok(())
    }

    /// Notes what was said, once it is taken in. Safe to repeat.
    pub(super) async fn heard(
        &self,
        tenant: &TenantId,
        received: &Received,
        ended: Option<&Report>,
    ) -> Result<()> {
        self.note(tenant, &received.source, &received.sayings(ended)).await
    }

    /// Notes what a report proves that has ended, or never will. Safe to repeat.
    pub(super) async fn report_ended(&self, report: &Report) -> Result<()> {
        let heard = report.state != ReportState::Receiving;
        let said = Said { heard, ended: Some(report.clone()), ..Said::default() };
        let sayings = Sayings::from([(report.asset.clone(), said)]);
        self.note(&report.tenant, &report.source, &sayings).await
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
        self.report_ended(&report).await
    }

    /// Changes what is known of a source and its assets.
    async fn note(&self, tenant: &TenantId, name: &str, sayings: &Sayings) -> Result<()> {
        let (store, now) = (&self.planner.core.store, self.planner.core.clock.now());
        let mut left: BTreeSet<&Option<String>> = sayings.keys().collect();
        for _ in 0..ATTEMPTS {
            let mut known =
                store.sources_about(tenant, name, left.iter().map(|about| about.as_deref())).await?;
            let mut changed = Vec::new();
            for (about, said) in sayings.iter().filter(|(about, _)| left.contains(about)) {
                let stored = known.remove(about);
                let since = said.ended.as_ref().map_or(now, |report| report.began_at);
                let mut source = stored
                    .clone()
                    .unwrap_or_else(|| Source::new(tenant.clone(), name.to_owned(), about.clone(), since));
                source.said(said, now);
                if stored.as_ref() != Some(&source) {
                    changed.push(source);
                }
            }
            let saved = store.save_sources(&changed).await;
            left.clear();
            for (source, saved) in changed.iter().zip(saved) {
                match saved {
                    Ok(()) => {}
                    // Another batch about it comes at this moment.
                    Err(error) if *error.kind() == Kind::Conflict => {
                        left.extend(sayings.get_key_value(&source.asset).map(|(about, _)| about));
                    }
                    Err(error) => return Err(error),
                }
            }
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(Error::unavailable("many batches of this source come at this moment; send this one again"))
    }
}

/// Why what was reported to a tenant cannot be relied on; none if nothing was ever reported.
pub struct Reported {
    /// The doubts: by source, by report that goes on, by asset.
    pub doubts: Doubts,
    /// Whether there are more assets than were to be read, so that doubts may be missing.
    pub is_cut: bool,
    /// Retired assets of which nothing was heard for long.
    forgettable: Vec<Source>,
}

impl Reported {
    /// Reads what is known of all sources of a tenant and of about `most` of their assets.
    pub async fn read(
        store: &Store,
        tenant: &TenantId,
        policy: &FindingPolicy,
        now: Timestamp,
        most: usize,
    ) -> Result<Option<Self>> {
        let sources = store.sources(tenant).await?;
        if sources.is_empty() {
            return Ok(None);
        }
        let of: BTreeMap<&str, &Source> = sources.iter().map(|it| (it.name.as_str(), it)).collect();
        let mut reported = Self { doubts: Doubts::default(), is_cut: false, forgettable: Vec::new() };
        reported.doubts.extend(sources.iter().flat_map(|source| source.doubts(None, policy, now)));
        for sweep in store.sweeps(tenant, None).await? {
            let asset = sweep.asset.as_deref();
            let about = store.sources_about(tenant, &sweep.source, [asset, None]).await?;
            let about = about.values().max_by_key(|about| about.whole_at);
            let report = (sweep.source.as_str(), asset, &sweep.report);
            reported.doubts.extend(unfinished(report, sweep.noted_at, about, policy, now));
        }
        let (mut behind, mut read) = (None, 0);
        loop {
            let (assets, last) = store.source_assets(tenant, behind).await?;
            read += assets.len();
            for asset in assets {
                let all = of.get(asset.name.as_str()).copied();
                reported.doubts.extend(asset.doubts(all, policy, now));
                if asset.is_forgettable(policy, now) && reported.forgettable.len() < MOST_FORGOTTEN {
                    reported.forgettable.push(asset);
                }
            }
            behind = last;
            if behind.is_none() || read >= most {
                reported.is_cut = behind.is_some();
                return Ok(Some(reported));
            }
        }
    }

    /// Forgets retired assets of which nothing was heard for long, so that those that come and go do not fill the table.
    pub async fn forget(&self, store: &Store) -> Result<()> {
        for source in &self.forgettable {
            store.forget_source(&source.tenant, &source.name, source.asset.as_deref()).await?;
        }
        Ok(())
    }
}
