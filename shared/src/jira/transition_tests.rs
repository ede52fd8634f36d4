use serde_json::{Value, json};

use super::Closed;
use crate::clock::{Clock, after};
use crate::ids::IssueId;
use crate::jira::scripted::{Stage, answer, in_doubt, limited, text, with};
use crate::jira::transition::workflow::{Answer, move_to, moved, offers, stands_at};

async fn close(answers: Vec<Answer>) -> (Closed, Stage) {
    let stage = Stage::new(answers);
    let deadline = after(stage.clock.now(), 120);
    let closed = stage.client.close(&IssueId::parse("7").unwrap(), deadline).await;
    stage.done();
    (closed, stage)
}

/// The transitions that were asked for.
fn moves(stage: &Stage) -> Vec<String> {
    let requests = stage.script.requests.lock().unwrap();
    let of = |body: &Value| body["transition"]["id"].as_str().unwrap().to_owned();
    requests.iter().filter_map(|request| request.body.as_ref()).map(of).collect()
}

fn problem(closed: &Closed) -> (&str, i64) {
    match closed {
        Closed::NotYet { problem, wait, .. } => (problem, *wait),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_issue_that_is_done_is_left_alone() {
    let (closed, stage) = close(vec![stands_at(31)]).await;
    assert!(matches!(closed, Closed::Done(status, _) if status.done && status.name == "Status 31"));
    assert_eq!(stage.calls(), ["GET /issue/7"]);
}

#[tokio::test]
async fn a_direct_way_is_taken_even_if_others_are_offered_first() {
    let (closed, stage) = close(vec![stands_at(11), offers(&[21, 12, 31]), moved(), stands_at(31)]).await;
    assert!(matches!(closed, Closed::Done(..)));
    assert_eq!(moves(&stage), ["to-31"]);
    assert!(stage.url(1).ends_with("/rest/api/3/issue/7/transitions?expand=transitions.fields"));
}

#[tokio::test]
async fn without_a_direct_way_the_workflow_is_walked_without_turning_back() {
    let (closed, stage) = close(vec![
        stands_at(11),
        offers(&[12, 21]),
        moved(),
        stands_at(21),
        offers(&[11, 22]),
        moved(),
        stands_at(22),
        offers(&[21, 11, 31]),
        moved(),
        stands_at(31),
    ])
    .await;
    assert!(matches!(closed, Closed::Done(..)));
    assert_eq!(moves(&stage), ["to-21", "to-22", "to-31"]);
}

#[tokio::test]
async fn a_new_status_is_entered_only_when_nothing_else_is_left() {
    let (closed, stage) = close(vec![
        stands_at(21),
        offers(&[21, 12]),
        moved(),
        stands_at(12),
        offers(&[31]),
        moved(),
        stands_at(31),
    ])
    .await;
    assert!(matches!(closed, Closed::Done(..)));
    assert_eq!(moves(&stage), ["to-12", "to-31"]);
}

#[tokio::test]
async fn a_dead_end_is_told() {
    let (closed, _) = close(vec![stands_at(11), offers(&[21]), moved(), stands_at(21), offers(&[11])]).await;
    assert_eq!(problem(&closed), ("there is no way from status Status 21 to a done status", 3600));
}

#[tokio::test]
async fn six_moves_are_made_and_not_more() {
    let mut answers = Vec::new();
    for step in 0..6 {
        answers.extend([stands_at(20 + step), offers(&[21 + step]), moved()]);
    }
    answers.push(stands_at(26));
    let (closed, stage) = close(answers).await;
    assert!(problem(&closed).0.contains("after 6 moves"), "{closed:?}");
    assert_eq!(moves(&stage).len(), 6);
}

#[tokio::test]
async fn an_empty_list_of_moves_is_explained_by_the_missing_permission() {
    let (closed, _) = close(vec![stands_at(11), offers(&[])]).await;
    let (problem, wait) = problem(&closed);
    assert!(problem.contains("Transition issues is missing"), "{problem}");
    assert_eq!(wait, 3600);
}

#[tokio::test]
async fn a_required_resolution_is_filled_in_with_the_first_allowed_one() {
    let fields = json!({
        "resolution": { "name": "Resolution", "required": true, "hasDefaultValue": false,
            "allowedValues": [{ "id": "10000", "name": "Fertig" }, { "id": "10001", "name": "Nein" }] },
        "comment": { "name": "Comment", "required": false },
        "customfield_9": { "name": "Team", "required": true, "hasDefaultValue": true },
    });
    let offered = answer(200, json!({ "transitions": [move_to(31, &fields)] }));
    let (_, stage) = close(vec![stands_at(11), offered, moved(), stands_at(31)]).await;
    let expected = json!({ "transition": { "id": "to-31" }, "fields": { "resolution": { "id": "10000" } } });
    assert_eq!(stage.body(2), expected);
}

#[tokio::test]
async fn other_required_fields_are_named_unless_another_way_needs_none() {
    let needs = |name: &str| json!({ "customfield_1": { "name": name, "required": true } });
    let offered = answer(200, json!({ "transitions": [move_to(31, &needs("Root cause"))] }));
    let (closed, _) = close(vec![stands_at(11), offered]).await;
    assert!(problem(&closed).0.ends_with("needs no further fields: Go to 31 needs Root cause"), "{closed:?}");
    let offered =
        answer(200, json!({ "transitions": [move_to(31, &needs("Root cause")), move_to(32, &json!({}))] }));
    let (closed, stage) = close(vec![stands_at(11), offered, moved(), stands_at(32)]).await;
    assert!(matches!(closed, Closed::Done(..)));
    assert_eq!(moves(&stage), ["to-32"]);
}

#[tokio::test]
async fn a_conflict_leads_to_another_look() {
    let (closed, stage) = close(vec![
        stands_at(11),
        offers(&[31]),
        text(409, ""),
        stands_at(11),
        offers(&[31]),
        moved(),
        stands_at(31),
    ])
    .await;
    assert!(matches!(closed, Closed::Done(..)));
    assert_eq!(moves(&stage).len(), 2);
}

#[tokio::test]
async fn a_refused_move_is_not_made_again_and_another_one_is_tried() {
    let refusal = || answer(400, json!({ "errorMessages": ["Approval is missing"] }));
    let (closed, stage) = close(vec![
        stands_at(11),
        offers(&[31, 32]),
        refusal(),
        stands_at(11),
        offers(&[31, 32]),
        refusal(),
        stands_at(11),
        offers(&[31, 32]),
    ])
    .await;
    assert_eq!(moves(&stage), ["to-31", "to-32"]);
    let (problem, wait) = problem(&closed);
    assert!(problem.contains("Go to 32") && problem.contains("Approval is missing"), "{problem}");
    assert_eq!(wait, 3600);
}

#[tokio::test]
async fn a_move_whose_answer_was_lost_is_looked_at_and_not_made_again() {
    let (closed, _) = close(vec![stands_at(11), offers(&[31]), in_doubt(), stands_at(31)]).await;
    assert!(matches!(closed, Closed::Done(..)));
    for lost in [in_doubt(), text(503, ""), text(302, "")] {
        let (closed, stage) = close(vec![stands_at(11), offers(&[31]), lost, stands_at(11)]).await;
        assert_eq!(problem(&closed).1, 30);
        assert_eq!(moves(&stage).len(), 1);
    }
}

#[tokio::test]
async fn a_move_that_jira_accepted_and_undid_is_told() {
    let (closed, stage) = close(vec![stands_at(11), offers(&[31]), moved(), stands_at(11)]).await;
    assert!(problem(&closed).0.contains("accepted the move, but"), "{closed:?}");
    assert_eq!(moves(&stage).len(), 1);
}

#[tokio::test]
async fn an_issue_that_went_away_is_gone_wherever_that_shows() {
    let none = || text(404, "");
    for answers in
        [vec![none()], vec![stands_at(11), none()], vec![stands_at(11), offers(&[31]), none(), none()]]
    {
        let (closed, _) = close(answers).await;
        assert!(matches!(closed, Closed::Gone(call) if call.status == Some(404)));
    }
    let (closed, _) = close(vec![with(none(), "x-aaccountid", "acc-2")]).await;
    assert!(matches!(closed, Closed::NotYet { .. }), "another account sees nothing");
}

#[tokio::test]
async fn a_failure_is_told_with_the_time_to_wait() {
    let (closed, _) =
        close(vec![stands_at(11), offers(&[31]), limited("jira-per-issue-on-write", Some(40))]).await;
    assert_eq!(problem(&closed).1, 40);
    let (closed, _) = close(vec![text(403, "")]).await;
    assert_eq!(problem(&closed).1, 3600);
}

#[tokio::test]
async fn nothing_is_begun_past_the_deadline() {
    let stage = Stage::new(vec![]);
    let closed = stage.client.close(&IssueId::parse("7").unwrap(), stage.clock.now()).await;
    assert!(matches!(closed, Closed::NotYet { call: None, .. }), "{closed:?}");
}
