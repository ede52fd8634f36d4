use jiff::Timestamp;
use jiff::civil::Date;

use super::Seats;
use crate::account::{Account, AccountKind, OrganisationView, ProductAccess, Protection};
use crate::clock::after;
use crate::connection::{self, Connection, Method};
use crate::directory::SeatCount;
use crate::ids::{AccountId, CloudId, ConnectionId, ProductKey, TenantId};
use crate::ingestion::Ingestion;
use crate::site::SiteDomain;

const DAY: i64 = 24 * 3600;

fn now() -> Timestamp {
    "2026-03-31T12:00:00Z".parse().unwrap()
}

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn id() -> ConnectionId {
    ConnectionId::parse("con-1").unwrap()
}

fn jira() -> ProductKey {
    ProductKey::parse("jira-software").unwrap()
}

fn site() -> Connection {
    let domain = SiteDomain::parse("acme.atlassian.net").unwrap();
    let mut connection = Connection::begin(tenant(), id(), Method::ApiToken, domain, now());
    connection.cloud_id = Some(CloudId::parse("here").unwrap());
    let own = AccountId::parse("own").unwrap();
    connection.account = Some(connection::Account { id: own, time_zone: None });
    connection
}

fn account(name: &str, last_active_on: Option<&str>) -> Account {
    let mut account = Account::new(tenant(), id(), AccountId::parse(name).unwrap(), after(now(), -60 * DAY));
    (account.kind, account.active, account.products) = (AccountKind::Human, true, vec![jira()]);
    account.last_active_on = last_active_on.map(|day| day.parse().unwrap());
    account
}

fn used_at(resource: &str, day: &str) -> OrganisationView {
    let access = ProductAccess {
        product: "jira-software".to_owned(),
        resource: resource.to_owned(),
        last_active: Some(format!("{day}T10:00:00Z").parse().unwrap()),
    };
    OrganisationView { products: vec![access], ..OrganisationView::default() }
}

#[test]
fn a_seat_counts_as_used_by_what_was_done_here_or_told_of_this_site() {
    let (connection, mut ingestion) = (site(), Ingestion::new(tenant(), id(), "UTC".to_owned(), now()));
    ingestion.first_ended_at = Some(after(now(), -40 * DAY));
    let seats = Seats::of(&connection, &ingestion, now());
    let unused = |account: &Account| seats.is_unused(account, &jira(), 30);
    assert!(!unused(&account("a", Some("2026-03-01"))), "thirty days ago");
    assert!(unused(&account("a", Some("2026-02-28"))));
    assert!(unused(&account("a", None)));
    let mut here = account("a", None);
    here.organisation = Some(used_at("here", "2026-03-20"));
    assert!(!unused(&here));
    here.organisation = Some(used_at("elsewhere", "2026-03-20"));
    assert!(unused(&here), "another site of the organisation is no use of this one");
    let mut newcomer = account("a", None);
    newcomer.first_seen_at = after(now(), -5 * DAY);
    assert!(!unused(&newcomer), "who came five days ago had no thirty days");
    assert!(!unused(&account("own", None)), "our own account uses its seat");
}

#[test]
fn the_count_and_the_list_agree_on_every_account() {
    let (connection, ingestion) = (site(), Ingestion::new(tenant(), id(), "UTC".to_owned(), now()));
    let seats = Seats::of(&connection, &ingestion, now());
    let mut protected = account("p", None);
    let ends_on: Date = "2026-03-31".parse().unwrap();
    protected.protection = Some(Protection { reason: "leave".to_owned(), ends_on, by: "x".to_owned() });
    let mut app = account("app", None);
    app.kind = AccountKind::App;
    let mut gone = account("gone", None);
    gone.active = false;
    let all = [
        account("a", None),
        account("b", Some("2026-03-30")),
        account("c", Some("2026-01-01")),
        protected,
        app,
        gone,
    ];
    let mut count = SeatCount::default();
    let holders: Vec<&Account> = all.iter().filter(|account| seats.takes(account, &jira())).collect();
    for account in &holders {
        seats.add(&mut count, account, &jira());
    }
    assert_eq!((count.held, count.protected), (4, 1));
    for days in [1, 2, 30, 89, 90, 366] {
        let listed = holders.iter().filter(|account| seats.is_unused(account, &jira(), days)).count();
        let today = "2026-03-31".parse().unwrap();
        assert_eq!(count.unused_for(i64::from(days), today), listed as u64, "{days}");
    }
}

#[test]
fn what_is_billed_is_the_access_that_the_organisation_tells_of_for_this_site() {
    let (connection, ingestion) = (site(), Ingestion::new(tenant(), id(), "UTC".to_owned(), now()));
    let seats = Seats::of(&connection, &ingestion, now());
    let mut there = account("a", None);
    there.organisation = Some(used_at("here", "2026-03-20"));
    assert!(seats.is_billed(&there, &jira()));
    there.organisation = Some(used_at("elsewhere", "2026-03-20"));
    assert!(!seats.is_billed(&there, &jira()));
    assert!(!seats.is_billed(&account("a", None), &jira()));
}
