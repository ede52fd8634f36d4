//! Groups: their ids never change, their names may.

/// Holds *Administer Jira*.
pub(crate) const ADMINISTRATORS: &str = "00000000-0000-4000-8000-000000000001";
/// Everybody who uses Jira.
pub(crate) const USERS: &str = "00000000-0000-4000-8000-000000000002";
/// Site administration: its members may change who is in a group.
pub(crate) const SITE_ADMINS: &str = "00000000-0000-4000-8000-000000000003";
/// Who uses service management.
pub(crate) const SERVICE_AGENTS: &str = "00000000-0000-4000-8000-000000000004";

const TEAM: &str = "00000000-0000-4000-8001-";

/// A group of a site; the members are the accounts that name its id.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `jira-software` and the like, if the group gives access to a product.
    pub(crate) application: Option<String>,
    /// `admin`, `site-admin` or `user`.
    pub(crate) access_type: &'static str,
}

impl Group {
    /// Whether being in it makes an administrator of Jira.
    pub(crate) fn administers(&self) -> bool {
        matches!(self.access_type, "admin" | "site-admin")
    }
}

/// The access type by its word.
pub(crate) fn access_type(word: &str) -> Option<&'static str> {
    ["admin", "site-admin", "user"].into_iter().find(|known| *known == word)
}

/// The id of the n-th team, counted from 1.
pub(crate) fn team_id(number: usize) -> String {
    format!("{TEAM}{number:012}")
}

/// Which team an id means.
pub(crate) fn team_number(id: &str) -> Option<usize> {
    id.strip_prefix(TEAM)?.parse().ok()
}

/// The groups that every site has, and so many teams, which give access to nothing.
pub(crate) fn default_groups(teams: usize) -> Vec<Group> {
    let group = |id: &str, name: &str, application: &str, access_type| Group {
        id: id.to_owned(),
        name: name.to_owned(),
        application: Some(application.to_owned()),
        access_type,
    };
    let team = |number: usize| Group {
        id: team_id(number),
        name: format!("team-{number}"),
        application: None,
        access_type: "user",
    };
    let mut groups = vec![
        group(ADMINISTRATORS, "jira-administrators", "jira-software", "admin"),
        group(USERS, "jira-users", "jira-software", "user"),
        group(SITE_ADMINS, "site-admins", "jira-software", "site-admin"),
        group(SERVICE_AGENTS, "service-agents", "jira-servicedesk", "user"),
    ];
    groups.extend((1..=teams).map(team));
    groups
}
