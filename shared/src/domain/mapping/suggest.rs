//! What may be mapped to a field, and which of its values stand for which severity.

use std::collections::{BTreeMap, BTreeSet};

use super::AssayField;
use super::convert::{is_written_as_it_is, is_written_by_values};
use super::screen::ScreenField;
use super::value::{FieldKind, FieldValue};
use crate::finding::Severity;

/// What Assay knows that can be written into a field of this kind, by itself or by a value for each of its words.
pub fn fitting(kind: &FieldKind) -> Vec<AssayField> {
    let fits = |field: &AssayField| is_written_as_it_is(*field, kind) || is_written_by_values(*field, kind);
    AssayField::ALL.into_iter().filter(fits).collect()
}

/// The words that values for a severity go by, the likeliest first.
fn words(severity: Severity) -> &'static [&'static str] {
    match severity {
        Severity::Critical => &[
            "critical",
            "blocker",
            "highest",
            "very high",
            "urgent",
            "emergency",
            "sev1",
            "p0",
            "p1",
            "high",
        ],
        Severity::High => &["high", "major", "important", "sev2", "p1", "p2", "highest", "critical"],
        Severity::Medium => &["medium", "moderate", "normal", "sev3", "p2", "p3", "minor"],
        Severity::Low => &["low", "minor", "sev4", "p3", "p4", "lowest", "trivial"],
        Severity::Info => &[
            "info",
            "informational",
            "information",
            "lowest",
            "none",
            "trivial",
            "very low",
            "sev5",
            "p5",
            "p4",
            "low",
            "minor",
        ],
    }
}

/// For each severity the value that stands for it, found by equal or known words; empty where none is found for one, or the
/// field takes no single value of a list.
pub fn severities(field: &ScreenField) -> BTreeMap<String, FieldValue> {
    let value = |id: &str| match field.kind {
        FieldKind::Option => Some(FieldValue::Option(id.to_owned())),
        FieldKind::Options => Some(FieldValue::Options(BTreeSet::from([id.to_owned()]))),
        FieldKind::Priority => Some(FieldValue::Priority(id.to_owned())),
        _ => None,
    };
    let enabled: Vec<(String, &str)> = field
        .choices
        .iter()
        .flatten()
        .filter(|choice| !choice.disabled)
        .map(|choice| (choice.name.trim().to_lowercase(), choice.id.as_str()))
        .collect();
    let found = Severity::ALL.into_iter().map(|severity| {
        let id = words(severity).iter().find_map(|word| enabled.iter().find(|(name, _)| name == word));
        Some((severity.word().to_owned(), value(id?.1)?))
    });
    found.collect::<Option<BTreeMap<_, _>>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::severities;
    use crate::mapping::screen::{Choice, ScreenField};
    use crate::mapping::{FieldKind, FieldValue};

    fn field(kind: FieldKind, names: &[&str]) -> ScreenField {
        let choice = |(place, name): (usize, &&str)| Choice {
            id: place.to_string(),
            name: (*name).to_owned(),
            disabled: false,
            below: Vec::new(),
        };
        ScreenField {
            id: "priority".to_owned(),
            name: "Priority".to_owned(),
            kind,
            required: false,
            has_default: true,
            choices: Some(names.iter().enumerate().map(choice).collect()),
        }
    }

    fn places(field: &ScreenField) -> Vec<String> {
        let found = severities(field);
        ["critical", "high", "medium", "low", "info"]
            .iter()
            .filter_map(|word| found.get(*word))
            .flat_map(FieldValue::chosen)
            .collect()
    }

    #[test]
    fn severities_find_their_values_by_equal_and_known_words() {
        let usual = field(FieldKind::Priority, &["Highest", "High", "Medium", "Low", "Lowest"]);
        assert_eq!(places(&usual), ["0", "1", "2", "3", "4"]);
        let equal = field(FieldKind::Option, &["info", "LOW", "Medium", "high ", "Critical"]);
        assert_eq!(places(&equal), ["4", "3", "2", "1", "0"]);
        let three = field(FieldKind::Option, &["High", "Medium", "Low"]);
        assert_eq!(places(&three), ["0", "0", "1", "2", "2"]);
    }

    #[test]
    fn nothing_is_suggested_where_a_severity_finds_no_value() {
        assert!(severities(&field(FieldKind::Option, &["Red", "Green"])).is_empty());
        assert!(severities(&field(FieldKind::Cascading, &["High", "Medium", "Low"])).is_empty());
    }
}
