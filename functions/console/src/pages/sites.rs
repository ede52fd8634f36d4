//! What connections are called: their sites' names, for pages that show only the connection's id otherwise.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::client::Client;
use crate::problem::Problem;

/// The connections, as far as they are named.
#[derive(Debug, Default)]
pub(super) struct Sites(BTreeMap<String, String>);

#[derive(Deserialize)]
struct Connection {
    id: String,
    site: String,
}

impl Sites {
    /// Reads the names of the connections.
    pub(super) async fn read(client: &Client) -> Result<Self, Problem> {
        let connections: Vec<Connection> = client.all("/v1/connections").await?;
        Ok(Self(connections.into_iter().map(|it| (it.id, it.site)).collect()))
    }

    /// Whether nothing is connected.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of a connection's site; its id if it is not there any more.
    pub(super) fn name<'a>(&'a self, connection: &'a str) -> &'a str {
        self.0.get(connection).map_or(connection, String::as_str)
    }

    /// What can be chosen from: each connection with its site, behind `first`.
    pub(super) fn choices(&self, first: &str) -> Vec<(String, String)> {
        let named = self.0.iter().map(|(id, site)| (id.clone(), format!("{site} ({id})")));
        [(String::new(), first.to_owned())].into_iter().chain(named).collect()
    }
}
