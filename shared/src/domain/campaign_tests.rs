use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::{ActivityKnown, Campaign, Choice, Directory, Item, Observed, Place, Reminder, Said, Scope, Wish};
use crate::account::{Account, AccountKind, Grant, Mark, MatchedBy, Owner, Suggestion};
use crate::clock::after;
use crate::directory::{Group, Product, ProjectRole};
use crate::evidence::Gap;
use crate::ids::{
    AccountId, CampaignId, ConnectionId, GroupId, PersonId, ProductKey, ProjectId, RoleId, TenantId,
};
use crate::ingestion::{Ingestion, Source};
use crate::person::{Person, PersonStatus};

pub fn now() -> Timestamp {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

fn today() -> Date {
    date(2026, 6, 15)
}

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn connection() -> ConnectionId {
    ConnectionId::parse("con-1").unwrap()
}

pub fn group_id(id: &str) -> GroupId {
    GroupId::parse(id).unwrap()
}

pub fn in_group(id: &str) -> Grant {
    Grant::Group { group: group_id(id) }
}

pub fn in_role(project: &str, role: &str) -> Grant {
    Grant::Role { project: ProjectId::parse(project).unwrap(), role: RoleId::parse(role).unwrap() }
}

pub fn of_product(key: &str) -> Grant {
    Grant::Product { product: ProductKey::parse(key).unwrap() }
}

pub fn account(id: &str) -> Account {
    let id = AccountId::parse(id).unwrap();
    Account {
        kind: AccountKind::Human,
        name: "Ada Lovelace".to_owned(),
        active: true,
        ..Account::new(tenant(), connection(), id, now())
    }
}

fn group(id: &str, name: &str, products: &[&str]) -> Group {
    Group {
        tenant: tenant(),
        connection: connection(),
        id: group_id(id),
        name: name.to_owned(),
        members: 1,
        complete: true,
        products: products.iter().map(|key| ProductKey::parse(key).unwrap()).collect(),
        removed_at: None,
        version: 1,
    }
}

fn role(project: &str, role: &str, name: &str, groups: &[&str]) -> ProjectRole {
    ProjectRole {
        tenant: tenant(),
        connection: connection(),
        project: ProjectId::parse(project).unwrap(),
        project_key: format!("P{project}"),
        role: RoleId::parse(role).unwrap(),
        name: name.to_owned(),
        holders: 0,
        groups: groups.iter().map(|id| group_id(id)).collect(),
        removed_at: None,
        version: 1,
    }
}

/// Groups `g-dev` (gives software), `g-both` (gives both), `g-lead` (administers project 1), `g-admin`; roles 10 and 11 in
/// the projects 1 and 2.
pub fn directory() -> Directory {
    let product = |key: &str, groups: &[&str]| Product {
        tenant: tenant(),
        connection: connection(),
        key: ProductKey::parse(key).unwrap(),
        name: key.to_owned(),
        groups: groups.iter().map(|id| group_id(id)).collect(),
        seats: None,
        unlimited: true,
        used: None,
        count: None,
        removed_at: None,
        version: 1,
    };
    Directory::of(
        vec![
            group("g-dev", "developers", &["software"]),
            group("g-both", "everybody", &["software", "desk"]),
            group("g-lead", "leads", &[]),
            group("g-admin", "site-admins", &[]),
        ],
        vec![product("software", &["g-dev", "g-both"]), product("desk", &["g-both"])],
        vec![
            role("1", "10", "Administrators", &["g-lead"]),
            role("1", "11", "Developers", &["g-dev"]),
            role("2", "11", "Developers", &[]),
        ],
    )
}

pub fn campaign(scope: Scope) -> Campaign {
    let wish = Wish {
        name: "Second quarter".to_owned(),
        connection: connection(),
        scope,
        reviewers: vec![],
        due_on: date(2026, 6, 30),
        remind_days: vec![7, 1],
        dormant_days: 90,
    };
    let id = CampaignId::parse("cmp-1").unwrap();
    let zone = ("Pacific/Auckland".to_owned(), vec![]);
    Campaign::begin(tenant(), id, wish, "tok-admin", zone, now())
}

pub fn item(account: &str, grant: Grant) -> Item {
    Item {
        tenant: tenant(),
        campaign: CampaignId::parse("cmp-1").unwrap(),
        account: AccountId::parse(account).unwrap(),
        words: directory().words(&grant),
        grant,
        kind: AccountKind::Human,
        flags: super::Flags::default(),
        last_active_on: None,
        choice: Choice::Undecided,
        note: None,
        by: None,
        at: None,
        earlier: vec![],
        action: None,
        attempts: 0,
        carried_out: None,
        sealed: false,
        version: 0,
    }
}

pub fn said(choice: Choice, note: Option<&str>) -> Said {
    let place = Place { account: AccountId::parse("acc-1").unwrap(), grant: in_group("g-dev") };
    Said::of("items[0]", place, choice, note).unwrap()
}

#[test]
fn a_scope_by_project_or_role_covers_the_groups_that_hold_roles_there() {
    let directory = directory();
    let covers = |scope: Scope, grant: &Grant| scope.coverage(&directory).holds(grant);
    let project = || Scope::Projects { projects: [ProjectId::parse("1").unwrap()].into() };
    assert!(covers(project(), &in_role("1", "10")) && covers(project(), &in_group("g-lead")));
    assert!(covers(project(), &in_group("g-dev")), "its role in the project is access to it");
    assert!(!covers(project(), &in_role("2", "11")) && !covers(project(), &in_group("g-both")));
    let role = || Scope::Roles { roles: [RoleId::parse("11").unwrap()].into() };
    assert!(covers(role(), &in_role("2", "11")) && covers(role(), &in_group("g-dev")));
    assert!(!covers(role(), &in_role("1", "10")) && !covers(role(), &in_group("g-lead")));
    let product = || Scope::Products { products: [ProductKey::parse("desk").unwrap()].into() };
    assert!(covers(product(), &of_product("desk")) && !covers(product(), &in_group("g-both")));
    assert!(covers(Scope::All {}, &in_group("unknown")));
    let unknown = Scope::Groups { groups: [group_id("g-dev"), group_id("g-gone")].into() };
    assert_eq!(unknown.unknown(&directory).as_deref(), Some("group g-gone"));
    assert_eq!(role().unknown(&directory), None);
}

#[test]
fn power_comes_by_the_names_of_administrators_and_by_roles_that_groups_hold() {
    let directory = directory();
    for (grant, is_privileged) in [
        (in_group("g-admin"), Some(true)),
        (in_group("g-lead"), Some(true)),
        (in_group("g-dev"), Some(false)),
        (in_role("1", "10"), Some(true)),
        (in_role("2", "11"), Some(false)),
        (of_product("desk"), Some(false)),
        (in_group("g-unknown"), None),
        (in_role("3", "10"), None),
    ] {
        assert_eq!(directory.is_privileged(&grant), is_privileged, "{grant:?}");
    }
}

fn observed(since: Option<Date>) -> Observed<'static> {
    Observed { person: None, activity: ActivityKnown { since }, dormant_days: 90, today: today() }
}

