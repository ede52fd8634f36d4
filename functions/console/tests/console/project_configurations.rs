//! The mapping wizard: from the project's fields to the first ticket of a finding, and all that follows.

use assay::access::Role;
use serde_json::{Value, json};

use super::filled::filled;
use super::support::{Browser, House, PROBE, assert_harmless, main_of};

const LIST: &str = "/project-configurations";

/// The opening of the form that is saved.
const FORM: &str = "id=\"configuration\">";

fn edit(house: &House, edit: &str, body: &Value) {
    house.world.jira.simulator.edit_project("SEC", edit, body).unwrap();
}

/// A house with two findings, and a project that demands six fields of its own.
async fn demanding() -> House {
    let house = House::start().await;
    house.world.connect().await;
    edit(&house, "fields/demanding", &json!({}));
    let one = |fingerprint: &str, severity: &str| {
        json!({ "fingerprint": fingerprint, "title": format!("Finding {fingerprint}"), "severity": severity,
            "asset": "shop/api", "rule": "sqli", "package": { "name": "lib", "version": "1.0" } })
    };
    let body = json!({ "source": "trivy", "findings": [one("f-1", "high"), one("f-2", "low")] });
    house.call("POST", "/v1/findings", &body).await;
    house
}

/// The address of the wizard for `SEC`.
async fn address(house: &House) -> String {
    let projects = house.call("GET", "/v1/connections/con-1/projects?query=SEC", &Value::Null).await.json();
    let id = projects["items"][0]["id"].as_str().unwrap().to_owned();
    format!("{LIST}/new?connection=con-1&project={id}&issue_type=10100")
}

/// What the wizard suggests, with a name and the two fields that only a person can fill.
fn completed(form: &str) -> Vec<(String, String)> {
    let mut fields = filled(form, FORM);
    let unit = form.split("<legend>Business unit").nth(1).unwrap();
    let unit = unit.split("name=\"jira.").nth(1).unwrap();
    let (unit_id, options) = unit.split_once('"').unwrap();
    let value = options.split("<option value=\"").nth(3).unwrap().split('"').next().unwrap();
    let owner = form.split("<legend>Asset owner").nth(1).unwrap();
    let owner = owner.split("name=\"jira.").nth(1).unwrap().split('"').next().unwrap();
    for (name, text) in [
        ("name".to_owned(), "Shop"),
        (format!("from.{unit_id}"), "jira"),
        (format!("jira.{unit_id}"), value),
        (format!("from.{owner}"), "jira"),
        (format!("jira.{owner}"), "acc-2"),
        ("routes[0].assets".to_owned(), "shop/*"),
    ] {
        fields.retain(|(key, _)| *key != name);
        fields.push((name, text.replace("&#62;", ">")));
    }
    fields
}

async fn send(
    browser: &Browser<'_>,
    path: &str,
    fields: &[(String, String)],
    act: &str,
) -> assay_test_support::http::Answer {
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("do", act)]).collect();
    browser.submit(path, &fields).await
}

fn with(fields: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let mut fields: Vec<_> = fields.iter().filter(|(key, _)| key != name).cloned().collect();
    fields.push((name.to_owned(), value.to_owned()));
    fields
}

async fn saved(house: &House) -> Value {
    house.call("GET", "/v1/project-configurations", &Value::Null).await.json()["items"][0].clone()
}

/// A house in which the wizard was gone through, and where the configuration is shown.
async fn configured() -> (House, String) {
    let house = demanding().await;
    let browser = house.signed_in(Role::Admin).await;
    let form = browser.page(&address(&house).await).await;
    let answer = send(&browser, LIST, &completed(&form), "save").await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let place = answer.header("location").to_owned();
    (house, place)
}

