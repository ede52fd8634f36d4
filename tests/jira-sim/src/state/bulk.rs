//! A row of seeded issues: a rule from a number to an issue.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::{
    activity::{Deed, Rule, What, mixed},
    issue::{Change, ChangeItem, Comment, Issue, Worklog},
    vocabulary::{CHANGE, DONE, IN_PROGRESS, INCIDENT, TASK, TEAM_TO_DO, TO_DO},
};
use crate::{
    activity::{ActivityEvent, ActivityKind},
    adf,
    clock::{plus_millis, plus_seconds},
};

const DAY_MS: i64 = 86_400_000;
/// Ids of what is in seeded issues: a base for each kind, sixteen for each issue.
const CHANGES: u64 = 1_000_000_000_000;
const COMMENTS: u64 = 2_000_000_000_000;
const WORKLOGS: u64 = 3_000_000_000_000;
const IDS_PER_ISSUE: u64 = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BulkKind {
    Change,
    Incident,
    Task,
}

/// Seeded issues of one kind, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Bulk {
    pub(crate) kind: BulkKind,
    pub(crate) project: u64,
    pub(crate) first_id: u64,
    pub(crate) count: u64,
    /// How many are out of order: without assignee, or overdue.
    pub(crate) marked: u64,
    pub(crate) made: Timestamp,
    pub(crate) span_ms: i64,
    /// What was done in them, if anything beside a change of status.
    pub(crate) activity: Option<Rule>,
}

impl Bulk {
    pub(crate) fn id_of(&self, project: u64, number: u64) -> Option<u64> {
        (project == self.project && (1..=self.count).contains(&number)).then(|| self.first_id + number - 1)
    }

    fn position(&self, id: u64) -> Option<u64> {
        id.checked_sub(self.first_id).filter(|position| *position < self.count)
    }

    /// The issue with everything in it.
    pub(crate) fn issue(&self, id: u64) -> Option<Issue> {
        self.made_of(id, true)
    }

    /// The issue without history, comments and worklogs, for what does not look at them.
    pub(crate) fn head(&self, id: u64) -> Option<Issue> {
        self.made_of(id, false)
    }

    fn made_of(&self, id: u64, whole: bool) -> Option<Issue> {
        let position = self.position(id)?;
        let marked = self.is_marked(position);
        let number = position + 1;
        let status = self.status(position);
        let (issue_type, summary) = match self.kind {
            BulkKind::Change => (CHANGE, format!("Change {number}: roll out a configuration")),
            BulkKind::Incident => (INCIDENT, format!("Incident {number}: a service was slow")),
            BulkKind::Task => (TASK, format!("Task {number}")),
        };
        let unassigned = self.kind == BulkKind::Change && marked;
        let (created, _) = self.created(position);
        let creator = format!("acc-{}", (position + 4) % 9 + 1);
        let mut issue = Issue {
            id,
            project: self.project,
            number,
            issue_type,
            summary,
            description: None,
            status,
            priority: (self.kind != BulkKind::Task).then(|| u8::try_from(position % 5 + 1).unwrap_or(3)),
            resolution: (status == DONE).then_some(10_000),
            assignee: (!unassigned).then(|| format!("acc-{}", position % 9 + 1)),
            reporter: creator.clone(),
            creator,
            labels: Vec::new(),
            parent: None,
            properties: BTreeMap::new(),
            fields: BTreeMap::new(),
            created,
            updated: created,
            status_changed: created,
            resolved: None,
            history: Vec::new(),
            comments: Vec::new(),
            worklogs: Vec::new(),
            remote_links: Vec::new(),
            archived: None,
        };
        match &self.activity {
            Some(rule) => live_through(&mut issue, &self.deeds(rule, position), whole),
            None if !is_first(status) => {
                let moved = plus_seconds(created, 3600).min(self.made);
                issue.history.push(status_change(id + 50_000_000, "acc-1", moved, status));
                issue.updated = moved;
                issue.status_changed = moved;
            }
            None => {}
        }
        issue.resolved = (status == DONE).then_some(issue.status_changed);
        Some(issue)
    }

