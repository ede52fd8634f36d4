//! The state machine, one sentence a rule.

use jiff::Timestamp;

use super::super::outcome::LONGEST_WAIT;
use super::*;
use crate::clock::seconds_between;
use crate::plan::tests_support::ticket;
use crate::ticket::{Issue, IssueStatus};
use crate::trace::Call;

const BOUND: i64 = 600;

fn at(seconds: i64) -> Timestamp {
    after("2026-01-01T00:00:00Z".parse().unwrap(), seconds)
}

fn call() -> Call {
    Call { method: "POST".to_owned(), path: "/rest/api/3/issue/bulk".to_owned(), status: Some(201) }
}

fn issue() -> Issue {
    Issue { id: crate::ids::IssueId::parse("10").unwrap(), key: "SEC-1".to_owned() }
}

fn done() -> IssueStatus {
    IssueStatus { name: "Done".to_owned(), done: true, read_at: at(9) }
}

#[test]
fn a_planned_ticket_is_created_as_soon_as_its_message_comes() {
    assert_eq!(ticket(at(0)).next_step(at(0)), Step::Create);
}

#[test]
fn while_one_worker_has_a_ticket_another_waits() {
    let mut it = ticket(at(0));
    it.begin_create("one", String::new(), at(0));
    assert_eq!(it.next_step(at(1)), Step::Wait { until: at(LEASE) });
}

#[test]
fn a_worker_that_died_leaves_a_doubt_and_not_a_second_create() {
    let mut it = ticket(at(0));
    it.begin_create("one", String::new(), at(0));
    assert_eq!(it.next_step(at(LEASE)), Step::LookUp);
    it.not_found(call(), BOUND, at(LEASE));
    assert!(matches!(it.state, State::Unknown { .. }), "an empty search right after proves nothing");
    assert!(matches!(it.next_step(at(LEASE)), Step::Wait { .. }));
}

#[test]
fn an_unknown_ticket_is_looked_for_ever_more_rarely_and_created_again_only_past_the_bound() {
    let mut it = ticket(at(0));
    it.begin_create("one", String::new(), at(0));
    it.in_doubt("no answer came", None, at(5));
    let mut now = at(5);
    let mut looks = 0;
    while it.next_step(now) != Step::Create {
        if it.next_step(now) == Step::LookUp {
            it.not_found(call(), BOUND, now);
            looks += 1;
        }
        now = after(now, 1);
        assert!(now < at(2 * BOUND), "never settled");
    }
    assert!(now >= at(BOUND), "created again at {now}");
    assert!((5..20).contains(&looks), "{looks} looks");
}

#[test]
fn a_found_issue_is_adopted_and_settles_the_ticket() {
    let mut it = ticket(at(0));
    it.begin_create("one", String::new(), at(0));
    it.in_doubt("no answer came", None, at(5));
    it.found(issue(), call(), BOUND, at(8));
    assert_eq!((it.next_step(at(9)), it.due_at), (Step::Settled, None));
}

#[test]
fn after_a_repeated_create_a_twin_is_looked_for_once_more() {
    let mut it = ticket(at(0));
    it.begin_create("one", String::new(), at(0));
    it.in_doubt("no answer came", None, at(1));
    it.not_found(call(), BOUND, at(BOUND));
    it.begin_create("one", String::new(), at(BOUND));
    it.created(issue(), call(), BOUND, at(BOUND + 1));
    assert_eq!(it.next_step(at(BOUND + 2)), Step::Wait { until: at(2 * BOUND + 1) });
    assert_eq!(it.next_step(at(2 * BOUND + 1)), Step::LookUp);
    it.not_found(call(), BOUND, at(2 * BOUND + 1));
    assert_eq!((it.next_step(at(2 * BOUND + 2)), it.due_at), (Step::Settled, None));
}

#[test]
fn a_ticket_that_is_unwanted_before_an_issue_exists_is_dropped() {
    let mut it = ticket(at(0));
    it.wanted = Wanted::Closed;
    assert_eq!(it.next_step(at(0)), Step::Drop);
    it.dropped(BOUND, at(0));
    assert_eq!(it.state, State::Closed { issue: None });
}

