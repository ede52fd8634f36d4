//! Key shapes of pull requests and of the forge that they are at.

use super::{Items, Key};
use crate::ids::{TenantId, TicketId};
use crate::pull::PullId;

/// A tenant's GitHub.
pub(in crate::dynamodb) fn forge(tenant: &TenantId) -> Key {
    Items::of(tenant, "github", "github#").item("")
}

/// The pull requests of a tenant.
pub(in crate::dynamodb) fn remediations(tenant: &TenantId) -> Items {
    Items::of(tenant, "pull", "pull#")
}

/// A pull request.
pub(in crate::dynamodb) fn remediation(tenant: &TenantId, id: &PullId) -> Key {
    remediations(tenant).item(id.as_str())
}

/// The pull requests that take one back.
pub(in crate::dynamodb) fn reverts(tenant: &TenantId, of: &PullId) -> Items {
    Items::of(tenant, &format!("reverts#{of}"), "by#")
}

/// That one pull request takes another one back.
pub(in crate::dynamodb) fn revert(tenant: &TenantId, of: &PullId, by: &PullId) -> Key {
    reverts(tenant, of).item(by.as_str())
}

/// The tickets whose issue has, or had, a key. Keys have letters, digits, `_` and `-` only.
pub(in crate::dynamodb) fn keyed(tenant: &TenantId, key: &str) -> Items {
    Items::of(tenant, &format!("key#{}", crate::ids::fixed(&[key])), "ticket#")
}

/// That a ticket's issue has, or had, a key.
pub(in crate::dynamodb) fn keyed_ticket(tenant: &TenantId, key: &str, ticket: &TicketId) -> Key {
    keyed(tenant, key).item(ticket.as_str())
}
