//! Who we are at GitHub, and what we can reach there.

use serde::Deserialize;

use super::client::{Ask, Client};
use super::error::GithubError;

/// How many repositories or accounts are named.
const NAMED: usize = 100;

/// What can be reached, as far as one call tells.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reach {
    /// Names.
    pub names: Vec<String>,
    /// Whether there are more.
    pub more: bool,
}

impl Client {
    /// Whose token it is.
    ///
    /// Source: docs.github.com, "Get the authenticated user".
    pub async fn login(&self) -> Result<String, GithubError> {
        #[derive(Deserialize)]
        struct User {
            login: String,
        }
        let ask = Ask::read("find out whose token it is", "/user".to_owned());
        self.request(ask).await.map(|user: User| user.login)
    }

    /// The app's name.
    ///
    /// Source: docs.github.com, "Get the authenticated app".
    pub async fn app_name(&self) -> Result<String, GithubError> {
        #[derive(Deserialize)]
        struct App {
            slug: Option<String>,
            name: String,
        }
        let ask = Ask::read("find out which app it is", "/app".to_owned());
        self.request(ask).await.map(|app: App| app.slug.unwrap_or(app.name))
    }

    /// Repositories that the token reaches.
    ///
    /// Source: docs.github.com, "List repositories for the authenticated user".
    pub async fn repositories(&self) -> Result<Reach, GithubError> {
        #[derive(Deserialize)]
        struct Repository {
            full_name: String,
        }
        let path = format!("/user/repos?per_page={NAMED}&sort=pushed");
        let ask = Ask::read("list the repositories that the token reaches", path);
        let found: Vec<Repository> = self.request(ask).await?;
        Ok(reach(found.into_iter().map(|it| it.full_name).collect()))
    }

    /// Accounts that installed the app.
    ///
    /// Source: docs.github.com, "List installations for the authenticated app".
    pub async fn installations(&self) -> Result<Reach, GithubError> {
        #[derive(Deserialize)]
        struct Installation {
            account: Option<Account>,
        }
        #[derive(Deserialize)]
        struct Account {
            login: Option<String>,
            slug: Option<String>,
        }
        let ask = Ask::read("list the app's installations", format!("/app/installations?per_page={NAMED}"));
        let found: Vec<Installation> = self.request(ask).await?;
        let name = |it: Installation| it.account.and_then(|account| account.login.or(account.slug));
        Ok(reach(found.into_iter().filter_map(name).collect()))
    }
}

fn reach(names: Vec<String>) -> Reach {
    let more = names.len() >= NAMED;
    Reach { names, more }
}