#[tokio::test]
async fn an_empty_list_of_configurations_says_what_to_do_next() {
    let house = House::start().await;
    house.world.connect().await;
    let page = house.signed_in(Role::Admin).await.page(LIST).await;
    assert!(page.contains("href=\"/project-configurations/new\">Make a configuration"), "{page}");
    let page = house.signed_in(Role::Auditor).await.page(LIST).await;
    assert!(!page.contains("/project-configurations/new"), "{page}");
    insta::assert_snapshot!("project_configurations_empty", main_of(&page));
}

#[tokio::test]
async fn the_wizard_asks_first_for_what_jira_demands_and_suggests_what_it_can() {
    let house = demanding().await;
    let team = json!({ "id": "customfield_10299", "name": "Team", "type": "team", "required": true });
    edit(&house, "fields", &team);
    let browser = house.signed_in(Role::Admin).await;
    let start = browser.page("/project-configurations/new").await;
    assert!(start.contains("<option value=\"con-1\" selected>") && !start.contains(FORM), "{start}");
    let page = browser.page(&address(&house).await).await;
    insta::assert_snapshot!("project_configuration_wizard", main_of(&page));
    let (demanded, optional) = page.split_once("May be filled:").unwrap();
    for name in
        ["Severity", "Security level", "CVSS score", "Fix by", "Business unit", "Asset owner", "Priority"]
    {
        assert!(
            demanded.contains(&format!("<legend>{name}")) && !optional.contains(&format!("<legend>{name}")),
            "{name}"
        );
    }
    assert!(optional.contains("<legend>Summary"), "what Assay fills by itself may be said in other words");
    assert!(page.contains("Jira demands what Assay cannot write"), "{page}");
    assert!(page.contains("make it optional for this issue type"), "{page}");
    let fields = filled(&page, FORM);
    let is_suggested =
        |name: &str, value: &str| fields.iter().any(|(key, text)| key.starts_with(name) && text == value);
    assert!(is_suggested("assay.", "severity") && is_suggested("from.customfield", "assay"), "{fields:?}");
    assert!(fields.iter().any(|(_, text)| text == "{{ finding.score | default(0) }}"), "{fields:?}");
    let part = browser.part(&address(&house).await, "place").await.text();
    assert!(part.trim_start().starts_with("<form") && part.contains(FORM));
}

#[tokio::test]
async fn what_is_left_open_or_wrong_is_said_at_its_field_and_what_was_entered_stays() {
    let house = demanding().await;
    let browser = house.signed_in(Role::Admin).await;
    let form = browser.page(&address(&house).await).await;
    let all = completed(&form);
    let answer = send(&browser, LIST, &with(&all, "name", ""), "save").await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("id=\"error-name\">Give it a name.") && answer.text().contains("shop/*"));
    // All that is missing is told at once, each at its field.
    let missing = send(&browser, LIST, &with(&filled(&form, FORM), "name", "Shop"), "try").await;
    assert_eq!(missing.status, 422);
    for name in ["Business unit: Choose", "Asset owner: Choose"] {
        assert!(missing.text().contains(&format!("<p class=\"error\">{name}")), "{name}: {}", missing.text());
    }
    // A text that cannot be written.
    let id = all.iter().find(|(_, text)| text.contains("finding.score")).unwrap().0.clone();
    let wrong = with(&all, &id, "{{ finding.nothing }}");
    let answer = send(&browser, LIST, &wrong, "save").await;
    assert_eq!(answer.status, 422);
    let page = answer.text();
    let field = id.strip_prefix("typed.").unwrap();
    let shown =
        page.split(&format!("id=\"map-{field}\"")).nth(1).unwrap().split("</fieldset>").next().unwrap();
    assert!(shown.contains("class=\"error\"") && shown.contains("{{ finding.nothing }}"), "{shown}");
    // Trying out tells the same, for every field at once.
    let owner = all.iter().find(|(_, text)| text == "acc-2").unwrap().0.replace("jira.", "from.");
    let wrong =
        with(&with(&wrong, &owner, "typed"), &owner.replace("from.", "typed."), "{{ finding.nobody }}");
    let answer = send(&browser, LIST, &wrong, "try").await;
    assert_eq!(answer.status, 200);
    let page = answer.text();
    assert!(page.contains("Something stands against it") && page.contains("nobody"), "{page}");
    assert_eq!(page.matches("<fieldset class=\"map wrong\"").count(), 2, "{page}");
    assert!(page.contains("{{ finding.nothing }}"), "{page}");
    let bad = with(&all, "routes[0].assets", "a\u{7}b");
    let answer = send(&browser, LIST, &bad, "save").await;
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert!(answer.text().contains("<fieldset class=\"route wrong\">"), "{}", answer.text());
    assert_eq!(saved(&house).await, Value::Null, "nothing was saved");
}

