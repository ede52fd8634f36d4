//! Active Sync: the list, the form step by step, trying out, saving, disabling.

use assay::access::Role;
use assay_test_support::http::Answer;
use serde_json::{Value, json};

use super::support::{House, PROBE, assert_harmless, between, main_of};

/// A setting for all tasks, saved by the API.
async fn synced() -> House {
    let house = House::with_tasks().await;
    let body = json!({ "scope": "all", "connection": "con-1", "project": "SEC", "issue_type": "10100", "mode": "individual" });
    house.call("POST", "/v1/sync-settings", &body).await;
    house.world.rest().await;
    house
}

/// The id of the project `SEC`, as the form offers it.
fn security(form: &str) -> &str {
    let (before, _) = form.split_once("(SEC)</option>").unwrap();
    let value = &before[before.rfind("value=\"").unwrap() + 7..];
    value.split('"').next().unwrap()
}

async fn setting(house: &House) -> Value {
    house.call("GET", "/v1/sync-settings", &Value::Null).await.json()["items"][0].clone()
}

/// Where the only setting is shown.
async fn place(house: &House) -> String {
    format!("/sync-settings/{}", setting(house).await["id"].as_str().unwrap())
}

fn edit(house: &House, edit: &str, body: &Value) {
    house.world.jira.simulator.edit_project("SEC", edit, body).unwrap();
}

/// The address of the form with all that must be chosen, and more.
async fn chosen(house: &House, more: &str) -> String {
    let browser = house.signed_in(Role::Admin).await;
    let form = browser.page("/sync-settings/new").await;
    format!("/sync-settings/new?connection=con-1&project={}&issue_type=10100{more}", security(&form))
}

#[tokio::test]
async fn an_empty_list_says_what_to_do_next() {
    let house = House::start().await;
    let page = house.signed_in(Role::Admin).await.page("/sync-settings").await;
    assert!(page.contains("href=\"/connect\">Connect Jira"), "{page}");
    house.world.connect().await;
    let page = house.signed_in(Role::Admin).await.page("/sync-settings").await;
    assert!(page.contains("href=\"/sync-settings/new\">Set up Active Sync"), "{page}");
    let page = house.signed_in(Role::Operator).await.page("/sync-settings").await;
    assert!(!page.contains("/sync-settings/new") && page.contains("An admin can set it up"), "{page}");
    insta::assert_snapshot!("sync_settings_empty", main_of(&page));
}

#[tokio::test]
async fn the_form_goes_on_step_by_step_and_keeps_what_was_chosen() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Admin).await;
    let form = browser.page("/sync-settings/new?check=B2").await;
    assert!(form.contains("<option value=\"B2\" selected>"), "{form}");
    assert!(form.contains("<option value=\"con-1\" selected>"), "the only connection is chosen: {form}");
    assert!(form.contains("(SEC)</option>") && !form.contains("name=\"issue_type\""), "{form}");
    let project = security(&form).to_owned();
    let address = format!("/sync-settings/new?scope=B2&connection=con-1&project={project}");
    let form = browser.page(&address).await;
    assert!(form.contains(">Task</option>") && form.contains(">Bug</option>"), "{form}");
    assert!(!form.contains("Sub-task") && !form.contains("id=\"means-mode"), "{form}");
    let form = browser.page(&format!("{address}&issue_type=10100&labels=soc2&closure_rule=never")).await;
    insta::assert_snapshot!("sync_settings_form", main_of(&form));
    assert!(form.contains("<option value=\"B2\" selected>") && form.contains("value=\"soc2\""), "{form}");
    assert!(form.contains("value=\"never\" checked") && form.contains(">Done</option>"), "{form}");
    let part = browser.part(&format!("{address}&issue_type=10100"), "setting").await.text();
    assert!(part.trim_start().starts_with("<form") && part.contains("name=\"mode\""), "{part}");
    let other = address.replace(&format!("project={project}"), &format!("project=10001&of={project}"));
    let form = browser.page(&format!("{other}&issue_type=10100&epic=7")).await;
    assert!(!form.contains("value=\"7\""), "the epic of another project is forgotten: {form}");
    let found = browser.page("/sync-settings/new?connection=con-1&project_query=compl").await;
    assert!(found.contains("(SEC)</option>") && !found.contains("(CHG)</option>"), "{found}");
}

