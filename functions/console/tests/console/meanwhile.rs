//! Forms that are sent after somebody else changed the same thing: nobody's change is overwritten unseen.

use assay::access::Role;
use assay_test_support::issuer::{CLIENT_ID, CLIENT_SECRET, Issuer};
use serde_json::{Value, json};

use super::filled::filled;
use super::support::{Browser, House};

/// A form, and how somebody else reaches the same thing over the API.
struct Edited<'a> {
    /// The page with the form.
    page: &'a str,
    /// Where the form is sent.
    to: &'a str,
    /// Where the API has the thing.
    api: &'a str,
    /// PATCH, or PUT with the whole.
    method: &'a str,
    /// A part that others change and whoever fills in the form does not: where it stands, and two bodies.
    theirs: (&'a str, Value),
    /// A field that whoever fills in the form changes, its text, where that stands then and as what.
    ours: (&'a str, &'a str, &'a str, Value),
    /// A field that both change: the body of the others, the text of the form, and where that stands then and as what.
    both: (&'a str, Value, &'a str, &'a str, Value),
}

async fn told(house: &House, path: &str) -> Value {
    let answer = house.call("GET", path, &Value::Null).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

/// The form as it stands on a page, with another text in one field.
fn with(html: &str, to: &str, field: &str, text: &str) -> Vec<(String, String)> {
    let mut fields = filled(html, &format!("action=\"{to}\""));
    fields.retain(|(name, _)| name != field);
    fields.push((field.to_owned(), text.to_owned()));
    fields
}

async fn send(
    browser: &Browser<'_>,
    to: &str,
    fields: &[(String, String)],
) -> assay_test_support::http::Answer {
    let fields: Vec<_> = fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    browser.submit(to, &fields).await
}

/// Fails unless the form leaves alone what it does not change, and shows what two changed.
async fn assert_nothing_is_overwritten(house: &House, browser: &Browser<'_>, it: Edited<'_>) {
    let before = browser.page(it.page).await;
    let (place, body) = &it.theirs;
    let was = told(house, it.api).await;
    let theirs = house.call(it.method, it.api, body).await;
    assert_eq!(theirs.status, 200, "{}", theirs.text());
    let changed = told(house, it.api).await;
    assert_ne!(was.pointer(place), changed.pointer(place), "{}", it.page);
    let (field, text, at, value) = &it.ours;
    let sent = send(browser, it.to, &with(&before, it.to, field, text)).await;
    assert_eq!(sent.status, 303, "{}: {}", it.page, sent.text());
    let now = told(house, it.api).await;
    assert_eq!(now.pointer(at), Some(value), "{}", it.page);
    assert_eq!(now.pointer(place), changed.pointer(place), "{}: what others changed stands", it.page);

    let before = browser.page(it.page).await;
    let (field, body, text, at, value) = &it.both;
    let theirs = house.call(it.method, it.api, body).await;
    assert_eq!(theirs.status, 200, "{}", theirs.text());
    let stands = told(house, it.api).await;
    let shown = send(browser, it.to, &with(&before, it.to, field, text)).await;
    assert_eq!(shown.status, 409, "{}: {}", it.page, shown.text());
    let shown = shown.text();
    assert!(shown.contains("Changed meanwhile") && shown.contains("stored now"), "{}: {shown}", it.page);
    assert_eq!(told(house, it.api).await, stands, "{}: nothing was saved", it.page);
    let again = filled(&shown, &format!("action=\"{}\"", it.to));
    assert!(again.iter().any(|(name, stays)| name == field && stays == text), "{}: {again:?}", it.page);
    let sent = send(browser, it.to, &again).await;
    assert_eq!(sent.status, 303, "{}: {}", it.page, sent.text());
    assert_eq!(told(house, it.api).await.pointer(at), Some(value), "{}", it.page);
}

#[tokio::test]
async fn the_forms_of_people_and_tasks_overwrite_nobody() {
    let house = House::with_tasks().await;
    let person = json!({ "email": "ada@example.com", "name": "Ada" });
    let person = house.call("POST", "/v1/people", &person).await.json()["id"].as_str().unwrap().to_owned();
    let browser = house.signed_in(Role::Operator).await;
    let (page, api) = (format!("/people/{person}"), format!("/v1/people/{person}"));
    let it = Edited {
        page: &page,
        to: &page,
        api: &api,
        method: "PATCH",
        theirs: ("/status", json!({ "status": "left" })),
        ours: ("manager", "ben@example.com", "/manager", json!("ben@example.com")),
        both: ("name", json!({ "name": "Theirs" }), "Ours", "/name", json!("Ours")),
    };
    assert_nothing_is_overwritten(&house, &browser, it).await;

    let tasks = told(&house, "/v1/tasks").await;
    let task = tasks["items"][0]["id"].as_str().unwrap();
    let (page, api) = (format!("/tasks/{task}"), format!("/v1/tasks/{task}"));
    let it = Edited {
        page: &page,
        to: &page,
        api: &api,
        method: "PATCH",
        theirs: ("/due_at", json!({ "due_at": "2027-01-01T00:00:07Z" })),
        ours: ("title", "Ours", "/title", json!("Ours")),
        both: ("title", json!({ "title": "Theirs" }), "Ours again", "/title", json!("Ours again")),
    };
    assert_nothing_is_overwritten(&house, &browser, it).await;
}

#[tokio::test]
async fn the_forms_of_connections_settings_and_channels_overwrite_nobody() {
    let house = House::with_tasks().await;
    house.sync(json!({})).await;
    let browser = house.signed_in(Role::Admin).await;
    let limits =
        |days: u32| json!({ "incident_limits": { "default_days": days, "days_by_priority": { "1": 2 } } });
    let it = Edited {
        page: "/connections/con-1/use-cases",
        to: "/connections/con-1/use-cases",
        api: "/v1/connections/con-1",
        method: "PATCH",
        theirs: ("/incident_limits/days_by_priority", limits(5)),
        ours: (
            "change_management.jql",
            "issuetype = Task",
            "/change_management/jql",
            json!("issuetype = Task"),
        ),
        both: ("incident_limits.default_days", limits(9), "7", "/incident_limits/default_days", json!(7)),
    };
    assert_nothing_is_overwritten(&house, &browser, it).await;
    let kept = told(&house, "/v1/connections/con-1").await;
    assert_eq!(kept["incident_limits"]["days_by_priority"], json!({ "1": 2 }));

    let settings = told(&house, "/v1/sync-settings").await;
    let setting = settings["items"][0]["id"].as_str().unwrap();
    let (page, api) = (format!("/sync-settings/{setting}/edit"), format!("/v1/sync-settings/{setting}"));
    let it = Edited {
        page: &page,
        to: &page,
        api: &api,
        method: "PATCH",
        theirs: ("/labels", json!({ "labels": ["theirs"] })),
        ours: ("mode", "batch", "/mode", json!("batch")),
        both: ("labels", json!({ "labels": ["others"] }), "ours", "/labels", json!(["ours"])),
    };
    assert_nothing_is_overwritten(&house, &browser, it).await;

    let channel = json!({ "name": "people", "kind": "webhook", "url": "http://127.0.0.1:9/hook" });
    let channel = house.call("POST", "/v1/notifications/channels", &channel).await.json();
    let channel = channel["id"].as_str().unwrap();
    let (page, api) =
        (format!("/notifications/channels/{channel}"), format!("/v1/notifications/channels/{channel}"));
    let it = Edited {
        page: &page,
        to: &page,
        api: &api,
        method: "PATCH",
        theirs: ("/kinds", json!({ "kinds": ["ticket_stuck"] })),
        ours: ("quiet_minutes", "5", "/quiet_minutes", json!(5)),
        both: ("name", json!({ "name": "Theirs" }), "Ours", "/name", json!("Ours")),
    };
    assert_nothing_is_overwritten(&house, &browser, it).await;
}

#[tokio::test]
async fn the_forms_of_policies_overwrite_nobody() {
    let (house, _) = House::read().await;
    let browser = house.signed_in(Role::Admin).await;
    let policy = |days: u32, zone: Value, seat: u64| json!({ "zone": zone, "review_days": days, "ruled_groups": [], "seat_prices": { "jira-software": seat } });
    let it = Edited {
        page: "/usage/con-1/policy",
        to: "/usage/con-1/policy",
        api: "/v1/usage/con-1/policy",
        method: "PUT",
        theirs: ("/seat_prices", policy(365, Value::Null, 700)),
        ours: ("review_days", "90", "/review_days", json!(90)),
        both: (
            "zone",
            policy(90, json!("Europe/Paris"), 700),
            "Europe/Berlin",
            "/zone",
            json!("Europe/Berlin"),
        ),
    };
    assert_nothing_is_overwritten(&house, &browser, it).await;

    let policy = |high: u32, zone: &str| {
        json!({
            "days": { "critical": 7, "high": high, "medium": 90, "low": 180, "info": null },
            "zone": zone, "report_days": 7, "retired_sources": [], "retired_assets": [],
        })
    };
    let it = Edited {
        page: "/vulnerabilities/policy",
        to: "/vulnerabilities/policy",
        api: "/v1/findings/policy",
        method: "PUT",
        theirs: ("/days/high", policy(14, "UTC")),
        ours: ("report_days", "9", "/report_days", json!(9)),
        both: ("zone", policy(14, "Europe/Paris"), "Europe/Berlin", "/zone", json!("Europe/Berlin")),
    };
    assert_nothing_is_overwritten(&house, &browser, it).await;
}

#[tokio::test]
async fn an_address_of_a_settings_form_that_was_kept_does_not_bring_back_what_others_changed() {
    let house = House::with_tasks().await;
    house.sync(json!({})).await;
    let settings = told(&house, "/v1/sync-settings").await;
    let id = settings["items"][0]["id"].as_str().unwrap();
    let browser = house.signed_in(Role::Admin).await;
    let edit = format!("/sync-settings/{id}/edit");
    let fields = filled(&browser.page(&edit).await, &format!("action=\"{edit}\""));
    let kept = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    house.call("PATCH", &format!("/v1/sync-settings/{id}"), &json!({ "labels": ["theirs"] })).await;
    let shown = browser.page(&format!("{edit}?{kept}")).await;
    assert!(shown.contains("value=\"theirs\""), "{shown}");
}

#[tokio::test]
async fn another_project_of_a_setting_keeps_what_follows_what_until_its_type_is_chosen() {
    let house = House::with_tasks().await;
    house.sync(json!({ "mode": "batch", "labels": ["kept"] })).await;
    let settings = told(&house, "/v1/sync-settings").await;
    let browser = house.signed_in(Role::Admin).await;
    let edit = format!("/sync-settings/{}/edit", settings["items"][0]["id"].as_str().unwrap());
    let others = told(&house, "/v1/connections/con-1/projects?query=CHG").await;
    let other = others["items"][0]["id"].as_str().unwrap();
    let mut fields = with(&browser.page(&edit).await, &edit, "project", other);
    fields.retain(|(name, _)| name != "issue_type");
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    let page = browser.page(&format!("{edit}?{query}")).await;
    let text = |name: &str| {
        let fields = filled(&page, &format!("action=\"{edit}\""));
        fields.into_iter().find(|(key, text)| key == name && !text.is_empty()).map(|(_, text)| text)
    };
    assert_eq!((text("mode"), text("labels")), (Some("batch".to_owned()), Some("kept".to_owned())), "{page}");
}

#[tokio::test]
async fn days_for_single_priorities_are_entered_one_a_line_and_refused_at_their_field() {
    let house = House::with_tasks().await;
    let browser = house.signed_in(Role::Admin).await;
    let to = "/connections/con-1/use-cases";
    let field = "incident_limits.days_by_priority";
    let page = browser.page(to).await;
    for wrong in ["1: 2", "1 = soon", "1 = 2\n1 = 3", "first = 2"] {
        let refused = send(&browser, to, &with(&page, to, field, wrong)).await;
        assert_eq!(refused.status, 422, "{wrong}: {}", refused.text());
        assert!(refused.text().contains(&format!("id=\"error-{field}\"")), "{wrong}: {}", refused.text());
    }
    let sent = send(&browser, to, &with(&page, to, field, "1 = 2\n\n2=5")).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let limits = told(&house, "/v1/connections/con-1").await["incident_limits"].clone();
    assert_eq!(limits, json!({ "default_days": 30, "days_by_priority": { "1": 2, "2": 5 } }));
    assert!(browser.page(to).await.contains(">1 = 2\n2 = 5</textarea>"));
    let shown = browser.page("/connections/con-1").await;
    assert!(
        shown.contains("within 30 days, those of priority 1 within 2, those of priority 2 within 5"),
        "{shown}"
    );
}

#[tokio::test]
async fn the_form_of_single_sign_on_makes_nobody_an_admin_again_whom_somebody_else_took_out() {
    let (issuer, house) = (Issuer::start().await, House::start().await);
    let setting = |claim: &str, roles: Value| {
        json!({
            "issuer": issuer.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
            "scopes": ["email", "profile"], "role_claim": claim, "roles": roles,
        })
    };
    let api = "/v1/single-sign-on";
    let begun = setting("groups", json!({ "grc": "admin", "left": "admin" }));
    assert_eq!(house.call("PUT", api, &begun).await.status, 200);
    let it = Edited {
        page: "/single-sign-on",
        to: "/single-sign-on",
        api,
        method: "PUT",
        theirs: ("/roles", setting("groups", json!({ "grc": "admin" }))),
        ours: ("scopes", "email", "/scopes", json!(["email"])),
        both: (
            "role_claim",
            setting("roles", json!({ "grc": "admin" })),
            "teams",
            "/role_claim",
            json!("teams"),
        ),
    };
    assert_nothing_is_overwritten(&house, &house.signed_in(Role::Admin).await, it).await;
}
