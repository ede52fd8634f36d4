use serde_json::{Value, json};

use super::ListedAccount;
use crate::account::AccountKind;
use crate::ids::{AccountId, GroupId};
use crate::jira::error::Kind;
use crate::jira::http::SendError;
use crate::jira::scripted::{ACCOUNT, Stage, anonymous, answer, text, with};

fn user(id: &str) -> Value {
    json!({ "accountId": id, "accountType": "atlassian", "displayName": id, "active": true })
}

fn page(start: u64, values: &[Value], total: Option<u64>, is_last: Option<bool>) -> Value {
    json!({ "startAt": start, "total": total, "isLast": is_last, "values": values })
}

fn id(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

fn group() -> GroupId {
    GroupId::parse("g-1").unwrap()
}

fn names(accounts: &[ListedAccount]) -> Vec<&str> {
    accounts.iter().map(|account| account.id.as_str()).collect()
}

#[tokio::test]
async fn accounts_are_told_apart_and_an_address_is_kept_in_lower_case_if_there_is_one() {
    let with_type = |kind: Value, email: Value| {
        json!({
            "accountId": "712020:aa-1", "accountType": kind, "displayName": "Mia", "emailAddress": email,
            "active": false,
        })
    };
    let stage = Stage::new(vec![answer(
        200,
        json!([
            with_type(json!("atlassian"), json!("Mia@Example.COM")),
            with_type(json!("app"), json!("")),
            with_type(json!("customer"), Value::Null),
            with_type(json!("robot"), json!(" ")),
            with_type(Value::Null, json!("a@b.c")),
            { "accountId": "unknown", "active": true },
        ]),
    )]);
    let accounts = stage.client.list_accounts(2000).await.unwrap();
    let seen: Vec<_> = accounts.iter().map(|account| (account.kind, account.email.as_deref())).collect();
    assert_eq!(
        seen,
        [
            (AccountKind::Human, Some("mia@example.com")),
            (AccountKind::App, None),
            (AccountKind::Customer, None),
            (AccountKind::Unknown, None),
            (AccountKind::Unknown, Some("a@b.c")),
            (AccountKind::Unknown, None),
        ]
    );
    assert_eq!((accounts[0].id.as_str(), accounts[0].name.as_str()), ("712020:aa-1", "Mia"));
    assert_eq!((accounts[0].active, accounts[5].active), (false, true));
    assert_eq!((accounts[0].is_nobody(), accounts[5].is_nobody()), (false, true));
    assert!(stage.url(0).ends_with("/users/search?startAt=2000&maxResults=1000"), "{}", stage.url(0));
    assert_eq!(stage.client.meter().points, 1 + 2 * 6);
    let written = format!("{accounts:?}");
    assert!(!written.contains("Mia") && !written.contains("example"), "{written}");
}

#[tokio::test]
async fn accounts_end_at_an_empty_page_and_only_for_the_connections_account() {
    let stage = Stage::new(vec![answer(200, json!([]))]);
    assert_eq!(stage.client.list_accounts(0).await.unwrap(), []);
    stage.done();
    let stage = Stage::new(vec![
        anonymous(answer(200, json!([]))),
        anonymous(answer(200, json!({ "accountId": ACCOUNT, "active": true }))),
    ]);
    assert_eq!(stage.client.list_accounts(0).await.unwrap(), []);
    stage.done();
    let stage = Stage::new(vec![with(answer(200, json!([])), "x-aaccountid", "acc-2")]);
    assert_eq!(stage.client.list_accounts(0).await.unwrap_err().kind, Kind::Unauthorized);
}

#[tokio::test]
async fn a_page_of_accounts_that_jira_cannot_manage_is_asked_for_smaller() {
    let conflict = || answer(409, json!({ "errorMessages": ["took too long"] }));
    let stage = Stage::new(vec![
        conflict(),
        Err(SendError::TooLarge { status: 200 }),
        answer(200, json!([user("a")])),
    ]);
    assert_eq!(names(&stage.client.list_accounts(7).await.unwrap()), ["a"]);
    for (number, size) in [1000, 250, 50].into_iter().enumerate() {
        let end = format!("?startAt=7&maxResults={size}");
        assert!(stage.url(number).ends_with(&end), "{}", stage.url(number));
    }
    let stage = Stage::new(vec![conflict(), conflict(), conflict()]);
    assert!(matches!(
        stage.client.list_accounts(0).await.unwrap_err().kind,
        Kind::Refused { status: 409, .. }
    ));
    stage.done();
    let stage = Stage::new(vec![text(403, "")]);
    assert_eq!(stage.client.list_accounts(0).await.unwrap_err().kind, Kind::Forbidden);
}

#[tokio::test]
async fn one_account_that_makes_no_sense_spoils_the_list_rather_than_shortening_it() {
    for broken in [
        json!({ "accountId": "a b", "active": true }),
        json!({ "active": true }),
        json!({ "accountId": "a" }),
    ] {
        let stage = Stage::new(vec![answer(200, json!([user("a"), broken]))]);
        let error = stage.client.list_accounts(0).await.unwrap_err();
        assert!(matches!(error.kind, Kind::Malformed { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_page_of_members_tells_whether_another_follows() {
    let two = [user("a"), user("b")];
    for (body, start, total, last) in [
        (page(0, &two, Some(5), Some(false)), 0, Some(5), false),
        (page(50, &two, Some(52), Some(true)), 50, Some(52), true),
        (page(0, &two, Some(5), None), 0, Some(5), false),
        (page(3, &two, Some(5), None), 3, Some(5), true),
        (page(0, &two, None, None), 0, None, false),
    ] {
        let stage = Stage::new(vec![answer(200, body.clone())]);
        let members = stage.client.list_members(&group(), start).await.unwrap();
        assert_eq!(names(&members.items), ["a", "b"]);
        assert_eq!((members.total, members.last), (total, last), "{body}");
        let query =
            format!("/group/member?groupId=g-1&includeInactiveUsers=true&startAt={start}&maxResults=50");
        assert!(stage.url(0).ends_with(&query), "{}", stage.url(0));
        assert_eq!(stage.client.meter().points, 5);
    }
    let stage = Stage::new(vec![answer(200, page(2, &[], None, None))]);
    assert!(stage.client.list_members(&group(), 2).await.unwrap().last);
}

#[tokio::test]
async fn a_page_that_leads_nowhere_is_an_error() {
    for (body, at) in [
        (page(0, &[], Some(5), Some(false)), "values"),
        (page(50, &[user("a")], Some(51), Some(true)), "startAt"),
        (json!({ "isLast": true }), "."),
    ] {
        let stage = Stage::new(vec![answer(200, body)]);
        let error = stage.client.list_members(&group(), 0).await.unwrap_err();
        let Kind::Malformed { path } = &error.kind else { panic!("{error}") };
        assert!(path == at || (at == "." && path == "$"), "{path}");
    }
}

#[tokio::test]
async fn a_group_that_is_gone_is_told_from_one_that_somebody_else_may_not_see() {
    let stage = Stage::new(vec![answer(404, json!({}))]);
    assert_eq!(stage.client.list_members(&group(), 0).await.unwrap_err().kind, Kind::NotFound);
    stage.done();
    let stage = Stage::new(vec![anonymous(answer(404, json!({}))), anonymous(text(401, ""))]);
    assert_eq!(stage.client.list_members(&group(), 0).await.unwrap_err().kind, Kind::Unauthorized);
    stage.done();
    let stage = Stage::new(vec![anonymous(answer(404, json!({}))), anonymous(text(404, ""))]);
    let error = stage.client.list_members(&group(), 0).await.unwrap_err();
    assert_eq!(
        error.kind,
        Kind::Unavailable { status: 404, retry_after: None },
        "the site is gone, not the group"
    );
    stage.done();
}

#[tokio::test]
async fn the_last_page_counts_only_for_the_connections_account() {
    let last = || anonymous(answer(200, page(0, &[user("a")], Some(1), Some(true))));
    let stage = Stage::new(vec![last(), anonymous(text(401, ""))]);
    assert_eq!(stage.client.list_members(&group(), 0).await.unwrap_err().kind, Kind::Unauthorized);
    stage.done();
}

#[tokio::test]
async fn groups_are_listed_by_their_identifiers() {
    let values =
        [json!({ "groupId": "g-1", "name": "jira-users" }), json!({ "groupId": "g-2", "name": "x" })];
    let stage = Stage::new(vec![
        answer(200, page(50, &values, Some(52), Some(true))),
        answer(200, page(0, &[json!({ "groupId": null, "name": "x" })], Some(1), Some(true))),
    ]);
    let groups = stage.client.list_groups(50).await.unwrap();
    let seen: Vec<_> = groups.items.iter().map(|it| (it.id.as_str(), it.name.as_str())).collect();
    assert_eq!(seen, [("g-1", "jira-users"), ("g-2", "x")]);
    assert!(groups.last);
    assert!(stage.url(0).ends_with("/group/bulk?startAt=50&maxResults=50"), "{}", stage.url(0));
    assert_eq!(stage.client.meter().points, 5);
    assert!(stage.client.list_groups(0).await.is_err(), "a group without identifier");
}

#[tokio::test]
async fn accounts_are_read_by_id_a_hundred_at_a_time_and_to_the_end_of_the_pages() {
    let ids: Vec<AccountId> = (0..101).map(|number| id(&format!("a{number:03}"))).collect();
    let users: Vec<Value> = ids.iter().map(|id| user(id.as_str())).collect();
    let stage = Stage::new(vec![
        answer(200, page(0, &users[..10], Some(99), Some(false))),
        answer(200, page(10, &users[10..99], Some(99), Some(true))),
        answer(200, page(0, &[], Some(0), Some(true))),
    ]);
    let found = stage.client.accounts_with_ids(&ids).await.unwrap();
    assert_eq!(found.len(), 99);
    stage.done();
    assert!(stage.url(0).contains("/user/bulk?startAt=0&maxResults=100&accountId=a000&accountId=a001&"));
    assert!(stage.url(1).contains("?startAt=10&maxResults=100&accountId=a000&"), "{}", stage.url(1));
    assert!(stage.url(2).ends_with("?startAt=0&maxResults=1&accountId=a100"), "{}", stage.url(2));
    let stage = Stage::new(Vec::new());
    assert_eq!(stage.client.accounts_with_ids(&[]).await.unwrap(), []);
}

#[tokio::test]
async fn an_answer_about_other_accounts_is_an_error() {
    for values in [vec![user("b")], vec![user("a"), user("a")]] {
        let stage = Stage::new(vec![answer(200, page(0, &values, None, Some(true)))]);
        let error = stage.client.accounts_with_ids(&[id("a")]).await.unwrap_err();
        assert_eq!(error.kind, Kind::Malformed { path: "values".to_owned() });
    }
}