#[test]
fn nobody_is_called_dormant_where_activity_is_not_known_for_as_long() {
    let mut quiet = account("acc-1");
    assert_eq!(observed(None).flags(&quiet).dormant, None);
    assert_eq!(observed(Some(date(2026, 5, 1))).flags(&quiet).dormant, None, "45 days prove no 90");
    assert_eq!(observed(Some(date(2026, 3, 1))).flags(&quiet).dormant, Some(true));
    quiet.last_active_on = Some(date(2026, 3, 16));
    assert_eq!(observed(Some(date(2026, 3, 1))).flags(&quiet).dormant, Some(true));
    quiet.last_active_on = Some(date(2026, 3, 17));
    assert_eq!(observed(None).flags(&quiet).dormant, Some(false), "who was active is not dormant");
}

#[test]
fn activity_is_known_only_if_it_was_read_whole_and_lately() {
    let mut ingestion = Ingestion::new(tenant(), connection(), "UTC".to_owned(), now());
    assert_eq!(ActivityKnown::of(&ingestion, now()).since, None);
    ingestion.activity.since = Some("2026-02-01T00:00:00Z".parse().unwrap());
    ingestion.activity.changes = Some(now());
    ingestion.activity.worklogs = Some(now());
    ingestion.source(Source::Changes).read_at = Some(now());
    assert_eq!(ActivityKnown::of(&ingestion, now()).since, None, "worklogs are missing");
    ingestion.source(Source::Worklogs).read_at = Some(now());
    assert_eq!(ActivityKnown::of(&ingestion, now()).since, Some(date(2026, 2, 1)));
    assert_eq!(ActivityKnown::of(&ingestion, after(now(), 3 * 86_400)).since, None, "too old");
    ingestion.source(Source::Changes).lacks(Gap::CallerUnconfirmed);
    assert_eq!(ActivityKnown::of(&ingestion, now()).since, None);
}

