//! Accounts: who has access to a Jira site, to what, and who that is.
//!
//! An account is as the lists of Jira tell it. What people said of it (its owner, its protection, its approvals) stands
//! beside and is never changed by a reading.

mod listing;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{
    AccountId, CampaignId, ConnectionId, GroupId, PersonId, ProductKey, ProjectId, RoleId, TenantId,
};

pub use listing::{Settled, Shown};

/// What an account is for.
///
/// Source: specification of `User.accountType`: `atlassian`, `app`, `customer`; anything else is unknown, and an unknown
/// account counts as a human one wherever leaving it out could make a check pass.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// A person's account.
    Human,
    /// An app's.
    App,
    /// A customer's of a service desk.
    Customer,
    /// Something that Jira does not tell.
    Unknown,
}

/// One piece of access: what a review decides on, and what an action takes away.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Grant {
    /// Membership of a group.
    Group {
        /// The group.
        group: GroupId,
    },
    /// A project role that the account holds itself, not by a group.
    Role {
        /// The project.
        project: ProjectId,
        /// The role.
        role: RoleId,
    },
    /// A product of the site, held by one of the groups that give it.
    Product {
        /// The product.
        product: ProductKey,
    },
}

/// What the organisation's administration tells of an account.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct OrganisationView {
    /// Whether the organisation manages the account.
    pub managed: Option<bool>,
    /// The account's status, in Atlassian's words.
    pub status: Option<String>,
    /// The organisation roles that it holds, sorted.
    pub roles: Vec<String>,
    /// The products that it may use.
    pub products: Vec<ProductAccess>,
}

/// A product that an account may use, as the organisation's administration tells it.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema)]
pub struct ProductAccess {
    /// The product's key in the organisation, for example `jira-software`.
    pub product: String,
    /// The site, by its cloud id, or another name of the resource.
    pub resource: String,
    /// When it was last used, as far as Atlassian tells (hours behind).
    #[schema(value_type = Option<String>)]
    pub last_active: Option<Timestamp>,
}

/// How an account's person is known.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// A person said so.
    Confirmation,
    /// The e-mail address is the same.
    Email,
}

/// What an account that belongs to no person is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// A service's account.
    Service,
    /// An app's.
    App,
    /// Somebody's from outside.
    External,
}

/// Whose an account is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Owner {
    /// Nobody knows.
    Unidentified,
    /// A person of the list.
    Person {
        /// The person.
        person: PersonId,
        /// How that is known.
        by: MatchedBy,
    },
    /// Somebody marked it as no person's.
    Marked {
        /// What it is.
        mark: Mark,
        /// Why, in the words of who marked it.
        reason: String,
        /// The last day on which the mark holds.
        #[schema(value_type = String)]
        ends_on: Date,
        /// Who marked it.
        by: String,
    },
}

impl Owner {
    /// Whether the account is identified on the day `today`: a mark that has ended identifies nothing.
    pub fn identifies(&self, today: Date) -> bool {
        match self {
            Self::Unidentified => false,
            Self::Person { .. } => true,
            Self::Marked { ends_on, .. } => *ends_on >= today,
        }
    }

    /// Whether a person said this, so that matching must not change it.
    pub fn is_said(&self) -> bool {
        match self {
            Self::Unidentified | Self::Person { by: MatchedBy::Email, .. } => false,
            Self::Person { by: MatchedBy::Confirmation, .. } | Self::Marked { .. } => true,
        }
    }
}

/// A person that an account may belong to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Suggestion {
    /// The person.
    pub person: PersonId,
    /// How likely, 1 to 100.
    pub score: u8,
    /// Why, in words.
    pub reasons: Vec<String>,
}

/// That a review kept one piece of access.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Approval {
    /// What was kept.
    pub grant: Grant,
    /// The campaign that it was kept in.
    pub campaign: CampaignId,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// That an account keeps its licence, used or not.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Protection {
    /// Why, in the words of who protected it.
    pub reason: String,
    /// The last day on which it holds.
    #[schema(value_type = String)]
    pub ends_on: Date,
    /// Who protected it.
    pub by: String,
}