    fn status(&self, position: u64) -> u64 {
        match self.kind {
            BulkKind::Change => [DONE, DONE, IN_PROGRESS, TO_DO][usize::try_from(position % 4).unwrap_or(0)],
            BulkKind::Incident => {
                let (_, young) = self.created(position);
                let open = self.is_marked(position) || (young && position.is_multiple_of(2));
                if open { IN_PROGRESS } else { DONE }
            }
            BulkKind::Task => TEAM_TO_DO,
        }
    }

    /// What was done in the issue; it was created no later than the seed says.
    fn deeds(&self, rule: &Rule, position: u64) -> Vec<Deed> {
        let mut deeds = rule.deeds(position, u64::from(!is_first(self.status(position))));
        if deeds.len() > 1 {
            deeds[0].at = deeds[0].at.min(self.created(position).0);
        }
        deeds
    }

    /// When the issue was created, and whether that is less than 30 days ago.
    fn created(&self, position: u64) -> (Timestamp, bool) {
        let count = i128::from(self.count.max(1));
        let age = i128::from(self.span_ms) * (count - i128::from(position)) / count;
        // The last one is not created in the very instant of the seed.
        let age_ms = i64::try_from(age).unwrap_or(self.span_ms).saturating_sub(DAY_MS / 24);
        (plus_millis(self.made, -age_ms), age_ms < 30 * DAY_MS)
    }

    fn is_marked(&self, position: u64) -> bool {
        match self.kind {
            // Spread evenly: the position where the running share steps up.
            BulkKind::Change => {
                let share = |number: u64| {
                    u128::from(number) * u128::from(self.marked) / u128::from(self.count.max(1))
                };
                share(position + 1) > share(position)
            }
            // The oldest ones.
            BulkKind::Incident => position < self.marked,
            BulkKind::Task => false,
        }
    }

    /// Ids of those that were last changed in a range of milliseconds since 1970; all of them if no rule says when.
    pub(crate) fn updated_in(&self, range: (i64, i64)) -> impl Iterator<Item = u64> + '_ {
        let ranks = self
            .activity
            .as_ref()
            .map_or(0..self.count, |rule| rule.first_rank(range.0)..rule.first_rank(range.1));
        let position = |rank| self.activity.as_ref().map_or(rank, |rule| rule.position(rank));
        ranks.map(move |rank| self.first_id + position(rank))
    }

    /// The ranks of those that were last changed in a range of milliseconds, each at a time of its own; `None` if no rule
    /// says when.
    pub(crate) fn ranks(&self, range: (i64, i64)) -> Option<std::ops::Range<u64>> {
        let rule = self.activity.as_ref().filter(|rule| rule.count <= rule.span_ms.unsigned_abs())?;
        Some(rule.first_rank(range.0)..rule.first_rank(range.1))
    }

    /// When the issue with a rank was last changed, in milliseconds, and its id.
    pub(crate) fn ranked(&self, rank: u64) -> Option<(i64, u64)> {
        let rule = self.activity.as_ref()?;
        Some((rule.moment(rank).as_millisecond(), self.first_id + rule.position(rank)))
    }

    /// Worklogs by their time, from an instant on: (milliseconds, worklog, issue).
    pub(crate) fn worklogs(&self, from_ms: i64) -> impl Iterator<Item = (i64, u64, u64)> + '_ {
        let worked = self.activity.iter().flat_map(move |rule| rule.worked(from_ms));
        worked.map(|(at, position)| {
            let issue = self.first_id + position;
            (at, item_id(WORKLOGS, issue, 0), issue)
        })
    }

    /// Everything that was done in one of them.
    pub(crate) fn events(&self, position: u64) -> Vec<ActivityEvent> {
        let id = self.first_id + position;
        let Some(rule) = &self.activity else {
            return self.issue(id).map(|issue| super::feed::differences(None, &issue)).unwrap_or_default();
        };
        let event = |deed: Deed| {
            let (what, item, restricted) = match deed.what {
                What::Created => (ActivityKind::IssueCreated, id, false),
                What::Changed(number) => (ActivityKind::IssueChanged, item_id(CHANGES, id, number), false),
                What::Commented(number) => {
                    (ActivityKind::CommentCreated, item_id(COMMENTS, id, number), is_restricted(id, number))
                }
                What::CommentEdited(number) => {
                    (ActivityKind::CommentEdited, item_id(COMMENTS, id, number), is_restricted(id, number))
                }
                What::Worked => (ActivityKind::WorklogCreated, item_id(WORKLOGS, id, 0), false),
                What::WorkEdited => (ActivityKind::WorklogEdited, item_id(WORKLOGS, id, 0), false),
            };
            let (account, at) = (deed.by.id(), deed.at.as_millisecond());
            ActivityEvent { account, at, what, issue: id, item, restricted }
        };
        self.deeds(rule, position).into_iter().map(event).collect()
    }
}