#[tokio::test]
async fn trying_out_shows_what_would_be_made_and_makes_nothing() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Admin).await;
    let page = browser.page(&chosen(&house, "&try=1").await).await;
    let tried = between(&page, "<section class=\"tried\"", "</section>").unwrap();
    assert!(tried.contains("It fits") && tried.contains("Issues get to a done status by"), "{tried}");
    let count = house.world.tasks().await.iter().filter(|task| task.is_open()).count();
    assert!(tried.contains(&format!("<b>{count}</b>tickets made")), "{count}: {tried}");
    // The request holds the day's marks of time.
    insta::assert_snapshot!("sync_settings_tried", tried.split("<pre").next().unwrap());
    assert_eq!(house.world.calls("createIssues"), 0);
    assert!(house.world.tickets().await.is_empty());
}

#[tokio::test]
async fn trying_out_and_saving_name_what_is_to_be_mended_in_the_same_words() {
    let house = House::with_tasks().await;
    edit(&house, "fields", &json!({ "id": "customfield_10050", "name": PROBE, "required": true }));
    let browser = house.signed_in(Role::Admin).await;
    let address = chosen(&house, "&labels=soc2&try=1").await;
    let page = browser.page(&address).await;
    assert!(page.contains("Something stands against it") && page.contains("To mend</span>"), "{page}");
    assert!(
        page.contains("make them optional for this issue type") && !page.contains("tickets made"),
        "{page}"
    );
    assert_harmless(&page);
    let project = security(&page).to_owned();
    let fields = [
        ("scope", "all"),
        ("connection", "con-1"),
        ("project", project.as_str()),
        ("issue_type", "10100"),
        ("labels", "soc2"),
        ("mode", "batch"),
    ];
    let answer = browser.submit("/sync-settings", &fields).await;
    assert_eq!(answer.status, 422);
    let page = answer.text();
    assert!(page.contains("id=\"error-issue_type\"") && page.contains("make them optional"), "{page}");
    assert!(
        page.contains("value=\"soc2\"") && page.contains("value=\"batch\" checked"),
        "what was entered stays"
    );
    assert_harmless(&page);
}

#[tokio::test]
async fn saving_turns_it_on_and_leads_to_the_setting() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Admin).await;
    let form = browser.page(&chosen(&house, "").await).await;
    assert!(
        !main_of(&form).contains("<input type=\"hidden\" name=\"csrf\""),
        "the mark must not get into an address"
    );
    let project = security(&form).to_owned();
    let fields = [
        ("scope", "all"),
        ("connection", "con-1"),
        ("project", project.as_str()),
        ("issue_type", "10100"),
        ("labels", "soc2, audit"),
        ("mode", "individual"),
        ("closure_rule", "never"),
        ("reopen_rule", "tasks"),
        ("gone_policy", "recreate"),
    ];
    let answer = browser.submit("/sync-settings", &fields).await;
    assert_eq!(answer.header("location"), place(&house).await, "{}", answer.text());
    let page = browser.follow(&answer).await.text();
    assert!(page.contains("Active</span>") && page.contains("role=\"status\">Active Sync is on"), "{page}");
    let saved = setting(&house).await;
    assert_eq!((&saved["labels"], &saved["closure_rule"]), (&json!(["soc2", "audit"]), &json!("never")));
    assert_eq!((&saved["reopen_rule"], &saved["gone_policy"]), (&json!("tasks"), &json!("recreate")));
    house.world.rest().await;
    assert!(!house.world.issues_in("SEC").is_empty(), "the first tickets are in Jira");
    let page = browser.page("/sync-settings").await;
    insta::assert_snapshot!("sync_settings", main_of(&page));

    let again = browser
        .submit("/sync-settings", &[("labels", "other"), fields[0], fields[1], fields[2], fields[3]])
        .await;
    assert_eq!(again.status, 409);
    assert!(again.text().contains("There is a setting for these tasks already"), "{}", again.text());
    let missing = browser.submit("/sync-settings", &[fields[0], fields[1], fields[2]]).await;
    assert_eq!(missing.status, 422);
    assert!(missing.text().contains("id=\"error-issue_type\">Choose an issue type."), "{}", missing.text());
}

