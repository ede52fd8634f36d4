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
    let plan = assay::sqs::ChecksRequest::Plan { tenant: world.tenant.clone() };
    assay::sqs::Queue::send(world.checks.as_ref(), &plan, None).await.unwrap();
    Box::pin(world.rest()).await;
    assert!(task(&world, 3).await.ticket.is_some());
    assert_eq!(world.issues_in("SEC").len(), 3);
}
