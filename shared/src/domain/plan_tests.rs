//! The planner's promises, as properties over random lives of tasks.

use proptest::prelude::*;

use super::*;
use crate::check::CheckId;
use crate::ids::{AccountId, IssueId, ProjectId};
use crate::sync_setting::{ClosureRule, Disabled, GonePolicy, ReopenRule, Retirement, Scope};
use crate::task::State as TaskState;
use crate::ticket::{HowGone, Issue, News};
use tests_support::{setting, task, ticket};

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn decide(tasks: &[Task], settings: &[SyncSetting], tickets: &[Ticket]) -> Plan {
    plan(&tenant(), tasks, settings, tickets, None, now()).unwrap()
}

fn all() -> SyncSetting {
    setting(Scope::All)
}

fn batch() -> SyncSetting {
    SyncSetting { mode: Mode::Batch, ..all() }
}

/// A task of somebody.
fn of(subject: &str, assignee: Option<&str>) -> Task {
    Task { assignee: assignee.map(|id| AccountId::parse(id).unwrap()), ..task(subject) }
}

fn issue() -> Issue {
    Issue { id: IssueId::parse("1").unwrap(), key: "SEC-1".to_owned() }
}

/// A task and its ticket, planned and linked.
fn linked(setting: &SyncSetting) -> (Task, Ticket) {
    let mut it = task("1");
    let mut made = decide(std::slice::from_ref(&it), std::slice::from_ref(setting), &[]);
    it.ticket = Some(made.links[0].to.clone());
    (it, made.new.remove(0))
}

/// The same, with an issue that is closed and whose task was opened again since.
fn reopened(setting: &SyncSetting) -> (Task, Ticket) {
    let (mut it, mut ticket) = linked(setting);
    ticket.state = State::Closed { issue: Some(issue()) };
    ticket.wanted = Wanted::Closed;
    ticket.ended_at = Some(now());
    it.opened_at = crate::clock::after(now(), 60);
    (it, ticket)
}

#[test]
fn an_open_task_gets_one_ticket_and_planning_again_adds_none() {
    let (it, ticket) = linked(&all());
    assert_eq!(decide(&[it], &[all()], &[ticket]), Plan::default());
}

#[test]
fn a_task_keeps_its_ticket_whatever_becomes_of_the_settings() {
    let (it, mut ticket) = linked(&all());
    ticket.state = State::Open { issue: issue() };
    let mut other = setting(Scope::Check(CheckId::B2));
    other.project = ProjectId::parse("777").unwrap();
    for settings in [vec![all(), other.clone()], vec![batch()], vec![other]] {
        let made = decide(std::slice::from_ref(&it), &settings, std::slice::from_ref(&ticket));
        assert!(made.new.is_empty() && made.links.is_empty(), "{settings:?}");
        assert!(made.changed.iter().all(|changed| changed.project == ticket.project));
    }
}

#[test]
fn a_ticket_without_an_issue_follows_its_setting() {
    let (it, mut ticket) = linked(&all());
    ticket.state = State::Failed { reason: "no".to_owned() };
    ticket.problem = Some(crate::ticket::Problem { what: "no".to_owned(), since: now(), tries: 3 });
    let mut other = setting(Scope::Check(CheckId::B2));
    other.project = ProjectId::parse("777").unwrap();
    let made = decide(std::slice::from_ref(&it), &[all(), other.clone()], std::slice::from_ref(&ticket));
    assert_eq!((made.changed.len(), made.new.len()), (1, 0));
    let moved = &made.changed[0];
    assert_eq!((moved.project.as_str(), &moved.state, &moved.setting), ("777", &State::Planned, &other.id));
    assert_eq!((moved.due_at, &moved.problem), (Some(now()), &None));
    ticket.doubted_since = Some(now());
    let made = decide(&[it], &[all(), other], &[ticket]);
    assert!(made.changed.is_empty(), "one in doubt may have an issue where it was");
}

#[test]
fn the_setting_for_the_check_goes_before_the_one_for_all() {
    let mut near = setting(Scope::Check(CheckId::B2));
    near.project = ProjectId::parse("777").unwrap();
    assert_eq!(decide(&[task("1")], &[all(), near.clone()], &[]).new[0].project.as_str(), "777");
    near.enabled = false;
    assert_eq!(decide(&[task("1")], &[all(), near], &[]).new[0].project.as_str(), "10003");
}

#[test]
fn without_a_setting_there_is_no_ticket() {
    assert_eq!(decide(&[task("1")], &[], &[]), Plan::default());
}

