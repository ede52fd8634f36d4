//! One issue: what it says and what happened to it.

mod forms;

pub(super) use forms::screen_fields;

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    html::{Html, escape},
    not_found, status_word,
};
use crate::{
    adf,
    call::{Answer, Body},
    state::{
        World,
        issue::{Issue, RemoteLink},
        vocabulary::PRIORITIES,
    },
};

/// The page for the account that acts; `refusal` is what a change was answered.
pub(super) fn show(
    world: &World,
    site_index: usize,
    key: &str,
    acting: &str,
    refusal: Option<&Answer>,
) -> Answer {
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
    body += &forms::buttons(world, site_index, &issue, acting);
    body += "<h2>Description</h2>";
    body += &issue.description.as_ref().map_or_else(|| "<p>None.</p>".to_owned(), adf::to_html);
    body += &remote_links(&issue);
    body += &properties(&issue);
    body += &comments(world, site_index, &issue, acting);
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
    if let Some((_, priority, _)) = PRIORITIES.iter().find(|(id, ..)| Some(*id) == issue.priority) {
        row("Priority", priority);
    }
    row("Assignee", &issue.assignee.as_ref().map_or_else(|| "Unassigned".to_owned(), |id| name(world, id)));
    row("Reporter", &name(world, &issue.reporter));
    row("Labels", &escape(&issue.labels.join(", ")));
    if let Some(archived) = &issue.archived {
        row("Archived", &format!("{} by {}", archived.at, name(world, &archived.by)));
    }
    row("Created", &issue.created.to_string());
    row("Updated", &issue.updated.to_string());
    for (id, value) in issue.fields.iter().filter(|(_, value)| !value.is_null()) {
        let field = project.and_then(|project| project.fields.iter().find(|field| field.id == *id));
        let name = field.map_or(id.as_str(), |field| field.name.as_str());
        row(&escape(name), &field_words(world, value));
    }
    text + "</table>"
}

/// The value of a custom field for a person.
fn field_words(world: &World, value: &Value) -> String {
    match value {
        Value::String(text) => escape(text),
        Value::Array(values) => {
            values.iter().map(|value| field_words(world, value)).collect::<Vec<_>>().join(", ")
        }
        Value::Object(_) if value["type"] == "doc" => adf::to_html(value),
        Value::Object(_) if value["child"].is_object() => {
            let child = field_words(world, &value["child"]);
            format!("{} / {child}", escape(value["value"].as_str().unwrap_or_default()))
        }
        Value::Object(_) => match (value["accountId"].as_str(), &value["value"], &value["name"]) {
            (Some(id), ..) => name(world, id),
            (None, Value::String(words), _) | (None, _, Value::String(words)) => escape(words),
            _ => escape(&value.to_string()),
        },
        other => escape(&other.to_string()),
    }
}

fn remote_links(issue: &Issue) -> String {
    if issue.remote_links.is_empty() {
        return String::new();
    }
    let row = |link: &RemoteLink| {
        let object = &link.told["object"];
        let text = |name: &str| escape(object[name].as_str().unwrap_or_default());
        // Another scheme than these would run in the page.
        let address =
            object["url"].as_str().filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        let title = match address {
            Some(address) => {
                format!("<a rel=\"noreferrer\" href=\"{}\">{}</a>", escape(address), text("title"))
            }
            None => text("title"),
        };
        let resolved = if object["status"]["resolved"] == true { "resolved" } else { "" };
        format!("<tr><td>{title}</td><td>{}</td><td>{resolved}</td></tr>", text("summary"))
    };
    let rows: String = issue.remote_links.iter().map(row).collect();
    format!("<h2>Web links</h2><table>{rows}</table>")
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

fn comments(world: &World, site_index: usize, issue: &Issue, acting: &str) -> String {
    let mut text = String::from("<h2>Comments</h2>");
    for comment in &issue.comments {
        let body = adf::to_html(&comment.body);
        let only = comment.visibility.as_ref().map_or_else(String::new, |visibility| {
            format!(" (only {})", escape(visibility["value"].as_str().unwrap_or_default()))
        });
        text.extend([format!(
            "<p><b>{}</b> {}{only}</p>{body}",
            name(world, &comment.author),
            comment.created
        )]);
    }
    text + &forms::comment(world, site_index, issue, acting)
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
