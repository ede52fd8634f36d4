//! Projects: their types, fields, workflow and who may do what in them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

pub(crate) use super::field::{Field, FieldKind};
use super::{
    account::Account,
    field::{Component, Sprint, Version},
    group::ADMINISTRATORS,
    vocabulary,
    workflow::Workflow,
};

/// One project of a site.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) id: u64,
    pub(crate) key: String,
    pub(crate) former_keys: Vec<String>,
    pub(crate) name: String,
    pub(crate) team_managed: bool,
    pub(crate) archived: bool,
    pub(crate) issue_types: Vec<u64>,
    pub(crate) fields: Vec<Field>,
    pub(crate) versions: Vec<Version>,
    pub(crate) components: Vec<Component>,
    pub(crate) sprints: Vec<Sprint>,
    pub(crate) workflow: Workflow,
    /// Permissions taken away: (account id or `*`, permission).
    pub(crate) withheld: BTreeSet<(String, String)>,
    /// Permissions that accounts hold beyond what everybody has: (account id or `*`, permission).
    pub(crate) granted: BTreeSet<(String, String)>,
    /// Members of roles: (role, account id). Site administrators are in *Administrators* without being named.
    pub(crate) role_members: BTreeSet<(String, String)>,
    /// Groups in roles: (role, group id).
    pub(crate) role_groups: BTreeSet<(String, String)>,
    /// Issue numbers given out so far.
    pub(crate) last_number: u64,
    /// Ids of versions, components and sprints given out so far.
    pub(crate) last_list_id: u64,
}

impl Project {
    pub(crate) fn new(id: u64, key: &str, name: &str, issue_types: &[u64], workflow: Workflow) -> Self {
        Self {
            id,
            key: key.to_owned(),
            former_keys: Vec::new(),
            name: name.to_owned(),
            team_managed: false,
            archived: false,
            issue_types: issue_types.to_vec(),
            fields: default_fields(),
            versions: Vec::new(),
            components: Vec::new(),
            sprints: Vec::new(),
            last_list_id: id * 10,
            workflow,
            withheld: BTreeSet::new(),
            granted: BTreeSet::new(),
            role_members: BTreeSet::new(),
            role_groups: BTreeSet::from([("Administrators".to_owned(), ADMINISTRATORS.to_owned())]),
            last_number: 0,
        }
    }

    /// An id for a new version, component or sprint.
    pub(crate) fn take_list_id(&mut self) -> u64 {
        self.last_list_id += 1;
        self.last_list_id
    }

    pub(crate) fn to_json(&self, base: &str) -> Value {
        let mut project = json!({
            "self": format!("{base}/rest/api/3/project/{}", self.id),
            "id": self.id.to_string(),
            "key": self.key,
            "name": self.name,
            "projectTypeKey": "software",
            "simplified": self.team_managed,
            "style": if self.team_managed { "next-gen" } else { "classic" },
            "isPrivate": false,
            "properties": {},
            "avatarUrls": {
                "48x48": format!("{base}/rest/api/3/universal_avatar/view/type/project/avatar/10400"),
                "32x32": format!("{base}/rest/api/3/universal_avatar/view/type/project/avatar/10400?size=medium"),
            },
        });
        if self.archived {
            project["archived"] = json!(true);
        }
        project
    }

    /// Whether an account holds a project permission here; `None` is the anonymous caller.
    pub(crate) fn allows(&self, account: Option<&Account>, permission: &str) -> bool {
        let Some(account) = account.filter(|account| account.assignable()) else { return false };
        let withheld = |who: &str| self.withheld.contains(&(who.to_owned(), permission.to_owned()));
        let granted = |who: &str| self.granted.contains(&(who.to_owned(), permission.to_owned()));
        if withheld("*") || withheld(&account.id) {
            return false;
        }
        // Who cannot see a project cannot do anything else in it.
        if permission != "BROWSE_PROJECTS" && !self.allows(Some(account), "BROWSE_PROJECTS") {
            return false;
        }
        if self.archived && !matches!(permission, "BROWSE_PROJECTS" | "ADMINISTER_PROJECTS") {
            return false;
        }
        match permission {
            "ADMINISTER_PROJECTS" => account.admin || granted("*") || granted(&account.id),
            _ => true,
        }
    }

    /// Whether an account administers this project by itself, whether or not it may browse it.
    pub(crate) fn grants_administration(&self, account: Option<&Account>) -> bool {
        account.is_some_and(|account| {
            self.granted.contains(&(account.id.clone(), "ADMINISTER_PROJECTS".to_owned()))
        })
    }

