//! What is written into an issue, free of Jira's document format.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::check::CheckId;
use crate::ids::{AccountId, IssueId, digest};
use crate::mapping::{FieldValue, Mapped, fill};
use crate::sync_setting::SyncSetting;
use crate::task::{State, Task};
use crate::ticket::Batch;

/// The longest title that Jira takes, in characters.
///
/// Source: jira-facts 9, "Summary ≤255 characters and one line".
const LONGEST_TITLE: usize = 255;

/// How many tasks a batch's description lists; further ones stand in comments.
///
/// An entry takes at most about 450 characters as JSON, and a text field of Jira holds 32,767 (jira-facts 9).
const TASKS_IN_DESCRIPTION: usize = 40;

/// How many tasks one comment lists.
const TASKS_IN_COMMENT: usize = 55;

/// The longest title of a task in a list, in characters.
const LONGEST_IN_LIST: usize = 120;

/// A piece of text within a paragraph.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Plain text.
    Text(String),
    /// Strong text.
    Strong(String),
    /// A link.
    Link {
        /// What is shown.
        text: String,
        /// Where it leads.
        url: String,
    },
}

/// A block of a description.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Paragraph(Vec<Span>),
    /// A list with bullets, one line for each item.
    List(Vec<Vec<Span>>),
}

/// A field of an issue that we write. It is stored and shown as its word: `title`, `body`, `labels`, `assignee`, `due_on`,
/// `epic`, or Jira's id of any other one.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum Field {
    /// The title.
    Title,
    /// The description.
    Body,
    /// Labels beside `assay`.
    Labels,
    /// Who it is assigned to.
    Assignee,
    /// The day by which it should be done.
    DueOn,
    /// The epic.
    Epic,
    /// A further one, by Jira's id of it: one that a field mapping fills.
    Mapped(String),
}

impl Field {
    /// All that every ticket has.
    pub const ALL: [Self; 6] =
        [Self::Title, Self::Body, Self::Labels, Self::Assignee, Self::DueOn, Self::Epic];

    /// The field's name, for people; of a further one its id.
    pub fn name(&self) -> &str {
        match self {
            Self::Title => "title",
            Self::Body => "description",
            Self::Labels => "labels",
            Self::Assignee => "assignee",
            Self::DueOn => "due date",
            Self::Epic => "epic",
            Self::Mapped(id) => id,
        }
    }

    /// The field's name, for people; a further one goes by the name that it has in the mapping of its sync setting.
    pub fn name_by(&self, setting: Option<&SyncSetting>) -> String {
        let mapping = setting.and_then(|setting| setting.configuration.as_ref()).map(|it| &it.mapping);
        match (self, mapping) {
            (Self::Mapped(id), Some(mapping)) => mapping.name_of(id).unwrap_or(id).to_owned(),
            _ => self.name().to_owned(),
        }
    }

    /// The word by which it is stored.
    pub fn word(&self) -> &str {
        match self {
            Self::Title | Self::Labels | Self::Assignee | Self::Epic | Self::Mapped(_) => self.name(),
            Self::Body => "body",
            Self::DueOn => "due_on",
        }
    }
}

impl From<String> for Field {
    fn from(word: String) -> Self {
        Self::ALL.into_iter().find(|field| field.word() == word).unwrap_or(Self::Mapped(word))
    }
}

impl From<Field> for String {
    fn from(field: Field) -> Self {
        match field {
            Field::Mapped(id) => id,
            field => field.word().to_owned(),
        }
    }
}

/// The fields of an issue that we write.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Content {
    /// The title: one line, at most 255 characters.
    pub title: String,
    /// The description. For a batch only what comes before its list, mostly nothing: the list is made of the batch's tasks when it
    /// is written, see [`batch_body`], so that the record stays small.
    pub body: Vec<Block>,
    /// A digest of the description and its further parts, by which a change of it is seen.
    #[serde(default)]
    pub body_digest: String,
    /// Labels beside `assay`.
    pub labels: Vec<String>,
    /// Who it is assigned to, if that account may be.
    pub assignee: Option<AccountId>,
    /// The day by which it should be done.
    pub due_on: Option<Date>,
    /// The epic that it belongs to.
    pub epic: Option<IssueId>,
    /// Further fields, by Jira's ids of them, as a field mapping fills them.
    #[serde(default)]
    pub fields: BTreeMap<String, Mapped>,
}

