//! Accounts and groups: shown, listed, exported, and what people say of them.

use assay::account::{Account, AccountKind, MatchedBy, Owner, Suggestion};
use assay::ids::PersonId;
use serde_json::{Value, json};

use crate::support::{House, account, assert_problem, group};

const ANNA: &str = "/v1/accounts/con-1/acc-anna";

/// A house with a connection and the account of Anna.
async fn house() -> House {
    let house = House::start().await;
    house.world.connect().await;
    house.stock(&[account("acc-anna", "Anna Schmidt", Some("anna@example.com"))]).await;
    house
}

async fn put(house: &House, path: &str, body: Value) -> Value {
    let answer = house.call("PUT", path, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn mark(ends_on: &str) -> Value {
    json!({ "kind": "marked", "mark": "service", "reason": "runs the builds", "ends_on": ends_on })
}

#[tokio::test]
async fn a_person_is_confirmed_an_account_marked_and_what_was_said_withdrawn() {
    let house = house().await;
    let anna = house.person("anna@example.com", "Anna Schmidt").await;
    let ben = house.person("ben@example.com", "Ben").await;
    let owner = format!("{ANNA}/owner");
    let shown = put(&house, &owner, json!({ "kind": "person", "person": ben })).await;
    assert_eq!(shown["owner"]["person"]["name"], "Ben");
    assert_eq!(shown["owner"]["matched_by"], "confirmation");
    assert_eq!(house.get(ANNA).await.json(), shown);
    let shown = put(&house, &owner, mark("2028-06-15")).await;
    assert_eq!((&shown["owner"]["kind"], &shown["owner"]["mark"]), (&json!("marked"), &json!("service")));
    assert_eq!(shown["owner"]["person"], Value::Null);
    assert!(!shown["owner"]["by"].as_str().unwrap().is_empty(), "who said so: {shown}");
    // What the address tells holds again.
    let shown = put(&house, &owner, json!({ "kind": "unidentified" })).await;
    assert_eq!(
        (&shown["owner"]["person"]["id"], &shown["owner"]["matched_by"]),
        (&json!(anna), &json!("email"))
    );
    let before = house.state().await;
    assert_eq!(put(&house, &owner, json!({ "kind": "unidentified" })).await, shown, "nothing was said");
    assert_eq!(house.state().await, before);
    assert_eq!(house.call("DELETE", &format!("/v1/people/{anna}"), &json!({})).await.status, 204);
    let shown = house.get(ANNA).await.json();
    assert_eq!(shown["owner"]["person"]["name"], Value::Null, "the person is gone: {shown}");
}

#[tokio::test]
async fn what_is_said_of_an_account_must_be_whole_and_end_within_two_years() {
    let house = house().await;
    let anna = house.person("anna@example.com", "Anna Schmidt").await;
    let (owner, protection) = (format!("{ANNA}/owner"), format!("{ANNA}/protection"));
    let without = |field: &str| {
        let mut body = mark("2026-12-31");
        body.as_object_mut().unwrap().remove(field);
        body
    };
    let before = house.state().await;
    for (path, body, field) in [
        (&owner, json!({ "kind": "person" }), "person"),
        (&owner, json!({ "kind": "person", "person": "per-none" }), "person"),
        (&owner, json!({ "kind": "person", "person": anna, "reason": "x" }), "reason"),
        (&owner, json!({ "kind": "unidentified", "mark": "app" }), "mark"),
        (&owner, json!({ "kind": "nobody" }), "kind"),
        (&owner, without("mark"), "mark"),
        (&owner, without("reason"), "reason"),
        (&owner, without("ends_on"), "ends_on"),
        (&owner, mark("2026-06-14"), "ends_on"),
        (&owner, mark("2028-06-16"), "ends_on"),
        (&protection, json!({ "reason": " ", "ends_on": "2026-12-31" }), "reason"),
        (&protection, json!({ "reason": "x".repeat(501), "ends_on": "2026-12-31" }), "reason"),
        (&protection, json!({ "reason": "leave", "ends_on": "2028-06-16" }), "ends_on"),
    ] {
        assert_problem(&house.call("PUT", path, &body).await, 422, Some(field));
    }
    let none = "/v1/accounts/con-1/acc-none/owner";
    assert_problem(&house.call("PUT", none, &mark("2026-12-31")).await, 404, None);
    assert_eq!(house.state().await, before);
}

#[tokio::test]
async fn an_account_is_protected_until_a_day_and_no_longer_when_that_is_ended() {
    let house = house().await;
    let path = format!("{ANNA}/protection");
    let shown = put(&house, &path, json!({ "reason": "on leave", "ends_on": "2026-12-31" })).await;
    assert_eq!(shown["protection"]["reason"], "on leave");
    assert!(!shown["protection"]["by"].as_str().unwrap().is_empty());
    for _ in 0..2 {
        let answer = house.call("DELETE", &path, &json!({})).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["protection"]), (200, &Value::Null));
    }
}

