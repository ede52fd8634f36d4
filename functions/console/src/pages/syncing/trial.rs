//! A setting tried out before it is saved: what Jira was asked, what stands against it, what saving would do.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::badge::{Badge, Tone};
use crate::client::{Client, path, query};
use crate::problem::Problem;

/// How many planned tickets are shown.
const SHOWN: usize = 20;

/// Of how many people Jira is asked whether they can be assigned.
const PEOPLE: usize = 5;

/// What the preflight found.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Preflight {
    obstacles: Vec<Obstacle>,
    notes: Vec<String>,
    project_key: Option<String>,
    issue_type_name: Option<String>,
    way_to_done: Option<Way>,
    first_ticket: Option<Value>,
    #[serde(default)]
    finding: Option<String>,
    #[serde(default)]
    written: Vec<Written>,
}

/// What would be written into one field.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Written {
    /// The field's id.
    pub(in crate::pages) field: String,
    /// The field's name.
    pub(in crate::pages) name: String,
    /// The value, as the API has it.
    pub(in crate::pages) value: Option<Value>,
    /// Why there is none.
    pub(in crate::pages) why: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Obstacle {
    field: String,
    what: String,
}

#[derive(Debug, Deserialize)]
struct Way {
    known: bool,
    moves: Vec<Move>,
}

/// One move of a workflow.
#[derive(Debug, Deserialize)]
struct Move {
    from: String,
    transition: String,
    to: String,
}

/// What saving would do.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct DryRun {
    pub(in crate::pages) to_create: u64,
    pub(in crate::pages) to_close: u64,
    pub(in crate::pages) to_change: u64,
    pub(in crate::pages) tasks_with_ticket: u64,
    pub(in crate::pages) items: Vec<Planned>,
    pub(in crate::pages) closing: Vec<Concerned>,
    pub(in crate::pages) changing: Vec<Concerned>,
    pub(in crate::pages) looked_at_all: bool,
}

/// A ticket that would be created.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Planned {
    pub(in crate::pages) title: String,
    pub(in crate::pages) tasks: u64,
    pub(in crate::pages) assignee: Option<String>,
    pub(in crate::pages) due_on: Option<String>,
}

/// A ticket that is there.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Concerned {
    pub(in crate::pages) ticket: String,
    pub(in crate::pages) issue_key: Option<String>,
    pub(in crate::pages) title: String,
}

/// One of the things that Jira was asked.
#[derive(Debug)]
pub(in crate::pages) struct Step {
    /// Whether it is as it must be.
    pub(in crate::pages) badge: Badge,
    /// What was tried.
    pub(in crate::pages) name: &'static str,
    /// What was found, or is to be mended.
    pub(in crate::pages) said: Vec<String>,
}

/// A setting tried out.
#[derive(Debug)]
pub(in crate::pages) struct Trial {
    /// Whether it can be saved.
    pub(in crate::pages) passes: bool,
    /// What Jira was asked, in order.
    pub(in crate::pages) steps: Vec<Step>,
    /// What may not be as expected.
    pub(in crate::pages) notes: Vec<String>,
    /// The request that would create the first ticket.
    pub(in crate::pages) first_ticket: Option<String>,
    /// What saving would do; none where something stands against it.
    pub(in crate::pages) dry_run: Option<DryRun>,
    /// Why it could not be tried out to the end.
    pub(in crate::pages) problem: Option<Problem>,
    /// The finding whose fields are shown; none where it is a made-up one.
    pub(in crate::pages) finding: Option<String>,
    /// What would be written into each field that has a rule, for that finding.
    pub(in crate::pages) written: Vec<Written>,
    obstacles: Vec<Obstacle>,
    people: BTreeMap<String, String>,
}

/// What can stand against a setting: the API's fields, and what was tried.
const TRIED: &[(&[&str], &str)] = &[
    (&["connection"], "The connection answers"),
    (&["project"], "The project is there, and the account may write in it"),
    (&["issue_type"], "The issue type, and the fields that Jira demands"),
    (&["rules"], "What is written into the fields"),
    (&["epic"], "The epic"),
    (&["done_status", "pulls.status_when_opened"], "The workflow leads where tickets must go"),
];

impl Trial {
    /// Asks the API, which asks Jira; `list` is the API's path of the settings. `known` is one that would be changed,
    /// `finding` the one that a configuration is tried out with.
    pub(in crate::pages) async fn of(
        client: &Client,
        list: &str,
        body: &Value,
        known: Option<&str>,
        finding: Option<&str>,
    ) -> Self {
        let preflight = query(&format!("{list}/preflight"), &[("finding", finding)]);
        let preflight = client.ask::<Preflight>(&preflight, body).await;
        let mut trial = match preflight {
            Ok(found) => Self::told(found, body),
            Err(problem) => return Self::failed(problem),
        };
        if trial.passes {
            let of_change = known.filter(|_| list.ends_with("project-configurations"));
            let place = query(&format!("{list}/dry-run"), &[("configuration", of_change)]);
            match client.ask::<DryRun>(&place, body).await {
                Ok(dry_run) => {
                    trial.people = people(client, body, &dry_run).await;
                    trial.dry_run = Some(dry_run);
                }
                Err(problem) => trial.problem = Some(problem),
            }
        }
        trial
    }

