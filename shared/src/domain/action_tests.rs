use jiff::Timestamp;
use jiff::civil::date;

use super::{Action, Asked, Change, MOST_AT_ONCE, Plan, Rules, State, Wish, note_on, plan};
use crate::account::{Account, Grant, Protection};
use crate::campaign::tests::{account, directory, group_id, in_group, in_role, now, of_product};
use crate::clock::after;
use crate::error::Kind;
use crate::ids::{AccountId, ActionId, ConnectionId, ProductKey, TenantId};

fn own() -> AccountId {
    AccountId::parse("acc-own-2").unwrap()
}

fn action(asked: Asked) -> Action {
    let wish = Wish {
        connection: ConnectionId::parse("con-1").unwrap(),
        account: Some(AccountId::parse("acc-1").unwrap()),
        asked,
        why: "left".to_owned(),
        campaign: None,
        together: 1,
        held: false,
    };
    let id = ActionId::parse("act-1").unwrap();
    Action::begin(TenantId::parse("acme").unwrap(), id, wish, "tok-asks", now())
}

fn removing(grant: Grant) -> Action {
    action(Asked::Remove { grant })
}

fn member(groups: &[&str], products: &[&str]) -> Account {
    Account {
        groups: groups.iter().map(|id| group_id(id)).collect(),
        products: products.iter().map(|key| ProductKey::parse(key).unwrap()).collect(),
        ..account("acc-1")
    }
}

fn planned(action: &Action, account: &Account) -> Result<Plan, String> {
    let directory = directory();
    let own = [AccountId::parse("acc-own-1").unwrap(), own()].into();
    plan(action, &Rules { account, directory: &directory, own: &own, today: date(2026, 6, 15) })
}

#[test]
fn a_product_goes_by_leaving_every_group_that_gives_it_and_what_else_goes_is_named() {
    let account = member(&["g-both", "g-dev", "g-lead"], &["desk", "software"]);
    let software = planned(&removing(of_product("software")), &account).unwrap();
    let left: Vec<Grant> = software.steps.iter().filter_map(|step| step.object.grant().cloned()).collect();
    assert_eq!(left, [in_group("g-both"), in_group("g-dev")]);
    assert!(software.steps.iter().all(|step| step.change == Change::Remove));
    assert_eq!(software.products_lost, [ProductKey::parse("desk").unwrap()]);
    let desk = planned(&removing(of_product("desk")), &account).unwrap();
    assert_eq!((desk.steps.len(), desk.products_lost.len()), (1, 0), "software stays by g-dev");
    let group = planned(&removing(in_group("g-both")), &account).unwrap();
    assert_eq!(group.products_lost, [ProductKey::parse("desk").unwrap()]);
    let nowhere = planned(&removing(of_product("desk")), &member(&["g-dev"], &["desk"])).unwrap_err();
    assert!(nowhere.contains("product desk"), "{nowhere}");
}

#[test]
fn our_own_account_and_protected_ones_are_never_touched() {
    let account = member(&["g-dev"], &[]);
    let itself = Account { id: own(), ..account.clone() };
    assert!(planned(&removing(in_group("g-dev")), &itself).unwrap_err().contains("acts as"));
    let protection = |ends_on| Account {
        protection: Some(Protection { reason: "r".to_owned(), ends_on, by: "tok".to_owned() }),
        ..account.clone()
    };
    let on_its_last_day = planned(&removing(in_group("g-dev")), &protection(date(2026, 6, 15)));
    assert!(on_its_last_day.unwrap_err().contains("protected until 2026-06-15"));
    assert!(planned(&removing(in_group("g-dev")), &protection(date(2026, 6, 14))).is_ok());
    let adding = action(Asked::Add { grant: in_group("g-dev") });
    assert!(planned(&adding, &protection(date(2026, 6, 15))).is_ok(), "giving is no harm to it");
    let suspended = Account { active: false, ..account.clone() };
    assert!(planned(&adding, &suspended).is_err());
    assert!(planned(&removing(in_group("g-dev")), &suspended).is_ok());
    let erased = Account { erased_at: Some(now()), ..account };
    assert!(planned(&removing(in_group("g-dev")), &erased).is_err());
}

#[test]
fn what_is_privileged_unknown_or_many_at_once_is_dangerous() {
    let account = member(&["g-dev", "g-admin"], &[]);
    let dangers = |action: &Action| planned(action, &account).unwrap().dangers.len();
    assert_eq!(dangers(&removing(in_group("g-dev"))), 0);
    assert_eq!(dangers(&removing(in_group("g-admin"))), 1);
    assert_eq!(dangers(&removing(in_group("g-unknown"))), 1);
    assert_eq!(dangers(&removing(in_role("1", "10"))), 1);
    assert_eq!(dangers(&Action { together: MOST_AT_ONCE, ..removing(in_group("g-dev")) }), 0);
    assert_eq!(dangers(&Action { together: MOST_AT_ONCE + 1, ..removing(in_group("g-dev")) }), 1);
}

