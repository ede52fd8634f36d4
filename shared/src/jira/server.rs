//! The site itself.

use serde::Deserialize;

use super::ask::Ask;
use super::client::Client;
use super::error::JiraError;
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
}
