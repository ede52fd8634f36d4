use assay::error::Kind;
use assay::finding::policy::FindingPolicy;
use assay::finding::tally::Standing;
use assay::task::{Edit, State};
use assay_test_support::world::World;

use super::support::{DAY, configured, findings, pass, receive, report, start, task, task_id, upkeep};

/// Changes the tenant's policy as the API does.
async fn set_policy(world: &World, change: impl FnOnce(&mut FindingPolicy)) {
    let mut policy = world.store().finding_policy(&world.tenant).await.unwrap();
    change(&mut policy);
    policy.unfinished = Some(String::new());
    world.store().save_finding_policy(&mut policy).await.unwrap();
}

#[tokio::test]
async fn an_acceptance_holds_to_the_end_of_its_day_where_the_tenant_is() {
    let world = start().await;
    configured(&world).await;
    set_policy(&world, |policy| policy.zone = "America/New_York".to_owned()).await;
    receive(&world, None, [1]).await;
    Box::pin(world.rest()).await;
    let until = "2026-06-16".parse().unwrap();
    let id = task_id(&world, 1);
    let accept = findings(&world).accept(&world.tenant, &id, (until, "behind a wall"), "tok").await;
    assert_eq!(Standing::of(&accept.unwrap()), Standing::Accepted);
    Box::pin(world.rest()).await;
    assert_eq!(world.tickets().await[0].state.word(), "closed", "the ticket follows");
    report(&world, "r-1", [1]).await;
    assert_eq!(Standing::of(&task(&world, 1).await), Standing::Accepted, "a report changes nothing");
    // Midnight in New York is 04:00 UTC; it is the 15th, 12:00 UTC.
    pass(&world, DAY + 15 * 3600 + 3000).await;
    assert_eq!(Standing::of(&task(&world, 1).await), Standing::Accepted, "{}", world.time.now());
    pass(&world, 1200).await;
    let open = task(&world, 1).await;
    assert_eq!((Standing::of(&open), open.acceptance()), (Standing::Open, None), "{}", world.time.now());
    let days = open.due_at.duration_since(world.time.now()).as_hours() / 24;
    assert_eq!(days, 29, "its limit is counted anew");
    Box::pin(world.rest()).await;
    assert_eq!(world.tickets().await[0].state.word(), "open");
}

#[tokio::test]
async fn what_is_gone_when_its_acceptance_ends_stays_gone_and_what_is_gone_is_not_accepted() {
    let world = start().await;
    Box::pin(world.connect()).await;
    receive(&world, None, 1..=2).await;
    let until = "2026-06-15".parse().unwrap();
    let accept = async |number: u32| {
        findings(&world).accept(&world.tenant, &task_id(&world, number), (until, "x"), "tok").await
    };
    accept(1).await.unwrap();
    world.time.advance(60);
    assert_eq!(report(&world, "r-1", []).await.resolved, 2);
    assert_eq!(*accept(2).await.unwrap_err().kind(), Kind::Conflict);
    pass(&world, DAY).await;
    assert_eq!(task(&world, 1).await.state, State::Resolved);
    world.time.advance(60);
    report(&world, "r-2", [1]).await;
    assert_eq!(Standing::of(&task(&world, 1).await), Standing::Open, "the acceptance is over");
}

#[tokio::test]
async fn a_changed_policy_moves_the_due_dates_that_no_person_set() {
    let world = start().await;
    Box::pin(world.connect()).await;
    receive(&world, None, 1..=300).await;
    let mut edited = task(&world, 7).await;
    let mine = "2026-12-01T00:00:00Z".parse().unwrap();
    edited.edit(&Edit { due_at: Some(mine), ..Edit::default() }, world.time.now());
    world.store().save_tasks(&[edited]).await.remove(0).unwrap();
    set_policy(&world, |policy| policy.limits = [(assay::finding::Severity::High, 2)].into()).await;
    pass(&world, 600).await;
    let due = "2026-06-17T12:00:00Z".parse().unwrap();
    for number in [1, 150, 300] {
        assert_eq!(task(&world, number).await.due_at, due, "{number}");
    }
    assert_eq!(task(&world, 7).await.due_at, mine);
    assert_eq!(world.store().finding_policy(&world.tenant).await.unwrap().unfinished, None);
    let before = world.tasks().await;
    upkeep(&world).await;
    assert_eq!(world.tasks().await, before);
}
