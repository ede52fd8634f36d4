//! Whose a field is: what people change in Jira stays theirs.
//!
//! A field is written again only if its value is still one that we wrote, or were about to write when we last tried.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Content, Field, Ticket};
use crate::ids::{AccountId, IssueId};
use crate::mapping::FieldValue;
use crate::sync_setting::SyncSetting;
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
    /// Further fields, by Jira's ids of them.
    #[serde(default)]
    pub fields: BTreeMap<String, FieldValue>,
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
            fields: content
                .fields
                .iter()
                .filter(|(id, _)| kept(id))
                .map(|(id, mapped)| (id.clone(), mapped.value.clone()))
                .collect(),
        }
    }

    /// Whether a field's value is that of `other`. What is shown of a description is not compared.
    fn agrees(&self, other: &Self, field: &Field) -> bool {
        match field {
            Field::Title => self.title == other.title,
            Field::Body => self.body_digest == other.body_digest,
            Field::Labels => self.labels == other.labels,
            Field::Assignee => self.assignee == other.assignee,
            Field::DueOn => self.due_on == other.due_on,
            Field::Epic => self.epic == other.epic,
            Field::Mapped(id) => self.fields.get(id) == other.fields.get(id),
        }
    }
}

/// The value of a further field as it is now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Shown {
    /// It has none.
    Nothing,
    /// This, in its one form ([`FieldValue::normal`]).
    Value(FieldValue),
    /// Something that we never write.
    Other,
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
    /// Further fields, by Jira's ids of them, as far as they were asked for.
    pub fields: BTreeMap<String, Shown>,
}

impl Current {
    /// Whether a field has the value that we wrote, or were about to write. People add and remove labels of their own
    /// beside ours, so that all labels are: see [`Ticket::edits`].
    fn has(&self, field: &Field, ours: &Written) -> bool {
        match field {
            Field::Title => ours.title == self.title,
            Field::Body => ours.shown_digest == self.shown_digest,
            Field::Labels => true,
            Field::Assignee => ours.assignee == self.assignee,
            Field::DueOn => ours.due_on == self.due_on,
            Field::Epic => ours.epic == self.epic,
            Field::Mapped(id) => match (self.fields.get(id), ours.fields.get(id)) {
                (Some(Shown::Value(value)), Some(ours)) => value == ours,
                (Some(Shown::Nothing), None) => true,
                (None | Some(Shown::Nothing | Shown::Value(_) | Shown::Other), _) => false,
            },
        }
    }
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
    /// The ids of the further fields that its issue is asked for.
    pub fn further_fields(&self) -> impl Iterator<Item = &String> {
        self.content.fields.keys()
    }

    /// The fields that there are in the issue because of the ticket. A further one that a mapping no longer has is not
    /// among them: it stays as it is.
    fn fields(&self) -> impl Iterator<Item = Field> {
        Field::ALL.into_iter().chain(self.further_fields().cloned().map(Field::Mapped))
    }

    /// What the content differs in from what we wrote last, as far as it is ours to write. Nothing of it needs to be
    /// written if this is empty.
    pub fn to_write(&self) -> BTreeSet<Field> {
        let Some(written) = &self.written else { return BTreeSet::new() };
        let wanted = Written::of(&self.content, &self.left_out, String::new());
        // Labels are added and taken away one by one, whatever people did to others of them.
        let is_theirs = |field: &Field| *field != Field::Labels && self.kept.contains(field);
        let is_refused = |field: &Field| matches!(field, Field::Mapped(_)) && self.is_left_out(field);
        let is_written = |field: &Field| !is_theirs(field) && !is_refused(field);
        self.fields().filter(|field| is_written(field) && !wanted.agrees(written, field)).collect()
    }

    /// Whether a further field of its issue is left out because Jira refused it.
    pub fn lacks_mapped_field(&self) -> bool {
        self.state.issue().is_some() && self.left_out.iter().any(|id| self.content.fields.contains_key(id))
    }

