use std::collections::BTreeSet;

use super::{Followed, Links, Pull, PullId, PullState, Remediation, mentions, reverted};
use crate::clock::after;
use crate::ids::{TaskId, TenantId, TicketId};

const START: &str = "2026-06-15T12:00:00Z";

fn pull(state: PullState, seconds: i64) -> Pull {
    Pull {
        url: "https://github.com/acme/shop/pull/12".to_owned(),
        title: "Fix".to_owned(),
        repository: "acme/shop".to_owned(),
        number: 12,
        state,
        changed_at: after(START.parse().unwrap(), seconds),
        opened_at: None,
    }
}

#[test]
fn what_is_older_never_replaces_what_is_newer() {
    use PullState::{Closed, Merged, Open, Reverted};
    for (known, news, is_certain, state) in [
        ((Open, 10), (Merged, 11), false, Merged),
        ((Merged, 11), (Open, 10), false, Merged),
        ((Merged, 11), (Closed, 10), false, Merged),
        ((Open, 11), (Merged, 10), true, Merged),
        ((Merged, 10), (Open, 10), false, Merged),
        ((Open, 10), (Merged, 10), false, Merged),
        ((Closed, 10), (Open, 10), false, Closed),
        ((Closed, 10), (Open, 10), true, Open),
        ((Closed, 10), (Open, 11), false, Open),
        ((Reverted, 10), (Merged, 20), true, Reverted),
        ((Reverted, 10), (Merged, 5), true, Reverted),
        ((Merged, 10), (Reverted, 10), false, Reverted),
    ] {
        let after = pull(known.0, known.1).after(&pull(news.0, news.1), is_certain);
        assert_eq!(after.state, state, "{known:?} {news:?} {is_certain}");
        assert!(after.changed_at >= pull(known.0, known.1).changed_at, "{known:?} {news:?} {is_certain}");
    }
}

#[test]
fn the_same_news_twice_is_no_news() {
    let now = START.parse().unwrap();
    let tenant = TenantId::parse("acme").unwrap();
    let links = Links { tickets: BTreeSet::from([TicketId::parse("tkt-1").unwrap()]), ..Links::default() };
    let mut record = Remediation::new(&tenant, pull(PullState::Open, 0), now);
    assert!(record.hear(&pull(PullState::Open, 0), false, "fix", &links, now));
    let before = record.clone();
    assert!(!record.hear(&pull(PullState::Open, 0), false, "fix", &links, after(now, 60)));
    assert_eq!(record, before);
    assert!(record.hear(&pull(PullState::Merged, 5), false, "fix", &Links::default(), now));
    assert_eq!(record.tickets.len(), 1, "what it is about stays");
}

#[test]
fn one_that_was_taken_back_is_merged_again_when_that_is_taken_back() {
    let now = START.parse().unwrap();
    let mut record = Remediation::new(&TenantId::parse("acme").unwrap(), pull(PullState::Open, 0), now);
    assert!(!record.revert(true, after(now, 9), now), "it was not merged");
    record.pull.state = PullState::Merged;
    assert!(record.revert(true, after(now, 9), now));
    assert_eq!((record.pull.state, record.pull.changed_at), (PullState::Reverted, after(now, 9)));
    assert!(record.revert(false, after(now, 12), now));
    assert_eq!(record.pull.state, PullState::Merged);
}

#[test]
fn an_open_one_is_read_ever_more_rarely_and_an_ended_one_for_a_week() {
    let now = START.parse().unwrap();
    let day = 24 * 3600;
    let record = Remediation::new(&TenantId::parse("acme").unwrap(), pull(PullState::Open, 0), now);
    let next = |record: &Remediation, at: i64| {
        record.next_reading(after(now, at)).map(|next| next == after(now, at + 900))
    };
    assert_eq!(next(&record, 60), Some(true));
    assert_eq!(record.next_reading(after(now, 7200)), Some(after(now, 2 * 7200)));
    assert_eq!(record.next_reading(after(now, 90 * day)), Some(after(now, 91 * day)));
    let mut ended = record.clone();
    ended.pull.state = PullState::Closed;
    assert!(ended.next_reading(after(now, 6 * day)).is_some());
    assert_eq!(ended.next_reading(after(now, 8 * day)), None);
    let mut elsewhere = record;
    elsewhere.pull.repository.clear();
    assert_eq!(elsewhere.next_reading(now), None);
}

