//! Access reviews: made, decided on, carried out, closed.

use assay::access::Role;
use assay::campaign::{SignedRecord, verify};
use serde_json::{Value, json};

use super::filled::filled;
use super::stock::TEAM;
use super::support::{House, PROBE, assert_harmless, main_of};

async fn campaign(house: &House, id: &str) -> Value {
    house.call("GET", &format!("/v1/campaigns/{id}"), &Value::Null).await.json()
}

/// What a form says about one row: which item, what was decided before, what is said now.
fn row(number: usize, account: &str, was: &str, decision: &str, note: &str) -> Vec<(String, String)> {
    let item = json!({ "account": account, "grant": { "kind": "group", "group": TEAM } }).to_string();
    let fields =
        [("item", item.as_str()), ("was", was), ("was_note", ""), ("decision", decision), ("note", note)];
    fields.map(|(name, value)| (format!("{name}.{number}"), value.to_owned())).to_vec()
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test]
async fn a_review_is_made_by_a_form_and_its_errors_stand_at_their_fields() {
    let nothing = House::start().await;
    let page = nothing.signed_in(Role::Operator).await.page("/campaigns").await;
    insta::assert_snapshot!("campaigns_empty", main_of(&page));
    let (house, _) = House::read().await;
    let browser = house.signed_in(Role::Admin).await;
    let page = browser.page("/campaigns/new").await;
    assert_harmless(&page);
    insta::assert_snapshot!("campaign_new", main_of(&page));
    let scope = [("connection", "con-1"), ("scope.by", "groups"), ("scope.groups", TEAM), ("name", PROBE)];
    for (field, value) in
        [("due_on", "2020-01-01"), ("remind_days", "soon"), ("dormant_days", "0"), ("scope.groups", "none")]
    {
        let mut fields = scope.to_vec();
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        if field != "due_on" {
            fields.push(("due_on", "2026-07-01"));
        }
        let wrong = browser.submit("/campaigns", &fields).await;
        assert_eq!(wrong.status, 422, "{field}: {}", wrong.text());
        assert_harmless(&wrong.text());
        let field = field.split('.').next().unwrap();
        assert!(wrong.text().contains(&format!("id=\"error-{field}\"")), "{field}: {}", wrong.text());
    }
    let fields = [scope.as_slice(), &[("due_on", "2026-07-01"), ("remind_days", "3")]].concat();
    let made = browser.submit("/campaigns", &fields).await;
    let page = browser.follow(&made).await.text();
    assert_harmless(&page);
    assert!(page.contains("Is being prepared") && page.contains("hx-trigger=\"every 3s\""), "{page}");
    let part = browser.part(made.header("location"), "progress").await;
    assert_eq!(part.header("hx-refresh"), "", "it goes on");
    house.work().await;
    let part = browser.part(made.header("location"), "progress").await;
    assert_eq!(part.header("hx-refresh"), "true", "the page around it has items now");
    assert!(part.text().contains("<b>3</b> undecided"), "{}", part.text());
    let list = browser.page("/campaigns").await;
    assert_harmless(&list);
    insta::assert_snapshot!("campaigns", main_of(&list).replace(made.header("location"), "/campaigns/…"));
}

#[tokio::test]
async fn decisions_of_a_page_are_sent_together_and_only_those_that_are_new() {
    let (house, _) = House::read().await;
    let id = house.campaign().await;
    let path = format!("/campaigns/{id}");
    let browser = house.signed_in(Role::Reviewer).await;
    let page = browser.page(&path).await;
    assert_harmless(&page);
    insta::assert_snapshot!("campaign_open", main_of(&page).replace(&id, "…"));
    let decisions = format!("{path}/decisions");
    let silent = [row(0, "acc-1", "", "keep", ""), row(1, "acc-2", "", "revoke", "")].concat();
    let wrong = browser.submit(&decisions, &borrowed(&silent)).await;
    assert_eq!(wrong.status, 422);
    let shown = wrong.text();
    assert!(shown.contains("id=\"error-row-1\"") && !shown.contains("id=\"error-row-0\""), "{shown}");
    assert!(shown.contains("name=\"decision.0\" value=\"keep\" checked"), "what was chosen is kept: {shown}");
    assert_eq!(campaign(&house, &id).await["counts"]["undecided"], 3);

    let back = format!("{path}?decision=undecided");
    let mut good =
        [row(0, "acc-1", "", "keep", ""), row(1, "acc-2", "", "revoke", PROBE), row(2, "acc-3", "", "", "")]
            .concat();
    good.push(("back".to_owned(), back.clone()));
    let done = browser.submit(&decisions, &borrowed(&good)).await;
    assert_eq!(done.header("location"), back);
    let page = browser.follow(&done).await.text();
    assert!(page.contains("2 items are decided."), "{page}");
    assert!(page.contains("acc-3") && !page.contains("/accounts/con-1/acc-1\""), "{page}");
    // A page that was opened before says nothing about rows that it left alone.
    let stale = row(0, "acc-1", "revoke", "revoke", "");
    let none = browser.submit(&decisions, &borrowed(&stale)).await;
    assert!(browser.follow(&none).await.text().contains("Nothing was decided"));
    let items = house.call("GET", &format!("/v1/campaigns/{id}/items"), &Value::Null).await.json();
    assert_eq!(items["items"][0]["decision"], "keep");
    let revoked = browser.page(&format!("{path}?decision=revoke")).await;
    assert_harmless(&revoked);
    let outside = browser.submit(&decisions, &[("back", "//evil.example")]).await;
    assert_eq!(outside.header("location"), "/");
}

