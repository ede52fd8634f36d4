//! Approved, refused, or approved for something else.

use assay_test_support::world::{CLOUD_ID, PUBLIC_URL, SITE};
use serde_json::{Value, json};

use crate::support::{APPROVE, Browser, Decision, House};

const OTHER_SITE: &str = "other.atlassian.net";

#[tokio::test]
async fn a_site_is_connected_in_one_browser_and_evaluated() {
    let house = House::start().await;
    let (path, link) = house.begin().await;
    let mut browser = Browser::default();
    let departure = house.open(&mut browser, &link).await;
    assert_eq!(departure.status, 303);
    assert_eq!(
        (departure.header("cache-control"), departure.header("referrer-policy")),
        ("no-store", "no-referrer")
    );
    let cookie = departure.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let consent = url::Url::parse(departure.header("location")).unwrap();
    let part =
        |name: &str| consent.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(part("redirect_uri").unwrap(), format!("{PUBLIC_URL}/oauth/callback"));
    assert_eq!(part("prompt").unwrap(), "consent");
    let mut scopes: Vec<String> = part("scope").unwrap().split(' ').map(ToOwned::to_owned).collect();
    scopes.sort();
    let asked =
        ["manage:jira-webhook", "offline_access", "read:jira-user", "read:jira-work", "write:jira-work"];
    assert_eq!(scopes, asked, "only what the use cases need");

    let back = house.decide(departure.header("location"), APPROVE).await;
    let page = house.open(&mut browser, &back).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("demo.atlassian.net is connected"), "{}", page.text());
    assert_eq!(browser.cookie, None, "the cookie is taken back");
    let made = house.show(&path).await;
    assert_eq!((&made["state"], &made["cloud_id"]), (&json!("active"), &json!(CLOUD_ID)), "{made}");
    assert_eq!(made["authorize_url"], Value::Null);
    assert_eq!(house.world.checks.len(), 2);
    house.world.settle(2).await;
    let checks = house.show("/v1/checks").await;
    let outcomes: Vec<&Value> =
        checks["items"].as_array().unwrap().iter().map(|check| &check["last_outcome"]).collect();
    assert_eq!(json!(outcomes), json!(["pass", "fail", "fail", "pass", "pass", null, null, null, null]));
    house.world.assert_honest();
}

#[tokio::test]
async fn of_a_grant_for_several_sites_the_one_that_was_asked_for_is_connected() {
    let house = House::start().await;
    let both = Decision { sites: &[OTHER_SITE, SITE], ..APPROVE };
    let (path, page) = house.connect(both).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let made = house.show(&path).await;
    assert_eq!((&made["site"], &made["cloud_id"]), (&json!(SITE), &json!(CLOUD_ID)));
}

#[tokio::test]
async fn what_was_not_approved_as_asked_leaves_the_connection_pending_and_says_why() {
    for (decision, code, says) in [
        (Decision { approve: false, ..APPROVE }, "consent_refused", "not approved"),
        (Decision { sites: &[OTHER_SITE], ..APPROVE }, "site_not_granted", OTHER_SITE),
        (Decision { sites: &["none"], ..APPROVE }, "site_not_granted", "no site"),
        (
            Decision { scopes: Some("read:jira-work read:jira-user"), ..APPROVE },
            "oauth_app",
            "offline_access",
        ),
        (Decision { scopes: Some("offline_access read:me"), ..APPROVE }, "site_not_granted", "no site"),
        (
            Decision { scopes: Some("offline_access read:jira-work"), ..APPROVE },
            "scope_missing",
            "read:jira-user",
        ),
        (
            Decision { scopes: Some("offline_access read:jira-user"), ..APPROVE },
            "scope_missing",
            "read:jira-work",
        ),
    ] {
        let house = House::start().await;
        let (path, page) = house.connect(decision).await;
        assert_eq!(page.status, 422, "{decision:?}: {}", page.text());
        assert!(
            page.text().contains(says) && page.text().contains("How to mend it"),
            "{decision:?}: {}",
            page.text()
        );
        let made = house.show(&path).await;
        assert_eq!(
            (&made["state"], &made["problems"][0]["code"]),
            (&json!("pending"), &json!(code)),
            "{made}"
        );
        assert_eq!(house.secrets.names(), ["acme/oauth-app"], "{decision:?} left a secret");
        assert_eq!(house.world.checks.len(), 0);

        // Starting again with the same connection works.
        let again = house.call("POST", &format!("{path}/reconnect"), &json!({ "method": "oauth" })).await;
        let link = again.json()["authorize_url"].as_str().unwrap().replace(PUBLIC_URL, "");
        assert_eq!(house.follow(&link, APPROVE).await.status, 200);
        let made = house.show(&path).await;
        assert_eq!((&made["state"], &made["problems"]), (&json!("active"), &json!([])), "{made}");
    }
}