#[tokio::test]
async fn trying_a_configuration_out_shows_what_would_be_written_and_writes_nothing() {
    let house = demanding().await;
    let browser = house.signed_in(Role::Admin).await;
    let form = browser.page(&address(&house).await).await;
    let answer = send(&browser, LIST, &completed(&form), "try").await;
    let page = answer.text();
    assert!(page.contains("It fits") && page.contains("<b>2</b>tickets made"), "{page}");
    assert!(page.contains("What the fields would say") && page.contains("acc-2"), "{page}");
    assert!(page.contains("name=\"routes[1].assets\""), "there is room for one more route");
    assert!(page.contains("<caption>What the fields would say, of a made-up finding</caption>"), "{page}");
    let findings = house.call("GET", "/v1/findings", &Value::Null).await.json();
    let finding =
        findings["items"].as_array().unwrap().iter().find(|it| it["title"] == "Finding f-2").unwrap();
    let id = finding["id"].as_str().unwrap();
    let words = "Finding f-2 (low, shop/api)";
    assert!(page.contains(&format!("<option value=\"{id}\">{words}</option>")), "{page}");
    let page = send(&browser, LIST, &with(&completed(&form), "finding", id), "try").await.text();
    assert!(page.contains(&format!("<caption>What the fields would say, of {words}</caption>")), "{page}");
    assert!(page.contains(&format!("<option value=\"{id}\" selected>")), "{page}");
    let other = send(&browser, LIST, &with(&completed(&form), "finding", "nothing"), "try").await.text();
    assert!(other.contains("id=\"error-finding\""), "{other}");
    assert_eq!(saved(&house).await, Value::Null);
    assert_eq!(house.world.calls("createIssues"), 0);
}

#[tokio::test]
async fn a_saved_configuration_makes_tickets_and_comes_back_into_the_form_as_it_is() {
    let (house, place) = configured().await;
    let before = saved(&house).await;
    assert_eq!((&before["name"], &before["routes"][0]["assets"]), (&json!("Shop"), &json!(["shop/*"])));
    house.world.rest().await;
    assert_eq!(house.world.issues_in("SEC").len(), 2);
    let reader = house.signed_in(Role::Auditor).await;
    let page = reader.page(&place).await;
    insta::assert_snapshot!(
        "project_configuration",
        main_of(&page).replace(place.rsplit('/').next().unwrap(), "…")
    );
    assert!(!page.contains("/edit") && page.contains("Administrators of this tenant may change it"));
    insta::assert_snapshot!(
        "project_configurations",
        main_of(&reader.page(LIST).await).replace(&place, "/project-configurations/…")
    );

    let browser = house.signed_in(Role::Admin).await;
    let form = browser.page(&format!("{place}/edit")).await;
    let fields = filled(&form, FORM);
    let answer = send(&browser, &format!("{place}/edit"), &fields, "save").await;
    assert_eq!(answer.header("location"), place, "{}", answer.text());
    let after = saved(&house).await;
    for part in ["name", "position", "routes", "grouping", "rules", "closure_rule", "labels", "epic", "pulls"]
    {
        assert_eq!(after[part], before[part], "{part}");
    }
    let fields = with(&with(&fields, "grouping", "asset"), "pulls.resolved_when_merged", "1");
    let fields = with(&with(&fields, "labels", "soc2"), "routes[0].severities", "critical");
    send(&browser, &format!("{place}/edit"), &fields, "save").await;
    let after = saved(&house).await;
    assert_eq!((&after["grouping"], &after["labels"]), (&json!("asset"), &json!(["soc2"])));
    assert_eq!(after["pulls"]["resolved_when_merged"], true);
    assert_eq!(after["routes"][0]["severities"], json!(["critical"]));
}

