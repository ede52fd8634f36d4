//! How an issue looks to a caller: which fields were asked for, in whose language, in which time zone.

use serde_json::{Map, Value, json};

use crate::{
    call::{Call, object},
    routes::{comment, fields::shown, timestamp, worklog},
    state::{
        World,
        issue::{Change, Issue},
        vocabulary::{priority_json, resolution_json},
    },
};

/// The most comments or worklogs inside an issue; the total says how many there are.
const MOST_EMBEDDED: usize = 20;

/// The fields that a caller asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    all: bool,
    navigable: bool,
    named: Vec<String>,
    without: Vec<String>,
}

impl Selection {
    /// `default` is what Jira takes when nothing is asked.
    pub(crate) fn parse(fields: &[String], default: &str) -> Self {
        let mut selection = Self::default();
        let asked: Vec<&str> = fields.iter().map(String::as_str).filter(|field| !field.is_empty()).collect();
        let asked = if asked.is_empty() { vec![default] } else { asked };
        for field in asked {
            match field {
                "*all" => selection.all = true,
                "*navigable" => selection.navigable = true,
                _ => match field.strip_prefix('-') {
                    Some(without) => selection.without.push(without.to_owned()),
                    None => selection.named.push(field.to_owned()),
                },
            }
        }
        if selection.named.is_empty() && !selection.all && !selection.navigable {
            selection.all = default == "*all";
            selection.navigable = default == "*navigable";
        }
        selection
    }

    pub(crate) fn has(&self, field: &str) -> bool {
        let wide = self.all || (self.navigable && field != "comment" && field != "worklog");
        (wide || self.named.iter().any(|named| named == field))
            && !self.without.iter().any(|without| without == field)
    }

    /// Whether only `id` and `key` were asked for.
    pub(crate) fn only_names(&self) -> bool {
        !self.all && !self.navigable && self.named.iter().all(|field| field == "id" || field == "key")
    }

    fn wants_key(&self) -> bool {
        !self.only_names() || self.named.iter().any(|field| field == "key")
    }

    /// The most issues that a page of search has: the more is asked, the fewer.
    pub(crate) fn page_cap(&self) -> usize {
        if self.only_names() {
            5000
        } else if self.all
            || self.navigable
            || self.has("description")
            || self.has("comment")
            || self.has("worklog")
        {
            100
        } else if self.named.len() <= 8 {
            1000
        } else {
            500
        }
    }
}

/// What goes beside the fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extras {
    pub(crate) properties: Vec<String>,
    pub(crate) expand: Vec<String>,
    /// The most changelog entries with `expand=changelog`.
    pub(crate) changelog: usize,
}

impl Extras {
    /// Whether `expand` names the history.
    pub(crate) fn has_changelog(&self) -> bool {
        self.expand.iter().any(|part| part == "changelog")
    }
}

/// The issue as JSON.
pub(crate) fn issue_json(
    world: &World,
    call: &Call,
    issue: &Issue,
    selection: &Selection,
    extras: &Extras,
) -> Value {
    let site = &world.sites[call.site];
    let mut value = json!({ "id": issue.id.to_string() });
    if selection.wants_key() {
        value["key"] = json!(site.key_of(issue));
        value["self"] = json!(call.link(&format!("issue/{}", issue.id)));
    }
    if !selection.only_names() {
        value["expand"] =
            json!("renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations");
        value["fields"] = Value::Object(fields(world, call, issue, selection));
    }
    if !extras.properties.is_empty() {
        let all = extras.properties.iter().any(|key| key == "*all");
        let chosen = issue.properties.iter().filter(|(key, _)| all || extras.properties.contains(key));
        value["properties"] =
            chosen.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>().into();
    }
    if extras.has_changelog() {
        // The newest ones, newest first.
        let shown: Vec<Value> = issue
            .history
            .iter()
            .rev()
            .take(extras.changelog)
            .map(|change| change_json(world, call, change))
            .collect();
        value["changelog"] = json!({
            "startAt": 0,
            "maxResults": shown.len(),
            "total": issue.history.len(),
            "histories": shown,
        });
    }
    value
}

/// An account in an issue: Jira's `UserDetails`, which does not tell kinds of apps apart. `null` if there is none or it
/// does not exist.
pub(crate) fn account_json(world: &World, call: &Call, id: Option<&str>) -> Value {
    let account = id.and_then(|id| world.accounts.get(id));
    account.map_or(Value::Null, |account| {
        let mut user = account.to_json(&call.base, world.settings.hidden_emails, false);
        if let Value::Object(members) = &mut user {
            members.remove("appType");
        }
        user
    })
}

