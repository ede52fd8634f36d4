//! What becomes of tasks, one sentence a rule.

use std::collections::BTreeSet;

use super::{Context, SecondLook, State, Task, reconcile};
use crate::check::{CheckId, Failing, Outcome, Verdict};
use crate::clock::after;
use crate::evidence::{Entity, Gap};
use crate::ids::{RunId, TenantId};

fn verdict(subjects: &[&str], gaps: Vec<Gap>) -> Verdict {
    let failing = subjects
        .iter()
        .map(|id| Failing {
            entity: Entity {
                id: (*id).to_owned(),
                key: format!("CHG-{id}"),
                title: "t".to_owned(),
                url: String::new(),
                assignee: None,
                created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
                done: false,
                priority: None,
            },
            why: "w".to_owned(),
        })
        .collect();
    Verdict { outcome: Outcome::Fail, failing, gaps, because: String::new() }
}

/// A run a minute after the last one; a second look shows `fine` to be fine, and all others to fail.
fn run(verdict: &Verdict, stored: &[Task], fine: &[&str]) -> super::Changes {
    let last = stored.iter().map(|task| task.updated_at).max();
    let now = last.map_or("2026-02-01T00:00:00Z".parse().unwrap(), |last| after(last, 60));
    run_at(now, now, verdict, stored, fine)
}

fn run_at(
    read_at: jiff::Timestamp,
    now: jiff::Timestamp,
    verdict: &Verdict,
    stored: &[Task],
    fine: &[&str],
) -> super::Changes {
    let tenant = TenantId::parse("acme").unwrap();
    let run = RunId::parse("r").unwrap();
    let context = Context { tenant: &tenant, check: CheckId::B2, connection: None, run: &run, now, read_at };
    let fine: BTreeSet<String> = fine.iter().map(|id| (*id).to_owned()).collect();
    let failing = verdict.failing.iter().map(|failing| failing.entity.id.clone());
    let look = SecondLook {
        failing: failing.filter(|id| !fine.contains(id)).collect(),
        fine,
        hidden: BTreeSet::new(),
    };
    reconcile(&context, verdict, stored, &look).unwrap()
}

#[test]
fn an_older_reading_that_is_written_later_changes_nothing() {
    let opened = run(&verdict(&["1"], vec![]), &[], &[]).opened;
    let opened_at = opened[0].opened_at;
    let fixed = verdict(&[], vec![]);
    let late = run_at(opened_at, after(opened_at, 60), &fixed, &opened, &["1"]);
    assert_eq!(late, super::Changes::default(), "it was read before the task was opened");
    let resolved = run(&fixed, &opened, &["1"]).resolved;
    let resolved_at = resolved[0].resolved_at.unwrap();
    let still_failing = verdict(&["1"], vec![]);
    let late = run_at(resolved_at, after(resolved_at, 60), &still_failing, &resolved, &[]);
    assert_eq!(late, super::Changes::default(), "it was read before the task was resolved");
    let newer = run_at(after(resolved_at, 1), after(resolved_at, 60), &still_failing, &resolved, &[]);
    assert_eq!(newer.opened.len(), 1);
}

#[test]
fn a_task_that_a_second_look_does_not_see_fail_stays_resolved() {
    let stored = run(&verdict(&["1"], vec![]), &[], &[]).opened;
    let resolved = run(&verdict(&[], vec![]), &stored, &["1"]).resolved;
    let lagging = run(&verdict(&["1"], vec![]), &resolved, &["1"]);
    assert_eq!(lagging, super::Changes::default());
}

#[test]
fn a_failing_entity_is_one_task_however_often_it_is_seen() {
    let first = run(&verdict(&["1", "2"], vec![]), &[], &[]);
    assert_eq!(first.opened.len(), 2);
    let second = run(&verdict(&["1", "2"], vec![]), &first.opened, &[]);
    assert_eq!(second, super::Changes::default());
}

#[test]
fn a_task_is_resolved_only_by_a_whole_reading_and_a_second_look() {
    let stored = run(&verdict(&["1"], vec![]), &[], &[]).opened;
    let partial = verdict(&[], vec![Gap::NotCounted]);
    assert!(run(&partial, &stored, &["1"]).resolved.is_empty(), "partial reading");
    assert!(run(&verdict(&[], vec![]), &stored, &[]).resolved.is_empty(), "the index may have lost it");
    let resolved = run(&verdict(&[], vec![]), &stored, &["1"]).resolved;
    assert_eq!((resolved.len(), resolved[0].state), (1, State::Resolved));
}

#[test]
fn a_task_that_fails_again_is_opened_as_its_next_generation() {
    let stored = run(&verdict(&["1"], vec![]), &[], &[]).opened;
    let resolved = run(&verdict(&[], vec![]), &stored, &["1"]).resolved;
    let again = run(&verdict(&["1"], vec![]), &resolved, &[]).opened;
    assert_eq!((again[0].generation, &again[0].id), (2, &stored[0].id));
}
