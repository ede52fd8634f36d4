use serde_json::{Value, json};

use crate::ids::{AccountId, GroupId, ProjectId, RoleId};
use crate::jira::error::{Effect, Kind};
use crate::jira::http::{Response, SendError};
use crate::jira::scripted::{Stage, anonymous, answer, in_doubt, text};

type Answers = Vec<Result<Response, SendError>>;

fn account() -> AccountId {
    AccountId::parse("a").unwrap()
}

fn group() -> GroupId {
    GroupId::parse("g-1").unwrap()
}

fn project() -> ProjectId {
    ProjectId::parse("10003").unwrap()
}

fn role() -> RoleId {
    RoleId::parse("10002").unwrap()
}

fn refused() -> Result<Response, SendError> {
    answer(400, json!({ "errorMessages": ["Das geht nicht."] }))
}

fn groups(ids: &[&str]) -> Result<Response, SendError> {
    let groups: Vec<Value> = ids.iter().map(|id| json!({ "groupId": id, "name": id })).collect();
    answer(200, json!(groups))
}

fn actors(accounts: &[&str]) -> Result<Response, SendError> {
    let actors: Vec<Value> =
        accounts.iter().map(|account| json!({ "actorUser": { "accountId": account } })).collect();
    answer(200, json!({ "name": "Users", "actors": actors }))
}

#[tokio::test]
async fn an_account_is_added_to_a_group_once_and_again_is_the_same() {
    let cases: [(Answers, bool); 6] = [
        (vec![answer(201, json!({ "name": "x" }))], true),
        (vec![refused(), groups(&["g-0", "g-1"])], true),
        (vec![refused(), groups(&["g-0"])], false),
        (vec![refused(), text(403, "")], false),
        (vec![text(404, ""), groups(&[])], false),
        (vec![text(403, "")], false),
    ];
    for (number, (answers, done)) in cases.into_iter().enumerate() {
        let stage = Stage::new(answers);
        assert_eq!(stage.client.add_to_group(&account(), &group()).await.is_ok(), done, "case {number}");
        assert!(stage.url(0).ends_with("/group/user?groupId=g-1"), "{}", stage.url(0));
        assert_eq!(stage.body(0), json!({ "accountId": "a" }));
        stage.done();
    }
}

#[tokio::test]
async fn an_account_is_removed_from_a_group_and_a_404_is_believed_only_when_it_is_so() {
    let listed = |active: &[bool]| {
        let account = |active: &bool| json!({ "accountId": "a", "active": active });
        answer(200, json!({ "values": active.iter().map(account).collect::<Vec<_>>(), "isLast": true }))
    };
    let cases: [(Answers, bool); 11] = [
        (vec![answer(200, Value::Null)], true),
        (vec![refused(), groups(&["g-0"])], true),
        (vec![text(404, ""), groups(&[])], true),
        (vec![text(404, ""), text(404, ""), listed(&[])], true),
        (vec![text(404, ""), text(404, ""), listed(&[false])], true),
        (vec![text(404, ""), text(404, ""), listed(&[true])], false),
        (vec![text(404, ""), text(404, ""), text(403, "")], false),
        (vec![text(404, ""), groups(&["g-1"])], false),
        (vec![text(404, ""), text(403, "")], false),
        (vec![anonymous(text(404, "")), anonymous(text(404, "")), anonymous(text(401, ""))], false),
        (vec![text(403, "")], false),
    ];
    for (number, (answers, done)) in cases.into_iter().enumerate() {
        let stage = Stage::new(answers);
        let removed = stage.client.remove_from_group(&account(), &group()).await;
        assert_eq!(removed.is_ok(), done, "case {number}");
        assert_eq!(stage.calls()[0], "DELETE /group/user");
        assert!(stage.url(0).ends_with("/group/user?groupId=g-1&accountId=a"), "{}", stage.url(0));
        stage.done();
    }
}