#[test]
fn a_task_that_is_done_wants_its_ticket_closed_unless_the_rule_says_never() {
    for state in [TaskState::Resolved, TaskState::Completed] {
        let (it, ticket) = linked(&all());
        let done = Task { state, ..it };
        let made = decide(std::slice::from_ref(&done), &[all()], std::slice::from_ref(&ticket));
        assert_eq!(made.changed[0].wanted, Wanted::Closed);
        let never = SyncSetting { closure_rule: ClosureRule::Never, ..all() };
        assert!(decide(&[done], &[never], &[ticket]).changed.is_empty());
    }
}

#[test]
fn a_task_that_is_opened_again_reopens_its_issue_or_gets_a_new_ticket_by_the_rule() {
    for rule in [ReopenRule::Both, ReopenRule::Issues] {
        let rule = SyncSetting { reopen_rule: rule, ..all() };
        let (it, ticket) = reopened(&rule);
        let made = decide(&[it], &[rule], &[ticket]);
        assert_eq!((made.new.len(), made.changed[0].wanted), (0, Wanted::Open));
    }
    for rule in [ReopenRule::Tasks, ReopenRule::Neither] {
        let rule = SyncSetting { reopen_rule: rule, ..all() };
        let (it, ticket) = reopened(&rule);
        let made = decide(&[it], &[rule], std::slice::from_ref(&ticket));
        assert_eq!((made.new.len(), made.new[0].generation, made.links.len()), (1, 2, 1));
        assert_ne!(made.new[0].id, ticket.id);
    }
}

#[test]
fn the_tasks_of_an_issue_that_is_gone_get_a_new_ticket_only_by_the_policy() {
    let gone = |policy| {
        let setting = SyncSetting { gone_policy: policy, ..all() };
        let (it, mut ticket) = linked(&setting);
        ticket.state = State::Gone { issue: issue(), how: HowGone::Deleted };
        ticket.ended_at = Some(crate::clock::after(now(), 60));
        (setting, it, ticket)
    };
    for (policy, new) in [(GonePolicy::Recreate, 1), (GonePolicy::Ask, 0), (GonePolicy::CloseTask, 0)] {
        let (setting, it, mut ticket) = gone(policy);
        let made =
            decide(std::slice::from_ref(&it), std::slice::from_ref(&setting), std::slice::from_ref(&ticket));
        assert_eq!(made.new.len(), new, "{policy:?}");
        ticket.news = Some(News::Gone);
        let made =
            decide(std::slice::from_ref(&it), std::slice::from_ref(&setting), std::slice::from_ref(&ticket));
        assert_eq!(made, Plan::default(), "{policy:?}: the tasks are told first");
        let told = plan(&tenant(), &[it], &[setting], &[ticket.clone()], Some(&ticket), now()).unwrap();
        assert_eq!((told.new.len(), told.changed[0].news), (new, None), "{policy:?}");
    }
    let (setting, it, mut ticket) = gone(GonePolicy::Ask);
    ticket.decided = Some(GonePolicy::Recreate);
    assert_eq!(decide(&[it], &[setting], &[ticket]).new.len(), 1, "a person decided");
}

#[test]
fn a_disabled_setting_leaves_or_deletes_its_tickets_and_an_enabled_one_adopts_them() {
    let (it, mut ticket) = linked(&all());
    ticket.state = State::Open { issue: issue() };
    let disabled = |tickets| SyncSetting {
        enabled: false,
        disabled: Some(Disabled { tickets, by: "tok".to_owned(), at: now() }),
        ..all()
    };
    for (how, wanted) in [(Retirement::Keep, Wanted::Kept), (Retirement::Delete, Wanted::Deleted)] {
        let made = decide(std::slice::from_ref(&it), &[disabled(how)], std::slice::from_ref(&ticket));
        assert_eq!(made.changed[0].wanted, wanted);
        assert!(made.new.is_empty());
    }
    let kept = Ticket { wanted: Wanted::Kept, ..ticket };
    let made = decide(&[it], &[all()], &[kept]);
    assert_eq!((made.new.len(), made.changed[0].wanted), (0, Wanted::Open));
    assert_eq!(made.changed[0].heard_at, Some(now()), "what happened meanwhile is looked at first");
}

#[test]
fn after_its_issue_was_deleted_with_its_setting_a_task_gets_a_new_ticket() {
    let (it, mut ticket) = linked(&all());
    ticket.state = State::Gone { issue: issue(), how: HowGone::ByUs };
    ticket.wanted = Wanted::Deleted;
    ticket.ended_at = Some(now());
    let made = decide(&[it], &[all()], &[ticket]);
    assert_eq!((made.new.len(), made.new[0].generation), (1, 2));
}