/// The description of a batch: what fits into it, and the parts that go on in comments.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BatchBody {
    /// The description.
    pub description: Vec<Block>,
    /// Its continuations, in order.
    pub comments: Vec<Vec<Block>>,
}

impl Content {
    /// The content of the ticket of one task, as its sync setting says.
    pub fn of_task(task: &Task, setting: &SyncSetting) -> Self {
        if let Some(configuration) = &setting.configuration {
            return fill::content(&[task], setting, configuration, None).settled();
        }
        Self::of_checked(task, &setting.labels, setting.epic.as_ref())
    }

    /// The content of the ticket of one task of a check: its instructions, why the subject fails, and how to fix it.
    pub fn of_checked(task: &Task, labels: &[String], epic: Option<&IssueId>) -> Self {
        let about = vec![
            Span::Strong("About: ".to_owned()),
            subject(task),
            Span::Text(format!(" — {}", one_line(&task.subject.title, LONGEST_TITLE))),
        ];
        let body = vec![
            Block::Paragraph(about),
            Block::Paragraph(vec![Span::Strong("Why: ".to_owned()), Span::Text(task.why.clone())]),
            Block::Heading("What this is".to_owned()),
            Block::Paragraph(vec![Span::Text(task.check.instructions().to_owned())]),
            Block::Heading("How to fix".to_owned()),
            Block::Paragraph(vec![Span::Text(task.check.how_to_fix().to_owned())]),
            Block::Paragraph(vec![Span::Text(format!(
                "Check {}: {}. This ticket closes by itself once the check passes for {}.",
                task.check,
                task.check.title(),
                task.subject.key
            ))]),
        ];
        Self {
            title: one_line(&format!("{}: {}", task.title, subject_title(task)), LONGEST_TITLE),
            body_digest: digest_of(&body, &[]),
            body,
            labels: labels.to_vec(),
            assignee: task.assignee.clone(),
            due_on: Some(task.due_at.to_zoned(jiff::tz::TimeZone::UTC).date()),
            epic: epic.cloned(),
            fields: BTreeMap::new(),
        }
    }

    /// The content of the ticket of a batch, as its sync setting says, without its list of tasks. `tasks` are those of the
    /// batch, in the order of their list.
    pub fn of_batch(tasks: &[&Task], batch: &Batch, setting: &SyncSetting) -> Self {
        if let Some(configuration) = &setting.configuration {
            return fill::content(tasks, setting, configuration, Some(batch)).settled();
        }
        Self::of_checked_batch(tasks, batch.assignee.as_ref(), &setting.labels, setting.epic.as_ref())
    }

    /// With every mapped value in its one form ([`FieldValue::normal`]), and where the content has a place of its own for
    /// a field, there: each field is written, compared and left to people in one way.
    fn settled(mut self) -> Self {
        for (id, mapped) in std::mem::take(&mut self.fields) {
            let Some(value) = mapped.value.normal() else { continue };
            match (id.as_str(), value) {
                ("labels", FieldValue::Labels(labels)) => {
                    let further = labels.into_iter().filter(|label| !self.labels.contains(label));
                    let further: Vec<String> = further.collect();
                    self.labels.extend(further);
                }
                ("assignee", FieldValue::User(account)) => self.assignee = Some(account),
                ("duedate", FieldValue::Date(day)) => self.due_on = Some(day),
                ("parent", FieldValue::Parent(issue)) => self.epic = Some(issue),
                (_, value) => drop(self.fields.insert(id, Mapped { value, ..mapped })),
            }
        }
        self
    }