    /// What stood in the way of fields that Jira refused may be mended: they are tried again, all of an issue that is yet
    /// to be created, and the further ones of one that is there.
    pub fn try_all_fields(&mut self) {
        let (is_there, fields) = (self.state.issue().is_some(), &self.content.fields);
        self.left_out.retain(|id| is_there && !fields.contains_key(id));
    }

    fn is_left_out(&self, field: &Field) -> bool {
        self.left_out.iter().any(|name| name == left_out_name(field))
    }

    /// Whether the value that a field has now is one that we wrote or were about to write.
    fn is_ours(&self, field: &Field, current: &Current) -> bool {
        self.written.iter().chain(&self.writing).any(|ours| current.has(field, ours))
    }

    /// Decides, field by field, what is to be written into an issue that is now as `current` says, so that it becomes as
    /// the content says and nothing that people changed is lost. `shown_digest` is of the description that would be
    /// written; `by_others` are fields that the issue's history shows to be changed by somebody else or that it says
    /// nothing about; a field that only we ever changed is ours whatever its value.
    pub fn edits(&self, current: &Current, shown_digest: &str, by_others: impl Fn(&Field) -> bool) -> Edits {
        let mut edits = Edits::default();
        let wanted = Written::of(&self.content, &self.left_out, shown_digest.to_owned());
        // The history names a further field as it was called then, so that it may not tell any more whose it is.
        let is_theirs = |field: &Field| {
            matches!(field, Field::Mapped(_)) && self.kept.contains(field) || by_others(field)
        };
        for field in self.fields().filter(|field| !self.is_left_out(field) && !current.has(field, &wanted)) {
            if self.is_ours(&field, current) || !is_theirs(&field) {
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
        if before.iter().any(is_missing) && by_others(&Field::Labels) {
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
        let is_back = |field: &&Field| match field {
            Field::Labels => written.labels.is_subset(&current.labels),
            field => self.is_ours(field, current),
        };
        self.kept.iter().filter(is_back).cloned().collect()
    }

    /// Takes note of the fields that people gave back ([`Self::given_back`]). Returns whether there are any. The trace names
    /// further fields as the sync setting does.
    pub fn take_back(&mut self, current: &Current, setting: Option<&SyncSetting>, now: Timestamp) -> bool {
        let given_back = self.given_back(current);
        let kept = self.kept.difference(&given_back).cloned().collect();
        self.leave_to_people(&kept, setting, now)
    }

    /// The fields that people own are as `kept` says. Returns whether that is news; then the trace says so, and names further
    /// fields as the sync setting does.
    pub fn leave_to_people(
        &mut self,
        kept: &BTreeSet<Field>,
        setting: Option<&SyncSetting>,
        now: Timestamp,
    ) -> bool {
        if self.kept == *kept {
            return false;
        }
        for field in kept.difference(&self.kept.clone()) {
            let what = format!("leaves the {} as it is", field.name_by(setting));
            self.record(Entry::new(now, "worker", what, "a person changed it in Jira"));
        }
        let fields: BTreeSet<Field> = self.fields().collect();
        for field in self.kept.clone().difference(kept).filter(|field| fields.contains(field)) {
            let what = format!("writes the {} again", field.name_by(setting));
            self.record(Entry::new(now, "worker", what, "its value is again the one that we wrote"));
        }
        self.kept.clone_from(kept);
        true
    }
}

/// The name by which a field stands in [`Ticket::left_out`].
fn left_out_name(field: &Field) -> &str {
    match field {
        Field::Title => "summary",
        Field::Body => "description",
        Field::Labels => "labels",
        Field::Assignee => "assignee",
        Field::DueOn => "duedate",
        Field::Epic => "parent",
        Field::Mapped(id) => id,
    }
}

#[cfg(test)]
#[path = "ownership_tests.rs"]
mod tests;
