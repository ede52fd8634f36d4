use serde_json::{Value, json};

use crate::ids::{AccountId, GroupId, ProjectId, RoleId};
use crate::jira::error::Kind;
use crate::jira::scripted::{Stage, anonymous, answer, text};

fn project() -> ProjectId {
    ProjectId::parse("10003").unwrap()
}

fn role() -> RoleId {
    RoleId::parse("10002").unwrap()
}

#[tokio::test]
async fn products_are_given_by_groups_that_are_known_by_identifier() {
    let body = json!([
        {
            "key": "jira-software", "name": "Jira", "groups": ["b", "a"], "userCount": 5, "numberOfSeats": 10,
            "groupDetails": [{ "groupId": "g-b", "name": "b" }, { "groupId": "g-a", "name": "a" }],
            "hasUnlimitedSeats": false, "remainingSeats": 5,
        },
        { "key": "jira-core", "groupDetails": [], "numberOfSeats": -1, "hasUnlimitedSeats": true },
    ]);
    let stage = Stage::new(vec![answer(200, body)]);
    let roles = stage.client.application_roles().await.unwrap();
    let groups: Vec<&str> = roles[0].groups.iter().map(GroupId::as_str).collect();
    assert_eq!((roles[0].key.as_str(), roles[0].name.as_str()), ("jira-software", "Jira"));
    assert_eq!(groups, ["g-a", "g-b"]);
    assert_eq!((roles[0].seats, roles[0].unlimited, roles[0].used), (Some(10), false, Some(5)));
    assert_eq!((roles[1].seats, roles[1].unlimited, roles[1].used), (None, true, None));
    assert_eq!(stage.calls(), ["GET /applicationrole"]);
    assert_eq!(stage.client.meter().points, 1 + 2 * 2 + 2 * 2);
}

#[tokio::test]
async fn a_group_without_identifier_is_an_error_and_not_a_product_that_fewer_have() {
    for product in [
        json!({ "key": "jira-core", "groups": ["a"], "groupDetails": [] }),
        json!({ "key": "jira-core", "groups": ["a"] }),
        json!({ "key": "jira-core", "groups": ["a"], "groupDetails": [{ "groupId": null, "name": "a" }] }),
        json!({ "groups": [] }),
    ] {
        let stage = Stage::new(vec![answer(200, json!([product]))]);
        let error = stage.client.application_roles().await.unwrap_err();
        assert!(matches!(error.kind, Kind::Malformed { .. }), "{error}");
    }
    let stage = Stage::new(vec![answer(403, json!({}))]);
    assert_eq!(stage.client.application_roles().await.unwrap_err().kind, Kind::Forbidden);
}

#[tokio::test]
async fn the_number_of_licences_is_a_number_in_text() {
    let stage = Stage::new(vec![
        answer(200, json!({ "key": "license.totalApproximateUserCount", "value": "1000" })),
        answer(200, json!({ "key": "license.totalApproximateUserCount", "value": "many" })),
    ]);
    assert_eq!(stage.client.licence_count().await.unwrap(), 1000);
    assert_eq!(stage.calls(), ["GET /license/approximateLicenseCount"]);
    assert!(stage.client.licence_count().await.is_err());
}

#[tokio::test]
async fn projects_are_listed_page_by_page_and_none_are_none() {
    let values = [json!({ "id": "10000", "key": "EX" }), json!({ "id": "10001", "key": "ABC", "name": "A" })];
    let stage = Stage::new(vec![
        answer(200, json!({ "startAt": 100, "total": 150, "isLast": false, "values": values })),
        answer(404, json!({})),
        anonymous(answer(404, json!({}))),
        anonymous(text(404, "")),
    ]);
    let page = stage.client.list_projects_from(100).await.unwrap();
    let seen: Vec<_> = page.items.iter().map(|it| (it.id.as_str(), it.key.as_str())).collect();
    assert_eq!((seen, page.total, page.last), (vec![("10000", "EX"), ("10001", "ABC")], Some(150), false));
    assert!(stage.url(0).ends_with("/project/search?startAt=100&maxResults=100"), "{}", stage.url(0));
    assert_eq!(stage.client.meter().points, 3);
    let none = stage.client.list_projects_from(0).await.unwrap();
    assert_eq!((none.items, none.last), (Vec::new(), true));
    assert!(stage.client.list_projects_from(0).await.is_err(), "nobody knows who saw none");
    stage.done();
}

#[tokio::test]
async fn the_roles_of_a_project_are_the_last_parts_of_their_addresses() {
    let address = |id: &str| format!("https://demo.atlassian.net/rest/api/3/project/10003/role/{id}");
    let stage = Stage::new(vec![
        answer(200, json!({ "Users": address("10009"), "Administrators": address("10002") })),
        answer(200, json!({ "Users": address("") })),
        answer(200, json!({ "Users": address("users") })),
        answer(404, json!({})),
    ]);
    let roles = stage.client.project_roles(&project()).await.unwrap();
    assert_eq!(roles.iter().map(RoleId::as_str).collect::<Vec<_>>(), ["10002", "10009"]);
    assert_eq!(stage.client.meter().points, 5);
    assert!(stage.client.project_roles(&project()).await.is_err());
    assert!(stage.client.project_roles(&project()).await.is_err());
    assert_eq!(stage.client.project_roles(&project()).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(stage.calls()[0], "GET /project/10003/role");
}

#[tokio::test]
async fn a_role_is_held_by_accounts_and_by_groups() {
    let actors = json!([
        { "type": "atlassian-user-role-actor", "actorUser": { "accountId": "b" } },
        { "type": "atlassian-user-role-actor", "actorUser": { "accountId": "a" } },
        { "type": "atlassian-user-role-actor", "actorUser": { "accountId": "unknown" } },
        { "type": "atlassian-group-role-actor", "actorGroup": { "groupId": "g-1", "name": "x" } },
    ]);
    let stage =
        Stage::new(vec![answer(200, json!({ "id": 10002, "name": "Administrators", "actors": actors }))]);
    let held = stage.client.role_actors(&project(), &role()).await.unwrap();
    assert_eq!(held.name, "Administrators");
    assert_eq!(held.accounts.iter().map(AccountId::as_str).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(held.groups.iter().map(GroupId::as_str).collect::<Vec<_>>(), ["g-1"]);
    assert_eq!(stage.calls(), ["GET /project/10003/role/10002"]);
    assert_eq!(stage.client.meter().points, 1 + 2 + 2 * 4);
}

#[tokio::test]
async fn somebody_who_holds_a_role_and_cannot_be_read_is_an_error() {
    for actors in [
        json!([{ "type": "atlassian-robot-role-actor" }]),
        json!([{ "actorGroup": { "name": "x" } }]),
        json!([{ "actorUser": { "accountId": null } }]),
        Value::Null,
    ] {
        let stage = Stage::new(vec![answer(200, json!({ "name": "Users", "actors": actors }))]);
        let error = stage.client.role_actors(&project(), &role()).await.unwrap_err();
        assert!(matches!(error.kind, Kind::Malformed { .. }), "{error}");
    }
    let stage = Stage::new(vec![anonymous(answer(404, json!({}))), anonymous(text(401, ""))]);
    let error = stage.client.role_actors(&project(), &role()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unauthorized);
}
