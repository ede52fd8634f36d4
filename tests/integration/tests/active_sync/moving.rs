//! A task that moves from one batch to another: whoever writes meanwhile and wherever it is cut, it ends in one of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use assay::ids::{AccountId, TicketId};
use assay::operations::Core;
use assay::operations::planning::Planner;
use assay::plan::Link;
use assay::sqs::{Queue, SyncRequest};
use assay::sync_setting::{Mode, SyncSetting};
use assay::task::{Edit, Task};
use assay::ticket::{State, Ticket};
use assay::trace::Entry;
use assay_test_support::table::{Operations, reach_counted};
use assay_test_support::world::World;

use super::support::{evaluate, live, opened_as, task, ticket_of};

fn batch(setting: &mut SyncSetting) {
    setting.mode = Mode::Batch;
}

fn planner(world: &World, operations: &Operations) -> Planner {
    let store = reach_counted(&world.table_address, operations);
    let core = Core { store, ..world.access.core.clone() };
    Planner { core, sync: Arc::clone(&world.sync) as Arc<dyn Queue<SyncRequest>> }
}

/// The only task gets an assignee; its ticket is not planned yet.
async fn assigned(world: &World) -> Task {
    let mut moved = task(world).await;
    let edit = Edit { assignee: Some(Some(AccountId::parse("acc-2").unwrap())), ..Edit::default() };
    world.time.advance(30);
    assert!(moved.edit(&edit, world.time.now()));
    world.store().save_tasks(&[moved]).await.remove(0).unwrap();
    task(world).await
}

/// There is one issue, of the assignee's batch, and the batch that the task left is closed and empty.
async fn assert_moved(world: &World, what: &str) {
    let tickets = world.tickets().await;
    let own = ticket_of(world, &task(world).await).await;
    let listing: Vec<_> = tickets.iter().filter(|ticket| !ticket.tasks.is_empty()).collect();
    assert_eq!((listing.len(), &listing[0].id), (1, &own.id), "{what}: {}", world.traces().await);
    let there = live(world);
    assert_eq!(
        (there.len(), &there[0]["assignee"]),
        (1, &"acc-2".into()),
        "{what}: {}",
        world.traces().await
    );
    assert_eq!(world.imbalance().await, Vec::<String>::new(), "{what}");
}

#[tokio::test]
async fn a_batch_that_somebody_else_writes_while_its_last_task_leaves_it_is_closed_all_the_same() {
    let world = opened_as(1, batch).await;
    let moved = assigned(&world).await;
    let planner = planner(&world, &Operations::default());
    let plan = planner.decide(&world.tenant, std::slice::from_ref(&moved)).await.unwrap();
    let mut left = ticket_of(&world, &moved).await;
    left.record(Entry::new(world.time.now(), "somebody", "wrote meanwhile", "to be in the way"));
    world.store().save_ticket(&mut left).await.unwrap();
    planner.carry_out(&world.tenant, plan, &BTreeSet::new()).await.unwrap();
    world.rest().await;
    assert_moved(&world, "a conflict").await;
    world.assert_honest();
}

#[tokio::test]
async fn a_move_that_is_cut_anywhere_is_ended_by_the_next_evaluation() {
    let mut cut = 0;
    for operation in ["UpdateItem", "PutItem", "Query", "BatchGetItem"] {
        for number in 1..=4 {
            let world = opened_as(1, batch).await;
            let moved = assigned(&world).await;
            let planner = planner(&world, &Operations::failing(operation, number));
            cut += u32::from(planner.plan_stored(&world.tenant, &[moved]).await.is_err());
            world.rest().await;
            evaluate(&world).await;
            assert_moved(&world, &format!("{operation} {number} failed")).await;
        }
    }
    assert!(cut >= 5, "a save, a link and a put were cut: {cut}");
}

#[tokio::test]
async fn a_batch_whose_tasks_are_all_linked_elsewhere_is_found_by_upkeep_and_closed() {
    let world = opened_as(2, batch).await;
    let tasks = world.tasks().await;
    let left = ticket_of(&world, &tasks[0]).await;
    // Both moved, and the function died before the batch that they left was written.
    for mut task in tasks {
        let link = Link {
            task: task.id.clone(),
            from: task.ticket.take(),
            to: TicketId::parse("tkt-elsewhere").unwrap(),
        };
        world.store().link_task(&world.tenant, &link).await.unwrap();
    }
    let elsewhere = Ticket {
        id: TicketId::parse("tkt-elsewhere").unwrap(),
        state: State::Failed { reason: "not of interest here".to_owned() },
        batch: None,
        version: 0,
        ..left.clone()
    };
    assert!(world.store().put_new_tickets(&[elsewhere]).await.remove(0).unwrap());
    world.pass(7200).await;
    world.work().await;
    let closed = world.store().ticket(&world.tenant, &left.id).await.unwrap().unwrap();
    assert_eq!((closed.state.word(), closed.tasks.len()), ("closed", 0), "{}", world.traces().await);
}
