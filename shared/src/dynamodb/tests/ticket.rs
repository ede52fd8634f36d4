use jiff::civil::date;

use super::{acme, later, other, start, store, ticket, ticket_id};
use crate::dynamodb::{TicketFilter, keys};
use crate::error::Kind;
use crate::ids::{CloudId, IssueId};
use crate::ticket::tally::Tally;
use crate::ticket::{Issue, IssueStatus, Problem, State, Ticket};
use crate::trace::Call;

fn issue(id: &str) -> Issue {
    Issue { id: IssueId::parse(id).unwrap(), key: format!("SEC-{id}") }
}

fn states() -> Vec<State> {
    vec![
        State::Planned,
        State::Creating { since: start() },
        State::Unknown { since: start(), looks: 3 },
        State::Open { issue: issue("1") },
        State::Closing { issue: issue("2") },
        State::Reopening { issue: issue("3") },
        State::Closed { issue: None },
        State::Closed { issue: Some(issue("4")) },
        State::Failed { reason: "no such type".to_owned() },
        State::Gone { issue: issue("5"), how: crate::ticket::HowGone::Archived },
    ]
}

async fn put(store: &crate::dynamodb::Store, ticket: &Ticket) -> Ticket {
    assert!(store.put_new_tickets(std::slice::from_ref(ticket)).await.remove(0).unwrap());
    store.ticket(&ticket.tenant, &ticket.id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_ticket_is_read_back_in_every_state() {
    let store = store().await;
    let mut it = put(&store, &ticket(&acme(), "tkt-1")).await;
    for state in states() {
        it.state = state;
        it.issue_status = Some(IssueStatus { name: "To Do".to_owned(), done: false, read_at: start() });
        store.save_ticket(&mut it).await.unwrap();
        assert_eq!(store.ticket(&acme(), &it.id).await.unwrap(), Some(it.clone()));
    }
    assert_eq!(store.ticket(&other(), &it.id).await.unwrap(), None);
}

#[tokio::test]
async fn every_ticket_of_a_tenant_is_counted_in_whatever_state_and_nobody_elses() {
    let store = store().await;
    let today = date(2026, 2, 1);
    for (number, state) in states().into_iter().enumerate() {
        let mut it = put(&store, &ticket(&acme(), &format!("tkt-a{number}"))).await;
        it.state = state;
        it.content.due_on = Some(if number == 3 { date(2026, 1, 31) } else { today });
        if number == 4 {
            it.problem = Some(Problem { what: "It does not go.".to_owned(), since: start(), tries: 1 });
        }
        store.save_ticket(&mut it).await.unwrap();
    }
    put(&store, &ticket(&other(), "tkt-1")).await;
    let count = async |tenant| {
        let (mut tally, mut behind, mut calls) = (Tally::default(), None, 0);
        loop {
            behind = store.count_tickets(&tenant, today, behind, &mut tally).await.unwrap();
            calls += 1;
            if behind.is_none() {
                return (tally, calls);
            }
        }
    };
    let few = Tally { all: 10, open: 6, late: 1, parked: 2, waiting: 4, closed: 2, gone: 1 };
    assert_eq!(count(acme()).await, (few, 1));

    let long = "x".repeat(1000);
    let mut more = ticket(&acme(), "tkt-b");
    more.content.title = long;
    more.content.due_on = None;
    let name = |number| ticket_id(&format!("tkt-b{number:04}"));
    let more: Vec<Ticket> = (0..1500).map(|number| Ticket { id: name(number), ..more.clone() }).collect();
    assert!(store.put_new_tickets(&more).await.into_iter().all(|new| new.unwrap()));
    let (tally, calls) = count(acme()).await;
    assert_eq!(tally, Tally { all: 1510, open: 1506, waiting: 1504, ..few });
    assert!(calls > 1, "a call looks at a megabyte");
}

#[tokio::test]
async fn a_ticket_is_new_once_and_starts_as_version_1() {
    let store = store().await;
    let tickets: Vec<Ticket> = (0..40).map(|number| ticket(&acme(), &format!("tkt-{number:02}"))).collect();
    let news =
        |results: Vec<crate::Result<bool>>| results.into_iter().map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(news(store.put_new_tickets(&tickets[..20]).await), vec![true; 20]);
    let expected: Vec<bool> = (0..40).map(|number| number >= 20).collect();
    assert_eq!(news(store.put_new_tickets(&tickets).await), expected);
    assert_eq!(store.ticket(&acme(), &ticket_id("tkt-07")).await.unwrap().unwrap().version, 1);
}

#[tokio::test]
async fn two_workers_cannot_both_claim_a_ticket_even_if_they_say_the_same() {
    let store = store().await;
    let mut first = put(&store, &ticket(&acme(), "tkt-1")).await;
    let mut second = first.clone();
    first.begin_create("worker", String::new(), later(1));
    second.begin_create("worker", String::new(), later(1));
    store.save_ticket(&mut first).await.unwrap();
    let error = store.save_ticket(&mut second).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Conflict, "{error}");
    assert_eq!((first.version, second.version), (2, 1));
    assert_eq!(store.ticket(&acme(), &first.id).await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_ticket_is_found_by_its_issue_on_its_site_for_its_tenant() {
    let store = store().await;
    let (cloud, another) = (CloudId::parse("cloud-1").unwrap(), CloudId::parse("cloud-2").unwrap());
    let number = issue("10500").id;
    let mut it = put(&store, &ticket(&acme(), "tkt-1")).await;
    assert_eq!(store.ticket_by_issue(&acme(), &cloud, &number).await.unwrap(), None);
    it.cloud_id = Some(cloud.clone());
    let call =
        Call { method: "POST".to_owned(), path: "/rest/api/3/issue/bulk".to_owned(), status: Some(201) };
    it.created(issue("10500"), call, 600, later(5));
    store.save_ticket(&mut it).await.unwrap();
    assert_eq!(store.ticket_by_issue(&acme(), &cloud, &number).await.unwrap(), Some(it.clone()));
    assert_eq!(store.ticket_by_issue(&acme(), &another, &number).await.unwrap(), None);
    assert_eq!(store.ticket_by_issue(&other(), &cloud, &number).await.unwrap(), None);
    it.updated_at = later(9);
    store.save_ticket(&mut it).await.unwrap();
    assert_eq!(store.ticket_by_issue(&acme(), &cloud, &number).await.unwrap(), Some(it));
}

#[tokio::test]
async fn many_tickets_are_read_at_once_each_once() {
    let store = store().await;
    let tickets: Vec<Ticket> = (0..130).map(|number| ticket(&acme(), &format!("tkt-{number:03}"))).collect();
    for result in store.put_new_tickets(&tickets).await {
        assert!(result.unwrap());
    }
    let mut ids: Vec<_> = tickets.iter().rev().map(|ticket| ticket.id.clone()).collect();
    ids.push(ticket_id("tkt-000"));
    ids.push(ticket_id("tkt-none"));
    let read = store.tickets(&acme(), &ids).await.unwrap();
    let expected: Vec<Ticket> = tickets.into_iter().map(|it| Ticket { version: 1, ..it }).collect();
    assert_eq!(read, expected);
    assert_eq!(store.tickets(&other(), &ids).await.unwrap(), vec![]);
    assert_eq!(store.tickets(&acme(), &[]).await.unwrap(), vec![]);
}

#[tokio::test]
async fn tickets_are_listed_by_the_word_of_their_state() {
    let store = store().await;
    for (number, state) in states().into_iter().enumerate() {
        put(&store, &Ticket { state, ..ticket(&acme(), &format!("tkt-{number}")) }).await;
    }
    for word in ["planned", "creating", "unknown", "open", "closing", "closed", "failed", "gone"] {
        let filter = TicketFilter { state: Some(word.to_owned()), setting: None };
        let page = store.list_tickets(&acme(), &filter, None, 10).await.unwrap();
        assert!(
            !page.items.is_empty() && page.items.iter().all(|ticket| ticket.state.word() == word),
            "{word}"
        );
    }
    assert_eq!(
        store.list_tickets(&acme(), &TicketFilter::default(), None, 10).await.unwrap().items.len(),
        10
    );
}

#[tokio::test]
async fn a_settled_ticket_leaves_the_index_of_what_is_due() {
    let store = store().await;
    let mut it = put(&store, &ticket(&acme(), "tkt-1")).await;
    let shard = keys::shard(&acme(), "tkt-1");
    assert_eq!(store.due_tickets(shard, later(119), 10).await.unwrap(), vec![]);
    assert_eq!(
        store.due_tickets(shard, later(120), 10).await.unwrap(),
        vec![(acme(), it.id.clone(), it.due_at.unwrap())]
    );
    it.due_at = None;
    store.save_ticket(&mut it).await.unwrap();
    assert_eq!(store.due_tickets(shard, later(9999), 10).await.unwrap(), vec![]);
    it.due_at = Some(later(500));
    store.save_ticket(&mut it).await.unwrap();
    assert_eq!(store.due_tickets(shard, later(500), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_tickets_of_an_issue_that_was_heard_of_are_due_at_once_and_no_older_version_is_saved_over_that() {
    let store = store().await;
    let cloud = CloudId::parse("cloud-1").unwrap();
    let call = || Call { method: "POST".to_owned(), path: "/x".to_owned(), status: Some(201) };
    for id in ["tkt-1", "tkt-2", "tkt-3"] {
        let mut it = put(&store, &ticket(&acme(), id)).await;
        it.cloud_id = Some(cloud.clone());
        it.created(issue(if id == "tkt-3" { "10501" } else { "10500" }), call(), 600, later(5));
        store.save_ticket(&mut it).await.unwrap();
    }
    let mut held = store.ticket(&acme(), &ticket_id("tkt-1")).await.unwrap().unwrap();
    let heard = store.hear_issue(&acme(), &cloud, &issue("10500").id, later(60)).await.unwrap();
    assert_eq!(heard, [ticket_id("tkt-1"), ticket_id("tkt-2")]);
    for id in &heard {
        let it = store.ticket(&acme(), id).await.unwrap().unwrap();
        assert_eq!((it.heard_at, it.due_at, it.version), (Some(later(60)), Some(later(60)), 3));
    }
    let mut due = Vec::new();
    for shard in keys::shards() {
        due.extend(store.due_tickets(shard, later(60), 10).await.unwrap().into_iter().map(|(_, id, _)| id));
    }
    due.sort();
    assert_eq!(due, heard);
    assert_eq!(store.save_ticket(&mut held).await.unwrap_err().kind(), &Kind::Conflict);
    let none = store.hear_issue(&other(), &cloud, &issue("10500").id, later(60)).await.unwrap();
    assert!(none.is_empty());
}
