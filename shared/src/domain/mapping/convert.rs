//! Making a field's value of text or of something that is known.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::facts::Fact;
use super::value::{FieldKind, FieldValue, LONGEST_LINE, LONGEST_TEXT, MOST_VALUES};
use super::{AssayField, Known};
use crate::ids::{AccountId, IssueId};
use crate::ticket::content::one_line;

/// What stands at the end of text that was cut.
const CUT: &str = " … (cut: Jira takes no more)";

/// What Jira's document asks for a paragraph beside its text, in characters: more than it does.
const AROUND_PARAGRAPH: usize = 70;

/// Whether something that Assay knows can be written into a field of this kind as it is, without a value for each of its
/// words.
pub fn is_written_as_it_is(field: AssayField, kind: &FieldKind) -> bool {
    use AssayField as A;
    match kind {
        FieldKind::Line | FieldKind::Paragraphs => true,
        FieldKind::Url => field == A::Link,
        FieldKind::Number => matches!(field, A::Score | A::Count),
        FieldKind::Date | FieldKind::DateTime => {
            matches!(field, A::FirstSeenAt | A::LastSeenAt | A::DueOn)
        }
        FieldKind::Labels => has_words(field),
        FieldKind::Option
        | FieldKind::Options
        | FieldKind::Cascading
        | FieldKind::User
        | FieldKind::Users
        | FieldKind::Group
        | FieldKind::Groups
        | FieldKind::Priority
        | FieldKind::Version
        | FieldKind::Versions
        | FieldKind::Components
        | FieldKind::Parent
        | FieldKind::Sprint
        | FieldKind::Unknown { .. } => false,
    }
}

/// Whether something that Assay knows can be written into a field of this kind by a value for each of its words.
pub fn is_written_by_values(field: AssayField, kind: &FieldKind) -> bool {
    has_words(field) && !matches!(kind, FieldKind::Unknown { .. })
}

/// Whether what Assay knows is one of few words, and no text, number, day or address.
fn has_words(field: AssayField) -> bool {
    use AssayField as A;
    matches!(
        field,
        A::Severity
            | A::Source
            | A::Rule
            | A::Advisory
            | A::Asset
            | A::Package
            | A::PackageVersion
            | A::FixedIn
    )
}

/// What is known as a value of a field of this kind; none if it is not known or does not fit.
pub fn known(kind: &FieldKind, fact: &Fact) -> Option<FieldValue> {
    match (kind, fact) {
        (FieldKind::Number, Fact::Number(number)) => Some(FieldValue::Number(number.clone())),
        (FieldKind::Date, Fact::Day(day)) => Some(FieldValue::Date(*day)),
        (FieldKind::Date, Fact::Moment(moment)) => Some(FieldValue::Date(day_of(*moment))),
        (FieldKind::DateTime, Fact::Moment(moment)) => Some(FieldValue::DateTime(*moment)),
        (FieldKind::DateTime, Fact::Day(day)) => start_of(*day).map(FieldValue::DateTime),
        (FieldKind::Labels, fact) => {
            let label = label(&fact.text());
            (!label.is_empty()).then(|| FieldValue::Labels(BTreeSet::from([label])))
        }
        (_, Fact::Nothing) => None,
        (kind, fact) => typed(kind, &fact.text(), &Known::new()).ok().flatten(),
    }
}

/// Text as a value of a field of this kind; none if it is blank. `names` are what the field's values are called.
///
/// # Errors
/// Why it is none. Completes "the text …".
pub fn typed(kind: &FieldKind, text: &str, names: &Known) -> Result<Option<FieldValue>, String> {
    let line = one_line(text, usize::MAX);
    if line.is_empty() {
        return Ok(None);
    }
    let one = || one_of(&line, names);
    let some =
        || parts(&line)?.into_iter().map(|part| one_of(part, names)).collect::<Result<BTreeSet<_>, _>>();
    let value = match kind {
        FieldKind::Line => FieldValue::Line(one_line(&line, LONGEST_LINE)),
        FieldKind::Paragraphs => FieldValue::Paragraphs(paragraphs(text, LONGEST_TEXT)),
        FieldKind::Url => FieldValue::Line(address(&line)?),
        FieldKind::Number => FieldValue::Number(number(&line)?),
        FieldKind::Date => {
            let day = line.parse::<Date>().ok().or_else(|| line.parse().ok().map(day_of));
            FieldValue::Date(day.ok_or("must be a day, as in 2026-12-31")?)
        }
        FieldKind::DateTime => {
            let moment = line.parse::<Timestamp>().ok().or_else(|| line.parse().ok().and_then(start_of));
            FieldValue::DateTime(moment.ok_or("must be a moment, as in 2026-12-31T12:00:00Z")?)
        }
        FieldKind::Option => FieldValue::Option(one()?),
        FieldKind::Priority => FieldValue::Priority(one()?),
        FieldKind::Version => FieldValue::Version(one()?),
        FieldKind::Options => FieldValue::Options(some()?),
        FieldKind::Versions => FieldValue::Versions(some()?),
        FieldKind::Components => FieldValue::Components(some()?),
        FieldKind::Cascading => {
            let id = one()?;
            let (option, below) =
                id.split_once('>').map_or((id.as_str(), None), |(id, below)| (id, Some(below)));
            FieldValue::Cascading { option: option.to_owned(), below: below.map(str::to_owned) }
        }
        FieldKind::User => FieldValue::User(account(&line)?),
        FieldKind::Users => {
            FieldValue::Users(parts(&line)?.into_iter().map(account).collect::<Result<_, _>>()?)
        }
        FieldKind::Group => FieldValue::Group(identifier(&line)?),
        FieldKind::Groups => {
            FieldValue::Groups(parts(&line)?.into_iter().map(identifier).collect::<Result<_, _>>()?)
        }
        FieldKind::Labels => FieldValue::Labels(parts(&line)?.into_iter().map(label).take(20).collect()),
        FieldKind::Parent => {
            let is_id = line.bytes().all(|byte| byte.is_ascii_digit());
            let id = IssueId::parse(&line).ok().filter(|_| is_id);
            FieldValue::Parent(id.ok_or("must be the id of an issue, which is a number and not its key")?)
        }
        FieldKind::Sprint => {
            FieldValue::Sprint(line.parse().map_err(|_| "must be the id of a sprint, which is a number")?)
        }
        FieldKind::Unknown { name } => {
            return Err(format!("cannot be written into a field of Jira's kind {name}"));
        }
    };
    Ok(Some(value))
}

