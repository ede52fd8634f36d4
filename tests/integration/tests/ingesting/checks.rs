//! The checks about access, from the site's lists to their verdicts.

use assay::account::{Owner, Suggestion};
use assay::check::{CheckId, CheckRun, Outcome};
use assay::ids::PersonId;
use assay::operations::ingesting::match_again;
use assay::person::{Person, PersonStatus};
use assay::sqs::{ChecksRequest, Queue};
use assay_test_support::world::World;
use jira_sim::Seed;
use serde_json::json;

use super::support::{account, accounts, id, ingestion, next_run, run, slice, world};

async fn evaluate(world: &World) {
    let connection = id(world).await;
    world.time.advance(2);
    let due = world.store().connection(&world.tenant, &connection).await.unwrap().unwrap().due_at;
    let wait = due.unwrap().duration_since(world.time.now()).as_secs().max(0) + 1;
    world.time.advance(wait);
    let request = ChecksRequest::Connection { tenant: world.tenant.clone(), connection };
    world.checks.send(&request, None).await.unwrap();
    world.evaluate().await;
}

async fn latest(world: &World, check: CheckId) -> CheckRun {
    let runs = world.store().list_runs(&world.tenant, check, None, 1).await.unwrap();
    runs.items.into_iter().next().unwrap()
}

fn person(world: &World, name: &str, status: PersonStatus) -> Person {
    Person {
        tenant: world.tenant.clone(),
        id: PersonId::parse(name).unwrap(),
        email: format!("{name}@example.com"),
        name: name.to_owned(),
        status,
        manager: None,
        ends_on: None,
        updated_at: world.time.now(),
        version: 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_told_before_the_directory_was_read_and_then_it_can() {
    let world = world(Seed { accounts: 12, ..Seed::empty() }).await;
    for check in [CheckId::B6, CheckId::B7, CheckId::B8] {
        assert_eq!(latest(&world, check).await.outcome, Outcome::CannotTell, "{check}");
    }
    run(&world).await;
    evaluate(&world).await;
    let identified = latest(&world, CheckId::B7).await;
    assert_eq!(identified.outcome, Outcome::Fail);
    let humans = accounts(&world).await.iter().filter(|it| it.is_live() && it.may_be_human()).count();
    assert_eq!(identified.failing, humans as u64, "nobody was told who they are");
    assert_eq!(
        latest(&world, CheckId::B6).await.outcome,
        Outcome::CannotTell,
        "{:?}",
        latest(&world, CheckId::B6).await
    );
    // Two days without a new reading, and what is stored is too old to be judged.
    world.time.advance(3 * 86_400);
    evaluate(&world).await;
    assert_eq!(latest(&world, CheckId::B6).await.outcome, Outcome::CannotTell);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_fails_until_the_account_is_deactivated_in_jira() {
    let world = world(Seed::empty()).await;
    run(&world).await;
    for number in 1..=9 {
        let status = if number == 4 { PersonStatus::Left } else { PersonStatus::Active };
        let person = person(&world, &format!("account-{number}"), status);
        assert!(world.store().put_new_person(&person).await.unwrap());
    }
    assert!(world.store().put_new_person(&person(&world, "admin", PersonStatus::Active)).await.unwrap());
    // The people are matched from what is stored: no list is read again.
    let before = world.jira.simulator.journal().len();
    match_again(&world.access.core, world.usage.as_ref(), &world.tenant).await.unwrap();
    while slice(&world, &world.ingester()).await {}
    let calls = world.jira.simulator.journal().split_off(before);
    assert!(calls.iter().all(|call| !call.path.contains("/users/search")), "{calls:?}");
    let left = account(&world, "acc-4").await;
    assert!(matches!(&left.owner, Owner::Person { person, .. } if person.as_str() == "account-4"));
    evaluate(&world).await;
    let failing = latest(&world, CheckId::B6).await;
    assert_eq!((failing.outcome, failing.failing), (Outcome::Fail, 1));
    let evidence = serde_json::to_string(&failing).unwrap();
    assert!(!evidence.contains("account-4@example.com"), "evidence names accounts by their ids: {evidence}");
    world.jira.simulator.control("POST", "/accounts/acc-4/offboard", &json!({})).unwrap();
    next_run(&world).await;
    evaluate(&world).await;
    let after = latest(&world, CheckId::B6).await;
    assert_eq!(after.failing, 0, "{after:?}");
    assert_eq!(ingestion(&world).await.failures, 0);
    let no_suggestions: Vec<Suggestion> = Vec::new();
    assert_eq!(account(&world, "acc-4").await.suggestions, no_suggestions);
}
