use assay::access::Role;
use assay::account::Protection;
use assay::action::{Asked, State};
use assay::error::Kind;
use jira_sim::{Fault, Seed};
use serde_json::json;

use super::support::{
    ADMINISTRATORS, SERVICE_AGENTS, SITE_ADMINS, USERS, act, action, actor, approved, connection, group,
    in_group, is_in, product, team, token, work, world,
};

const TEAM_1: &str = "00000000-0000-4000-8001-000000000001";

fn seed() -> Seed {
    Seed { teams: 2, ..Seed::empty() }
}

fn removing(group: &str) -> Asked {
    Asked::Remove { grant: in_group(group) }
}

#[tokio::test]
async fn a_usual_removal_is_done_read_back_and_undone() {
    let world = world(seed(), |world| group(world, "team-1", &["acc-1"], &[])).await;
    let done = act(&world, "act-1", "acc-1", removing(TEAM_1)).await;
    assert_eq!((done.state, done.problem.as_deref()), (State::Done, None));
    assert!(!is_in(&world, "acc-1", TEAM_1).await);
    assert_eq!((done.steps[0].held_before, done.steps[0].done_at.is_some()), (Some(true), true));
    assert!(done.dry_run.is_some_and(|dry_run| dry_run.dangers.is_empty()));

    let undo = actor(&world).undo(&world.tenant, &done.id, "tok-x", "it was a mistake").await.unwrap();
    let again = actor(&world).undo(&world.tenant, &done.id, "tok-x", "it was a mistake").await.unwrap();
    assert_eq!(undo.id, again.id);
    work(&world).await;
    assert!(is_in(&world, "acc-1", TEAM_1).await);
    assert_eq!(action(&world, &undo.id).await.state, State::Done);
    let undone = action(&world, &done.id).await;
    assert_eq!((undone.state, undone.undone_by), (State::Undone, Some(undo.id)));
    let again = actor(&world).undo(&world.tenant, &done.id, "tok-x", "again").await.unwrap();
    assert_eq!((Some(again.id), again.state), (action(&world, &done.id).await.undone_by, State::Done));
}

#[tokio::test]
async fn who_was_no_member_is_done_at_once_and_there_is_nothing_to_undo() {
    let world = world(seed(), |_| {}).await;
    let done = act(&world, "act-1", "acc-1", removing(TEAM_1)).await;
    assert_eq!((done.state, done.steps[0].held_before), (State::Done, Some(false)));
    let refused = actor(&world).undo(&world.tenant, &done.id, "tok-x", "undo").await.unwrap_err();
    assert_eq!(*refused.kind(), Kind::Conflict);
}

#[tokio::test]
async fn the_last_administrator_is_never_taken_away_and_our_own_account_is_not_another_one() {
    let admins = ["site-admins", "jira-administrators"];
    let world = world(seed(), |world| {
        for name in admins {
            group(world, name, &["acc-1"], &[]);
        }
    })
    .await;
    for (number, id) in [SITE_ADMINS, ADMINISTRATORS].into_iter().enumerate() {
        let refused = act(&world, &format!("act-{number}"), "acc-1", removing(id)).await;
        assert_eq!(refused.state, State::Refused, "{refused:?}");
        assert!(refused.problem.unwrap().contains("nobody could administer"));
        assert!(is_in(&world, "acc-1", id).await);
    }
    let own = act(&world, "act-own", "acc-admin", removing(SITE_ADMINS)).await;
    assert_eq!(own.state, State::Refused);
    assert!(own.problem.unwrap().contains("acts as"));
}

#[tokio::test]
async fn of_two_last_administrators_taken_away_at_once_one_stays() {
    let world = world(seed(), |world| group(world, "jira-administrators", &["acc-1", "acc-2"], &[])).await;
    let one = act(&world, "act-1", "acc-1", removing(ADMINISTRATORS)).await;
    let two = act(&world, "act-2", "acc-2", removing(ADMINISTRATORS)).await;
    for waiting in [&one, &two] {
        assert_eq!(waiting.state, State::AwaitingApproval, "{waiting:?}");
    }
    let second = token(&world, Role::Operator, "iam").await;
    for waiting in [&one, &two] {
        actor(&world).approve(&world.tenant, &waiting.id, &second).await.unwrap();
    }
    let (first, other) = (actor(&world), actor(&world));
    let run = |actor: &assay::operations::acting::Actor, id: &assay::ids::ActionId| {
        let (actor, tenant, id) = (actor.clone(), world.tenant.clone(), id.clone());
        async move { Box::pin(actor.act(&tenant, &id)).await }
    };
    let (left, right) = tokio::join!(run(&first, &one.id), run(&other, &two.id));
    left.unwrap();
    right.unwrap();
    for _ in 0..4 {
        world.time.advance(400);
        work(&world).await;
    }
    let states = [action(&world, &one.id).await.state, action(&world, &two.id).await.state];
    assert!(states.contains(&State::Done) && states.contains(&State::Refused), "{states:?}");
    let left = [is_in(&world, "acc-1", ADMINISTRATORS).await, is_in(&world, "acc-2", ADMINISTRATORS).await];
    assert_eq!(left.iter().filter(|is_in| **is_in).count(), 1);
}

