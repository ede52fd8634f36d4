//! What is written into an issue, free of Jira's document format.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::check::CheckId;
use crate::ids::{AccountId, IssueId};
use crate::task::Task;

/// The longest title that Jira takes, in characters.
///
/// Source: jira-facts 9, "Summary ≤255 characters and one line".
const LONGEST_TITLE: usize = 255;

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
}

/// The fields of an issue that we write.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Content {
    /// The title: one line, at most 255 characters.
    pub title: String,
    /// The description.
    pub body: Vec<Block>,
    /// Labels beside `assay`.
    pub labels: Vec<String>,
    /// Who it is assigned to, if that account may be.
    pub assignee: Option<AccountId>,
    /// The day by which it should be done.
    pub due_on: Option<Date>,
    /// The epic that it belongs to.
    pub epic: Option<IssueId>,
}

impl Content {
    /// The content of the ticket of one task: its instructions, why the subject fails, and how to fix it.
    pub fn of_task(task: &Task, labels: &[String], epic: Option<&IssueId>) -> Self {
        let subject = if task.subject.url.is_empty() {
            Span::Text(task.subject.key.clone())
        } else {
            Span::Link { text: task.subject.key.clone(), url: task.subject.url.clone() }
        };
        let about = vec![
            Span::Strong("About: ".to_owned()),
            subject,
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
            body,
            labels: labels.to_vec(),
            assignee: task.assignee.clone(),
            due_on: Some(task.due_at.to_zoned(jiff::tz::TimeZone::UTC).date()),
            epic: epic.cloned(),
        }
    }
}

fn subject_title(task: &Task) -> &str {
    match task.check {
        CheckId::B2 | CheckId::B3 => &task.subject.title,
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
