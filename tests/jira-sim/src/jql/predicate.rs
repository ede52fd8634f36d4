//! A compiled query: questions to an issue that need no names any more.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use super::Operator;
use crate::state::{issue::Issue, site::Site};

/// What an issue is asked.
#[derive(Debug, Clone)]
pub(crate) enum Predicate {
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    Not(Box<Predicate>),
    /// Something in the query is unknown.
    Nothing,
    Number {
        field: NumberField,
        numbers: Vec<u64>,
        negated: bool,
    },
    Account {
        field: AccountField,
        ids: Vec<String>,
        negated: bool,
    },
    Label {
        labels: Vec<String>,
        negated: bool,
    },
    Empty {
        field: String,
        negated: bool,
    },
    Time {
        field: TimeField,
        operator: Operator,
        instant: Timestamp,
    },
    Ordered {
        field: NumberField,
        operator: Operator,
        number: u64,
    },
    Text {
        field: String,
        needle: String,
        negated: bool,
    },
    Custom {
        field: String,
        values: Vec<String>,
        negated: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberField {
    Project,
    Issue,
    IssueType,
    Status,
    Category,
    Priority,
    Resolution,
    Parent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccountField {
    Assignee,
    Reporter,
    Creator,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeField {
    Created,
    Updated,
    Resolved,
    StatusChanged,
    Due,
}

impl Predicate {
    /// The milliseconds since 1970 in which an issue must have been updated, from and until; wider than the truth rather
    /// than narrower.
    pub(crate) fn updated(&self) -> (i64, i64) {
        match self {
            Self::All(parts) => parts
                .iter()
                .map(Self::updated)
                .fold((i64::MIN, i64::MAX), |one, other| (one.0.max(other.0), one.1.min(other.1))),
            Self::Time { field: TimeField::Updated, operator, instant } => {
                let at = instant.as_millisecond();
                match operator {
                    Operator::Less | Operator::LessOrEqual => (i64::MIN, at.saturating_add(1)),
                    Operator::Greater | Operator::GreaterOrEqual => (at, i64::MAX),
                    Operator::Equals => (at.saturating_sub(60_000), at.saturating_add(60_000)),
                    _ => (i64::MIN, i64::MAX),
                }
            }
            _ => (i64::MIN, i64::MAX),
        }
    }

    /// The projects in which an issue must be, if the query says so.
    pub(crate) fn projects(&self) -> Option<&[u64]> {
        match self {
            Self::All(parts) => parts.iter().find_map(Self::projects),
            Self::Number { field: NumberField::Project, numbers, negated: false } => Some(numbers),
            _ => None,
        }
    }
}

/// Whether an issue answers every question with yes.
pub(crate) fn matches(predicate: &Predicate, issue: &Issue, site: &Site) -> bool {
    match predicate {
        Predicate::All(parts) => parts.iter().all(|part| matches(part, issue, site)),
        Predicate::Any(parts) => parts.iter().any(|part| matches(part, issue, site)),
        Predicate::Not(part) => !matches(part, issue, site),
        Predicate::Nothing => false,
        Predicate::Number { field, numbers, negated } => {
            // An empty field is neither equal nor unequal to anything.
            number(*field, issue, site).is_some_and(|own| numbers.contains(&own) != *negated)
        }
        Predicate::Account { field, ids, negated } => {
            account(*field, issue).is_some_and(|own| ids.iter().any(|id| id == own) != *negated)
        }
        Predicate::Label { labels, negated } => {
            !issue.labels.is_empty() && labels.iter().any(|label| issue.labels.contains(label)) != *negated
        }
        Predicate::Empty { field, negated } => is_empty(field, issue) != *negated,
        Predicate::Time { field, operator, instant } => {
            time(*field, issue).is_some_and(|own| compare_time(own, *operator, *instant))
        }
        Predicate::Ordered { field, operator, number: limit } => {
            number(*field, issue, site).is_some_and(|own| holds(*operator, own.cmp(limit)))
        }
        Predicate::Text { field, needle, negated } => {
            text_of(field, issue).is_some_and(|text| contains(&text.to_lowercase(), needle) != *negated)
        }
        Predicate::Custom { field, values, negated } => issue.fields.get(field).is_some_and(|value| {
            values.iter().any(|wanted| custom_words(value).iter().any(|word| word == wanted)) != *negated
        }),
    }
}

/// Whether a text has the words that are looked for; with `*` at the end, a word that begins so.
fn contains(text: &str, needle: &str) -> bool {
    match needle.strip_suffix('*') {
        Some(beginning) => text
            .split(|character: char| !character.is_alphanumeric())
            .any(|word| !word.is_empty() && word.starts_with(beginning)),
        None => text.contains(needle),
    }
}

fn number(field: NumberField, issue: &Issue, site: &Site) -> Option<u64> {
    match field {
        NumberField::Project => Some(issue.project),
        NumberField::Issue => Some(issue.id),
        NumberField::IssueType => Some(issue.issue_type),
        NumberField::Status => Some(issue.status),
        NumberField::Category => Some(site.category(issue.status).id()),
        NumberField::Priority => issue.priority.map(u64::from),
        NumberField::Resolution => issue.resolution,
        NumberField::Parent => issue.parent,
    }
}

fn account(field: AccountField, issue: &Issue) -> Option<&str> {
    match field {
        AccountField::Assignee => issue.assignee.as_deref(),
        AccountField::Reporter => Some(&issue.reporter),
        AccountField::Creator => Some(&issue.creator),
    }
}

fn time(field: TimeField, issue: &Issue) -> Option<Timestamp> {
    match field {
        TimeField::Created => Some(issue.created),
        TimeField::Updated => Some(issue.updated),
        TimeField::Resolved => issue.resolved,
        TimeField::StatusChanged => Some(issue.status_changed),
        TimeField::Due => {
            let day: jiff::civil::Date = issue.fields.get("duedate")?.as_str()?.parse().ok()?;
            day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        }
    }
}

fn is_empty(field: &str, issue: &Issue) -> bool {
    match field {
        "assignee" => issue.assignee.is_none(),
        "labels" => issue.labels.is_empty(),
        "priority" => issue.priority.is_none(),
        "resolution" => issue.resolution.is_none(),
        "resolutiondate" => issue.resolved.is_none(),
        "parent" => issue.parent.is_none(),
        "description" => issue.description.is_none(),
        "summary" | "project" | "issuetype" | "status" | "created" | "updated" | "reporter" | "creator"
        | "key" => false,
        other => issue.fields.get(other).is_none_or(Value::is_null),
    }
}

/// Equality of instants has the precision of a minute.
fn compare_time(own: Timestamp, operator: Operator, instant: Timestamp) -> bool {
    let minute = |time: Timestamp| time.as_second().div_euclid(60);
    match operator {
        Operator::Equals => minute(own) == minute(instant),
        Operator::NotEquals => minute(own) != minute(instant),
        _ => holds(operator, own.cmp(&instant)),
    }
}

fn holds(operator: Operator, ordering: Ordering) -> bool {
    match operator {
        Operator::Less => ordering.is_lt(),
        Operator::LessOrEqual => ordering.is_le(),
        Operator::Greater => ordering.is_gt(),
        Operator::GreaterOrEqual => ordering.is_ge(),
        Operator::NotEquals => ordering.is_ne(),
        _ => ordering.is_eq(),
    }
}

fn text_of(field: &str, issue: &Issue) -> Option<String> {
    let description = || issue.description.as_ref().map(crate::adf::plain_text);
    match field {
        "summary" => Some(issue.summary.clone()),
        "description" => description(),
        "text" => Some(format!("{}\n{}", issue.summary, description().unwrap_or_default())),
        other => issue.fields.get(other).map(|value| custom_words(value).join(" ")),
    }
}

fn custom_words(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(custom_words).collect(),
        Value::Object(members) => ["value", "id", "name", "accountId"]
            .iter()
            .filter_map(|name| members.get(*name).and_then(Value::as_str).map(str::to_owned))
            .collect(),
        other => vec![other.to_string()],
    }
}

/// What an issue is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SortKey {
    Number(i128),
    Text(String),
    /// Empty values come last when ascending.
    Empty,
}

/// The sort key of an issue for one field; unknown fields do not sort.
pub(crate) fn sort_value(field: &str, issue: &Issue, site: &Site) -> SortKey {
    let instant = |time: Timestamp| SortKey::Number(i128::from(time.as_millisecond()));
    match field.to_ascii_lowercase().as_str() {
        "created" | "createddate" => instant(issue.created),
        "updated" | "updateddate" => instant(issue.updated),
        "resolved" | "resolutiondate" => issue.resolved.map_or(SortKey::Empty, instant),
        "key" | "issuekey" => {
            let project = site.project(issue.project).map_or("", |project| project.key.as_str());
            SortKey::Text(format!("{project}-{:012}", issue.number))
        }
        "id" | "issue" => SortKey::Number(i128::from(issue.id)),
        "priority" => {
            issue.priority.map_or(SortKey::Empty, |priority| SortKey::Number(-i128::from(priority)))
        }
        "status" => SortKey::Number(i128::from(issue.status)),
        "project" => {
            SortKey::Text(site.project(issue.project).map(|project| project.name.clone()).unwrap_or_default())
        }
        "issuetype" | "type" => SortKey::Number(i128::from(issue.issue_type)),
        "assignee" => issue.assignee.clone().map_or(SortKey::Empty, SortKey::Text),
        "summary" => SortKey::Text(issue.summary.clone()),
        "duedate" | "due" => issue
            .fields
            .get("duedate")
            .and_then(Value::as_str)
            .map_or(SortKey::Empty, |day| SortKey::Text(day.to_owned())),
        _ => SortKey::Empty,
    }
}
