use super::{acme, other, store, task, ticket_id};
use crate::check::CheckId;
use crate::dynamodb::TaskFilter;
use crate::error::Kind;
use crate::ids::TaskId;
use crate::plan::Link;
use crate::task::{State, Task};

#[tokio::test]
async fn three_hundred_tasks_are_written_and_read_back_by_check() {
    let store = store().await;
    let tasks: Vec<Task> = (0..300).map(|number| task(&acme(), &format!("B2-{number:03}"))).collect();
    let results = store.save_tasks(&tasks).await;
    assert_eq!((results.len(), results.iter().filter(|result| result.is_ok()).count()), (300, 300));
    store.save_tasks(&[task(&acme(), "B3-000")]).await.remove(0).unwrap();
    let read = store.tasks_of(&acme(), CheckId::B2).await.unwrap();
    let expected: Vec<Task> = tasks.into_iter().map(|task| Task { version: 1, ..task }).collect();
    assert_eq!(read, expected);
    assert_eq!(store.tasks_of(&acme(), CheckId::B3).await.unwrap().len(), 1);
    assert_eq!(store.tasks_of(&other(), CheckId::B2).await.unwrap(), vec![]);
}

#[tokio::test]
async fn each_task_of_a_write_succeeds_or_conflicts_by_itself() {
    let store = store().await;
    let stored = task(&acme(), "B2-1");
    store.save_tasks(std::slice::from_ref(&stored)).await.remove(0).unwrap();
    let changed = Task { why: "other".to_owned(), version: 1, ..stored.clone() };
    let results = store
        .save_tasks(&[
            Task { why: "made again".to_owned(), ..stored.clone() },
            changed.clone(),
            task(&acme(), "B2-2"),
            Task { version: 7, ..task(&acme(), "B2-3") },
        ])
        .await;
    let kinds: Vec<Option<Kind>> =
        results.into_iter().map(|result| result.err().map(|error| error.kind().clone())).collect();
    assert_eq!(kinds, [Some(Kind::Conflict), None, None, Some(Kind::Conflict)]);
    let read = store.task(&acme(), &stored.id).await.unwrap().unwrap();
    assert_eq!((read.why.as_str(), read.version), ("other", 2));
    assert_eq!(store.task(&acme(), &TaskId::parse("B2-3").unwrap()).await.unwrap(), None);
    store.save_tasks(&[changed]).await.remove(0).unwrap();
    assert_eq!(
        store.task(&acme(), &stored.id).await.unwrap().unwrap().version,
        2,
        "a repeated write is done"
    );
}

#[tokio::test]
async fn a_task_is_linked_to_its_ticket_once_and_who_read_before_is_told() {
    let store = store().await;
    let it = task(&acme(), "B2-1");
    store.save_tasks(std::slice::from_ref(&it)).await.remove(0).unwrap();
    let stale = store.task(&acme(), &it.id).await.unwrap().unwrap();
    let link = |from: Option<&str>, to: &str| Link {
        task: it.id.clone(),
        from: from.map(ticket_id),
        to: ticket_id(to),
    };
    store.link_task(&acme(), &link(None, "tkt-1")).await.unwrap();
    store.link_task(&acme(), &link(None, "tkt-1")).await.unwrap();
    let linked = store.task(&acme(), &it.id).await.unwrap().unwrap();
    assert_eq!((linked.ticket, linked.version), (Some(ticket_id("tkt-1")), 2));
    let stale = Task { why: "other".to_owned(), ..stale };
    assert_eq!(store.save_tasks(&[stale]).await.remove(0).unwrap_err().kind(), &Kind::Conflict);
    for from in [None, Some("tkt-0")] {
        let refused = store.link_task(&acme(), &link(from, "tkt-2")).await.unwrap_err();
        assert_eq!(refused.kind(), &Kind::Conflict, "it is linked elsewhere than was decided on: {from:?}");
    }
    store.link_task(&acme(), &link(Some("tkt-1"), "tkt-2")).await.unwrap();
    assert_eq!(store.task(&acme(), &it.id).await.unwrap().unwrap().ticket, Some(ticket_id("tkt-2")));
    let nobody = store.link_task(&other(), &link(None, "tkt-1")).await.unwrap_err();
    assert_eq!(nobody.kind(), &Kind::NotFound);
}

#[tokio::test]
async fn tasks_are_listed_by_check_and_state_in_whole_pages() {
    let store = store().await;
    let mut tasks = vec![];
    for number in 0..40 {
        let state = if number % 4 == 0 { State::Resolved } else { State::Open };
        tasks.push(Task { state, ..task(&acme(), &format!("B2-{number:02}")) });
        tasks.push(Task { state, ..task(&acme(), &format!("B3-{number:02}")) });
    }
    for result in store.save_tasks(&tasks).await {
        result.unwrap();
    }
    let filter = TaskFilter { check: Some(CheckId::B3), state: Some(State::Resolved) };
    let first = store.list_tasks(&acme(), filter, None, 6).await.unwrap();
    let second = store.list_tasks(&acme(), filter, first.next.as_deref(), 6).await.unwrap();
    let ids: Vec<String> = first.items.iter().chain(&second.items).map(|task| task.id.to_string()).collect();
    let expected: Vec<String> = (0..40).step_by(4).map(|number| format!("B3-{number:02}")).collect();
    assert_eq!((ids, first.items.len(), second.next), (expected, 6, None));
    let all = store.list_tasks(&acme(), TaskFilter::default(), None, 200).await.unwrap();
    assert_eq!((all.items.len(), all.next), (80, None));
}
