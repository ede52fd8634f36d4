//! A worker may die anywhere: its process is really killed, and in the end every ticket has exactly one issue.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};

use assay::operations::milestone::Milestone;
use assay::secrets::connection_name;
use assay::sqs::{Queue, SyncRequest};
use assay::ticket::LEASE;
use assay_test_support::balance::{assert_says, says};
use assay_test_support::world::World;
use jira_sim::{Options, Seed};
use serde_json::json;
use tokio::io::AsyncWriteExt;

/// The signal by which a process ends itself with `abort`.
const SIGABRT: i32 = 6;

/// A world in which so many tickets are planned and asked for.
async fn planned(tickets: u64) -> World {
    let seed = Seed {
        change_tickets: tickets + 2,
        change_unassigned: tickets,
        incidents: 0,
        incidents_overdue: 0,
        ..Seed::default()
    };
    let world = World::with(Options { seed, ..Options::default() }).await;
    let connection = world.connect().await;
    world.sync_all(&connection).await;
    world.evaluate().await;
    assert_eq!(world.sync.len() as u64, tickets);
    world
}

/// Where a worker dies.
enum Death {
    At(Milestone),
    AfterAnswers(u64),
}

/// Runs one worker over `requests` in a process of its own.
async fn work_elsewhere(world: &World, requests: &[SyncRequest], death: &Death) -> ExitStatus {
    let connection = world.store().all_connections(&world.tenant).await.unwrap().remove(0);
    let name = connection_name(&world.tenant, &connection.id);
    let secret = world.secrets().get(&name).await.unwrap().unwrap();
    let (milestone, answers) = match death {
        Death::At(milestone) => (Some(milestone.name()), None),
        Death::AfterAnswers(answers) => (None, Some(*answers)),
    };
    let order = json!({
        "now": world.time.now().to_string(),
        "table": world.table_address,
        "jira": world.jira.url(),
        "secrets": BTreeMap::from([(name, secret.expose())]),
        "requests": requests,
        "milestone": milestone,
        "answers": answers,
    });
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_crashing-worker"))
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(order.to_string().as_bytes()).await.unwrap();
    child.wait().await.unwrap()
}

/// How the tickets are taken up after the death.
#[derive(Clone, Copy, Debug)]
enum After {
    /// The queue delivers the messages again, while the dead worker's lease still holds.
    Redelivered,
    /// The messages are gone; the outbox finds what is due.
    Lost,
}

async fn dies_at(milestone: Milestone, tickets: u64, after: After) {
    let what = format!("{} of {tickets}, {after:?}", milestone.name());
    let world = planned(tickets).await;
    let requests = world.sync.receive(50);
    let status = work_elsewhere(&world, &requests, &Death::At(milestone)).await;
    assert_eq!(status.signal(), Some(SIGABRT), "{what}: {status:?}");
    match after {
        After::Redelivered => {
            world.sync.send_all(&requests, Some(10)).await.unwrap();
            world.time.advance(10);
            world.work().await;
            // Whom the lease protects is left alone.
            let calls = usize::from(milestone != Milestone::Loaded && milestone != Milestone::Claimed);
            let again = usize::from(milestone == Milestone::Loaded);
            assert_eq!(world.calls("createIssues"), calls + again, "{what}");
        }
        After::Lost => world.sync.lose_everything(),
    }
    world.time.advance(LEASE + 1);
    world.rest().await;
    world.assert_one_issue_for_each_of(usize::try_from(tickets).unwrap(), &what).await;
    let tickets = world.tickets().await;
    let adopted = tickets.iter().filter(|ticket| says(ticket, "adopted issue")).count();
    let expected = match milestone {
        // Nothing had been sent, or all was written.
        Milestone::Loaded | Milestone::Claimed | Milestone::Saved => 0,
        Milestone::Answered => tickets.len(),
        Milestone::PartlySaved => tickets.len() - 1,
    };
    assert_eq!(adopted, expected, "{what}: {}", world.traces().await);
    for ticket in &tickets {
        assert_says(ticket, "began to create the issue", &what);
        let created = says(ticket, "created issue") || says(ticket, "adopted issue");
        assert!(created, "{what}: {:#?}", ticket.trace);
        if milestone == Milestone::Claimed {
            assert_says(ticket, "found no issue; it will be created", &what);
        } else {
            assert_eq!(ticket.attempts, 1, "{what}: {:#?}", ticket.trace);
        }
    }
    world.assert_honest();
}

#[tokio::test]
async fn a_worker_that_dies_at_any_milestone_with_one_ticket_leaves_one_issue() {
    for milestone in Milestone::ALL {
        for after in [After::Redelivered, After::Lost] {
            dies_at(milestone, 1, after).await;
        }
    }
}

#[tokio::test]
async fn a_worker_that_dies_at_any_milestone_with_fifty_tickets_leaves_one_issue_for_each() {
    for milestone in Milestone::ALL {
        dies_at(milestone, 50, After::Redelivered).await;
    }
}

#[tokio::test]
async fn fifty_tickets_whose_worker_died_and_whose_messages_are_lost_have_one_issue_each() {
    for milestone in [Milestone::Claimed, Milestone::Answered] {
        dies_at(milestone, 50, After::Lost).await;
    }
}

/// Closing takes several calls. The worker dies after the first one, after the second one, and so on, until it lives.
#[tokio::test]
async fn a_worker_that_dies_anywhere_while_it_closes_an_issue_leaves_it_to_be_closed() {
    let mut deaths = 0;
    loop {
        let world = planned(2).await;
        world.rest().await;
        for task in world.tasks().await {
            let path = format!("/rest/api/3/issue/{}/assignee", task.subject.id);
            world.as_person("PUT", &path, Some(json!({ "accountId": "acc-1" }))).await;
        }
        world.time.advance(3700);
        world.evaluator().fan_out().await.unwrap();
        world.evaluate().await;
        let requests = world.sync.receive(50);
        assert_eq!(requests.len(), 2);
        let status = work_elsewhere(&world, &requests, &Death::AfterAnswers(deaths + 1)).await;
        world.time.advance(LEASE + 1);
        world.rest().await;
        let what = format!("died after {} answers: {status:?}", deaths + 1);
        assert_eq!(world.imbalance().await, Vec::<String>::new(), "{what}: {}", world.traces().await);
        assert!(world.tickets().await.iter().all(|it| it.state.word() == "closed"), "{what}");
        assert_eq!(world.calls("createIssues"), 1, "{what}");
        // Three moves lead through the workflow, and none was made twice.
        let moves = world.jira.simulator.journal();
        let moves =
            moves.iter().filter(|call| call.operation == "doTransition" && call.status == 204).count();
        assert_eq!(moves, 6, "{what}");
        world.assert_honest();
        if status.success() {
            break;
        }
        assert_eq!(status.signal(), Some(SIGABRT), "{what}");
        deaths += 1;
    }
    assert!(deaths >= 12, "each issue takes at least six calls, and there were only {deaths} deaths");
}
