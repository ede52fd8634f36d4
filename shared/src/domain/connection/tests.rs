use super::{Account, Connection, IncidentLimits, Method, Problem, ProblemCode, State, UseCase};
use crate::ids::{AccountId, ConnectionId, TenantId};
use crate::site::SiteDomain;

fn connection() -> Connection {
    Connection::begin(
        TenantId::parse("acme").unwrap(),
        ConnectionId::parse("con-1").unwrap(),
        Method::ApiToken,
        SiteDomain::parse("acme.atlassian.net").unwrap(),
        "2026-01-01T00:00:00Z".parse().unwrap(),
    )
}

#[test]
fn a_verified_connection_is_due_at_once_and_degraded_by_what_it_lacks() {
    let now = "2026-01-02T00:00:00Z".parse().unwrap();
    let account = Account { id: AccountId::parse("acc-1").unwrap(), time_zone: None };
    let mut it = connection();
    it.verified(account.clone(), vec![], now);
    assert_eq!((it.state, it.due_at), (State::Active, Some(now)));
    let lack = Problem::new(ProblemCode::PermissionMissing, "no", "yes").of(UseCase::Ticketing);
    it.verified(account, vec![lack], now);
    assert_eq!(it.state, State::Degraded);
    it.disconnect();
    assert_eq!((it.state, it.due_at), (State::Disconnected, None));
    assert!(!it.state.usable());
}

#[test]
fn a_priority_may_have_a_limit_of_its_own() {
    let limits = IncidentLimits { default_days: 30, days_by_priority: [("1".to_owned(), 2)].into() };
    assert_eq!((limits.days(Some("1")), limits.days(Some("3")), limits.days(None)), (2, 30, 30));
}
