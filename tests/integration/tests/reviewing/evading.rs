//! Ways round the rules that are none: in portions, under harmless names, by what changes between a look and the deed.

use assay::access::Role;
use assay::account::{Account, Grant, Protection};
use assay::action::{Action, Asked, State, Wish};
use assay::campaign::{CarriedOut, Choice, Item, Said, Scope};
use assay::dynamodb::ActionFilter;
use assay::error::Kind;
use assay::ids::{ActionId, CampaignId, ConnectionId};
use assay::notification::{Kind as Notice, Subject};
use assay_test_support::world::World;
use jira_sim::{Fault, Seed};
use serde_json::json;

use super::support::{
    ADMINISTRATORS, SERVICE_AGENTS, SITE_ADMINS, account, accounts, act, action, actor, campaign, connection,
    control, decide_all, decider, group, id, in_group, ingest, is_in, items, made, product, reviewer, team,
    token, work, world,
};

const TEAM_1: &str = "00000000-0000-4000-8001-000000000001";

fn seed() -> Seed {
    Seed { teams: 2, ..Seed::empty() }
}

fn removing(group: &str) -> Asked {
    Asked::Remove { grant: in_group(group) }
}

async fn held(world: &World, name: &str, account: &str, asked: Asked) -> Action {
    let wish = Wish {
        connection: connection(),
        account: Some(id(account)),
        asked,
        why: "it is not needed".to_owned(),
        campaign: None,
        together: 1,
        held: true,
    };
    let name = ActionId::parse(name).unwrap();
    actor(world).ask(&world.tenant, name.clone(), wish, "tok-asks").await.unwrap();
    work(world).await;
    let waiting = action(world, &name).await;
    assert_eq!((waiting.state, waiting.needs_second_person()), (State::AwaitingApproval, false));
    waiting
}

/// Has an action approved by whoever asked for it, and carried out.
async fn approved_by_asker(world: &World, waiting: &Action) -> Action {
    let asker = assay::ids::TokenId::parse(&waiting.asked_by).unwrap();
    actor(world).approve(&world.tenant, &waiting.id, &asker).await.unwrap();
    work(world).await;
    action(world, &waiting.id).await
}

fn fault(world: &World, kind: &str) {
    let fault = json!({ "path": "removeUserFromGroup", "times": 40, "kind": kind, "delay_ms": 60_000 });
    world.jira.simulator.add_fault(serde_json::from_value::<Fault>(fault).unwrap());
}

async fn protect(world: &World, account: &str, protection: Option<Protection>) {
    let change = |account: &mut Account| {
        account.protection.clone_from(&protection);
        Ok(true)
    };
    world.store().change_account(&world.tenant, &connection(), &id(account), &change).await.unwrap();
}

#[tokio::test]
async fn a_campaign_in_portions_is_no_way_round_the_second_person() {
    let world = world(Seed { accounts: 60, teams: 3, ..Seed::empty() }, |_| {}).await;
    let open = made(&world, "cmp-1", Scope::All {}).await.id;
    let mut states = Vec::new();
    for number in [1, 2] {
        let by = decider(&world).await;
        let mut said = Vec::new();
        for item in items(&world, &open).await.iter().filter(|item| item.grant == team(number)) {
            said.push(Said::of("x", item.place(), Choice::Revoke, Some("left")).unwrap());
        }
        assert!(said.len() <= 20, "{}", said.len());
        reviewer(&world).decide(&world.tenant, &open, &by, &said).await.unwrap();
        reviewer(&world).apply(&world.tenant, &open, "tok-asks", false).await.unwrap();
        let other = reviewer(&world).apply(&world.tenant, &open, "tok-asks", true).await.unwrap_err();
        assert_eq!(*other.kind(), Kind::Conflict, "another `hold` than that of what is going on");
        reviewer(&world).apply(&world.tenant, &open, "tok-asks", false).await.unwrap();
        work(&world).await;
        let filter = ActionFilter { state: None, campaign: Some(open.clone()) };
        let made = world.store().actions(&world.tenant, &filter, None, 200).await.unwrap().items;
        let of_team = |action: &&Action| action.asked == Asked::Remove { grant: team(number) };
        states.extend(made.iter().filter(of_team).map(|action| action.state));
    }
    let of = |wanted: State| states.iter().filter(|state| **state == wanted).count();
    assert!(states.len() > 20, "{states:?}");
    assert_eq!((of(State::Done), of(State::AwaitingApproval)), (20, states.len() - 20), "{states:?}");
}

