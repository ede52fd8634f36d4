use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use super::{Ending, Entered, GrantTimes, Step, Warned, What, check_end, endings, id, step};
use crate::connection::{Connection, Method, Organisation, State, Webhook};
use crate::ids::{ConnectionId, TenantId};
use crate::site::SiteDomain;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn connection(method: Method, ends_on: Option<Date>) -> Connection {
    let (tenant, id) = (TenantId::parse("acme").unwrap(), ConnectionId::parse("con-1").unwrap());
    let site = SiteDomain::parse("acme.atlassian.net").unwrap();
    let now = at("2026-01-01T00:00:00Z");
    let mut connection = Connection::begin(tenant, id, method, site, now);
    connection.state = State::Active;
    connection.entered = Some(Entered { at: now, ends_on });
    connection
}

/// The days of all warnings, when it is looked at at these moments and everything is as it was.
fn warnings(ending: &Ending, zone: &TimeZone, moments: &[&str]) -> Vec<i64> {
    let (mut warned, mut said) = (None::<Warned>, Vec::new());
    for moment in moments {
        if let Step::Warn(days) = step(Some(ending), warned.as_ref(), zone, at(moment)) {
            warned = Some(Warned { what: ending.what, ends_at: ending.ends_at, days });
            said.push(days);
        }
    }
    said
}

#[test]
fn people_are_warned_once_at_30_14_7_and_1_days_in_their_own_time_zone() {
    let token = connection(Method::ApiToken, Some(date(2026, 7, 31)));
    for (name, offset) in [("America/Los_Angeles", "-07"), ("Asia/Tokyo", "+09")] {
        let zone = zone(name);
        let ending = endings(&token, &zone).remove(0);
        assert_eq!((ending.what, ending.assumed), (What::ApiToken, false));
        let moment = |day: &str, time: &str| format!("2026-07-{day}T{time}{offset}");
        let last = |day: &str| moment(day, "23:59:59");
        let first = |day: &str| moment(day, "00:00:00");
        assert_eq!(
            step(Some(&ending), None, &zone, at(&format!("2026-06-30T23:59:59{offset}"))),
            Step::Nothing
        );
        let moments = [
            first("01"),
            last("01"),
            last("16"),
            first("17"),
            last("23"),
            first("24"),
            last("29"),
            first("30"),
            first("31"),
            last("31"),
        ];
        let moments: Vec<&str> = moments.iter().map(String::as_str).collect();
        assert_eq!(warnings(&ending, &zone, &moments), [30, 14, 7, 1], "{name}");
        assert_eq!(ending.left_days(&zone, at(&first("31"))), 0);
        assert_eq!(ending.left_days(&zone, at(&first("30"))), 1);
    }
}

#[test]
fn days_that_were_missed_are_one_warning() {
    let ending = endings(&connection(Method::ApiToken, Some(date(2026, 7, 31))), &TimeZone::UTC).remove(0);
    assert_eq!(warnings(&ending, &TimeZone::UTC, &["2026-07-26T12:00:00Z", "2026-07-27T12:00:00Z"]), [7]);
}

#[test]
fn what_is_renewed_is_over_and_a_near_end_that_moved_is_news() {
    let zone = TimeZone::UTC;
    let now = at("2026-07-20T12:00:00Z");
    let ends = |text: &str| Ending { what: What::ApiToken, ends_at: at(text), assumed: false };
    let warned = Warned { what: What::ApiToken, ends_at: at("2026-07-31T00:00:00Z"), days: 14 };
    assert_eq!(step(Some(&ends("2026-07-31T00:00:00Z")), Some(&warned), &zone, now), Step::Nothing);
    assert_eq!(step(Some(&ends("2026-08-10T00:00:00Z")), Some(&warned), &zone, now), Step::Warn(30));
    assert_eq!(step(Some(&ends("2027-07-31T00:00:00Z")), Some(&warned), &zone, now), Step::Renewed);
    assert_eq!(step(None, Some(&warned), &zone, now), Step::Renewed);
    assert_eq!(step(None, None, &zone, now), Step::Nothing);
}

