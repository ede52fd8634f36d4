//! Whose a field is, one sentence a rule.

use super::*;
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
    it.leave_to_people(&edits.kept, now());
    assert!(it.to_write().is_empty(), "nothing is left to write");
    current.title = ours;
    assert_eq!(it.edits(&current, "shown", |_| true).fields, [Field::Title].into());
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
    it.leave_to_people(&edits.kept, now());
    assert_eq!(it.to_write(), [Field::Labels].into(), "the new one is still to be added");
}

#[test]
fn a_field_is_given_back_when_its_value_is_again_the_one_that_we_wrote() {
    let (mut it, ours) = written();
    it.content.title = "New".to_owned();
    it.kept = [Field::Title, Field::Labels].into();
    let theirs = Current { title: "Theirs".to_owned(), labels: ["assay".to_owned()].into(), ..ours.clone() };
    assert!(!it.take_back(&theirs, now()));
    assert!(it.to_write().is_empty());
    assert!(it.take_back(&ours, now()));
    assert_eq!((it.kept.len(), it.to_write()), (0, [Field::Title].into()));
}

#[test]
fn a_field_that_jira_refused_is_not_written() {
    let (mut it, mut current) = written();
    it.left_out = vec!["duedate".to_owned()];
    current.due_on = None;
    assert!(it.edits(&current, "shown", |_| true).fields.is_empty());
}
