//! Batches: one ticket for each assignee and generation.

use super::*;

/// So many seconds later.
fn later(seconds: i64) -> Timestamp {
    crate::clock::after(now(), seconds)
}

/// The ticket's issue was created now.
fn create(ticket: &mut Ticket) {
    ticket.state = State::Open { issue: issue() };
    ticket.counts_since = Some(now());
}

fn close(ticket: &mut Ticket, at: Timestamp) {
    ticket.state = State::Closed { issue: Some(issue()) };
    ticket.wanted = Wanted::Closed;
    ticket.ended_at = Some(at);
}

#[test]
fn a_batch_has_one_ticket_for_each_assignee_and_one_for_nobody() {
    let tasks = [of("1", Some("ann")), of("2", None), of("3", Some("ann")), of("4", Some("ben"))];
    let made = decide(&tasks, &[batch()], &[]);
    let mut sizes: Vec<usize> = made.new.iter().map(|ticket| ticket.tasks.len()).collect();
    sizes.sort_unstable();
    assert_eq!((sizes, made.links.len()), (vec![1, 1, 2], 4));
    let anns = made.new.iter().find(|ticket| ticket.tasks.len() == 2).unwrap();
    assert_eq!(anns.content.assignee, Some(AccountId::parse("ann").unwrap()));
    assert!(anns.content.body.is_empty(), "the list is made when it is written");
}

#[test]
fn tasks_join_a_live_batch_and_begin_the_next_generation_of_a_closed_one() {
    let mut tasks = vec![of("1", Some("ann"))];
    let mut tickets = Vec::new();
    settle(&mut tasks, &[batch()], &mut tickets);
    tasks.push(of("2", Some("ann")));
    settle(&mut tasks, &[batch()], &mut tickets);
    assert_eq!((tickets.len(), tickets[0].tasks.len()), (1, 2));
    close(&mut tickets[0], now());
    for task in &mut tasks {
        task.state = TaskState::Resolved;
    }
    tasks.push(of("3", Some("ann")));
    settle(&mut tasks, &[batch()], &mut tickets);
    assert_eq!(tickets.len(), 2);
    assert_eq!((tickets[1].generation, tickets[1].tasks.len()), (2, 1));
}

#[test]
fn a_task_that_somebody_else_takes_over_moves_to_the_others_batch() {
    let mut tasks = vec![of("1", Some("ann")), of("2", Some("ann"))];
    let mut tickets = Vec::new();
    settle(&mut tasks, &[batch()], &mut tickets);
    tasks[0].assignee = Some(AccountId::parse("ben").unwrap());
    settle(&mut tasks, &[batch()], &mut tickets);
    assert_eq!(tickets.iter().map(|ticket| ticket.tasks.len()).collect::<Vec<_>>(), vec![1, 1]);
    tasks[1].assignee = Some(AccountId::parse("ben").unwrap());
    settle(&mut tasks, &[batch()], &mut tickets);
    assert_eq!((tickets[0].tasks.len(), tickets[0].wanted), (0, Wanted::Closed), "nothing is left of it");
    assert_eq!((tickets[1].tasks.len(), tickets[1].wanted), (2, Wanted::Open));
}

#[test]
fn a_batch_closes_when_all_or_any_of_its_tasks_are_done_as_the_rule_says() {
    for (rule, after_one, after_two) in [
        (ClosureRule::All, Wanted::Open, Wanted::Closed),
        (ClosureRule::Any, Wanted::Closed, Wanted::Closed),
        (ClosureRule::Never, Wanted::Open, Wanted::Open),
    ] {
        let setting = SyncSetting { closure_rule: rule, ..batch() };
        let mut tasks = vec![of("1", None), of("2", None)];
        let mut tickets = Vec::new();
        settle(&mut tasks, std::slice::from_ref(&setting), &mut tickets);
        create(&mut tickets[0]);
        assert!(tasks[0].complete("tok", "done", later(1)));
        settle(&mut tasks, std::slice::from_ref(&setting), &mut tickets);
        assert_eq!(tickets[0].wanted, after_one, "{rule:?}");
        assert!(tasks[1].complete("tok", "done", later(2)));
        settle(&mut tasks, std::slice::from_ref(&setting), &mut tickets);
        assert_eq!(tickets[0].wanted, after_two, "{rule:?}");
    }
}

