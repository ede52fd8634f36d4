//! Project roles of a site, as they were read last.

use serde::Deserialize;

use crate::client::{Client, List, query};
use crate::problem::Problem;

/// The roles of how many projects times roles are read at once, as far as the API gives them.
const READ: &str = "200";

/// A role of a project.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ProjectRole {
    pub(super) project: String,
    pub(super) project_key: String,
    pub(super) role: String,
    pub(super) name: String,
}

impl ProjectRole {
    /// The first roles of a connection, by project. Of each role one finds its name here, since projects share their roles.
    pub(super) async fn first(client: &Client, connection: &str) -> Result<Vec<Self>, Problem> {
        let list = query("/v1/project-roles", &[("connection", Some(connection)), ("limit", Some(READ))]);
        Ok(client.get::<List<Self>>(&list).await?.items)
    }

    /// The roles of one project; none where it is not known.
    pub(super) async fn of_project(
        client: &Client,
        connection: &str,
        project: &str,
    ) -> Result<Vec<Self>, Problem> {
        let of = [("connection", Some(connection)), ("project", Some(project))];
        Ok(client.get::<List<Self>>(&query("/v1/project-roles", &of)).await?.items)
    }
}
