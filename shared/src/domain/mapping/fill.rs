//! Filling a mapping: the content of the ticket of findings.
//!
//! Reads the findings of one ticket and the mapping of its configuration; decides what each field says; writes nothing. Next
//! comes [`crate::ticket::Content`]. What a finding does not say, or what does not fit a field, is left out of that field.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::facts::{Fact, Facts};
use super::value::{FieldKind, FieldValue, LONGEST_LINE, LONGEST_TEXT};
use super::{FieldRule, Mapped, Source, builtin, convert, template};
use crate::configuration::Configuration;
use crate::ids::{AccountId, IssueId};
use crate::sync_setting::SyncSetting;
use crate::task::{Part, Task};
use crate::ticket::content::{batch_body, digest_of, one_line};
use crate::ticket::{Batch, Block, Content, LABEL, Span};

/// The longest text before the list of a group's findings, in characters as Jira's document is counted here. The list
/// itself takes at most about 18,000.
const LONGEST_PREFACE: usize = 9_000;

/// The word for all that a rule has no value for.
pub const OTHERS: &str = "*";

/// The fields whose values are members of [`Content`] itself.
pub const OWN: [&str; 6] = ["summary", "description", "assignee", "duedate", "labels", "parent"];

/// The content of the ticket of findings: one of its own, or a batch of those that have something in common. `tasks` are
/// those of the ticket, of which there is at least one, in the order of their list.
pub fn content(
    tasks: &[&Task],
    setting: &SyncSetting,
    configuration: &Configuration,
    batch: Option<&Batch>,
) -> Content {
    let facts = Facts::of(tasks, batch);
    let mut own = Own::default();
    let mut fields = BTreeMap::new();
    for rule in &configuration.mapping.rules {
        let Some(value) = value(rule, &facts) else { continue };
        if let Some(value) = own.take(&rule.field, value) {
            fields.insert(rule.field.clone(), Mapped { value, required: rule.required });
        }
    }
    let longest = if batch.is_some() { LONGEST_PREFACE } else { LONGEST_TEXT };
    let body = match own.body {
        Some(texts) => in_blocks(&texts, longest),
        None => standard_body(tasks, &facts, setting, batch),
    };
    let body_digest = if batch.is_some() {
        let whole = batch_body(tasks, &body);
        digest_of(&whole.description, &whole.comments)
    } else {
        digest_of(&body, &[])
    };
    let by_person = tasks.iter().find(|task| batch.is_none() && task.edited.contains(&Part::Assignee));
    let of_task = tasks.first().filter(|_| batch.is_none()).and_then(|task| task.assignee.clone());
    let mut labels = setting.labels.clone();
    labels.extend(own.labels.into_iter().filter(|label| label != LABEL && !setting.labels.contains(label)));
    Content {
        title: own.title.unwrap_or_else(|| one_line(&builtin::title(&facts), LONGEST_LINE)),
        body,
        body_digest,
        labels,
        assignee: by_person.map_or(own.assignee.or(of_task), |task| task.assignee.clone()),
        due_on: own.due_on.or_else(|| due_on(tasks)),
        epic: own.parent.or_else(|| setting.epic.clone()),
        fields,
    }
}

/// What a rule makes of what is known; none if it says nothing about it.
pub fn value(rule: &FieldRule, facts: &Facts) -> Option<FieldValue> {
    try_value(rule, facts).ok().flatten()
}

/// What a rule makes of what is known; none if it says nothing about it.
///
/// # Errors
/// Why its text cannot become a value of its field. Completes "the text …".
pub fn try_value(rule: &FieldRule, facts: &Facts) -> Result<Option<FieldValue>, String> {
    match &rule.source {
        Source::Jira { value } => Ok(Some(value.clone())),
        Source::Assay { field, values } if values.is_empty() => {
            Ok(convert::known(&rule.kind, facts.get(*field)))
        }
        Source::Assay { field, values } => {
            let fact = facts.get(*field);
            let named = values.get(&fact.text()).filter(|_| *fact != Fact::Nothing);
            Ok(named.or_else(|| values.get(OTHERS)).cloned())
        }
        Source::Typed { text } => convert::typed(&rule.kind, &template::render(text, facts)?, &rule.known),
    }
}

/// The values of those fields that are members of the content.
#[derive(Default)]
struct Own {
    title: Option<String>,
    body: Option<Vec<String>>,
    assignee: Option<AccountId>,
    due_on: Option<Date>,
    labels: BTreeSet<String>,
    parent: Option<IssueId>,
}

impl Own {
    /// Takes a value if it is one of these fields'; else gives it back.
    fn take(&mut self, field: &str, value: FieldValue) -> Option<FieldValue> {
        match (field, value) {
            ("summary", FieldValue::Line(text)) => self.title = Some(one_line(&text, LONGEST_LINE)),
            ("description", FieldValue::Paragraphs(texts)) => self.body = Some(texts),
            ("assignee", FieldValue::User(account)) => self.assignee = Some(account),
            ("duedate", FieldValue::Date(day)) => self.due_on = Some(day),
            ("labels", FieldValue::Labels(labels)) => self.labels = labels,
            ("parent", FieldValue::Parent(issue)) => self.parent = Some(issue),
            (field, _) if OWN.contains(&field) => {}
            (_, value) => return Some(value),
        }
        None
    }
}

fn standard_body(tasks: &[&Task], facts: &Facts, setting: &SyncSetting, batch: Option<&Batch>) -> Vec<Block> {
    match (batch, tasks.first().and_then(|task| task.finding.as_deref())) {
        (Some(_), _) => builtin::preface(facts, setting),
        (None, Some(finding)) => builtin::body(finding, setting),
        (None, None) => Vec::new(),
    }
}

fn in_blocks(texts: &[String], longest: usize) -> Vec<Block> {
    let texts = convert::paragraphs(&texts.join("\n"), longest);
    texts.into_iter().map(|text| Block::Paragraph(vec![Span::Text(text)])).collect()
}

/// The first day by which something is to be done.
fn due_on(tasks: &[&Task]) -> Option<Date> {
    let open = tasks.iter().filter(|task| task.is_open());
    let first = open.map(|task| task.due_at).min().or_else(|| tasks.iter().map(|task| task.due_at).min());
    first.map(|due_at| due_at.to_zoned(TimeZone::UTC).date())
}

/// Whether a field of this kind, filled by this rule, is filled for every finding: it takes something that every finding has, or
/// has a value for all others.
pub fn fills_always(rule: &FieldRule) -> bool {
    match &rule.source {
        Source::Jira { .. } => true,
        Source::Assay { field, values } => {
            let has_all = values.contains_key(OTHERS)
                || (*field == super::AssayField::Severity
                    && crate::finding::Severity::ALL.iter().all(|it| values.contains_key(it.word())));
            has_all || (values.is_empty() && field.is_always_there() && rule.kind != FieldKind::Url)
        }
        // Text that cannot become a value is told by itself.
        Source::Typed { .. } => {
            Facts::to_try().iter().all(|facts| !matches!(try_value(rule, facts), Ok(None)))
        }
    }
}

#[cfg(test)]
#[path = "fill_tests.rs"]
mod tests;
