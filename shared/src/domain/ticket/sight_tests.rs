//! What a look shows, one sentence a rule.

use super::*;
use crate::clock::after;
use crate::ids::IssueId;
use crate::plan::tests_support::ticket;

fn at(seconds: i64) -> Timestamp {
    after("2026-01-01T00:00:00Z".parse().unwrap(), seconds)
}

fn issue() -> Issue {
    Issue { id: IssueId::parse("10").unwrap(), key: "SEC-1".to_owned() }
}

fn call() -> Call {
    Call { method: "GET".to_owned(), path: "/rest/api/3/issue/10".to_owned(), status: Some(200) }
}

fn sight(done: bool, seconds: i64) -> Sight {
    let name = if done { "Done" } else { "To Do" };
    Sight {
        key: "SEC-1".to_owned(),
        project: ProjectId::parse("10003").unwrap(),
        status: IssueStatus { name: name.to_owned(), done, read_at: at(seconds) },
        archived: false,
        changed_at: at(seconds),
        call: call(),
    }
}

fn open() -> Ticket {
    let mut it = ticket(at(0));
    it.state = State::Open { issue: issue() };
    it.seen(&sight(false, 1), ReopenRule::Both, "worker");
    it
}

fn closed() -> Ticket {
    let mut it = open();
    it.wanted = Wanted::Closed;
    it.begin_close("one", at(2));
    it.closed(sight(true, 3).status, call(), at(3));
    it
}

#[test]
fn a_person_who_closes_an_issue_is_news_for_its_tasks_and_our_own_closing_is_not() {
    let mut it = open();
    assert!(it.seen(&sight(true, 5), ReopenRule::Both, "jira:ann"));
    assert_eq!((it.state.word(), it.news), ("closed", Some(News::Closed)));
    let mut ours = open();
    ours.wanted = Wanted::Closed;
    ours.begin_close("one", at(4));
    ours.seen(&sight(true, 5), ReopenRule::Both, "worker");
    assert_eq!((ours.state.word(), ours.news), ("closed", None));
}

#[test]
fn a_person_who_reopens_an_issue_is_news_only_where_the_rule_lets_tasks_follow() {
    for (rule, word, news) in [
        (ReopenRule::Both, "open", Some(News::Reopened)),
        (ReopenRule::Tasks, "open", Some(News::Reopened)),
        (ReopenRule::Issues, "closed", None),
        (ReopenRule::Neither, "closed", None),
    ] {
        let mut it = closed();
        it.seen(&sight(false, 9), rule, "jira:ann");
        assert_eq!((it.state.word(), it.news), (word, news), "{rule:?}");
        assert!(!it.seen(&sight(false, 10), rule, "jira:ann"), "{rule:?}: told once");
    }
}

#[test]
fn our_own_reopening_is_no_news() {
    let mut it = closed();
    it.wanted = Wanted::Open;
    it.begin_reopen("one", at(6));
    it.seen(&sight(false, 9), ReopenRule::Both, "worker");
    assert_eq!((it.state.word(), it.news), ("open", None));
}

#[test]
fn an_older_sight_never_replaces_a_newer_one() {
    let mut it = open();
    it.seen(&sight(true, 20), ReopenRule::Both, "worker");
    assert!(!it.seen(&sight(false, 10), ReopenRule::Both, "worker"));
    assert_eq!(it.state.word(), "closed");
}

#[test]
fn an_older_sight_does_not_replace_a_newer_one_that_showed_nothing_new() {
    let mut it = open();
    // A person closed the issue at 8 and reopened it at 15; the look that began at 10 comes last.
    assert!(!it.seen(&sight(false, 20), ReopenRule::Both, "worker"));
    assert!(!it.seen(&sight(true, 10), ReopenRule::Both, "worker"));
    assert_eq!((it.state.word(), it.news), ("open", None));
}

#[test]
fn an_issue_that_a_person_closed_and_archived_between_two_looks_was_closed() {
    let mut it = open();
    it.seen(&Sight { archived: true, ..sight(true, 5) }, ReopenRule::Both, "jira:ann");
    assert_eq!((it.state.word(), it.news), ("gone", Some(News::Closed)));
    let mut ours = closed();
    ours.seen(&Sight { archived: true, ..sight(true, 5) }, ReopenRule::Both, "jira:ann");
    assert_eq!((ours.state.word(), ours.news), ("gone", None), "it was done before");
}

#[test]
fn what_people_decided_about_an_issue_that_was_gone_does_not_decide_the_next_time() {
    let mut it = open();
    it.seen(&Sight { archived: true, ..sight(false, 5) }, ReopenRule::Both, "jira:ann");
    assert!(it.decide(crate::sync_setting::GonePolicy::CloseTask, "tok-1", at(6)));
    it.told();
    it.seen(&sight(false, 9), ReopenRule::Both, "jira:ann");
    assert_eq!((it.state.word(), it.decided), ("open", None));
}

#[test]
fn an_issue_that_was_moved_keeps_its_ticket_under_the_new_key() {
    let mut it = open();
    let moved = Sight { key: "OPS-7".to_owned(), project: ProjectId::parse("7").unwrap(), ..sight(false, 5) };
    assert!(it.seen(&moved, ReopenRule::Both, "jira:ann"));
    assert_eq!((it.state.issue().unwrap().key.as_str(), it.project.as_str()), ("OPS-7", "7"));
}

#[test]
fn an_archived_issue_is_gone_and_a_restored_one_is_there_again() {
    let mut it = open();
    it.seen(&Sight { archived: true, ..sight(false, 5) }, ReopenRule::Both, "jira:ann");
    assert_eq!((it.state.word(), it.news), ("gone", Some(News::Gone)));
    it.told();
    it.seen(&sight(false, 9), ReopenRule::Both, "jira:ann");
    assert_eq!((it.state.word(), it.news), ("open", Some(News::Restored)));
}

#[test]
fn what_is_heard_during_a_look_is_looked_at_again() {
    let mut it = open();
    it.hear(at(5));
    it.looked(at(4));
    assert_eq!(it.heard_at, Some(at(5)));
    it.looked(at(5));
    assert_eq!(it.heard_at, None);
}
