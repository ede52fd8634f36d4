//! Workers that die anywhere: no item is lost or doubled, no decision forgotten, no change made twice or left out.

use assay::action::{Asked, State as ActionState, Wish};
use assay::campaign::{Choice, Item, Scope, State, verify};
use assay::ids::{ActionId, CampaignId};
use assay::sqs::UsageRequest;
use assay_test_support::killed::Killed;
use assay_test_support::world::World;
use jira_sim::Seed;
use proptest::prelude::*;

use super::support::{
    accounts, action, actor, campaign, campaign_wish, connection, decide_all, group, id, is_in, items,
    reviewer, team, work, world,
};

const TEAM_1: &str = "00000000-0000-4000-8001-000000000001";

/// Lets workers of a campaign die after so many polls each, then one live to the end.
async fn die(world: &World, id: &CampaignId, lives: &[u32]) {
    for polls in lives {
        world.usage.lose_everything();
        let worker = reviewer(world);
        let part = Box::pin(worker.continue_campaign(&world.tenant, id));
        let _ = Killed { inner: part, polls: *polls }.await.transpose().unwrap();
        world.time.advance(500);
    }
    reviewer(world).fan_out().await.unwrap();
    actor(world).fan_out().await.unwrap();
    work(world).await;
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, max_shrink_iters: 10, ..ProptestConfig::default() })]

    #[test]
    fn a_campaign_whose_workers_die_anywhere_comes_to_the_same_record(
        lives in prop::collection::vec(5_u32..700, 6..10)
    ) {
        run(async {
            let world = world(Seed { accounts: 40, teams: 3, ..Seed::empty() }, |_| {}).await;
            let id = CampaignId::parse("cmp-1").unwrap();
            let wish = campaign_wish(&world, Scope::All {});
            reviewer(&world).make(&world.tenant, id.clone(), wish, "tok-admin").await.unwrap();
            die(&world, &id, &lives[..2]).await;
            let open = campaign(&world, &id).await;
            let grants: usize =
                accounts(&world).await.values().map(|account| account.grants().len()).sum();
            assert_eq!((&open.state, items(&world, &id).await.len()), (&State::Open, grants));
            assert_eq!(open.counts.items, grants as u64);

            let goes = |item: &Item| item.grant == team(1);
            decide_all(&world, &id, |item| if goes(item) { Choice::Revoke } else { Choice::Keep }).await;
            reviewer(&world).apply(&world.tenant, &id, "tok-operator", false).await.unwrap();
            die(&world, &id, &lives[2..4]).await;
            for item in items(&world, &id).await.iter().filter(|item| goes(item)) {
                let made = action(&world, item.action.as_ref().unwrap()).await;
                assert_eq!((made.state, item.attempts), (ActionState::Done, 1), "{made:?}");
            }

            reviewer(&world).close(&world.tenant, &id, "tok-admin", false).await.unwrap();
            die(&world, &id, &lives[4..]).await;
            let closed = campaign(&world, &id).await;
            let signed = closed.record.unwrap();
            let all = items(&world, &id).await;
            let digested = all.iter().map(|item| item.digested().unwrap());
            assert_eq!(verify(&signed, &signed.public_key, digested), Ok(()));
            assert!(signed.record.complete && signed.record.counts.items == grants as u64);
            let approvals: usize =
                accounts(&world).await.values().map(|account| account.approvals.len()).sum();
            assert_eq!(approvals as u64, signed.record.counts.kept, "each once");
        });
    }

    #[test]
    fn an_action_whose_workers_die_anywhere_is_done_once_and_undone_to_what_was(
        lives in prop::collection::vec(1_u32..60, 1..6)
    ) {
        run(async {
            let world = world(Seed { teams: 1, ..Seed::empty() }, |world| group(world, "team-1", &["acc-1"], &[])).await;
            let name = ActionId::parse("act-1").unwrap();
            let wish = Wish {
                connection: connection(),
                account: Some(id("acc-1")),
                asked: Asked::Remove { grant: team(1) },
                why: "left".to_owned(),
                campaign: None,
                together: 1,
                held: false,
            };
            actor(&world).ask(&world.tenant, name.clone(), wish, "tok-asks").await.unwrap();
            let done = killed(&world, &name, &lives).await;
            assert_eq!((done.state, done.steps[0].held_before), (ActionState::Done, Some(true)), "{done:?}");
            assert!(!is_in(&world, "acc-1", TEAM_1).await);
            let undo = actor(&world).undo(&world.tenant, &name, "tok-asks", "back").await.unwrap();
            let undone = killed(&world, &undo.id, &lives).await;
            assert_eq!(undone.state, ActionState::Done, "{undone:?}");
            assert!(is_in(&world, "acc-1", TEAM_1).await);
            assert_eq!(action(&world, &name).await.state, ActionState::Undone);
        });
    }
}

/// Lets workers of an action die, then others live to the end.
async fn killed(world: &World, id: &ActionId, lives: &[u32]) -> assay::action::Action {
    for polls in lives {
        world.usage.lose_everything();
        let worker = actor(world);
        let _ = Killed { inner: Box::pin(worker.act(&world.tenant, id)), polls: *polls }
            .await
            .transpose()
            .unwrap();
        world.time.advance(500);
    }
    let request = UsageRequest::Act { tenant: world.tenant.clone(), action: id.clone() };
    super::support::carry_out(world, &request).await.unwrap();
    for _ in 0..4 {
        work(world).await;
        world.time.advance(500);
        actor(world).fan_out().await.unwrap();
    }
    action(world, id).await
}
