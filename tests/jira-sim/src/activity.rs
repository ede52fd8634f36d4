//! What accounts did in issues, as a test counts it without asking the REST API.
//!
//! Two sources: what the seed says, computed one issue at a time, and what was done since, kept as it happened.

use serde::Serialize;

use crate::state::bulk::Bulk;

/// One thing that an account did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActivityEvent {
    /// Account id, `anonymous` if nobody was signed in.
    pub account: String,
    /// Milliseconds since 1970.
    pub at: i64,
    /// What was done.
    pub what: ActivityKind,
    /// Id of the issue.
    pub issue: u64,
    /// Id of the changelog entry, comment or worklog; the issue's own id if it is about the issue.
    pub item: u64,
    /// Whether it is about a comment or worklog that only a group or role sees.
    pub restricted: bool,
}

/// Kinds of activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// An issue was created.
    IssueCreated,
    /// A changelog entry was written.
    IssueChanged,
    /// An issue was deleted, with all that was in it.
    IssueDeleted,
    /// A comment was written.
    CommentCreated,
    /// A comment was changed.
    CommentEdited,
    /// A comment was deleted; by whom is known to no REST caller.
    CommentDeleted,
    /// Work was logged.
    WorklogCreated,
    /// A worklog was changed.
    WorklogEdited,
    /// A worklog was deleted; by whom is known to no REST caller.
    WorklogDeleted,
}

/// Every event of one site: those of the seed in the order of issues, then the others as they happened.
#[derive(Debug)]
pub struct Activity {
    bulks: std::vec::IntoIter<Bulk>,
    bulk: Option<(Bulk, u64)>,
    ready: std::vec::IntoIter<ActivityEvent>,
    live: std::vec::IntoIter<ActivityEvent>,
}

impl Activity {
    pub(crate) fn new(bulks: Vec<Bulk>, live: Vec<ActivityEvent>) -> Self {
        Self { bulks: bulks.into_iter(), bulk: None, ready: Vec::new().into_iter(), live: live.into_iter() }
    }
}

impl Iterator for Activity {
    type Item = ActivityEvent;

    fn next(&mut self) -> Option<ActivityEvent> {
        loop {
            if let Some(event) = self.ready.next() {
                return Some(event);
            }
            match &mut self.bulk {
                Some((bulk, position)) if *position < bulk.count => {
                    self.ready = bulk.events(*position).into_iter();
                    *position += 1;
                }
                _ => match self.bulks.next() {
                    Some(bulk) => self.bulk = Some((bulk, 0)),
                    None => return self.live.next(),
                },
            }
        }
    }
}
