//! Usage and licences, by a site that was really ingested.

use std::collections::BTreeSet;

use assay::connection::UseCase;
use assay::ids::ConnectionId;
use assay::ingestion::Stage;
use assay::operations::connecting::Wish;
use assay::sqs::UsageRequest;
use assay_test_support::world::{World, token_proof, wish};
use jira_sim::{Options, Seed};
use serde_json::{Value, json};

use crate::support::{House, assert_problem};

const ACCOUNTS: usize = 60;

/// A house whose site was ingested.
async fn ingested() -> House {
    let seed = Seed { tasks: 200, accounts: ACCOUNTS, teams: 2, activity: true, ..Seed::empty() };
    let house = House::over(World::with(Options { seed, ..Options::default() }).await).await;
    let world = &house.world;
    let id = ConnectionId::parse("con-1").unwrap();
    world.store().put_tenant_if_new(&world.tenant, world.time.now()).await.unwrap();
    let use_cases = BTreeSet::from([UseCase::AccessReview, UseCase::Usage]);
    let wish = Wish { use_cases, ..wish() };
    Box::pin(world.connector().begin(&world.tenant, id.clone(), wish, token_proof())).await.unwrap();
    world.evaluate().await;
    run(&house).await;
    house
}

/// Carries one run through.
async fn run(house: &House) {
    let world = &house.world;
    let id = ConnectionId::parse("con-1").unwrap();
    let ingester = world.ingester();
    ingester.fan_out().await.unwrap();
    for _ in 0..50 {
        for request in world.usage.receive(10) {
            let UsageRequest::Ingest { tenant, connection } = request else { panic!("{request:?}") };
            Box::pin(ingester.ingest(&tenant, &connection)).await.unwrap();
        }
        let ingestion = world.store().ingestion(&world.tenant, &id).await.unwrap().unwrap();
        if ingestion.stage == Stage::Idle {
            return;
        }
        world.time.advance(60);
    }
    panic!("the run does not come to its end");
}

async fn json(house: &House, path: &str) -> Value {
    let answer = house.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_says_how_far_a_site_was_read_and_what_cannot_be_known() {
    let house = ingested().await;
    let view = json(&house, "/v1/usage/con-1").await;
    assert_eq!(view["stage"]["stage"], "idle");
    assert_eq!(view["sources"]["users"]["gaps"], json!([]));
    assert!(view["sources"]["users"]["read"].as_u64().unwrap() > ACCOUNTS as u64);
    assert!(view["issues_read"].as_u64().unwrap() > 0);
    assert!(view["cost"]["calls"].as_u64().unwrap() > 0);
    assert!(view["not_known"][0].as_str().unwrap().contains("deleted"));
    assert_eq!(json(&house, "/v1/usage").await["items"][0], view);
    let asked = house.call("POST", "/v1/usage/con-1/runs", &json!({})).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    house.world.time.advance(1);
    assert_eq!(house.world.ingester().fan_out().await.unwrap(), 1, "it is due now");
}

#[tokio::test(flavor = "multi_thread")]
async fn active_days_are_listed_page_by_page_and_exported_whole() {
    let house = ingested().await;
    let mut days = 0;
    let mut path = "/v1/usage/con-1/accounts?limit=25".to_owned();
    let mut listed = 0;
    loop {
        let page = json(&house, &path).await;
        for item in page["items"].as_array().unwrap() {
            listed += 1;
            days += item["active_days"].as_u64().unwrap();
            assert_eq!(item["days"].as_array().unwrap().len() as u64, item["active_days"]);
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/usage/con-1/accounts?limit=25&cursor={cursor}"),
            None => break,
        }
    }
    assert!(listed > ACCOUNTS && days > 100, "{listed} {days}");
    let export = house.get("/v1/usage/con-1/export?days=30").await;
    assert_eq!(export.header("content-type"), "text/csv; charset=utf-8");
    let text = export.text();
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows[0], "account,name,active_days,last_active_on,days");
    assert_eq!(rows.len() - 1, listed);
    let one = json(&house, "/v1/usage/con-1/accounts/bulk-2").await;
    assert_eq!(one["last_active_on"], one["days"].as_array().unwrap().last().unwrap().clone());
    assert_problem(&house.get("/v1/usage/con-1/accounts?days=0").await, 422, Some("days"));
    assert_problem(&house.get("/v1/usage/con-1/accounts/nobody").await, 404, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn licences_count_unused_seats_say_through_which_group_and_what_is_missing() {
    let house = ingested().await;
    let policy = json!({
        "zone": null, "review_days": 180, "ruled_groups": [], "seat_prices": { "jira-software": 850 },
    });
    let saved = house.call("PUT", "/v1/usage/con-1/policy", &policy).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    assert_eq!(json(&house, "/v1/usage/con-1/policy").await, policy);
    let view = json(&house, "/v1/licences/con-1?unused_days=30").await;
    let products = view["products"].as_array().unwrap();
    let jira = products.iter().find(|product| product["product"] == "jira-software").unwrap();
    assert_eq!(jira["held"], jira["used_by_jira"], "our count is Jira's");
    let unused = jira["unused"].as_u64().unwrap();
    // The last quarter of the accounts never does anything.
    assert!(unused >= (ACCOUNTS / 4) as u64 - 2, "{unused}");
    assert_eq!(jira["saving"].as_u64().unwrap(), unused * 850);
    let missing = jira["missing"].to_string();
    assert!(missing.contains("organisation API key"), "{missing}");
    // Every unused seat is listed, with the group that gives it.
    let mut listed = 0;
    let mut path = "/v1/licences/con-1/jira-software/accounts?unused_days=30&limit=20".to_owned();
    loop {
        let page = json(&house, &path).await;
        for item in page["items"].as_array().unwrap() {
            listed += 1;
            assert_ne!(item["through"], json!([]), "{item}");
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => {
                path = format!(
                    "/v1/licences/con-1/jira-software/accounts?unused_days=30&limit=20&cursor={cursor}"
                );
            }
            None => break,
        }
    }
    assert_eq!(listed, unused);
    // A protected seat is not counted as unused any more, once it was counted again.
    let protection = json!({ "reason": "on leave", "ends_on": "2026-12-31" });
    let idle = format!("bulk-{ACCOUNTS}");
    let put = house.call("PUT", &format!("/v1/accounts/con-1/{idle}/protection"), &protection).await;
    assert_eq!(put.status, 200, "{}", put.text());
    house.world.time.advance(25 * 3600);
    run(&house).await;
    let after = json(&house, "/v1/licences/con-1?unused_days=30").await;
    let products = after["products"].as_array().unwrap();
    let jira = products.iter().find(|product| product["product"] == "jira-software").unwrap();
    assert_eq!(jira["protected"], 1);
    assert_problem(&house.get("/v1/licences/con-1?unused_days=400").await, 422, Some("unused_days"));
    assert_problem(&house.get("/v1/licences/con-1/no-product/accounts").await, 404, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_makes_no_sense_is_refused_by_its_field() {
    let house = ingested().await;
    let good = json!({ "zone": "Europe/Berlin", "review_days": 90, "ruled_groups": [], "seat_prices": {} });
    for (field, value) in [
        ("zone", json!("Nowhere/Atlantis")),
        ("review_days", json!(0)),
        ("seat_prices", json!({ "jira-software": 10_000_001 })),
        ("ruled_groups", json!((0..201).map(|number| format!("g-{number}")).collect::<Vec<_>>())),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        assert_problem(&house.call("PUT", "/v1/usage/con-1/policy", &bad).await, 422, Some(field));
    }
}