    /// An issue type as it is shown for this project: those of a team-managed one belong to it.
    pub(crate) fn type_json(&self, kind: &vocabulary::IssueType, base: &str, locale: &str) -> Value {
        let mut value = kind.to_json(base, locale);
        if self.team_managed {
            value["scope"] = json!({ "type": "PROJECT", "project": { "id": self.id.to_string() } });
        }
        value
    }

    /// Whether an account is in a role of this project.
    pub(crate) fn has_role(&self, account: &Account, role: &str) -> bool {
        (role == "Administrators" && account.admin)
            || self.role_members.contains(&(role.to_owned(), account.id.clone()))
            || account.groups.iter().any(|group| self.role_groups.contains(&(role.to_owned(), group.clone())))
    }

    pub(crate) fn has_key(&self, id_or_key: &str) -> bool {
        self.key == id_or_key
            || self.id.to_string() == id_or_key
            || self.former_keys.iter().any(|former| former == id_or_key)
    }
}

fn default_fields() -> Vec<Field> {
    let mut fields = vec![
        Field::system("summary", "Summary", FieldKind::Text, true),
        Field::system("issuetype", "Issue Type", FieldKind::IssueType, true),
        Field::system("project", "Project", FieldKind::Project, true),
        Field::system("parent", "Parent", FieldKind::Issue, false),
        Field::system("description", "Description", FieldKind::Document, false),
        Field::system("reporter", "Reporter", FieldKind::User, true),
        Field::system("assignee", "Assignee", FieldKind::User, false),
        Field::system("priority", "Priority", FieldKind::Priority, false),
        Field::system("labels", "Labels", FieldKind::Labels, false),
        Field::system("duedate", "Due date", FieldKind::Date, false),
        Field::system("environment", "Environment", FieldKind::Document, false),
    ];
    for field in &mut fields {
        // Jira fills these in when a create does not name them.
        field.has_default = matches!(field.id.as_str(), "reporter" | "priority");
    }
    fields
}

/// Permissions that belong to a project.
pub(crate) const PROJECT_PERMISSIONS: [(&str, &str); 25] = [
    ("BROWSE_PROJECTS", "Browse Projects"),
    ("CREATE_ISSUES", "Create Issues"),
    ("EDIT_ISSUES", "Edit Issues"),
    ("ASSIGN_ISSUES", "Assign Issues"),
    ("ASSIGNABLE_USER", "Assignable User"),
    ("TRANSITION_ISSUES", "Transition Issues"),
    ("RESOLVE_ISSUES", "Resolve Issues"),
    ("CLOSE_ISSUES", "Close Issues"),
    ("DELETE_ISSUES", "Delete Issues"),
    ("LINK_ISSUES", "Link Issues"),
    ("MOVE_ISSUES", "Move Issues"),
    ("SCHEDULE_ISSUES", "Schedule Issues"),
    ("MODIFY_REPORTER", "Modify Reporter"),
    ("ADD_COMMENTS", "Add Comments"),
    ("EDIT_ALL_COMMENTS", "Edit All Comments"),
    ("EDIT_OWN_COMMENTS", "Edit Own Comments"),
    ("DELETE_ALL_COMMENTS", "Delete All Comments"),
    ("DELETE_OWN_COMMENTS", "Delete Own Comments"),
    ("WORK_ON_ISSUES", "Work On Issues"),
    ("EDIT_ALL_WORKLOGS", "Edit All Worklogs"),
    ("EDIT_OWN_WORKLOGS", "Edit Own Worklogs"),
    ("DELETE_ALL_WORKLOGS", "Delete All Worklogs"),
    ("DELETE_OWN_WORKLOGS", "Delete Own Worklogs"),
    ("CREATE_ATTACHMENTS", "Create Attachments"),
    ("ADMINISTER_PROJECTS", "Administer Projects"),
];

/// Permissions that belong to the whole site.
pub(crate) const GLOBAL_PERMISSIONS: [(&str, &str); 5] = [
    ("ADMINISTER", "Administer Jira"),
    ("SYSTEM_ADMIN", "System Administrators"),
    ("USER_PICKER", "Browse Users"),
    ("BULK_CHANGE", "Bulk Change"),
    ("CREATE_SHARED_OBJECTS", "Create Shared Objects"),
];

/// Whether an account holds a global permission.
pub(crate) fn allows_globally(account: Option<&Account>, permission: &str) -> bool {
    match (account.filter(|account| account.assignable()), permission) {
        (None, _) => false,
        (Some(account), "ADMINISTER" | "SYSTEM_ADMIN") => account.admin,
        (Some(_), _) => true,
    }
}
