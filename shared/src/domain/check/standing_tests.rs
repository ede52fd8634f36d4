use super::*;
use crate::check::Evidence;
use crate::clock::after;
use crate::connection::{Evaluated, Method, Problem, ProblemCode, UseCase};
use crate::ids::{RunId, TenantId};
use crate::site::SiteDomain;

fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn connection(id: &str) -> Connection {
    let mut it = Connection::begin(
        TenantId::parse("acme").unwrap(),
        ConnectionId::parse(id).unwrap(),
        Method::ApiToken,
        SiteDomain::parse("acme.atlassian.net").unwrap(),
        now(),
    );
    it.use_cases = [UseCase::Ticketing].into();
    it.state = crate::connection::State::Active;
    it.evaluated = Some(Evaluated { started_at: now(), points: 1, every: 600 });
    it
}

fn run(check: CheckId, connection: Option<&str>, outcome: Outcome, age: i64) -> CheckRun {
    CheckRun {
        tenant: TenantId::parse("acme").unwrap(),
        id: RunId::parse("r").unwrap(),
        check,
        connection: connection.map(|id| ConnectionId::parse(id).unwrap()),
        outcome,
        because: String::new(),
        failing: 0,
        evidence: Evidence::default(),
        started_at: after(now(), -age),
        finished_at: after(now(), -age),
    }
}

#[test]
fn what_no_longer_exists_or_is_no_longer_for_the_check_is_left_out() {
    let pass = [run(CheckId::B2, Some("con-1"), Outcome::Pass, 10)];
    let mut it = connection("con-1");
    let judge = |it: &Connection| standing(CheckId::B2, &pass, std::slice::from_ref(it), now()).outcome;
    assert_eq!(judge(&it), Some(Outcome::Pass));
    it.use_cases = [UseCase::Usage].into();
    assert_eq!(judge(&it), None);
    it.use_cases = [UseCase::Ticketing].into();
    it.disconnect();
    assert_eq!(judge(&it), None);
    assert_eq!(standing(CheckId::B2, &pass, &[], now()).outcome, None);
}

#[test]
fn what_was_not_evaluated_or_not_for_long_or_cannot_be_read_cannot_be_told() {
    let both = [connection("con-1"), connection("con-2")];
    let pass = run(CheckId::B2, Some("con-1"), Outcome::Pass, 10);
    let it = standing(CheckId::B2, std::slice::from_ref(&pass), &both, now());
    assert_eq!((it.outcome, it.doubts.len(), it.results.len()), (Some(Outcome::CannotTell), 1, 1));
    assert_eq!(standing(CheckId::B2, &[], &both, now()).outcome, None, "before the first run of all");
    let old = run(CheckId::B2, Some("con-2"), Outcome::Pass, 1201);
    assert_eq!(standing(CheckId::B2, &[pass.clone(), old], &both, now()).outcome, Some(Outcome::CannotTell));
    let fresh = run(CheckId::B2, Some("con-2"), Outcome::Pass, 1200);
    assert_eq!(standing(CheckId::B2, &[pass.clone(), fresh], &both, now()).outcome, Some(Outcome::Pass));
    let mut lost = connection("con-1");
    lost.lost(Problem::new(ProblemCode::CredentialsRefused, "no", "yes"));
    let it = standing(CheckId::B2, std::slice::from_ref(&pass), &[lost.clone()], now());
    assert_eq!(it.outcome, Some(Outcome::CannotTell));
    let fail = run(CheckId::B2, Some("con-1"), Outcome::Fail, 10);
    assert_eq!(standing(CheckId::B2, &[fail], &[lost], now()).outcome, Some(Outcome::Fail));
}

#[test]
fn a_check_about_the_tenant_stands_by_its_own_run_while_that_is_fresh() {
    let judge = |age| {
        let latest = [run(CheckId::B5, None, Outcome::Pass, age)];
        standing(CheckId::B5, &latest, &[connection("con-1")], now()).outcome
    };
    assert_eq!((judge(1200), judge(1201)), (Some(Outcome::Pass), Some(Outcome::CannotTell)));
    assert_eq!(standing(CheckId::B5, &[], &[], now()).outcome, None, "before the first run");
}