#[tokio::test]
async fn power_is_known_whatever_the_group_that_gives_it_is_called() {
    let world = world(seed(), |world| {
        control(world, "/groups", &json!({ "id": "helpers", "name": "helpers", "access_type": "admin" }));
        group(world, "helpers", &["acc-1"], &[]);
        control(world, "/accounts/acc-1", &json!({ "admin": true }));
        group(world, "site-admins", &["acc-2"], &[]);
        control(world, "/accounts/acc-2", &json!({ "admin": true }));
    })
    .await;
    let taken = act(&world, "act-1", "acc-1", removing("helpers")).await;
    let given = act(&world, "act-2", "acc-2", Asked::Add { grant: in_group("helpers") }).await;
    for waiting in [taken, given] {
        assert_eq!(waiting.state, State::AwaitingApproval, "{waiting:?}");
        assert!(waiting.needs_second_person());
        assert!(waiting.dry_run.unwrap().dangers[0].contains("administers the site"));
    }
}

#[tokio::test]
async fn what_became_dangerous_after_its_dry_run_waits_for_a_second_person() {
    let world = world(seed(), |world| group(world, "team-1", &["acc-1"], &[])).await;
    let waiting = held(&world, "act-1", "acc-1", removing(TEAM_1)).await;
    group(&world, "site-admins", &["acc-1", "acc-2"], &[]);
    for name in ["acc-1", "acc-2"] {
        control(&world, &format!("/accounts/{name}"), &json!({ "admin": true }));
    }
    let again = approved_by_asker(&world, &waiting).await;
    assert_eq!((again.state, again.approved_by.as_deref()), (State::AwaitingApproval, None), "{again:?}");
    assert!(again.needs_second_person() && is_in(&world, "acc-1", TEAM_1).await);
    let second = token(&world, Role::Operator, "iam").await;
    actor(&world).approve(&world.tenant, &again.id, &second).await.unwrap();
    work(&world).await;
    assert_eq!(action(&world, &again.id).await.state, State::Done);
}

#[tokio::test]
async fn a_product_goes_with_the_groups_that_were_joined_since_the_lists_were_read() {
    let world = world(seed(), |world| {
        for name in ["helpdesk", "nights"] {
            let body = json!({ "id": name, "name": name, "application": "jira-servicedesk" });
            control(world, "/groups", &body);
        }
    })
    .await;
    group(&world, "helpdesk", &["acc-2"], &[]);
    let removed = Asked::Remove { grant: product("jira-servicedesk") };
    let waiting = held(&world, "act-1", "acc-2", removed).await;
    assert_eq!(waiting.steps.len(), 2, "{waiting:?}");
    group(&world, "nights", &["acc-2"], &[]);
    let again = approved_by_asker(&world, &waiting).await;
    assert_eq!((again.state, again.steps.len()), (State::AwaitingApproval, 3), "{again:?}");
    let done = approved_by_asker(&world, &again).await;
    assert_eq!(done.state, State::Done, "{done:?}");
    for gone in [SERVICE_AGENTS, "helpdesk", "nights"] {
        assert!(!is_in(&world, "acc-2", gone).await, "{gone}");
    }
}

#[tokio::test]
async fn a_product_that_a_group_gives_again_when_all_is_done_did_not_go() {
    let world = world(seed(), |world| {
        let body = json!({ "id": "nights", "name": "nights", "application": "jira-servicedesk" });
        control(world, "/groups", &body);
    })
    .await;
    fault(&world, "cut_before");
    let begun = act(&world, "act-1", "acc-2", Asked::Remove { grant: product("jira-servicedesk") }).await;
    assert_eq!((begun.state, begun.steps[0].held_before), (State::Running, Some(true)), "{begun:?}");
    world.jira.simulator.clear_faults();
    group(&world, "nights", &["acc-2"], &[]);
    world.time.advance(3600);
    actor(&world).fan_out().await.unwrap();
    work(&world).await;
    let failed = action(&world, &begun.id).await;
    assert_eq!((failed.state, failed.steps[0].done_at.is_some()), (State::Failed, true), "{failed:?}");
    assert!(failed.problem.unwrap().contains("still given by group nights"));
}

