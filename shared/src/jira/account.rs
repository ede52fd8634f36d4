//! The account that the client acts as.

use serde::Deserialize;

use super::ask::Ask;
use super::client::Client;
use super::error::JiraError;
use crate::ids::AccountId;

/// The caller, as Jira knows it.
///
/// Source: specification of `getCurrentUser`; unlike many operations it is closed to anonymous callers, so it tells
/// good credentials from bad ones.
#[derive(Clone, Eq, PartialEq)]
pub struct Myself {
    /// Its identifier.
    pub id: AccountId,
    /// The time zone of its profile, for example `Europe/Berlin`.
    pub time_zone: Option<String>,
    /// Whether it is active.
    pub active: bool,
    /// Its e-mail address, if its profile shows it. Compared with what was entered; never logged or kept.
    pub email: Option<String>,
}

impl std::fmt::Debug for Myself {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Myself")
            .field("id", &self.id)
            .field("time_zone", &self.time_zone)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Who the caller is. One call.
    pub async fn myself(&self) -> Result<Myself, JiraError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            account_id: AccountId,
            time_zone: Option<String>,
            #[serde(default)]
            active: bool,
            email_address: Option<String>,
        }
        let answer = self.request(Ask::read("read the account", "/rest/api/3/myself")).await?;
        let body: Body = answer.decode()?;
        self.spend(2);
        self.note_caller(body.account_id.as_str());
        Ok(Myself {
            id: body.account_id,
            time_zone: body.time_zone.filter(|zone| !zone.is_empty()),
            active: body.active,
            email: body.email_address.filter(|email| !email.is_empty()),
        })
    }
}
