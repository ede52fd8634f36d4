//! Making a mapping of what a person entered: every rule is tried out before it is saved.
//!
//! Reads what was entered, the project's fields and, when there is one, a finding; decides the mapping or what is wrong with
//! it; writes nothing.

use std::collections::BTreeSet;

use super::convert::{is_written_as_it_is, is_written_by_values};
use super::facts::Facts;
use super::fill::{OTHERS, try_value};
use super::screen::ScreenField;
use super::value::{FieldKind, FieldValue};
use super::{AssayField, FieldRule, Known, Mapping, Source, check, template};
use crate::finding::Severity;

/// How many rules a mapping has, at most.
pub const MOST_RULES: usize = 200;

/// How many values a rule names, at most.
const MOST_VALUES: usize = 200;

/// How many values a field may have so that typed text can name them.
const MOST_CHOICES: usize = 500;

/// How large a mapping may be, in bytes as it is stored: half of what a record holds.
const LARGEST: usize = 200_000;

/// Fields that Assay fills by itself.
pub const RESERVED: [&str; 3] = ["project", "issuetype", "reporter"];

/// A rule as it was entered.
#[derive(Clone, Debug)]
pub struct Entered {
    /// Jira's id of the field.
    pub field: String,
    /// Where the value comes from.
    pub source: Source,
}

/// Something that is wrong with what was entered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Complaint {
    /// Which part, as in `rules[3].source`.
    pub field: String,
    /// What is wrong and what to do.
    pub what: String,
}

