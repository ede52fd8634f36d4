//! Tests.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{known, paragraphs, typed};
use crate::mapping::facts::Fact;
use crate::mapping::{FieldKind, FieldValue, Known};

fn names() -> Known {
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    Known::from([
        ("10".to_owned(), of(&["High", "Very high"])),
        ("11".to_owned(), of(&["Low"])),
        ("12".to_owned(), of(&["Office"])),
        ("12>13".to_owned(), of(&["Office > Cellar"])),
    ])
}

fn ids(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// Each kind, a text that it takes, the value of it, and a text that it does not take, if there is one.
fn cases() -> Vec<(FieldKind, &'static str, FieldValue, Option<&'static str>)> {
    let account = |id: &str| crate::ids::AccountId::parse(id).unwrap();
    vec![
        (FieldKind::Line, " a\nb ", FieldValue::Line("a b".to_owned()), None),
        (FieldKind::Paragraphs, "a\n\nb", FieldValue::Paragraphs(vec!["a".to_owned(), "b".to_owned()]), None),
        (
            FieldKind::Url,
            "https://example.com/a",
            FieldValue::Line("https://example.com/a".to_owned()),
            Some("javascript:alert(1)"),
        ),
        (
            FieldKind::Number,
            " 7.5 ",
            FieldValue::Number(serde_json::Number::from_f64(7.5).unwrap()),
            Some("NaN"),
        ),
        (FieldKind::Date, "2026-12-31", FieldValue::Date("2026-12-31".parse().unwrap()), Some("31.12.2026")),
        (
            FieldKind::DateTime,
            "2026-12-31T10:00:00+02:00",
            FieldValue::DateTime("2026-12-31T08:00:00Z".parse().unwrap()),
            Some("soon"),
        ),
        (FieldKind::Option, "high", FieldValue::Option("10".to_owned()), Some("Middling")),
        (
            FieldKind::Options,
            "Low, very HIGH,",
            FieldValue::Options(ids(&["10", "11"])),
            Some("Low, Middling"),
        ),
        (
            FieldKind::Cascading,
            "office > cellar",
            FieldValue::Cascading { option: "12".to_owned(), below: Some("13".to_owned()) },
            Some("cellar"),
        ),
        (FieldKind::User, "557058:abc", FieldValue::User(account("557058:abc")), Some("Jane Doe")),
        (FieldKind::Users, "a,b", FieldValue::Users([account("a"), account("b")].into()), Some("Jane Doe")),
        (FieldKind::Group, "952d12c3-5b5b", FieldValue::Group("952d12c3-5b5b".to_owned()), Some("all of us")),
        (FieldKind::Groups, "a,b", FieldValue::Groups(ids(&["a", "b"])), Some(",")),
        (FieldKind::Priority, "11", FieldValue::Priority("11".to_owned()), Some("12345")),
        (FieldKind::Version, "low", FieldValue::Version("11".to_owned()), Some("9.9")),
        (FieldKind::Versions, "low", FieldValue::Versions(ids(&["11"])), Some("9.9")),
        (FieldKind::Components, "low", FieldValue::Components(ids(&["11"])), Some("web")),
        (FieldKind::Labels, "a b, c,", FieldValue::Labels(ids(&["a-b", "c"])), Some(",")),
        (
            FieldKind::Parent,
            "10042",
            FieldValue::Parent(crate::ids::IssueId::parse("10042").unwrap()),
            Some("SEC-1"),
        ),
        (FieldKind::Sprint, "7", FieldValue::Sprint(7), Some("Sprint 7")),
    ]
}

#[test]
fn every_kind_takes_its_text_and_refuses_others() {
    for (kind, text, expected, refused) in cases() {
        let value = typed(&kind, text, &names()).unwrap();
        assert_eq!(value.as_ref(), Some(&expected), "{kind:?}");
        assert!(kind.takes(&expected) && expected.complaint().is_none(), "{kind:?}");
        if let Some(refused) = refused {
            assert!(typed(&kind, refused, &names()).is_err(), "{kind:?} {refused}");
        }
        assert_eq!(typed(&kind, " \n", &names()), Ok(None), "{kind:?}");
    }
    let unknown = FieldKind::Unknown { name: "team".to_owned() };
    assert!(typed(&unknown, "a", &names()).unwrap_err().contains("kind team"));
}

#[test]
fn each_value_is_of_one_kind_alone() {
    let all = cases();
    for (kind, _, value, _) in &all {
        for (other, ..) in &all {
            let is_text = matches!(value, FieldValue::Line(_));
            let same = kind == other || (is_text && matches!(other, FieldKind::Line | FieldKind::Url));
            assert_eq!(other.takes(value), same, "{other:?} {value:?}");
        }
    }
}

#[test]
fn what_is_called_so_now_goes_before_what_was() {
    let mut names = names();
    names.insert("20".to_owned(), vec!["Very high".to_owned()]);
    assert_eq!(typed(&FieldKind::Option, "very high", &names), Ok(Some(FieldValue::Option("20".to_owned()))));
}

#[test]
fn what_is_known_becomes_a_value_where_it_fits() {
    let moment = Fact::Moment("2026-12-31T23:30:00Z".parse().unwrap());
    assert_eq!(known(&FieldKind::Date, &moment), Some(FieldValue::Date("2026-12-31".parse().unwrap())));
    let day = Fact::Day("2026-12-31".parse().unwrap());
    assert_eq!(
        known(&FieldKind::DateTime, &day),
        Some(FieldValue::DateTime("2026-12-31T00:00:00Z".parse().unwrap()))
    );
    let text = Fact::Text("my scanner, new".to_owned());
    assert_eq!(known(&FieldKind::Labels, &text), Some(FieldValue::Labels(ids(&["my-scanner,-new"]))));
    assert_eq!(known(&FieldKind::Url, &text), None);
    for (kind, ..) in cases() {
        assert_eq!(known(&kind, &Fact::Nothing), None, "{kind:?}");
    }
}

proptest! {
    #[test]
    fn text_of_any_length_becomes_what_jira_takes(text in "(\\PC|\n|\"|\\\\|😀){0,300}", times in (0usize..3).prop_map(|it| [1, 20, 150][it])) {
        let long = text.repeat(times);
        let made = paragraphs(&long, 28_000);
        let size: usize = made.iter().map(|it| {
            let json = serde_json::to_string(it).unwrap();
            70 + json.encode_utf16().count() - 2
        }).sum();
        prop_assert!(size <= 28_000, "{size}");
        for paragraph in made {
            prop_assert!(!paragraph.is_empty() && !paragraph.chars().any(char::is_control));
        }
        if let Some(FieldValue::Line(line)) = typed(&FieldKind::Line, &long, &Known::new()).unwrap() {
            prop_assert!(line.chars().count() <= 255 && !line.chars().any(char::is_control));
        }
    }

    #[test]
    fn whatever_is_typed_is_refused_or_fits_its_kind(text in "\\PC{0,60}", place in 0usize..20) {
        let (kind, ..) = cases().remove(place);
        if let Ok(Some(value)) = typed(&kind, &text, &names()) {
            prop_assert!(kind.takes(&value), "{value:?}");
            prop_assert!(value.complaint().is_none(), "{value:?}");
        }
    }
}