#[test]
fn with_the_rule_any_a_closed_ticket_covers_its_open_tasks_until_one_is_opened_again() {
    let setting = SyncSetting { closure_rule: ClosureRule::Any, ..batch() };
    let mut tasks = vec![of("1", None), of("2", None)];
    let mut tickets = Vec::new();
    settle(&mut tasks, std::slice::from_ref(&setting), &mut tickets);
    tasks[0].state = TaskState::Completed;
    close(&mut tickets[0], now());
    let made = settle(&mut tasks, std::slice::from_ref(&setting), &mut tickets);
    assert_eq!((made.new.len(), tickets[0].wanted), (0, Wanted::Closed));
    for rule in [ReopenRule::Both, ReopenRule::Issues, ReopenRule::Tasks, ReopenRule::Neither] {
        let setting = SyncSetting { reopen_rule: rule, ..setting.clone() };
        let (mut tasks, mut tickets) = (tasks.clone(), tickets.clone());
        assert!(tasks[0].reopen(later(60)));
        settle(&mut tasks, std::slice::from_ref(&setting), &mut tickets);
        let wishes: Vec<_> = tickets.iter().map(|it| (it.generation, it.wanted, it.tasks.len())).collect();
        assert_eq!(wishes, [(1, Wanted::Closed, 1), (2, Wanted::Open, 1)], "{rule:?}");
    }
}

#[test]
fn with_the_rule_any_no_task_joins_a_batch_that_is_about_to_be_closed() {
    let setting = SyncSetting { closure_rule: ClosureRule::Any, ..batch() };
    let mut tasks = vec![of("1", None), of("2", None)];
    let mut tickets = Vec::new();
    settle(&mut tasks, std::slice::from_ref(&setting), &mut tickets);
    create(&mut tickets[0]);
    assert!(tasks[0].complete("tok", "done", later(1)));
    tasks.push(of("3", None));
    settle(&mut tasks, std::slice::from_ref(&setting), &mut tickets);
    let wishes: Vec<_> = tickets.iter().map(|it| (it.wanted, it.tasks.len())).collect();
    assert_eq!(wishes, [(Wanted::Closed, 2), (Wanted::Open, 1)]);
}

#[test]
fn with_the_rule_any_an_issue_that_a_person_reopened_stays_open_until_one_more_task_is_done() {
    let setting = SyncSetting { closure_rule: ClosureRule::Any, ..batch() };
    let mut tasks = vec![of("1", None), of("2", None), of("3", None)];
    let mut tickets = Vec::new();
    settle(&mut tasks, std::slice::from_ref(&setting), &mut tickets);
    tasks[0].state = TaskState::Resolved;
    tasks[0].resolved_at = Some(now());
    tickets[0].state = State::Open { issue: issue() };
    tickets[0].counts_since = Some(later(60));
    settle(&mut tasks, std::slice::from_ref(&setting), &mut tickets);
    assert_eq!((tickets.len(), tickets[0].wanted), (1, Wanted::Open));
    tasks.push(of("4", None));
    settle(&mut tasks, std::slice::from_ref(&setting), &mut tickets);
    assert_eq!((tickets.len(), tickets[0].tasks.len()), (1, 4), "it takes tasks again");
    assert!(tasks[1].complete("tok", "done", later(120)));
    settle(&mut tasks, std::slice::from_ref(&setting), &mut tickets);
    assert_eq!((tickets.len(), tickets[0].wanted), (1, Wanted::Closed));
}

#[test]
fn a_closed_batch_is_not_opened_for_a_task_that_is_somebody_elses_now() {
    let mut tasks = vec![of("1", Some("ann"))];
    let mut tickets = Vec::new();
    settle(&mut tasks, &[batch()], &mut tickets);
    close(&mut tickets[0], now());
    tasks[0].opened_at = later(60);
    tasks[0].assignee = Some(AccountId::parse("ben").unwrap());
    settle(&mut tasks, &[batch()], &mut tickets);
    let wishes: Vec<_> = tickets.iter().map(|it| (it.wanted, it.tasks.len())).collect();
    assert_eq!(wishes, [(Wanted::Closed, 0), (Wanted::Open, 1)]);
}