/// The mapping that was entered, with the names and kinds of its fields as Jira tells them. `real` is what is known of a finding,
/// if there is one.
///
/// # Errors
/// All that is wrong with it.
pub fn settle(
    entered: &[Entered],
    fields: &[ScreenField],
    real: Option<&Facts>,
) -> Result<Mapping, Vec<Complaint>> {
    if entered.len() > MOST_RULES {
        return Err(vec![complain("rules", format!("there are more than {MOST_RULES} rules"))]);
    }
    let (mut rules, mut wrong, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (place, rule) in entered.iter().enumerate() {
        let path = format!("rules[{place}]");
        if !seen.insert(rule.field.as_str()) {
            wrong.push(complain(
                format!("{path}.field"),
                "the field has a rule already; leave one of them out",
            ));
            continue;
        }
        match one(rule, fields, real) {
            Ok(rule) => rules.push(rule),
            Err((part, what)) => wrong.push(complain(format!("{path}.{part}"), what)),
        }
    }
    wrong.extend(untold(fields, entered));
    let mapping = Mapping { rules };
    if serde_json::to_vec(&mapping).is_ok_and(|bytes| bytes.len() > LARGEST) {
        let what = "the rules name too many values; choose values of Jira's instead of typing text into fields with long lists";
        wrong.push(complain("rules", what));
    }
    if wrong.is_empty() { Ok(mapping) } else { Err(wrong) }
}

fn complain(field: impl Into<String>, what: impl Into<String>) -> Complaint {
    Complaint { field: field.into(), what: what.into() }
}

type Wrong = (&'static str, String);

fn one(entered: &Entered, fields: &[ScreenField], real: Option<&Facts>) -> Result<FieldRule, Wrong> {
    let id = entered.field.as_str();
    if RESERVED.contains(&id) {
        return Err(("field", format!("Assay fills the field {id} by itself; leave it out")));
    }
    let Some(field) = fields.iter().find(|field| field.id == id) else {
        let some: Vec<String> = fields.iter().map(ScreenField::words).take(60).collect();
        let message = format!(
            "the screen for new issues of this type has no field with this id; it has {}",
            some.join(", ")
        );
        return Err(("field", message));
    };
    if let FieldKind::Unknown { name } = &field.kind {
        let message =
            format!("Assay cannot write {}, a field of Jira's kind {name}; leave it out", field.words());
        return Err(("field", message));
    }
    let mut rule = FieldRule {
        field: field.id.clone(),
        name: field.name.clone(),
        kind: field.kind.clone(),
        required: field.required,
        source: entered.source.clone(),
        known: Known::new(),
    };
    check_source(&rule, field)?;
    rule.known = check::known(&rule, field);
    try_out(&rule, real)?;
    Ok(rule)
}

fn check_source(rule: &FieldRule, field: &ScreenField) -> Result<(), Wrong> {
    match &rule.source {
        Source::Jira { value } => fits(value, rule, field).map_err(|what| ("source.value", what)),
        Source::Typed { text } => {
            let choices = field.choices.as_ref().map_or(0, |_| field.all_choices().len());
            if rule.kind.has_choices() && choices > MOST_CHOICES {
                let message = format!(
                    "{} has {choices} values, too many to be named by text; choose one of them by its id",
                    field.words()
                );
                return Err(("source.text", message));
            }
            template::check(text).map_err(|what| ("source.text", what))
        }
        Source::Assay { field: known, values } => check_values(*known, values, rule, field),
    }
}

fn check_values(
    known: AssayField,
    values: &std::collections::BTreeMap<String, FieldValue>,
    rule: &FieldRule,
    field: &ScreenField,
) -> Result<(), Wrong> {
    if values.is_empty() {
        if is_written_as_it_is(known, &rule.kind) {
            return Ok(());
        }
        let message = if is_written_by_values(known, &rule.kind) {
            format!(
                "{} takes {}: give a value for each word of {}, or one for `{OTHERS}`",
                field.words(),
                rule.kind.words(),
                known.word()
            )
        } else {
            format!("{} takes {}, which {} is not", field.words(), rule.kind.words(), known.word())
        };
        return Err(("source.field", message));
    }
    if !is_written_by_values(known, &rule.kind) {
        let message = format!("{} has no words that values could stand for; leave values out", known.word());
        return Err(("source.values", message));
    }
    if values.len() > MOST_VALUES {
        return Err(("source.values", format!("there are more than {MOST_VALUES} values")));
    }
    for (word, value) in values {
        let is_severity = Severity::ALL.iter().any(|severity| severity.word() == word);
        if known == AssayField::Severity && word != OTHERS && !is_severity {
            let message = format!(
                "{word:?} is no severity; there are critical, high, medium, low, info and `{OTHERS}`"
            );
            return Err(("source.values", message));
        }
        if !(1..=200).contains(&word.chars().count()) {
            return Err(("source.values", "a word must be 1 to 200 characters".to_owned()));
        }
        fits(value, rule, field).map_err(|what| ("source.values", format!("{word}: {what}")))?;
    }
    let missing: Vec<&str> = if values.contains_key(OTHERS) {
        Vec::new()
    } else if known == AssayField::Severity {
        Severity::ALL.iter().map(|it| it.word()).filter(|word| !values.contains_key(*word)).collect()
    } else {
        vec![OTHERS]
    };
    if missing.is_empty() {
        return Ok(());
    }
    Err((
        "source.values",
        format!("there is no value for {}; give one, or one for `{OTHERS}`", missing.join(", ")),
    ))
}

/// Whether a value can be written into the field.
fn fits(value: &FieldValue, rule: &FieldRule, field: &ScreenField) -> Result<(), String> {
    if !rule.kind.takes(value) {
        return Err(format!("{} takes {}", field.words(), rule.kind.words()));
    }
    if let Some(complaint) = value.complaint() {
        return Err(format!("the value {complaint}"));
    }
    if let (FieldKind::Url, FieldValue::Line(text)) = (&rule.kind, value) {
        super::convert::typed(&rule.kind, text, &Known::new()).map_err(|what| format!("the value {what}"))?;
    }
    if field.choices.is_none() {
        return Ok(());
    }
    let all = field.all_choices();
    for id in value.chosen() {
        match all.iter().find(|(known, ..)| *known == id) {
            Some((_, _, false)) => {}
            Some((_, name, true)) => {
                return Err(format!(
                    "{} has the value {name} ({id}) disabled; choose another one",
                    field.words()
                ));
            }
            None => {
                let names: Vec<String> = all
                    .iter()
                    .filter(|it| !it.2)
                    .take(30)
                    .map(|(id, name, _)| format!("{name} ({id})"))
                    .collect();
                return Err(format!("{} has no value {id}; it takes {}", field.words(), names.join(", ")));
            }
        }
    }
    Ok(())
}

/// Makes the value for a made-up finding, for one of which little is known, for each severity, and for a real one.
fn try_out(rule: &FieldRule, real: Option<&Facts>) -> Result<(), Wrong> {
    let Source::Typed { text } = &rule.source else { return Ok(()) };
    let made_up = Facts::made_up();
    let severities = Severity::ALL.into_iter().map(|severity| made_up.clone().of_severity(severity));
    let all: Vec<(&str, Facts)> = severities
        .map(|facts| ("a made-up finding", facts))
        .chain([("a finding of which little is known", made_up.clone().at_least())])
        .chain(real.map(|facts| ("a finding that there is", facts.clone())))
        .collect();
    for (whose, facts) in &all {
        // A real one may have an unusual text; what is known of none is empty, which leaves a field out.
        if let Err(what) = try_value(rule, facts) {
            let became = template::render(text, facts).unwrap_or_default();
            let became = crate::ticket::content::one_line(&became, 80);
            let message = format!(
                "{} takes {}; for {whose} the text becomes {became:?}, and it {what}",
                rule.name,
                rule.kind.words()
            );
            return Err(("source.text", message));
        }
    }
    let is_blank = matches!(try_value(rule, &all[0].1), Ok(None));
    if is_blank {
        return Err(("source.text", "the text is blank; leave the rule out".to_owned()));
    }
    Ok(())
}

/// The fields that say how bad something is and are not filled from the finding's severity.
pub fn untold(fields: &[ScreenField], entered: &[Entered]) -> Vec<Complaint> {
    fields.iter().filter_map(|field| severity_is_told(field, entered)).collect()
}

/// A field that says how bad something is must be filled from the finding's severity.
fn severity_is_told(field: &ScreenField, entered: &[Entered]) -> Option<Complaint> {
    if !field.tells_severity() {
        return None;
    }
    let place = entered.iter().position(|rule| rule.field == field.id);
    let is_told = place
        .and_then(|place| entered.get(place))
        .is_some_and(|rule| matches!(rule.source, Source::Assay { field: AssayField::Severity, .. }));
    if is_told {
        return None;
    }
    let path = place.map_or_else(|| "rules".to_owned(), |place| format!("rules[{place}].source"));
    let message = format!(
        "{} must be filled from the finding's severity: its source must be `assay` with the field `severity` and a value \
         for each of critical, high, medium, low and info",
        field.words()
    );
    Some(complain(path, message))
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
