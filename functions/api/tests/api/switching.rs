//! Disabling a sync setting, enabling it again, and its quarantine.

use serde_json::{Value, json};

use crate::support::{House, assert_problem};

/// A house with one open issue for each task, and the path of the setting that made them.
async fn synced() -> (House, String) {
    let house = House::with_tasks().await;
    let setting = house.sync(json!({})).await;
    house.world.rest().await;
    let path = format!("/v1/sync-settings/{}", setting["id"].as_str().unwrap());
    (house, path)
}

fn keys(issues: &[Value]) -> Vec<String> {
    issues.iter().map(|issue| issue["key"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn nothing_is_deleted_before_the_number_of_tickets_was_confirmed() {
    let (house, path) = synced().await;
    let disable = format!("{path}/disable");
    let tickets = house.world.tickets().await.len();
    for body in
        [json!({ "tickets": "delete" }), json!({ "tickets": "delete", "confirm_tickets": tickets + 1 })]
    {
        let answer = house.call("POST", &disable, &body).await;
        assert_problem(&answer, 422, Some("confirm_tickets"));
        assert!(answer.text().contains(&format!("{tickets} tickets")), "{}", answer.text());
    }
    assert_eq!(house.get(&path).await.json()["state"], "enabled");
    assert_eq!(house.get(&disable).await.json()["tickets"], tickets);
    let body = json!({ "tickets": "delete", "confirm_tickets": tickets });
    let answer = house.call("POST", &disable, &body).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["state"]), (202, &json!("disabled")));
    house.world.rest().await;
    let progress = house.get(&disable).await.json();
    assert_eq!((&progress["deleted"], &progress["done"]), (&json!(tickets), &json!(true)), "{progress}");
    assert!(house.world.issues_in("SEC").is_empty());
}

#[tokio::test]
async fn issues_that_people_commented_on_are_listed_and_spared() {
    let (house, path) = synced().await;
    let keys = keys(&house.world.issues_in("SEC"));
    let comment = |issue: &str, by: &str| json!({ "issue": issue, "text": "Have a look", "by": by });
    house.edit("SEC", "comment", comment(&keys[0], "acc-2"));
    // What the connection's own account writes is no word of a person.
    house.edit("SEC", "comment", comment(&keys[1], "acc-admin"));
    let commented = house.list(&format!("{path}/commented")).await;
    assert_eq!(commented.len(), 1, "{commented:?}");
    assert_eq!((&commented[0]["issue_key"], &commented[0]["comments"]), (&json!(keys[0]), &json!(1)));
    let body = json!({ "tickets": "delete_uncommented", "confirm_tickets": keys.len() });
    assert_eq!(house.call("POST", &format!("{path}/disable"), &body).await.status, 202);
    house.world.rest().await;
    assert_eq!(self::keys(&house.world.issues_in("SEC")), [keys[0].as_str()]);
    let progress = house.get(&format!("{path}/disable")).await.json();
    assert_eq!((&progress["kept"], &progress["deleted"]), (&json!(1), &json!(keys.len() - 1)));
}

#[tokio::test]
async fn what_was_kept_is_adopted_when_the_setting_is_enabled_again() {
    let (house, path) = synced().await;
    let issues = house.world.issues_in("SEC").len();
    let answer = house.call("POST", &format!("{path}/disable"), &json!({ "tickets": "keep" })).await;
    assert_eq!(answer.status, 202);
    house.world.rest().await;
    assert!(house.world.tickets().await.iter().all(|it| it.wanted == assay::ticket::Wanted::Kept));
    let answer = house.call("POST", &format!("{path}/enable"), &json!({})).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["state"]),
        (200, &json!("enabled")),
        "{}",
        answer.text()
    );
    house.world.rest().await;
    house.world.assert_one_issue_for_each_of(issues, "after enabling again").await;
}

#[tokio::test]
async fn enabling_asks_jira_first() {
    let (house, path) = synced().await;
    house.call("POST", &format!("{path}/disable"), &json!({ "tickets": "keep" })).await;
    house.world.rest().await;
    house.edit("SEC", "fields", json!({ "id": "customfield_10050", "name": "Severity", "required": true }));
    let answer = house.call("POST", &format!("{path}/enable"), &json!({})).await;
    assert_problem(&answer, 422, Some("issue_type"));
    assert!(answer.text().contains("Severity"));
    assert_eq!(house.get(&path).await.json()["state"], "disabled");
}

#[tokio::test]
async fn a_quarantined_setting_goes_on_as_soon_as_a_recheck_finds_it_mended() {
    let house = House::with_tasks().await;
    let setting = house.sync(json!({})).await;
    let path = format!("/v1/sync-settings/{}", setting["id"].as_str().unwrap());
    house.edit("SEC", "fields", json!({ "id": "customfield_10050", "name": "Severity", "required": true }));
    house.world.evaluate().await;
    house.world.work().await;
    let quarantined = house.get(&path).await.json();
    assert_eq!(quarantined["state"], "quarantined", "{quarantined}");
    assert!(quarantined["quarantine"]["obstacles"][0].as_str().unwrap().contains("Severity"));
    let told = house.list("/v1/notifications").await;
    assert_eq!((told.len(), &told[0]["kind"]), (1, &json!("setting_quarantined")), "{told:?}");
    let again = house.call("POST", &format!("{path}/recheck"), &json!({})).await.json();
    assert_eq!(again["state"], "quarantined");

    house.edit("SEC", "fields/remove", json!({ "id": "customfield_10050" }));
    let mended = house.call("POST", &format!("{path}/recheck"), &json!({})).await.json();
    assert_eq!(mended["state"], "enabled");
    assert!(mended["unfinished"]["since"].is_string(), "its tickets are not asked for yet: {mended}");
    house.world.evaluate().await;
    house.world.work().await;
    assert!(house.get(&path).await.json()["unfinished"].is_null());
    let tickets = house.world.tickets().await.len();
    house.world.assert_one_issue_for_each_of(tickets, "after the recheck").await;
    let told = house.list("/v1/notifications").await;
    assert!(told[0]["recovered_at"].is_string(), "{told:?}");
    assert_eq!(house.world.tasks().await.len(), tickets);
}