#[tokio::test]
async fn what_is_privileged_waits_for_another_person_than_the_one_who_asked() {
    let world = world(seed(), |world| group(world, "site-admins", &["acc-1", "acc-2"], &[])).await;
    let asker = token(&world, Role::Operator, "iam").await;
    let waiting =
        super::support::act_as(&world, "act-1", "acc-1", removing(SITE_ADMINS), asker.as_str()).await;
    assert_eq!(waiting.state, State::AwaitingApproval, "{waiting:?}");
    assert!(is_in(&world, "acc-1", SITE_ADMINS).await);
    let minted = token(&world, Role::Admin, asker.as_str()).await;
    let in_turn = token(&world, Role::Operator, minted.as_str()).await;
    for by in [&asker, &minted, &in_turn] {
        let refused = actor(&world).approve(&world.tenant, &waiting.id, by).await.unwrap_err();
        assert_eq!(*refused.kind(), Kind::Forbidden);
    }
    let done = approved(&world, &waiting).await;
    assert_eq!(done.state, State::Done, "{done:?}");
    assert!(!is_in(&world, "acc-1", SITE_ADMINS).await);
    // Giving the power back is as dangerous as taking it.
    let undo = actor(&world).undo(&world.tenant, &done.id, "tok-x", "a mistake").await.unwrap();
    work(&world).await;
    assert_eq!(action(&world, &undo.id).await.state, State::AwaitingApproval);
}

#[tokio::test]
async fn a_product_goes_with_every_group_that_gives_it() {
    let world = world(seed(), |_| {}).await;
    assert!(is_in(&world, "acc-2", SERVICE_AGENTS).await);
    let done = act(&world, "act-1", "acc-2", Asked::Remove { grant: product("jira-servicedesk") }).await;
    assert_eq!((done.state, done.steps.len()), (State::Done, 1), "{done:?}");
    assert!(!is_in(&world, "acc-2", SERVICE_AGENTS).await && is_in(&world, "acc-2", USERS).await);
    let none = act(&world, "act-2", "acc-1", Asked::Remove { grant: product("jira-servicedesk") }).await;
    assert_eq!(none.state, State::Refused);
}

#[tokio::test]
async fn a_protected_account_is_not_touched_even_if_it_was_protected_after_the_dry_run() {
    let world = world(seed(), |world| group(world, "site-admins", &["acc-1", "acc-2"], &[])).await;
    let waiting = act(&world, "act-1", "acc-1", removing(SITE_ADMINS)).await;
    assert_eq!(waiting.state, State::AwaitingApproval);
    let protect = |account: &mut assay::account::Account| {
        let ends_on = jiff::civil::date(2030, 1, 1);
        account.protection =
            Some(Protection { reason: "break glass".to_owned(), ends_on, by: "tok".to_owned() });
        Ok(true)
    };
    let id = super::support::id("acc-1");
    world.store().change_account(&world.tenant, &connection(), &id, &protect).await.unwrap();
    let refused = approved(&world, &waiting).await;
    assert_eq!(refused.state, State::Refused, "{refused:?}");
    assert!(is_in(&world, "acc-1", SITE_ADMINS).await);
}

#[tokio::test]
async fn what_jira_refuses_fails_and_what_it_cannot_do_now_is_tried_again() {
    let world = world(seed(), |world| group(world, "team-1", &["acc-1", "acc-2"], &[])).await;
    let fault = |status: u16, times: u32| {
        let fault =
            json!({ "path": "removeUserFromGroup", "times": times, "kind": "status", "status": status });
        world.jira.simulator.add_fault(serde_json::from_value::<Fault>(fault).unwrap());
    };
    fault(503, 40);
    let waits = act(&world, "act-1", "acc-1", removing(TEAM_1)).await;
    assert_eq!(waits.state, State::Running, "{waits:?}");
    assert!(waits.problem.is_some() && waits.due_at.is_some());
    world.jira.simulator.clear_faults();
    world.time.advance(3600);
    actor(&world).fan_out().await.unwrap();
    work(&world).await;
    assert_eq!(action(&world, &waits.id).await.state, State::Done);
    fault(403, 40);
    let failed = act(&world, "act-2", "acc-2", removing(TEAM_1)).await;
    assert_eq!(failed.state, State::Failed, "{failed:?}");
    assert!(is_in(&world, "acc-2", TEAM_1).await);
}

#[tokio::test]
async fn access_is_given_and_roles_are_taken_away_the_same_way() {
    let world = world(seed(), |world| {
        let role = json!({ "role": "Developers", "add": ["acc-1"] });
        world.jira.simulator.edit_project("SEC", "roles", &role).unwrap();
    })
    .await;
    let given = act(&world, "act-1", "acc-1", Asked::Add { grant: team(2) }).await;
    assert_eq!(given.state, State::Done, "{given:?}");
    let held = super::support::account(&world, "acc-1").await.roles;
    assert_eq!(held.len(), 1, "{held:?}");
    let grant = assay::account::Grant::Role { project: held[0].project.clone(), role: held[0].role.clone() };
    let taken = act(&world, "act-2", "acc-1", Asked::Remove { grant }).await;
    assert_eq!((taken.state, taken.steps[0].held_before), (State::Done, Some(true)), "{taken:?}");
    super::support::ingest(&world).await;
    let after = super::support::account(&world, "acc-1").await;
    assert_eq!((after.roles.len(), after.grants().contains(&team(2))), (0, true));
}

#[tokio::test]
async fn many_single_calls_are_no_way_round_the_second_person() {
    let world = world(seed(), |_| {}).await;
    for number in 1..=21 {
        let asked = Asked::Add { grant: team(1) };
        let made = act(&world, &format!("act-{number}"), "acc-1", asked).await;
        let expected = if number <= 20 { State::Done } else { State::AwaitingApproval };
        assert_eq!(made.state, expected, "{number}: {made:?}");
    }
    assert!(super::support::account(&world, "acc-1").await.grants().contains(&team(1)), "it is noted");
    world.time.advance(2 * 3600);
    assert_eq!(act(&world, "act-22", "acc-1", removing(TEAM_1)).await.state, State::Done);
    assert!(!super::support::account(&world, "acc-1").await.grants().contains(&team(1)));
}