fn fields(world: &World, call: &Call, issue: &Issue, selection: &Selection) -> Map<String, Value> {
    let site = &world.sites[call.site];
    let (base, locale) = (call.base.as_str(), call.caller.locale());
    let mut fields = Map::new();
    let mut put = |name: &str, value: &dyn Fn() -> Value| {
        if selection.has(name) {
            fields.insert(name.to_owned(), value());
        }
    };
    put("summary", &|| json!(issue.summary));
    put("description", &|| json!(issue.description));
    put("issuetype", &|| {
        site.issue_type(issue.issue_type).map_or(Value::Null, |kind| kind.to_json(base, locale))
    });
    put("project", &|| site.project(issue.project).map_or(Value::Null, |project| project.to_json(base)));
    put("status", &|| site.status(issue.status).map_or(Value::Null, |status| status.to_json(base, locale)));
    put("statusCategory", &|| site.category(issue.status).to_json(base, locale));
    put("priority", &|| issue.priority.map_or(Value::Null, |id| priority_json(id, base, locale)));
    put("resolution", &|| issue.resolution.map_or(Value::Null, |id| resolution_json(id, base, locale)));
    put("resolutiondate", &|| issue.resolved.map_or(Value::Null, |at| json!(timestamp(world, at))));
    put("statuscategorychangedate", &|| json!(timestamp(world, issue.status_changed)));
    put("assignee", &|| account_json(world, call, issue.assignee.as_deref()));
    put("reporter", &|| account_json(world, call, Some(&issue.reporter)));
    put("creator", &|| account_json(world, call, Some(&issue.creator)));
    put("labels", &|| json!(issue.labels));
    put("created", &|| json!(timestamp(world, issue.created)));
    put("updated", &|| json!(timestamp(world, issue.updated)));
    put("comment", &|| {
        let seen: Vec<_> = comment::seen(site, issue, call.caller.account()).collect();
        let shown = seen.iter().take(MOST_EMBEDDED).map(|one| comment::comment_json(world, call, issue, one));
        object([
            ("comments", shown.collect()),
            ("self", call.link(&format!("issue/{}/comment", issue.id)).into()),
            ("maxResults", seen.len().min(MOST_EMBEDDED).into()),
            ("total", seen.len().into()),
            ("startAt", 0.into()),
        ])
    });
    put("worklog", &|| {
        let seen: Vec<_> = worklog::seen(site, issue, call.caller.account()).collect();
        let shown = seen.iter().take(MOST_EMBEDDED).map(|one| worklog::worklog_json(world, call, issue, one));
        object([
            ("worklogs", shown.collect()),
            ("maxResults", MOST_EMBEDDED.into()),
            ("total", seen.len().into()),
            ("startAt", 0.into()),
        ])
    });
    if let Some(archived) = &issue.archived {
        put("archiveddate", &|| json!(timestamp(world, archived.at)));
        put("archivedby", &|| account_json(world, call, Some(&archived.by)));
    }
    if let Some(parent) = issue.parent.and_then(|id| site.issues.get(id)) {
        put("parent", &|| {
            json!({
                "id": parent.id.to_string(),
                "key": site.key_of(&parent),
                "self": call.link(&format!("issue/{}", parent.id)),
                "fields": { "summary": parent.summary },
            })
        });
    }
    put("subtasks", &|| {
        let children = site.issues.written().filter(|child| {
            child.parent == Some(issue.id)
                && site.issue_type(child.issue_type).is_some_and(|kind| kind.level < 0)
        });
        let child_json = |child: &Issue| {
            json!({
                "id": child.id.to_string(),
                "key": site.key_of(child),
                "self": call.link(&format!("issue/{}", child.id)),
                "fields": { "summary": child.summary },
            })
        };
        children.map(child_json).collect()
    });
    let project = site.project(issue.project);
    let plain = |id: &str| {
        id.starts_with("customfield_")
            || matches!(id, "duedate" | "environment" | "components" | "fixVersions" | "versions")
    };
    for (project, field) in
        project.into_iter().flat_map(|project| project.fields.iter().map(move |field| (project, field)))
    {
        if plain(&field.id) && field.applies_to(issue.issue_type) {
            let value = issue.fields.get(&field.id).unwrap_or(&Value::Null);
            put(&field.id, &|| shown(world, call, project, field, value));
        }
    }
    fields
}

/// The items of a changelog entry.
pub(crate) fn items_json(world: &World, change: &Change) -> Vec<Value> {
    let with_field_id = !world.settings.changelog_without_field_ids;
    change.items.iter().map(|item| item.to_json(with_field_id)).collect()
}

/// A changelog entry.
pub(crate) fn change_json(world: &World, call: &Call, change: &Change) -> Value {
    object([
        ("id", change.id.to_string().into()),
        ("author", account_json(world, call, Some(&change.author))),
        ("created", timestamp(world, change.created).into()),
        ("items", items_json(world, change).into()),
    ])
}