#[test]
fn keys_are_found_where_they_stand_alone() {
    let keys = |text: &str| mentions([text]).keys.into_iter().collect::<Vec<_>>().join(" ");
    for (text, found) in [
        ("feature/SEC-12-fix-login", "SEC-12"),
        ("[SEC-12] and (OPS_2-7), A1-3.", "A1-3 OPS_2-7 SEC-12"),
        ("SEC-12", "SEC-12"),
        ("https://acme.atlassian.net/browse/SEC-12?x=1", "SEC-12"),
        ("sec-12 Sec-12 xSEC-12 SEC-12x SEC-12_ SEC- -12 S-1 1S-1 SEC-012 \u{e4}SEC-12 SEC-12\u{e4}", ""),
        ("SEC-1234567890123", ""),
    ] {
        assert_eq!(keys(text), found, "{text}");
    }
    let many = (1..=500).map(|number| format!("SEC-{number}")).collect::<Vec<_>>().join(" ");
    assert_eq!(mentions([many.as_str()]).keys.len(), 20);
}

#[test]
fn findings_are_found_by_their_ids_in_any_case() {
    let tenant = TenantId::parse("acme").unwrap();
    let id = crate::finding::id(&tenant, "scanner", "one").unwrap();
    for text in [
        format!("fix/{id}-login"),
        format!("fix/{}", id.as_str().to_lowercase()),
        format!("see {id}."),
        format!("{id}"),
    ] {
        assert_eq!(mentions([text.as_str()]).findings, BTreeSet::from([id.clone()]), "{text}");
    }
    for text in [format!("x{id}"), format!("{id}a"), id.as_str()[..30].to_owned(), "B9-".to_owned()] {
        assert!(mentions([text.as_str()]).findings.is_empty(), "{text}");
    }
}

#[test]
fn the_line_that_github_writes_into_a_revert_names_what_is_taken_back() {
    assert_eq!(reverted("Reverts acme/shop#12"), Some(("acme/shop".to_owned(), 12)));
    assert_eq!(
        reverted("Because it broke.\r\n\r\nReverts acme/shop#12\r\n"),
        Some(("acme/shop".to_owned(), 12))
    );
    for body in [
        "",
        "This Reverts acme/shop#12",
        "Reverts #12",
        "Reverts acme/shop",
        "Reverts a/b/c#1",
        "Reverts a/b#0",
    ] {
        assert_eq!(reverted(body), None, "{body}");
    }
}

#[test]
fn a_followed_one_is_told_when_it_matters_and_tried_ever_more_rarely() {
    let now = START.parse().unwrap();
    let mut followed = Followed::new(pull(PullState::Open, 0), BTreeSet::new());
    assert!(!followed.is_untold() && followed.is_unshown("SEC-1"));
    assert_eq!(followed.due_at("SEC-1", now), Some(now));
    followed.failed("down".to_owned(), 60, now);
    assert_eq!(followed.due_at("SEC-1", now), Some(after(now, 60)));
    followed.failed("down".to_owned(), 60, now);
    assert_eq!(followed.due_at("SEC-1", now), Some(after(now, 120)));
    assert!(followed.hear(&pull(PullState::Merged, 5), &BTreeSet::new()));
    assert!(followed.is_untold());
    assert_eq!(followed.due_at("SEC-1", now), Some(now), "in another state it is tried at once");
    assert!(!followed.hear(&pull(PullState::Open, 4), &BTreeSet::new()));
    followed.shown = Some(PullState::Merged);
    (followed.referenced, followed.referenced_as) = (true, Some("SEC-1".to_owned()));
    assert_eq!(followed.due_at("SEC-1", now), None);
    assert_eq!(followed.due_at("OPS-9", now), Some(now), "its issue was moved");
    let mut given_up = false;
    for _ in 0..20 {
        given_up = followed.failed("down".to_owned(), 60, now);
    }
    assert!(given_up);
    followed.give_up("OPS-9");
    assert_eq!(followed.due_at("OPS-9", now), None);
}

#[test]
fn a_followed_one_is_about_all_tasks_once_somebody_said_so() {
    let task = |name: &str| TaskId::parse(name).unwrap();
    let mut followed = Followed::new(pull(PullState::Open, 0), BTreeSet::from([task("B9-a")]));
    followed.hear(&pull(PullState::Open, 0), &BTreeSet::from([task("B9-b")]));
    assert!(followed.is_about(&task("B9-b")) && !followed.is_about(&task("B9-c")));
    followed.hear(&pull(PullState::Open, 0), &BTreeSet::new());
    followed.hear(&pull(PullState::Open, 0), &BTreeSet::from([task("B9-b")]));
    assert!(followed.is_about(&task("B9-c")));
}

#[test]
fn the_id_of_a_pull_request_is_that_of_its_address() {
    let id = PullId::of("https://github.com/Acme/shop/pull/1");
    assert_eq!(id, PullId::of("https://github.com/acme/Shop/pull/1"));
    assert_ne!(id, PullId::of("https://github.com/acme/shop/pull/2"));
    assert_eq!(PullId::parse(id.as_str()).unwrap(), id);
    assert!(PullId::parse("pul-a#b").is_err() && PullId::parse("abc").is_err());
}