#[test]
fn a_ticket_that_became_unwanted_while_it_was_created_is_closed_at_once() {
    let mut it = ticket(at(0));
    it.begin_create("one", String::new(), at(0));
    it.wanted = Wanted::Closed;
    it.created(issue(), call(), BOUND, at(1));
    assert_eq!((it.next_step(at(1)), it.due_at), (Step::Close, Some(at(1))));
    it.begin_close("one", at(1));
    it.closed(done(), call(), at(2));
    assert_eq!(it.next_step(at(3)), Step::Settled);
}

#[test]
fn an_issue_that_cannot_be_closed_is_tried_again_and_told_once() {
    let mut it = ticket(at(0));
    it.begin_create("one", String::new(), at(0));
    it.created(issue(), call(), BOUND, at(1));
    it.wanted = Wanted::Closed;
    for round in 0..3 {
        it.begin_close("one", at(10 + round * 100));
        let problem = "the transition needs field Root cause".to_owned();
        it.not_done("close", problem, None, 60, at(11 + round * 100));
    }
    assert_eq!(it.next_step(at(212)), Step::Wait { until: at(271) });
    assert_eq!(it.next_step(at(271)), Step::Close);
    let told = it.trace.iter().filter(|entry| entry.what == "could not close the issue").count();
    assert_eq!(told, 1);
}

#[test]
fn a_refused_create_is_tried_again_ever_more_rarely() {
    let mut it = ticket(at(0));
    let mut now = at(0);
    let mut waits = Vec::new();
    for _ in 0..8 {
        it.begin_create("one", String::new(), now);
        it.refused("Field 'priority' is required".to_owned(), call(), now);
        let Step::Wait { until } = it.next_step(now) else { panic!("must wait") };
        waits.push(seconds_between(now, until));
        now = until;
    }
    assert!(waits.is_sorted() && *waits.last().unwrap() <= LONGEST_WAIT, "{waits:?}");
}

#[test]
fn a_create_that_certainly_had_no_effect_leaves_nothing_to_look_for() {
    let mut it = ticket(at(0));
    it.begin_create("one", String::new(), at(0));
    it.postponed("no connection", None, 5, at(1));
    assert_eq!(it.next_step(at(2)), Step::Wait { until: at(6) });
    it.begin_create("one", String::new(), at(6));
    it.created(issue(), call(), BOUND, at(7));
    assert_eq!((it.next_step(at(8)), it.due_at), (Step::Settled, None));
}

#[test]
fn an_issue_found_after_two_lost_creates_is_looked_past_once_more() {
    let mut it = ticket(at(0));
    it.begin_create("one", String::new(), at(0));
    it.in_doubt("no answer came", None, at(1));
    it.not_found(call(), BOUND, at(BOUND));
    it.begin_create("one", String::new(), at(BOUND));
    it.in_doubt("no answer came", None, at(BOUND + 1));
    it.found(issue(), call(), BOUND, at(BOUND + 3));
    assert_eq!(it.next_step(at(2 * BOUND + 3)), Step::LookUp, "the other one may not be in the index yet");
}

#[test]
fn one_look_past_the_bound_does_not_make_a_second_create() {
    let mut it = ticket(at(0));
    it.begin_create("one", String::new(), at(0));
    it.in_doubt("no answer came", None, at(1));
    it.not_found(call(), BOUND, at(2 * BOUND));
    assert!(matches!(it.state, State::Unknown { .. }), "the index may lose an issue for a moment");
}

#[test]
fn a_ticket_dropped_after_a_doubt_is_looked_for_once_more() {
    let mut it = ticket(at(0));
    it.begin_create("one", String::new(), at(0));
    it.in_doubt("no answer came", None, at(1));
    it.not_found(call(), BOUND, at(BOUND));
    it.not_found(call(), BOUND, at(BOUND + 300));
    it.not_found(call(), BOUND, at(BOUND + 600));
    assert_eq!(it.state, State::Planned);
    it.want(Wanted::Closed, "its tasks are done", at(BOUND + 601));
    it.dropped(BOUND, at(BOUND + 602));
    assert_eq!(it.next_step(at(2 * BOUND + 602)), Step::LookUp);
    it.found(issue(), call(), BOUND, at(2 * BOUND + 603));
    it.not_found(call(), BOUND, at(3 * BOUND + 603));
    assert_eq!(it.next_step(at(3 * BOUND + 604)), Step::Close);
}