#[test]
fn what_people_change_about_a_task_changes_what_its_ticket_says() {
    let (mut it, mut ticket) = linked(&all());
    ticket.state = State::Open { issue: issue() };
    ticket.written = Some(crate::ticket::Written::of(&ticket.content, &[], String::new()));
    it.title = "Another title".to_owned();
    let made = decide(std::slice::from_ref(&it), &[all()], std::slice::from_ref(&ticket));
    let changed = &made.changed[0];
    assert!(changed.content.title.starts_with("Another title"));
    assert_eq!(changed.due_at, Some(now()));
}

/// Tasks of a batch with their tickets, as they are after planning.
fn settle(tasks: &mut [Task], settings: &[SyncSetting], tickets: &mut Vec<Ticket>) -> Plan {
    let made = decide(tasks, settings, tickets);
    for new in &made.new {
        assert!(tickets.iter().all(|ticket| ticket.id != new.id));
        tickets.push(new.clone());
    }
    for changed in &made.changed {
        let place = tickets.iter().position(|ticket| ticket.id == changed.id).unwrap();
        tickets[place] = changed.clone();
    }
    for link in &made.links {
        let task = tasks.iter_mut().find(|it| it.id == link.task).unwrap();
        assert_eq!(task.ticket, link.from);
        task.ticket = Some(link.to.clone());
    }
    made
}

proptest! {
    /// Whatever happens to the tasks, in whatever order and mode: after planning, an open task has exactly one ticket that
    /// is wanted open and lists it, unless the rule "any" closed its batch since it was opened; one that is done has none
    /// for itself alone.
    #[test]
    fn one_task_one_ticket(
        is_batch in any::<bool>(),
        is_any in any::<bool>(),
        life in proptest::collection::vec((0_usize..6, 0_u8..5), 1..60),
    ) {
        let rule = if is_any { ClosureRule::Any } else { ClosureRule::All };
        let setting = SyncSetting { closure_rule: rule, ..if is_batch { batch() } else { all() } };
        let mut tasks: Vec<Task> = (0..6).map(|n| task(&n.to_string())).collect();
        let mut tickets: Vec<Ticket> = vec![ticket(now())];
        for (step, (which, what)) in life.into_iter().enumerate() {
            let at = crate::clock::after(now(), 10 * i64::try_from(step).unwrap());
            let it = &mut tasks[which];
            match what {
                0 => drop(it.complete("tok", "done", at)),
                1 => drop(it.reopen(at)),
                2 => it.assignee = Some(AccountId::parse("ann").unwrap()),
                3 => it.assignee = None,
                // The worker carries out what is wanted of the task's ticket.
                _ => {
                    let own = tickets.iter_mut().find(|ticket| it.ticket.as_ref() == Some(&ticket.id));
                    if let Some(own) = own {
                        own.state = match own.wanted {
                            Wanted::Closed => State::Closed { issue: Some(issue()) },
                            _ => State::Open { issue: issue() },
                        };
                        own.ended_at = (own.wanted == Wanted::Closed).then_some(at);
                        own.counts_since.get_or_insert(at);
                    }
                }
            }
            settle(&mut tasks, std::slice::from_ref(&setting), &mut tickets);
            for task in &tasks {
                let lists = |ticket: &&Ticket| ticket.tasks.contains(&task.id);
                let of_its = tickets.iter().filter(lists).filter(|ticket| ticket.wanted == Wanted::Open);
                let of_its: Vec<&Ticket> = of_its.collect();
                let is_shared = of_its.iter().all(|ticket| ticket.tasks.iter().any(|other| {
                    tasks.iter().any(|it| it.id == *other && it.is_open())
                }));
                prop_assert!(of_its.len() <= 1, "task {} has {} tickets", task.id, of_its.len());
                let linked = tickets.iter().find(|ticket| task.ticket.as_ref() == Some(&ticket.id));
                let is_covered = is_batch && is_any && linked.is_some_and(|ticket| {
                    let done = tasks.iter().filter(|it| it.ticket.as_ref() == Some(&ticket.id));
                    let mut done = done.filter_map(Task::ended_at).filter(|at| Some(*at) > ticket.counts_since);
                    let is_older = ticket.ended_at.is_none_or(|ended_at| task.opened_at <= ended_at);
                    ticket.wanted == Wanted::Closed && is_older && done.all(|at| task.opened_at < at)
                });
                if is_covered {
                    prop_assert!(of_its.is_empty(), "task {} has another ticket", task.id);
                } else if task.is_open() {
                    prop_assert_eq!(of_its.len(), 1, "task {}", task.id);
                    prop_assert_eq!(task.ticket.as_ref(), Some(&of_its[0].id));
                } else {
                    prop_assert!(is_shared, "task {} is done and its ticket is open for nobody", task.id);
                }
            }
        }
    }
}

#[path = "plan_batch_tests.rs"]
mod batches;

#[path = "plan_finding_tests.rs"]
mod findings;
