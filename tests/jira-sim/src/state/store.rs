//! Where issues are kept: written ones in memory, seeded ones as a rule that makes them when read.
//!
//! A million seeded issues take no memory until somebody writes to them. Search does not read the issues but
//! what the index saw of them: a write stays invisible to it for the index lag, and an issue that was deleted
//! stays visible for as long.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    iter::Peekable,
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    bulk::{Bulk, issue_of_worklog},
    feed::Feed,
    issue::Issue,
};
use crate::{activity::Activity, clock::plus_millis};

/// Worklogs by the time of their last change: (milliseconds, worklog, issue).
type WorklogSource<'a> = Peekable<Box<dyn Iterator<Item = (i64, u64, u64)> + 'a>>;

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
    pub(crate) feed: Feed,
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
        self.feed.written(self.get(id).as_deref(), &issue, now);
        self.numbers.insert((issue.project, issue.number), id);
        self.written.insert(id, Arc::new(issue));
    }

    /// Deletes an issue for good.
    pub(crate) fn delete(&mut self, id: u64, now: Timestamp, lag_ms: i64) {
        self.remember_view(id, now, lag_ms);
        if let Some(issue) = self.get(id) {
            self.feed.gone(Some(&issue), now);
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

    /// The same, without what seeded issues hold, for what only asks for fields.
    pub(crate) fn indexed_head(&self, id: u64, now: Timestamp) -> Option<Arc<Issue>> {
        if self.is_untouched(id) {
            return self.bulk.iter().find_map(|bulk| bulk.head(id)).map(Arc::new);
        }
        self.indexed(id, now)
    }

    /// Whether an issue, if it exists, is as the seed says.
    pub(crate) fn is_untouched(&self, id: u64) -> bool {
        !self.written.contains_key(&id) && !self.deleted.contains_key(&id)
    }

    /// Ids of all issues that search may know; of seeded ones only those in `projects`, and, where that is known, last
    /// changed in a range of milliseconds.
    pub(crate) fn candidate_ids(
        &self,
        projects: &BTreeSet<u64>,
        updated: (i64, i64),
    ) -> impl Iterator<Item = u64> + use<'_> {
        let bulk: Vec<&Bulk> = self.bulk.iter().filter(|bulk| projects.contains(&bulk.project)).collect();
        let seeded = bulk.into_iter().flat_map(move |bulk| bulk.updated_in(updated));
        let gone = self.deleted.keys().copied().filter(|id| self.stale.contains_key(id));
        let touched: BTreeSet<u64> = self.written.keys().copied().chain(gone).collect();
        seeded.filter(|id| self.is_untouched(*id)).chain(touched)
    }

    /// Issues that are not as the seed says.
    pub(crate) fn apart(&self) -> BTreeSet<u64> {
        self.written.keys().chain(self.deleted.keys()).copied().collect()
    }

    /// Rows of seeded issues in `projects`, each with its ranks whose last change is in a range of milliseconds; `None` if
    /// the seed does not say so of one of them, or lets two change in the same millisecond.
    pub(crate) fn ranks(
        &self,
        projects: &BTreeSet<u64>,
        range: (i64, i64),
    ) -> Option<Vec<(usize, u64, u64)>> {
        let rows = self.bulk.iter().enumerate();
        let rows = rows.filter(|(_, bulk)| bulk.count > 0 && projects.contains(&bulk.project));
        rows.map(|(row, bulk)| bulk.ranks(range).map(|ranks| (row, ranks.start, ranks.end))).collect()
    }

    /// When the seeded issue of a rank was last changed, in milliseconds, and its id.
    pub(crate) fn ranked(&self, row: usize, rank: u64) -> Option<(i64, u64)> {
        self.bulk.get(row).and_then(|bulk| bulk.ranked(rank))
    }

    /// A seeded issue of a row as the seed says, without what it holds.
    pub(crate) fn seeded_head(&self, row: usize, id: u64) -> Option<Issue> {
        self.bulk.get(row).and_then(|bulk| bulk.head(id))
    }

    /// Worklogs that were last changed from an instant on, oldest first: (milliseconds, worklog, issue).
    pub(crate) fn worklogs_updated(&self, from_ms: i64) -> impl Iterator<Item = (i64, u64, u64)> + '_ {
        let mut sources: Vec<WorklogSource<'_>> = Vec::new();
        for bulk in &self.bulk {
            let untouched = bulk.worklogs(from_ms).filter(|(_, _, issue)| self.is_untouched(*issue));
            sources.push((Box::new(untouched) as Box<dyn Iterator<Item = _>>).peekable());
        }
        sources.push((Box::new(self.feed.updated(from_ms)) as Box<dyn Iterator<Item = _>>).peekable());
        std::iter::from_fn(move || {
            let firsts = sources.iter_mut().enumerate();
            let (_, source) =
                firsts.filter_map(|(at, source)| source.peek().map(|first| (*first, at))).min()?;
            sources[source].next()
        })
    }

    /// The issue that a worklog is in.
    pub(crate) fn issue_of_worklog(&self, worklog: u64) -> Option<Arc<Issue>> {
        let issue = self.feed.issue_of(worklog).or_else(|| issue_of_worklog(worklog))?;
        self.get(issue).filter(|issue| issue.worklogs.iter().any(|own| own.id == worklog))
    }

    /// What accounts did, from the seed on.
    pub(crate) fn activity(&self) -> Activity {
        Activity::new(self.bulk.clone(), self.feed.events().to_vec())
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
