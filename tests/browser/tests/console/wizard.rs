//! From a scanner's finding to its ticket, with every field that Jira demands.

use assay::access::Role;
use assay_browser::tab::Tab;
use assay_browser::view::View;
use assay_test_support::world::World;
use serde_json::{Value, json};

use super::stage::{Stage, assert_right};
use super::support::House;

/// A site that is connected, whose project `SEC` demands six fields, and two findings that a scanner reported by the API.
async fn demanding() -> House {
    let house = House::start().await;
    super::furniture::connect(&house.world).await;
    house.world.jira.simulator.edit_project("SEC", "fields/demanding", &json!({})).unwrap();
    let one = |fingerprint: &str, severity: &str| {
        json!({
            "fingerprint": fingerprint, "title": format!("SQL injection {fingerprint}"), "severity": severity,
            "asset": "shop/api", "rule": "sqli", "package": { "name": "lib", "version": "1.0" },
        })
    };
    let findings = [one("f-1", "critical"), one("f-2", "low")];
    house.call("POST", "/v1/findings", &json!({ "source": "trivy", "findings": findings })).await;
    house
}

/// Chooses where tickets go.
async fn place(tab: &mut Tab) {
    for (label, option) in
        [("Connection", "demo.atlassian.net"), ("Project", "(SEC)"), ("Issue type", "Task")]
    {
        let there = format!(
            "[...document.querySelectorAll('label')].some((it) => it.textContent.trim() === '{label}')"
        );
        tab.until(&there).await;
        tab.choose(label, option).await;
        if !tab.scripts() {
            tab.submit("Go on").await;
        }
    }
    tab.until_text("What the fields say").await;
    assert_right(tab, "the fields that Jira asks for").await;
}

/// Says what only a person can: unit, owner, and which value stands for which severity.
async fn map(tab: &mut Tab) {
    tab.fill("Name", "Shop").await;
    tab.fill("Assets one a line", "shop/*").await;
    tab.click("field", "Business unit › Always one value").await;
    tab.choose("Value of Business unit", "Retail > Web shop").await;
    tab.click("field", "Asset owner › Always one value").await;
    tab.fill("Value of Asset owner", "acc-2").await;
    for (severity, value) in [("critical", "Critical"), ("low", "None")] {
        tab.choose(&format!("Severity › {severity}"), value).await;
    }
    for (severity, value) in [("critical", "Highest"), ("low", "Lowest")] {
        tab.choose(&format!("Priority › {severity}"), value).await;
    }
}

/// Tries it out with one of the findings, and saves it.
async fn try_and_save(tab: &mut Tab) {
    tab.choose("Try it out with", "SQL injection f-1").await;
    tab.submit("Try it out").await;
    for told in
        ["It fits: nothing stands against it", "2\ntickets made", "of SQL injection f-1", "Retail > Web shop"]
    {
        tab.until_text(told).await;
    }
    assert_right(tab, "what trying it out found").await;
    tab.picture("wizard-tried").await;
    tab.submit("Save and make tickets").await;
    tab.until_text("The configuration is in force").await;
    assert_right(tab, "a configuration").await;
}

/// Fails unless both tickets are in Jira, with what the wizard said; gives the key of the worst finding's.
async fn assert_written(world: &World) -> String {
    let issues = world.issues_in("SEC");
    assert_eq!(issues.len(), 2, "{issues:#?}");
    let mut worst = None;
    for (title, severity, priority) in
        [("SQL injection f-1", "Critical", "Highest"), ("SQL injection f-2", "None", "Lowest")]
    {
        let of_it = |it: &&Value| it["summary"].as_str().is_some_and(|text| text.contains(title));
        let issue = issues.iter().find(of_it).unwrap_or_else(|| panic!("{title}: {issues:#?}"));
        let key = issue["key"].as_str().unwrap();
        let issue = world.as_person("GET", &format!("/rest/api/3/issue/{key}"), None).await;
        let fields = &issue["fields"];
        let said = |path: &str| fields.pointer(path).and_then(Value::as_str).map(ToOwned::to_owned);
        assert_eq!(said("/customfield_10201/value").as_deref(), Some(severity), "{fields:#}");
        assert_eq!(said("/priority/name").as_deref(), Some(priority), "{fields:#}");
        assert_eq!(said("/customfield_10205/child/value").as_deref(), Some("Web shop"), "{fields:#}");
        assert_eq!(said("/customfield_10206/accountId").as_deref(), Some("acc-2"), "{fields:#}");
        worst.get_or_insert(key.to_owned());
    }
    worst.unwrap()
}

async fn the_way_to_a_ticket(scripts: bool) {
    let stage = Stage::over(demanding().await).await;
    let world = &stage.house.world;
    let mut tab = stage.signed_in(View { scripts, ..View::PLAIN }, Role::Admin).await;
    tab.follow("Configurations").await;
    tab.follow("Make a configuration").await;
    place(&mut tab).await;
    map(&mut tab).await;
    try_and_save(&mut tab).await;
    assert!(world.issues_in("SEC").is_empty(), "trying it out and saving it write nothing by themselves");

    world.rest().await;
    let key = assert_written(world).await;
    tab.follow("Vulnerabilities").await;
    if scripts {
        tab.click("link", "SQL injection f-1").await;
    } else {
        tab.follow("SQL injection f-1").await;
    }
    tab.until_text(&key).await;
    assert_right(&mut tab, "the finding with its ticket").await;
    world.assert_honest();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wizard_leads_from_a_finding_to_its_ticket() {
    Box::pin(the_way_to_a_ticket(true)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wizard_leads_from_a_finding_to_its_ticket_without_scripts() {
    Box::pin(the_way_to_a_ticket(false)).await;
}
