//! The sites that lists of accounts and groups can be of.

use serde::Deserialize;

use super::super::connections::view::State;
use crate::client::Client;
use crate::problem::Problem;

/// A connected site.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::pages) struct Site {
    /// The connection.
    pub(in crate::pages) id: String,
    /// Its address.
    #[serde(rename = "site")]
    pub(in crate::pages) address: String,
    state: State,
}

impl Site {
    /// All sites of the tenant, those whose connection was ended behind the others.
    pub(in crate::pages) async fn all(client: &Client) -> Result<Vec<Self>, Problem> {
        let mut sites: Vec<Self> = client.all("/v1/connections").await?;
        sites.sort_by_key(Self::is_ended);
        Ok(sites)
    }

    /// Whether it was disconnected, so that what is known of it grows old.
    pub(in crate::pages) fn is_ended(&self) -> bool {
        self.state == State::Disconnected
    }

    /// What it is called where it is chosen.
    pub(in crate::pages) fn label(&self) -> String {
        format!("{} ({}{})", self.address, self.id, if self.is_ended() { ", disconnected" } else { "" })
    }
}