/// The seeded issue that a worklog of the seed is in.
pub(crate) fn issue_of_worklog(worklog: u64) -> Option<u64> {
    worklog.checked_sub(WORKLOGS).map(|number| number / IDS_PER_ISSUE)
}

fn item_id(base: u64, issue: u64, number: u64) -> u64 {
    base + issue * IDS_PER_ISSUE + number
}

fn is_first(status: u64) -> bool {
    matches!(status, TO_DO | TEAM_TO_DO)
}

/// Every tenth comment is for developers only.
fn is_restricted(issue: u64, comment: u64) -> bool {
    mixed(issue, 400 + comment).is_multiple_of(10)
}

/// Puts what was done into the issue.
fn live_through(issue: &mut Issue, deeds: &[Deed], whole: bool) {
    for deed in deeds {
        let by = || deed.by.id();
        issue.updated = deed.at;
        match deed.what {
            What::Created => {
                issue.created = deed.at;
                issue.status_changed = deed.at;
                issue.creator = by();
                issue.reporter = by();
            }
            What::Changed(0) if !is_first(issue.status) => {
                issue.status_changed = deed.at;
                if whole {
                    let id = item_id(CHANGES, issue.id, 0);
                    issue.history.push(status_change(id, &by(), deed.at, issue.status));
                }
            }
            _ if !whole => {}
            What::Changed(number) => issue.history.push(Change {
                id: item_id(CHANGES, issue.id, number),
                author: by(),
                created: deed.at,
                items: vec![small_change(number)],
            }),
            What::Commented(number) => issue.comments.push(Comment {
                id: item_id(COMMENTS, issue.id, number),
                author: by(),
                body: adf::paragraph(&format!("Comment {} on {}", number + 1, issue.summary)),
                created: deed.at,
                updated: deed.at,
                update_author: by(),
                visibility: is_restricted(issue.id, number)
                    .then(|| json!({ "type": "role", "value": "Developers", "identifier": "10100" })),
                public: true,
                properties: BTreeMap::new(),
            }),
            What::CommentEdited(number) => {
                let id = item_id(COMMENTS, issue.id, number);
                for comment in issue.comments.iter_mut().filter(|comment| comment.id == id) {
                    comment.updated = deed.at;
                    comment.update_author = by();
                }
            }
            What::Worked => issue.worklogs.push(Worklog {
                id: item_id(WORKLOGS, issue.id, 0),
                author: by(),
                update_author: by(),
                comment: None,
                created: deed.at,
                updated: deed.at,
                started: plus_seconds(deed.at, -7200),
                seconds: 1800 * (1 + issue.id % 8),
                visibility: None,
            }),
            What::WorkEdited => {
                for worklog in &mut issue.worklogs {
                    worklog.updated = deed.at;
                    worklog.update_author = by();
                }
            }
        }
    }
}

fn small_change(number: u64) -> ChangeItem {
    let words = |text: &str| Some((String::new(), text.to_owned()));
    match number % 3 {
        0 => ChangeItem::new("summary", words("Before"), words("After")),
        1 => ChangeItem::new("labels", None, words("seen")),
        _ => ChangeItem::new("description", words("Before"), words("After")),
    }
}

fn status_change(id: u64, author: &str, created: Timestamp, to: u64) -> Change {
    let name = if to == DONE { "Done" } else { "In Progress" };
    let from = Some((TO_DO.to_string(), "To Do".to_owned()));
    let item = ChangeItem::new("status", from, Some((to.to_string(), name.to_owned())));
    Change { id, author: author.to_owned(), created, items: vec![item] }
}