#[tokio::test]
async fn an_erased_account_shows_neither_name_nor_address_anywhere_and_nothing_is_said_of_it() {
    let house = house().await;
    let person = PersonId::parse(&house.person("zoe@example.com", "Zoe Secret").await).unwrap();
    let reasons = vec!["the same name".to_owned()];
    let erased = Account {
        erased_at: Some(house.world.time.now()),
        owner: Owner::Person { person: person.clone(), by: MatchedBy::Confirmation },
        suggestions: vec![Suggestion { person, score: 90, reasons }],
        ..account("acc-zoe", "Zoe Secret", Some("zoe@example.com"))
    };
    house.stock(&[erased]).await;
    house.stock_group(&group("g1"), &["acc-zoe", "acc-later"]).await;
    for path in [
        "/v1/accounts?connection=con-1",
        "/v1/accounts?connection=con-1&owner=person",
        "/v1/accounts/con-1/acc-zoe",
        "/v1/accounts/export?connection=con-1",
        "/v1/groups/con-1/g1/members",
    ] {
        let text = house.get(path).await.text();
        assert!(text.contains("acc-zoe"), "{path}: {text}");
        assert!(!text.contains("Zoe") && !text.contains("zoe@"), "{path}: {text}");
    }
    let path = "/v1/accounts/con-1/acc-zoe";
    assert_problem(&house.call("PUT", &format!("{path}/owner"), &mark("2026-12-31")).await, 409, None);
    let protection = json!({ "reason": "leave", "ends_on": "2026-12-31" });
    assert_problem(&house.call("PUT", &format!("{path}/protection"), &protection).await, 409, None);
    let members = house.list("/v1/groups/con-1/g1/members").await;
    assert_eq!((&members[1]["account"], &members[1]["active"]), (&json!("acc-later"), &Value::Null));
}

#[tokio::test]
async fn accounts_are_listed_by_owner_kind_and_activity_in_pages() {
    let house = House::start().await;
    house.world.connect().await;
    let mut accounts = Vec::new();
    for number in 0..230 {
        let mut it = account(&format!("acc-{number:03}"), "A", None);
        it.kind = if number % 10 == 0 { AccountKind::App } else { AccountKind::Human };
        it.active = number % 2 == 0;
        accounts.push(it);
    }
    house.stock(&accounts).await;
    put(&house, "/v1/accounts/con-1/acc-007/owner", mark("2026-12-31")).await;
    let walk = async |filter: &str| {
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/accounts?connection=con-1&limit=7{filter}{cursor}");
            let page = house.get(&path).await.json();
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 7);
            ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut once = ids.clone();
        once.dedup();
        assert_eq!(once.len(), ids.len(), "{filter} repeats accounts");
        ids.len()
    };
    assert_eq!(walk("").await, 230);
    assert_eq!(walk("&kind=app").await, 23);
    assert_eq!(walk("&kind=human&active=false").await, 115);
    assert_eq!(walk("&owner=marked").await, 1);
    assert_eq!(walk("&owner=unidentified").await, 229);
    assert_eq!(walk("&owner=person").await, 0);
    let cursor = house.get("/v1/accounts?connection=con-1&limit=7").await.json()["next_cursor"].clone();
    let mixed = format!("/v1/accounts?connection=con-1&kind=app&cursor={}", cursor.as_str().unwrap());
    assert_problem(&house.get(&mixed).await, 422, Some("cursor"));
    assert_problem(&house.get("/v1/accounts?connection=con-none").await, 404, None);
}