    fn failed(problem: Problem) -> Self {
        Self {
            passes: false,
            steps: Vec::new(),
            notes: Vec::new(),
            first_ticket: None,
            dry_run: None,
            problem: Some(problem),
            finding: None,
            written: Vec::new(),
            obstacles: Vec::new(),
            people: BTreeMap::new(),
        }
    }

    fn told(found: Preflight, body: &Value) -> Self {
        let way = found.way_to_done.as_ref().filter(|way| way.known && !way.moves.is_empty());
        let way = way.map(|way| {
            let moves =
                way.moves.iter().map(|it| format!("“{}” from {} to {}", it.transition, it.from, it.to));
            format!("Issues get to a done status by {}.", moves.collect::<Vec<_>>().join(", then "))
        });
        let project = found.project_key.as_ref().map(|key| format!("Project {key}."));
        let issue_type = found.issue_type_name.as_ref().map(|name| format!("Issue type {name}."));
        let belongs = |about: &str, fields: &[&str]| {
            fields.iter().any(|field| {
                about.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            })
        };
        // Without a project, and then without a type, Jira cannot be asked any further.
        let (mut steps, mut reached) = (Vec::new(), true);
        let is_asked = |fields: &[&str]| match fields[0] {
            "rules" => body.get("rules").is_some(),
            "epic" => body["epic"].is_string(),
            _ => true,
        };
        for (fields, name) in TRIED.iter().filter(|(fields, _)| is_asked(fields)) {
            let said: Vec<String> = found
                .obstacles
                .iter()
                .filter(|it| belongs(&it.field, fields))
                .map(|it| it.what.clone())
                .collect();
            let (badge, said) = match (said.is_empty(), reached) {
                (false, _) => (Badge::new(Tone::Bad, "To mend"), said),
                (true, false) => (Badge::new(Tone::Idle, "Not tried"), Vec::new()),
                (true, true) => {
                    let shown = match fields[0] {
                        "project" => project.clone(),
                        "issue_type" => issue_type.clone(),
                        "done_status" => way.clone(),
                        _ => None,
                    };
                    (Badge::new(Tone::Good, "Fits"), shown.into_iter().collect())
                }
            };
            reached &= match fields[0] {
                "project" => found.project_key.is_some(),
                "issue_type" => found.issue_type_name.is_some(),
                _ => true,
            };
            steps.push(Step { badge, name, said });
        }
        let first_ticket = found.first_ticket.as_ref().and_then(|it| serde_json::to_string_pretty(it).ok());
        Self {
            passes: found.obstacles.is_empty(),
            steps,
            notes: found.notes,
            first_ticket,
            dry_run: None,
            problem: None,
            finding: found.finding,
            written: found.written,
            obstacles: found.obstacles,
            people: BTreeMap::new(),
        }
    }

    /// What stands against it: the part of what the API was sent, and what is to be mended.
    pub(in crate::pages) fn obstacles(&self) -> impl Iterator<Item = (&str, &str)> {
        self.obstacles.iter().map(|it| (it.field.as_str(), it.what.as_str()))
    }

    /// The first tickets that would be created.
    pub(in crate::pages) fn first(&self) -> &[Planned] {
        let items = self.dry_run.as_ref().map_or(&[][..], |dry_run| dry_run.items.as_slice());
        &items[..items.len().min(SHOWN)]
    }

    /// The first tickets that would be closed.
    pub(in crate::pages) fn first_closing(&self) -> &[Concerned] {
        let items = self.dry_run.as_ref().map_or(&[][..], |dry_run| dry_run.closing.as_slice());
        &items[..items.len().min(SHOWN)]
    }

    /// The first tickets that would be changed.
    pub(in crate::pages) fn first_changing(&self) -> &[Concerned] {
        let items = self.dry_run.as_ref().map_or(&[][..], |dry_run| dry_run.changing.as_slice());
        &items[..items.len().min(SHOWN)]
    }

    /// Who a ticket would be assigned to.
    pub(in crate::pages) fn assignee(&self, ticket: &Planned) -> String {
        let Some(account) = &ticket.assignee else { return "nobody".to_owned() };
        self.people.get(account).unwrap_or(account).clone()
    }
}

/// The names of the first people whom tickets would be assigned to, and whether Jira lets them be.
async fn people(client: &Client, body: &Value, dry_run: &DryRun) -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct Account {
        name: Option<String>,
    }
    #[derive(Deserialize)]
    struct Answer {
        assignable: bool,
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let (connection, project) = (text("connection"), text("project"));
    let mut found = BTreeMap::new();
    for account in dry_run.items.iter().take(SHOWN).filter_map(|ticket| ticket.assignee.as_deref()) {
        if found.contains_key(account) || found.len() >= PEOPLE {
            continue;
        }
        let ask = path(&["v1", "connections", connection, "projects", project, "assignable"]);
        let ask = query(&ask, &[("account", Some(account))]);
        let show = path(&["v1", "accounts", connection, account]);
        let (shown, answer) = tokio::join!(client.get::<Account>(&show), client.get::<Answer>(&ask));
        let name = shown.ok().and_then(|it| it.name).unwrap_or_else(|| account.to_owned());
        let words = match answer {
            Ok(Answer { assignable: false }) => {
                format!("{name} (cannot be assigned there; the ticket says so)")
            }
            Ok(Answer { assignable: true }) | Err(_) => name,
        };
        found.insert(account.to_owned(), words);
    }
    found
}
