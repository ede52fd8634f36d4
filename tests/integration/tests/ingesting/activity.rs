use std::collections::BTreeSet;

use assay::ingestion::Source;
use assay::policy::AccessPolicy;
use assay_test_support::world::{SITE, World};
use jiff::civil::Date;
use jira_sim::Seed;
use serde_json::json;

use super::support::{
    account, act, difference, id, ingestion, knowable_days, next_run, run, stored_days, world,
};

/// A site on which nobody did anything, with one issue.
async fn quiet() -> (World, String) {
    let world = world(Seed::empty()).await;
    let fields = json!({ "project": { "key": "TEAM" }, "issuetype": { "id": "10100" }, "summary": "One" });
    let made = act(&world, "acc-admin", "POST", "/issue", &json!({ "fields": fields }));
    (world, made["key"].as_str().unwrap().to_owned())
}

/// The stored days of an account.
async fn days(world: &World, account: &str) -> BTreeSet<Date> {
    stored_days(world).await.remove(account).unwrap_or_default()
}

fn dates(days: &[&str]) -> BTreeSet<Date> {
    days.iter().map(|day| day.parse().unwrap()).collect()
}

fn comment(world: &World, by: &str, issue: &str) -> String {
    let document = json!({ "type": "doc", "version": 1, "content": [
        { "type": "paragraph", "content": [{ "type": "text", "text": "Hello" }] }
    ] });
    let path = format!("/issue/{issue}/comment");
    act(world, by, "POST", &path, &json!({ "body": document }))["id"].as_str().unwrap().to_owned()
}

