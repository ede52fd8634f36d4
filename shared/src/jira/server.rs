//! The site itself, and what of it the account can see.

use serde::Deserialize;

use super::ask::Ask;
use super::client::Client;
use super::error::JiraError;
use crate::ids::ProjectId;
use crate::site::SiteDomain;

impl Client {
    /// The domain of the site that the client talks to, as the site itself tells it. One call.
    ///
    /// Source: [P getServerInfo].
    pub async fn site_domain(&self) -> Result<Option<SiteDomain>, JiraError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            base_url: String,
        }
        let answer = self.request(Ask::read("read the site's address", "/rest/api/3/serverInfo")).await?;
        let body: Body = answer.decode()?;
        let host = url::Url::parse(&body.base_url).ok().and_then(|url| url.host_str().map(ToOwned::to_owned));
        Ok(host.and_then(|host| SiteDomain::parse(&host).ok()))
    }

    /// Whether the account can certainly browse a project, so that an issue of it that is not found is really gone. When
    /// that cannot be found out, the answer is no.
    pub async fn sees_project(&self, project: &ProjectId) -> bool {
        let visible = self.browsable_projects(std::slice::from_ref(project), "BROWSE_PROJECTS").await;
        visible.is_ok_and(|visible| visible.contains(project))
    }

    /// The same for the project with this key.
    pub async fn sees_project_of_key(&self, key: &str) -> bool {
        match self.project(key).await {
            Ok(Some(project)) => self.sees_project(&project.id).await,
            Ok(None) | Err(_) => false,
        }
    }
}