#[test]
fn with_the_rule_any_a_task_that_is_opened_again_while_its_batch_is_being_closed_gets_the_next_generation() {
    let setting = SyncSetting { closure_rule: ClosureRule::Any, ..batch() };
    let settings = std::slice::from_ref(&setting);
    for closes_first in [false, true] {
        let mut tasks = vec![of("1", None), of("2", None), of("3", None)];
        let mut tickets = Vec::new();
        settle(&mut tasks, settings, &mut tickets);
        create(&mut tickets[0]);
        assert!(tasks[0].complete("tok", "done", later(10)) && tasks[1].complete("tok", "done", later(10)));
        settle(&mut tasks, settings, &mut tickets);
        assert!(tasks[1].reopen(later(20)));
        if closes_first {
            close(&mut tickets[0], later(30));
        }
        settle(&mut tasks, settings, &mut tickets);
        let wishes: Vec<_> = tickets.iter().map(|it| (it.wanted, it.tasks.len())).collect();
        assert_eq!(wishes, [(Wanted::Closed, 2), (Wanted::Open, 1)], "{closes_first}");
    }
}

#[test]
fn with_the_rule_any_a_batch_without_an_issue_is_there_for_its_open_tasks_whatever_is_done() {
    let setting = SyncSetting { closure_rule: ClosureRule::Any, ..batch() };
    let settings = std::slice::from_ref(&setting);
    let mut tasks = vec![of("1", None), of("2", None)];
    let mut tickets = Vec::new();
    settle(&mut tasks, settings, &mut tickets);
    assert!(tasks[0].complete("tok", "done", later(10)));
    settle(&mut tasks, settings, &mut tickets);
    assert_eq!((tickets.len(), tickets[0].wanted), (1, Wanted::Open));
    assert!(tasks[1].complete("tok", "done", later(20)));
    settle(&mut tasks, settings, &mut tickets);
    assert_eq!(tickets[0].wanted, Wanted::Closed);
    // It was dropped; then one task is to be done again, by somebody else.
    tickets[0].state = State::Closed { issue: None };
    tickets[0].ended_at = Some(later(30));
    assert!(tasks[1].reopen(later(40)));
    tasks[1].assignee = Some(AccountId::parse("ann").unwrap());
    settle(&mut tasks, settings, &mut tickets);
    let wishes: Vec<_> = tickets.iter().map(|it| (it.wanted, it.tasks.len())).collect();
    assert_eq!(wishes, [(Wanted::Closed, 1), (Wanted::Open, 1)]);
}

#[test]
fn what_cannot_be_written_takes_along_all_that_hangs_on_its_tickets() {
    let mut tasks = vec![of("1", Some("ann")), of("2", Some("ann")), of("3", Some("cid"))];
    let mut tickets = Vec::new();
    settle(&mut tasks, &[batch()], &mut tickets);
    // One stays where it is, one leaves the same batch; a third is nobody's neighbour.
    tasks[0].title = "Another title".to_owned();
    tasks[1].assignee = Some(AccountId::parse("ben").unwrap());
    tasks[2].assignee = Some(AccountId::parse("dan").unwrap());
    let mut made = decide(&tasks, &[batch()], &tickets);
    assert_eq!((made.links.len(), made.new.len()), (2, 2));
    let forgotten = made.forget(&tasks[0].id);
    assert_eq!(forgotten.into_iter().collect::<Vec<_>>(), [tasks[0].id.clone(), tasks[1].id.clone()]);
    let linked: Vec<_> = made.links.iter().map(|link| &link.task).collect();
    assert_eq!(linked, [&tasks[2].id], "the other one stays linked to the batch that is not written");
    assert_eq!((made.new.len(), &made.new[0].tasks[0]), (1, &tasks[2].id));
    made.forget(&tasks[2].id);
    assert!(made.links.is_empty() && made.changed.is_empty());
}

#[test]
fn with_the_rule_any_a_batch_covers_only_the_tasks_that_it_lists() {
    let setting = SyncSetting { closure_rule: ClosureRule::Any, ..batch() };
    let settings = std::slice::from_ref(&setting);
    for is_closed in [false, true] {
        let mut tasks = vec![of("1", None)];
        let mut tickets = Vec::new();
        settle(&mut tasks, settings, &mut tickets);
        create(&mut tickets[0]);
        // It was linked, and the function died before it was listed.
        tasks.push(Task { ticket: Some(tickets[0].id.clone()), ..of("2", None) });
        assert!(tasks[0].complete("tok", "done", later(10)));
        if is_closed {
            close(&mut tickets[0], later(20));
        }
        settle(&mut tasks, settings, &mut tickets);
        let wishes: Vec<_> = tickets.iter().map(|it| (it.wanted, it.tasks.len())).collect();
        assert_eq!(wishes, [(Wanted::Closed, 1), (Wanted::Open, 1)], "{is_closed}");
    }
}
