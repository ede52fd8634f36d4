//! Whose a field is: what people change in Jira stays theirs.
//!
//! A field is written again only if its value is still one that we wrote, or were about to write when we last tried.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Content, Field, Ticket};
use crate::ids::{AccountId, IssueId};
use crate::trace::Entry;

/// The fields of an issue as we wrote them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Written {
    /// The title.
    pub title: String,
    /// Our digest of the description's blocks ([`Content::body_digest`]), by which a change of ours is seen.
    pub body_digest: String,
    /// The digest of the description as the tracker shows it, by which a change of theirs is seen.
    pub shown_digest: String,
    /// The labels.
    pub labels: BTreeSet<String>,
    /// The assignee.
    pub assignee: Option<AccountId>,
    /// The due day.
    pub due_on: Option<Date>,
    /// The epic.
    pub epic: Option<IssueId>,
}

impl Written {
    /// What writing `content` without the fields that are left out comes to. `shown_digest` is of its description.
    pub fn of(content: &Content, left_out: &[String], shown_digest: String) -> Self {
        let kept = |name: &str| left_out.iter().all(|field| field != name);
        Self {
            title: content.title.clone(),
            body_digest: content.body_digest.clone(),
            shown_digest,
            labels: content.labels.iter().cloned().collect(),
            assignee: content.assignee.clone().filter(|_| kept("assignee")),
            due_on: content.due_on.filter(|_| kept("duedate")),
            epic: content.epic.clone().filter(|_| kept("parent")),
        }
    }
}

/// The fields of an issue as they are now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Current {
    /// The title.
    pub title: String,
    /// The digest of the description as the tracker shows it.
    pub shown_digest: String,
    /// All labels.
    pub labels: BTreeSet<String>,
    /// The assignee.
    pub assignee: Option<AccountId>,
    /// The due day.
    pub due_on: Option<Date>,
    /// The epic or other parent.
    pub epic: Option<IssueId>,
}

/// What is to be written into an issue.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Edits {
    /// The fields whose value is to become the content's.
    pub fields: BTreeSet<Field>,
    /// Labels to add.
    pub labels_add: BTreeSet<String>,
    /// Labels to take away.
    pub labels_remove: BTreeSet<String>,
    /// Fields that turned out to be people's.
    pub kept: BTreeSet<Field>,
}

impl Ticket {
    /// What the content differs in from what we wrote last, as far as it is ours to write. Nothing of it needs to be
    /// written if this is empty.
    pub fn to_write(&self) -> BTreeSet<Field> {
        let Some(written) = &self.written else { return BTreeSet::new() };
        let wanted = Written::of(&self.content, &self.left_out, String::new());
        let differs = |field: &Field| match field {
            Field::Title => wanted.title != written.title,
            Field::Body => wanted.body_digest != written.body_digest,
            Field::Labels => wanted.labels != written.labels,
            Field::Assignee => wanted.assignee != written.assignee,
            Field::DueOn => wanted.due_on != written.due_on,
            Field::Epic => wanted.epic != written.epic,
        };
        // Labels are added and taken away one by one, whatever people did to others of them.
        let is_theirs = |field: &Field| *field != Field::Labels && self.kept.contains(field);
        Field::ALL.into_iter().filter(differs).filter(|field| !is_theirs(field)).collect()
    }

    /// Whether the value that a field has now is one that we wrote or were about to write.
    fn is_ours(&self, field: Field, current: &Current) -> bool {
        let same = |ours: &Written| match field {
            Field::Title => ours.title == current.title,
            Field::Body => ours.shown_digest == current.shown_digest,
            // People add and remove labels of their own beside ours: see `edits`.
            Field::Labels => true,
            Field::Assignee => ours.assignee == current.assignee,
            Field::DueOn => ours.due_on == current.due_on,
            Field::Epic => ours.epic == current.epic,
        };
        self.written.iter().chain(&self.writing).any(same)
    }

