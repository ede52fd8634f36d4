//! Project configurations and the findings that they are for: tried out, put into tickets, and left to themselves.

use assay::finding::{self, Severity};
use assay::mapping::sample;
use assay::notification::Kind;
use assay::task::Task;
use assay_test_support::world::World;
use serde_json::{Value, json};

use crate::configurations::{body, house, make, path};
use crate::support::{House, assert_problem};

const LIST: &str = "/v1/project-configurations";

/// A finding in the table, changed before it is put there.
async fn found(world: &World, fingerprint: &str, choose: impl FnOnce(&mut finding::Finding)) -> Task {
    let mut task = sample::task(&world.tenant, world.time.now()).unwrap();
    let finding = task.finding.as_mut().unwrap();
    fingerprint.clone_into(&mut finding.fingerprint);
    finding.title = format!("Vulnerability {fingerprint}");
    choose(finding);
    task.title.clone_from(&finding.title);
    task.id = finding::id(&world.tenant, &finding.source, fingerprint).unwrap();
    if let Some(stored) = world.store().task(&world.tenant, &task.id).await.unwrap() {
        task = Task { title: task.title, finding: task.finding, ..stored };
    }
    for saved in world.store().save_tasks(std::slice::from_ref(&task)).await {
        saved.unwrap();
    }
    task
}

async fn issues(house: &House) -> Vec<Value> {
    house.world.rest().await;
    house.world.issues_in("VULN")
}