#[test]
fn a_dangerous_action_is_approved_by_another_person_alone() {
    let account = member(&["g-admin"], &[]);
    let mut dangerous = removing(in_group("g-admin"));
    let plan = planned(&dangerous, &account).unwrap();
    dangerous.planned(plan, now());
    assert_eq!((dangerous.state, dangerous.due_at), (State::AwaitingApproval, None));
    for (by, is_same) in [("tok-asks", false), ("tok-second", true)] {
        let refused = dangerous.approve(by, is_same, now()).unwrap_err();
        assert_eq!(*refused.kind(), Kind::Forbidden, "{by}");
    }
    dangerous.approve("tok-other", false, now()).unwrap();
    assert_eq!((dangerous.state, dangerous.approved_by.as_deref()), (State::Approved, Some("tok-other")));
    assert_eq!(*dangerous.approve("tok-other", false, now()).unwrap_err().kind(), Kind::Conflict);

    let account = member(&["g-dev"], &[]);
    let mut usual = removing(in_group("g-dev"));
    usual.planned(planned(&usual, &account).unwrap(), now());
    assert_eq!((usual.state, usual.due_at), (State::Approved, Some(now())), "it goes on by itself");
    let mut held = Action { held: true, ..removing(in_group("g-dev")) };
    held.planned(planned(&held, &account).unwrap(), now());
    assert_eq!(held.state, State::AwaitingApproval);
    held.approve("tok-asks", true, now()).unwrap();
}

#[test]
fn undoing_turns_round_what_was_really_changed() {
    let account = member(&["g-both", "g-dev"], &["software"]);
    let mut done = removing(of_product("software"));
    done.planned(planned(&done, &account).unwrap(), now());
    assert!(done.undoing().is_err(), "nothing was done yet");
    done.steps[0].held_before = Some(true);
    done.steps[0].done_at = Some(now());
    done.steps[1].held_before = Some(false);
    done.steps[1].done_at = Some(now());
    done.go_to(State::Done, after(now(), 9));
    let mut failed = done.clone();
    failed.go_to(State::Failed, after(now(), 9));
    failed.steps[0].done_at = None;
    let Asked::Undo { steps: in_doubt, .. } = failed.undoing().unwrap() else { panic!("no undoing") };
    assert_eq!(in_doubt.len(), 1, "Jira may have been told of it");
    failed.steps[0].held_before = None;
    assert!(failed.undoing().is_err());
    let Asked::Undo { of, steps } = done.undoing().unwrap() else { panic!("no undoing") };
    assert_eq!((of, steps.len()), (done.id.clone(), 1), "who was no member before becomes none");
    assert_eq!((steps[0].change, &steps[0].object), (Change::Add, &done.steps[0].object));
    assert_eq!((steps[0].held_before, steps[0].done_at), (None, None));
    let again = planned(&action(Asked::Undo { of: done.id, steps }), &account).unwrap();
    assert_eq!((again.steps.len(), again.steps[0].change), (1, Change::Add));
}

#[test]
fn an_action_is_declined_only_before_anything_was_changed() {
    let mut early = removing(in_group("g-dev"));
    early.decline("tok-2", "not now", now()).unwrap();
    assert_eq!((early.state, early.due_at, early.ended_at), (State::Refused, None, Some(now())));
    assert!(early.problem.as_deref().unwrap().contains("not now"));
    for state in [State::Running, State::Done, State::Failed, State::Refused, State::Undone] {
        let mut late = removing(in_group("g-dev"));
        late.go_to(state, now());
        assert_eq!(*late.decline("tok-2", "no", now()).unwrap_err().kind(), Kind::Conflict, "{state:?}");
    }
}

#[test]
fn the_trace_keeps_its_beginning_and_its_end() {
    let mut long = removing(in_group("g-dev"));
    let last: Timestamp = after(now(), 500);
    for second in 1..=500 {
        long.note(after(now(), second), "worker", "tried", "again");
    }
    assert_eq!((long.trace.len(), long.trace[0].at, long.trace[59].at), (60, now(), last));
}

#[test]
fn what_was_read_back_is_noted_on_the_account_until_the_lists_are_read_again() {
    let mut account = member(&["g-both", "g-lead"], &["desk", "software"]);
    let mut done = removing(in_group("g-both"));
    done.planned(planned(&done, &account).unwrap(), now());
    let steps = &mut done.steps;
    assert!(!note_on(&mut account, steps, &directory()), "nothing was read back yet");
    steps[0].done_at = Some(now());
    assert!(note_on(&mut account, steps, &directory()));
    assert_eq!((account.groups.len(), account.products.len()), (1, 0));
    assert!(!note_on(&mut account, steps, &directory()), "noted again, it is as it is");
    steps[0].change = Change::Add;
    assert!(note_on(&mut account, steps, &directory()));
    assert_eq!(account, member(&["g-both", "g-lead"], &["desk", "software"]));
}

#[path = "action_kinds_tests.rs"]
mod kinds;
