//! Tests.

use super::{check, renamed};
use crate::mapping::screen::{Choice, ScreenField};
use crate::mapping::settle::{Entered, settle};
use crate::mapping::{AssayField, FieldKind, FieldValue, Mapping, Source};

fn choice(id: &str, name: &str) -> Choice {
    Choice { id: id.to_owned(), name: name.to_owned(), disabled: false, below: Vec::new() }
}

fn field(id: &str, name: &str, kind: FieldKind, choices: &[(&str, &str)]) -> ScreenField {
    let all = choices.iter().map(|(id, name)| choice(id, name)).collect();
    let has_choices = kind.has_choices();
    ScreenField {
        id: id.to_owned(),
        name: name.to_owned(),
        kind,
        required: false,
        has_default: false,
        choices: has_choices.then_some(all),
    }
}

fn screen() -> Vec<ScreenField> {
    vec![
        field("summary", "Summary", FieldKind::Line, &[]),
        field("cf1", "Risk", FieldKind::Option, &[("10", "High"), ("11", "Low")]),
        field("cf2", "Score", FieldKind::Number, &[]),
    ]
}

fn mapping() -> Mapping {
    let entered = [
        Entered {
            field: "cf1".to_owned(),
            source: Source::Jira { value: FieldValue::Option("10".to_owned()) },
        },
        Entered {
            field: "cf2".to_owned(),
            source: Source::Assay { field: AssayField::Score, values: [].into() },
        },
    ];
    settle(&entered, &screen(), None).unwrap()
}

#[track_caller]
fn against(change: impl Fn(&mut Vec<ScreenField>), words: &[&str]) {
    let mut fields = screen();
    change(&mut fields);
    let against = check(&mapping(), &fields, false);
    assert_eq!(against.len(), 1, "{against:?}");
    for word in words {
        assert!(against[0].contains(word), "{word}: {}", against[0]);
    }
}

#[test]
fn nothing_stands_against_a_project_that_is_as_it_was() {
    assert_eq!(check(&mapping(), &screen(), false), Vec::<String>::new());
}

#[test]
fn a_due_day_that_became_required_is_filled_already() {
    let mut fields = screen();
    fields.push(ScreenField { required: true, ..field("duedate", "Due date", FieldKind::Date, &[]) });
    assert_eq!(check(&mapping(), &fields, false), Vec::<String>::new());
}

#[test]
fn each_drift_is_named_with_what_to_do() {
    let required = |kind: FieldKind| {
        move |fields: &mut Vec<ScreenField>| {
            fields.push(ScreenField { required: true, ..field("cf9", "Team", kind.clone(), &[]) });
        }
    };
    against(required(FieldKind::Line), &["Jira requires Team (cf9)", "fill it", "give it a default"]);
    let unknown = FieldKind::Unknown { name: "atlassian-team".to_owned() };
    against(
        required(unknown),
        &["Team (cf9)", "kind atlassian-team", "make it optional", "choose another type"],
    );
    against(|fields| drop(fields.remove(1)), &["Risk (cf1)", "is not on the screen", "take it out"]);
    against(
        |fields| fields[1].kind = FieldKind::Line,
        &["Risk (cf1) takes one line of text now and not one of a list"],
    );
    against(
        |fields| drop(fields[1].choices.as_mut().unwrap().remove(0)),
        &["Risk (cf1)", "High (10)", "put back"],
    );
    against(
        |fields| fields[1].choices.as_mut().unwrap()[0].disabled = true,
        &["High (10)", "disabled", "enabled"],
    );
    // The score is not known of every finding.
    against(|fields| fields[2].required = true, &["Score (cf2)", "for every finding", "default(0)"]);
}

#[test]
fn what_jira_fills_or_every_ticket_does_need_not_be_mapped() {
    let mut fields = screen();
    fields[0].required = true;
    fields.push(ScreenField {
        required: true,
        has_default: true,
        ..field("cf9", "Team", FieldKind::Line, &[])
    });
    fields.push(ScreenField { required: true, ..field("parent", "Parent", FieldKind::Parent, &[]) });
    assert_eq!(check(&mapping(), &fields, true), Vec::<String>::new());
    assert_eq!(check(&mapping(), &fields, false).len(), 1);
}

