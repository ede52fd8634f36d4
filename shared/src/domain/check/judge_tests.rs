//! Each kind of bad reading × each check: none of them passes.

use jiff::Timestamp;

use super::*;
use crate::connection::{Method, Problem, ProblemCode};
use crate::evidence::{Coverage, MAXIMUM_AGE};
use crate::ids::{AccountId, ConnectionId, TenantId};
use crate::site::SiteDomain;

fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn days_ago(days: i64) -> Timestamp {
    after(now(), -days * DAY)
}

fn entity(id: &str, assigned: bool, created_at: Timestamp, done: bool) -> Entity {
    Entity {
        id: id.to_owned(),
        key: format!("CHG-{id}"),
        title: "Entity".to_owned(),
        url: String::new(),
        assignee: assigned.then(|| AccountId::parse("acc-1").unwrap()),
        created_at,
        done,
        priority: Some("3".to_owned()),
    }
}

fn whole(entities: Vec<Entity>) -> Reading {
    let read = entities.len() as u64;
    let coverage = Coverage { pages: 1, read, counted: Some(read), in_scope: Some(read), gaps: vec![] };
    Reading {
        query: "q".to_owned(),
        scope: "s".to_owned(),
        entities,
        coverage,
        read_at: now(),
        seen_in: vec![],
    }
}

fn connection() -> Connection {
    let mut it = Connection::begin(
        TenantId::parse("acme").unwrap(),
        ConnectionId::parse("con-1").unwrap(),
        Method::ApiToken,
        SiteDomain::parse("acme.atlassian.net").unwrap(),
        days_ago(100),
    );
    it.use_cases = [UseCase::Ticketing].into();
    it.change_management.keys = vec!["CHG".to_owned()];
    it.state = State::Active;
    it.verified_at = Some(days_ago(0));
    it
}

/// Readings that would pass every check, were they not spoilt in one way each.
fn bad_readings() -> Vec<(&'static str, Reading)> {
    let good = || whole(vec![entity("1", true, days_ago(2), true)]);
    let with = |gap: Gap| {
        let mut reading = good();
        reading.coverage.gaps.push(gap);
        reading
    };
    let detail = || "x".to_owned();
    let mut list = vec![
        ("refused", with(Gap::Refused { detail: detail() })),
        ("unavailable", with(Gap::Unavailable { detail: detail() })),
        ("malformed", with(Gap::Malformed { detail: detail() })),
        ("hidden project", with(Gap::Hidden { project: "CHG".to_owned() })),
        ("anonymous", with(Gap::CallerUnconfirmed)),
        ("connection unusable", with(Gap::ConnectionUnusable { detail: detail() })),
        ("failed outright", Reading::failed("q", "s", Gap::Refused { detail: detail() }, now())),
    ];
    let mut short = good();
    short.coverage.counted = Some(2);
    list.push(("short", short));
    let mut uncounted = good();
    uncounted.coverage.counted = None;
    list.push(("not counted", uncounted));
    let mut stale = good();
    stale.read_at = after(now(), -MAXIMUM_AGE - 1);
    list.push(("stale", stale));
    let mut future = good();
    future.read_at = after(now(), 1);
    list.push(("from the future", future));
    list
}

#[test]
fn the_unspoilt_reading_passes_every_check() {
    let reading = whole(vec![entity("1", true, days_ago(2), true)]);
    assert_eq!(change_tickets_have_assignees(&reading, now()).outcome, Outcome::Pass);
    assert_eq!(incidents_are_closed(&reading, &IncidentLimits::default(), now()).outcome, Outcome::Pass);
    assert_eq!(there_was_change_activity(&reading, &connection(), now()).outcome, Outcome::Pass);
}

#[test]
fn no_check_passes_on_any_kind_of_bad_reading() {
    for (kind, reading) in bad_readings() {
        for (check, verdict) in [
            (CheckId::B2, change_tickets_have_assignees(&reading, now())),
            (CheckId::B3, incidents_are_closed(&reading, &IncidentLimits::default(), now())),
            (CheckId::B4, there_was_change_activity(&reading, &connection(), now())),
        ] {
            assert_eq!(verdict.outcome, Outcome::CannotTell, "{check} on a reading that is {kind}");
            assert!(!verdict.clears_the_rest(), "{check} on a reading that is {kind}");
        }
    }
}

#[test]
fn an_empty_but_whole_reading_is_never_a_pass() {
    let reading = whole(vec![]);
    assert_eq!(change_tickets_have_assignees(&reading, now()).outcome, Outcome::NotApplicable);
    assert_eq!(
        incidents_are_closed(&reading, &IncidentLimits::default(), now()).outcome,
        Outcome::NotApplicable
    );
    assert_eq!(there_was_change_activity(&reading, &connection(), now()).outcome, Outcome::Fail);
}

