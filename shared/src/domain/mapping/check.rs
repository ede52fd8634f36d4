//! Whether a mapping fits the fields of a new issue as Jira asks for them now.
//!
//! Reads a [`Mapping`] and the project's fields; decides what stands against it, and what its values are called now; writes
//! nothing. Saving, the preflight and the drift watch ask it. Names do not count, ids do.

use std::collections::BTreeSet;

use super::facts::Facts;
use super::fill::{OTHERS, fills_always, try_value};
use super::screen::ScreenField;
use super::value::FieldKind;
use super::{FieldRule, Known, Mapping, Source, template};
use crate::ticket::content::one_line;

/// Fields of an issue that every ticket fills.
pub const FILLED: [&str; 7] =
    ["project", "issuetype", "summary", "description", "duedate", "labels", "reporter"];

/// How many former names of a value are kept.
const FORMER_NAMES: usize = 5;

/// How many ids of what is missing are named.
const NAMED: usize = 10;

/// What stands against a mapping: a sentence for each, with what to do.
pub fn check(mapping: &Mapping, fields: &[ScreenField], has_parent: bool) -> Vec<String> {
    let mut against = Vec::new();
    for field in fields.iter().filter(|field| field.required && !field.has_default) {
        let rule = mapping.rules.iter().find(|rule| rule.field == field.id);
        let is_filled = FILLED.contains(&field.id.as_str()) || (field.id == "parent" && has_parent);
        against.extend(match (rule, &field.kind) {
            (None, _) if is_filled => None,
            (None, FieldKind::Unknown { name }) => Some(format!(
                "Jira requires {}, and Assay cannot fill fields of the kind {name}; make it optional for this issue type, \
                 give it a default, or choose another type",
                field.words()
            )),
            (None, _) => Some(format!(
                "Jira requires {}, which the configuration does not fill; fill it, make it optional for this issue type, or \
                 give it a default",
                field.words()
            )),
            (Some(rule), _) if !is_filled && rule.kind == field.kind && !fills_always(rule) => Some(format!(
                "Jira requires {}, and the configuration does not fill it for every finding; give a value for `{OTHERS}`, \
                 or use text with a filter, as in {{{{ finding.score | default(0) }}}}",
                field.words()
            )),
            (Some(_), _) => None,
        });
    }
    for rule in &mapping.rules {
        match fields.iter().find(|field| field.id == rule.field) {
            None => against.push(format!(
                "{} ({}), which the configuration fills, is not on the screen for new issues of this type; put it on the \
                 screen, or take it out of the configuration",
                rule.name, rule.field
            )),
            Some(field) if field.kind != rule.kind => against.push(format!(
                "{} takes {} now and not {}; change what the configuration fills it with",
                field.words(),
                field.kind.words(),
                rule.kind.words()
            )),
            Some(field) => {
                against.extend(check_choices(rule, field));
                against.extend(check_text(rule, field));
            }
        }
    }
    against
}

/// Whether the values that a rule names are still among those that the field takes.
fn check_choices(rule: &FieldRule, field: &ScreenField) -> Vec<String> {
    if field.choices.is_none() {
        return Vec::new();
    }
    let all = field.all_choices();
    let (mut missing, mut disabled) = (Vec::new(), Vec::new());
    for id in chosen(rule) {
        let words = match rule.known.get(&id).and_then(|names| names.first()) {
            Some(name) => format!("{name} ({id})"),
            None => id.clone(),
        };
        match all.iter().find(|(known, ..)| *known == id) {
            None => missing.push(words),
            Some((_, _, true)) => disabled.push(words),
            Some(_) => {}
        }
    }
    let sentence = |ids: &[String], what: &str, advice: &str| {
        let named = ids.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = if ids.len() > NAMED { format!(" and {} more", ids.len() - NAMED) } else { String::new() };
        (!ids.is_empty()).then(|| format!("{} {what} {named}{more}; {advice}", field.words()))
    };
    let advice = "change the configuration, or have it put back";
    let gone = sentence(&missing, "does not take these values any more, or never did:", advice);
    let off =
        sentence(&disabled, "has these values disabled:", "change the configuration, or have them enabled");
    gone.into_iter().chain(off).collect()
}

/// Whether typed text still becomes a value of the field, of whatever severity a finding is and however little is known.
fn check_text(rule: &FieldRule, field: &ScreenField) -> Option<String> {
    let Source::Typed { text } = &rule.source else { return None };
    let now = FieldRule { known: known(rule, field), ..rule.clone() };
    Facts::to_try().into_iter().find_map(|facts| {
        let what = try_value(&now, &facts).err()?;
        let became = one_line(&template::render(text, &facts).unwrap_or_default(), 80);
        let severity = facts.severity().word();
        Some(format!(
            "{} takes {}; for a finding of severity {severity} the text becomes {became:?}, and it {what}; change the text",
            field.words(),
            rule.kind.words()
        ))
    })
}

/// The ids of the values that a rule names: of text, those that it becomes for made-up findings.
pub fn chosen(rule: &FieldRule) -> BTreeSet<String> {
    match &rule.source {
        Source::Jira { value } => value.chosen().into_iter().collect(),
        Source::Assay { values, .. } => values.values().flat_map(super::FieldValue::chosen).collect(),
        Source::Typed { .. } if rule.kind.has_choices() => {
            let values =
                Facts::to_try().into_iter().filter_map(|facts| try_value(rule, &facts).ok().flatten());
            values.flat_map(|value| value.chosen()).collect()
        }
        Source::Typed { .. } => BTreeSet::new(),
    }
}

/// The mapping with the names that fields and values have now, and what Jira requires now.
pub fn renamed(mapping: &Mapping, fields: &[ScreenField]) -> Mapping {
    let rules = mapping.rules.iter().map(|rule| {
        let mut rule = rule.clone();
        if let Some(field) = fields.iter().find(|field| field.id == rule.field && field.kind == rule.kind) {
            rule.name.clone_from(&field.name);
            rule.required = field.required;
            rule.known = known(&rule, field);
        }
        rule
    });
    Mapping { rules: rules.collect() }
}

/// What the values that a rule names, or may name, are called: now, and before.
pub fn known(rule: &FieldRule, field: &ScreenField) -> Known {
    let may_name_any = matches!(rule.source, Source::Typed { .. }) && rule.kind.has_choices();
    let chosen = chosen(rule);
    let mut known = Known::new();
    for (id, name, disabled) in field.all_choices() {
        let before = rule.known.get(&id);
        if !(chosen.contains(&id) || (may_name_any && (!disabled || before.is_some()))) {
            continue;
        }
        let mut names = vec![name];
        for former in before.into_iter().flatten() {
            if !names.contains(former) {
                names.push(former.clone());
            }
        }
        names.truncate(FORMER_NAMES);
        known.insert(id, names);
    }
    // What is gone keeps its name, so that people read which it was.
    for id in &chosen {
        if let Some(names) = rule.known.get(id).filter(|_| !known.contains_key(id)) {
            known.insert(id.clone(), names.clone());
        }
    }
    known
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
