//! A site's directory: its groups, products and project roles, beside its accounts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, ConnectionId, GroupId, ProductKey, ProjectId, RoleId, TenantId};

/// A group of a site.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Group {
    /// The tenant.
    pub tenant: TenantId,
    /// The connection that it was read through.
    pub connection: ConnectionId,
    /// Jira's identifier of it.
    pub id: GroupId,
    /// Its name now.
    pub name: String,
    /// How many members were read, active or not.
    pub members: u64,
    /// Whether its members were read to the last one; if not, who is stored as a member is kept as it is.
    pub complete: bool,
    /// The products that being a member gives, sorted.
    pub products: Vec<ProductKey>,
    /// Since when Jira does not list it any more.
    #[schema(value_type = Option<String>)]
    pub removed_at: Option<Timestamp>,
    /// Version of this record; rises with each change.
    pub version: u64,
}

/// The groups that administer a site or its organisation by Atlassian's own default.
///
/// Source: Atlassian support, "Default groups and permissions": `site-admins`, `org-admins`, `administrators`,
/// `jira-administrators`, `system-administrators`, and with products `jira-admins-{site}`, `administrators-{site}`.
const ADMINISTRATORS: [&str; 6] = [
    "site-admins",
    "org-admins",
    "administrators",
    "jira-administrators",
    "system-administrators",
    "jira-admins",
];

impl Group {
    /// Whether its members administer the site, as its name tells: Jira has no list of who holds a global permission.
    pub fn is_privileged(&self) -> bool {
        let name = self.name.to_lowercase();
        ADMINISTRATORS
            .iter()
            .any(|known| name == *known || name.strip_prefix(known).is_some_and(|rest| rest.starts_with('-')))
    }
}

/// A product of a site: what Jira calls an application role.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Product {
    /// The tenant.
    pub tenant: TenantId,
    /// The connection that it was read through.
    pub connection: ConnectionId,
    /// Jira's key of it.
    pub key: ProductKey,
    /// Its name.
    pub name: String,
    /// The groups whose members have a seat, sorted.
    pub groups: Vec<GroupId>,
    /// How many seats there are; none when they are unlimited, or Jira does not tell.
    pub seats: Option<u64>,
    /// Whether Jira says that seats are unlimited.
    pub unlimited: bool,
    /// How many seats Jira says are used.
    pub used: Option<u64>,
    /// How the seats are used, as far as was counted.
    pub count: Option<SeatCount>,
    /// Since when Jira does not list it any more.
    #[schema(value_type = Option<String>)]
    pub removed_at: Option<Timestamp>,
    /// Version of this record; rises with each change.
    pub version: u64,
}

/// How the seats of a product are used, by the accounts that hold one.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SeatCount {
    /// Live accounts that hold a seat, the connection's own among them, which uses it.
    pub held: u64,
    /// Of these, the ones that are protected: they keep their seat, used or not.
    pub protected: u64,
    /// Of the others, how many were last active on each day; who came later than the first ingestion and was not active
    /// yet counts as active on the day of coming.
    #[schema(value_type = Object)]
    pub by_last_day: BTreeMap<Date, u64>,
    /// Of the others, how many were not active since activity is known.
    pub not_since_known: u64,
    /// Accounts that the organisation's administration says have access to the product on this site: what is billed.
    pub by_organisation: u64,
}

impl SeatCount {
    /// How many unprotected seats were not used in the `days` days before `today`. Who was never seen active counts.
    pub fn unused_for(&self, days: i64, today: Date) -> u64 {
        let limit = today.checked_sub(jiff::Span::new().days(days)).unwrap_or(Date::MIN);
        self.not_since_known + self.by_last_day.range(..limit).map(|(_, count)| count).sum::<u64>()
    }
}

/// A role of a project, and who holds it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ProjectRole {
    /// The tenant.
    pub tenant: TenantId,
    /// The connection that it was read through.
    pub connection: ConnectionId,
    /// The project.
    pub project: ProjectId,
    /// The project's key now.
    pub project_key: String,
    /// Jira's identifier of the role, the same in all projects.
    pub role: RoleId,
    /// Its name now.
    pub name: String,
    /// How many accounts hold it themselves; which ones is kept as a list.
    pub holders: u64,
    /// The groups that hold it, sorted.
    pub groups: Vec<GroupId>,
    /// Since when Jira does not list it any more.
    #[schema(value_type = Option<String>)]
    pub removed_at: Option<Timestamp>,
    /// Version of this record; rises with each change.
    pub version: u64,
}

impl ProjectRole {
    /// Whether its holders administer the project, as its name tells.
    pub fn is_privileged(&self) -> bool {
        self.name.to_lowercase().contains("administrator")
    }
}

/// A list of accounts, as Jira gives it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum List {
    /// All accounts of the site.
    Users,
    /// The members of a group.
    Members(GroupId),
    /// The accounts that hold a project role themselves.
    Holders(ProjectId, RoleId),
}

/// How many accounts one stored page of a list holds at most.
pub const ACCOUNTS_IN_PAGE: u64 = 1000;

/// A page of a list: the accounts that Jira names from its place `start` on.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct RosterPage {
    /// The place of its first account in the list, counted from 0; a multiple of [`ACCOUNTS_IN_PAGE`].
    pub start: u64,
    /// The accounts.
    pub accounts: Vec<AccountId>,
}