#[test]
fn where_no_end_was_entered_a_year_is_assumed_and_said_so() {
    let zone = TimeZone::UTC;
    let token = connection(Method::ScopedApiToken, None);
    let ending = endings(&token, &zone).remove(0);
    assert_eq!((ending.ends_at, ending.assumed), (at("2027-01-01T00:00:00Z"), true));
    let text = ending.text(&token, &zone, at("2026-12-18T09:00:00Z"));
    assert!(text.contains("ends in 14 days, on 2027-01-01 at the latest"), "{text}");
    assert!(text.contains("POST /v1/connections/con-1/reconnect"), "{text}");
    assert_eq!(endings(&connection(Method::ServiceAccount, None), &zone), []);
    let secret = connection(Method::ServiceAccount, Some(date(2026, 3, 1)));
    assert_eq!(endings(&secret, &zone)[0].what, What::ServiceAccountSecret);
}

#[test]
fn a_grant_ends_when_it_is_idle_and_after_a_year_whatever_happens() {
    let mut oauth = connection(Method::Oauth, None);
    oauth.entered = None;
    oauth.grant =
        Some(GrantTimes { granted_at: at("2026-01-01T00:00:00Z"), refreshed_at: at("2026-12-01T00:00:00Z") });
    let found = endings(&oauth, &TimeZone::UTC);
    let whats: Vec<_> = found.iter().map(|ending| (ending.what, ending.ends_at)).collect();
    let consent = (What::Consent, at("2027-01-01T00:00:00Z"));
    assert_eq!(whats, [consent, (What::RefreshToken, at("2027-03-01T00:00:00Z"))]);
    oauth.state = State::NeedsReauth;
    assert_eq!(endings(&oauth, &TimeZone::UTC), [], "who must connect again anyway is not warned");
}

#[test]
fn a_webhook_is_warned_of_only_when_its_renewal_is_overdue() {
    let mut oauth = connection(Method::Oauth, None);
    let expires_at = at("2026-07-31T12:00:00Z");
    oauth.webhook = Some(Webhook { ids: vec![1], expires_at, filter: String::new() });
    let ending = endings(&oauth, &TimeZone::UTC).remove(0);
    let moments =
        ["2026-07-02T12:00:00Z", "2026-07-21T12:00:00Z", "2026-07-23T12:00:00Z", "2026-07-30T12:00:00Z"];
    assert_eq!(warnings(&ending, &TimeZone::UTC, &moments), [14, 1]);
}

#[test]
fn an_organisation_key_ends_when_it_was_said_or_a_year_after_it_was_entered() {
    let mut token = connection(Method::ApiToken, Some(date(2030, 1, 1)));
    let key = |key_ends_on| Organisation {
        id: "org".to_owned(),
        name: "Org".to_owned(),
        verified_at: at("2026-02-01T00:00:00Z"),
        key_ends_on,
    };
    token.organisation = Some(key(None));
    let first = endings(&token, &TimeZone::UTC)[0];
    let assumed = at("2027-02-01T00:00:00Z");
    assert_eq!((first.what, first.ends_at, first.assumed), (What::OrganisationKey, assumed, true));
    token.organisation = Some(key(Some(date(2026, 5, 1))));
    assert_eq!(endings(&token, &TimeZone::UTC)[0].ends_at, at("2026-05-01T00:00:00Z"));
    assert_eq!(id(&token, What::OrganisationKey).unwrap().as_str(), "con-1.organisation_key");
}

#[test]
fn an_end_that_is_entered_is_a_day_to_come() {
    let now = at("2026-06-15T12:00:00Z");
    assert!(check_end("x", date(2026, 6, 14), now).is_ok(), "it is still that day somewhere");
    assert!(check_end("x", date(2026, 6, 13), now).is_err());
    assert!(check_end("x", date(2036, 6, 12), now).is_ok());
    assert!(check_end("x", date(2037, 1, 1), now).is_err());
}
