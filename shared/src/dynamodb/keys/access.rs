//! The keys of who has access: accounts, directories, people, ingestions, campaigns and actions.

use jiff::Timestamp;

use super::{Items, Key};
use crate::action::Object;
use crate::campaign::{Place, grant_word};
use crate::directory::List;
use crate::ids::{
    AccountId, ActionId, CampaignId, ConnectionId, GroupId, PersonId, ProductKey, ProjectId, RoleId,
    TenantId, fixed,
};

/// The accounts of a connection.
pub(in crate::dynamodb) fn accounts(tenant: &TenantId, connection: &ConnectionId) -> Items {
    Items::of(tenant, &format!("account#{connection}"), "account#")
}

/// An account.
pub(in crate::dynamodb) fn account(tenant: &TenantId, connection: &ConnectionId, id: &AccountId) -> Key {
    accounts(tenant, connection).item(id.as_str())
}

/// The groups of a connection.
pub(in crate::dynamodb) fn groups(tenant: &TenantId, connection: &ConnectionId) -> Items {
    Items::of(tenant, &format!("group#{connection}"), "group#")
}

/// A group.
pub(in crate::dynamodb) fn group(tenant: &TenantId, connection: &ConnectionId, id: &GroupId) -> Key {
    groups(tenant, connection).item(id.as_str())
}

/// The products of a connection.
pub(in crate::dynamodb) fn products(tenant: &TenantId, connection: &ConnectionId) -> Items {
    Items::of(tenant, &format!("product#{connection}"), "product#")
}

/// A product.
pub(in crate::dynamodb) fn product(tenant: &TenantId, connection: &ConnectionId, key: &ProductKey) -> Key {
    products(tenant, connection).item(key.as_str())
}

/// The project roles of a connection.
pub(in crate::dynamodb) fn project_roles(tenant: &TenantId, connection: &ConnectionId) -> Items {
    Items::of(tenant, &format!("role#{connection}"), "role#")
}

/// The roles of one project.
pub(in crate::dynamodb) fn project_roles_of(
    tenant: &TenantId,
    connection: &ConnectionId,
    project: &ProjectId,
) -> Items {
    let all = project_roles(tenant, connection);
    Items { pk: all.pk, beginning: format!("{}{project}#", all.beginning) }
}

/// A project role.
pub(in crate::dynamodb) fn project_role(
    tenant: &TenantId,
    connection: &ConnectionId,
    project: &ProjectId,
    role: &RoleId,
) -> Key {
    project_roles_of(tenant, connection, project).item(role.as_str())
}

/// The pages of all lists of accounts of a connection.
pub(in crate::dynamodb) fn rosters(tenant: &TenantId, connection: &ConnectionId) -> Items {
    Items::of(tenant, &format!("roster#{connection}"), "roster#")
}

/// The list that a page of one belongs to, by the page's key.
pub(in crate::dynamodb) fn list_of(page: &Key) -> Option<List> {
    let mut parts = page.sk.split('#').skip(1);
    match parts.next()? {
        "users" => Some(List::Users),
        "group" => Some(List::Members(GroupId::parse(parts.next()?).ok()?)),
        "role" => {
            let project = ProjectId::parse(parts.next()?).ok()?;
            Some(List::Holders(project, RoleId::parse(parts.next()?).ok()?))
        }
        _ => None,
    }
}

/// The pages of a list of accounts.
pub(in crate::dynamodb) fn roster(tenant: &TenantId, connection: &ConnectionId, list: &List) -> Items {
    let name = match list {
        List::Users => "users".to_owned(),
        List::Members(group) => format!("group#{group}"),
        List::Holders(project, role) => format!("role#{project}#{role}"),
    };
    Items::of(tenant, &format!("roster#{connection}"), format!("roster#{name}#"))
}

/// The page of a list of accounts that begins at its place `start`.
pub(in crate::dynamodb) fn roster_page(
    tenant: &TenantId,
    connection: &ConnectionId,
    list: &List,
    start: u64,
) -> Key {
    roster(tenant, connection, list).item(&format!("{start:09}"))
}

/// The months of activity of a connection, as counted in the time zone `zone`.
pub(in crate::dynamodb) fn activity(tenant: &TenantId, connection: &ConnectionId, zone: &str) -> Items {
    Items::of(tenant, &format!("activity#{connection}#{zone}"), "activity#")
}