#[tokio::test]
async fn access_that_came_back_was_not_carried_out() {
    let world = world(seed(), |world| group(world, "team-1", &["acc-1", "acc-2"], &[])).await;
    let open =
        made(&world, "cmp-1", Scope::Groups { groups: [TEAM_1.to_owned().try_into().unwrap()].into() });
    let open = open.await.id;
    decide_all(&world, &open, |_| Choice::Revoke).await;
    reviewer(&world).apply(&world.tenant, &open, "tok-asks", false).await.unwrap();
    work(&world).await;
    assert!(!is_in(&world, "acc-1", TEAM_1).await);
    group(&world, "team-1", &["acc-1"], &[]);
    ingest(&world).await;
    reviewer(&world).close(&world.tenant, &open, "tok-admin", false).await.unwrap();
    work(&world).await;
    for item in items(&world, &open).await {
        let is_back = item.account.as_str() == "acc-1";
        let expected = if is_back { CarriedOut::NotDone } else { CarriedOut::Done };
        assert_eq!(item.carried_out, Some(expected), "{}", item.account);
    }
    assert!(!campaign(&world, &open).await.record.unwrap().record.complete);
}

#[tokio::test]
async fn an_approval_ends_when_a_later_review_revokes_and_is_as_old_as_its_decision() {
    let world = world(seed(), |world| group(world, "team-1", &["acc-1"], &[])).await;
    let review = async |name: &str, choice: Choice| {
        let open: CampaignId = made(&world, name, Scope::All {}).await.id;
        let rule = |item: &Item| if item.grant == team(1) { choice } else { Choice::Keep };
        decide_all(&world, &open, rule).await;
        world.time.advance(3600);
        reviewer(&world).close(&world.tenant, &open, "tok-admin", false).await.unwrap();
        work(&world).await;
        items(&world, &open).await
    };
    let decided = review("cmp-1", Choice::Keep).await;
    let approvals = || async { account(&world, "acc-1").await.approvals };
    let of_team = |approvals: &[assay::account::Approval]| {
        approvals.iter().find(|approval| approval.grant == team(1)).map(|approval| approval.at)
    };
    let item = decided.iter().find(|item| item.grant == team(1)).unwrap();
    assert_eq!(of_team(&approvals().await), item.at);
    for choice in [Choice::Revoke, Choice::Change] {
        review(&format!("cmp-{}", choice.word()), choice).await;
        let left = approvals().await;
        assert_eq!(of_team(&left), None, "{choice:?}");
        assert!(!left.is_empty(), "what was kept stays approved");
        review(&format!("cmp-again-{}", choice.word()), Choice::Keep).await;
        assert!(of_team(&approvals().await).is_some());
    }
}

#[tokio::test]
async fn while_it_is_in_doubt_whether_an_administrator_was_taken_no_other_one_is() {
    let world = world(seed(), |world| group(world, "jira-administrators", &["acc-1", "acc-2"], &[])).await;
    let one = act(&world, "act-1", "acc-1", removing(ADMINISTRATORS)).await;
    let two = act(&world, "act-2", "acc-2", removing(ADMINISTRATORS)).await;
    let second = token(&world, Role::Operator, "iam").await;
    for waiting in [&one, &two] {
        actor(&world).approve(&world.tenant, &waiting.id, &second).await.unwrap();
    }
    world.usage.lose_everything();
    // Jira takes it a minute later, and until then shows both.
    fault(&world, "effect_late");
    Box::pin(actor(&world).act(&world.tenant, &one.id)).await.unwrap();
    world.jira.simulator.clear_faults();
    assert_eq!(action(&world, &one.id).await.state, State::Running);
    Box::pin(actor(&world).act(&world.tenant, &two.id)).await.unwrap();
    let waits = action(&world, &two.id).await;
    assert!(waits.problem.as_deref().unwrap().contains("another action takes"), "{waits:?}");
    for _ in 0..6 {
        world.time.advance(600);
        actor(&world).fan_out().await.unwrap();
        work(&world).await;
    }
    let states = [action(&world, &one.id).await.state, action(&world, &two.id).await.state];
    assert_eq!(states, [State::Done, State::Refused]);
    assert!(is_in(&world, "acc-2", ADMINISTRATORS).await);
}

