//! What happened in issues since the seed: when worklogs were changed and deleted, and what accounts did.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::issue::Issue;
use crate::activity::{ActivityEvent, ActivityKind};

/// The feeds of one site.
#[derive(Debug, Clone, Default)]
pub(crate) struct Feed {
    /// Worklogs of issues that were written to, by (milliseconds of the last change, worklog).
    updated: BTreeMap<(i64, u64), u64>,
    /// Their issues.
    issues: HashMap<u64, u64>,
    deleted: BTreeSet<(i64, u64)>,
    events: Vec<ActivityEvent>,
}

impl Feed {
    /// An issue was written: what is new in it, and which worklogs are gone.
    pub(super) fn written(&mut self, before: Option<&Issue>, after: &Issue, now: Timestamp) {
        self.events.extend(differences(before, after));
        self.forget(before);
        for worklog in &after.worklogs {
            self.updated.insert((worklog.updated.as_millisecond(), worklog.id), after.id);
            self.issues.insert(worklog.id, after.id);
        }
        self.lost(before, now, |id| after.worklogs.iter().any(|worklog| worklog.id == id));
    }

    /// An issue is gone with its worklogs.
    pub(super) fn gone(&mut self, before: Option<&Issue>, now: Timestamp) {
        self.forget(before);
        self.lost(before, now, |_| false);
    }

    fn forget(&mut self, issue: Option<&Issue>) {
        for worklog in issue.into_iter().flat_map(|issue| &issue.worklogs) {
            self.updated.remove(&(worklog.updated.as_millisecond(), worklog.id));
            self.issues.remove(&worklog.id);
        }
    }

    fn lost(&mut self, before: Option<&Issue>, now: Timestamp, kept: impl Fn(u64) -> bool) {
        let ids = before.into_iter().flat_map(|issue| &issue.worklogs).map(|worklog| worklog.id);
        self.deleted.extend(ids.filter(|id| !kept(*id)).map(|id| (now.as_millisecond(), id)));
    }

    /// What no comparison of an issue with itself tells: who deleted something.
    pub(crate) fn note(&mut self, event: ActivityEvent) {
        self.events.push(event);
    }

    pub(super) fn events(&self) -> &[ActivityEvent] {
        &self.events
    }

    /// Worklogs by the time of their last change, from an instant on: (milliseconds, worklog, issue).
    pub(super) fn updated(&self, from_ms: i64) -> impl Iterator<Item = (i64, u64, u64)> + '_ {
        self.updated.range((from_ms, 0)..).map(|((at, worklog), issue)| (*at, *worklog, *issue))
    }

    /// Deleted worklogs from an instant on: (milliseconds, worklog).
    pub(crate) fn deleted(&self, from_ms: i64) -> impl Iterator<Item = (i64, u64)> + '_ {
        self.deleted.range((from_ms, 0)..).copied()
    }

    pub(super) fn issue_of(&self, worklog: u64) -> Option<u64> {
        self.issues.get(&worklog).copied()
    }
}

/// What accounts did between two states of an issue. Who deleted something is not in the issue.
pub(super) fn differences(before: Option<&Issue>, after: &Issue) -> Vec<ActivityEvent> {
    let event = |account: &str, at: Timestamp, what, item, restricted| ActivityEvent {
        account: account.to_owned(),
        at: at.as_millisecond(),
        what,
        issue: after.id,
        item,
        restricted,
    };
    let mut events = Vec::new();
    if before.is_none() {
        events.push(event(&after.creator, after.created, ActivityKind::IssueCreated, after.id, false));
    }
    let known: HashSet<u64> =
        before.into_iter().flat_map(|before| &before.history).map(|change| change.id).collect();
    for change in after.history.iter().filter(|change| !known.contains(&change.id)) {
        events.push(event(&change.author, change.created, ActivityKind::IssueChanged, change.id, false));
    }
    for comment in &after.comments {
        let old = before.and_then(|before| before.comments.iter().find(|old| old.id == comment.id));
        let restricted = comment.visibility.is_some();
        if old.is_none() {
            let kind = ActivityKind::CommentCreated;
            events.push(event(&comment.author, comment.created, kind, comment.id, restricted));
        } else if old.is_some_and(|old| old.updated != comment.updated) {
            let kind = ActivityKind::CommentEdited;
            events.push(event(&comment.update_author, comment.updated, kind, comment.id, restricted));
        }
    }
    for worklog in &after.worklogs {
        let old = before.and_then(|before| before.worklogs.iter().find(|old| old.id == worklog.id));
        let restricted = worklog.visibility.is_some();
        if old.is_none() {
            let kind = ActivityKind::WorklogCreated;
            events.push(event(&worklog.author, worklog.created, kind, worklog.id, restricted));
        } else if old.is_some_and(|old| old.updated != worklog.updated) {
            let kind = ActivityKind::WorklogEdited;
            events.push(event(&worklog.update_author, worklog.updated, kind, worklog.id, restricted));
        }
    }
    events
}
