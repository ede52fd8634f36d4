use serde_json::json;

use super::{Brought, BroughtEnd, Goal};
use crate::clock::{Clock, after};
use crate::ids::IssueId;
use crate::jira::scripted::{Stage, answer, in_doubt, text};
use crate::jira::transition::workflow::{Answer, moved, offers, stands_at};

async fn bring(goal: &Goal, answers: Vec<Answer>) -> Brought {
    let stage = Stage::new(answers);
    let deadline = after(stage.clock.now(), 120);
    let brought = stage.client.bring(&IssueId::parse("7").unwrap(), goal, deadline).await;
    stage.done();
    brought
}

fn any_done() -> Goal {
    Goal::Done { status: None }
}

fn done_at(id: u32) -> Goal {
    Goal::Done { status: Some(id.to_string()) }
}

/// The moves, and where it ended: the status's name, or what keeps it from going on.
fn told(brought: &Brought) -> (Vec<&str>, &str) {
    let end = match &brought.end {
        BroughtEnd::There(status, _) => status.name.as_str(),
        BroughtEnd::NotYet { problem, .. } => problem.as_str(),
        BroughtEnd::Gone(_) => "gone",
    };
    (brought.moves.iter().map(|(words, _)| words.as_str()).collect(), end)
}

#[tokio::test]
async fn every_move_is_told_with_its_call() {
    let brought = bring(
        &any_done(),
        vec![stands_at(11), offers(&[21]), moved(), stands_at(21), offers(&[11, 31]), moved(), stands_at(31)],
    )
    .await;
    assert_eq!(told(&brought), (vec!["moved to Status 21", "moved to Status 31"], "Status 31"));
    let (_, call) = &brought.moves[0];
    assert_eq!((call.method.as_str(), call.status), ("POST", Some(204)));
    assert!(matches!(&brought.end, BroughtEnd::There(status, call) if status.done && call.method == "GET"));
}

#[tokio::test]
async fn a_dead_end_is_left_the_way_it_was_entered_and_another_way_is_tried() {
    let brought = bring(
        &any_done(),
        vec![
            stands_at(11),
            offers(&[21, 22]),
            moved(),
            stands_at(21),
            offers(&[11]),
            moved(),
            stands_at(11),
            offers(&[21, 22]),
            moved(),
            stands_at(22),
            offers(&[31]),
            moved(),
            stands_at(31),
        ],
    )
    .await;
    let moves: Vec<&str> =
        told(&brought).0.iter().map(|words| words.trim_start_matches("moved to Status ")).collect();
    assert_eq!(moves, ["21", "11", "22", "31"]);
    assert!(matches!(brought.end, BroughtEnd::There(..)));
}

#[tokio::test]
async fn the_wanted_done_status_is_taken_rather_than_another_one() {
    let brought = bring(&done_at(32), vec![stands_at(11), offers(&[31, 32]), moved(), stands_at(32)]).await;
    assert_eq!(told(&brought), (vec!["moved to Status 32"], "Status 32"));
    let brought = bring(
        &done_at(32),
        vec![
            stands_at(11),
            offers(&[31, 21]),
            moved(),
            stands_at(21),
            offers(&[31, 32]),
            moved(),
            stands_at(32),
        ],
    )
    .await;
    assert_eq!(told(&brought).1, "Status 32");
    let brought = bring(&done_at(32), vec![stands_at(32)]).await;
    assert_eq!(told(&brought), (vec![], "Status 32"));
}

#[tokio::test]
async fn another_done_status_is_passed_through_and_is_good_enough_where_nothing_leads_on() {
    let through =
        vec![stands_at(11), offers(&[31]), moved(), stands_at(31), offers(&[32]), moved(), stands_at(32)];
    assert_eq!(told(&bring(&done_at(32), through).await).1, "Status 32");
    for nothing in [offers(&[]), offers(&[11])] {
        let brought =
            bring(&done_at(32), vec![stands_at(11), offers(&[31]), moved(), stands_at(31), nothing]).await;
        assert_eq!(told(&brought), (vec!["moved to Status 31"], "Status 31"));
    }
    let brought =
        bring(&done_at(32), vec![stands_at(11), offers(&[21]), moved(), stands_at(21), offers(&[11])]).await;
    assert_eq!(told(&brought).1, "there is no way from status Status 21 to the wanted done status");
}