#[tokio::test]
async fn what_was_done_before_a_refusal_is_known_and_can_be_undone() {
    let world = world(seed(), |world| group(world, "team-1", &["acc-1"], &[])).await;
    fault(&world, "answer_lost");
    let lost = act(&world, "act-1", "acc-1", removing(TEAM_1)).await;
    assert_eq!(lost.state, State::Running, "{lost:?}");
    world.jira.simulator.clear_faults();
    let ends_on = jiff::civil::date(2030, 1, 1);
    let protection = Protection { reason: "break glass".to_owned(), ends_on, by: "tok".to_owned() };
    protect(&world, "acc-1", Some(protection)).await;
    world.time.advance(3600);
    actor(&world).fan_out().await.unwrap();
    work(&world).await;
    let failed = action(&world, &lost.id).await;
    assert_eq!((failed.state, failed.steps[0].done_at.is_some()), (State::Failed, true), "{failed:?}");
    let undo = actor(&world).undo(&world.tenant, &failed.id, "tok-x", "it is protected").await.unwrap();
    work(&world).await;
    assert_eq!(action(&world, &undo.id).await.state, State::Done);
    assert!(is_in(&world, "acc-1", TEAM_1).await);
}

#[tokio::test]
async fn what_another_action_changed_since_is_not_undone_over_its_head() {
    let world = world(seed(), |world| group(world, "team-1", &["acc-1"], &[])).await;
    let first = act(&world, "act-1", "acc-1", removing(TEAM_1)).await;
    act(&world, "act-2", "acc-1", Asked::Add { grant: team(1) }).await;
    let last = act(&world, "act-3", "acc-1", removing(TEAM_1)).await;
    let over = actor(&world).undo(&world.tenant, &first.id, "tok-x", "back").await.unwrap_err();
    assert_eq!(*over.kind(), Kind::Conflict);
    assert!(over.to_string().contains("act-3"), "{over}");
    actor(&world).undo(&world.tenant, &last.id, "tok-x", "back").await.unwrap();
    work(&world).await;
    assert!(is_in(&world, "acc-1", TEAM_1).await);
}

#[tokio::test]
async fn the_account_of_any_connection_to_the_site_is_our_own() {
    let world = world(seed(), |world| {
        group(world, "site-admins", &["acc-1", "acc-2"], &[]);
        group(world, "team-1", &["acc-2"], &[]);
    })
    .await;
    let mut second = world.store().connection(&world.tenant, &connection()).await.unwrap().unwrap();
    second.id = ConnectionId::parse("con-2").unwrap();
    second.account.as_mut().unwrap().id = id("acc-2");
    world.store().put_new_connection(&second).await.unwrap();
    let refused = act(&world, "act-1", "acc-2", removing(TEAM_1)).await;
    assert_eq!(refused.state, State::Refused, "{refused:?}");
    assert!(refused.problem.unwrap().contains("acts as"));
    let last = act(&world, "act-2", "acc-1", removing(SITE_ADMINS)).await;
    assert_eq!(last.state, State::Refused, "only our own accounts would be left: {last:?}");
}

#[tokio::test]
async fn an_account_that_cannot_be_used_is_no_other_administrator_of_a_project() {
    let world = world(seed(), |world| {
        let role = json!({ "role": "Administrators", "add": ["acc-1", "acc-2"] });
        world.jira.simulator.edit_project("SEC", "roles", &role).unwrap();
        control(world, "/accounts/acc-2", &json!({ "active": false }));
    })
    .await;
    let held = accounts(&world).await[&id("acc-1")].roles[0].clone();
    let grant = Grant::Role { project: held.project, role: held.role };
    let refused = act(&world, "act-1", "acc-1", Asked::Remove { grant: grant.clone() }).await;
    assert_eq!(refused.state, State::Refused, "{refused:?}");
    control(&world, "/accounts/acc-2", &json!({ "active": true }));
    let waiting = act(&world, "act-2", "acc-1", Asked::Remove { grant }).await;
    assert_eq!(waiting.state, State::AwaitingApproval, "{waiting:?}");
}

#[tokio::test]
async fn people_are_told_by_the_next_worker_if_the_first_one_died_before() {
    let world = world(seed(), |world| group(world, "site-admins", &["acc-1", "acc-2"], &[])).await;
    let waiting = act(&world, "act-1", "acc-1", removing(SITE_ADMINS)).await;
    let subject = Subject::Action(waiting.id.clone());
    let (store, now) = (world.store(), world.time.now());
    store.recovered(&world.tenant, Notice::ApprovalNeeded, &subject, now).await.unwrap();
    let open = async || {
        let told = world.store().list_notifications(&world.tenant, None, 50).await.unwrap().items;
        told.iter().filter(|one| one.recovered_at.is_none()).count()
    };
    assert_eq!(open().await, 0, "as if nobody had been told");
    actor(&world).act(&world.tenant, &waiting.id).await.unwrap();
    assert_eq!(open().await, 1);
}