#[tokio::test]
async fn another_project_begins_what_its_fields_say_anew_and_keeps_all_else() {
    let (house, place) = configured().await;
    let browser = house.signed_in(Role::Admin).await;
    let edit = format!("{place}/edit");
    let fields = filled(&browser.page(&edit).await, FORM);
    let others = house.call("GET", "/v1/connections/con-1/projects?query=CHG", &Value::Null).await.json();
    let other = others["items"][0]["id"].as_str().unwrap();
    let entered = with(&with(&fields, "name", "Shop and till"), "routes[1].packages", "openssl*");
    let moved = with(&with(&entered, "labels", "soc2"), "project", other);
    // The other project has no type yet: what was entered is carried until one is chosen.
    let page = send(&browser, &edit, &moved, "place").await;
    assert_eq!(page.status, 200, "{}", page.text());
    let carried = with(&filled(&page.text(), FORM), "issue_type", "10100");
    let page = send(&browser, &edit, &carried, "place").await.text();
    let begun = filled(&page, FORM);
    let text = |name: &str| begun.iter().find(|(key, _)| key == name).map(|(_, text)| text.as_str());
    assert_eq!((text("name"), text("labels")), (Some("Shop and till"), Some("soc2")), "{page}");
    assert_eq!(text("routes[1].packages"), Some("openssl*"));
    assert_eq!((text("project"), text("of")), (Some(other), Some(other)));
    assert!(!page.contains("<legend>Business unit"), "that is the other project's field: {page}");
    // Without looking at its fields nothing is saved.
    let unseen = send(&browser, &edit, &moved, "save").await;
    assert_eq!(unseen.status, 422);
    assert!(unseen.text().contains("Look at the fields first"), "{}", unseen.text());
    assert_eq!(saved(&house).await["name"], "Shop");
}

#[tokio::test]
async fn a_change_of_a_configuration_overwrites_nobody() {
    let (house, place) = configured().await;
    let browser = house.signed_in(Role::Admin).await;
    let edit = format!("{place}/edit");
    let fields = filled(&browser.page(&edit).await, FORM);
    let api = format!("/v1{place}");
    let theirs = json!({ "routes": [{ "assets": ["theirs/*"] }], "labels": ["theirs"] });
    assert_eq!(house.call("PATCH", &api, &theirs).await.status, 200);
    let sent = send(&browser, &edit, &with(&fields, "name", "Ours"), "save").await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let now = saved(&house).await;
    assert_eq!((&now["name"], &now["labels"]), (&json!("Ours"), &json!(["theirs"])));
    assert_eq!(now["routes"][0]["assets"], json!(["theirs/*"]));

    let fields = filled(&browser.page(&edit).await, FORM);
    let rule = |rule: &Value| json!({ "field": rule["field"], "source": rule["source"] });
    let mut rules: Vec<Value> = now["rules"].as_array().unwrap().iter().map(rule).collect();
    let title = |text: &str| json!({ "field": "summary", "source": { "from": "typed", "text": text } });
    rules.retain(|rule| rule["field"] != "summary");
    rules.push(title("Theirs {{ finding.title }}"));
    let theirs = json!({ "rules": rules, "name": "Theirs" });
    assert_eq!(house.call("PATCH", &api, &theirs).await.status, 200);
    let typed = with(&with(&fields, "from.summary", "typed"), "typed.summary", "Ours {{ finding.title }}");
    let clash = send(&browser, &edit, &with(&typed, "name", "Ours again"), "save").await;
    assert_eq!(clash.status, 409, "{}", clash.text());
    let page = clash.text();
    assert!(
        page.contains("stored now: “Theirs”") && page.contains("stored now: “Theirs {{ finding.title }}”"),
        "{page}"
    );
    assert_eq!(saved(&house).await["name"], "Theirs");
    let sent = send(&browser, &edit, &filled(&page, FORM), "save").await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    assert_eq!(saved(&house).await["name"], "Ours again");
}

