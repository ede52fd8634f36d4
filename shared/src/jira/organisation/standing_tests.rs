use std::sync::Arc;

use serde_json::{Value, json};

use super::super::Administration;
use super::{Enablement, Membership};
use crate::clock::Clock;
use crate::ids::AccountId;
use crate::jira::Addresses;
use crate::jira::error::Kind;
use crate::jira::http::{Method, Response, SendError, Sender};
use crate::jira::scripted::{Stage, answer, text};
use crate::secret::Secret;

type Sent = Result<Response, SendError>;

fn stage(answers: Vec<Sent>) -> (Stage, Administration) {
    let stage = Stage::new(answers);
    let sender: Arc<dyn Sender> = Arc::clone(&stage.script) as _;
    let clock = Arc::clone(&stage.clock) as Arc<dyn Clock>;
    let administration = Administration::new(sender, Addresses::default(), clock, None);
    (stage, administration)
}

fn account() -> AccountId {
    AccountId::parse("712020:a-1").unwrap()
}

fn key() -> Secret {
    Secret::new("k")
}

fn user(account_status: &str, membership: &str) -> Value {
    json!({
        "accountId": "712020:a-1", "accountStatus": account_status, "membershipStatus": membership,
        "claimStatus": "managed", "platformRoles": ["atlassian/org-admin"],
    })
}

fn page(users: &[Value]) -> Sent {
    answer(200, json!({ "data": users, "links": {} }))
}

fn directories(ids: &[&str]) -> Sent {
    let directories: Vec<Value> =
        ids.iter().map(|id| json!({ "directoryId": id, "name": id, "icon": "" })).collect();
    answer(200, json!({ "data": directories, "links": {} }))
}

#[tokio::test]
async fn what_an_account_has_is_read_from_both_statuses() {
    for (statuses, has) in [
        (("active", "active"), (Membership::Active, true)),
        (("active", "suspended"), (Membership::Suspended, true)),
        (("active", "no_membership"), (Membership::NoMembership, true)),
        (("inactive", "active"), (Membership::Active, false)),
        (("closed", "no_membership"), (Membership::NoMembership, false)),
    ] {
        let (stage, administration) = stage(vec![page(&[user(statuses.0, statuses.1)])]);
        let found = administration.directory_user(&key(), "o", &account()).await.unwrap().unwrap();
        assert_eq!((found.membership, found.is_active), has, "{statuses:?}");
        assert!(found.administers && found.managed == Some(true));
        assert_eq!(stage.body(0)["accountIds"], json!(["712020:a-1"]));
        assert_eq!(stage.url(0), "https://api.atlassian.com/admin/v2/orgs/o/directories/-/users/search");
    }
    let (_, administration) = stage(vec![page(&[])]);
    assert_eq!(administration.directory_user(&key(), "o", &account()).await.unwrap(), None);
}

#[tokio::test]
async fn it_is_kept_out_of_every_directory_that_lists_it() {
    let (stage, administration) = stage(vec![directories(&["d1", "d2"]), text(404, ""), text(204, "")]);
    administration.suspend(&key(), "o", &account()).await.unwrap();
    let base = "https://api.atlassian.com/admin/v2/orgs/o/directories";
    assert_eq!(stage.url(0), base);
    assert_eq!(stage.url(2), format!("{base}/d2/users/712020%3Aa-1/suspend"));
    assert_eq!(stage.script.requests.lock().unwrap()[2].method, Method::Post);
    stage.done();

    let (stage, administration) = self::stage(vec![directories(&["d1"]), text(404, "")]);
    let missing = administration.restore(&key(), "o", &account()).await.unwrap_err();
    assert_eq!(missing.kind, Kind::NotFound, "no directory lists it");
    stage.done();

    let (stage, administration) = self::stage(vec![directories(&["d1"]), text(204, "")]);
    administration.remove(&key(), "o", &account()).await.unwrap();
    assert_eq!(stage.script.requests.lock().unwrap()[1].method, Method::Delete);
    assert_eq!(stage.url(1), format!("{base}/d1/users/712020%3Aa-1"));
}

#[tokio::test]
async fn whether_an_account_may_be_deactivated_is_asked_first() {
    for (sent, expected) in [
        (answer(200, json!({ "lifecycle.enablement": { "allowed": true } })), Enablement::Allowed),
        (
            answer(
                200,
                json!({ "lifecycle.enablement": { "allowed": false, "reason": { "key": "externalDirectory.scim" } } }),
            ),
            Enablement::Restricted("externalDirectory.scim".to_owned()),
        ),
        (answer(200, json!({})), Enablement::Restricted("not said".to_owned())),
        (answer(403, json!({ "key": "forbidden.unclaimedDomain" })), Enablement::NotManaged),
        (text(404, ""), Enablement::NotManaged),
    ] {
        let (stage, administration) = stage(vec![sent]);
        assert_eq!(administration.enablement(&key(), &account()).await.unwrap(), expected);
        let url = "https://api.atlassian.com/users/712020%3Aa-1/manage?privileges=lifecycle.enablement";
        assert_eq!(stage.url(0), url);
    }
}

#[tokio::test]
async fn a_managed_account_is_deactivated_and_activated() {
    let (stage, administration) = stage(vec![text(204, ""), text(204, "")]);
    administration.enable(&key(), &account(), false).await.unwrap();
    administration.enable(&key(), &account(), true).await.unwrap();
    assert_eq!(stage.url(0), "https://api.atlassian.com/users/712020%3Aa-1/manage/lifecycle/disable");
    assert_eq!(stage.url(1), "https://api.atlassian.com/users/712020%3Aa-1/manage/lifecycle/enable");
    assert_eq!(stage.body(0), json!({}));
    stage.done();
}
