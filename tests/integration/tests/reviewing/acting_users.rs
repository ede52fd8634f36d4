//! Accounts that are removed, suspended or deactivated: by the organisation alone, within its limits, read back, and undone
//! where that can be.

use assay::account::{Account, Protection};
use assay::action::{Asked, Deactivation, State};
use assay::clock::after;
use assay::ids::ActionId;
use assay::secret::Secret;
use assay_test_support::world::World;
use jira_sim::Seed;
use serde_json::{Value, json};

use super::support::{
    ADMINISTRATORS, account, act, action, actor, approved, connection, control, fault, group, id, ingest,
    is_in, person_creates, work, world,
};

const ORGANISATION: &str = "33333333-2222-4333-8444-555555555555";
const TEAM_1: &str = "00000000-0000-4000-8001-000000000001";

fn seed() -> Seed {
    Seed { teams: 2, ..Seed::empty() }
}

fn suspending() -> Asked {
    Asked::DeactivateUser { how: Deactivation::Suspend }
}

fn deactivating() -> Asked {
    Asked::DeactivateUser { how: Deactivation::Deactivate }
}

/// A world whose connection has an API key of the organisation, and whose directory was read with it.
async fn organised(prepare: impl Fn(&World)) -> World {
    let world = world(seed(), prepare).await;
    let key = Secret::new("sim-organisation-key");
    let (connector, name) = (world.connector(), connection());
    let set = connector.set_organisation(&world.tenant, &name, ORGANISATION, &key, None);
    assert!(set.await.is_ok());
    ingest(&world).await;
    world
}

/// Whether Jira shows the account as active.
async fn is_active(world: &World, account: &str) -> bool {
    let path = format!("/rest/api/3/user?accountId={account}");
    world.as_person("GET", &path, None).await["active"] == Value::Bool(true)
}

#[tokio::test]
async fn a_suspension_is_read_back_and_undone() {
    let world = organised(|world| group(world, "team-1", &["acc-1"], &[])).await;
    let done = act(&world, "act-1", "acc-1", suspending()).await;
    assert_eq!((done.state, done.steps[0].held_before), (State::Done, Some(true)), "{done:?}");
    assert!(done.dry_run.as_ref().unwrap().products_lost.len() == 1, "{done:?}");
    assert!(!is_active(&world, "acc-1").await && is_in(&world, "acc-1", TEAM_1).await, "its groups stay");
    assert!(!account(&world, "acc-1").await.active, "it is noted");
    let again = act(&world, "act-2", "acc-1", suspending()).await;
    assert_eq!((again.state, again.steps[0].held_before), (State::Done, Some(false)));

    let undo = actor(&world).undo(&world.tenant, &done.id, "tok-x", "back from leave").await.unwrap();
    work(&world).await;
    let undone = action(&world, &undo.id).await;
    assert_eq!(undone.state, State::Done, "{undone:?}");
    assert_eq!(action(&world, &done.id).await.state, State::Undone);
    assert!(is_active(&world, "acc-1").await && account(&world, "acc-1").await.active);
    world.assert_honest();
}

#[tokio::test]
async fn a_managed_account_is_deactivated_and_activated_and_another_one_is_not() {
    let world = organised(|world| control(world, "/accounts/acc-2", &json!({ "managed": false }))).await;
    let done = act(&world, "act-1", "acc-1", deactivating()).await;
    assert_eq!(done.state, State::Done, "{done:?}");
    assert!(!is_active(&world, "acc-1").await);
    let undo = actor(&world).undo(&world.tenant, &done.id, "tok-x", "back").await.unwrap();
    work(&world).await;
    assert_eq!(action(&world, &undo.id).await.state, State::Done);
    assert!(is_active(&world, "acc-1").await);

    let refused = act(&world, "act-2", "acc-2", deactivating()).await;
    assert_eq!(refused.state, State::Refused, "{refused:?}");
    assert!(refused.problem.unwrap().contains("manages"));
    let instead = refused.dry_run.unwrap().instead;
    assert_eq!(
        (&instead[0].body["what"], &instead[0].body["how"]),
        (&json!("deactivate_user"), &json!("suspend"))
    );
    assert!(is_active(&world, "acc-2").await);
    assert_eq!(act(&world, "act-3", "acc-2", suspending()).await.state, State::Done);
    world.assert_honest();
}

