//! One issue: what it says, what happened to it, and the buttons to change it.

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    html::{Html, escape},
    not_found, status_word,
};
use crate::{
    adf,
    call::{Answer, Body},
    state::{World, issue::Issue, vocabulary::RESOLUTIONS},
};

/// Most accounts in the list of assignees.
const MOST_ACCOUNTS: usize = 50;

/// The page; `refusal` is what a change was answered.
pub(super) fn show(world: &World, site_index: usize, key: &str, refusal: Option<&Answer>) -> Answer {
    let site = &world.sites[site_index];
    let Some(issue) = site.issue(key) else { return not_found() };
    let key = site.key_of(&issue);
    let mut body = String::new();
    if let Some(refusal) = refusal {
        let why = match &refusal.body {
            Body::Json(problem) => problem.to_string(),
            Body::Text { text, .. } => text.clone(),
            Body::Empty => refusal.status.to_string(),
        };
        body.extend([format!("<div class=\"panel error\">Jira refused this: {}</div>", escape(&why))]);
    }
    body += &details(world, site_index, &issue);
    body += &buttons(world, site_index, &issue, &key);
    body += "<h2>Description</h2>";
    body += &issue.description.as_ref().map_or_else(|| "<p>None.</p>".to_owned(), adf::to_html);
    body += &properties(&issue);
    body += &comments(world, site_index, &issue, &key);
    body += &history(world, &issue);
    let status = refusal.map_or(200, |refusal| refusal.status);
    Html::page(&format!("{key} {}", issue.summary), &body).answer(status)
}

fn name(world: &World, id: &str) -> String {
    escape(&world.accounts.get(id).map_or_else(|| id.to_owned(), |account| account.name))
}

fn details(world: &World, site_index: usize, issue: &Issue) -> String {
    let site = &world.sites[site_index];
    let project = site.project(issue.project);
    let mut text = String::from("<table>");
    let mut row = |term: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = write!(text, "<tr><th>{term}</th><td>{value}</td></tr>");
    };
    if let Some(project) = project {
        let (domain, key) = (escape(&site.domain), escape(&project.key));
        row("Project", &format!("<a href=\"/sites/{domain}/projects/{key}\">{}</a>", escape(&project.name)));
    }
    row("Id", &issue.id.to_string());
    row("Type", &escape(site.issue_type(issue.issue_type).map_or("?", |kind| kind.name.as_str())));
    row("Status", &status_word(world, site_index, issue.status));
    row("Assignee", &issue.assignee.as_ref().map_or_else(|| "Unassigned".to_owned(), |id| name(world, id)));
    row("Reporter", &name(world, &issue.reporter));
    row("Labels", &escape(&issue.labels.join(", ")));
    row("Created", &issue.created.to_string());
    row("Updated", &issue.updated.to_string());
    for (field, value) in &issue.fields {
        row(&escape(field), &escape(&value.to_string()));
    }
    text + "</table>"
}

fn buttons(world: &World, site_index: usize, issue: &Issue, key: &str) -> String {
    let site = &world.sites[site_index];
    let action = format!("/sites/{}/browse/{}", escape(&site.domain), escape(key));
    let mut text = String::from("<div>");
    let steps = site.project(issue.project).into_iter().flat_map(|project| &project.workflow.transitions);
    for step in steps.filter(|step| step.leaves(issue.status) && step.to != issue.status) {
        text.extend([format!("<form method=\"post\" action=\"{action}/transition\">")]);
        if step.required.iter().any(|field| field == "resolution") {
            text += "<select name=\"resolution\" aria-label=\"Resolution\">";
            for (_, name) in RESOLUTIONS {
                text.extend([format!("<option>{}</option>", escape(name))]);
            }
            text += "</select> ";
        }
        text.extend([format!(
            "<button name=\"transition\" value=\"{}\">{}</button></form>",
            step.id,
            escape(&step.name)
        )]);
    }
    text.extend([format!(
        "</div><div><form method=\"post\" action=\"{action}/assign\"><select name=\"account\" aria-label=\"Assignee\">\
         <option value=\"\">Unassigned</option>"
    )]);
    for account in
        world.accounts.iter().filter(crate::state::account::Account::assignable).take(MOST_ACCOUNTS)
    {
        let chosen = if issue.assignee.as_ref() == Some(&account.id) { " selected" } else { "" };
        text.extend([format!(
            "<option value=\"{}\"{chosen}>{}</option>",
            escape(&account.id),
            escape(&account.name)
        )]);
    }
    text.extend([format!(
        "</select> <button>Assign</button></form><form method=\"post\" action=\"{action}/delete\">\
         <button>Delete</button></form></div>"
    )]);
    text
}

fn properties(issue: &Issue) -> String {
    if issue.properties.is_empty() {
        return String::new();
    }
    let row = |(key, value): (&String, &Value)| {
        format!("<tr><th>{}</th><td><code>{}</code></td></tr>", escape(key), escape(&value.to_string()))
    };
    format!("<h2>Properties</h2><table>{}</table>", issue.properties.iter().map(row).collect::<String>())
}

fn comments(world: &World, site_index: usize, issue: &Issue, key: &str) -> String {
    let mut text = String::from("<h2>Comments</h2>");
    for comment in &issue.comments {
        let body = adf::to_html(&comment.body);
        text.extend([format!("<p><b>{}</b> {}</p>{body}", name(world, &comment.author), comment.created)]);
    }
    let domain = escape(&world.sites[site_index].domain);
    text.extend([format!(
        "<form method=\"post\" action=\"/sites/{domain}/browse/{}/comment\">\
         <textarea name=\"text\" rows=\"2\" required aria-label=\"Comment\"></textarea><br><button>Comment</button></form>",
        escape(key)
    )]);
    text
}

fn history(world: &World, issue: &Issue) -> String {
    let mut text = String::from("<h2>History</h2><table><tr><th>When</th><th>Who</th><th>What</th></tr>");
    for change in issue.history.iter().rev() {
        let side = |value: &Option<(String, String)>| {
            value.as_ref().map_or_else(|| "nothing".to_owned(), |(_, words)| escape(words))
        };
        let items: Vec<String> = change
            .items
            .iter()
            .map(|item| format!("{}: {} → {}", escape(&item.field), side(&item.from), side(&item.to)))
            .collect();
        text.extend([format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            change.created,
            name(world, &change.author),
            items.join("<br>")
        )]);
    }
    text.extend([format!(
        "<tr><td>{}</td><td>{}</td><td>created</td></tr></table>",
        issue.created,
        name(world, &issue.creator)
    )]);
    text
}
