use super::{acme, connection_id, later, other, start, store};
use crate::check::{CheckId, CheckRun, Evidence, Failing, Outcome};
use crate::error::Kind;
use crate::evidence::{Coverage, Entity, Gap};
use crate::ids::RunId;

fn run(id: &str, check: CheckId, connection: Option<&str>) -> CheckRun {
    CheckRun {
        tenant: acme(),
        id: RunId::parse(id).unwrap(),
        check,
        connection: connection.map(connection_id),
        outcome: Outcome::Fail,
        because: "one fails".to_owned(),
        failing: 1,
        evidence: Evidence {
            query: "project = CHG".to_owned(),
            scope: "project CHG".to_owned(),
            coverage: Coverage {
                pages: 1,
                read: 1,
                counted: Some(2),
                in_scope: None,
                gaps: vec![Gap::Short { read: 1, counted: 2 }, Gap::NotCounted, Gap::Stale { age: -5 }],
            },
            read_at: Some(start()),
            digest: "00".to_owned(),
        },
        started_at: start(),
        finished_at: later(1),
    }
}

fn failing(count: usize) -> Vec<Failing> {
    (0..count)
        .map(|number| Failing {
            entity: Entity {
                id: number.to_string(),
                key: format!("CHG-{number}"),
                title: "A change".to_owned(),
                url: String::new(),
                assignee: None,
                created_at: start(),
                done: false,
                priority: Some("3".to_owned()),
            },
            why: "it has no assignee".to_owned(),
        })
        .collect()
}

#[tokio::test]
async fn a_run_is_kept_whole_with_all_that_fails_in_order() {
    let store = store().await;
    let it = run("run-1", CheckId::B2, Some("con-1"));
    let fails = failing(250);
    store.put_run(&it, &fails).await.unwrap();
    assert_eq!(store.run(&acme(), CheckId::B2, &it.id).await.unwrap(), Some(it.clone()));
    assert_eq!(store.run(&other(), CheckId::B2, &it.id).await.unwrap(), None);
    let (mut read, mut cursor, mut sizes) = (vec![], None, vec![]);
    loop {
        let page = store.failing(&acme(), &it.id, cursor.as_deref()).await.unwrap();
        sizes.push(page.items.len());
        read.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((read, sizes), (fails, vec![100, 100, 50]));
    assert_eq!(store.failing(&other(), &it.id, None).await.unwrap().items, vec![]);
}

#[tokio::test]
async fn the_latest_result_of_each_check_and_connection_is_never_an_older_one() {
    let store = store().await;
    let newest = run("run-3", CheckId::B2, Some("con-1"));
    store.put_run(&newest, &[]).await.unwrap();
    let late = run("run-2", CheckId::B2, Some("con-1"));
    store.put_run(&late, &failing(1)).await.unwrap();
    assert_eq!(store.latest_results(&acme()).await.unwrap(), vec![newest.clone()]);
    assert_eq!(
        store.run(&acme(), CheckId::B2, &late.id).await.unwrap(),
        Some(late),
        "it is kept all the same"
    );

    let elsewhere = run("run-1", CheckId::B2, Some("con-2"));
    let tenant = run("run-1", CheckId::B5, None);
    let newer = run("run-4", CheckId::B2, Some("con-1"));
    for it in [&elsewhere, &tenant, &newer] {
        store.put_run(it, &[]).await.unwrap();
    }
    assert_eq!(store.latest_results(&acme()).await.unwrap(), vec![newer, elsewhere, tenant]);
    assert_eq!(store.latest_results(&other()).await.unwrap(), vec![]);
}

#[tokio::test]
async fn a_run_is_written_once_and_writing_it_again_is_no_conflict_with_itself() {
    let store = store().await;
    let it = run("run-1", CheckId::B2, Some("con-1"));
    store.put_run(&it, &failing(1)).await.unwrap();
    store.put_run(&it, &failing(1)).await.unwrap();
    let different = CheckRun { outcome: Outcome::Pass, ..it.clone() };
    assert_eq!(store.put_run(&different, &failing(1)).await.unwrap_err().kind(), &Kind::Conflict);
    assert_eq!(store.put_run(&it, &failing(2)).await.unwrap_err().kind(), &Kind::Conflict, "other evidence");
    assert_eq!(store.latest_results(&acme()).await.unwrap(), vec![it]);
}

#[tokio::test]
async fn runs_are_listed_newest_first_by_check() {
    let store = store().await;
    for number in 1..=5 {
        store.put_run(&run(&format!("run-{number}"), CheckId::B2, Some("con-1")), &[]).await.unwrap();
    }
    store.put_run(&run("run-9", CheckId::B3, Some("con-1")), &[]).await.unwrap();
    let first = store.list_runs(&acme(), CheckId::B2, None, 3).await.unwrap();
    let ids: Vec<&str> = first.items.iter().map(|run| run.id.as_str()).collect();
    assert_eq!(ids, ["run-5", "run-4", "run-3"]);
    let second = store.list_runs(&acme(), CheckId::B2, first.next.as_deref(), 3).await.unwrap();
    let ids: Vec<&str> = second.items.iter().map(|run| run.id.as_str()).collect();
    assert_eq!((ids, second.next), (vec!["run-2", "run-1"], None));
    let refused = store.list_runs(&acme(), CheckId::B3, first.next.as_deref(), 3).await.unwrap_err();
    assert_eq!(refused.kind(), &Kind::Invalid { field: "cursor".to_owned() });
}
