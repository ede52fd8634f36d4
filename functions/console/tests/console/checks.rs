//! The checks: how each stands and stood, why, what fails, and what it rests on.

use assay::access::Role;
use assay::check::{CheckId, Failing};
use assay::evidence::{Entity, Gap};
use serde_json::json;

use super::support::{House, PROBE, assert_harmless, between, main_of};

#[tokio::test]
async fn the_checks_are_listed_with_their_trend_and_filtered_by_outcome_and_connection() {
    let house = House::with_tasks().await;
    house.world.time.advance(3600);
    house.world.reevaluate().await;
    let browser = house.signed_in(Role::Operator).await;
    let page = browser.page("/checks").await;
    insta::assert_snapshot!("checks", main_of(&page));
    assert!(page.contains("aria-label=\"Last runs, oldest first: fails, fails\""), "{page}");
    let failing = browser.page("/checks?outcome=fail").await;
    assert!(failing.contains("Fails</span>") && !failing.contains("Passes</span>"));
    assert!(browser.page("/checks?outcome=nothing").await.contains("No check has this outcome"));
    let part = browser.part("/checks?outcome=fail", "checks").await.text();
    assert!(!part.contains("<html") && failing.contains(&part), "a part is what the page has in its place");
    let of_site = browser.page("/checks?connection=con-1").await;
    assert!(
        of_site.contains("/checks/B2\"") && !of_site.contains("/checks/B5\""),
        "B5 is about no connection"
    );
    let none = browser.page("/checks?outcome=pass&connection=con-9").await;
    assert!(none.contains("No check has this outcome for con-9"), "{none}");
    let empty = House::start().await;
    let page = empty.signed_in(Role::Admin).await.page("/checks").await;
    assert!(page.contains("Nothing is connected yet") && page.contains("no run yet"), "{page}");
}

#[tokio::test]
async fn a_check_is_a_page_and_a_drawer_with_all_that_it_rests_on() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Operator).await;
    let page = browser.page("/checks/B2").await;
    insta::assert_snapshot!("check", main_of(&page));
    let check = house.call("GET", "/v1/checks/B2", &json!(null)).await.json();
    let run = &check["results"][0];
    for shown in [&check["how_to_fix"], &check["controls"][0], &run["because"], &run["evidence"]["digest"]] {
        assert!(page.contains(shown.as_str().unwrap()), "{shown}");
    }
    let path = format!("/v1/checks/B2/runs/{}/failing", run["id"].as_str().unwrap());
    let failing = house.call("GET", &path, &json!(null)).await.json();
    for it in failing["items"].as_array().unwrap().iter().take(10) {
        let (url, task) = (it["entity"]["url"].as_str().unwrap(), it["task"]["id"].as_str().unwrap());
        assert!(page.contains(&format!("href=\"{url}\"")), "{page}");
        assert!(page.contains(&format!("href=\"/tasks/{task}\"")), "{page}");
    }
    let drawer = browser.part("/checks/B2", "drawer").await.text();
    assert!(drawer.starts_with("<article") && drawer.contains("autofocus"), "{drawer}");
    let reader = house.signed_in(Role::Auditor).await.page("/checks/B2").await;
    assert!(!reader.contains("Run now") && reader.contains("An operator can run it now."));
}

#[tokio::test]
async fn what_an_operator_asks_for_is_watched_until_it_is_done() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Operator).await;
    browser.page("/checks/B2").await;
    house.world.time.advance(60);
    let answer = browser.submit("/checks/B2/run", &[]).await;
    let to = answer.header("location").to_owned();
    assert!(to.starts_with("/checks/B2?asked=") && to.ends_with("&of=1"), "{to}");
    let page = browser.follow(&answer).await.text();
    assert!(page.contains("role=\"status\">The check is being run."), "{page}");
    assert!(page.contains("Being evaluated: 0 of 1 done.") && page.contains("Look again</a>"), "{page}");
    assert!(!browser.page(&to).await.contains("<p class=\"notice\""), "it is said once");
    let part = browser.part(&to, "evaluating").await.text();
    assert!(part.starts_with("<p class=\"going\"") && part.contains("every 3s"), "{part}");
    house.world.evaluate().await;
    let part = browser.part(&to, "evaluating").await.text();
    assert!(part.contains("The evaluation is done.") && part.contains("hx-trigger=\"load\""), "{part}");
    let page = browser.page(&to).await;
    assert!(!page.contains("Being evaluated") && !page.contains("Look again</a>"), "{page}");
    let empty = House::start().await;
    let browser = empty.signed_in(Role::Operator).await;
    browser.page("/checks/B2").await;
    let answer = browser.submit("/checks/B2/run", &[]).await;
    assert!(browser.follow(&answer).await.text().contains("There is nothing to evaluate"));
}