#[test]
fn new_names_are_no_drift_and_are_taken_over() {
    let mut fields = screen();
    fields[1].name = "Danger".to_owned();
    fields[1].choices.as_mut().unwrap()[0].name = "Severe".to_owned();
    assert_eq!(check(&mapping(), &fields, false), Vec::<String>::new());
    let now = renamed(&mapping(), &fields);
    assert_eq!(now.rules[0].name, "Danger");
    assert_eq!(now.rules[0].known["10"], ["Severe", "High"]);
    // Its last name is told even after it is gone.
    fields[1].choices.as_mut().unwrap().remove(0);
    assert!(check(&renamed(&now, &fields), &fields, false)[0].contains("Severe (10)"));
}

fn typed(text: &str) -> Mapping {
    let source = Source::Typed { text: text.to_owned() };
    settle(&[Entered { field: "cf1".to_owned(), source }], &screen(), None).unwrap()
}

#[test]
fn a_template_whose_value_for_severity_low_is_blank_is_refused_for_a_required_field() {
    let blank = typed("{% if finding.severity != \"low\" %}High{% endif %}");
    let unknown = typed("{% if finding.package or finding.severity != \"low\" %}High{% endif %}");
    let whole = typed("{% if finding.severity != \"low\" %}High{% else %}Low{% endif %}");
    let mut fields = screen();
    for mapping in [&blank, &unknown, &whole] {
        assert_eq!(check(mapping, &fields, false), Vec::<String>::new());
    }
    fields[1].required = true;
    for mapping in [&blank, &unknown] {
        let against = check(mapping, &fields, false);
        assert!(against.len() == 1 && against[0].contains("for every finding"), "{against:?}");
    }
    assert_eq!(check(&whole, &fields, false), Vec::<String>::new());
}

#[test]
fn a_value_that_a_template_takes_for_one_severity_alone_is_watched() {
    let mapping = typed("{% if finding.severity != \"low\" %}High{% else %}Low{% endif %}");
    let against = |change: &dyn Fn(&mut Vec<Choice>)| {
        let mut fields = screen();
        change(fields[1].choices.as_mut().unwrap());
        check(&mapping, &fields, false)
    };
    let gone = against(&|choices| drop(choices.remove(1)));
    assert!(gone.len() == 1 && gone[0].contains("any more, or never did: Low (11)"), "{gone:?}");
    let disabled = against(&|choices| choices[1].disabled = true);
    assert!(disabled.len() == 1 && disabled[0].contains("disabled: Low (11)"), "{disabled:?}");
    assert_eq!(against(&|choices| "Tiny".clone_into(&mut choices[1].name)), Vec::<String>::new());
}

#[test]
fn text_that_becomes_no_value_for_one_severity_is_told_with_it() {
    let mut mapping = typed("{% if finding.severity != \"low\" %}High{% else %}Low{% endif %}");
    let Source::Typed { text } = &mut mapping.rules[0].source else { panic!("typed") };
    *text = text.replace("Low", "Lower");
    let against = check(&mapping, &screen(), false);
    assert!(against.len() == 1 && against[0].contains("severity low"), "{against:?}");
}

#[test]
fn typed_text_still_means_the_option_that_was_renamed() {
    let source = Source::Typed { text: "high".to_owned() };
    let typed = settle(&[Entered { field: "cf1".to_owned(), source }], &screen(), None).unwrap();
    let mut fields = screen();
    fields[1].choices.as_mut().unwrap()[0].name = "Severe".to_owned();
    let now = renamed(&typed, &fields);
    assert_eq!(check(&now, &fields, false), Vec::<String>::new());
    let facts = crate::mapping::facts::Facts::made_up();
    let value = crate::mapping::fill::value(&now.rules[0], &facts);
    assert_eq!(value, Some(FieldValue::Option("10".to_owned())));
    fields[1].choices.as_mut().unwrap().remove(0);
    assert!(check(&now, &fields, false)[0].contains("Severe (10)"));
}