#[tokio::test]
async fn a_role_is_given_once_and_again_is_the_same() {
    let cases: [(Answers, bool); 4] = [
        (vec![actors(&["a"])], true),
        (vec![refused(), actors(&["a", "b"])], true),
        (vec![refused(), actors(&["b"])], false),
        (vec![text(404, ""), text(404, "")], false),
    ];
    for (number, (answers, done)) in cases.into_iter().enumerate() {
        let stage = Stage::new(answers);
        let given = stage.client.add_role_actor(&project(), &role(), &account()).await;
        assert_eq!(given.is_ok(), done, "case {number}");
        assert_eq!(stage.calls()[0], "POST /project/10003/role/10002");
        assert_eq!(stage.body(0), json!({ "user": ["a"] }));
        stage.done();
    }
}

#[tokio::test]
async fn a_role_is_taken_and_a_404_is_believed_only_when_it_is_so() {
    let cases: [(Answers, bool); 4] = [
        (vec![answer(204, Value::Null)], true),
        (vec![text(404, ""), actors(&["b"])], true),
        (vec![text(404, ""), actors(&["a"])], false),
        (vec![text(404, ""), text(404, "")], false),
    ];
    for (number, (answers, done)) in cases.into_iter().enumerate() {
        let stage = Stage::new(answers);
        let taken = stage.client.remove_role_actor(&project(), &role(), &account()).await;
        assert_eq!(taken.is_ok(), done, "case {number}");
        assert_eq!(stage.calls()[0], "DELETE /project/10003/role/10002");
        assert!(stage.url(0).ends_with("/role/10002?user=a"), "{}", stage.url(0));
        stage.done();
    }
}

#[tokio::test]
async fn a_change_in_doubt_is_not_made_again_and_says_so() {
    let stage = Stage::new(vec![in_doubt()]);
    let error = stage.client.remove_from_group(&account(), &group()).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    stage.done();
    let stage = Stage::new(vec![refused(), groups(&["g-1"])]);
    let error = stage.client.remove_from_group(&account(), &group()).await.unwrap_err();
    assert_eq!(error.effect(), Effect::None);
    assert!(error.to_string().contains("Das geht nicht."), "{error}");
}

#[tokio::test]
async fn whether_an_account_is_an_administrator_is_asked_for_that_account() {
    let granted = |permissions: Value| {
        answer(200, json!({ "globalPermissions": permissions, "projectPermissions": [] }))
    };
    let stage = Stage::new(vec![
        granted(json!(["ADMINISTER"])),
        granted(json!([])),
        answer(200, json!({ "projectPermissions": [] })),
        text(403, ""),
        anonymous(granted(json!([]))),
        anonymous(text(401, "")),
    ]);
    assert!(stage.client.is_administrator(&account()).await.unwrap());
    assert_eq!(stage.body(0), json!({ "accountId": "a", "globalPermissions": ["ADMINISTER"] }));
    assert!(!stage.client.is_administrator(&account()).await.unwrap());
    assert!(matches!(
        stage.client.is_administrator(&account()).await.unwrap_err().kind,
        Kind::Malformed { .. }
    ));
    assert_eq!(stage.client.is_administrator(&account()).await.unwrap_err().kind, Kind::Forbidden);
    assert_eq!(stage.client.is_administrator(&account()).await.unwrap_err().kind, Kind::Unauthorized);
    stage.done();
}

#[tokio::test]
async fn the_groups_of_an_account_are_read_by_identifier() {
    let stage =
        Stage::new(vec![groups(&["g-2", "g-1"]), answer(200, json!([{ "name": "x" }])), text(404, "")]);
    let found = stage.client.groups_of(&account()).await.unwrap();
    assert_eq!(found.iter().map(GroupId::as_str).collect::<Vec<_>>(), ["g-1", "g-2"]);
    assert!(stage.url(0).ends_with("/user/groups?accountId=a"), "{}", stage.url(0));
    assert_eq!(stage.client.meter().points, 5);
    assert!(stage.client.groups_of(&account()).await.is_err());
    assert_eq!(stage.client.groups_of(&account()).await.unwrap_err().kind, Kind::NotFound);
}
