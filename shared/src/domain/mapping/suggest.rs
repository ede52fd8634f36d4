//! What may be mapped to a field, and which of its values stand for which severity.

use std::collections::{BTreeMap, BTreeSet};

use super::convert::{is_written_as_it_is, is_written_by_values};
use super::fill::OWN;
use super::screen::ScreenField;
use super::settle::RESERVED;
use super::value::{FieldKind, FieldValue};
use super::{AssayField, Source};
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

/// What a field is likely to be filled with; none where a person must choose, or where a ticket fills it by itself.
pub fn source(field: &ScreenField) -> Option<Source> {
    let id = field.id.as_str();
    if matches!(field.kind, FieldKind::Unknown { .. }) || RESERVED.contains(&id) || OWN.contains(&id) {
        return None;
    }
    let assay = |known: AssayField| Source::Assay { field: known, values: BTreeMap::new() };
    if field.tells_severity() {
        let values = severities(field);
        let is_plain = is_written_as_it_is(AssayField::Severity, &field.kind);
        return (is_plain || !values.is_empty())
            .then_some(Source::Assay { field: AssayField::Severity, values });
    }
    let name = field.name.to_lowercase();
    let by_name = NAMED.iter().find(|(words, known)| {
        words.iter().any(|word| name.contains(word)) && is_written_as_it_is(*known, &field.kind)
    });
    let Some((_, known)) = by_name else {
        return match field.kind {
            _ if !field.required || field.has_default => None,
            FieldKind::Line | FieldKind::Paragraphs => Some(assay(AssayField::Title)),
            FieldKind::Date | FieldKind::DateTime => Some(assay(AssayField::DueOn)),
            _ => None,
        };
    };
    if !field.required || field.has_default || known.is_always_there() {
        return Some(assay(*known));
    }
    // What not every finding has needs words of its own where Jira takes no issue without it.
    let text = |other: &str| {
        Some(Source::Typed { text: format!("{{{{ finding.{} | default({other}) }}}}", known.word()) })
    };
    match field.kind {
        FieldKind::Number => text("0"),
        FieldKind::Line | FieldKind::Paragraphs => text("\"not known\""),
        FieldKind::Labels => text("\"not-known\""),
        _ => None,
    }
}

/// Words of fields' names, and what Assay knows by them.
const NAMED: [(&[&str], AssayField); 11] = [
    (&["cvss", "score"], AssayField::Score),
    (&["cve", "advisory"], AssayField::Advisory),
    (&["due", "fix by", "deadline", "target"], AssayField::DueOn),
    (&["first seen", "first found", "detected", "discovered"], AssayField::FirstSeenAt),
    (&["last seen", "last found"], AssayField::LastSeenAt),
    (&["package", "library", "dependency"], AssayField::Package),
    (&["scanner", "tool", "source"], AssayField::Source),
    (&["asset", "repository", "host", "component"], AssayField::Asset),
    (&["remediation", "fix", "solution"], AssayField::Fix),
    (&["link", "url", "reference"], AssayField::Link),
    (&["location", "path", "file"], AssayField::Location),
];

#[cfg(test)]
mod tests {
    use super::{severities, source};
    use crate::mapping::check::check;
    use crate::mapping::screen::{Choice, ScreenField};
    use crate::mapping::settle::{Entered, settle};
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
    fn a_suggestion_fits_its_field_and_fills_a_required_one_for_every_finding() {
        let names = [
            "CVSS score",
            "CVE",
            "Fix by",
            "First seen",
            "Library",
            "Scanner",
            "Asset",
            "Solution",
            "Link",
            "File",
            "Severity",
            "Anything",
        ];
        let kinds = [
            FieldKind::Line,
            FieldKind::Paragraphs,
            FieldKind::Url,
            FieldKind::Number,
            FieldKind::Date,
            FieldKind::DateTime,
            FieldKind::Labels,
            FieldKind::Option,
            FieldKind::Cascading,
            FieldKind::User,
            FieldKind::Sprint,
            FieldKind::Unknown { name: "team".to_owned() },
        ];
        let mut suggested = 0;
        for (name, kind) in names.iter().flat_map(|name| kinds.iter().map(move |kind| (name, kind))) {
            for required in [true, false] {
                let field = ScreenField {
                    id: "customfield_1".to_owned(),
                    name: (*name).to_owned(),
                    required,
                    has_default: false,
                    ..field(kind.clone(), &["High", "Medium", "Low"])
                };
                let Some(source) = source(&field) else { continue };
                suggested += 1;
                let entered = [Entered { field: field.id.clone(), source }];
                let fields = [field];
                let mapping = settle(&entered, &fields, None)
                    .unwrap_or_else(|wrong| panic!("{name} {kind:?}: {wrong:?}"));
                assert_eq!(check(&mapping, &fields, false), Vec::<String>::new(), "{name} {kind:?}");
            }
        }
        assert!(suggested > 60, "{suggested}");
    }

    #[test]
    fn nothing_is_suggested_for_what_a_ticket_fills_by_itself_or_a_person_must_choose() {
        for (id, kind) in [
            ("summary", FieldKind::Line),
            ("description", FieldKind::Paragraphs),
            ("project", FieldKind::Line),
            ("reporter", FieldKind::User),
            ("customfield_1", FieldKind::Cascading),
        ] {
            let field = ScreenField {
                id: id.to_owned(),
                name: "Due".to_owned(),
                required: true,
                has_default: false,
                ..field(kind, &["High"])
            };
            assert_eq!(source(&field), None, "{id}");
        }
    }

    #[test]
    fn nothing_is_suggested_where_a_severity_finds_no_value() {
        assert!(severities(&field(FieldKind::Option, &["Red", "Green"])).is_empty());
        assert!(severities(&field(FieldKind::Cascading, &["High", "Medium", "Low"])).is_empty());
    }
}