#[test]
fn accounts_are_of_after_a_change_only_if_their_lists_were_begun_after_it() {
    let mut ingestion = Ingestion::new(tenant(), connection(), "UTC".to_owned(), now());
    assert!(!ingestion.is_of_after(now()), "nothing was read yet");
    for (began, settled, expected) in [(1, 9, true), (-1, 9, false), (-9, -1, false), (20, 9, true)] {
        ingestion.began_at = Some(after(now(), began));
        ingestion.settled_at = Some(after(now(), settled));
        assert_eq!(ingestion.is_of_after(now()), expected, "begun at {began}, put together at {settled}");
    }
}

#[test]
fn an_account_stands_out_by_whose_it_is() {
    let person = Person {
        tenant: tenant(),
        id: PersonId::parse("per-1").unwrap(),
        email: "ada@acme.example".to_owned(),
        name: "Ada Lovelace".to_owned(),
        status: PersonStatus::Active,
        manager: None,
        ends_on: Some(date(2026, 6, 14)),
        updated_at: now(),
        version: 1,
    };
    let ada = account("acc-1");
    let flags = Observed { person: Some(&person), ..observed(None) }.flags(&ada);
    assert!(flags.left && flags.unidentified && !flags.shared && !flags.inactive);
    let owned = Account {
        owner: Owner::Person { person: person.id.clone(), by: MatchedBy::Confirmation },
        active: false,
        ..ada.clone()
    };
    let flags = observed(None).flags(&owned);
    assert!(!flags.left && !flags.unidentified && flags.inactive);
    let mark = |mark, ends_on| Account {
        owner: Owner::Marked { mark, reason: "r".to_owned(), ends_on, by: "tok".to_owned() },
        ..ada.clone()
    };
    assert!(observed(None).flags(&mark(Mark::Service, today())).shared);
    assert!(!observed(None).flags(&mark(Mark::External, today())).unidentified);
    assert!(observed(None).flags(&mark(Mark::External, date(2026, 6, 14))).unidentified, "the mark ended");
    let app = Account { kind: AccountKind::App, ..ada.clone() };
    assert!(!observed(None).flags(&app).unidentified);
}