#[tokio::test]
async fn accounts_are_exported_with_who_they_belong_to_and_no_formula() {
    let house = house().await;
    house.stock(&[account("acc-evil", "=HYPERLINK(1)", Some("+evil@example.com"))]).await;
    let anna = house.person("anna@example.com", "Anna Schmidt").await;
    put(&house, &format!("{ANNA}/owner"), json!({ "kind": "person", "person": anna })).await;
    put(&house, "/v1/accounts/con-1/acc-evil/owner", mark("2026-12-31")).await;
    let answer = house.get("/v1/accounts/export?connection=con-1").await;
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"accounts.csv\"");
    let text = answer.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("account,kind,name,email,active,"), "{text}");
    assert!(lines[1].starts_with("acc-anna,human,Anna Schmidt,anna@example.com,true,"), "{text}");
    assert!(lines[1].contains(&format!(",person,{anna},anna@example.com,active,")), "{text}");
    assert!(lines[2].contains(",'=HYPERLINK(1),'+evil@example.com,"), "{text}");
    assert!(lines[2].contains(",marked,,,,service,runs the builds,2026-12-31,"), "{text}");
}

#[tokio::test]
async fn groups_and_their_members_are_listed_to_the_last_one() {
    let house = house().await;
    let ids: Vec<String> = (0..2000).map(|number| format!("acc-{number:04}")).collect();
    let members: Vec<&str> = ids.iter().map(String::as_str).collect();
    let admins = assay::directory::Group { name: "site-admins".to_owned(), ..group("g-admins") };
    house.stock_group(&admins, &["acc-anna"]).await;
    house.stock_group(&group("g-large"), &members).await;
    let groups = house.list("/v1/groups?connection=con-1").await;
    assert_eq!((&groups[0]["privileged"], &groups[1]["privileged"]), (&json!(true), &json!(false)));
    assert_eq!(groups[1]["members"], 2000);
    let admins = house.list("/v1/groups/con-1/g-admins/members").await;
    assert_eq!((admins.len(), &admins[0]["name"]), (1, &json!("Anna Schmidt")));
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = house.get(&format!("/v1/groups/con-1/g-large/members?limit=150{cursor}")).await.json();
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["account"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ids);
    assert_problem(&house.get("/v1/groups/con-1/g-none/members").await, 404, None);
    assert_problem(&house.get("/v1/groups?connection=con-none").await, 404, None);
}

