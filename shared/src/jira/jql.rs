//! Queries in Jira's language (JQL), built so that no value and no person's query can change what surrounds it.

use std::fmt::Write;

use jiff::Timestamp;

use crate::ids::{AccountId, IssueTypeId, ProjectId};
use crate::{Error, Result};

/// The longest query of a person's that is taken, in characters.
const LONGEST_CLAUSE: usize = 4000;

/// A person's query, as one condition among others: it can stand in brackets without reaching outside them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Clause(String);

impl Clause {
    /// Takes `text` if its quotes and brackets are closed and it sets no order. Whether Jira understands it is asked
    /// with [`super::Client::parse_jql`].
    ///
    /// # Errors
    /// Says what is wrong with the query.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        match complaint_about(text) {
            None => Ok(Self(text.to_owned())),
            Some(complaint) => Err(Error::invalid("jql", format!("the query {complaint}"))),
        }
    }

    /// The query as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A query that is being built: conditions that must all hold.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Jql {
    conditions: Vec<String>,
}

impl Jql {
    /// A query without conditions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only issues of these projects; by id, since keys change. No condition if there are none.
    #[must_use]
    pub fn projects<'a>(mut self, projects: impl IntoIterator<Item = &'a ProjectId>) -> Self {
        let ids: Vec<String> = projects.into_iter().map(|id| number_or_quoted(id.as_str())).collect();
        match ids.as_slice() {
            [] => {}
            [id] => self.conditions.push(format!("project = {id}")),
            ids => self.conditions.push(format!("project in ({})", ids.join(", "))),
        }
        self
    }

    /// Only issues for which a person's query holds.
    #[must_use]
    pub fn clause(mut self, clause: &Clause) -> Self {
        self.conditions.push(format!("({})", clause.as_str()));
        self
    }

    /// Only issues with this label.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.conditions.push(format!("labels = {}", word_or_quoted(label)));
        self
    }

    /// Only issues of these types. No condition if there are none.
    #[must_use]
    pub fn issue_types<'a>(mut self, types: impl IntoIterator<Item = &'a IssueTypeId>) -> Self {
        let ids: Vec<String> = types.into_iter().map(|id| number_or_quoted(id.as_str())).collect();
        if !ids.is_empty() {
            self.conditions.push(format!("issuetype in ({})", ids.join(", ")));
        }
        self
    }

    /// Only issues in the status with this id.
    #[must_use]
    pub fn status(mut self, id: &str) -> Self {
        self.conditions.push(format!("status = {}", number_or_quoted(id)));
        self
    }

    /// Only issues whose title has words that begin with those of `text`. What is neither a letter nor a digit parts
    /// words, since much of it means something in Jira's text search. No condition if there are no words.
    #[must_use]
    pub fn title(mut self, text: &str) -> Self {
        let words =
            text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
        self.conditions.extend(words.map(|word| format!("summary ~ {}", quote(&format!("{word}*")))));
        self
    }

    /// Only issues created at `moment` or later.
    ///
    /// The moment is written as unquoted milliseconds: date literals have minute precision and are read in the time
    /// zone of the caller's profile. Source: introduction of the specification, timestamps.
    #[must_use]
    pub fn created_from(mut self, moment: Timestamp) -> Self {
        self.conditions.push(format!("created >= {}", moment.as_millisecond()));
        self
    }

    /// Only issues created before `moment`.
    #[must_use]
    pub fn created_before(mut self, moment: Timestamp) -> Self {
        self.conditions.push(format!("created < {}", moment.as_millisecond()));
        self
    }

    /// Only issues last changed at `moment` or later; written as in [`Self::created_from`].
    #[must_use]
    pub fn updated_from(mut self, moment: Timestamp) -> Self {
        self.conditions.push(format!("updated >= {}", moment.as_millisecond()));
        self
    }

    /// Only issues last changed before `moment`.
    #[must_use]
    pub fn updated_before(mut self, moment: Timestamp) -> Self {
        self.conditions.push(format!("updated < {}", moment.as_millisecond()));
        self
    }

    /// Only issues whose status is not in the category "done".
    #[must_use]
    pub fn not_done(mut self) -> Self {
        self.conditions.push("statusCategory != Done".to_owned());
        self
    }

    /// Whether nothing restricts it; Jira refuses such a query.
    pub fn is_unbounded(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The query without an order, for counting.
    pub fn text(&self) -> String {
        self.conditions.join(" AND ")
    }

    /// The query, oldest issue first, so that what is created meanwhile comes at the end.
    pub fn ordered(&self) -> String {
        format!("{} ORDER BY created ASC", self.text())
    }

    /// The query, what was changed longest ago first, in one order only.
    pub fn by_change(&self) -> String {
        format!("{} ORDER BY updated ASC, id ASC", self.text())
    }

    /// The query, newest issue first, for a person to choose from.
    pub fn newest_first(&self) -> String {
        format!("{} ORDER BY created DESC", self.text())
    }
}

