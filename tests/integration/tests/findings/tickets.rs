use assay::check::{CheckId, Outcome};
use assay::clock::after;
use assay::sqs::ChecksRequest;
use assay_test_support::world::World;

use super::support::{configured, receive, report, start, task};

#[tokio::test]
async fn each_finding_gets_one_ticket_that_closes_when_it_is_gone_and_opens_when_it_comes_back() {
    let world = start().await;
    configured(&world).await;
    report(&world, "r-1", 1..=3).await;
    Box::pin(world.rest()).await;
    assert_eq!(world.issues_in("SEC").len(), 3);
    world.time.advance(60);
    report(&world, "r-2", 1..=2).await;
    Box::pin(world.rest()).await;
    let closed = async || {
        let tickets = world.tickets().await;
        tickets.iter().filter(|ticket| ticket.state.word() == "closed").count()
    };
    assert_eq!(closed().await, 1);
    world.time.advance(60);
    report(&world, "r-3", 1..=3).await;
    Box::pin(world.rest()).await;
    assert_eq!((closed().await, world.issues_in("SEC").len()), (0, 3), "the same issue is opened again");
    world.assert_honest();
}

#[tokio::test]
async fn findings_that_came_before_their_configuration_get_tickets_once_it_is_there() {
    let world = start().await;
    receive(&world, None, 1..=3).await;
    configured(&world).await;
    let plan = ChecksRequest::Plan { tenant: world.tenant.clone() };
    assay::sqs::Queue::send(world.checks.as_ref(), &plan, None).await.unwrap();
    Box::pin(world.rest()).await;
    assert!(task(&world, 3).await.ticket.is_some());
    assert_eq!(world.issues_in("SEC").len(), 3);
}

/// Evaluates what was asked for when there was no time for it.
async fn go_on(world: &World) -> usize {
    world.access.deadline.set(after(world.time.now(), 1000));
    world.time.advance(1);
    let requests = world.checks.receive(10);
    for request in &requests {
        Box::pin(world.evaluator().evaluate(request)).await.unwrap();
    }
    requests.len()
}

#[tokio::test]
async fn a_plan_of_many_findings_for_which_time_is_up_is_asked_for_anew() {
    let world = start().await;
    receive(&world, None, 1..=450).await;
    configured(&world).await;
    world.checks.receive(10);
    world.access.deadline.set(world.time.now());
    let plan = ChecksRequest::Plan { tenant: world.tenant.clone() };
    Box::pin(world.evaluator().evaluate(&plan)).await.unwrap();
    let planned = world.tickets().await.len();
    assert!(planned < 450, "{planned}");
    assert_eq!(go_on(&world).await, 1);
    assert_eq!(world.tickets().await.len(), 450);
}

#[tokio::test]
async fn what_a_check_of_findings_found_is_written_down_before_many_of_them_are_planned() {
    let world = start().await;
    receive(&world, None, 1..=450).await;
    configured(&world).await;
    world.checks.receive(10);
    world.access.deadline.set(world.time.now());
    let request = ChecksRequest::Tenant { tenant: world.tenant.clone() };
    Box::pin(world.evaluator().evaluate(&request)).await.unwrap();
    let latest = world.store().latest_results(&world.tenant).await.unwrap();
    let run = latest.into_iter().find(|run| run.check == CheckId::B9 && run.connection.is_none()).unwrap();
    assert_eq!((run.outcome, run.evidence.coverage.read), (Outcome::Pass, 450));
    let planned = world.tickets().await.len();
    assert!(planned < 450, "{planned}");
    assert_eq!(go_on(&world).await, 1);
    assert_eq!(world.tickets().await.len(), 450);
}