#[tokio::test]
async fn without_a_key_of_the_organisation_it_is_said_what_can_be_done() {
    let world = world(seed(), |_| {}).await;
    for (name, asked) in [("act-1", Asked::RemoveUser {}), ("act-2", suspending()), ("act-3", deactivating())]
    {
        let refused = act(&world, name, "acc-1", asked).await;
        assert_eq!(refused.state, State::Refused, "{refused:?}");
        assert!(refused.problem.unwrap().contains("PUT /v1/connections/con-1/organisation"));
        let instead = refused.dry_run.unwrap().instead;
        assert_eq!(instead.len(), 1, "the group that gives Jira: {instead:?}");
        assert_eq!(instead[0].body["grant"]["kind"], "group");
    }
    assert!(is_active(&world, "acc-1").await);
}

#[tokio::test]
async fn a_reporter_is_not_removed_and_its_issues_are_counted() {
    let world = organised(|_| {}).await;
    for _ in 0..3 {
        person_creates(&world, 1, json!({})).await;
    }
    world.time.advance(60);
    let refused = act(&world, "act-1", "acc-1", Asked::RemoveUser {}).await;
    assert_eq!(refused.state, State::Refused, "{refused:?}");
    assert!(refused.problem.unwrap().contains("reporter of 3 issues"));
    let dry_run = refused.dry_run.unwrap();
    assert_eq!(dry_run.reported, Some(3));
    let hows: Vec<&Value> = dry_run.instead.iter().map(|instead| &instead.body["how"]).collect();
    assert_eq!(hows, [&json!("suspend"), &json!("deactivate"), &Value::Null], "{:?}", dry_run.instead);
    assert_eq!(world.calls("removeDirectoryUser"), 0);
    assert!(is_active(&world, "acc-1").await);
    // One that the index does not show yet is Jira's to refuse.
    world.jira.simulator.set(|settings| settings.index_lag_seconds = 3600.0);
    let waiting = act(&world, "act-2", "acc-2", Asked::RemoveUser {}).await;
    assert_eq!(waiting.state, State::AwaitingApproval, "{waiting:?}");
    person_creates(&world, 2, json!({})).await;
    let failed = approved(&world, &waiting).await;
    assert_eq!(failed.state, State::Failed, "{failed:?}");
    assert!(
        failed.problem.as_deref().unwrap().contains("reporter")
            && !failed.dry_run.unwrap().instead.is_empty()
    );
    assert!(is_active(&world, "acc-2").await && failed.steps[0].done_at.is_none());
}

#[tokio::test]
async fn a_removal_waits_for_a_second_person_is_done_once_and_does_not_come_back() {
    let world = organised(|world| group(world, "team-1", &["acc-3"], &[])).await;
    let waiting = act(&world, "act-1", "acc-3", Asked::RemoveUser {}).await;
    assert_eq!(
        (waiting.state, waiting.needs_second_person()),
        (State::AwaitingApproval, true),
        "{waiting:?}"
    );
    assert_eq!(waiting.dry_run.as_ref().unwrap().reported, Some(0));
    fault(&world, "removeDirectoryUser", "answer_lost", 1);
    let lost = approved(&world, &waiting).await;
    assert_eq!(lost.state, State::Running, "{lost:?}");
    world.time.advance(600);
    actor(&world).fan_out().await.unwrap();
    work(&world).await;
    let done = action(&world, &waiting.id).await;
    assert_eq!((done.state, done.steps[0].held_before), (State::Done, Some(true)), "{done:?}");
    assert_eq!(world.calls("removeDirectoryUser"), 1);
    let stored = account(&world, "acc-3").await;
    assert!(!stored.active && stored.groups.is_empty() && stored.products.is_empty(), "{stored:?}");
    let undo = actor(&world).undo(&world.tenant, &done.id, "tok-x", "back").await.unwrap_err();
    assert!(undo.to_string().contains("invite the person again"), "{undo}");
    let again = act(&world, "act-2", "acc-3", Asked::RemoveUser {}).await;
    assert!(again.state == State::Refused && again.problem.unwrap().contains("does not list"));
}

