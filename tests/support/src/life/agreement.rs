//! What must hold when a life has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use assay::task::{State as TaskState, Task};
use assay::ticket::{Field, HowGone, State, Ticket, Wanted};
use serde_json::Value;

use super::{Life, OURS, PERSON};
use crate::balance::story;

/// What does not agree, a line for each:
///
/// - every task that is to be done has a ticket that is open, whose issue is there and not done, and no other live issue
///   stands for it;
/// - a ticket that is closed has an issue that is done; an issue that is live is its ticket's;
/// - checks and tasks agree;
/// - no value that a person wrote was replaced by one of ours, unless it was a value that we had written before;
/// - no field is left to people that no person ever changed; and an open ticket's title is the content's, unless it is left
///   to people;
/// - nothing stands against any ticket.
pub async fn disagreements(life: &Life) -> Vec<String> {
    let tickets: BTreeMap<String, Ticket> =
        life.world.tickets().await.into_iter().map(|ticket| (ticket.id.to_string(), ticket)).collect();
    let issues: BTreeMap<String, Value> = life
        .issues()
        .into_iter()
        .map(|issue| (issue["id"].as_str().unwrap_or_default().to_owned(), issue))
        .collect();
    let tasks = life.world.tasks().await;
    let mut wrong = Vec::new();
    for task in &tasks {
        wrong.extend(of_task(task, &tickets, &issues));
    }
    for issue in issues.values().filter(|issue| is_live(issue)) {
        wrong.extend(of_live_issue(issue, &tickets));
    }
    for ticket in tickets.values() {
        wrong.extend(of_ticket(ticket, &issues));
    }
    for issue in issues.values() {
        wrong.extend(overwritten(issue));
    }
    wrong.extend(of_checks(life, &tasks));
    wrong
}

fn is_live(issue: &Value) -> bool {
    issue["deleted"] != Value::Bool(true)
        && issue["archived"] != Value::Bool(true)
        && issue["status_category"] != "done"
}

fn of_task(
    task: &Task,
    tickets: &BTreeMap<String, Ticket>,
    issues: &BTreeMap<String, Value>,
) -> Option<String> {
    let ticket = task.ticket.as_ref().and_then(|id| tickets.get(id.as_str()));
    if !task.is_open() {
        return None;
    }
    let Some(ticket) = ticket else { return Some(format!("task {} is open and has no ticket", task.id)) };
    let State::Open { issue } = &ticket.state else {
        return Some(format!("task {} is open, its ticket is not: {}", task.id, story(ticket)));
    };
    if !ticket.tasks.contains(&task.id) {
        return Some(format!("task {} is not listed by its ticket: {}", task.id, story(ticket)));
    }
    match issues.get(issue.id.as_str()) {
        Some(issue) if is_live(issue) => None,
        Some(issue) => Some(format!("task {} is open, its issue {} is not live", task.id, issue["key"])),
        None => Some(format!("task {} is open, its issue is not there", task.id)),
    }
}

fn of_live_issue(issue: &Value, tickets: &BTreeMap<String, Ticket>) -> Option<String> {
    let id = issue["properties"]["assay.ticket"]["id"].as_str().unwrap_or_default();
    let Some(ticket) = tickets.get(id) else {
        return Some(format!("issue {} carries {id}, which is no ticket", issue["key"]));
    };
    let is_its = matches!(&ticket.state, State::Open { issue: own } if issue["id"] == own.id.as_str());
    (!is_its)
        .then(|| format!("issue {} is live, its ticket is not open with it: {}", issue["key"], story(ticket)))
}

