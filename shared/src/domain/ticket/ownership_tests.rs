//! Whose a field is, one sentence a rule.

use super::*;
use crate::mapping::Mapped;
use crate::plan::tests_support::ticket;

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// A ticket that wrote its content, and the issue as it is then.
fn written() -> (Ticket, Current) {
    let mut it = ticket(now());
    it.content.labels = vec!["compliance".to_owned()];
    let written = Written::of(&it.content, &[], "shown".to_owned());
    let current = Current {
        title: written.title.clone(),
        shown_digest: "shown".to_owned(),
        labels: written.labels.iter().cloned().chain(["assay".to_owned()]).collect(),
        assignee: written.assignee.clone(),
        due_on: written.due_on,
        epic: None,
        fields: BTreeMap::new(),
    };
    it.written = Some(written);
    (it, current)
}

#[test]
fn a_field_that_still_has_our_value_is_written_again() {
    let (mut it, current) = written();
    it.content.title = "New".to_owned();
    let edits = it.edits(&current, "shown", |_| true);
    assert_eq!((edits.fields, edits.kept), ([Field::Title].into(), BTreeSet::new()));
}

#[test]
fn a_field_that_people_changed_is_theirs_until_they_put_our_value_back() {
    let (mut it, mut current) = written();
    let ours = current.title.clone();
    current.title = "Theirs".to_owned();
    it.content.title = "New".to_owned();
    let edits = it.edits(&current, "shown", |_| true);
    assert_eq!((edits.fields, &edits.kept), (BTreeSet::new(), &[Field::Title].into()));
    it.leave_to_people(&edits.kept, None, now());
    assert!(it.to_write().is_empty(), "nothing is left to write");
    current.title = ours;
    assert_eq!(it.edits(&current, "shown", |_| true).fields, [Field::Title].into());
}

#[test]
fn a_mapped_field_that_people_own_stays_theirs_though_the_history_names_it_otherwise() {
    let (mut it, mut current) = written();
    let mapped = |text: &str| Mapped { value: FieldValue::Line(text.to_owned()), required: false };
    let field = Field::Mapped("cf1".to_owned());
    it.content.fields.insert("cf1".to_owned(), mapped("ours"));
    it.written = Some(Written::of(&it.content, &[], "shown".to_owned()));
    current.fields.insert("cf1".to_owned(), Shown::Value(FieldValue::Line("theirs".to_owned())));
    it.leave_to_people(&[field.clone()].into(), None, now());
    it.content.fields.insert("cf1".to_owned(), mapped("ours, new"));
    let edits = it.edits(&current, "shown", |_| false);
    assert_eq!((edits.fields, edits.kept), (BTreeSet::new(), [field.clone()].into()));
    current.fields.insert("cf1".to_owned(), Shown::Value(FieldValue::Line("ours".to_owned())));
    assert_eq!(it.edits(&current, "shown", |_| false).fields, [field].into(), "given back");
}

#[test]
fn our_own_write_whose_answer_was_lost_is_known_again() {
    let (mut it, mut current) = written();
    it.content.title = "New".to_owned();
    it.writing = Some(Written::of(&it.content, &[], "shown".to_owned()));
    current.title = "New".to_owned();
    it.content.title = "Newer".to_owned();
    let edits = it.edits(&current, "shown", |_| true);
    assert_eq!((edits.fields, edits.kept), ([Field::Title].into(), BTreeSet::new()));
}

#[test]
fn a_field_that_nobody_else_ever_changed_is_ours_whatever_its_value() {
    let (mut it, mut current) = written();
    current.title = "as Jira wrote it".to_owned();
    it.content.title = "New".to_owned();
    assert_eq!(it.edits(&current, "shown", |_| false).fields, [Field::Title].into());
}

#[test]
fn labels_of_people_stay_and_one_of_ours_that_they_took_away_is_not_put_back() {
    let (mut it, mut current) = written();
    current.labels = ["theirs".to_owned(), "assay".to_owned()].into();
    it.content.labels = vec!["compliance".to_owned(), "urgent".to_owned()];
    let edits = it.edits(&current, "shown", |_| true);
    assert_eq!(edits.labels_add, ["urgent".to_owned()].into());
    assert!(edits.labels_remove.is_empty());
    assert_eq!(edits.kept, [Field::Labels].into(), "and that is told");
    assert!(it.edits(&current, "shown", |_| false).kept.is_empty(), "a person did not do it");
    it.leave_to_people(&edits.kept, None, now());
    assert_eq!(it.to_write(), [Field::Labels].into(), "the new one is still to be added");
}

#[test]
fn a_field_is_given_back_when_its_value_is_again_the_one_that_we_wrote() {
    let (mut it, ours) = written();
    it.content.title = "New".to_owned();
    it.kept = [Field::Title, Field::Labels].into();
    let theirs = Current { title: "Theirs".to_owned(), labels: ["assay".to_owned()].into(), ..ours.clone() };
    assert!(!it.take_back(&theirs, None, now()));
    assert!(it.to_write().is_empty());
    assert!(it.take_back(&ours, None, now()));
    assert_eq!((it.kept.len(), it.to_write()), (0, [Field::Title].into()));
}

#[test]
fn a_field_that_jira_refused_is_not_written() {
    let (mut it, mut current) = written();
    it.left_out = vec!["duedate".to_owned()];
    current.due_on = None;
    assert!(it.edits(&current, "shown", |_| true).fields.is_empty());
}