async fn recheck(house: &House, path: &str) -> Value {
    let answer = house.call("POST", &format!("{path}/recheck"), &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// What the tenant was told, and whether it is over.
async fn told(house: &House) -> Vec<(Kind, bool, String)> {
    let world = &house.world;
    let found = world.store().list_notifications(&world.tenant, None, 100).await.unwrap();
    found.items.into_iter().map(|it| (it.kind, it.recovered_at.is_some(), it.text)).collect()
}

#[tokio::test]
async fn a_preflight_shows_what_would_be_written_for_a_finding_that_there_is() {
    let house = house().await;
    let odd = found(&house.world, "odd", |finding| {
        (finding.score, finding.severity) = (None, Severity::Low);
        finding.package = None;
    })
    .await;
    let mut asked = body(&house, json!({})).await;
    let fits = |rules: &mut Vec<Value>, text: &str| {
        rules.push(json!({ "field": "environment", "source": { "from": "typed", "text": text } }));
    };
    fits(asked["rules"].as_array_mut().unwrap(), "{{ finding.package }}");
    let path = format!("{LIST}/preflight?finding={}", odd.id);
    let shown = house.call("POST", &path, &asked).await.json();
    assert_eq!((&shown["passes"], &shown["finding"]), (&json!(true), &json!(odd.id.as_str())), "{shown:#}");
    let written = |name: &str| {
        let all = shown["written"].as_array().unwrap();
        all.iter().find(|it| it["name"] == name).unwrap().clone()
    };
    assert_eq!(written("CVSS score")["value"]["value"], 0);
    assert_eq!(written("Environment")["value"], Value::Null);
    assert!(written("Environment")["why"].as_str().unwrap().contains("left out"));
    assert_eq!(shown["first_ticket"]["fields"]["summary"], "[Low] Vulnerability odd");
    // A text that fits a made-up finding and not this one is refused with what it becomes.
    let text = "{% if finding.package %}1{% else %}none{% endif %}";
    asked["rules"].as_array_mut().unwrap().pop();
    let score = asked["rules"].as_array().unwrap().iter().position(|it| it["field"] == "customfield_10203");
    asked["rules"][score.unwrap()]["source"] = json!({ "from": "typed", "text": text });
    let shown = house.call("POST", &path, &asked).await.json();
    let what = shown["obstacles"][0]["what"].as_str().unwrap().to_owned();
    assert!(what.contains("must be a number") && what.contains("none"), "{what}");
    let missing = house.call("POST", &format!("{LIST}/preflight?finding=B9-none"), &asked).await;
    assert_problem(&missing, 422, Some("finding"));
    assert!(house.list(LIST).await.is_empty());
}

#[tokio::test]
async fn findings_go_to_the_first_configuration_that_is_for_them_and_say_what_it_says() {
    let house = house().await;
    for (fingerprint, asset) in [("a", "shop/web"), ("b", "shop/web"), ("c", "other")] {
        found(&house.world, fingerprint, |finding| finding.asset = asset.to_owned()).await;
    }
    let shops = json!({ "grouping": "asset", "routes": [{ "assets": ["shop/*"] }] });
    let dry = house.call("POST", &format!("{LIST}/dry-run"), &body(&house, shops.clone()).await).await.json();
    assert_eq!(dry["to_create"], 1, "{dry}");
    make(&house, shops).await;
    let dry = house.call("POST", &format!("{LIST}/dry-run"), &body(&house, json!({})).await).await.json();
    assert_eq!(dry["to_create"], 1, "what another one is asked for first is not counted: {dry}");
    let all = make(&house, json!({ "labels": ["all"] })).await;
    let made = issues(&house).await;
    let mut titles: Vec<&str> = made.iter().map(|it| it["summary"].as_str().unwrap()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["[Critical] Findings in shop/web", "[Critical] Vulnerability c"]);
    let dry_run = format!("{LIST}/dry-run?configuration={}", all["id"].as_str().unwrap());
    let dry = house.call("POST", &dry_run, &body(&house, json!({ "labels": ["none"] })).await).await.json();
    assert_eq!((&dry["to_create"], &dry["to_change"]), (&json!(0), &json!(1)), "{dry}");
    // A change of the mapping reaches the tickets that there are.
    let mut rules = all["rules"].as_array().unwrap().clone();
    for rule in &mut rules {
        *rule = json!({ "field": rule["field"], "source": rule["source"] });
    }
    rules.push(json!({ "field": "summary", "source": { "from": "typed", "text": "{{ finding.asset }}!" } }));
    let changed = house.call("PATCH", &path(&all), &json!({ "rules": rules })).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert!(issues(&house).await.iter().any(|it| it["summary"] == "other!"));
    house.world.assert_honest();
}

#[tokio::test]
async fn a_configuration_is_disabled_enabled_and_rechecked() {
    let house = house().await;
    found(&house.world, "a", |_| ()).await;
    let made = make(&house, json!({})).await;
    assert_eq!(issues(&house).await.len(), 1);
    let path = path(&made);
    let disable = format!("{path}/disable");
    let refused = house.call("POST", &disable, &json!({ "tickets": "delete" })).await;
    assert_problem(&refused, 422, Some("confirm_tickets"));
    assert!(refused.text().contains(&format!("{path}/commented")), "{}", refused.text());
    let disabled = house.call("POST", &disable, &json!({ "tickets": "keep" })).await;
    assert_eq!((disabled.status.as_u16(), &disabled.json()["state"]), (202, &json!("disabled")));
    found(&house.world, "b", |_| ()).await;
    assert_eq!(issues(&house).await.len(), 1, "nothing is made while it is disabled");
    assert_eq!(house.get(&disable).await.json()["kept"], 1);
    house.edit("VULN", "fields", json!({ "id": "customfield_10203", "type": "select", "options": ["1"] }));
    let refused = house.call("POST", &format!("{path}/enable"), &json!({})).await;
    assert_problem(&refused, 422, Some("rules"));
    assert!(refused.text().contains("takes one of a list now and not a number"), "{}", refused.text());
    house.edit("VULN", "fields", json!({ "id": "customfield_10203", "type": "number" }));
    let enabled = house.call("POST", &format!("{path}/enable"), &json!({})).await;
    assert_eq!((enabled.status.as_u16(), &enabled.json()["state"]), (200, &json!("enabled")));
    assert_eq!(issues(&house).await.len(), 2, "the one that was kept is adopted");
    assert_eq!(recheck(&house, &path).await["state"], "enabled");
    house.edit("VULN", "fields/remove", json!({ "id": "customfield_10203" }));
    house.world.time.advance(3_700);
    Box::pin(house.world.upkeep().run(assay::clock::after(house.world.time.now(), 270))).await.unwrap();
    let quarantined = recheck(&house, &path).await;
    assert_eq!(quarantined["state"], "quarantined");
    let told_now = told(&house).await;
    assert_eq!(told_now.len(), 1, "{told_now:?}");
    assert_eq!((told_now[0].0, told_now[0].1), (Kind::ConfigurationQuarantined, false));
    // Who takes the field out of the rules ends the quarantine, and so does who deletes the configuration.
    let rules: Vec<Value> = quarantined["rules"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|rule| rule["field"] != "customfield_10203")
        .map(|rule| json!({ "field": rule["field"], "source": rule["source"] }))
        .collect();
    let changed = house.call("PATCH", &path, &json!({ "rules": rules })).await;
    assert_eq!(changed.json()["state"], "enabled", "{}", changed.text());
    assert_eq!(issues(&house).await.len(), 2);
    assert!(told(&house).await[0].1, "it is told that this is over");
}

#[tokio::test]
async fn the_tickets_of_a_deleted_configuration_stay_and_another_one_takes_them_over() {
    let house = house().await;
    found(&house.world, "a", |_| ()).await;
    let first = make(&house, json!({})).await;
    let before = issues(&house).await;
    assert_eq!(before.len(), 1);
    assert_eq!(house.call("DELETE", &path(&first), &json!({})).await.status, 204);
    found(&house.world, "a", |finding| finding.title = "Another title".to_owned()).await;
    assert_eq!(issues(&house).await, before, "it stays as it is");
    let ticket = house.world.tickets().await.remove(0);
    assert_eq!(ticket.wanted, assay::ticket::Wanted::Kept);
    make(&house, json!({})).await;
    let after = issues(&house).await;
    assert_eq!((after.len(), &after[0]["summary"]), (1, &json!("[Critical] Another title")), "{after:#?}");
}
