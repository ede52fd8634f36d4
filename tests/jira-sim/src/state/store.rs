//! Where issues are kept: written ones in memory, seeded ones as a rule that makes them when read.
//!
//! A million seeded issues take no memory until somebody writes to them. Search does not read the issues but
//! what the index saw of them: a write stays invisible to it for the index lag, and an issue that was deleted
//! stays visible for as long.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;

use super::{issue::Issue, seed::Bulk};
use crate::clock::plus_millis;

/// What the index still shows of an issue, and until when.
#[derive(Debug, Clone)]
struct Stale {
    until: Timestamp,
    seen: Option<Arc<Issue>>,
}

/// All issues of one site.
#[derive(Debug, Clone, Default)]
pub(crate) struct IssueStore {
    written: BTreeMap<u64, Arc<Issue>>,
    deleted: BTreeMap<u64, Arc<Issue>>,
    bulk: Vec<Bulk>,
    /// Older views by issue, oldest first.
    stale: HashMap<u64, Vec<Stale>>,
    /// Every (project, number) that a written issue has or had.
    numbers: HashMap<(u64, u64), u64>,
    next_id: u64,
}

impl IssueStore {
    pub(crate) fn new(bulk: Vec<Bulk>, first_id: u64) -> Self {
        let after_bulk = bulk.iter().map(|bulk| bulk.first_id + bulk.count).max().unwrap_or(first_id);
        Self { bulk, next_id: after_bulk.max(first_id), ..Self::default() }
    }

    /// A number for a new issue, comment or changelog entry.
    pub(crate) fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// The issue as it is now, for reads by id.
    pub(crate) fn get(&self, id: u64) -> Option<Arc<Issue>> {
        if self.deleted.contains_key(&id) {
            return None;
        }
        if let Some(issue) = self.written.get(&id) {
            return Some(Arc::clone(issue));
        }
        self.bulk.iter().find_map(|bulk| bulk.issue(id)).map(Arc::new)
    }

    /// The issue that has, or once had, this number in this project.
    pub(crate) fn by_number(&self, project: u64, number: u64) -> Option<Arc<Issue>> {
        if let Some(id) = self.numbers.get(&(project, number)) {
            return self.get(*id);
        }
        self.bulk.iter().find_map(|bulk| bulk.id_of(project, number)).and_then(|id| self.get(id))
    }

    /// Writes an issue; search sees it after the lag.
    pub(crate) fn put(&mut self, issue: Issue, now: Timestamp, lag_ms: i64) {
        let id = issue.id;
        self.remember_view(id, now, lag_ms);
        self.numbers.insert((issue.project, issue.number), id);
        self.written.insert(id, Arc::new(issue));
    }

    /// Deletes an issue for good.
    pub(crate) fn delete(&mut self, id: u64, now: Timestamp, lag_ms: i64) {
        self.remember_view(id, now, lag_ms);
        if let Some(issue) = self.get(id) {
            self.deleted.insert(id, issue);
            self.written.remove(&id);
        }
    }

    fn remember_view(&mut self, id: u64, now: Timestamp, lag_ms: i64) {
        if lag_ms <= 0 {
            return;
        }
        let seen = self.get(id);
        let views = self.stale.entry(id).or_default();
        views.retain(|view| view.until > now);
        views.push(Stale { until: plus_millis(now, lag_ms), seen });
    }

    /// The issue as search sees it.
    pub(crate) fn indexed(&self, id: u64, now: Timestamp) -> Option<Arc<Issue>> {
        match self.stale.get(&id).and_then(|views| views.iter().find(|view| view.until > now)) {
            Some(view) => view.seen.clone(),
            None => self.get(id),
        }
    }

    /// Ids of all issues that search may know, in order; of seeded ones only those in `projects`.
    pub(crate) fn candidate_ids(&self, projects: &BTreeSet<u64>) -> impl Iterator<Item = u64> + use<'_> {
        let bulk: Vec<&Bulk> = self.bulk.iter().filter(|bulk| projects.contains(&bulk.project)).collect();
        let covered: Vec<(u64, u64)> =
            bulk.iter().map(|bulk| (bulk.first_id, bulk.first_id + bulk.count)).collect();
        let outside = move |id: &u64| !covered.iter().any(|(first, end)| (*first..*end).contains(id));
        let seeded = bulk.into_iter().flat_map(|bulk| bulk.first_id..bulk.first_id + bulk.count);
        let gone = self.deleted.keys().copied().filter(|id| self.stale.contains_key(id));
        let others: BTreeSet<u64> = self.written.keys().copied().chain(gone).filter(outside).collect();
        seeded.chain(others)
    }

    /// Every issue there is or was, with whether it is deleted; for people and tests.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Arc<Issue>, bool)> + '_ {
        let seeded = self.bulk.iter().flat_map(|bulk| bulk.first_id..bulk.first_id + bulk.count);
        let in_bulk =
            |id: &u64| self.bulk.iter().any(|bulk| (bulk.first_id..bulk.first_id + bulk.count).contains(id));
        let own = self.written.keys().chain(self.deleted.keys()).copied().filter(move |id| !in_bulk(id));
        let own: BTreeSet<u64> = own.collect();
        seeded.chain(own).filter_map(|id| match self.deleted.get(&id) {
            Some(issue) => Some((Arc::clone(issue), true)),
            None => self.get(id).map(|issue| (issue, false)),
        })
    }

    /// Ids of the issues that changed since an instant.
    pub(crate) fn changed_since(&self, since: Timestamp) -> impl Iterator<Item = u64> + '_ {
        self.written().filter(move |issue| issue.updated >= since).map(|issue| issue.id)
    }

    /// The issues that were written to since the seed and still exist.
    pub(crate) fn written(&self) -> impl Iterator<Item = &Issue> {
        self.written.values().map(Arc::as_ref)
    }
}