#[test]
fn an_account_is_shared_if_its_name_or_address_names_no_person_or_several_are_likely() {
    let named = |name: &str, email: Option<&str>| Account {
        name: name.to_owned(),
        email: email.map(ToOwned::to_owned),
        ..account("acc-1")
    };
    for (name, email, is_shared) in [
        ("Support Team", None, true),
        ("IT-Helpdesk", None, true),
        ("Ada", Some("info@acme.example"), true),
        ("Ada Support", Some("ada@acme.example"), false),
        ("", None, false),
    ] {
        assert_eq!(observed(None).flags(&named(name, email)).shared, is_shared, "{name} {email:?}");
    }
    let likely =
        |person: &str, score| Suggestion { person: PersonId::parse(person).unwrap(), score, reasons: vec![] };
    let mut torn = account("acc-1");
    torn.suggestions = vec![likely("per-1", 90), likely("per-2", 79)];
    assert!(!observed(None).flags(&torn).shared);
    torn.suggestions[1].score = 80;
    assert!(observed(None).flags(&torn).shared);
}

#[test]
fn a_changed_decision_keeps_its_history_and_one_said_again_changes_nothing() {
    let mut it = item("acc-1", in_group("g-dev"));
    assert!(it.decide(&said(Choice::Keep, None), "tok-1", now()).unwrap());
    assert!(!it.decide(&said(Choice::Keep, None), "tok-1", after(now(), 5)).unwrap());
    assert!(it.decide(&said(Choice::Revoke, Some(" moved on ")), "tok-2", after(now(), 9)).unwrap());
    assert_eq!(
        (it.choice, it.note.as_deref(), it.by.as_deref()),
        (Choice::Revoke, Some("moved on"), Some("tok-2"))
    );
    assert_eq!(it.earlier.len(), 1);
    assert_eq!(
        (it.earlier[0].choice, it.earlier[0].by.as_str(), it.earlier[0].at),
        (Choice::Keep, "tok-1", now())
    );
    it.seal(None);
    assert!(it.decide(&said(Choice::Keep, None), "tok-1", now()).is_err());
    let mut often = item("acc-1", in_group("g-dev"));
    let refused = (0..60).find(|turn| {
        let by = format!("tok-{turn}");
        often.decide(&said(Choice::Keep, None), &by, now()).is_err()
    });
    assert_eq!((refused, often.earlier.len(), often.by.as_deref()), (Some(51), 50, Some("tok-50")));
}

#[test]
fn revoking_and_changing_need_a_note() {
    let place = || Place { account: AccountId::parse("acc-1").unwrap(), grant: in_group("g-dev") };
    for (choice, note, field) in [
        (Choice::Revoke, None, "items[3].note"),
        (Choice::Change, Some("  "), "items[3].note"),
        (Choice::Keep, Some("a\u{7}"), "items[3].note"),
        (Choice::Undecided, None, "items[3].decision"),
    ] {
        let error = Said::of("items[3]", place(), choice, note).unwrap_err();
        assert_eq!(*error.kind(), crate::error::Kind::Invalid { field: field.to_owned() }, "{choice:?}");
    }
    assert!(Said::of("items[3]", place(), Choice::Keep, Some(&"x".repeat(1001))).is_err());
    assert!(Said::of("items[3]", place(), Choice::Keep, None).is_ok());
}

#[test]
fn people_are_reminded_at_the_beginning_of_days_in_their_own_time_zone_and_once_it_is_over() {
    let mut campaign = campaign(Scope::All {});
    // Auckland is twelve hours ahead in June.
    assert_eq!(campaign.next_reminder(), Some("2026-06-22T12:00:00Z".parse().unwrap()));
    assert_eq!(campaign.reminder("2026-06-22T11:59:59Z".parse().unwrap()), None);
    assert_eq!(campaign.reminder("2026-06-22T12:00:00Z".parse().unwrap()), Some(Reminder::DueIn(7)));
    let late: Timestamp = "2026-07-03T00:00:00Z".parse().unwrap();
    assert_eq!(campaign.reminder(late), Some(Reminder::Overdue), "of several that were missed, the last");
    campaign.reminded_until = "2026-06-29T12:00:00Z".parse().unwrap();
    assert_eq!(campaign.next_reminder(), Some("2026-06-30T12:00:00Z".parse().unwrap()));
    campaign.reminded_until = late;
    assert_eq!((campaign.next_reminder(), campaign.reminder(late)), (None, None));
}
