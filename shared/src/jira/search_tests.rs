use serde_json::{Value, json};

use super::FoundTicket;
use crate::clock::after;
use crate::ids::{ProjectId, TicketId};
use crate::jira::error::Kind;
use crate::jira::http::SendError;
use crate::jira::scripted::{ACCOUNT, Stage, anonymous, answer, with};

fn found(id: u32, ticket: &str, created: &str) -> Value {
    json!({
        "id": id.to_string(), "key": format!("SEC-{id}"), "fields": { "created": created },
        "properties": { "assay.ticket": { "id": ticket } },
    })
}

fn page(issues: &[Value], token: Option<&str>) -> Value {
    json!({ "issues": issues, "nextPageToken": token, "isLast": token.is_none() })
}

fn project() -> ProjectId {
    ProjectId::parse("10003").unwrap()
}

fn names(found: &[FoundTicket]) -> Vec<(&str, &str)> {
    found.iter().map(|it| (it.ticket.as_str(), it.issue.key.as_str())).collect()
}

const EARLY: &str = "2026-03-01T10:00:00.000+0100";
const LATE: &str = "2026-03-01T10:00:05.000+0100";

#[tokio::test]
async fn tickets_are_looked_for_by_label_and_known_by_property_oldest_first() {
    let stage = Stage::new(vec![
        answer(200, page(&[found(2, "tkt-a", LATE)], Some("t1"))),
        answer(
            200,
            page(&[found(1, "tkt-a", EARLY), found(3, "tkt-b", EARLY), found(2, "tkt-a", LATE)], None),
        ),
    ]);
    let since = "2026-03-01T09:00:00Z".parse().unwrap();
    let looked = stage.client.find_tickets(&project(), since).await.unwrap();
    assert_eq!(names(&looked.tickets), [("tkt-a", "SEC-1"), ("tkt-b", "SEC-3"), ("tkt-a", "SEC-2")]);
    assert_eq!(looked.call.status, Some(200));
    let earlier = after(since, -300).as_millisecond();
    let jql = format!("project = 10003 AND labels = assay AND created >= {earlier} ORDER BY created ASC");
    let first =
        json!({ "jql": jql, "fields": ["created"], "properties": ["assay.ticket"], "maxResults": 5000 });
    assert_eq!(stage.body(0), first);
    assert_eq!(stage.body(1)["nextPageToken"], "t1");
    stage.done();
}

#[tokio::test]
async fn an_issue_whose_property_makes_no_sense_belongs_to_no_ticket() {
    let mut odd = vec![found(9, "tkt-a", EARLY)];
    for property in [Value::Null, json!("tkt-a"), json!({ "id": 7 }), json!({ "id": "a b" }), json!([])] {
        let mut issue = found(1, "tkt-a", EARLY);
        issue["properties"]["assay.ticket"] = property;
        odd.push(issue);
    }
    let mut without = found(1, "tkt-a", EARLY);
    without.as_object_mut().unwrap().remove("properties");
    odd.push(without);
    let stage = Stage::new(vec![answer(200, page(&odd, None))]);
    let looked = stage.client.find_tickets(&project(), stage.client.now()).await.unwrap();
    assert_eq!(names(&looked.tickets), [("tkt-a", "SEC-9")]);
}

#[tokio::test]
async fn a_look_that_did_not_see_everything_is_an_error_and_not_an_absence() {
    let broken = found(1, "tkt-a", "yesterday");
    for (answers, path) in [
        (
            vec![
                page(&[found(1, "tkt-b", EARLY)], Some("t1")),
                page(&[found(2, "tkt-c", EARLY)], Some("t1")),
            ],
            "nextPageToken",
        ),
        (vec![page(&[], Some("t1"))], "issues"),
        (vec![json!({ "issues": [found(1, "tkt-b", EARLY)], "isLast": false })], "nextPageToken"),
        (vec![page(&[found(2, "tkt-b", EARLY), broken], None)], "issues[1].fields.created"),
        (vec![json!({ "isLast": true })], "$"),
    ] {
        let stage = Stage::new(answers.into_iter().map(|body| answer(200, body)).collect());
        let error = stage.client.find_tickets(&project(), stage.client.now()).await.unwrap_err();
        let Kind::Malformed { path: at } = &error.kind else { panic!("{error}") };
        assert!(at == path || (path == "$" && at == "."), "{at} instead of {path}");
        stage.done();
    }
}

#[tokio::test]
async fn nothing_found_counts_only_if_the_connections_account_looked() {
    let nothing = || anonymous(answer(200, page(&[], None)));
    let stage = Stage::new(vec![nothing(), anonymous(answer(200, json!({ "accountId": ACCOUNT })))]);
    let looked = stage.client.find_tickets(&project(), stage.client.now()).await.unwrap();
    assert_eq!(looked.tickets, []);
    stage.done();
    let stage = Stage::new(vec![nothing(), anonymous(answer(401, json!({})))]);
    let error = stage.client.find_tickets(&project(), stage.client.now()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unauthorized);
    let stage = Stage::new(vec![with(answer(200, page(&[], None)), "x-aaccountid", "acc-2")]);
    assert!(stage.client.find_tickets(&project(), stage.client.now()).await.is_err());
}

#[tokio::test]
async fn a_page_that_is_too_long_is_asked_for_in_smaller_pieces() {
    let too_large = || Err(SendError::TooLarge { status: 200 });
    let stage =
        Stage::new(vec![too_large(), too_large(), answer(200, page(&[found(1, "tkt-a", EARLY)], None))]);
    stage.client.find_tickets(&project(), stage.client.now()).await.unwrap();
    let sizes: Vec<u64> = (0..3).map(|number| stage.body(number)["maxResults"].as_u64().unwrap()).collect();
    assert_eq!(sizes, [5000, 1250, 312]);
    let stage = Stage::new((0..4).map(|_| too_large()).collect());
    let error = stage.client.find_tickets(&project(), stage.client.now()).await.unwrap_err();
    assert_eq!(error.kind, Kind::TooLarge);
    stage.done();
}

#[tokio::test]
async fn queries_are_judged_one_by_one_and_strictly() {
    let body = json!({ "queries": [
        { "query": "type = Change", "structure": {} },
        { "query": "type = X", "errors": ["The value 'X' does not exist for the field 'type'."] },
    ] });
    let stage = Stage::new(vec![answer(200, body), answer(200, json!({ "queries": [] }))]);
    let verdicts = stage.client.parse_jql(&["type = Change", "type = X"]).await.unwrap();
    let complaint = "The value 'X' does not exist for the field 'type'.".to_owned();
    assert_eq!(verdicts, [Ok(()), Err(complaint)]);
    assert!(stage.url(0).ends_with("/rest/api/3/jql/parse?validation=strict"));
    assert!(stage.client.parse_jql(&["type = Change"]).await.is_err(), "an answer about fewer queries");
    assert_eq!(stage.client.parse_jql(&[]).await.unwrap(), []);
    stage.done();
}

#[test]
fn the_property_of_a_ticket_is_read_back() {
    let ticket = TicketId::parse("tkt-a").unwrap();
    assert_eq!(super::ticket_in(&json!({ "id": ticket })), Some(ticket));
}
