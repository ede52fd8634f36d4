//! The mapping of a project configuration as a form: form fields ↔ the API's rules.
//!
//! Each field of a new issue has, with its id behind the dot, `from.` (`jira`, `assay`, `typed`, or nothing where no rule
//! is made), `jira.` with the value, `assay.` with what Assay knows, `value.….critical` and the like with a value for each
//! severity, `words.` with a value for each other word, one a line, and `typed.` with the text.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Number, Value, json};

use crate::form::Fields;
use crate::problem::Problem;

/// The severities, the worst first.
pub(super) const SEVERITIES: &[&str] = &["critical", "high", "medium", "low", "info"];

/// What the names of form fields begin with that belong to the mapping.
const PARTS: &[&str] = &["from.", "jira.", "assay.", "value.", "words.", "typed."];

/// A field of a new issue, as Jira asks for it now.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own, as the API tells them")]
pub(super) struct Field {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) takes: String,
    pub(super) required: bool,
    pub(super) has_default: bool,
    pub(super) filled: bool,
    pub(super) tells_severity: bool,
    pub(super) choices: Option<Vec<Choice>>,
    pub(super) more_choices: bool,
    pub(super) assay_fields: Vec<String>,
    pub(super) suggestion: Option<Value>,
    pub(super) problem: Option<String>,
}

/// What a field takes, in the API's word.
#[derive(Debug, Deserialize)]
pub(super) struct Kind {
    #[serde(rename = "type")]
    pub(super) word: String,
}

/// One of the values that a field takes.
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    id: String,
    name: String,
    disabled: bool,
    #[serde(default)]
    below: Vec<Choice>,
}

/// How a value of Jira's is entered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Control {
    /// One of a list.
    One,
    /// Some of a list.
    Some,
    /// One line, of an input's type.
    Line(&'static str),
    /// Several, one a line; or text.
    Lines,
}

impl Field {
    /// Whether a person or a rule must fill it.
    pub(super) fn is_demanded(&self) -> bool {
        (self.required && !self.has_default && !self.filled) || self.tells_severity
    }

    /// Whether a rule can be made for it.
    pub(super) fn is_open(&self) -> bool {
        self.problem.is_none() && !matches!(self.id.as_str(), "project" | "issuetype" | "reporter")
    }

    /// How a value of Jira's is entered.
    pub(super) fn control(&self) -> Control {
        match (self.kind.word.as_str(), &self.choices) {
            ("option" | "priority" | "version" | "cascading", Some(_)) => Control::One,
            ("options" | "versions" | "components", Some(_)) => Control::Some,
            ("paragraphs" | "users" | "groups" | "labels" | "options" | "versions" | "components", _) => {
                Control::Lines
            }
            ("date", _) => Control::Line("date"),
            ("url", _) => Control::Line("url"),
            _ => Control::Line("text"),
        }
    }

    /// The input's type, where it is one line.
    pub(super) fn input(&self) -> &'static str {
        match self.control() {
            Control::Line(kind) => kind,
            Control::One | Control::Some | Control::Lines => "text",
        }
    }

    /// Whether there is a list of values, so that words of Assay's stand for values of it.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.control(), Control::One | Control::Some)
    }

    /// The values of the list with their words: those that new issues may take.
    pub(super) fn listed(&self) -> Vec<(String, String)> {
        let mut listed = Vec::new();
        for choice in self.choices.iter().flatten().filter(|choice| !choice.disabled) {
            listed.push((choice.id.clone(), choice.name.clone()));
            for below in choice.below.iter().filter(|below| !below.disabled) {
                listed.push((
                    format!("{}>{}", choice.id, below.id),
                    format!("{} > {}", choice.name, below.name),
                ));
            }
        }
        listed
    }

    /// What a value of it says about how it is entered.
    pub(super) fn hint(&self) -> &'static str {
        match self.kind.word.as_str() {
            "user" => "The Atlassian account id.",
            "users" => "Atlassian account ids, one a line.",
            "group" => "The group's id.",
            "groups" => "Ids of groups, one a line.",
            "labels" => "Labels without spaces, one a line.",
            "paragraphs" => "Each line becomes a paragraph.",
            "parent" => "The id of the issue above it.",
            "sprint" => "The sprint's number.",
            "date_time" => "A moment, as in 2026-11-29T12:00:00Z.",
            "options" | "versions" | "components" if self.choices.is_none() => "Ids, one a line.",
            _ => "",
        }
    }

    /// What not making a rule means.
    pub(super) fn without(&self) -> &'static str {
        if self.filled {
            "As Assay writes it by itself"
        } else if self.has_default {
            "Leave it to Jira's default"
        } else {
            "Leave it out"
        }
    }
}

