//! Statuses, issue types, priorities and resolutions, with the translations that callers see.

use serde_json::{Value, json};

/// A status category: a fixed number, key and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Category {
    New,
    Indeterminate,
    Done,
}

impl Category {
    pub(crate) const ALL: [Self; 3] = [Self::New, Self::Indeterminate, Self::Done];

    pub(crate) fn id(self) -> u64 {
        match self {
            Self::New => 2,
            Self::Indeterminate => 4,
            Self::Done => 3,
        }
    }

    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Indeterminate => "indeterminate",
            Self::Done => "done",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::New => "To Do",
            Self::Indeterminate => "In Progress",
            Self::Done => "Done",
        }
    }

    pub(crate) fn to_json(self, base: &str, locale: &str) -> Value {
        let colour = match self {
            Self::New => "blue-gray",
            Self::Indeterminate => "yellow",
            Self::Done => "green",
        };
        json!({
            "self": format!("{base}/rest/api/3/statuscategory/{}", self.id()),
            "id": self.id(),
            "key": self.key(),
            "colorName": colour,
            "name": translated(self.name(), locale),
        })
    }
}

/// A status of a site. Team-managed projects have statuses of their own with the same names.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) category: Category,
    /// The team-managed project it belongs to.
    pub(crate) project: Option<u64>,
}

impl Status {
    pub(crate) fn to_json(&self, base: &str, locale: &str) -> Value {
        let mut status = json!({
            "self": format!("{base}/rest/api/3/status/{}", self.id),
            "id": self.id.to_string(),
            "name": translated(&self.name, locale),
            "description": "",
            "iconUrl": format!("{base}/images/icons/statuses/generic.png"),
            "statusCategory": self.category.to_json(base, locale),
        });
        if let Some(project) = self.project {
            status["scope"] = json!({ "type": "PROJECT", "project": { "id": project.to_string() } });
        }
        status
    }
}

pub(crate) const TO_DO: u64 = 10_000;
pub(crate) const IN_PROGRESS: u64 = 10_001;
pub(crate) const IN_REVIEW: u64 = 10_002;
pub(crate) const DONE: u64 = 10_003;
pub(crate) const TEAM_TO_DO: u64 = 10_010;
pub(crate) const TEAM_IN_PROGRESS: u64 = 10_011;
pub(crate) const TEAM_DONE: u64 = 10_012;

pub(crate) fn default_statuses(team_project: u64) -> Vec<Status> {
    let status = |id, name: &str, category, project| Status { id, name: name.to_owned(), category, project };
    vec![
        status(TO_DO, "To Do", Category::New, None),
        status(IN_PROGRESS, "In Progress", Category::Indeterminate, None),
        status(IN_REVIEW, "In Review", Category::Indeterminate, None),
        status(DONE, "Done", Category::Done, None),
        status(TEAM_TO_DO, "To Do", Category::New, Some(team_project)),
        status(TEAM_IN_PROGRESS, "In Progress", Category::Indeterminate, Some(team_project)),
        status(TEAM_DONE, "Done", Category::Done, Some(team_project)),
    ]
}

/// An issue type of a site.
#[derive(Debug, Clone)]
pub(crate) struct IssueType {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// 1 = epic, 0 = ordinary, -1 = subtask.
    pub(crate) level: i32,
}

impl IssueType {
    pub(crate) fn to_json(&self, base: &str, locale: &str) -> Value {
        json!({
            "self": format!("{base}/rest/api/3/issuetype/{}", self.id),
            "id": self.id.to_string(),
            "description": "",
            "iconUrl": format!("{base}/secure/viewavatar?avatarType=issuetype&avatarId=10318"),
            "name": translated(&self.name, locale),
            "subtask": self.level < 0,
            "avatarId": 10318,
            "hierarchyLevel": self.level,
        })
    }
}

pub(crate) const TASK: u64 = 10_100;
pub(crate) const BUG: u64 = 10_101;
pub(crate) const EPIC: u64 = 10_102;
pub(crate) const CHANGE: u64 = 10_103;
pub(crate) const INCIDENT: u64 = 10_104;
pub(crate) const SUBTASK: u64 = 10_105;

pub(crate) fn default_issue_types() -> Vec<IssueType> {
    let kind = |id, name: &str, level| IssueType { id, name: name.to_owned(), level };
    vec![
        kind(TASK, "Task", 0),
        kind(BUG, "Bug", 0),
        kind(EPIC, "Epic", 1),
        kind(CHANGE, "Change", 0),
        kind(INCIDENT, "Incident", 0),
        kind(SUBTASK, "Sub-task", -1),
    ]
}

pub(crate) const PRIORITIES: [(u8, &str, &str); 5] = [
    (1, "Highest", "#d04437"),
    (2, "High", "#f15C75"),
    (3, "Medium", "#f79232"),
    (4, "Low", "#707070"),
    (5, "Lowest", "#999999"),
];

pub(crate) fn priority_json(id: u8, base: &str, locale: &str) -> Value {
    let name = PRIORITIES.iter().find(|(known, ..)| *known == id).map_or("Medium", |(_, name, _)| name);
    json!({
        "self": format!("{base}/rest/api/3/priority/{id}"),
        "id": id.to_string(),
        "name": translated(name, locale),
        "iconUrl": format!("{base}/images/icons/priorities/{}.svg", name.to_lowercase()),
    })
}

pub(crate) const RESOLUTIONS: [(u64, &str); 3] =
    [(10_000, "Done"), (10_001, "Won't Do"), (10_002, "Duplicate")];

pub(crate) fn resolution_json(id: u64, base: &str, locale: &str) -> Value {
    let name = RESOLUTIONS.iter().find(|(known, _)| *known == id).map_or("Done", |(_, name)| name);
    json!({
        "self": format!("{base}/rest/api/3/resolution/{id}"),
        "id": id.to_string(),
        "name": translated(name, locale),
        "description": "",
    })
}

/// Project roles: their members are told per project.
pub(crate) const ROLES: [(u64, &str); 3] =
    [(10_002, "Administrators"), (10_100, "Developers"), (10_101, "Users")];

/// The name in the caller's language; only the words of the seeds are known.
pub(crate) fn translated(name: &str, locale: &str) -> String {
    if !locale.starts_with("de") {
        return name.to_owned();
    }
    let german = match name {
        "To Do" => "Zu erledigen",
        "In Progress" => "In Arbeit",
        "In Review" => "In Prüfung",
        "Done" => "Fertig",
        "Task" => "Aufgabe",
        "Bug" => "Fehler",
        "Change" => "Änderung",
        "Incident" => "Vorfall",
        "Highest" => "Höchste",
        "High" => "Hoch",
        "Medium" => "Mittel",
        "Low" => "Niedrig",
        "Lowest" => "Niedrigste",
        other => other,
    };
    german.to_owned()
}