/// The months of activity of an account.
pub(in crate::dynamodb) fn activity_of(
    tenant: &TenantId,
    connection: &ConnectionId,
    zone: &str,
    account: &AccountId,
) -> Items {
    Items::of(tenant, &format!("activity#{connection}#{zone}"), format!("activity#{account}#"))
}

/// The access policy of a connection.
pub(in crate::dynamodb) fn access_policy(tenant: &TenantId, connection: &ConnectionId) -> Key {
    Items::of(tenant, "policy", "policy#").item(connection.as_str())
}

/// The people of a tenant.
pub(in crate::dynamodb) fn persons(tenant: &TenantId) -> Items {
    Items::of(tenant, "person", "person#")
}

/// A person.
pub(in crate::dynamodb) fn person(tenant: &TenantId, id: &PersonId) -> Key {
    persons(tenant).item(id.as_str())
}

/// The addresses that people of a tenant were given later.
pub(in crate::dynamodb) fn person_addresses(tenant: &TenantId) -> Items {
    Items::of(tenant, "person", "address#")
}

/// An address that a person was given later, by the id that would be made from it.
pub(in crate::dynamodb) fn person_address(tenant: &TenantId, made: &PersonId) -> Key {
    person_addresses(tenant).item(made.as_str())
}

/// The ingestions of a tenant.
pub(in crate::dynamodb) fn ingestions(tenant: &TenantId) -> Items {
    Items::of(tenant, "ingestion", "ingestion#")
}

/// The ingestion of a connection.
pub(in crate::dynamodb) fn ingestion(tenant: &TenantId, connection: &ConnectionId) -> Key {
    ingestions(tenant).item(connection.as_str())
}

/// The campaigns of a tenant.
pub(in crate::dynamodb) fn campaigns(tenant: &TenantId) -> Items {
    Items::of(tenant, "campaign", "campaign#")
}

/// A campaign.
pub(in crate::dynamodb) fn campaign(tenant: &TenantId, id: &CampaignId) -> Key {
    campaigns(tenant).item(id.as_str())
}

/// The items of a campaign.
pub(in crate::dynamodb) fn review_items(tenant: &TenantId, campaign: &CampaignId) -> Items {
    Items::of(tenant, &format!("review#{campaign}"), "item#")
}

/// The items of a campaign that are about one account.
pub(in crate::dynamodb) fn review_items_of(
    tenant: &TenantId,
    campaign: &CampaignId,
    account: &AccountId,
) -> Items {
    Items::of(tenant, &format!("review#{campaign}"), format!("item#{account}#"))
}

/// An item of a campaign.
pub(in crate::dynamodb) fn review_item(tenant: &TenantId, campaign: &CampaignId, place: &Place) -> Key {
    review_items(tenant, campaign).item(&format!("{}#{}", place.account, grant_word(&place.grant)))
}

/// The actions of a tenant.
pub(in crate::dynamodb) fn actions(tenant: &TenantId) -> Items {
    Items::of(tenant, "action", "action#")
}

/// An action.
pub(in crate::dynamodb) fn action(tenant: &TenantId, id: &ActionId) -> Key {
    actions(tenant).item(id.as_str())
}

/// How many actions somebody asked for in the hour that begins at `hour`.
pub(in crate::dynamodb) fn asked(tenant: &TenantId, by: &str, hour: Timestamp) -> Key {
    let items = Items::of(tenant, &format!("asked#{}", fixed(&[by])), "hour#");
    items.item(&format!("{:012}", hour.as_second().max(0)))
}

/// Which action changed a piece of access of an account last; none for what is no account's.
pub(in crate::dynamodb) fn changed_access(
    tenant: &TenantId,
    connection: &ConnectionId,
    account: &AccountId,
    object: &Object,
) -> Option<Key> {
    let items = Items::of(tenant, &format!("changed#{connection}"), format!("access#{account}#"));
    match object {
        Object::Access(grant) => Some(items.item(&grant_word(grant))),
        Object::Standing(standing) => Some(items.item(standing.word())),
        Object::Issue(_) => None,
    }
}

/// The turn of taking access from administrators of a site: its cloud id, or its domain where that is not known; or of an
/// organisation, by a name that no site has.
pub(in crate::dynamodb) fn administrators_turn(tenant: &TenantId, site: &str) -> Key {
    Items::of(tenant, &format!("administrators#{}", fixed(&[site])), "turn#").item("")
}

/// The public half of a tenant's key that signs records.
pub(in crate::dynamodb) fn signing(tenant: &TenantId) -> Key {
    Items::of(tenant, "signing", "signing#").item("")
}