#[tokio::test]
async fn a_decision_that_was_made_meanwhile_is_shown_beside_what_was_entered_and_not_overwritten() {
    let (house, _) = House::read().await;
    let id = house.campaign().await;
    let path = format!("/campaigns/{id}");
    let browser = house.signed_in(Role::Reviewer).await;
    browser.page(&path).await;
    // Somebody else revokes what this page still shows as undecided.
    let other = json!({ "items": [{
        "account": "acc-1", "grant": { "kind": "group", "group": TEAM }, "decision": "revoke", "note": "has left",
    }] });
    let decisions = format!("/v1/campaigns/{id}/decisions");
    assert_eq!(house.call("POST", &decisions, &other).await.status, 200);
    let mine = [row(0, "acc-1", "", "keep", "needed"), row(1, "acc-2", "", "revoke", "not needed")].concat();
    let refused = browser.submit(&format!("{path}/decisions?decision=undecided"), &borrowed(&mine)).await;
    assert_eq!(refused.status, 409, "{}", refused.text());
    let page = refused.text();
    assert!(page.contains("Decided meanwhile: Revoke") && page.contains("has left"), "{page}");
    assert!(page.contains("value=\"needed\"") && page.contains("value=\"not needed\""), "kept: {page}");
    let items = format!("/v1/campaigns/{id}/items?decision=keep");
    let kept = house.call("GET", &items, &Value::Null).await.json();
    assert_eq!(kept["items"], json!([]), "the revocation stands");
    assert_eq!(campaign(&house, &id).await["counts"]["revoked"], 1);

    // Sent again as it stands, it decides anew on what is seen now.
    let again = filled(&page, "data-review>");
    let saved = browser.submit(&format!("{path}/decisions"), &borrowed(&again)).await;
    assert_eq!(saved.status, 303, "{}", saved.text());
    let counts = campaign(&house, &id).await["counts"].clone();
    assert_eq!((&counts["kept"], &counts["revoked"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn a_page_on_which_decisions_are_entered_is_not_read_anew_by_itself() {
    let (house, _) = House::read().await;
    let id = house.campaign().await;
    let path = format!("/campaigns/{id}");
    let body = json!({ "items": [{
        "account": "acc-1", "grant": { "kind": "group", "group": TEAM }, "decision": "revoke", "note": "has left",
    }] });
    house.call("POST", &format!("/v1/campaigns/{id}/decisions"), &body).await;
    assert_eq!(house.call("POST", &format!("/v1/campaigns/{id}/apply"), &json!({})).await.status, 202);
    let reviewer = house.signed_in(Role::Reviewer).await;
    let page = reviewer.page(&path).await;
    let poll = format!("{path}?form=shown");
    assert!(
        page.contains(&format!("hx-get=\"{poll}\"")) && !page.contains("http-equiv=\"refresh\""),
        "{page}"
    );
    let auditor = house.signed_in(Role::Auditor).await;
    assert!(auditor.page(&path).await.contains("Look again</a>"));
    house.work().await;
    house.work().await;
    let part = reviewer.part(&poll, "progress").await;
    assert_eq!((part.status.as_u16(), part.header("hx-refresh")), (286, ""), "{}", part.text());
    assert!(part.text().contains("Load the page anew"), "{}", part.text());
    assert_eq!(auditor.part(&path, "progress").await.header("hx-refresh"), "true");
}

#[tokio::test]
async fn who_may_not_decide_is_shown_no_form_and_refused() {
    let (house, _) = House::read().await;
    let body = json!({
        "name": "Named", "connection": "con-1", "due_on": "2026-07-01", "scope": { "by": "all" },
        "reviewers": [house.token("acme", Role::Reviewer).await.split('_').nth(2).unwrap()],
    });
    let made = house.call("POST", "/v1/campaigns", &body).await.json();
    house.work().await;
    let path = format!("/campaigns/{}", made["id"].as_str().unwrap());
    let browser = house.signed_in(Role::Reviewer).await;
    let page = browser.page(&path).await;
    assert!(page.contains("decided by others") && !page.contains("data-review"), "{page}");
    assert!(!page.contains("/apply\"") && !page.contains("/close\""), "{page}");
    let said = row(0, "acc-1", "", "keep", "");
    assert_eq!(browser.submit(&format!("{path}/decisions"), &borrowed(&said)).await.status, 403);
    assert!(house.signed_in(Role::Admin).await.page(&path).await.contains("data-review"));
    assert!(house.signed_in(Role::Auditor).await.page(&path).await.contains("A reviewer can decide"));
}

#[tokio::test]
async fn a_review_is_carried_out_closed_and_its_record_verified() {
    let (house, _) = House::read().await;
    let id = house.campaign().await;
    let path = format!("/campaigns/{id}");
    let browser = house.signed_in(Role::Operator).await;
    browser.page(&path).await;
    let said = [row(0, "acc-1", "", "revoke", "left the team"), row(1, "acc-2", "", "keep", "")].concat();
    assert_eq!(browser.submit(&format!("{path}/decisions"), &borrowed(&said)).await.status, 303);
    let applied = browser.submit(&format!("{path}/apply"), &[("hold", "on")]).await;
    let page = browser.follow(&applied).await.text();
    assert!(page.contains("<progress") && page.contains("Counts the revocations"), "{page}");
    assert!(page.contains("Look again</a>"), "it is followed without JavaScript: {page}");
    let busy = browser.submit(&format!("{path}/close"), &[]).await;
    assert_eq!(busy.status, 409, "{}", busy.text());
    assert!(busy.text().contains("still being asked for"), "{}", busy.text());
    house.work().await;
    let page = browser.page(&format!("{path}?decision=revoke")).await;
    assert!(page.contains("href=\"/actions/"), "{page}");

    let closed = browser.submit(&format!("{path}/close"), &[("name_undecided", "on")]).await;
    assert!(browser.follow(&closed).await.text().contains("Is being closed"));
    house.work().await;
    let page = browser.page(&path).await;
    assert!(
        page.contains("The record is signed, but not complete") && !page.contains("data-review"),
        "{page}"
    );
    assert!(page.contains("2 of 3 items were decided.") && !page.contains("<progress"), "{page}");
    let auditor = house.signed_in(Role::Auditor).await;
    let file = auditor.get(&format!("{path}/record")).await;
    assert!(file.header("content-disposition").contains(".json"), "{}", file.header("content-disposition"));
    let signed: SignedRecord = serde_json::from_value(file.json()["record"].clone()).unwrap();
    let items = file.json()["items"].as_array().unwrap().clone();
    assert_eq!((items.len(), verify(&signed, &signed.public_key, items.into_iter())), (3, Ok(())));
    let table = auditor.get(&format!("{path}/export")).await.text();
    assert_eq!(table.lines().count(), 4, "{table}");
}

#[tokio::test]
async fn a_cancelled_review_says_so_and_offers_nothing() {
    let (house, _) = House::read().await;
    let id = house.campaign().await;
    let path = format!("/campaigns/{id}");
    let browser = house.signed_in(Role::Operator).await;
    browser.page(&path).await;
    let done = browser.submit(&format!("{path}/cancel"), &[]).await;
    let page = browser.follow(&done).await.text();
    assert!(
        page.contains("Cancelled") && !page.contains("/cancel\"") && !page.contains("data-review"),
        "{page}"
    );
    let twice = browser.submit(&format!("{path}/close"), &[]).await;
    assert_eq!(twice.status, 409);
}

#[tokio::test]
async fn what_a_review_goes_through_is_called_by_its_name() {
    let (house, _) = House::read().await;
    let browser = house.signed_in(Role::Auditor).await;
    let probe = "&#34;&#39;&#62;&#60;img src=x onerror=alert(1)&#62;";
    for (scope, shown) in [
        (json!({ "by": "projects", "projects": ["10000"] }), "project SEC</dd>".to_owned()),
        (json!({ "by": "roles", "roles": ["10002"] }), format!("project role {probe}")),
        (json!({ "by": "products", "products": ["jira-software"] }), format!("product {probe}")),
        (json!({ "by": "groups", "groups": [TEAM] }), format!("group {probe}")),
    ] {
        let body = json!({ "name": "Q2", "connection": "con-1", "due_on": "2026-07-01", "scope": scope });
        let made = house.call("POST", "/v1/campaigns", &body).await.json();
        let page = browser.page(&format!("/campaigns/{}", made["id"].as_str().unwrap())).await;
        assert!(page.contains(&shown), "{shown}: {page}");
    }
}