#[tokio::test]
async fn the_last_administrator_our_own_account_and_a_protected_one_stay() {
    let world = organised(|world| {
        group(world, "jira-administrators", &["acc-1"], &[]);
        control(world, "/accounts/acc-1", &json!({ "admin": true }));
    })
    .await;
    for (number, asked) in [Asked::RemoveUser {}, suspending(), deactivating()].into_iter().enumerate() {
        let last = act(&world, &format!("act-{number}"), "acc-1", asked.clone()).await;
        assert_eq!(last.state, State::Refused, "{last:?}");
        assert!(last.problem.unwrap().contains("nobody could administer"));
        let own = act(&world, &format!("act-own-{number}"), "acc-admin", asked.clone()).await;
        assert!(own.state == State::Refused && own.problem.unwrap().contains("acts as"));
        let protect = |account: &mut Account| {
            let ends_on = jiff::civil::date(2030, 1, 1);
            account.protection =
                Some(Protection { reason: "break glass".to_owned(), ends_on, by: "tok".to_owned() });
            Ok(true)
        };
        let four = id("acc-4");
        world.store().change_account(&world.tenant, &connection(), &four, &protect).await.unwrap();
        let protected = act(&world, &format!("act-kept-{number}"), "acc-4", asked).await;
        assert!(protected.state == State::Refused && protected.problem.unwrap().contains("protected"));
    }
    assert!(is_active(&world, "acc-1").await && is_active(&world, "acc-4").await);
    // With another one, it is dangerous, and done.
    group(&world, "jira-administrators", &["acc-2"], &[]);
    control(&world, "/accounts/acc-2", &json!({ "admin": true }));
    let waiting = act(&world, "act-9", "acc-1", suspending()).await;
    assert_eq!(waiting.state, State::AwaitingApproval, "{waiting:?}");
    let done = approved(&world, &waiting).await;
    assert_eq!(done.state, State::Done, "{done:?}");
    assert!(is_in(&world, "acc-1", ADMINISTRATORS).await, "a suspension takes no group");
}

#[tokio::test]
async fn the_last_administrator_of_the_organisation_stays_though_a_site_has_others() {
    let roles = json!({ "organisation_roles": ["atlassian/org-admin"] });
    let world = organised(|world| control(world, "/accounts/acc-5", &roles)).await;
    let last = act(&world, "act-1", "acc-5", suspending()).await;
    assert_eq!(last.state, State::Refused, "our own account is no other: {last:?}");
    assert!(last.problem.unwrap().contains("administrator of the organisation"));
    control(&world, "/accounts/acc-6", &roles);
    let waiting = act(&world, "act-2", "acc-5", suspending()).await;
    assert_eq!(waiting.state, State::AwaitingApproval, "{waiting:?}");
    assert_eq!(approved(&world, &waiting).await.state, State::Done);
}

#[tokio::test]
async fn of_two_actions_at_two_sites_of_one_organisation_that_take_its_last_two_administrators_the_second_is_refused()
 {
    let roles = json!({ "organisation_roles": ["atlassian/org-admin"] });
    let world = organised(|world| {
        control(world, "/accounts/acc-5", &roles);
        control(world, "/accounts/acc-6", &roles);
    })
    .await;
    let waiting = act(&world, "act-1", "acc-5", suspending()).await;
    // One at another site is at it: it has looked, and is about to take the other one.
    let (other, now) = (ActionId::parse("act-2").unwrap(), world.time.now());
    let (store, turn) = (world.store(), format!("organisation/{ORGANISATION}"));
    let times = (now, after(now, 300));
    assert!(store.take_administrators_turn(&world.tenant, &turn, &other, times).await.unwrap());
    let waits = approved(&world, &waiting).await;
    assert!(waits.problem.as_deref().unwrap().contains("takes from administrators"), "{waits:?}");
    assert!(is_active(&world, "acc-5").await);
    control(&world, "/accounts/acc-6", &json!({ "organisation_roles": [] }));
    store.end_administrators_turn(&world.tenant, &turn, &other).await.unwrap();
    world.time.advance(600);
    actor(&world).fan_out().await.unwrap();
    work(&world).await;
    let refused = action(&world, &waiting.id).await;
    assert_eq!(refused.state, State::Refused, "{refused:?}");
    assert!(refused.problem.unwrap().contains("administrator of the organisation"));
    assert!(is_active(&world, "acc-5").await);
    // With another one it is done, and whoever comes next waits until that can be seen.
    control(&world, "/accounts/acc-6", &roles);
    let waiting = act(&world, "act-3", "acc-5", suspending()).await;
    assert_eq!(approved(&world, &waiting).await.state, State::Done);
    let now = world.time.now();
    for (seconds, is_free) in [(30, false), (90, true)] {
        let times = (after(now, seconds), after(now, 300));
        let taken = store.take_administrators_turn(&world.tenant, &turn, &other, times).await.unwrap();
        assert_eq!(taken, is_free, "{seconds}");
    }
}

#[tokio::test]
async fn a_key_that_ended_is_said_to_be_the_keys_fault() {
    let world = organised(|_| {}).await;
    let name = assay::secrets::organisation_name(&world.tenant, &connection());
    world.secrets().put(&name, &Secret::new("ended")).await.unwrap();
    let refused = act(&world, "act-1", "acc-1", suspending()).await;
    assert_eq!(refused.state, State::Refused, "{refused:?}");
    assert!(refused.problem.unwrap().contains("PUT /v1/connections/con-1/organisation"));
}
