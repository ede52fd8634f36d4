use std::sync::Arc;

use assay::account::{Account, AccountKind, Owner};
use assay::ids::{AccountId, PersonId};
use assay::ingestion::Source;
use assay::jira::ReqwestSender;
use assay::person::{Person, PersonStatus};
use assay_test_support::world::World;
use jira_sim::{Fault, Seed};
use serde_json::json;

use super::support::{account, accounts, id, ingestion, next_run, run, world};

fn small() -> Seed {
    Seed { accounts: 130, teams: 2, ..Seed::empty() }
}

fn fault(path: &str, status: u16, from_call: u64, times: u64) -> Fault {
    let value =
        json!({ "path": path, "kind": "status", "status": status, "from_call": from_call, "times": times });
    serde_json::from_value(value).unwrap()
}

fn control(world: &World, path: &str, body: &serde_json::Value) {
    world.jira.simulator.control("POST", path, body).unwrap();
}

fn find<'a>(accounts: &'a [Account], id: &str) -> &'a Account {
    accounts.iter().find(|account| account.id.as_str() == id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_account_is_listed_with_its_groups_and_products() {
    let world = world(Seed { accounts: 2345, teams: 3, ..Seed::empty() }).await;
    let ended = run(&world).await;
    for source in [Source::Users, Source::Groups, Source::Members, Source::Products, Source::Roles] {
        assert!(ended.is_complete(source), "{source:?}: {:?}", ended.sources.get(&source));
    }
    let all = accounts(&world).await;
    let bulk = all.iter().filter(|account| account.id.as_str().starts_with("bulk-")).count();
    assert_eq!(bulk, 2345);
    assert_eq!(ended.sources[&Source::Users].read, all.len() as u64);
    let one = find(&all, "bulk-7");
    assert_eq!(one.kind, AccountKind::Human);
    assert!(!one.groups.is_empty() && !one.products.is_empty(), "{:?} {:?}", one.groups, one.products);
    assert_eq!(find(&all, "acc-app").kind, AccountKind::App);
    assert_eq!(find(&all, "acc-customer").kind, AccountKind::Customer);
    assert!(!find(&all, "acc-inactive").active);
    assert_eq!(world.jira.simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_writes_only_what_changed() {
    let world = world(small()).await;
    let first = run(&world).await;
    assert!(first.cost.writes >= 130, "{:?}", first.cost);
    let again = next_run(&world).await;
    assert_eq!(again.cost.writes, 0, "nothing changed");
    control(&world, "/accounts/bulk-3", &json!({ "name": "Another Name" }));
    let third = next_run(&world).await;
    assert_eq!(third.cost.writes, 1);
    assert_eq!(account(&world, "bulk-3").await.name, "Another Name");
    assert_eq!(ingestion(&world).await.failures, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_was_cut_short_removes_nobody() {
    let world = world(small()).await;
    run(&world).await;
    let before = accounts(&world).await;
    let groups_of = |accounts: &[Account]| -> Vec<_> {
        accounts.iter().map(|account| (account.id.clone(), account.groups.clone())).collect()
    };
    // Not one member can be read, and the site's list breaks off behind its first page.
    world.jira.simulator.add_fault(fault("getUsersFromGroup", 403, 1, 10_000));
    world.jira.simulator.add_fault(fault("getAllUsers", 403, 2, 10_000));
    let ended = next_run(&world).await;
    assert!(!ended.is_complete(Source::Members) && !ended.is_complete(Source::Users));
    let after = accounts(&world).await;
    assert_eq!(groups_of(&after), groups_of(&before));
    assert!(after.iter().all(|account| account.removed_at.is_none()));
    // When it can be read again, nothing is left of the gaps.
    world.jira.simulator.clear_faults();
    let mended = next_run(&world).await;
    assert!(mended.is_complete(Source::Members) && mended.is_complete(Source::Users));
    assert_eq!(groups_of(&accounts(&world).await), groups_of(&before));
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_known_by_their_ids_and_keep_their_members_when_they_are_renamed() {
    let world = world(small()).await;
    run(&world).await;
    let store = world.store();
    let group = |groups: Vec<assay::directory::Group>, name: &str| {
        groups.into_iter().find(|group| group.name == name)
    };
    let connection = id(&world).await;
    let team = group(store.all_groups(&world.tenant, &connection).await.unwrap(), "team-1").unwrap();
    assert!(team.complete && team.members > 50, "{team:?}");
    assert!(account(&world, "bulk-2").await.groups.contains(&team.id));
    control(&world, "/groups/team-1", &json!({ "name": "crew", "remove": ["bulk-2"] }));
    next_run(&world).await;
    let crew = group(store.all_groups(&world.tenant, &connection).await.unwrap(), "crew").unwrap();
    assert_eq!((crew.id.clone(), crew.members), (team.id.clone(), team.members - 1));
    let all = accounts(&world).await;
    let members = all.iter().filter(|account| account.groups.contains(&crew.id)).count() as u64;
    assert_eq!(members, crew.members);
    assert!(!find(&all, "bulk-2").groups.contains(&crew.id));
    world.jira.simulator.control("DELETE", "/groups/crew", &json!({})).unwrap();
    next_run(&world).await;
    let gone = store.group(&world.tenant, &connection, &crew.id).await.unwrap().unwrap();
    assert!(gone.removed_at.is_some());
    assert!(accounts(&world).await.iter().all(|account| !account.groups.contains(&crew.id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_address_and_suggested_by_name_where_addresses_are_hidden() {
    let world = world(small()).await;
    let mut settings = world.jira.simulator.settings();
    settings.hidden_emails = true;
    world.jira.simulator.set(|it| *it = settings.clone());
    run(&world).await;
    let hidden = accounts(&world).await;
    // The address of the caller's own account is told to it; nobody else's is.
    let shown = hidden.iter().filter(|account| account.email.is_some()).count();
    assert!(shown <= 1, "{shown}");
    control(&world, "/accounts/bulk-2", &json!({ "name": "Grace Hopper" }));
    let person = Person {
        tenant: world.tenant.clone(),
        id: PersonId::parse("per-grace").unwrap(),
        email: "grace.hopper@example.com".to_owned(),
        name: "Grace Hopper".to_owned(),
        status: PersonStatus::Active,
        manager: None,
        ends_on: None,
        updated_at: world.time.now(),
        version: 0,
    };
    assert!(world.store().put_new_person(&person).await.unwrap());
    next_run(&world).await;
    let grace = account(&world, "bulk-2").await;
    assert_eq!(grace.owner, Owner::Unidentified, "a name alone is no proof");
    assert_eq!(grace.suggestions[0].person, person.id);
    assert!(!grace.suggestions[0].reasons.is_empty());
    // Where the address is shown, it is.
    world.jira.simulator.set(|it| it.hidden_emails = false);
    control(&world, "/accounts/bulk-2", &json!({ "email": "Grace.Hopper@example.com" }));
    next_run(&world).await;
    let grace = account(&world, "bulk-2").await;
    assert!(matches!(&grace.owner, Owner::Person { person: found, .. } if *found == person.id));
}

/// A sender that leaves an account out of every list of users, and can hide it from questions by id, too.
struct Hiding {
    inner: ReqwestSender,
    account: &'static str,
    everywhere: bool,
}

#[async_trait::async_trait]
impl assay::jira::Sender for Hiding {
    async fn send(
        &self,
        request: assay::jira::http::Request,
    ) -> Result<assay::jira::http::Response, assay::jira::http::SendError> {
        let (list, bulk) = (request.url.contains("/users/search"), request.url.contains("/user/bulk"));
        let members = request.url.contains("/group/member");
        let mut response = self.inner.send(request).await?;
        if list || members || (bulk && self.everywhere) {
            let mut body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
            let hide = |values: &mut Vec<serde_json::Value>| {
                values.retain(|value| value["accountId"] != self.account);
            };
            if let Some(values) = body.as_array_mut() {
                hide(values);
            } else if let Some(values) = body["values"].as_array_mut() {
                let before = values.len();
                hide(values);
                let hidden = before - values.len();
                if let Some(total) = body["total"].as_u64() {
                    body["total"] = (total - hidden as u64).into();
                }
            }
            response.body = serde_json::to_vec(&body).unwrap();
        }
        Ok(response)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_removed_only_when_jira_asked_for_it_does_not_know_it() {
    let mut world = world(small()).await;
    run(&world).await;
    let hiding = |everywhere| Hiding { inner: ReqwestSender::new().unwrap(), account: "bulk-9", everywhere };
    world.access.sender = Arc::new(hiding(false));
    next_run(&world).await;
    assert_eq!(account(&world, "bulk-9").await.removed_at, None, "the list missed it, Jira knows it");
    world.access.sender = Arc::new(hiding(true));
    next_run(&world).await;
    let removed = account(&world, "bulk-9").await;
    assert!(removed.removed_at.is_some(), "it is marked and not forgotten");
    assert!(!removed.name.is_empty());
    world.access.sender = Arc::new(ReqwestSender::new().unwrap());
    next_run(&world).await;
    assert_eq!(account(&world, "bulk-9").await.removed_at, None, "it is back");
    let known = AccountId::parse("bulk-9").unwrap();
    assert_eq!(account(&world, "bulk-9").await.id, known);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_key_tells_of_addresses_managed_accounts_and_last_use() {
    let world = world(small()).await;
    let mut settings = world.jira.simulator.settings();
    settings.hidden_emails = true;
    world.jira.simulator.set(|it| *it = settings.clone());
    let moment = "2026-06-01T10:00:00Z";
    let told =
        json!({ "managed": true, "last_active": moment, "organisation_roles": ["atlassian/org-admin"] });
    control(&world, "/accounts/acc-3", &told);
    let connection = id(&world).await;
    let key = assay::secret::Secret::new("sim-organisation-key");
    let organisation = "33333333-2222-4333-8444-555555555555";
    Box::pin(world.connector().set_organisation(&world.tenant, &connection, organisation, &key, None))
        .await
        .unwrap();
    let ended = run(&world).await;
    assert!(ended.is_complete(Source::Organisation), "{:?}", ended.sources.get(&Source::Organisation));
    let three = account(&world, "acc-3").await;
    assert_eq!(
        three.email.as_deref(),
        Some("account-3@example.com"),
        "the site hides it, the organisation does not"
    );
    let view = three.organisation.unwrap();
    assert_eq!(view.managed, Some(true));
    assert_eq!(view.roles, ["atlassian/org-admin"]);
    let last = view.products.iter().filter_map(|product| product.last_active).max();
    assert_eq!(last, Some(moment.parse().unwrap()));
    let products = world.store().all_products(&world.tenant, &connection).await.unwrap();
    let jira = products.iter().find(|product| product.key.as_str() == "jira-software").unwrap();
    let count = jira.count.as_ref().unwrap();
    assert!(count.by_organisation > 130 && count.by_organisation <= count.held, "{count:?}");
    // A key that is refused costs the organisation's part, and nothing of the site's.
    world.jira.simulator.add_fault(fault("searchDirectoryUsers", 403, 1, 1000));
    let refused = next_run(&world).await;
    assert!(!refused.is_complete(Source::Organisation) && refused.is_complete(Source::Users));
    assert!(account(&world, "acc-3").await.organisation.is_some(), "what was told stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_a_group_is_found_where_the_sites_list_is_refused() {
    let world = world(Seed { accounts: 2100, teams: 2, ..Seed::empty() }).await;
    world.jira.simulator.add_fault(fault("getAllUsers", 403, 1, 10_000));
    let ended = run(&world).await;
    assert!(!ended.is_complete(Source::Users));
    let all = accounts(&world).await;
    let bulk = all.iter().filter(|account| account.id.as_str().starts_with("bulk-"));
    assert_eq!(bulk.filter(|account| !account.groups.is_empty()).count(), 2100);
}
