use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Administration, OrganisationUsers};
use crate::clock::{Clock, after};
use crate::jira::Addresses;
use crate::jira::error::{JiraError, Kind};
use crate::jira::http::{Response, SendError, Sender, TIMEOUT};
use crate::jira::scripted::{Stage, answer, limited, text, with};
use crate::secret::Secret;

/// Asks for a page in an organisation of a strange name, with so many seconds left.
async fn users(
    seconds: Option<i64>,
    cursor: Option<&str>,
    answers: Vec<Result<Response, SendError>>,
) -> (Result<OrganisationUsers, JiraError>, Stage) {
    let stage = Stage::new(answers);
    let sender: Arc<dyn Sender> = Arc::clone(&stage.script) as _;
    let clock = Arc::clone(&stage.clock) as Arc<dyn Clock>;
    let deadline = seconds.map(|seconds| after(clock.now(), seconds));
    let administration = Administration::new(sender, Addresses::default(), clock, deadline);
    let users = administration.users(&Secret::new("k"), "o/1", cursor).await;
    stage.done();
    (users, stage)
}

fn page(data: &Value, next: Option<&str>) -> Result<Response, SendError> {
    answer(200, json!({ "data": data, "links": { "self": "c0", "next": next } }))
}

#[tokio::test]
async fn an_account_is_told_with_its_address_roles_products_and_last_activity() {
    let data = json!([
        {
            "accountId": "a", "accountType": "atlassian", "email": "Mia@Example.com", "status": "suspended",
            "accountStatus": "active", "claimStatus": "managed", "name": "Mia",
            "platformRoles": ["atlassian/site-admin", "atlassian/org-admin"],
            "productAccess": [
                { "id": "ari:cloud:jira-software::site/s-1", "key": "jira-software",
                  "lastActiveTimestamp": "2025-11-06T23:07:29.936941226Z" },
                { "id": "odd", "key": "confluence", "lastActiveTimestamp": null },
            ],
        },
        { "accountId": "b", "email": "", "accountStatus": "closed", "claimStatus": "unmanaged" },
        { "accountId": "c" },
    ]);
    let (users, stage) = users(None, None, vec![page(&data, Some("c1"))]).await;
    let users = users.unwrap();
    let [mia, other, last] = users.items.as_slice() else { panic!("{users:?}") };
    assert_eq!((mia.id.as_str(), mia.email.as_deref()), ("a", Some("mia@example.com")));
    assert_eq!((mia.view.managed, mia.view.status.as_deref()), (Some(true), Some("suspended")));
    assert_eq!(mia.view.roles, ["atlassian/org-admin", "atlassian/site-admin"]);
    let products: Vec<_> = mia
        .view
        .products
        .iter()
        .map(|it| (it.product.as_str(), it.resource.as_str(), it.last_active.map(Timestamp::as_second)))
        .collect();
    assert_eq!(products, [("confluence", "odd", None), ("jira-software", "s-1", Some(1_762_470_449))]);
    assert_eq!((other.email.as_deref(), other.view.managed), (None, Some(false)));
    assert_eq!(other.view.status.as_deref(), Some("closed"));
    assert_eq!(last.view, crate::account::OrganisationView::default());
    assert_eq!(users.next.as_deref(), Some("c1"));
    let url = "https://api.atlassian.com/admin/v2/orgs/o%2F1/directories/-/users/search";
    assert_eq!(stage.url(0), url);
    assert_eq!(stage.body(0), json!({ "limit": 100, "expand": ["platformRoles", "productAccess"] }));
    let requests = stage.script.requests.lock().unwrap();
    assert_eq!(requests[0].authorization.as_ref().unwrap().expose(), "Bearer k");
    let written = format!("{users:?}");
    assert!(!written.contains("example"), "{written}");
}

#[tokio::test]
async fn the_next_page_is_asked_for_by_its_cursor_and_the_last_one_names_none() {
    let (last, stage) = users(None, Some("c1"), vec![page(&json!([]), None)]).await;
    assert_eq!(last.unwrap(), OrganisationUsers { items: Vec::new(), next: None });
    assert_eq!(
        (&stage.body(0)["cursor"], &stage.body(0)["expand"][1]),
        (&json!("c1"), &json!("productAccess"))
    );
    let (last, _) = users(None, None, vec![answer(200, json!({ "data": [] }))]).await;
    assert_eq!(last.unwrap().next, None);
}

#[tokio::test]
async fn a_page_that_makes_no_sense_is_an_error_and_not_an_organisation_of_few() {
    let active = |moment: Value| json!([{ "accountId": "a", "productAccess": [{ "id": "x", "key": "k", "lastActiveTimestamp": moment }] }]);
    for page in [
        page(&json!([]), Some("c1")),
        page(&json!([{ "email": "a@b.c" }]), None),
        page(&active(json!("soon")), None),
        answer(200, json!({ "links": {} })),
        text(200, "<html>"),
    ] {
        let (users, _) = users(None, Some("c1"), vec![page]).await;
        assert!(matches!(users.unwrap_err().kind, Kind::Malformed { .. }));
    }
}

#[tokio::test]
async fn a_call_is_bounded_follows_nothing_and_is_made_once() {
    let (_, stage) = users(Some(5), None, vec![page(&json!([]), None)]).await;
    assert_eq!(stage.script.requests.lock().unwrap()[0].timeout.as_secs(), 5);
    let (_, stage) = users(None, None, vec![page(&json!([]), None)]).await;
    assert_eq!(stage.script.requests.lock().unwrap()[0].timeout, TIMEOUT);
    assert_eq!(users(Some(0), None, Vec::new()).await.0.unwrap_err().kind, Kind::NotSent);
    let elsewhere = with(text(302, ""), "location", "https://evil.example.com/");
    let (moved, _) = users(None, None, vec![elsewhere]).await;
    assert!(matches!(moved.unwrap_err().kind, Kind::Redirected { .. }));
    let (turned_away, _) = users(None, None, vec![limited("", Some(7))]).await;
    assert_eq!(turned_away.unwrap_err().wait(), 7);
}