/// The query for the issues that an account reported, for counting.
pub fn reported_by(account: &AccountId) -> String {
    format!("reporter = {}", quote(account.as_str()))
}

/// `value` in quotes, with everything escaped that could end them.
pub fn quote(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for character in value.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            character if is_forbidden(character) => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// Characters that JQL refuses unescaped: controls and the two that are no characters.
fn is_forbidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}' | '\u{fdd0}'..='\u{fdef}')
}

fn number_or_quoted(text: &str) -> String {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.to_owned()
    } else {
        quote(text)
    }
}

fn word_or_quoted(text: &str) -> String {
    // One plain word that is none of JQL's own is as good without quotes; our label is one.
    if text == crate::ticket::LABEL { text.to_owned() } else { quote(text) }
}

fn complaint_about(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("is empty");
    }
    if text.chars().count() > LONGEST_CLAUSE {
        return Some("is longer than 4000 characters");
    }
    let mut scan = Scan::default();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            // Source: JQL's own escapes, inside and outside of quotes.
            match characters.next() {
                Some('t' | 'n' | 'r' | '\\' | '\'' | '"' | ' ' | 'u') => scan.word.push('\\'),
                _ => return Some("has a backslash that escapes nothing"),
            }
        } else if let Some(complaint) = scan.take(character) {
            return Some(complaint);
        }
    }
    scan.end()
}

/// Walks through a query and keeps what is open.
#[derive(Default)]
struct Scan {
    quote: Option<char>,
    depth: u32,
    word: String,
    last_word_is_order: bool,
}

impl Scan {
    fn take(&mut self, character: char) -> Option<&'static str> {
        if let Some(quote) = self.quote {
            if character == quote {
                self.quote = None;
            }
            return None;
        }
        if character.is_alphanumeric() || character == '_' {
            self.word.push(character);
            return None;
        }
        if self.end_word() {
            return Some("sets an order; leave out ORDER BY");
        }
        match character {
            '"' | '\'' => self.quote = Some(character),
            '(' => self.depth += 1,
            ')' if self.depth == 0 => return Some("closes a bracket that it did not open"),
            ')' => self.depth -= 1,
            character if character.is_control() && !character.is_whitespace() => {
                return Some("has a control character");
            }
            _ => {}
        }
        if !character.is_whitespace() {
            self.last_word_is_order = false;
        }
        None
    }

    /// Ends the word that is being read. Whether it makes an `ORDER BY`.
    fn end_word(&mut self) -> bool {
        if self.word.is_empty() {
            return false;
        }
        let word = std::mem::take(&mut self.word);
        let is_by = word.eq_ignore_ascii_case("by");
        let orders = self.last_word_is_order && is_by;
        self.last_word_is_order = word.eq_ignore_ascii_case("order");
        orders
    }

    fn end(mut self) -> Option<&'static str> {
        if self.quote.is_some() {
            return Some("opens a quote that it does not close");
        }
        if self.end_word() || self.last_word_is_order {
            return Some("sets an order; leave out ORDER BY");
        }
        if self.depth > 0 { Some("opens a bracket that it does not close") } else { None }
    }
}

#[cfg(test)]
#[path = "jql_tests.rs"]
mod tests;
