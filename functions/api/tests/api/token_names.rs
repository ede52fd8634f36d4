//! What tokens are called.

use assay::access::Role;
use assay_test_support::http::Ask;
use serde_json::json;

use crate::support::House;

#[tokio::test]
async fn what_tokens_are_called_is_told_to_whoever_reads_and_only_within_the_tenant() {
    let house = House::start().await;
    let auditor = house.token("acme", Role::Auditor).await;
    let own = auditor.split('_').nth(2).unwrap();
    let foreign = house.token("other", Role::Admin).await;
    let foreign = foreign.split('_').nth(2).unwrap();
    let ask = |ids: String| {
        house.send(Ask::new("GET", &format!("/v1/tokens/names?ids={ids}")).token(Some(&auditor)))
    };
    let named = ask(format!("{own},{foreign},iam")).await.json();
    assert_eq!(named["items"].as_array().unwrap().len(), 1, "{named}");
    assert_eq!(
        (&named["items"][0]["id"], named["items"][0]["name"].is_string()),
        (&json!(own), true),
        "{named}"
    );
    let many = (0..101).map(|number| format!("t{number}")).collect::<Vec<_>>().join(",");
    for ids in [String::new(), "%20".to_owned(), "a/b".to_owned(), many] {
        let refused = ask(ids.clone()).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["field"]), (422, &json!("ids")), "{ids}");
    }
}
