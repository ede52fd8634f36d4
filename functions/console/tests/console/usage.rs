//! Usage and licences.

use std::collections::BTreeSet;

use assay::access::Role;
use assay::connection::UseCase;
use assay::ingestion::Stage;
use assay::operations::connecting::Wish;
use assay::sqs::UsageRequest;
use assay_test_support::world::{World, token_proof, wish};
use jira_sim::{Options, Seed};
use serde_json::{Value, json};

use super::stock::connection;
use super::support::{House, PROBE, assert_harmless, between, main_of};

/// A house whose site was really read: accounts, groups, and who did what.
pub async fn ingested() -> House {
    let seed = Seed { tasks: 200, accounts: 60, teams: 2, activity: true, ..Seed::empty() };
    let house = House::over(World::with(Options { seed, ..Options::default() }).await);
    let world = &house.world;
    world.store().put_tenant_if_new(&world.tenant, world.time.now()).await.unwrap();
    let wish = Wish { use_cases: BTreeSet::from([UseCase::AccessReview, UseCase::Usage]), ..wish() };
    Box::pin(world.connector().begin(&world.tenant, connection(), wish, token_proof())).await.unwrap();
    world.evaluate().await;
    let ingester = world.ingester();
    ingester.fan_out().await.unwrap();
    for _ in 0..50 {
        for request in world.usage.receive(10) {
            let UsageRequest::Ingest { tenant, connection } = request else { panic!("{request:?}") };
            Box::pin(ingester.ingest(&tenant, &connection)).await.unwrap();
        }
        let ingestion = world.store().ingestion(&world.tenant, &connection()).await.unwrap().unwrap();
        if ingestion.stage == Stage::Idle {
            break;
        }
        world.time.advance(60);
    }
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_was_read_is_shown_in_pages_of_accounts() {
    let house = ingested().await;
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page("/usage/con-1").await;
    assert!(page.contains("<svg") && page.contains("rel=\"next\""), "{page}");
    let next = between(&page, "class=\"button\" href=\"", "\"").unwrap().replace("&#38;", "&");
    assert!(browser.page(&next).await.contains("Accounts, each with its days of activity"));
    for path in
        ["/usage", "/accounts", "/groups", "/licences/con-1", "/licences/con-1/jira-software?seats=all"]
    {
        assert!(browser.page(path).await.contains("<tbody>"), "{path}");
    }
}

#[tokio::test]
async fn sites_that_are_read_are_listed_and_a_reader_is_told_what_to_do_where_none_is() {
    let empty = House::start().await;
    let page = empty.signed_in(Role::Auditor).await.page("/usage").await;
    insta::assert_snapshot!("usage_empty", main_of(&page));
    let (house, _) = House::read().await;
    let page = house.signed_in(Role::Auditor).await.page("/usage").await;
    insta::assert_snapshot!("usage", main_of(&page));
}

#[tokio::test]
async fn the_heat_map_shows_who_was_active_on_which_day() {
    let (house, _) = House::read().await;
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page("/usage/con-1?days=30").await;
    assert_harmless(&page);
    insta::assert_snapshot!("usage_site", main_of(&page));
    let short = browser.page("/usage/con-1?days=14").await;
    assert!(short.contains("14 Jun") && !short.contains("30 May"), "{short}");
    assert_eq!(browser.get("/usage/con-1?days=0").await.status, 422);
    let days = browser.page("/usage/con-1/accounts/acc-1").await;
    insta::assert_snapshot!("usage_account", main_of(&days));
    assert!(browser.page("/usage/con-1/accounts/acc-2").await.contains("No activity is known"));
    let file = browser.get("/usage/con-1/export?days=30").await.text();
    assert!(file.contains("2026-05-30 2026-06-14"), "{file}");
}

#[tokio::test]
async fn a_site_is_read_now_and_its_progress_survives_a_reload() {
    let (house, _) = House::read().await;
    let browser = house.signed_in(Role::Operator).await;
    let page = browser.page("/usage/con-1").await;
    assert!(!page.contains("every 3s") && page.contains("Read now"), "{page}");
    let asked = browser.submit("/usage/con-1/run", &[]).await;
    let page = browser.follow(&asked).await.text();
    assert!(page.contains("Begins in a moment") && page.contains("every 3s"), "{page}");
    let (store, tenant) = (house.world.store(), &house.world.tenant);
    let mut ingestion = store.ingestion(tenant, &connection()).await.unwrap().unwrap();
    ingestion.stage = Stage::Changes;
    ingestion.problem = Some(PROBE.to_owned());
    ingestion.activity.changes_expected = Some(1200);
    store.save_ingestion(&mut ingestion).await.unwrap();
    let part = browser.part("/usage/con-1", "progress").await.text();
    assert!(
        part.contains("value=\"9\" max=\"12\"") && part.contains("reads issues and their history"),
        "{part}"
    );
    assert_harmless(&part);
    let page = browser.page("/usage/con-1").await;
    assert!(!page.contains("Read now") && page.contains("Look again</a>"), "{page}");
}

#[tokio::test]
async fn the_policy_is_changed_by_admins_with_prices_as_amounts() {
    let (house, _) = House::read().await;
    let browser = house.signed_in(Role::Admin).await;
    let page = browser.page("/usage/con-1/policy").await;
    assert_harmless(&page);
    insta::assert_snapshot!("usage_policy", main_of(&page));
    let fields = [
        ("zone", "Europe/Berlin"),
        ("review_days", "90"),
        ("priced", "jira-software"),
        ("ruled_groups", super::stock::TEAM),
    ];
    for (field, value) in
        [("zone", "Mars/Olympus"), ("review_days", "0"), ("seat_prices.jira-software", "much")]
    {
        let mut wrong = fields.to_vec();
        wrong.retain(|(name, _)| *name != field);
        wrong.push((field, value));
        let answer = browser.submit("/usage/con-1/policy", &wrong).await;
        assert_eq!(answer.status, 422, "{field}");
        assert!(answer.text().contains(&format!("id=\"error-{field}\"")), "{field}: {}", answer.text());
        assert!(answer.text().contains(&format!("value=\"{value}\"")), "{field}: {}", answer.text());
    }
    let good = [fields.as_slice(), &[("seat_prices.jira-software", "7,53")]].concat();
    let done = browser.submit("/usage/con-1/policy", &good).await;
    assert!(browser.follow(&done).await.text().contains("value=\"7.53\""));
    let stored = house.call("GET", "/v1/usage/con-1/policy", &Value::Null).await.json();
    assert_eq!(stored["seat_prices"], json!({ "jira-software": 753 }));
    assert_eq!((&stored["zone"], &stored["review_days"]), (&json!("Europe/Berlin"), &json!(90)));
    let page = house.signed_in(Role::Operator).await.page("/usage/con-1/policy").await;
    assert!(page.contains("An admin can change this") && !page.contains("Save the policy"), "{page}");
}

#[tokio::test]
async fn licences_say_what_is_unused_why_and_what_that_costs() {
    let (house, _) = House::read().await;
    let policy = json!({
        "zone": null, "review_days": 90, "ruled_groups": [], "seat_prices": { "jira-software": 753 },
    });
    house.call("PUT", "/v1/usage/con-1/policy", &policy).await;
    let protection = json!({ "reason": "leave", "ends_on": "2026-12-31" });
    house.call("PUT", "/v1/accounts/con-1/acc-3/protection", &protection).await;
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page("/licences/con-1").await;
    assert!(page.contains("<strong>15.06</strong> a month"), "{page}");
    assert_harmless(&page);
    insta::assert_snapshot!("licences", main_of(&page));
    let page = browser.page("/licences/con-1/jira-software").await;
    assert_harmless(&page);
    insta::assert_snapshot!("licences_unused", main_of(&page));
    let all = browser.page("/licences/con-1/jira-software?seats=all").await;
    assert_harmless(&all);
    assert!(all.contains("Last used on 14 Jun 2026, 1 day ago"), "{all}");
    assert!(all.contains("Protected until 31 Dec 2026"), "{all}");
    let file = browser.get("/licences/con-1/jira-software/export?seats=all").await.text();
    assert_eq!(file.lines().count(), 4, "{file}");
    assert_eq!(browser.get("/licences/con-1/none").await.status, 404);
}

#[tokio::test]
async fn days_that_were_not_read_are_not_shown_as_days_without_activity() {
    let (house, _) = House::read().await;
    let browser = house.signed_in(Role::Auditor).await;
    let cells = |page: &str| page.matches("–</td>").count();
    let before = cells(&browser.page("/usage/con-1?days=14").await);
    let (store, tenant) = (house.world.store(), &house.world.tenant);
    let mut ingestion = store.ingestion(tenant, &connection()).await.unwrap().unwrap();
    let until = ingestion.activity.changes.unwrap();
    ingestion.activity.changes = Some(until - jiff::SignedDuration::from_hours(72));
    store.save_ingestion(&mut ingestion).await.unwrap();
    let after = cells(&browser.page("/usage/con-1?days=14").await);
    assert!(after > before, "{before} {after}");
}

#[tokio::test]
async fn holders_are_not_called_unused_where_activity_is_not_known() {
    let (house, _) = House::read().await;
    let (store, tenant) = (house.world.store(), &house.world.tenant);
    let mut ingestion = store.ingestion(tenant, &connection()).await.unwrap().unwrap();
    let changes = ingestion.sources.get_mut(&assay::ingestion::Source::Changes).unwrap();
    changes.read_at = changes.read_at.map(|at| at - jiff::SignedDuration::from_hours(72));
    store.save_ingestion(&mut ingestion).await.unwrap();
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page("/licences/con-1/jira-software").await;
    assert!(page.contains("unused is not known") && !page.contains("Unused and not protected"), "{page}");
    assert!(!page.contains("Not used since"), "{page}");
}