#[tokio::test]
async fn a_project_that_changed_is_shown_with_every_cause() {
    let (house, place) = configured().await;
    house.world.rest().await;
    edit(
        &house,
        "fields",
        &json!({ "id": "customfield_10401", "name": PROBE, "type": "number", "required": true }),
    );
    edit(&house, "fields/remove", &json!({ "id": "customfield_10203" }));
    house.world.time.advance(3_700);
    Box::pin(house.world.upkeep().run(assay::clock::after(house.world.time.now(), 270))).await.unwrap();
    let browser = house.signed_in(Role::Operator).await;
    for page in [LIST, place.as_str()] {
        let page = browser.page(page).await;
        assert!(page.contains("Quarantined</span>") && page.contains("customfield_10401"), "{page}");
        assert!(page.contains("customfield_10203"), "{page}");
        assert_harmless(&page);
    }
    assert_eq!(browser.submit(&format!("{place}/recheck"), &[]).await.status, 303);
    assert!(browser.page(&place).await.contains("still stand against it"));
    edit(&house, "fields/remove", &json!({ "id": "customfield_10401" }));
    // The rule for the field that is gone is not in the form any more.
    let admin = house.signed_in(Role::Admin).await;
    let form = admin.page(&format!("{place}/edit")).await;
    let answer = send(&admin, &format!("{place}/edit"), &filled(&form, FORM), "save").await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(saved(&house).await["state"], "enabled");
}

#[tokio::test]
async fn a_configuration_is_disabled_enabled_and_deleted() {
    let (house, place) = configured().await;
    house.world.rest().await;
    let browser = house.signed_in(Role::Admin).await;
    let page = browser.page(&format!("{place}/disable")).await;
    assert!(page.contains("It has 2 tickets"), "{page}");
    let answer = browser.submit(&format!("{place}/disable"), &[("tickets", "keep")]).await;
    assert!(browser.follow(&answer).await.text().contains("isabled</span>"));
    house.world.rest().await;
    browser.page(&place).await;
    let answer = browser.submit(&format!("{place}/enable"), &[]).await;
    assert!(browser.follow(&answer).await.text().contains("Active</span>"));
    let answer = browser.submit(&format!("{place}/delete"), &[]).await;
    assert_eq!(answer.header("location"), LIST);
    assert_eq!(saved(&house).await, Value::Null);
}

#[tokio::test]
async fn names_of_fields_and_values_never_become_markup() {
    let house = demanding().await;
    let field = json!({ "id": "customfield_10402", "name": PROBE, "type": "select", "required": true,
        "options": [PROBE, "Other"] });
    edit(&house, "fields", &field);
    let browser = house.signed_in(Role::Admin).await;
    let form = browser.page(&address(&house).await).await;
    assert_harmless(&form);
    let option =
        form.split("id=\"jira-customfield_10402\"").nth(1).unwrap().split("<option value=\"").nth(2).unwrap();
    let option = option.split('"').next().unwrap().to_owned();
    let fields = with(&completed(&form), "from.customfield_10402", "jira");
    let fields = with(&with(&fields, "jira.customfield_10402", &option), "name", PROBE);
    let answer = send(&browser, LIST, &fields, "try").await;
    assert!(answer.text().contains("It fits"), "{}", answer.text());
    assert_harmless(&answer.text());
    let answer = send(&browser, LIST, &fields, "save").await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_harmless(&browser.follow(&answer).await.text());
    assert_harmless(&browser.page(LIST).await);
}