#[tokio::test]
async fn a_setting_is_shown_to_all_and_changed_by_administrators() {
    let house = synced().await;
    let place = place(&house).await;
    let reader = house.signed_in(Role::Auditor).await;
    let page = reader.page(&place).await;
    insta::assert_snapshot!("sync_setting", main_of(&page));
    assert!(
        !page.contains("<form method=\"post\" action=\"/sync-settings") && !page.contains("/edit"),
        "{page}"
    );
    let browser = house.signed_in(Role::Admin).await;
    let form = browser.page(&format!("{place}/edit")).await;
    assert!(
        form.contains("To change that, make another setting")
            && form.contains("value=\"individual\" checked")
    );
    let project = security(&form).to_owned();
    let fields = [
        ("project", project.as_str()),
        ("issue_type", "10100"),
        ("labels", "soc2"),
        ("mode", "individual"),
        ("done_status", "10003"),
    ];
    let tried =
        browser.page(&format!("{place}/edit?project={project}&issue_type=10100&labels=soc2&try=1")).await;
    let count = house.world.tickets().await.len();
    assert!(tried.contains(&format!("<b>{count}</b>tickets changed")), "{tried}");
    let answer = browser.submit(&format!("{place}/edit"), &fields).await;
    assert_eq!(answer.header("location"), place, "{}", answer.text());
    let saved = setting(&house).await;
    assert_eq!((&saved["labels"], &saved["done_status"]), (&json!(["soc2"]), &json!("10003")));
    let answer = browser.submit(&format!("{place}/edit"), &fields[..4]).await;
    assert_eq!(answer.status, 303);
    assert_eq!(setting(&house).await["done_status"], Value::Null, "what was emptied is taken away");
    let refused = browser.submit(&format!("{place}/edit"), &[fields[0], ("issue_type", "10105")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("id=\"error-issue_type\""), "{}", refused.text());
}

#[tokio::test]
async fn disabling_asks_what_becomes_of_the_tickets_and_shows_how_far_it_is() {
    let house = synced().await;
    let place = place(&house).await;
    let issues = house.world.issues_in("SEC");
    let comment = json!({ "issue": issues[0]["key"], "text": "Have a look", "by": "acc-2" });
    edit(&house, "comment", &comment);
    let count = house.world.tickets().await.len().to_string();
    let browser = house.signed_in(Role::Admin).await;
    let page = browser.page(&format!("{place}/disable")).await;
    assert!(page.contains(&format!("It has {count} tickets")), "{page}");
    insta::assert_snapshot!("sync_setting_disable", main_of(&page));
    let wrong = [("tickets", "delete_uncommented"), ("confirm_tickets", "1")];
    let answer = browser.submit(&format!("{place}/disable"), &wrong).await;
    assert_eq!(answer.status, 422);
    let page = answer.text();
    assert!(page.contains("id=\"error-confirm_tickets\"") && page.contains("value=\"1\""), "{page}");
    assert!(page.contains("value=\"delete_uncommented\" checked"), "{page}");
    assert_eq!(setting(&house).await["state"], "enabled");
    let right = [("tickets", "delete_uncommented"), ("confirm_tickets", count.as_str())];
    let answer = browser.submit(&format!("{place}/disable"), &right).await;
    let page = browser.follow(&answer).await.text();
    assert!(page.contains("Being disabled</span>") && page.contains("<progress max"), "{page}");
    assert!(page.contains("Look again</a>"), "without JavaScript it is read again: {page}");
    let part = browser.part(&place, "progress").await.text();
    assert!(part.trim_start().starts_with("<div id=\"progress\"") && part.contains("every 3s"), "{part}");
    assert!(browser.page("/sync-settings").await.contains("tickets settled"));
    house.world.rest().await;
    let part = browser.part(&place, "progress").await.text();
    assert!(
        part.contains("Disabled</span>") && part.contains("1 kept") && !part.contains("every 3s"),
        "{part}"
    );
    assert_eq!(house.world.issues_in("SEC").len(), 1);

    browser.page(&place).await;
    let answer = browser.submit(&format!("{place}/enable"), &[]).await;
    assert!(browser.follow(&answer).await.text().contains("Active</span>"));
    let answer = browser.submit(&format!("{place}/delete"), &[]).await;
    assert_eq!(answer.header("location"), "/sync-settings");
    assert!(browser.follow(&answer).await.text().contains("No task becomes a ticket yet"));
}

#[tokio::test]
async fn a_quarantine_is_shown_with_its_causes_and_ends_when_jira_is_asked_again() {
    let house = House::with_tasks().await;
    let body = json!({ "scope": "all", "connection": "con-1", "project": "SEC", "issue_type": "10100", "mode": "individual" });
    house.call("POST", "/v1/sync-settings", &body).await;
    let place = place(&house).await;
    let field = json!({ "id": "customfield_10050", "name": PROBE, "required": true });
    edit(&house, "fields", &field);
    house.world.evaluate().await;
    house.world.work().await;
    assert_eq!(setting(&house).await["state"], "quarantined");
    let browser = house.signed_in(Role::Operator).await;
    for page in ["/sync-settings", place.as_str()] {
        let page = browser.page(page).await;
        assert!(page.contains("Quarantined</span>") && page.contains("make them optional"), "{page}");
        assert_harmless(&page);
    }
    let again = |answer: Answer| answer.status.as_u16();
    assert_eq!(again(browser.submit(&format!("{place}/recheck"), &[]).await), 303);
    assert!(browser.page(&place).await.contains("the causes below still stand against it"));
    // Enabling what Jira does not take is refused, with what is to be mended.
    house.call("POST", &format!("/v1{place}/disable"), &json!({ "tickets": "keep" })).await;
    let admin = house.signed_in(Role::Admin).await;
    admin.page(&place).await;
    let refused = admin.submit(&format!("{place}/enable"), &[]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("make them optional"), "{}", refused.text());
    edit(&house, "fields/remove", &json!({ "id": "customfield_10050" }));
    admin.page(&place).await;
    let answer = admin.submit(&format!("{place}/enable"), &[]).await;
    assert_eq!(answer.status, 303);
    assert_eq!(setting(&house).await["state"], "enabled");
}

#[tokio::test]
async fn names_from_jira_never_become_markup_in_the_form() {
    let house = House::with_tasks().await;
    let fields = json!({ "fields": { "project": { "key": "SEC" }, "issuetype": { "id": "10102" }, "summary": PROBE } });
    house.world.as_person("POST", "/rest/api/3/issue", Some(fields)).await;
    edit(&house, "rename", &json!({ "key": "SEC", "name": PROBE }));
    house.world.time.advance(10);
    let browser = house.signed_in(Role::Admin).await;
    assert_harmless(&browser.page(&chosen(&house, "").await).await);
    let typed: String = form_urlencoded::byte_serialize(PROBE.as_bytes()).collect();
    assert_harmless(
        &browser.page(&chosen(&house, &format!("&labels={typed}&project_query={typed}&try=1")).await).await,
    );
}

#[tokio::test]
async fn a_jira_that_does_not_answer_is_told_and_loses_nothing_that_was_chosen() {
    let house = House::with_tasks().await;
    let address = chosen(&house, "&labels=soc2&epic=10999").await;
    let fault = json!({ "path": "getAllLabels", "kind": "status", "status": 403 });
    house.world.control_api("POST", "/__sim/faults", &fault).await;
    let fault = json!({ "path": "getCreateIssueMetaIssueTypes", "kind": "status", "status": 403 });
    house.world.control_api("POST", "/__sim/faults", &fault).await;
    let browser = house.signed_in(Role::Admin).await;
    let page = browser.page(&address).await;
    assert!(page.contains("Jira could not be asked:") && page.contains("value=\"soc2\""), "{page}");
    assert!(
        page.contains("<option value=\"10100\" selected>")
            && page.contains("<option value=\"10999\" selected>")
    );
}
