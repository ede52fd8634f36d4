//! What a connection is for, and what each use needs from Jira: shown before connecting, asked for when connecting,
//! checked when verifying. All three read this one table.

use serde::{Deserialize, Serialize};

use crate::check::CheckId;

/// One use of a connection.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UseCase {
    /// Change management, and writing tickets.
    Ticketing,
    /// Incidents and their closing.
    IncidentManagement,
    /// Projects as evidence of planned work.
    ProjectManagement,
    /// Vulnerabilities tracked as tickets.
    VulnerabilityScanner,
    /// Who has access.
    AccessReview,
    /// Who uses it.
    Usage,
}

/// A permission in Jira that a use case needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Permission {
    /// Jira's key of it.
    pub key: &'static str,
    /// Its name in Jira.
    pub name: &'static str,
    /// Why it is needed.
    pub why: &'static str,
}

/// A scope of Atlassian's OAuth that a use case needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct OauthScope {
    /// Atlassian's name of it.
    pub name: &'static str,
    /// Why it is needed.
    pub why: &'static str,
}

/// What a use case automates and needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Requirements {
    /// Controls that it automates.
    pub controls: &'static [&'static str],
    /// Checks that it automates.
    pub checks: &'static [CheckId],
    /// Scopes that it needs.
    pub scopes: &'static [OauthScope],
    /// Permissions that it needs.
    pub permissions: &'static [Permission],
    /// What is read.
    pub data: &'static [&'static str],
    /// Whether tickets are written.
    pub writes: bool,
}

const READ_WORK: OauthScope = OauthScope { name: "read:jira-work", why: "read projects and issues" };
const WRITE_WORK: OauthScope =
    OauthScope { name: "write:jira-work", why: "create, update and close tickets" };
const READ_USER: OauthScope =
    OauthScope { name: "read:jira-user", why: "know whom the connection acts as and who is assigned" };
const MANAGE_CONFIGURATION: OauthScope =
    OauthScope { name: "manage:jira-configuration", why: "read groups, application roles and licences" };
const REPORT_PERSONAL_DATA: OauthScope = OauthScope {
    name: "report:personal-data",
    why: "tell Atlassian whose data are stored, and erase what its owners deleted",
};
const MANAGE_WEBHOOK: OauthScope =
    OauthScope { name: "manage:jira-webhook", why: "be told of changes within a minute" };

const BROWSE: Permission =
    Permission { key: "BROWSE_PROJECTS", name: "Browse projects", why: "read the issues that are evidence" };
const CREATE: Permission = Permission { key: "CREATE_ISSUES", name: "Create issues", why: "create tickets" };
const EDIT: Permission =
    Permission { key: "EDIT_ISSUES", name: "Edit issues", why: "keep tickets up to date" };
const TRANSITION: Permission =
    Permission { key: "TRANSITION_ISSUES", name: "Transition issues", why: "close tickets" };
const BROWSE_USERS: Permission = Permission {
    key: "USER_PICKER",
    name: "Browse users and groups",
    why: "list the accounts that have access",
};
const ADMINISTER: Permission = Permission {
    key: "ADMINISTER",
    name: "Administer Jira",
    why: "read application roles and who holds them",
};

impl UseCase {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::Ticketing,
        Self::IncidentManagement,
        Self::ProjectManagement,
        Self::VulnerabilityScanner,
        Self::AccessReview,
        Self::Usage,
    ];

    /// What it automates and needs.
    pub fn requirements(self) -> Requirements {
        match self {
            Self::Ticketing => Requirements {
                controls: &["Change management", "Remediation is tracked"],
                checks: &[CheckId::B1, CheckId::B2, CheckId::B4, CheckId::B5],
                scopes: &[READ_WORK, READ_USER, WRITE_WORK, MANAGE_WEBHOOK],
                permissions: &[BROWSE, CREATE, EDIT, TRANSITION],
                data: &["title, status, assignee, priority and dates of change tickets"],
                writes: true,
            },
            Self::IncidentManagement => Requirements {
                controls: &["Incident response"],
                checks: &[CheckId::B3],
                scopes: &[READ_WORK, READ_USER],
                permissions: &[BROWSE],
                data: &["title, status, assignee, priority and dates of incidents"],
                writes: false,
            },
            Self::ProjectManagement => Requirements {
                controls: &["Change management"],
                checks: &[],
                scopes: &[READ_WORK, READ_USER],
                permissions: &[BROWSE],
                data: &["keys and names of projects"],
                writes: false,
            },
            Self::VulnerabilityScanner => Requirements {
                controls: &["Vulnerability management"],
                checks: &[],
                scopes: &[READ_WORK, READ_USER, WRITE_WORK, MANAGE_WEBHOOK],
                permissions: &[BROWSE, CREATE, EDIT, TRANSITION],
                data: &["status and dates of vulnerability tickets"],
                writes: true,
            },
            Self::AccessReview => Requirements {
                controls: &["Access review", "Offboarding"],
                checks: &[CheckId::B6, CheckId::B7, CheckId::B8],
                scopes: &[READ_WORK, READ_USER, MANAGE_CONFIGURATION, REPORT_PERSONAL_DATA],
                permissions: &[BROWSE_USERS, ADMINISTER],
                data: &["name, e-mail if visible, status, groups and roles of accounts"],
                writes: false,
            },
            Self::Usage => Requirements {
                controls: &["Licences are used"],
                checks: &[],
                scopes: &[READ_WORK, READ_USER, MANAGE_CONFIGURATION, REPORT_PERSONAL_DATA],
                permissions: &[BROWSE, BROWSE_USERS, ADMINISTER],
                data: &["authors and days of comments, changes and work logs"],
                writes: false,
            },
        }
    }
}

/// The scopes to ask for, for the chosen use cases and nothing more; `offline_access` gives the refresh token.
///
/// Source: Atlassian, "OAuth 2.0 (3LO) apps", refresh tokens.
pub fn scopes<'a>(use_cases: impl IntoIterator<Item = &'a UseCase>) -> Vec<&'static str> {
    let needed: std::collections::BTreeSet<&'static str> = use_cases
        .into_iter()
        .flat_map(|use_case| use_case.requirements().scopes.iter().map(|scope| scope.name))
        .collect();
    needed.into_iter().chain(["offline_access"]).collect()
}

#[cfg(test)]
mod tests {
    use super::{UseCase, scopes};

    #[test]
    fn write_scope_is_asked_for_only_where_tickets_are_written() {
        for use_case in UseCase::ALL {
            let asks = scopes([&use_case]).contains(&"write:jira-work");
            assert_eq!(asks, use_case.requirements().writes, "{use_case:?}");
        }
    }
}