const RISK: &str = "customfield_10042";

fn option(id: &str) -> FieldValue {
    FieldValue::Option(id.to_owned())
}

fn map(it: &mut Ticket, value: &FieldValue) {
    let mapped = Mapped { value: value.clone(), required: false };
    it.content.fields.insert(RISK.to_owned(), mapped);
}

/// A ticket that wrote the option 1 into a mapped field, wants the option 2 there, and finds `shown`.
fn mapped(shown: Shown) -> (Ticket, Current) {
    let (mut it, mut current) = written();
    map(&mut it, &option("1"));
    it.written = Some(Written::of(&it.content, &[], "shown".to_owned()));
    map(&mut it, &option("2"));
    current.fields.insert(RISK.to_owned(), shown);
    (it, current)
}

fn risk() -> BTreeSet<Field> {
    [Field::Mapped(RISK.to_owned())].into()
}

#[test]
fn a_mapped_field_is_written_again_only_while_its_value_is_ours() {
    let nothing = BTreeSet::new();
    for (shown, writes, keeps) in [
        (Shown::Value(option("1")), risk(), nothing.clone()),
        (Shown::Value(option("2")), nothing.clone(), nothing.clone()),
        (Shown::Value(option("3")), nothing.clone(), risk()),
        (Shown::Nothing, nothing.clone(), risk()),
        (Shown::Other, nothing.clone(), risk()),
    ] {
        let (it, current) = mapped(shown.clone());
        assert_eq!(it.to_write(), risk());
        let edits = it.edits(&current, "shown", |_| true);
        assert_eq!((edits.fields, edits.kept), (writes, keeps), "{shown:?}");
        let by_nobody_else = it.edits(&current, "shown", |_| false);
        assert!(by_nobody_else.kept.is_empty(), "{shown:?}");
    }
}

#[test]
fn a_mapped_field_that_was_about_to_be_written_is_known_again() {
    let (mut it, current) = mapped(Shown::Value(option("2")));
    it.writing = Some(Written::of(&it.content, &[], "shown".to_owned()));
    map(&mut it, &option("3"));
    assert_eq!(it.edits(&current, "shown", |_| true).fields, risk());
}

#[test]
fn a_mapped_field_that_people_changed_goes_by_its_name_and_is_ours_again_when_they_put_our_value_back() {
    let (mut it, theirs) = mapped(Shown::Value(option("3")));
    let mut setting = crate::plan::tests_support::setting(crate::sync_setting::Scope::Findings);
    setting.configuration = Some(Box::new(crate::plan::tests_support::configuration()));
    let mapping = &mut setting.configuration.as_mut().unwrap().mapping;
    let rule = serde_json::json!({
        "field": RISK, "name": "Risk", "kind": { "type": "option" }, "required": false,
        "source": { "from": "jira", "value": option("2") },
    });
    mapping.rules.push(serde_json::from_value(rule).unwrap());
    it.leave_to_people(&risk(), Some(&setting), now());
    assert_eq!(it.trace.last().unwrap().what, "leaves the Risk as it is");
    assert!(it.to_write().is_empty() && !it.take_back(&theirs, Some(&setting), now()));
    let (_, ours) = mapped(Shown::Value(option("1")));
    assert!(it.take_back(&ours, Some(&setting), now()));
    assert_eq!((it.trace.last().unwrap().what.as_str(), it.to_write()), ("writes the Risk again", risk()));
}

#[test]
fn a_field_that_a_mapping_has_no_more_or_that_jira_refused_is_left_as_it_is() {
    let (mut it, current) = mapped(Shown::Value(option("1")));
    it.left_out = vec![RISK.to_owned()];
    assert!(it.to_write().is_empty() && it.edits(&current, "shown", |_| true).fields.is_empty());
    it.left_out.clear();
    it.kept = risk();
    it.content.fields.clear();
    assert!(it.to_write().is_empty() && it.edits(&current, "shown", |_| true).fields.is_empty());
    let before = it.trace.len();
    it.leave_to_people(&BTreeSet::new(), None, now());
    assert_eq!(it.trace.len(), before, "it is not written again");
}

#[test]
fn a_field_that_a_mapping_has_anew_is_written_into_issues_that_are_there() {
    let (mut it, mut current) = written();
    map(&mut it, &option("1"));
    current.fields.insert(RISK.to_owned(), Shown::Nothing);
    assert_eq!(it.to_write(), risk());
    assert_eq!(it.edits(&current, "shown", |_| true).fields, risk());
}

#[test]
fn records_from_before_there_were_mapped_fields_are_read() {
    let (it, _) = written();
    let mut record = serde_json::to_value(it.written.as_ref().unwrap()).unwrap();
    record.as_object_mut().unwrap().remove("fields");
    assert_eq!(serde_json::from_value::<Written>(record).unwrap(), it.written.unwrap());
    let kept: BTreeSet<Field> =
        serde_json::from_str(r#"["title","body","labels","due_on","priority"]"#).unwrap();
    let expected =
        [Field::Title, Field::Body, Field::Labels, Field::DueOn, Field::Mapped("priority".to_owned())];
    assert_eq!(kept, expected.into());
    for field in kept {
        let word = serde_json::to_value(&field).unwrap();
        assert_eq!(
            (word.as_str(), serde_json::from_value(word.clone()).ok()),
            (Some(field.word()), Some(field.clone()))
        );
    }
}