#[tokio::test]
async fn accounts_are_found_by_text_product_power_suggestion_and_protection() {
    let house = house().await;
    let person = PersonId::parse(&house.person("ben@example.com", "Ben").await).unwrap();
    let suggestions = vec![Suggestion { person, score: 70, reasons: vec!["the same name".to_owned()] }];
    let jira = assay::ids::ProductKey::parse("jira-software").unwrap();
    let administers = group("g-admins");
    let admins = assay::directory::Group { name: "site-admins".to_owned(), ..administers.clone() };
    house.stock_group(&admins, &["acc-ben"]).await;
    let ben = Account {
        groups: vec![administers.id],
        products: vec![jira],
        suggestions,
        ..account("acc-ben", "Ben Ångström", None)
    };
    let erased = Account { erased_at: Some(house.world.time.now()), ..account("acc-x", "Anna Gone", None) };
    house.stock(&[ben, erased]).await;
    let anna = house.person("anna@example.com", "Anna Schmidt").await;
    put(&house, &format!("{ANNA}/owner"), json!({ "kind": "person", "person": anna })).await;
    put(&house, &format!("{ANNA}/protection"), json!({ "reason": "leave", "ends_on": "2026-12-31" })).await;
    for (filter, found) in [
        ("q=ÅNGSTRÖM", vec!["acc-ben"]),
        ("q=anna%40EXAMPLE", vec!["acc-anna"]),
        ("q=anna", vec!["acc-anna"]),
        ("q=acc-x", vec!["acc-x"]),
        ("q=nobody", vec![]),
        ("product=jira-software", vec!["acc-ben"]),
        ("privileged=true", vec!["acc-ben"]),
        ("privileged=false&q=n", vec!["acc-anna"]),
        ("suggested=true", vec!["acc-ben"]),
        ("person=per-none", vec![]),
        (&format!("person={anna}"), vec!["acc-anna"]),
        ("protected=true", vec!["acc-anna"]),
        ("protected=false", vec!["acc-ben", "acc-x"]),
    ] {
        let filter = filter.replace('Å', "%C3%85").replace('Ö', "%C3%96");
        let accounts = house.list(&format!("/v1/accounts?connection=con-1&{filter}")).await;
        let ids: Vec<&str> = accounts.iter().map(|it| it["id"].as_str().unwrap()).collect();
        assert_eq!(ids, found, "{filter}");
    }
    let empty = house.get("/v1/accounts?connection=con-1&q=").await;
    assert_problem(&empty, 422, Some("q"));
}

#[tokio::test]
async fn the_groups_and_project_roles_of_an_account_are_told_by_name() {
    let house = house().await;
    let (store, tenant) = (house.world.store(), house.world.tenant.clone());
    let connection = assay::ids::ConnectionId::parse("con-1").unwrap();
    let held = |project: &str| assay::account::HeldRole {
        project: assay::ids::ProjectId::parse(project).unwrap(),
        role: assay::ids::RoleId::parse("10002").unwrap(),
    };
    for project in ["10000", "10001"] {
        let assay::account::HeldRole { project, role } = held(project);
        let role = assay::directory::ProjectRole {
            tenant: tenant.clone(),
            connection: connection.clone(),
            project,
            project_key: "SEC".to_owned(),
            role,
            name: "Administrators".to_owned(),
            holders: 1,
            groups: Vec::new(),
            removed_at: None,
            version: 1,
        };
        store.write_project_role(&role).await.unwrap();
    }
    house.stock_group(&group("g1"), &["acc-ben"]).await;
    house.stock_group(&group("g2"), &[]).await;
    let ben = Account {
        groups: vec![group("g1").id],
        roles: vec![held("10001")],
        ..account("acc-ben", "Ben", None)
    };
    house.stock(&[ben]).await;
    let groups = house.list("/v1/groups?connection=con-1&account=acc-ben").await;
    assert_eq!((groups.len(), &groups[0]["name"]), (1, &json!("the group g1")));
    assert_eq!(house.get("/v1/groups/con-1/g1").await.json(), groups[0]);
    let roles = house.list("/v1/project-roles?connection=con-1&account=acc-ben").await;
    assert_eq!(
        (roles.len(), &roles[0]["project"], &roles[0]["privileged"]),
        (1, &json!("10001"), &json!(true))
    );
    for (asked, projects) in [("project=10001", vec!["10001"]), ("project=10009", vec![])] {
        let found = house.list(&format!("/v1/project-roles?connection=con-1&{asked}")).await;
        assert_eq!(found.iter().map(|role| &role["project"]).collect::<Vec<_>>(), projects, "{asked}");
    }
    assert!(house.list("/v1/project-roles?connection=con-1&account=acc-ben&project=10000").await.is_empty());
    let page = house.get("/v1/project-roles?connection=con-1&limit=1").await.json();
    let next = format!("/v1/project-roles?connection=con-1&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!((page["items"][0]["project"].clone(), house.list(&next).await.len()), (json!("10000"), 1));
    for path in
        ["groups?connection=con-1&account=acc-none", "project-roles?connection=con-none", "groups/con-1/g9"]
    {
        assert_problem(&house.get(&format!("/v1/{path}")).await, 404, None);
    }
}
