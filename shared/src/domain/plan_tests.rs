//! The planner's promises, as properties over random lives of tasks.

use proptest::prelude::*;

use super::*;
use crate::check::CheckId;
use crate::sync_setting::Scope;
use crate::ticket::Issue;
use tests_support::{setting, task, ticket};

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

#[test]
fn an_open_task_gets_one_ticket_and_planning_again_adds_none() {
    let tasks = [task("1")];
    let first = plan(&tenant(), &tasks, &[setting(Scope::All)], &[], now()).unwrap();
    assert_eq!((first.new.len(), first.links.len()), (1, 1));
    let mut linked = tasks.clone();
    linked[0].ticket = Some(first.links[0].1.clone());
    let second = plan(&tenant(), &linked, &[setting(Scope::All)], &first.new, now()).unwrap();
    assert_eq!(second, Plan::default());
}

#[test]
fn a_changed_setting_makes_no_second_ticket() {
    let first = plan(&tenant(), &[task("1")], &[setting(Scope::All)], &[], now()).unwrap();
    let mut other = setting(Scope::Check(CheckId::B2));
    other.project = crate::ids::ProjectId::parse("777").unwrap();
    let second = plan(&tenant(), &[task("1")], &[setting(Scope::All), other], &first.new, now()).unwrap();
    assert!(second.new.is_empty() && second.changed.is_empty());
}

#[test]
fn the_setting_for_the_check_goes_before_the_one_for_all() {
    let mut near = setting(Scope::Check(CheckId::B2));
    near.project = crate::ids::ProjectId::parse("777").unwrap();
    let made = plan(&tenant(), &[task("1")], &[setting(Scope::All), near.clone()], &[], now()).unwrap();
    assert_eq!(made.new[0].project.as_str(), "777");
    near.enabled = false;
    let made = plan(&tenant(), &[task("1")], &[setting(Scope::All), near], &[], now()).unwrap();
    assert_eq!(made.new[0].project.as_str(), "10003");
}

#[test]
fn without_a_setting_there_is_no_ticket() {
    assert_eq!(plan(&tenant(), &[task("1")], &[], &[], now()).unwrap(), Plan::default());
}

#[test]
fn a_resolved_task_wants_its_ticket_closed_unless_the_rule_says_never() {
    let made = plan(&tenant(), &[task("1")], &[setting(Scope::All)], &[], now()).unwrap();
    let mut resolved = task("1");
    resolved.state = task::State::Resolved;
    let closing =
        plan(&tenant(), std::slice::from_ref(&resolved), &[setting(Scope::All)], &made.new, now()).unwrap();
    assert_eq!(closing.changed[0].wanted, Wanted::Closed);
    let mut never = setting(Scope::All);
    never.closure_rule = ClosureRule::Never;
    assert!(plan(&tenant(), &[resolved], &[never], &made.new, now()).unwrap().changed.is_empty());
}

#[test]
fn a_task_that_fails_again_gets_a_ticket_of_its_new_generation() {
    let mut done = plan(&tenant(), &[task("1")], &[setting(Scope::All)], &[], now()).unwrap().new;
    done[0].state = State::Closed {
        issue: Some(Issue { id: crate::ids::IssueId::parse("1").unwrap(), key: "SEC-1".to_owned() }),
    };
    let mut again = task("1");
    again.generation = 2;
    let made = plan(&tenant(), &[again], &[setting(Scope::All)], &done, now()).unwrap();
    assert_eq!(made.new.len(), 1);
    assert_ne!(made.new[0].id, done[0].id);
}

proptest! {
    /// Whatever happens to the tasks, in whatever order: each generation has at most one ticket, and after planning an
    /// open task has exactly one that is wanted open, a resolved one none.
    #[test]
    fn one_task_one_ticket(life in proptest::collection::vec((0_usize..6, any::<bool>()), 1..60)) {
        let mut tasks: Vec<Task> = (0..6).map(|n| task(&n.to_string())).collect();
        let mut tickets: Vec<Ticket> = vec![ticket(now())];
        for (which, open) in life {
            let it = &mut tasks[which];
            match (it.state, open) {
                (task::State::Open, false) => it.state = task::State::Resolved,
                (task::State::Resolved, true) => { it.state = task::State::Open; it.generation += 1; it.ticket = None; }
                _ => {}
            }
            let made = plan(&tenant(), &tasks, &[setting(Scope::All)], &tickets, now()).unwrap();
            for new in made.new {
                prop_assert!(tickets.iter().all(|ticket| ticket.id != new.id));
                tickets.push(new);
            }
            for changed in made.changed {
                let place = tickets.iter().position(|ticket| ticket.id == changed.id).unwrap();
                tickets[place] = changed;
            }
            for (task, link) in made.links {
                tasks.iter_mut().find(|it| it.id == task).unwrap().ticket = Some(link);
            }
            for task in &tasks {
                let wanted = tickets.iter().filter(|ticket| ticket.tasks.contains(&task.id) && ticket.wanted == Wanted::Open).count();
                prop_assert_eq!(wanted, usize::from(task.state == task::State::Open), "task {} after {:?}", task.id, open);
            }
        }
    }
}