fn of_ticket(ticket: &Ticket, issues: &BTreeMap<String, Value>) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(problem) = &ticket.problem {
        wrong.push(format!("something stands against a ticket: {}: {}", problem.what, story(ticket)));
    }
    if ticket.news.is_some() || ticket.heard_at.is_some() {
        wrong.push(format!("a ticket was not looked at, or its tasks not told: {}", story(ticket)));
    }
    let issue = ticket.state.issue().and_then(|issue| issues.get(issue.id.as_str()));
    match (&ticket.state, issue) {
        (State::Open { .. }, Some(issue)) => {
            if ticket.wanted != Wanted::Open {
                wrong.push(format!("a ticket is open and wanted {:?}: {}", ticket.wanted, story(ticket)));
            }
            // A person's title stays, whether or not we have had a reason to notice it.
            let last = history(issue).filter(|line| line["field"] == "summary").last();
            let is_theirs = last.is_some_and(|line| line["author"] != OURS);
            if !is_theirs && issue["summary"] != ticket.content.title.as_str() {
                wrong.push(format!(
                    "issue {} is called {}, not {:?}: {}",
                    issue["key"],
                    issue["summary"],
                    ticket.content.title,
                    story(ticket)
                ));
            }
            let by_people = changed_by_people(issue);
            for field in ticket.kept.iter().filter(|field| !by_people.contains(field)) {
                wrong.push(format!("no person ever changed the {}: {}", field.name(), story(ticket)));
            }
        }
        (State::Closed { .. }, Some(issue)) => {
            if is_live(issue) {
                wrong.push(format!("issue {} is live, its ticket closed: {}", issue["key"], story(ticket)));
            }
        }
        (State::Closed { issue: None }, None) | (State::Gone { .. }, _) => {}
        (other, _) => wrong.push(format!("a ticket is {}: {}", other.word(), story(ticket))),
    }
    if let State::Gone { how: HowGone::Deleted, .. } = &ticket.state
        && issue.is_some_and(|issue| issue["deleted"] != Value::Bool(true))
    {
        wrong.push(format!("an issue that is there was taken for gone: {}", story(ticket)));
    }
    wrong
}

/// The fields of the history, with what we call them.
const FIELDS: [(&str, Field); 5] = [
    ("summary", Field::Title),
    ("description", Field::Body),
    ("assignee", Field::Assignee),
    ("duedate", Field::DueOn),
    ("labels", Field::Labels),
];

fn history(issue: &Value) -> impl Iterator<Item = &Value> {
    issue["history"].as_array().into_iter().flatten()
}

fn changed_by_people(issue: &Value) -> BTreeSet<Field> {
    let by_person = history(issue).filter(|line| line["author"] != OURS);
    let field =
        |line: &Value| FIELDS.into_iter().find(|(name, _)| line["field"] == *name).map(|(_, field)| field);
    by_person.filter_map(field).collect()
}

/// Whether one of our writes replaced what a person had written.
fn overwritten(issue: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, _) in FIELDS.into_iter().filter(|(name, _)| *name != "labels") {
        // What the field held before its first change was ours: we created the issue.
        let mut ours: BTreeSet<String> = BTreeSet::new();
        let mut is_first = true;
        for line in history(issue).filter(|line| line["field"] == name) {
            if is_first {
                ours.insert(line["from"].to_string());
                is_first = false;
            }
            if line["author"] == OURS {
                if !ours.contains(&line["from"].to_string()) {
                    wrong.push(format!(
                        "issue {}: {name} {} of {PERSON} was replaced by {}",
                        issue["key"], line["from"], line["to"]
                    ));
                }
                ours.insert(line["to"].to_string());
            }
        }
    }
    wrong
}

fn of_checks(life: &Life, tasks: &[Task]) -> Vec<String> {
    let mut wrong = Vec::new();
    let unassigned: BTreeSet<String> = life
        .world
        .issues_in("CHG")
        .into_iter()
        .filter(|issue| issue["assignee"].is_null())
        .filter_map(|issue| issue["id"].as_str().map(ToOwned::to_owned))
        .collect();
    let of_check = || tasks.iter().filter(|task| task.check.as_str() == "B2");
    for task in of_check() {
        let fails = unassigned.contains(&task.subject.id);
        let fits = match task.state {
            TaskState::Open => fails || task.held,
            TaskState::Completed => false,
            TaskState::Resolved => !fails,
        };
        if !fits {
            wrong.push(format!("task {} is {:?}, and its change ticket fails: {fails}", task.id, task.state));
        }
    }
    let with_task: BTreeSet<&str> = of_check().map(|task| task.subject.id.as_str()).collect();
    wrong.extend(
        unassigned
            .iter()
            .filter(|id| !with_task.contains(id.as_str()))
            .map(|id| format!("change ticket {id} has no assignee and no task")),
    );
    wrong
}
