//! Who is in which group and role, and what that means for seats.

use jira_sim::Seed;
use serde_json::{Value, json};

use crate::support::Jira;

const USERS: &str = "00000000-0000-4000-8000-000000000002";
const AGENTS: &str = "00000000-0000-4000-8000-000000000004";
const ADMINISTRATORS: &str = "00000000-0000-4000-8000-000000000001";

fn ids(page: &Value, list: &str) -> Vec<String> {
    let values = page[list].as_array().unwrap().iter();
    values.map(|user| user["accountId"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_site_administrator_puts_people_into_groups_and_takes_them_out() {
    let jira = Jira::demo().await;
    let path = format!("/group/user?groupId={AGENTS}");
    let body = json!({ "accountId": "acc-5" });
    assert_eq!(jira.post(&path, body.clone()).await.status, 201);
    assert_eq!(jira.post(&path, body.clone()).await.status, 400, "there already");
    let members = jira.get(&format!("/group/member?groupId={AGENTS}")).await.json();
    assert_eq!(ids(&members, "values"), ["acc-2", "acc-3", "acc-5"]);
    let own = jira.get("/user/groups?accountId=acc-5").await.json();
    let own: Vec<&str> = own.as_array().unwrap().iter().map(|own| own["groupId"].as_str().unwrap()).collect();
    assert_eq!(own, [USERS, AGENTS]);
    assert_eq!(jira.get("/user/groups?accountId=nobody").await.status, 404);
    let one = format!("{path}&accountId=acc-5");
    assert_eq!(jira.send(jira.as_account(1, "DELETE", &one)).await.status, 403);
    assert_eq!(jira.delete(&one).await.status, 200);
    assert_eq!(jira.delete(&one).await.status, 400, "gone already");
    assert_eq!(jira.delete(&format!("{path}&accountId=nobody")).await.status, 404);
    assert_eq!(jira.post("/group/user?groupId=none", body).await.status, 404);
}

#[tokio::test]
async fn who_leaves_the_last_group_of_administrators_administers_nothing() {
    let jira = Jira::demo().await;
    let path = format!("/group/user?groupId={ADMINISTRATORS}");
    assert_eq!(jira.post(&path, json!({ "accountId": "acc-5" })).await.status, 201);
    let roles = jira.as_account(5, "GET", "/applicationrole");
    assert_eq!(jira.send(roles).await.status, 200);
    assert_eq!(jira.delete(&format!("{path}&accountId=acc-5")).await.status, 200);
    let roles = jira.as_account(5, "GET", "/applicationrole");
    assert_eq!(jira.send(roles).await.status, 403);
}

#[tokio::test]
async fn a_renamed_group_keeps_its_id_and_members() {
    let jira = Jira::with(Seed { accounts: 100, ..Seed::default() }).await;
    let before = jira.get(&format!("/group/member?groupId={USERS}")).await.json();
    jira.control("POST", "/groups/jira-users", json!({ "name": "everybody" })).await;
    let after = jira.get("/group/member?groupname=everybody").await.json();
    assert_eq!(before["total"], after["total"]);
    assert_eq!(jira.get("/group/member?groupname=jira-users").await.status, 404);
    let roles = jira.get("/applicationrole").await.json();
    assert!(roles[0]["groups"].as_array().unwrap().contains(&json!("everybody")));
    jira.control("POST", "/groups", json!({ "id": "new", "name": "new" })).await;
    jira.control("POST", "/groups/new", json!({ "add": ["bulk-3", "acc-1"], "remove": [] })).await;
    let members = jira.get("/group/member?groupId=new").await.json();
    assert_eq!(ids(&members, "values"), ["acc-1", "bulk-3"]);
    jira.control("DELETE", "/groups/new", Value::Null).await;
    assert_eq!(jira.get("/group/member?groupId=new").await.status, 404);
}

#[tokio::test]
async fn a_group_of_a_hundred_thousand_is_read_to_its_last_member() {
    let jira = Jira::with(Seed { accounts: 100_000, teams: 4, ..Seed::default() }).await;
    let path = format!("/group/member?groupId={USERS}&includeInactiveUsers=true");
    let last = jira.get(&format!("{path}&startAt=99975")).await.json();
    assert_eq!((&last["total"], &last["isLast"]), (&json!(100_011), &json!(true)));
    assert_eq!(ids(&last, "values").last().unwrap(), "bulk-100000");
    let groups = jira.get("/group/bulk").await.json();
    assert_eq!(groups["total"], 8);
    let team = groups["values"][7]["groupId"].as_str().unwrap();
    let team = jira.get(&format!("/group/member?groupId={team}&includeInactiveUsers=true")).await.json();
    assert_eq!(team["total"], 25_000);
    // A changed account is still listed once, in its place.
    jira.control("POST", "/accounts/bulk-99999", json!({ "name": "Another name" })).await;
    let again = jira.get(&format!("{path}&startAt=99975")).await.json();
    assert_eq!(ids(&again, "values"), ids(&last, "values"));
    assert_eq!(jira.get("/users/search?startAt=100014").await.json(), json!([]));
    assert_eq!(jira.get("/users/search?startAt=100013").await.json()[0]["accountId"], "bulk-100000");
}

#[tokio::test]
async fn seats_are_the_active_members_of_a_products_groups_and_the_count_is_a_week_old() {
    let jira = Jira::with(Seed { accounts: 100, ..Seed::default() }).await;
    jira.simulator().set(|settings| settings.seats = Some(150));
    let roles = jira.get("/applicationrole").await.json();
    // Ten named and 100 bulk accounts, of which two are inactive.
    assert_eq!((&roles[0]["key"], &roles[0]["userCount"]), (&json!("jira-software"), &json!(108)));
    assert_eq!((&roles[0]["numberOfSeats"], &roles[0]["remainingSeats"]), (&json!(150), &json!(42)));
    assert_eq!(roles[1]["userCount"], 6, "two named, and every twentieth but the hundredth");
    jira.simulator().set(|settings| settings.seats = Some(-1));
    let unlimited = jira.get("/applicationrole").await.json();
    let unlimited = (&unlimited[0]["hasUnlimitedSeats"], &unlimited[0]["remainingSeats"]);
    assert_eq!(unlimited, (&json!(true), &json!(-1)));
    let count = "/license/approximateLicenseCount/product/jira-software";
    assert_eq!(jira.get(count).await.json()["value"], "108");
    assert_eq!(jira.get("/license/approximateLicenseCount").await.json()["value"], "108");
    jira.control("POST", "/accounts/bulk-1/offboard", Value::Null).await;
    assert_eq!(jira.get(count).await.json()["value"], "108");
    jira.advance(7 * 86_400);
    assert_eq!(jira.get(count).await.json()["value"], "107");
    assert_eq!(jira.send(jira.as_account(1, "GET", count)).await.status, 403);
}

#[tokio::test]
async fn people_and_groups_are_put_into_a_role_and_taken_out() {
    let jira = Jira::demo().await;
    let roles = jira.get("/project/SEC/role").await.json();
    assert!(roles["Developers"].as_str().unwrap().ends_with("/project/10003/role/10100"));
    let path = "/project/SEC/role/10100";
    let added = jira.post(path, json!({ "user": ["acc-2"], "groupId": [USERS] })).await.json();
    let kinds: Vec<&str> =
        added["actors"].as_array().unwrap().iter().map(|actor| actor["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["atlassian-user-role-actor", "atlassian-group-role-actor"]);
    assert_eq!(jira.get(path).await.json()["actors"], added["actors"]);
    assert_eq!(jira.delete(&format!("{path}?groupId={USERS}")).await.status, 204);
    assert_eq!(jira.delete(&format!("{path}?user=acc-2")).await.status, 204);
    assert_eq!(jira.get(path).await.json()["actors"], json!([]));
    let administrators = jira.get("/project/SEC/role/10002").await.json();
    assert_eq!(administrators["actors"][0]["actorGroup"]["groupId"], ADMINISTRATORS);
    for (status, body) in [
        (404, json!({ "user": ["nobody"] })),
        (404, json!({ "user": ["acc-inactive"] })),
        (404, json!({ "groupId": ["none"] })),
        (400, json!({})),
    ] {
        assert_eq!(jira.post(path, body).await.status, status);
    }
    assert_eq!(jira.send(jira.as_account(1, "GET", path)).await.status, 404);
    assert_eq!(jira.send(jira.as_account(1, "DELETE", &format!("{path}?user=acc-2"))).await.status, 404);
    assert_eq!(jira.get("/project/SEC/role/7").await.status, 404);
}