    /// The content of the ticket of a batch of tasks of checks, without its description.
    pub fn of_checked_batch(
        tasks: &[&Task],
        assignee: Option<&AccountId>,
        labels: &[String],
        epic: Option<&IssueId>,
    ) -> Self {
        let body = batch_body(tasks, &[]);
        let open = tasks.iter().filter(|task| task.state == State::Open);
        let due_at = open.map(|task| task.due_at).min();
        let checks: BTreeSet<CheckId> = tasks.iter().map(|task| task.check).collect();
        let checks: Vec<&str> = checks.iter().map(|check| check.as_str()).collect();
        Self {
            title: one_line(&format!("Compliance tasks of checks {}", checks.join(", ")), LONGEST_TITLE),
            body: Vec::new(),
            body_digest: digest_of(&body.description, &body.comments),
            labels: labels.to_vec(),
            assignee: assignee.cloned(),
            due_on: due_at.map(|due_at| due_at.to_zoned(jiff::tz::TimeZone::UTC).date()),
            epic: epic.cloned(),
            fields: BTreeMap::new(),
        }
    }
}

/// The description of a batch and its continuations: an entry for each task, in the order given. A task that is done
/// keeps its place and says so, so that the parts behind it need not be written again. `preface` comes before the list.
pub fn batch_body(tasks: &[&Task], preface: &[Block]) -> BatchBody {
    let mut description = preface.to_vec();
    description.push(Block::Paragraph(vec![Span::Text(
        "These tasks are kept up to date by Assay. Each is done when its check passes; this ticket is closed as its sync \
         setting says."
            .to_owned(),
    )]));
    let (first, rest) = tasks.split_at(tasks.len().min(TASKS_IN_DESCRIPTION));
    description.push(Block::List(first.iter().map(|task| entry(task)).collect()));
    let checks: BTreeSet<CheckId> = first.iter().map(|task| task.check).collect();
    for check in checks {
        description.push(Block::Heading(format!("How to fix {check}: {}", check.title())));
        description.push(Block::Paragraph(vec![Span::Text(check.how_to_fix().to_owned())]));
    }
    if !rest.is_empty() {
        description
            .push(Block::Paragraph(vec![Span::Text("The list goes on in comments below.".to_owned())]));
    }
    let chunks = rest.chunks(TASKS_IN_COMMENT);
    let comments = chunks.enumerate().map(|(number, tasks)| {
        vec![
            Block::Paragraph(vec![Span::Strong(part_heading(number))]),
            Block::List(tasks.iter().map(|task| entry(task)).collect()),
        ]
    });
    BatchBody { description, comments: comments.collect() }
}

/// The first line of the comment that is continuation `number` of a batch's list, counted from 0. By it, and by its
/// author, such a comment is known again.
pub fn part_heading(number: usize) -> String {
    format!("Assay's list of tasks, part {}", number + 2)
}

/// A digest of a description and its continuations.
pub fn digest_of(description: &[Block], comments: &[Vec<Block>]) -> String {
    // Blocks are made of text alone, which always serializes.
    digest(&serde_json::to_vec(&(description, comments)).unwrap_or_default())
}

fn entry(task: &Task) -> Vec<Span> {
    let done = match task.state {
        State::Open => Span::Strong("To do: ".to_owned()),
        State::Completed | State::Resolved => Span::Text("Done: ".to_owned()),
    };
    let kind = match &task.finding {
        None => task.check.to_string(),
        Some(finding) => format!("{}, {}", finding.severity.word(), task.check),
    };
    let title = one_line(&task.title, LONGEST_IN_LIST);
    vec![done, subject(task), Span::Text(format!(" — {title} ({kind})"))]
}

fn subject(task: &Task) -> Span {
    if task.subject.url.is_empty() {
        Span::Text(task.subject.key.clone())
    } else {
        Span::Link { text: task.subject.key.clone(), url: task.subject.url.clone() }
    }
}

fn subject_title(task: &Task) -> &str {
    match task.check {
        CheckId::B2 | CheckId::B3 | CheckId::B6 | CheckId::B7 | CheckId::B8 | CheckId::B9 => {
            &task.subject.title
        }
        CheckId::B1 | CheckId::B4 | CheckId::B5 => task.check.title(),
    }
}

/// `text` without control characters and line breaks, cut at `longest` characters.
pub fn one_line(text: &str, longest: usize) -> String {
    let flat: String =
        text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let flat = flat.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= longest {
        return flat;
    }
    flat.chars().take(longest - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_title_is_one_line_that_jira_takes() {
        assert_eq!(one_line(" a\n\tb\u{0}c ", 255), "a b c");
        let long = one_line(&"ä".repeat(300), 255);
        assert_eq!((long.chars().count(), long.ends_with('…')), (255, true));
    }
}
