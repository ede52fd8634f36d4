//! The sites that lists of accounts and groups can be of.

use serde::Deserialize;

use crate::client::{Client, List, query};
use crate::problem::Problem;

/// A connected site.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::pages) struct Site {
    /// The connection.
    pub(in crate::pages) id: String,
    /// Its address.
    pub(in crate::pages) site: String,
}

/// How many pages of connections are read: a tenant has few.
const PAGES: usize = 10;

impl Site {
    /// All sites of the tenant.
    pub(in crate::pages) async fn all(client: &Client) -> Result<Vec<Self>, Problem> {
        let (mut sites, mut cursor) = (Vec::new(), None);
        for _ in 0..PAGES {
            let asked = query("/v1/connections", &[("limit", Some("200")), ("cursor", cursor.as_deref())]);
            let page: List<Self> = client.get(&asked).await?;
            sites.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        Ok(sites)
    }
}
