use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Directory, Persons};
use crate::account::{Account, AccountKind, Approval, Grant, Mark, MatchedBy, Owner};
use crate::check::{CheckId, Outcome, Verdict};
use crate::clock::after;
use crate::connection::{Connection, Method, UseCase};
use crate::evidence::Gap;
use crate::ids::{AccountId, CampaignId, ConnectionId, GroupId, PersonId, TenantId};
use crate::ingestion::{Ingestion, Source};
use crate::person::{Person, PersonStatus};
use crate::policy::AccessPolicy;
use crate::site::SiteDomain;

const DAY: i64 = 24 * 3600;

fn now() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn id() -> ConnectionId {
    ConnectionId::parse("con-1").unwrap()
}

fn connection() -> Connection {
    let site = SiteDomain::parse("acme.atlassian.net").unwrap();
    let mut connection = Connection::begin(tenant(), id(), Method::ApiToken, site, now());
    connection.use_cases = [UseCase::AccessReview].into();
    connection
}

/// A directory that was read whole an hour ago.
fn whole() -> Ingestion {
    let mut ingestion = Ingestion::new(tenant(), id(), "UTC".to_owned(), now());
    for source in [Source::Users, Source::Groups, Source::Members, Source::Products, Source::Roles] {
        ingestion.source(source).read_at = Some(after(now(), -3600));
    }
    ingestion.settled_at = Some(after(now(), -3600));
    ingestion.settled_sources = ingestion.sources.clone();
    ingestion
}

fn person(name: &str, status: PersonStatus) -> Person {
    Person {
        tenant: tenant(),
        id: PersonId::parse(name).unwrap(),
        email: format!("{name}@example.com"),
        name: name.to_owned(),
        status,
        manager: None,
        ends_on: None,
        updated_at: now(),
        version: 0,
    }
}

fn account(name: &str, owner: Owner) -> Account {
    let mut account = Account::new(tenant(), id(), AccountId::parse(name).unwrap(), after(now(), -DAY));
    (account.kind, account.active, account.owner) = (AccountKind::Human, true, owner);
    account
}

fn owned_by(name: &str) -> Owner {
    Owner::Person { person: PersonId::parse(name).unwrap(), by: MatchedBy::Email }
}

fn judge(check: CheckId, ingestion: Option<&Ingestion>, accounts: &[Account]) -> Verdict {
    judge_by(check, ingestion, accounts, &AccessPolicy::new(tenant(), id()))
}

fn judge_by(
    check: CheckId,
    ingestion: Option<&Ingestion>,
    accounts: &[Account],
    policy: &AccessPolicy,
) -> Verdict {
    let today = "2026-03-10".parse().unwrap();
    let people = [person("ada", PersonStatus::Active), person("bob", PersonStatus::Left)];
    let mut persons = Persons::default();
    persons.add(&people, today);
    let connection = connection();
    let now = now();
    let directory = Directory { connection: &connection, ingestion, policy, persons: &persons, now, today };
    let mut findings = directory.begin();
    for account in accounts {
        directory.look(account, &mut findings);
    }
    directory.judge(check, &mut findings).0
}

#[test]
fn an_active_account_of_a_person_who_left_fails_until_it_is_deactivated() {
    let mut accounts = [account("a", owned_by("ada")), account("b", owned_by("bob"))];
    let verdict = judge(CheckId::B6, Some(&whole()), &accounts);
    assert_eq!(verdict.outcome, Outcome::Fail);
    assert_eq!(verdict.failing.len(), 1);
    assert_eq!(verdict.failing[0].entity.id, "account:b");
    accounts[1].active = false;
    assert_eq!(judge(CheckId::B6, Some(&whole()), &accounts).outcome, Outcome::Pass);
}

#[test]
fn offboarding_cannot_be_told_while_an_account_is_not_identified() {
    let accounts = [account("a", owned_by("ada")), account("x", Owner::Unidentified)];
    let verdict = judge(CheckId::B6, Some(&whole()), &accounts);
    assert_eq!(verdict.outcome, Outcome::CannotTell);
    assert_eq!(verdict.gaps, [Gap::Unidentified { accounts: 1 }]);
}

#[test]
fn nothing_passes_on_a_directory_that_is_partial_old_or_unread() {
    let accounts = [account("a", owned_by("ada"))];
    let mut short = whole();
    short.settled_sources.entry(Source::Members).or_default().lacks(Gap::Short { read: 1, counted: 2 });
    // A new run has begun, and cleared what it reads anew: what is stored is still of the old one.
    short.source(Source::Members).begin();
    let mut old = whole();
    old.settled_at = Some(after(now(), -3 * DAY));
    let unread = Ingestion::new(tenant(), id(), "UTC".to_owned(), now());
    for check in [CheckId::B6, CheckId::B7, CheckId::B8] {
        assert_eq!(judge(check, Some(&whole()), &accounts).outcome, Outcome::Pass, "{check}");
        for (what, ingestion) in
            [("short", Some(&short)), ("old", Some(&old)), ("unread", Some(&unread)), ("none", None)]
        {
            let verdict = judge(check, ingestion, &accounts);
            assert_eq!(verdict.outcome, Outcome::CannotTell, "{check} {what}");
            assert!(!verdict.gaps.is_empty(), "{check} {what}");
        }
    }
}

#[test]
fn an_account_is_identified_by_a_person_of_the_list_or_a_mark_that_holds() {
    let marked = |ends_on: &str| Owner::Marked {
        mark: Mark::Service,
        reason: "backups".to_owned(),
        ends_on: ends_on.parse().unwrap(),
        by: "admin".to_owned(),
    };
    let mut app = account("app", Owner::Unidentified);
    app.kind = AccountKind::App;
    let accounts = [
        app,
        account("holds", marked("2026-03-10")),
        account("ended", marked("2026-03-09")),
        account("nobody", Owner::Unidentified),
        account("deleted", owned_by("carol")),
        account("fine", owned_by("ada")),
    ];
    let verdict = judge(CheckId::B7, Some(&whole()), &accounts);
    let failing: BTreeSet<&str> = verdict.failing.iter().map(|failing| failing.entity.key.as_str()).collect();
    assert_eq!(failing, BTreeSet::from(["ended", "nobody", "deleted"]));
}

#[test]
fn access_is_valid_when_all_of_it_was_approved_in_time_or_follows_the_rule() {
    let group = |id: &str| GroupId::parse(id).unwrap();
    let approval = |id: &str, days: i64| Approval {
        grant: Grant::Group { group: group(id) },
        campaign: CampaignId::parse("cam-1").unwrap(),
        at: after(now(), -days * DAY),
    };
    let mut ada = account("a", owned_by("ada"));
    ada.groups = vec![group("staff"), group("devs")];
    ada.approvals = vec![approval("devs", 10)];
    let mut policy = AccessPolicy::new(tenant(), id());
    let outcome = |ada: &Account, policy: &AccessPolicy| {
        judge_by(CheckId::B8, Some(&whole()), std::slice::from_ref(ada), policy).outcome
    };
    assert_eq!(outcome(&ada, &policy), Outcome::Fail, "staff was neither approved nor is there a rule");
    policy.ruled_groups.insert(group("staff"));
    assert_eq!(outcome(&ada, &policy), Outcome::Pass);
    policy.review_days = 9;
    assert_eq!(outcome(&ada, &policy), Outcome::Fail, "the approval of devs is too old");
    policy.review_days = 10;
    ada.owner = Owner::Unidentified;
    assert_eq!(outcome(&ada, &policy), Outcome::Fail, "the rule is for persons of the list only");
}