/// A project role that an account holds itself.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema)]
pub struct HeldRole {
    /// The project.
    pub project: ProjectId,
    /// The role.
    pub role: RoleId,
}

/// An account of a Jira site.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Account {
    /// The tenant.
    pub tenant: TenantId,
    /// The connection that it was read through.
    pub connection: ConnectionId,
    /// Atlassian's identifier of it.
    pub id: AccountId,
    /// What it is for.
    pub kind: AccountKind,
    /// Its display name; empty when it is erased.
    pub name: String,
    /// Its e-mail address in lower case, if Jira or the organisation shows it.
    pub email: Option<String>,
    /// Whether it is active.
    pub active: bool,
    /// The groups that it is a member of, sorted.
    pub groups: Vec<GroupId>,
    /// The products that those groups give, sorted.
    pub products: Vec<ProductKey>,
    /// The project roles that it holds itself, sorted; those by a group follow from the groups.
    pub roles: Vec<HeldRole>,
    /// What the organisation's administration tells; none without an organisation API key.
    pub organisation: Option<OrganisationView>,
    /// When it was first listed.
    #[schema(value_type = String)]
    pub first_seen_at: Timestamp,
    /// Since when no list names it any more.
    #[schema(value_type = Option<String>)]
    pub removed_at: Option<Timestamp>,
    /// When its personal data were erased, since its owner closed it.
    #[schema(value_type = Option<String>)]
    pub erased_at: Option<Timestamp>,
    /// Whose it is.
    pub owner: Owner,
    /// Whose it may be, most likely first.
    pub suggestions: Vec<Suggestion>,
    /// When one of our own actions last changed its access: lists that were read before know nothing of it.
    #[schema(value_type = Option<String>)]
    pub access_changed_at: Option<Timestamp>,
    /// What reviews approved.
    pub approvals: Vec<Approval>,
    /// Whether it keeps its licence, used or not.
    pub protection: Option<Protection>,
    /// The last day on which it was active in the site, in the tenant's time zone, as far as was ingested.
    #[schema(value_type = Option<String>)]
    pub last_active_on: Option<Date>,
    /// Version of this record; rises with each change.
    pub version: u64,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Names and e-mail addresses are personal data, which no log may hold.
        formatter
            .debug_struct("Account")
            .field("connection", &self.connection)
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("active", &self.active)
            .field("removed_at", &self.removed_at)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Account {
    /// An account that was listed for the first time, before anything else is known of it.
    pub fn new(tenant: TenantId, connection: ConnectionId, id: AccountId, now: Timestamp) -> Self {
        Self {
            tenant,
            connection,
            id,
            kind: AccountKind::Unknown,
            name: String::new(),
            email: None,
            active: false,
            groups: Vec::new(),
            products: Vec::new(),
            roles: Vec::new(),
            organisation: None,
            first_seen_at: now,
            removed_at: None,
            erased_at: None,
            owner: Owner::Unidentified,
            suggestions: Vec::new(),
            access_changed_at: None,
            approvals: Vec::new(),
            protection: None,
            last_active_on: None,
            version: 0,
        }
    }

    /// Whether it can be used now.
    pub fn is_live(&self) -> bool {
        self.active && self.removed_at.is_none() && self.erased_at.is_none()
    }

    /// Whether a person may be behind it, so that it must be identified.
    pub fn may_be_human(&self) -> bool {
        match self.kind {
            AccountKind::Human | AccountKind::Unknown => true,
            AccountKind::App | AccountKind::Customer => false,
        }
    }

    /// Every piece of access that it has.
    pub fn grants(&self) -> Vec<Grant> {
        let groups = self.groups.iter().map(|group| Grant::Group { group: group.clone() });
        let roles = self
            .roles
            .iter()
            .map(|held| Grant::Role { project: held.project.clone(), role: held.role.clone() });
        let products = self.products.iter().map(|product| Grant::Product { product: product.clone() });
        groups.chain(roles).chain(products).collect()
    }
}
