use std::collections::BTreeSet;

use super::super::{Account, AccountKind, Approval, Grant};
use super::{Settled, Shown};
use crate::ids::{AccountId, CampaignId, ConnectionId, GroupId, ProductKey, TenantId};

fn now() -> jiff::Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn account() -> Account {
    let tenant = TenantId::parse("acme").unwrap();
    let mut account =
        Account::new(tenant, ConnectionId::parse("con-1").unwrap(), AccountId::parse("a1").unwrap(), now());
    account.take_shown(Shown {
        kind: AccountKind::Human,
        name: "Ada Example",
        email: Some("Ada@Example.com"),
        active: true,
    });
    account
}

fn group(id: &str) -> GroupId {
    GroupId::parse(id).unwrap()
}

#[test]
fn what_a_list_shows_again_changes_nothing() {
    let mut account = account();
    assert_eq!(account.email.as_deref(), Some("ada@example.com"));
    let shown = Shown { kind: AccountKind::Human, name: "Ada Example", email: None, active: true };
    assert!(!account.take_shown(shown), "an e-mail address that is hidden now is no news");
    assert_eq!(account.email.as_deref(), Some("ada@example.com"));
    assert!(account.take_shown(Shown { active: false, ..shown }));
    assert!(!account.is_live());
}

#[test]
fn a_group_that_was_not_read_to_its_end_removes_nobody() {
    let products = |of: &GroupId| {
        if of.as_str() == "seat" { vec![ProductKey::parse("jira-software").unwrap()] } else { Vec::new() }
    };
    let mut account = account();
    let all = Settled { groups: vec![group("seat"), group("b")], listed: true, ..Settled::default() };
    assert!(account.settle(&all, &products, now()));
    assert!(!account.settle(&all, &products, now()), "the same again changes nothing");
    let unread_groups = BTreeSet::from([group("seat")]);
    let short = Settled { groups: vec![], unread_groups, listed: true, ..Settled::default() };
    assert!(account.settle(&short, &products, now()));
    assert_eq!(account.groups, [group("seat")], "b was read to its end and does not name the account");
    assert_eq!(account.products.len(), 1);
    assert!(account.settle(&Settled { listed: true, ..Settled::default() }, &products, now()));
    assert!(account.groups.is_empty() && account.products.is_empty());
}

#[test]
fn a_removed_account_is_marked_once_and_comes_back() {
    let mut account = account();
    let none = |_: &GroupId| Vec::new();
    let gone = Settled::default();
    assert!(account.settle(&gone, &none, now()));
    assert_eq!(account.removed_at, Some(now()));
    assert!(!account.settle(&gone, &none, crate::clock::after(now(), 60)), "it was removed before");
    assert_eq!(account.removed_at, Some(now()));
    let shown = Shown { kind: AccountKind::Human, name: "Ada Example", email: None, active: true };
    assert!(account.take_shown(shown));
    assert_eq!(account.removed_at, None);
}

#[test]
fn a_closed_account_is_erased_and_stays_so() {
    let mut account = account();
    assert!(account.erase(now()));
    assert!(!account.erase(now()));
    let shown =
        Shown { kind: AccountKind::Human, name: "Former user", email: Some("x@example.com"), active: false };
    account.take_shown(shown);
    assert_eq!((account.name.as_str(), account.email), ("", None));
}

#[test]
fn lists_that_were_read_before_our_own_change_do_not_undo_it() {
    let none = |_: &GroupId| Vec::new();
    let mut account = account();
    account.groups = vec![group("kept")];
    account.access_changed_at = Some(now());
    let old = Settled {
        groups: vec![group("kept"), group("taken")],
        listed: true,
        read_from: Some(crate::clock::after(now(), -60)),
        ..Settled::default()
    };
    assert!(!account.settle(&old, &none, now()));
    assert_eq!(account.groups, [group("kept")]);
    let new = Settled { read_from: Some(crate::clock::after(now(), 60)), ..old };
    assert!(account.settle(&new, &none, now()));
    assert_eq!(account.groups.len(), 2, "somebody gave it again");
}

#[test]
fn access_that_went_takes_its_approval_with_it() {
    let none = |_: &GroupId| Vec::new();
    let mut account = account();
    let held = Settled { groups: vec![group("a")], listed: true, ..Settled::default() };
    account.settle(&held, &none, now());
    account.approvals = vec![Approval {
        grant: Grant::Group { group: group("a") },
        campaign: CampaignId::parse("cam-1").unwrap(),
        at: now(),
    }];
    assert!(!account.settle(&held, &none, now()));
    account.settle(&Settled { listed: true, ..Settled::default() }, &none, now());
    account.settle(&held, &none, now());
    assert!(account.approvals.is_empty(), "given again, it is to be approved again");
}
