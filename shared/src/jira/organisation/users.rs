//! What an organisation's administration tells of accounts: addresses, products, last activity, roles.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::Administration;
use crate::account::{OrganisationView, ProductAccess};
use crate::ids::AccountId;
use crate::jira::addresses::segment;
use crate::jira::answer;
use crate::jira::directory::email_of;
use crate::jira::error::JiraError;
use crate::jira::time;
use crate::secret::Secret;
use crate::trace::Call;

/// How many accounts a page holds, at most.
///
/// Source: Atlassian's document of the organisations API, `MultiDirectoryUserSearchRequest`.
const PAGE: u16 = 100;

/// Completes "could not …".
const WHAT: &str = "list the accounts of the organisation";

/// An account as an organisation's administration tells it.
#[derive(Clone, Eq, PartialEq)]
pub struct OrganisationUser {
    /// The account.
    pub id: AccountId,
    /// Its e-mail address in lower case, if it is told.
    pub email: Option<String>,
    /// What else is told.
    pub view: OrganisationView,
}

impl std::fmt::Debug for OrganisationUser {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // E-mail addresses are personal data, which no log may hold.
        formatter
            .debug_struct("OrganisationUser")
            .field("id", &self.id)
            .field("view", &self.view)
            .finish_non_exhaustive()
    }
}

/// A page of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OrganisationUsers {
    /// The accounts. Service accounts and apps are never among them.
    pub items: Vec<OrganisationUser>,
    /// Names the next page; none after the last.
    pub next: Option<String>,
}

/// Source: Atlassian's document of the organisations API, `MultiDirectoryUserSearchPage` and what belongs to it.
#[derive(Deserialize)]
struct Page {
    data: Vec<User>,
    #[serde(default)]
    links: Links,
}

/// Pages of version 2 name the next page by a cursor.
#[derive(Default, Deserialize)]
struct Links {
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    account_id: AccountId,
    email: Option<String>,
    claim_status: Option<String>,
    status: Option<String>,
    account_status: Option<String>,
    platform_roles: Option<Vec<String>>,
    product_access: Option<Vec<Product>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    id: String,
    key: String,
    #[serde(default, deserialize_with = "moment")]
    last_active_timestamp: Option<Timestamp>,
}

impl Administration {
    /// A page of the accounts in all directories of the organisation that `key` can manage, behind the page that named
    /// `cursor`. One call.
    ///
    /// Source: Atlassian's document of the organisations API, `searchDirectoryUsers`. Whether a cursor alone remembers
    /// what was asked for is not said there, so that it is asked for with each page.
    pub async fn users(
        &self,
        key: &Secret,
        organisation: &str,
        cursor: Option<&str>,
    ) -> Result<OrganisationUsers, JiraError> {
        let mut body = json!({ "limit": PAGE, "expand": ["platformRoles", "productAccess"] });
        if let Some(cursor) = cursor {
            body["cursor"] = json!(cursor);
        }
        let path = format!("/admin/v2/orgs/{}/directories/-/users/search", segment(organisation));
        let call = Call { method: "POST".to_owned(), path, status: None };
        let url = self.addresses.organisation_users(organisation);
        let (body, call) = self.send(key, call, WHAT, url, Some(body)).await?;
        let page: Page = answer::decode(&body, &call, WHAT)?;
        let next = page.links.next.filter(|next| !next.is_empty());
        if next.is_some() && next.as_deref() == cursor {
            return Err(JiraError::malformed(call, WHAT, "links.next", "it was given before"));
        }
        Ok(OrganisationUsers { items: page.data.into_iter().map(organisation_user).collect(), next })
    }
}

fn organisation_user(user: User) -> OrganisationUser {
    let mut roles = user.platform_roles.unwrap_or_default();
    roles.sort_unstable();
    roles.dedup();
    let mut products: Vec<ProductAccess> =
        user.product_access.unwrap_or_default().into_iter().map(product_access).collect();
    products.sort_unstable();
    let managed = match user.claim_status.as_deref() {
        Some("managed") => Some(true),
        Some("unmanaged") => Some(false),
        _ => None,
    };
    OrganisationUser {
        id: user.account_id,
        email: user.email.and_then(|email| email_of(&email)),
        view: OrganisationView { managed, status: user.status.or(user.account_status), roles, products },
    }
}

fn product_access(product: Product) -> ProductAccess {
    // `ari:cloud:jira-software::site/` and the site's cloud id.
    let resource = match product.id.split_once("::site/") {
        Some((_, site)) if !site.is_empty() => site.to_owned(),
        _ => product.id,
    };
    ProductAccess { product: product.key, resource, last_active: product.last_active_timestamp }
}

/// A moment; none if it is null or empty.
fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    let read = |text: String| time::parse(&text).ok_or_else(|| serde::de::Error::custom("not a moment"));
    text.map(read).transpose()
}

#[cfg(test)]
#[path = "users_tests.rs"]
mod tests;