    /// Decides, field by field, what is to be written into an issue that is now as `current` says, so that it becomes as
    /// the content says and nothing that people changed is lost. `shown_digest` is of the description that would be
    /// written; `by_others` are fields that the issue's history shows to be changed by somebody else or that it says
    /// nothing about; a field that only we ever changed is ours whatever its value.
    pub fn edits(&self, current: &Current, shown_digest: &str, by_others: impl Fn(Field) -> bool) -> Edits {
        let mut edits = Edits::default();
        let wanted = Written::of(&self.content, &self.left_out, shown_digest.to_owned());
        for field in Field::ALL {
            if field == Field::Labels || self.left_out.iter().any(|name| name == left_out_name(field)) {
                continue;
            }
            let is_there = match field {
                Field::Title => wanted.title == current.title,
                Field::Body => wanted.shown_digest == current.shown_digest,
                Field::Assignee => wanted.assignee == current.assignee,
                Field::DueOn => wanted.due_on == current.due_on,
                Field::Epic => wanted.epic == current.epic,
                Field::Labels => true,
            };
            if is_there {
                continue;
            }
            if self.is_ours(field, current) || !by_others(field) {
                edits.fields.insert(field);
            } else {
                edits.kept.insert(field);
            }
        }
        let before = self.written.as_ref().map(|written| written.labels.clone()).unwrap_or_default();
        // A label of ours that somebody took away is not put back; one that we do not want any more goes.
        edits.labels_add = wanted
            .labels
            .iter()
            .filter(|it| !before.contains(*it) && !current.labels.contains(*it))
            .cloned()
            .collect();
        let is_missing = |label: &String| wanted.labels.contains(label) && !current.labels.contains(label);
        if before.iter().any(is_missing) && by_others(Field::Labels) {
            edits.kept.insert(Field::Labels);
        }
        edits.labels_remove = before
            .iter()
            .filter(|it| !wanted.labels.contains(*it) && current.labels.contains(*it))
            .cloned()
            .collect();
        edits
    }

    /// The fields that people own and whose value is now again the one that we wrote: they may be written again.
    pub fn given_back(&self, current: &Current) -> BTreeSet<Field> {
        let Some(written) = &self.written else { return BTreeSet::new() };
        let is_back = |field: &Field| match field {
            Field::Labels => written.labels.is_subset(&current.labels),
            Field::Title | Field::Body | Field::Assignee | Field::DueOn | Field::Epic => {
                self.is_ours(*field, current)
            }
        };
        self.kept.iter().copied().filter(is_back).collect()
    }

    /// Takes note of the fields that people gave back ([`Self::given_back`]). Returns whether there are any.
    pub fn take_back(&mut self, current: &Current, now: Timestamp) -> bool {
        let given_back = self.given_back(current);
        let kept = self.kept.difference(&given_back).copied().collect();
        self.leave_to_people(&kept, now)
    }

    /// The fields that people own are as `kept` says. Returns whether that is news; then the trace says so.
    pub fn leave_to_people(&mut self, kept: &BTreeSet<Field>, now: Timestamp) -> bool {
        if self.kept == *kept {
            return false;
        }
        for field in kept.difference(&self.kept.clone()) {
            let what = format!("leaves the {} as it is", field.name());
            self.record(Entry::new(now, "worker", what, "a person changed it in Jira"));
        }
        for field in self.kept.clone().difference(kept) {
            let what = format!("writes the {} again", field.name());
            self.record(Entry::new(now, "worker", what, "its value is again the one that we wrote"));
        }
        self.kept.clone_from(kept);
        true
    }
}

/// The name by which a field stands in [`Ticket::left_out`].
fn left_out_name(field: Field) -> &'static str {
    match field {
        Field::Title => "summary",
        Field::Body => "description",
        Field::Labels => "labels",
        Field::Assignee => "assignee",
        Field::DueOn => "duedate",
        Field::Epic => "parent",
    }
}

#[cfg(test)]
#[path = "ownership_tests.rs"]
mod tests;
