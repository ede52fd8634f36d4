//! The page on which an admin sets single sign-on up.

use assay::access::Role;
use assay_test_support::issuer::{CLIENT_ID, CLIENT_SECRET, Issuer};
use serde_json::Value;

use super::support::{House, PROBE, assert_harmless, main_of};

/// What somebody enters.
fn fields(issuer: &Issuer) -> Vec<(&str, &str)> {
    vec![
        ("issuer", &issuer.url),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("scopes", "email, profile"),
        ("role_claim", "groups"),
        ("values.admin", "grc"),
        ("values.auditor", "audit\r\nCN=Auditors,OU=Groups"),
    ]
}

fn with<'a>(fields: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    fields.iter().copied().filter(|(field, _)| *field != name).chain([(name, value)]).collect()
}

#[tokio::test]
async fn an_admin_sets_it_up_sees_it_changes_it_and_ends_it() {
    let issuer = Issuer::start().await;
    let house = House::start().await;
    let browser = house.signed_in(Role::Admin).await;
    let empty = browser.page("/single-sign-on").await;
    assert!(empty.contains("/sign-in/callback\" readonly") && !empty.contains("Try it"), "{empty}");
    assert!(empty.contains("value=\"email, profile\""), "{empty}");
    insta::assert_snapshot!("single_sign_on_empty", main_of(&empty));

    let fields = fields(&issuer);
    let shown = browser.follow(&browser.submit("/single-sign-on", &fields).await).await.text();
    assert!(shown.contains("Single sign-on is set up.") && !shown.contains(CLIENT_SECRET), "{shown}");
    assert!(shown.contains("/sign-in/with/acme\">Try it</a>"), "{shown}");
    let encoded = issuer.url.replace(':', "%3A").replace('/', "%2F");
    let told = shown
        .replace(&issuer.url, "https://login.example.com")
        .replace(&encoded, "https%3A%2F%2Flogin.example.com");
    insta::assert_snapshot!("single_sign_on", main_of(&told));
    let kept = house.call("GET", "/v1/single-sign-on", &Value::Null).await.json();
    let roles = serde_json::json!({ "grc": "admin", "audit": "auditor", "CN=Auditors,OU=Groups": "auditor" });
    assert_eq!((&kept["roles"], &kept["has_secret"]), (&roles, &Value::Bool(true)));

    // Without its secret, and with other groups: the secret stays.
    let changed = with(&with(&fields, "client_secret", ""), "values.admin", "grc-team");
    browser.follow(&browser.submit("/single-sign-on", &with(&changed, "scopes", "")).await).await;
    let kept = house.call("GET", "/v1/single-sign-on", &Value::Null).await.json();
    assert_eq!((&kept["has_secret"], &kept["roles"]["grc-team"]), (&Value::Bool(true), &"admin".into()));
    assert_eq!((&kept["roles"]["grc"], &kept["scopes"]), (&Value::Null, &serde_json::json!([])));
    assert!(house.browser().page("/sign-in/with/acme").await.contains(&issuer.url));

    let ended = browser.follow(&browser.submit("/single-sign-on/remove", &[]).await).await.text();
    assert!(ended.contains("Single sign-on is ended.") && ended.contains("Set it up"), "{ended}");
    assert_eq!(house.browser().get("/sign-in/with/acme").await.status, 404);
}

#[tokio::test]
async fn each_error_stands_at_its_field_and_what_was_entered_is_kept_but_for_the_secret() {
    let issuer = Issuer::start().await;
    let house = House::start().await;
    let browser = house.signed_in(Role::Admin).await;
    browser.page("/single-sign-on").await;
    let fields = fields(&issuer);
    for (field, value, at, said) in [
        ("issuer", "ftp://example.com", "issuer", "https"),
        ("issuer", "https://10.0.0.1/", "issuer", "public internet"),
        ("issuer", "", "issuer", "address"),
        ("client_id", "", "client_id", "512"),
        ("client_secret", "a b", "client_secret", "512"),
        ("scopes", "e\u{e4}", "scopes", "512"),
        ("role_claim", "", "role_claim", "200"),
        ("values.operator", "grc", "values.operator", "stands under two roles"),
        ("values.operator", "a\u{7}b", "roles", "control character"),
    ] {
        let answer = browser.submit("/single-sign-on", &with(&fields, field, value)).await;
        assert_eq!(answer.status, 422, "{field} {value}: {}", answer.text());
        let page = answer.text();
        let error = page.split_once(&format!("id=\"error-{at}\">")).map(|(_, rest)| rest);
        let error = error.and_then(|rest| rest.split('<').next()).unwrap_or_default();
        assert!(error.contains(said), "{field} {value}: {page}");
        assert!(!page.contains(CLIENT_SECRET) && page.contains("CN=Auditors,OU=Groups"), "{page}");
    }
    let without: Vec<_> = fields.iter().copied().filter(|(name, _)| !name.starts_with("values")).collect();
    let page = browser.submit("/single-sign-on", &without).await.text();
    assert!(page.contains("id=\"error-roles\""), "{page}");
    let kept = house.call("GET", "/v1/single-sign-on", &Value::Null).await.json();
    assert_eq!(kept["issuer"], Value::Null, "nothing was set up");
}

#[tokio::test]
async fn nothing_that_is_entered_becomes_markup() {
    let issuer = Issuer::start().await;
    let house = House::start().await;
    let browser = house.signed_in(Role::Admin).await;
    browser.page("/single-sign-on").await;
    let fields = with(&with(&fields(&issuer), "role_claim", PROBE), "values.reviewer", PROBE);
    assert_harmless(&browser.follow(&browser.submit("/single-sign-on", &fields).await).await.text());
    let refused = browser.submit("/single-sign-on", &with(&fields, "issuer", PROBE)).await;
    assert_eq!(refused.status, 422);
    assert_harmless(&refused.text());
}
