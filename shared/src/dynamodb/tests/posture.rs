use jiff::civil::{Date, date};

use super::{acme, connection_id, later, other, start, store};
use crate::check::posture::{Day, Posture, day_of};
use crate::check::{CheckId, CheckRun, Evidence, Outcome};
use crate::ids::RunId;

fn run(id: &str, connection: Option<&str>, outcome: Outcome, at: jiff::Timestamp) -> CheckRun {
    CheckRun {
        tenant: acme(),
        id: RunId::parse(id).unwrap(),
        check: CheckId::B2,
        connection: connection.map(connection_id),
        outcome,
        because: "so it is".to_owned(),
        failing: 0,
        evidence: Evidence::default(),
        started_at: at,
        finished_at: at,
    }
}

#[tokio::test]
async fn each_day_keeps_the_last_outcome_of_each_part() {
    let store = store().await;
    let today = day_of(start());
    let tomorrow = later(24 * 3600);
    for (id, connection, outcome, at) in [
        ("run-1", Some("con-1"), Outcome::Fail, start()),
        ("run-2", Some("con-2"), Outcome::Pass, start()),
        ("run-3", Some("con-1"), Outcome::Pass, later(1)),
        ("run-4", None, Outcome::CannotTell, tomorrow),
    ] {
        let run = run(id, connection, outcome, at);
        store.put_run(&run, &[]).await.unwrap();
        // A message that comes twice notes the same twice.
        store.put_run(&run, &[]).await.unwrap();
    }
    let days: Vec<Day> = store.posture(&acme(), today).await.unwrap();
    let counted: Vec<(Date, Posture)> = days.iter().map(|it| (it.day, it.posture())).collect();
    let pass = Posture { pass: 1, ..Posture::default() };
    let unsure = Posture { cannot_tell: 1, ..Posture::default() };
    assert_eq!(counted, [(today, pass), (day_of(tomorrow), unsure)]);
    assert_eq!(store.posture(&acme(), day_of(tomorrow)).await.unwrap().len(), 1);
    assert!(store.posture(&acme(), date(9000, 1, 1)).await.unwrap().is_empty());
    assert!(store.posture(&other(), today).await.unwrap().is_empty());
}
