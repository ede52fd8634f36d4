//! The console over a world, and a browser in which somebody is signed in.

use std::sync::Arc;

use assay::operations::connecting::Connector;
use assay::sqs::{ChecksRequest, Queue, SyncRequest, UsageRequest};
use assay_api::Api;
use assay_console::Console;
use assay_test_support::http::{Answer, Ask};
use assay_test_support::world::{PUBLIC_URL, World};
use axum::Router;

/// The API over a world, as the functions `api` and `console` make it.
pub fn api(world: &World) -> Api {
    Api {
        forge: world.forge.clone(),
        core: world.access.core.clone(),
        connector: Connector { public_url: PUBLIC_URL.to_owned(), ..world.connector() },
        announcer: world.announcer(),
        checks: Arc::clone(&world.checks) as Arc<dyn Queue<ChecksRequest>>,
        sync: Arc::clone(&world.sync) as Arc<dyn Queue<SyncRequest>>,
        usage: Arc::clone(&world.usage) as Arc<dyn Queue<UsageRequest>>,
        backlogs: world.backlogs(),
    }
}

/// A browser that shows the console.
pub struct Browser {
    console: Router,
    /// What it sends as `Cookie`.
    cookie: String,
}

impl Browser {
    /// Signs in with an API token.
    pub async fn sign_in(world: &World, token: &str) -> Self {
        let console = assay_console::router(Console::new(api(world)));
        let ask = Ask::new("POST", "/sign-in").header("content-type", "application/x-www-form-urlencoded");
        let answer = ask.header("origin", PUBLIC_URL).bytes(format!("token={token}")).to(&console).await;
        assert_eq!(answer.status, 303, "signing in: {}", answer.text());
        let cookies = answer.headers.get_all("set-cookie").into_iter();
        let cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        let cookie = cookies.collect::<Vec<_>>().join("; ");
        Self { console, cookie }
    }

    /// Opens what must be there, packed with gzip or as it is.
    pub async fn open(&self, path: &str, packed: bool) -> Answer {
        let ask = Ask::new("GET", path).header("cookie", &self.cookie);
        let ask = if packed { ask.header("accept-encoding", "gzip") } else { ask };
        let answer = ask.to(&self.console).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer
    }
}

/// The addresses that a page links to, in its order.
pub fn links(html: &str) -> impl Iterator<Item = String> {
    let addresses = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    addresses.map(|address| address.replace("&#38;", "&"))
}

/// The address of the next page of a list, if there is one.
pub fn next(html: &str) -> Option<String> {
    let (before, _) = html.split_once("rel=\"next\"")?;
    let (_, tag) = before.rsplit_once('<')?;
    links(tag).next()
}