/// Text in paragraphs without line breaks, as many as take `longest` characters in Jira's document; cut text says so.
pub fn paragraphs(text: &str, longest: usize) -> Vec<String> {
    let mut left = longest.saturating_sub(AROUND_PARAGRAPH + CUT.len());
    let mut made = Vec::new();
    for line in text.split(['\n', '\r', '\u{2028}', '\u{2029}']) {
        let line = one_line(line, usize::MAX);
        if line.is_empty() {
            continue;
        }
        let size = AROUND_PARAGRAPH + line.chars().map(size_of).sum::<usize>();
        if size > left {
            let mut room = left.saturating_sub(AROUND_PARAGRAPH);
            let fits = |it: &char| {
                let size = size_of(*it);
                let is_room = size <= room;
                room = room.saturating_sub(size);
                is_room
            };
            let cut: String = line.chars().take_while(fits).collect();
            made.push(format!("{cut}{CUT}"));
            break;
        }
        left -= size;
        made.push(line);
    }
    made
}

/// How many characters of JSON one of text takes, in the encoding that JavaScript and Java count in.
fn size_of(it: char) -> usize {
    match it {
        '"' | '\\' => 2,
        it if it.is_control() => 6,
        it => it.len_utf16(),
    }
}

/// Text as a label: without spaces, 255 characters at most.
fn label(text: &str) -> String {
    let words: Vec<&str> = text.split(|it: char| it.is_whitespace() || it.is_control()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join("-").chars().take(LONGEST_LINE).collect()
}

fn parts(line: &str) -> Result<Vec<&str>, String> {
    let parts: Vec<&str> = line.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    match parts.len() {
        0 => Err("must name something between its commas".to_owned()),
        count if count > MOST_VALUES => Err(format!("must name at most {MOST_VALUES} values")),
        _ => Ok(parts),
    }
}

fn one_of(text: &str, names: &Known) -> Result<String, String> {
    if names.contains_key(text) {
        return Ok(text.to_owned());
    }
    if names.is_empty() {
        return identifier(text);
    }
    let folded = text.to_lowercase();
    // What is called so now goes before what was.
    let called = |place: usize| {
        names.iter().find(|(_, names)| {
            let mut names = names.iter().skip(place).take(if place == 0 { 1 } else { usize::MAX });
            names.any(|name| name.to_lowercase() == folded)
        })
    };
    let found = called(0).or_else(|| called(1)).map(|(id, _)| id.clone());
    found.ok_or_else(|| {
        let some: Vec<&str> =
            names.values().filter_map(|it| it.first()).take(20).map(String::as_str).collect();
        let more = if names.len() > some.len() { " and more" } else { "" };
        format!(
            "names {:?}, which the field does not take; it takes {}{more}",
            one_line(text, 60),
            some.join(", ")
        )
    })
}

fn identifier(text: &str) -> Result<String, String> {
    let fits = (1..=128).contains(&text.chars().count()) && !text.contains(char::is_whitespace);
    if fits { Ok(text.to_owned()) } else { Err("must be an id".to_owned()) }
}

fn account(text: &str) -> Result<AccountId, String> {
    AccountId::parse(text).map_err(|_| "must be an Atlassian account id".to_owned())
}

fn number(text: &str) -> Result<serde_json::Number, String> {
    let whole = text.parse::<i64>().ok().map(serde_json::Number::from);
    let number = whole.or_else(|| serde_json::Number::from_f64(text.parse().ok()?));
    number.ok_or_else(|| "must be a number, as in 7.5".to_owned())
}

fn address(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_host = |it: char| it.is_alphanumeric() || it == '[';
    let fits = host.is_some_and(|host| host.starts_with(is_host))
        && !text.contains(char::is_whitespace)
        && text.chars().count() <= LONGEST_LINE;
    if fits {
        Ok(text.to_owned())
    } else {
        Err(format!("must be a web address of at most {LONGEST_LINE} characters, as in https://example.com"))
    }
}

fn day_of(moment: Timestamp) -> Date {
    moment.to_zoned(TimeZone::UTC).date()
}

fn start_of(day: Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