/// Moves the clock to a moment.
fn at(world: &World, moment: &str) {
    let moment: jiff::Timestamp = moment.parse().unwrap();
    world.time.advance(moment.duration_since(world.time.now()).as_secs());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_of_thirty_days_are_those_of_the_journal_to_the_last_entry() {
    let world = world(Seed { tasks: 700, accounts: 60, activity: true, ..Seed::empty() }).await;
    let ended = run(&world).await;
    let expected = knowable_days(&world, ended.activity.since.unwrap(), &ended.zone);
    assert!(expected.len() > 30, "{}", expected.len());
    let stored = stored_days(&world).await;
    assert_eq!(difference(&stored, &expected), None);
    let (who, last) = stored.iter().map(|(who, days)| (who, days.last().copied())).next().unwrap();
    assert_eq!(account(&world, who).await.last_active_on, last);
    assert_eq!(world.jira.simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_of_five_thousand_entries_and_a_thousand_comments_are_read_to_the_last() {
    let (world, issue) = quiet().await;
    let people: Vec<String> = (1..=7).map(|number| format!("acc-{number}")).collect();
    // One entry every eight minutes: 5,000 of them are almost 28 days.
    let entries = json!({ "issue": issue, "count": 5000, "seconds_apart": 480, "by": people });
    world.jira.simulator.edit_project("TEAM", "histories", &entries).unwrap();
    let comments = json!({ "issue": issue, "count": 1000, "seconds_apart": 2000, "by": ["acc-8", "acc-9"] });
    world.jira.simulator.edit_project("TEAM", "comments", &comments).unwrap();
    world.time.advance(120);
    let ended = run(&world).await;
    let expected = knowable_days(&world, ended.activity.since.unwrap(), &ended.zone);
    assert_eq!(expected.len(), 9);
    assert!(expected["acc-1"].len() >= 27, "{:?}", expected["acc-1"]);
    assert_eq!(difference(&stored_days(&world).await, &expected), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_edited_and_deleted_between_runs_is_counted_once_on_its_day() {
    let (world, issue) = quiet().await;
    run(&world).await;
    at(&world, "2026-06-16T09:00:00Z");
    let first = comment(&world, "acc-1", &issue);
    let second = comment(&world, "acc-2", &issue);
    let worklog = act(
        &world,
        "acc-3",
        "POST",
        &format!("/issue/{issue}/worklog"),
        &json!({ "timeSpentSeconds": 600, "started": "2026-05-01T09:00:00.000+0000" }),
    );
    next_run(&world).await;
    assert_eq!(days(&world, "acc-1").await, dates(&["2026-06-16"]));
    assert_eq!(days(&world, "acc-3").await, dates(&["2026-06-16"]), "the day of writing, not of the work");
    at(&world, "2026-06-17T09:00:00Z");
    let document = json!({ "type": "doc", "version": 1, "content": [
        { "type": "paragraph", "content": [{ "type": "text", "text": "Better" }] }
    ] });
    act(&world, "acc-1", "PUT", &format!("/issue/{issue}/comment/{first}"), &json!({ "body": document }));
    act(&world, "acc-2", "DELETE", &format!("/issue/{issue}/comment/{second}"), &json!(null));
    let worklog = worklog["id"].as_str().unwrap();
    act(&world, "acc-3", "DELETE", &format!("/issue/{issue}/worklog/{worklog}"), &json!(null));
    let ended = next_run(&world).await;
    assert_eq!(days(&world, "acc-1").await, dates(&["2026-06-16", "2026-06-17"]));
    assert_eq!(days(&world, "acc-2").await, dates(&["2026-06-16"]), "what was done on that day was done");
    assert_eq!(days(&world, "acc-3").await, dates(&["2026-06-16"]));
    assert_eq!(ended.activity.deletions_by_nobody, 1, "Jira does not tell who deleted it");
    // A run in which nothing happened reads again a little of what is known, and writes nothing.
    let before = stored_days(&world).await;
    let idle = next_run(&world).await;
    assert_eq!(difference(&stored_days(&world).await, &before), None);
    assert_eq!(idle.cost.writes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_those_of_the_tenants_time_zone_also_where_clocks_change() {
    let (world, issue) = quiet().await;
    let mut policy = AccessPolicy::new(world.tenant.clone(), id(&world).await);
    policy.zone = Some("America/New_York".to_owned());
    world.store().save_access_policy(&mut policy).await.unwrap();
    // Clocks go back at 06:00 UTC on 1 November: midnight is 04:00 UTC before and 05:00 UTC after.
    for (moment, by) in [
        ("2026-11-01T03:59:00Z", "acc-1"),
        ("2026-11-01T04:01:00Z", "acc-2"),
        ("2026-11-02T04:59:00Z", "acc-3"),
        ("2026-11-02T05:01:00Z", "acc-4"),
    ] {
        at(&world, moment);
        comment(&world, by, &issue);
    }
    world.time.advance(120);
    let ended = run(&world).await;
    assert_eq!(ended.zone, "America/New_York");
    assert_eq!(days(&world, "acc-1").await, dates(&["2026-10-31"]));
    assert_eq!(days(&world, "acc-2").await, dates(&["2026-11-01"]));
    assert_eq!(days(&world, "acc-3").await, dates(&["2026-11-01"]));
    assert_eq!(days(&world, "acc-4").await, dates(&["2026-11-02"]));
    // Another time zone: the days are counted anew, and none of the old ones is mixed with them.
    policy.zone = Some("Asia/Tokyo".to_owned());
    world.store().save_access_policy(&mut policy).await.unwrap();
    next_run(&world).await;
    assert_eq!(days(&world, "acc-3").await, dates(&["2026-11-02"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_that_the_connections_account_cannot_see_make_nobody_active() {
    let (world, issue) = quiet().await;
    let developers = json!({ "user": ["acc-1"] });
    act(&world, "acc-admin", "POST", "/project/TEAM/role/10100", &developers);
    let document = json!({ "type": "doc", "version": 1, "content": [
        { "type": "paragraph", "content": [{ "type": "text", "text": "Between us" }] }
    ] });
    let hidden = json!({ "body": document, "visibility": { "type": "role", "value": "Developers" } });
    act(&world, "acc-1", "POST", &format!("/issue/{issue}/comment"), &hidden);
    world.time.advance(120);
    let ended = run(&world).await;
    assert!(ended.is_complete(Source::Changes), "{:?}", ended.sources.get(&Source::Changes));
    let restricted = world.jira.simulator.activity(SITE).filter(|event| event.restricted).count();
    assert_eq!(restricted, 1);
    let expected = knowable_days(&world, ended.activity.since.unwrap(), &ended.zone);
    assert_eq!(difference(&stored_days(&world).await, &expected), None);
    assert!(days(&world, "acc-1").await.is_empty());
    assert_eq!(ingestion(&world).await.problem, None);
}