#[test]
fn no_open_incident_passes_only_where_incidents_exist() {
    let mut reading = whole(vec![]);
    reading.coverage.in_scope = Some(12);
    assert_eq!(incidents_are_closed(&reading, &IncidentLimits::default(), now()).outcome, Outcome::Pass);
}

#[test]
fn what_fails_in_a_partial_reading_fails_and_clears_nothing() {
    let mut reading = whole(vec![entity("1", false, days_ago(2), false)]);
    reading.coverage.counted = Some(5);
    let verdict = change_tickets_have_assignees(&reading, now());
    assert_eq!((verdict.outcome, verdict.failing.len()), (Outcome::Fail, 1));
    assert!(!verdict.clears_the_rest());
}

#[test]
fn an_incident_fails_only_past_the_limit_of_its_priority() {
    let limits = IncidentLimits { default_days: 30, days_by_priority: [("1".to_owned(), 2)].into() };
    let mut urgent = entity("2", true, days_ago(3), false);
    urgent.priority = Some("1".to_owned());
    let reading = whole(vec![
        entity("1", true, days_ago(29), false),
        urgent,
        entity("3", true, days_ago(31), false),
        entity("4", true, days_ago(300), true),
    ]);
    let failing: Vec<String> = incidents_are_closed(&reading, &limits, now())
        .failing
        .into_iter()
        .map(|failing| failing.entity.id)
        .collect();
    assert_eq!(failing, ["2", "3"]);
}

#[test]
fn activity_older_than_thirty_days_is_none() {
    let reading = whole(vec![entity("1", true, days_ago(31), true)]);
    assert_eq!(there_was_change_activity(&reading, &connection(), now()).outcome, Outcome::Fail);
}

#[test]
fn only_an_active_and_freshly_verified_connection_passes() {
    let judge = |connections: &[Connection]| {
        let tenant = entity("tenant", true, now(), false);
        (
            change_management_is_set_up(tenant.clone(), connections, now()).outcome,
            change_management_is_connected(tenant, connections, now()).outcome,
        )
    };
    assert_eq!(judge(&[connection()]), (Outcome::Pass, Outcome::Pass));
    assert_eq!(judge(&[]), (Outcome::Fail, Outcome::Fail));
    for state in [State::Pending, State::Degraded, State::NeedsReauth, State::Disconnected] {
        let mut it = connection();
        it.state = state;
        it.problems = vec![Problem::new(ProblemCode::PermissionMissing, "no", "yes").of(UseCase::Ticketing)];
        assert_eq!(judge(&[it]), (Outcome::Fail, Outcome::Fail), "{state:?}");
    }
    let mut stale = connection();
    stale.verified_at = Some(after(now(), -VERIFICATION_HOLDS_FOR - 1));
    assert_eq!(judge(&[stale]), (Outcome::CannotTell, Outcome::CannotTell));
    let mut never = connection();
    never.verified_at = None;
    assert_eq!(judge(&[never]), (Outcome::CannotTell, Outcome::CannotTell));
    let mut without_projects = connection();
    without_projects.change_management.keys.clear();
    assert_eq!(judge(&[without_projects]), (Outcome::Fail, Outcome::Pass));
    let mut other_use = connection();
    other_use.use_cases = [UseCase::Usage].into();
    assert_eq!(judge(&[other_use]), (Outcome::Fail, Outcome::Fail));
}

#[test]
fn a_problem_that_may_pass_is_no_failure_and_one_of_the_use_case_is_named() {
    let judge = |it: &Connection| {
        let tenant = entity("tenant", true, now(), false);
        let connections = std::slice::from_ref(it);
        [
            change_management_is_set_up(tenant.clone(), connections, now()),
            change_management_is_connected(tenant, connections, now()),
        ]
    };
    let mut it = connection();
    it.troubled(Problem::new(ProblemCode::WrongDomain, "Jira does not answer", "check the domain"));
    for verdict in judge(&it) {
        assert_eq!(verdict.outcome, Outcome::CannotTell, "{}", verdict.because);
        assert!(verdict.because.contains("Jira does not answer; check the domain"), "{}", verdict.because);
        assert!(matches!(verdict.gaps.as_slice(), [Gap::ConnectionUnusable { .. }]));
    }
    it.lost(Problem::new(ProblemCode::CredentialsRefused, "the token ended", "connect again"));
    for verdict in judge(&it) {
        assert_eq!(verdict.outcome, Outcome::Fail, "{}", verdict.because);
        assert!(verdict.because.ends_with("the token ended; connect again"), "{}", verdict.because);
    }
    it.state = State::Degraded;
    it.problems =
        vec![Problem::new(ProblemCode::PermissionMissing, "lacks Edit", "grant it").of(UseCase::Ticketing)];
    for verdict in judge(&it) {
        assert_eq!(verdict.outcome, Outcome::Fail, "{}", verdict.because);
        assert!(verdict.failing[0].why.ends_with("lacks Edit; grant it"), "{}", verdict.because);
    }
}
