use std::collections::BTreeSet;

use super::ShownPull;
use crate::clock::after;
use crate::plan::tests_support::ticket;
use crate::pull::{Pull, PullId, PullState};
use crate::ticket::{Issue, State, Step, Ticket, Wanted};

fn pull(state: PullState, seconds: i64) -> Pull {
    Pull {
        url: "https://github.com/acme/shop/pull/12".to_owned(),
        title: "Fix".to_owned(),
        repository: "acme/shop".to_owned(),
        number: 12,
        state,
        changed_at: after(now(), seconds),
        opened_at: None,
    }
}

fn now() -> jiff::Timestamp {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

fn id() -> PullId {
    PullId::of("https://github.com/acme/shop/pull/12")
}

fn open() -> Ticket {
    let mut ticket = ticket(now());
    let issue = Issue { id: "1".to_owned().try_into().unwrap(), key: "SEC-1".to_owned() };
    ticket.state = State::Open { issue };
    ticket.settled();
    ticket
}

fn shown(state: PullState, failed: Option<(String, i64)>) -> ShownPull {
    let is_done = failed.is_none();
    ShownPull {
        id: id(),
        state,
        key: "SEC-1".to_owned(),
        shown: is_done,
        moved: is_done,
        referenced_as: is_done.then(|| "SEC-1".to_owned()),
        failed,
        remark: None,
        done: Vec::new(),
    }
}

#[test]
fn a_pull_request_is_shown_once_there_is_an_issue_and_again_when_its_state_changes() {
    let all = BTreeSet::new();
    let mut ticket = ticket(now());
    assert!(ticket.follow_pull(&id(), &pull(PullState::Open, 0), &all, now()));
    assert_eq!(ticket.next_step(now()), Step::Create);
    let mut ticket = open();
    ticket.follow_pull(&id(), &pull(PullState::Open, 0), &all, now());
    assert_eq!((ticket.next_step(now()), ticket.due_at), (Step::Follow, Some(now())));
    ticket.begin_follow("worker", now());
    assert!(matches!(ticket.next_step(now()), Step::Wait { .. }));
    ticket.followed(&[shown(PullState::Open, None)], now());
    assert_eq!((ticket.next_step(now()), ticket.due_at), (Step::Settled, None));
    assert!(!ticket.follow_pull(&id(), &pull(PullState::Open, 0), &all, now()), "a replay is no news");
    assert!(ticket.follow_pull(&id(), &pull(PullState::Closed, 9), &all, now()));
    assert_eq!(ticket.next_step(now()), Step::Follow);
}

#[test]
fn tasks_are_told_of_a_merge_before_anything_else_even_without_an_issue() {
    let mut ticket = ticket(now());
    ticket.follow_pull(&id(), &pull(PullState::Merged, 0), &BTreeSet::new(), now());
    assert_eq!(ticket.next_step(now()), Step::TellPulls);
    assert_eq!(ticket.pulls_to_tell(), [(id(), PullState::Merged)]);
    ticket.told_of_pulls(&[(id(), PullState::Merged)], now());
    assert_eq!(ticket.next_step(now()), Step::Create);
    ticket.follow_pull(&id(), &pull(PullState::Reverted, 5), &BTreeSet::new(), now());
    assert_eq!(ticket.next_step(now()), Step::TellPulls);
}

#[test]
fn what_could_not_be_shown_waits_without_keeping_other_steps_waiting() {
    let mut ticket = open();
    ticket.follow_pull(&id(), &pull(PullState::Open, 0), &BTreeSet::new(), now());
    ticket.begin_follow("worker", now());
    ticket.followed(&[shown(PullState::Open, Some(("GitHub is down".to_owned(), 60)))], now());
    assert_eq!(ticket.next_step(now()), Step::Wait { until: after(now(), 60) });
    assert_eq!(ticket.due_at, Some(after(now(), 60)));
    ticket.want(Wanted::Closed, "done", now());
    assert_eq!(ticket.next_step(now()), Step::Close);
    assert_eq!(ticket.next_step(after(now(), 60)), Step::Follow);
    ticket.not_before = Some(after(now(), 3600));
    assert_eq!(ticket.next_step(now()), Step::Wait { until: after(now(), 60) }, "whichever comes first");
    ticket.begin_follow("worker", after(now(), 60));
    ticket.followed(&[shown(PullState::Open, None)], after(now(), 61));
    assert_eq!(ticket.next_step(after(now(), 61)), Step::Wait { until: after(now(), 3600) });
}

#[test]
fn nothing_is_shown_in_an_issue_that_is_not_there_or_left_alone() {
    let mut ticket = open();
    ticket.follow_pull(&id(), &pull(PullState::Open, 0), &BTreeSet::new(), now());
    ticket.wanted = Wanted::Kept;
    assert_eq!(ticket.next_step(now()), Step::Settled);
    ticket.wanted = Wanted::Open;
    ticket.state = State::Unknown { since: now(), looks: 0 };
    assert_eq!(ticket.next_step(now()), Step::LookUp);
}

#[test]
fn a_ticket_follows_only_so_many() {
    let mut ticket = open();
    for number in 0..60 {
        let url = format!("https://github.com/acme/shop/pull/{number}");
        let pull = Pull { url: url.clone(), ..pull(PullState::Open, 0) };
        assert_eq!(ticket.follow_pull(&PullId::of(&url), &pull, &BTreeSet::new(), now()), number < 50);
    }
}