#[tokio::test]
async fn only_what_will_come_is_waited_for_and_what_does_not_come_is_not_called_done() {
    let house = House::with_tasks().await;
    house.findings(1).await;
    let browser = house.signed_in(Role::Operator).await;
    browser.page("/checks/B9").await;
    house.world.time.advance(60);
    let answer = browser.submit("/checks/B9/run", &[]).await;
    let to = answer.header("location").to_owned();
    assert!(to.ends_with("&of=1"), "no use case is about B9: {to}");
    assert!(browser.part(&to, "evaluating").await.text().contains("0 of 1 done."));
    house.world.evaluate().await;
    let part = browser.part(&to, "evaluating").await.text();
    assert!(part.contains("The evaluation is done."), "{part}");

    let answer = browser.submit("/checks/B2/run", &[]).await;
    let to = answer.header("location").to_owned();
    house.world.time.advance(301);
    let part = browser.part(&to, "evaluating").await.text();
    assert!(part.contains("0 of 1 evaluations came within five minutes"), "{part}");
    assert!(!part.contains("is done") && !part.contains("hx-trigger"), "{part}");
    let page = browser.page(&to).await;
    assert!(page.contains("look again") && !page.contains("http-equiv=\"refresh\""), "{page}");
}

#[tokio::test]
async fn each_run_is_kept_with_its_evidence_and_is_found_from_the_history() {
    let house = House::with_tasks().await;
    for _ in 0..21 {
        house.world.time.advance(60);
        house.world.reevaluate().await;
    }
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page("/checks/B2").await;
    let history = page.split("id=\"history\"").nth(1).unwrap().to_owned();
    assert_eq!(history.matches("href=\"/checks/B2/runs/").count(), 20);
    let next = between(&history, "<a class=\"button\" href=\"", "\"").unwrap();
    let older = browser.page(next).await;
    let older = older.split("id=\"history\"").nth(1).unwrap().to_owned();
    assert_eq!(older.matches("href=\"/checks/B2/runs/").count(), 2);
    let first = between(older.rsplit("<tr><td>").next().unwrap(), "href=\"", "\"").unwrap().to_owned();
    let run = browser.page(&first).await;
    insta::assert_snapshot!("check_run", main_of(&run));
    assert!(run.contains("/browse/CHG-"), "{run}");
    assert_eq!(browser.get("/checks/B3/runs/none").await.status, 404);
}

/// A thing that fails.
fn failing(number: usize, text: &str) -> Failing {
    let entity = Entity {
        id: number.to_string(),
        key: format!("{text}-{number}"),
        title: text.to_owned(),
        url: "https://example.com/\"onclick".to_owned(),
        assignee: None,
        created_at: "2026-06-01T00:00:00Z".parse().unwrap(),
        done: false,
        priority: None,
    };
    Failing { entity, why: text.to_owned() }
}

#[tokio::test]
async fn what_fails_in_great_number_is_listed_on_pages_of_its_run() {
    let house = House::with_tasks().await;
    let tenant = &house.world.tenant;
    let mut run = house.world.store().list_runs(tenant, CheckId::B2, None, 1).await.unwrap().items.remove(0);
    house.world.time.advance(60);
    run.id = assay::ids::RunId::parse(&format!("{}-x", house.world.time.now().as_millisecond())).unwrap();
    run.finished_at = house.world.time.now();
    run.failing = 1060;
    let all: Vec<Failing> = (0..1060).map(|number| failing(number, "OPS")).collect();
    house.world.store().put_run(&run, &all).await.unwrap();
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page("/checks/B2").await;
    assert!(page.contains("OPS-9<") && !page.contains("OPS-10<"), "{page}");
    assert!(page.contains("All 1\u{202f}060 that fail"), "{page}");
    let (mut path, mut seen) = (format!("/checks/B2/runs/{}", run.id), 0);
    loop {
        let page = browser.page(&path).await;
        seen += page.matches("OPS-").count();
        let Some(next) = between(&page, "<a class=\"button\" href=\"", "\"") else { break };
        next.clone_into(&mut path);
    }
    assert_eq!(seen, 1060);
}

#[tokio::test]
async fn what_is_missing_is_told_with_what_to_do_about_it() {
    let house = House::with_tasks().await;
    let tenant = &house.world.tenant;
    let mut run = house.world.store().list_runs(tenant, CheckId::B2, None, 1).await.unwrap().items.remove(0);
    house.world.time.advance(60);
    run.id = assay::ids::RunId::parse(&format!("{}-x", house.world.time.now().as_millisecond())).unwrap();
    run.finished_at = house.world.time.now();
    run.because = format!("cannot tell: {PROBE}");
    run.outcome = assay::check::Outcome::CannotTell;
    run.evidence.query = PROBE.to_owned();
    run.evidence.coverage.gaps =
        vec![Gap::Hidden { project: PROBE.to_owned() }, Gap::Refused { detail: PROBE.to_owned() }];
    let failing = vec![failing(1, PROBE)];
    run.failing = 1;
    house.world.store().put_run(&run, &failing).await.unwrap();
    let browser = house.signed_in(Role::Auditor).await;
    let page = browser.page("/checks/B2").await;
    assert_harmless(&page);
    assert!(
        page.contains("take the project out of the connection") && page.contains("Verify the connection")
    );
    let page = browser.page(&format!("/checks/B2/runs/{}", run.id)).await;
    assert_harmless(&page);
    assert!(page.contains("<h2>What is missing</h2>") && !page.contains("\"onclick"), "{page}");
    assert!(!browser.page("/checks").await.contains("<img src=x"));
    house.world.time.advance(5 * 3600);
    let page = house.signed_in(Role::Auditor).await.page("/checks/B2").await;
    assert!(
        page.contains("its last evaluation was 5 hours ago") && page.contains("Run the check now."),
        "{page}"
    );
}
