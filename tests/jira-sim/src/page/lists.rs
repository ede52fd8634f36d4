//! All sites with their projects, and all issues of a project.

use super::{
    html::{Html, escape},
    issue_link, not_found, status_word,
};
use crate::{
    call::{Answer, Query},
    state::World,
};

const PER_PAGE: usize = 100;

pub(super) fn sites(world: &World) -> Answer {
    let mut body = String::from(
        "<p>A stateful fake of Jira Cloud. Issues can be looked at and changed here by hand, as a person would.</p>",
    );
    for site in &world.sites {
        body.extend([format!(
            "<h2>{}</h2><table><tr><th>Project</th><th>Name</th><th>Issues</th></tr>",
            escape(&site.domain)
        )]);
        for project in &site.projects {
            let (domain, key) = (escape(&site.domain), escape(&project.key));
            let archived = if project.archived { " (archived)" } else { "" };
            body.extend([format!(
                "<tr><td><a href=\"/sites/{domain}/projects/{key}\">{key}</a></td><td>{}{archived}</td><td>{}</td></tr>",
                escape(&project.name),
                project.last_number
            )]);
        }
        body += "</table>";
    }
    Html::page("Sites", &body).answer(200)
}

/// Newest first, by number, so that a project of a million issues shows as fast as one of ten.
pub(super) fn project(world: &World, site_index: usize, key: &str, query: &Query) -> Answer {
    let site = &world.sites[site_index];
    let Some(project) = site.project_named(key) else { return not_found() };
    let page = query.number("page", 1).unwrap_or(1).max(1);
    let issues: Vec<_> = (1..=project.last_number)
        .rev()
        .filter_map(|number| site.issues.by_number(project.id, number))
        .filter(|issue| issue.project == project.id)
        .skip((page - 1) * PER_PAGE)
        .take(PER_PAGE + 1)
        .collect();
    let mut body = String::from(
        "<table><tr><th>Key</th><th>Summary</th><th>Status</th><th>Assignee</th><th>Created</th></tr>",
    );
    for issue in issues.iter().take(PER_PAGE) {
        let assignee =
            issue.assignee.as_ref().and_then(|id| world.accounts.get(id)).map(|account| account.name);
        body.extend([format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            issue_link(&site.domain, &site.key_of(issue)),
            escape(&issue.summary),
            status_word(world, site_index, issue.status),
            escape(assignee.as_deref().unwrap_or("Unassigned")),
            issue.created.strftime("%Y-%m-%d %H:%M")
        )]);
    }
    body += "</table>";
    if issues.is_empty() {
        body += "<p>No issues.</p>";
    }
    if issues.len() > PER_PAGE {
        body.extend([format!("<p><a href=\"?page={}\">Older</a></p>", page + 1)]);
    }
    Html::page(&format!("{}: {}", project.key, project.name), &body).answer(200)
}
