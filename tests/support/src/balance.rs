//! The balance between our tickets and Jira's issues, which every fault must leave even.

use std::collections::BTreeMap;

use assay::ticket::{State, Ticket};
use serde_json::Value;

use crate::world::World;

/// The project that tests' tickets go to.
const PROJECT: &str = "SEC";

impl World {
    /// What does not add up, a line for each:
    ///
    /// - a ticket that is open has exactly one issue, the one that it names, and that one is not done;
    /// - a ticket that is closed has no issue that is not done;
    /// - an issue that carries a ticket's property is some ticket's.
    pub async fn imbalance(&self) -> Vec<String> {
        let tickets = self.tickets().await;
        let mut by_ticket: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for issue in self.issues_in(PROJECT) {
            if let Some(ticket) = issue["properties"]["assay.ticket"]["id"].as_str() {
                by_ticket.entry(ticket.to_owned()).or_default().push(issue);
            }
        }
        let mut wrong = Vec::new();
        for ticket in &tickets {
            let issues = by_ticket.remove(ticket.id.as_str()).unwrap_or_default();
            wrong.extend(ticket_imbalance(ticket, &issues));
        }
        wrong.extend(by_ticket.keys().map(|id| format!("an issue carries {id}, which is no ticket")));
        wrong
    }

    /// Fails unless every ticket is open and has exactly one issue, of which there are no others.
    pub async fn assert_one_issue_for_each_of(&self, tickets: usize, what: &str) {
        let imbalance = self.imbalance().await;
        assert!(imbalance.is_empty(), "{what}: {imbalance:#?}\n{}", self.traces().await);
        let words: Vec<&str> = self.tickets().await.iter().map(|ticket| ticket.state.word()).collect();
        assert_eq!(words, vec!["open"; tickets], "{what}: {}", self.traces().await);
        assert_eq!(self.issues_in(PROJECT).len(), tickets, "{what}: {}", self.traces().await);
    }

    /// All tickets with their traces, for people.
    pub async fn traces(&self) -> String {
        self.tickets().await.iter().map(story).collect()
    }
}

/// A ticket with its trace, for people.
pub fn story(ticket: &Ticket) -> String {
    let (wanted, due) = (ticket.wanted, ticket.due_at);
    let mut text = format!("{} {:?}, wanted {wanted:?}, due {due:?}\n", ticket.id, ticket.state);
    for entry in &ticket.trace {
        let status = entry.call.as_ref().and_then(|call| call.status);
        text = format!("{text}  {} {} — {} {status:?}\n", entry.at, entry.what, entry.why);
    }
    text
}

fn ticket_imbalance(ticket: &Ticket, issues: &[Value]) -> Option<String> {
    let id = &ticket.id;
    let live = issues.iter().filter(|issue| issue["status_category"] != "done").count();
    let named = ticket.state.issue().is_none_or(|own| issues.iter().any(|it| it["id"] == own.id.as_str()));
    match &ticket.state {
        State::Open { .. } if live != 1 => {
            Some(format!("{id} is open and has {live} issues that are not done"))
        }
        State::Closed { .. } if live != 0 => {
            Some(format!("{id} is closed and has {live} issues that are not done"))
        }
        State::Open { .. } | State::Closed { .. } if !named => {
            Some(format!("{id} names an issue that does not carry its property"))
        }
        State::Open { .. } | State::Closed { .. } | State::Gone { .. } => None,
        other => Some(format!("{id} is still {}", other.word())),
    }
}

/// Fails unless a line of the ticket's trace says this.
#[track_caller]
pub fn assert_says(ticket: &Ticket, words: &str, what: &str) {
    assert!(says(ticket, words), "{what}: the trace does not say {words:?}: {}", story(ticket));
}

/// Whether a line of the ticket's trace says this.
pub fn says(ticket: &Ticket, words: &str) -> bool {
    ticket.trace.iter().any(|entry| entry.what.contains(words) || entry.why.contains(words))
}
