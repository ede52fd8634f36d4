//! The organisations that an organisation API key can manage, and what their administration tells of accounts.
//!
//! Source: Atlassian's document of the organisations API, `getOrgs`: `Authorization: Bearer`; pages of version 1 name the
//! next page by its URL.

mod standing;
mod users;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use super::addresses::{Addresses, query};
use super::answer;
use super::credentials::bearer;
use super::error::{JiraError, Kind};
use super::http::{Method, Request, Sender, TIMEOUT};
use crate::clock::{Clock, seconds_between};
use crate::secret::Secret;
use crate::trace::Call;

pub use standing::{DirectoryUser, Enablement, Membership};
pub use users::{OrganisationUser, OrganisationUsers};

/// Pages beyond this are not asked for: no key manages as many organisations.
const MOST_PAGES: usize = 20;

/// Where the list is, below the API gateway.
const PATH: &str = "/admin/v1/orgs";

/// Completes "could not …".
const WHAT: &str = "list the organisations of the API key";

/// An organisation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Managed {
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Atlassian's administration of organisations.
pub struct Administration {
    sender: Arc<dyn Sender>,
    addresses: Addresses,
    clock: Arc<dyn Clock>,
    deadline: Option<Timestamp>,
}

impl Administration {
    /// Uses `sender` to reach Atlassian at `addresses`; makes no call past `deadline`.
    pub fn new(
        sender: Arc<dyn Sender>,
        addresses: Addresses,
        clock: Arc<dyn Clock>,
        deadline: Option<Timestamp>,
    ) -> Self {
        Self { sender, addresses, clock, deadline }
    }

    /// The organisations that `key` can manage.
    pub async fn organisations(&self, key: &Secret) -> Result<Vec<Managed>, JiraError> {
        #[derive(Deserialize)]
        struct Page {
            #[serde(default)]
            data: Vec<Bean>,
            #[serde(default)]
            links: Links,
        }
        #[derive(Deserialize)]
        struct Bean {
            id: String,
            #[serde(default)]
            attributes: Attributes,
        }
        #[derive(Default, Deserialize)]
        struct Attributes {
            #[serde(default)]
            name: String,
        }
        #[derive(Default, Deserialize)]
        struct Links {
            next: Option<String>,
        }
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page: Page = self.page(key, cursor.as_deref()).await?;
            found.extend(
                page.data.into_iter().map(|bean| Managed { id: bean.id, name: bean.attributes.name }),
            );
            // Only the cursor is taken of the URL, so that the key is never sent to another address.
            cursor = page.links.next.as_deref().and_then(cursor_in);
            if cursor.is_none() {
                break;
            }
        }
        Ok(found)
    }

    async fn page<T: serde::de::DeserializeOwned>(
        &self,
        key: &Secret,
        cursor: Option<&str>,
    ) -> Result<T, JiraError> {
        let parameters: Vec<(&str, &str)> = cursor.iter().map(|cursor| ("cursor", *cursor)).collect();
        let url = format!("{}{}", self.addresses.organisations(), query(&parameters));
        let call = Call { method: "GET".to_owned(), path: PATH.to_owned(), status: None };
        let (body, call) = self.send(key, call, WHAT, url, None).await?;
        answer::decode(&body, &call, WHAT)
    }

    /// Makes one call, with the method of `call`: GET, POST or DELETE. Never made again here.
    async fn send(
        &self,
        key: &Secret,
        mut call: Call,
        what: &'static str,
        url: String,
        body: Option<serde_json::Value>,
    ) -> Result<(Vec<u8>, Call), JiraError> {
        let method = match call.method.as_str() {
            "POST" => Method::Post,
            "DELETE" => Method::Delete,
            _ => Method::Get,
        };
        let left = self.deadline.map(|deadline| seconds_between(self.clock.now(), deadline));
        if left.is_some_and(|left| left < 1) {
            return Err(JiraError::new(Kind::NotSent, call, what, "was not sent: there is no time left"));
        }
        let seconds = left.and_then(|left| u64::try_from(left).ok()).unwrap_or(u64::MAX);
        let request = Request {
            method,
            url,
            authorization: Some(bearer(key)),
            headers: Vec::new(),
            body,
            timeout: TIMEOUT.min(std::time::Duration::from_secs(seconds)),
        };
        let sent = self.sender.send(request).await;
        let response = sent.map_err(|error| JiraError::of_sending(&error, call.clone(), what))?;
        call.status = Some(response.status);
        let response = answer::sort(response, &call, what, self.clock.now())?;
        Ok((response.body, call))
    }
}

fn cursor_in(next: &str) -> Option<String> {
    let query = next.split_once('?')?.1;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "cursor")
        .map(|(_, cursor)| cursor.into_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::Addresses;
    use super::super::http::Sender;
    use super::super::scripted::{Stage, answer};
    use super::{Administration, Managed};
    use crate::clock::Clock;
    use crate::secret::Secret;

    #[tokio::test]
    async fn every_page_is_read_and_the_key_is_sent_to_atlassian_alone() {
        let page = |id: &str, next: Option<&str>| {
            answer(
                200,
                json!({
                    "data": [{ "id": id, "type": "orgs", "attributes": { "name": id }, "relationships": {}, "links": {} }],
                    "links": { "next": next },
                }),
            )
        };
        let stage = Stage::new(vec![
            page("one", Some("https://evil.example.com/admin/v1/orgs?cursor=c%201&x=1")),
            page("two", None),
        ]);
        let sender: Arc<dyn Sender> = Arc::clone(&stage.script) as _;
        let clock = Arc::clone(&stage.clock) as Arc<dyn Clock>;
        let administration = Administration::new(sender, Addresses::default(), clock, None);
        let found = administration.organisations(&Secret::new("k")).await.unwrap();
        let managed = |id: &str| Managed { id: id.to_owned(), name: id.to_owned() };
        assert_eq!(found, [managed("one"), managed("two")]);
        assert_eq!(stage.url(0), "https://api.atlassian.com/admin/v1/orgs");
        assert_eq!(stage.url(1), "https://api.atlassian.com/admin/v1/orgs?cursor=c%201");
        stage.done();
    }
}