#[tokio::test]
async fn a_scope_that_a_use_case_lacks_degrades_the_connection_and_is_named() {
    let house = House::start().await;
    let scopes = Some("offline_access read:jira-work read:jira-user");
    let (path, page) = house.connect(Decision { scopes, ..APPROVE }).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("write:jira-work"), "{}", page.text());
    let made = house.show(&path).await;
    assert_eq!(made["state"], "degraded");
    let problems = made["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{made}");
    assert_eq!(
        (&problems[0]["code"], &problems[0]["use_case"]),
        (&json!("scope_missing"), &json!("ticketing"))
    );
    assert!(problems[0]["what"].as_str().unwrap().contains("write:jira-work"));
}

#[tokio::test]
async fn a_wrong_secret_of_the_app_is_named_and_so_is_an_app_that_is_not_set_up() {
    let house = House::start().await;
    let wrong = json!({ "client_id": "sim-client", "client_secret": "mistyped" });
    assert_eq!(house.call("PUT", "/v1/oauth-app", &wrong).await.status, 200);
    let (path, page) = house.connect(APPROVE).await;
    assert_eq!(page.status, 422);
    assert!(page.text().contains("PUT /v1/oauth-app"), "{}", page.text());
    assert!(!page.text().contains("mistyped"), "{}", page.text());
    assert_eq!(house.show(&path).await["problems"][0]["code"], "oauth_app");

    let empty = House::start().await;
    assay::secrets::SecretStore::delete(empty.secrets.as_ref(), "acme/oauth-app").await.unwrap();
    let body = json!({ "method": "oauth", "site": SITE, "use_cases": ["ticketing"] });
    let answer = empty.call("POST", "/v1/connections", &body).await;
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert!(answer.text().contains("PUT /v1/oauth-app"));
    assert_eq!(empty.show("/v1/connections").await["items"], json!([]));
}

#[tokio::test]
async fn verifying_long_after_the_access_token_ended_refreshes_it_and_the_connection_stays_alive() {
    let house = House::start().await;
    let (path, _) = house.connect(APPROVE).await;
    house.world.time.advance(3 * 3600);
    let verified = house.call("POST", &format!("{path}/verify"), &Value::Null).await;
    assert_eq!(verified.status, 200, "{}", verified.text());
    assert_eq!(verified.json()["state"], "active", "{}", verified.text());
}

#[tokio::test]
async fn a_grant_that_was_revoked_is_found_out_by_verifying_and_can_be_given_again() {
    for hours in [0, 3] {
        let house = House::start().await;
        let (path, _) = house.connect(APPROVE).await;
        house.world.time.advance(hours * 3600);
        house.world.control_api("POST", "/__sim/revoke", &json!({ "account": "acc-admin" })).await;
        let verified = house.call("POST", &format!("{path}/verify"), &Value::Null).await;
        assert_eq!(verified.status, 200, "{}", verified.text());
        let lost = verified.json();
        assert_eq!(
            (&lost["state"], &lost["problems"][0]["code"]),
            (&json!("needs_reauth"), &json!("grant_ended"))
        );
        let again = house.call("POST", &format!("{path}/reconnect"), &json!({ "method": "oauth" })).await;
        let link = again.json()["authorize_url"].as_str().unwrap().replace(PUBLIC_URL, "");
        assert_eq!(house.show(&path).await["state"], "needs_reauth", "until it is approved");
        assert_eq!(house.follow(&link, APPROVE).await.status, 200);
        assert_eq!(house.show(&path).await["state"], "active");
    }
}

#[tokio::test]
async fn a_connection_by_token_that_is_connected_again_by_consent_is_held_to_its_scopes() {
    let house = House::start().await;
    let token = json!({
        "method": "api_token", "site": SITE, "email": "admin@example.com", "token": "sim-admin-token",
        "use_cases": ["ticketing"], "change_management": { "projects": ["CHG"] },
    });
    let made = house.call("POST", "/v1/connections", &token).await.json();
    let path = format!("/v1/connections/{}", made["id"].as_str().unwrap());
    let again = house.call("POST", &format!("{path}/reconnect"), &json!({ "method": "oauth" })).await;
    let link = again.json()["authorize_url"].as_str().unwrap().replace(PUBLIC_URL, "");
    let scopes = Some("offline_access read:jira-work read:jira-user");
    assert_eq!(house.follow(&link, Decision { scopes, ..APPROVE }).await.status, 200);
    let made = house.show(&path).await;
    assert_eq!((&made["method"], &made["state"]), (&json!("oauth"), &json!("degraded")), "{made}");
}