#[tokio::test]
async fn a_done_issue_is_opened_into_a_new_status_rather_than_into_one_in_between() {
    let brought =
        bring(&Goal::Open, vec![stands_at(31), offers(&[32, 21, 11]), moved(), stands_at(11)]).await;
    assert_eq!(told(&brought), (vec!["moved to Status 11"], "Status 11"));
    let brought = bring(&Goal::Open, vec![stands_at(31), offers(&[32, 21]), moved(), stands_at(21)]).await;
    assert_eq!(told(&brought).1, "Status 21");
    let brought = bring(&Goal::Open, vec![stands_at(21)]).await;
    assert_eq!(told(&brought), (vec![], "Status 21"));
    let through =
        vec![stands_at(31), offers(&[32]), moved(), stands_at(32), offers(&[21]), moved(), stands_at(21)];
    assert_eq!(told(&bring(&Goal::Open, through).await).1, "Status 21");
    let brought = bring(&Goal::Open, vec![stands_at(31), offers(&[])]).await;
    assert!(told(&brought).1.contains("reopen the issue in Jira"), "{brought:?}");
}

#[tokio::test]
async fn a_move_whose_answer_was_lost_counts_only_if_the_issue_shows_it() {
    let brought = bring(&any_done(), vec![stands_at(11), offers(&[31]), in_doubt(), stands_at(31)]).await;
    assert_eq!(told(&brought), (vec!["moved to Status 31"], "Status 31"));
    assert_eq!(brought.moves[0].1.status, None);
    for lost in [in_doubt(), text(408, ""), text(503, "")] {
        let brought = bring(&any_done(), vec![stands_at(11), offers(&[31]), lost, stands_at(11)]).await;
        assert!(brought.moves.is_empty());
        assert!(matches!(brought.end, BroughtEnd::NotYet { wait: 30, .. }), "{brought:?}");
    }
}

#[tokio::test]
async fn a_conflict_leads_to_another_look_and_is_no_move() {
    let brought = bring(
        &any_done(),
        vec![
            stands_at(11),
            offers(&[31]),
            text(409, ""),
            stands_at(21),
            offers(&[31]),
            moved(),
            stands_at(31),
        ],
    )
    .await;
    assert_eq!(told(&brought), (vec!["moved to Status 31"], "Status 31"));
}

#[tokio::test]
async fn an_archived_issues_refusal_is_told_in_jiras_words() {
    let refusal =
        || answer(400, json!({ "errorMessages": ["The issue is archived and cannot be changed."] }));
    let brought =
        bring(&any_done(), vec![stands_at(11), offers(&[31]), refusal(), stands_at(11), offers(&[31])]).await;
    let (moves, problem) = told(&brought);
    assert!(moves.is_empty() && problem.contains("The issue is archived"), "{problem}");
    assert!(matches!(brought.end, BroughtEnd::NotYet { wait: 3600, .. }));
    let refusal = answer(403, json!({ "errorMessages": ["The issue is archived."] }));
    let brought = bring(&Goal::Open, vec![stands_at(31), offers(&[11]), refusal]).await;
    assert!(told(&brought).1.contains("The issue is archived."), "{brought:?}");
}

#[tokio::test]
async fn an_issue_that_went_away_on_the_way_is_gone_and_its_moves_are_told() {
    let brought = bring(&any_done(), vec![stands_at(11), offers(&[21]), moved(), text(404, "")]).await;
    assert_eq!(told(&brought), (vec!["moved to Status 21"], "gone"));
}
