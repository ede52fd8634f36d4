use serde_json::{Value, json};

use crate::support::{Jira, Reply, consent, text};

async fn report(jira: &Jira, token: &str, body: Value) -> Reply {
    let request = jira.client.post(format!("{}/app/report-accounts/", jira.running.url()));
    jira.send(request.bearer_auth(token).json(&body)).await
}

#[tokio::test]
async fn the_report_tells_of_closed_and_changed_accounts_and_of_the_cycle() {
    let jira = Jira::demo().await;
    let token = consent(&jira, "report:personal-data read:jira-user").await;
    let token = text(&token["access_token"]).to_owned();
    let since = jira.simulator().now().to_string();
    let entry = |id: &str| json!({ "accountId": id, "updatedAt": since });
    let accounts = ["acc-1", "acc-2", "acc-3", "nobody"].map(entry);
    let body = json!({ "accounts": accounts });
    let nothing = report(&jira, &token, body.clone()).await;
    assert_eq!((nothing.status, nothing.header("cycle-period")), (204, "P7D"));
    jira.advance(60);
    jira.control("POST", "/accounts/acc-2", json!({ "name": "Another name" })).await;
    jira.control("POST", "/accounts/acc-3/close", Value::Null).await;
    jira.simulator().set(|settings| settings.personal_data_cycle = "P3D".to_owned());
    let told = report(&jira, &token, body).await;
    assert_eq!((told.status, told.header("cycle-period")), (200, "P3D"));
    let expected = json!([
        { "accountId": "acc-2", "status": "updated" },
        { "accountId": "acc-3", "status": "closed" },
    ]);
    assert_eq!(told.json()["accounts"], expected);
    let journal = jira.simulator().journal();
    assert_eq!(journal.last().unwrap().operation, "reportAccounts");
}

#[tokio::test]
async fn only_a_consent_to_the_report_lets_an_app_ask_and_for_ninety_accounts_at_once() {
    let jira = Jira::demo().await;
    let entry = json!({ "accountId": "acc-1", "updatedAt": "2026-06-15T12:00:00Z" });
    let body = |count: usize| json!({ "accounts": vec![entry.clone(); count] });
    let other = consent(&jira, "read:jira-user").await;
    assert_eq!(report(&jira, text(&other["access_token"]), body(1)).await.status, 403);
    assert_eq!(report(&jira, "none", body(1)).await.status, 401);
    let token = consent(&jira, "report:personal-data").await;
    let token = text(&token["access_token"]);
    assert_eq!(report(&jira, token, body(90)).await.status, 204);
    assert_eq!(report(&jira, token, body(91)).await.status, 400);
    assert_eq!(report(&jira, token, json!({ "accounts": [{ "accountId": "acc-1" }] })).await.status, 400);
}