/// What Assay knows, in words.
pub(super) fn known_words(word: &str) -> String {
    let words = word.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// The rules that a form makes, and for each the id of its field.
///
/// # Errors
/// For each value that cannot be one of its field; named as `map.` with the field's id.
pub(super) fn rules(fields: &[Field], form: &Fields) -> Result<(Vec<Value>, Vec<String>), Vec<Problem>> {
    let (mut rules, mut ids, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for field in fields {
        match source(field, form) {
            Ok(None) => {}
            Ok(Some(source)) => {
                rules.push(json!({ "field": field.id, "source": source }));
                ids.push(field.id.clone());
            }
            Err(problem) => wrong.push(problem),
        }
    }
    if wrong.is_empty() { Ok((rules, ids)) } else { Err(wrong) }
}

/// Where a field's value comes from, as the API takes it; none where no rule is made.
fn source(field: &Field, form: &Fields) -> Result<Option<Value>, Problem> {
    let of = |part: &str| format!("{part}.{}", field.id);
    Ok(match form.text(&of("from")) {
        "jira" => {
            let name = of("jira");
            let texts: Vec<&str> =
                form.iter().filter(|(key, _)| *key == name).map(|(_, text)| text).collect();
            Some(json!({ "from": "jira", "value": value(field, &texts)? }))
        }
        "assay" => Some(assay(field, form)?),
        "typed" => Some(json!({ "from": "typed", "text": form.text(&of("typed")) })),
        _ if field.is_demanded() && field.is_open() => {
            return Err(wrong(field, "Choose where its value comes from."));
        }
        _ => None,
    })
}

fn assay(field: &Field, form: &Fields) -> Result<Value, Problem> {
    let word = form.text(&format!("assay.{}", field.id));
    if word.is_empty() {
        return Err(wrong(field, "Choose what Assay knows that is written into it."));
    }
    let mut values = Map::new();
    if field.is_list() && word == "severity" {
        for severity in SEVERITIES {
            let text = form.text(&format!("value.{}.{severity}", field.id));
            if !text.is_empty() {
                let texts: Vec<&str> = text.split(',').collect();
                values.insert((*severity).to_owned(), value(field, &texts)?);
            }
        }
    } else {
        for line in form.text(&format!("words.{}", field.id)).lines().filter(|line| !line.trim().is_empty()) {
            let Some((word, text)) = line.split_once('=') else {
                return Err(wrong(field, "Enter a word, an equals sign and a value in each line."));
            };
            values.insert(
                word.trim().to_owned(),
                value(field, &text.split(',').map(str::trim).collect::<Vec<_>>())?,
            );
        }
    }
    let mut source = json!({ "from": "assay", "field": word });
    if !values.is_empty() {
        source["values"] = Value::Object(values);
    }
    Ok(source)
}

fn wrong(field: &Field, what: &str) -> Problem {
    Problem::invalid(&format!("map.{}", field.id), &format!("{}: {what}", field.name))
}

/// A value as the API takes it, of what was entered: ids of what Jira has a list of.
fn value(field: &Field, texts: &[&str]) -> Result<Value, Problem> {
    let all: Vec<&str> =
        texts.iter().flat_map(|text| text.lines()).map(str::trim).filter(|text| !text.is_empty()).collect();
    let Some(first) = all.first().copied() else {
        return Err(wrong(field, "Choose a value, or take it from elsewhere."));
    };
    let kind = field.kind.word.as_str();
    let value = match kind {
        "line" | "url" => return Ok(json!({ "type": "line", "value": first })),
        "paragraphs" | "options" | "versions" | "components" | "users" | "groups" | "labels" => json!(all),
        "number" | "sprint" => match serde_json::from_str::<Number>(first) {
            Ok(number) => json!(number),
            Err(_) => return Err(wrong(field, "Enter a number.")),
        },
        "date" if first.parse::<Date>().is_err() => {
            return Err(wrong(field, "Enter a day, as in 2026-11-29."));
        }
        "date_time" if first.parse::<Timestamp>().is_err() => {
            return Err(wrong(field, "Enter a moment, as in 2026-11-29T12:00:00Z."));
        }
        "cascading" => {
            let (option, below) =
                first.split_once('>').map_or((first, None), |(option, below)| (option, Some(below)));
            json!({ "option": option.trim(), "below": below.map(str::trim) })
        }
        _ => json!(first),
    };
    Ok(json!({ "type": kind, "value": value }))
}

/// What was entered for a value.
fn texts(value: &Value) -> Vec<String> {
    match &value["value"] {
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(parts) => {
            let part = |name: &str| parts.get(name).and_then(Value::as_str);
            let option = part("option").unwrap_or_default();
            vec![part("below").map_or_else(|| option.to_owned(), |below| format!("{option}>{below}"))]
        }
        other => vec![plain(other)],
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// The form fields that a rule's source stands for.
pub(super) fn entered(field: &Field, source: &Value) -> Vec<(String, String)> {
    let of = |part: &str| format!("{part}.{}", field.id);
    let from = plain(&source["from"]);
    let mut entered = vec![(of("from"), from.clone())];
    match from.as_str() {
        "jira" if field.control() == Control::Some => {
            entered.extend(texts(&source["value"]).into_iter().map(|text| (of("jira"), text)));
        }
        "jira" => entered.push((of("jira"), texts(&source["value"]).join("\n"))),
        "assay" => {
            let word = plain(&source["field"]);
            let none = Map::new();
            let values = source["values"].as_object().unwrap_or(&none);
            if field.is_list() && word == "severity" {
                for severity in SEVERITIES {
                    if let Some(value) = values.get(*severity).or_else(|| values.get("*")) {
                        entered.push((format!("value.{}.{severity}", field.id), texts(value).join(",")));
                    }
                }
            } else {
                let lines =
                    values.iter().map(|(word, value)| format!("{word} = {}", texts(value).join(", ")));
                entered.push((of("words"), lines.collect::<Vec<_>>().join("\n")));
            }
            entered.push((of("assay"), word));
        }
        "typed" => entered.push((of("typed"), plain(&source["text"]))),
        _ => {}
    }
    entered
}

/// Whether a form field belongs to the mapping.
pub(super) fn is_of_mapping(name: &str) -> bool {
    PARTS.iter().any(|part| name.starts_with(part))
}

/// What the API blames, as the form names it: `rules[3].source` is the field that the rule is for.
pub(super) fn blamed(part: &str, ids: &[String]) -> Option<String> {
    let rest = part.strip_prefix("rules[")?;
    let place: usize = rest.split(']').next()?.parse().ok()?;
    ids.get(place).map(|id| format!("map.{id}"))
}

/// A rule's source in words; `names` are those of Jira's values by their ids.
pub(super) fn words(source: &Value, names: &BTreeMap<String, String>) -> Vec<String> {
    match plain(&source["from"]).as_str() {
        "jira" => vec![format!("Always {}", value_words(&source["value"], names))],
        "assay" => {
            let what = known_words(&plain(&source["field"]));
            match source["values"].as_object().filter(|values| !values.is_empty()) {
                None => vec![format!("{what}, as Assay knows it")],
                Some(values) => {
                    // The worst severity first, all others last.
                    let place = |word: &str| {
                        let known = SEVERITIES.iter().position(|it| *it == word);
                        known.unwrap_or(SEVERITIES.len() + usize::from(word == "*"))
                    };
                    let mut values: Vec<_> = values.iter().collect();
                    values.sort_by_key(|(word, _)| place(word));
                    let each = values.into_iter().map(|(word, value)| {
                        let word = if word == "*" { "all others" } else { word.as_str() };
                        format!("{word}: {}", value_words(value, names))
                    });
                    [format!("{what}, by value")].into_iter().chain(each).collect()
                }
            }
        }
        _ => vec![format!("Text: {}", plain(&source["text"]))],
    }
}

/// A value in words.
pub(super) fn value_words(value: &Value, names: &BTreeMap<String, String>) -> String {
    let in_words = |text: String| names.get(&text).cloned().unwrap_or(text);
    texts(value).into_iter().map(in_words).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[path = "mapping_tests.rs"]
mod tests;
