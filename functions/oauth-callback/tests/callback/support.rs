//! The API and the callback over one world, and a browser.

use std::sync::Arc;

use assay::access::Role;
use assay::secrets::MemorySecrets;
use assay::sqs::{ChecksRequest, Queue, SyncRequest, UsageRequest};
use assay_api::Api;
use assay_api::command::{Command, carry_out};
use assay_test_support::http::{Answer, Ask};
use assay_test_support::world::{SITE, World};
use axum::Router;
use serde_json::{Value, json};
use url::Url;

/// What Atlassian's page is answered with.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// Whether access is approved.
    pub approve: bool,
    /// Who decides.
    pub account: &'a str,
    /// The sites that are covered; all if empty.
    pub sites: &'a [&'a str],
    /// The scopes that are granted; those that were asked for if none.
    pub scopes: Option<&'a str>,
}

/// Approval by the administrator for the demo site.
pub const APPROVE: Decision<'_> =
    Decision { approve: true, account: "acc-admin", sites: &[SITE], scopes: None };

/// A house with the OAuth app that the simulator knows.
pub struct House {
    /// What it stands on.
    pub world: World,
    /// The secrets.
    pub secrets: Arc<MemorySecrets>,
    api: Router,
    /// The callback.
    pub callback: Router,
    /// The administrator's token.
    pub admin: String,
}

/// A browser: what it holds of our cookies.
#[derive(Default)]
pub struct Browser {
    /// `name=value`, once it was set.
    pub cookie: Option<String>,
}

impl House {
    /// A house in which nothing is connected.
    pub async fn start() -> Self {
        let mut world = World::start().await;
        let secrets = Arc::new(MemorySecrets::default());
        world.access.secrets = Arc::clone(&secrets) as _;
        world.set_up_oauth_app().await;
        let api = assay_api::router(Api {
            forge: world.forge.clone(),
            core: world.access.core.clone(),
            connector: world.connector(),
            announcer: world.announcer(),
            checks: Arc::clone(&world.checks) as Arc<dyn Queue<ChecksRequest>>,
            sync: Arc::clone(&world.sync) as Arc<dyn Queue<SyncRequest>>,
            usage: Arc::clone(&world.usage) as Arc<dyn Queue<UsageRequest>>,
            backlogs: world.backlogs(),
        });
        let callback = assay_oauth_callback::router(world.connector());
        let command = json!({ "issue_token": { "tenant": "acme", "role": Role::Admin } });
        let command: Command = serde_json::from_value(command).unwrap();
        let admin = carry_out(&world.access.core, command).await.unwrap().token;
        Self { world, secrets, api, callback, admin }
    }

    /// Calls the API as an administrator.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let ask = Ask::new(method, path).token(Some(&self.admin));
        let ask = if body.is_null() { ask } else { ask.json(body) };
        ask.to(&self.api).await
    }

    /// Begins to connect the demo site: the connection's path, and the link to open.
    pub async fn begin(&self) -> (String, String) {
        let answer = self
            .call(
                "POST",
                "/v1/connections",
                &json!({
                    "method": "oauth",
                    "site": SITE,
                    "use_cases": ["ticketing", "incident_management"],
                    "change_management": { "projects": ["CHG"] },
                    "incidents": { "projects": ["INC"] },
                }),
            )
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let made = answer.json();
        assert_eq!(made["state"], "pending");
        let link = Url::parse(made["authorize_url"].as_str().unwrap()).unwrap();
        (format!("/v1/connections/{}", made["id"].as_str().unwrap()), path_of(&link))
    }

    /// Opens one of our addresses in a browser, which keeps the cookie that it gets.
    pub async fn open(&self, browser: &mut Browser, path: &str) -> Answer {
        let ask = Ask::new("GET", path);
        let ask = match &browser.cookie {
            Some(cookie) => ask.header("cookie", &format!("theme=dark; {cookie}; x")),
            None => ask,
        };
        let answer = ask.to(&self.callback).await;
        let set = answer.header("set-cookie").to_owned();
        if !set.is_empty() {
            let pair = set.split(';').next().unwrap().to_owned();
            browser.cookie = (!set.contains("Max-Age=0")).then_some(pair);
        }
        answer
    }

    /// Decides at Atlassian's page: the path of the callback that it sends the browser to.
    pub async fn decide(&self, location: &str, decision: Decision<'_>) -> String {
        let page = Url::parse(location).unwrap();
        assert_eq!(page.origin(), Url::parse(&self.world.jira.url()).unwrap().origin(), "{location}");
        let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
        if let Some(scopes) = decision.scopes {
            form.retain(|(name, _)| name != "scope");
            form.push(("scope".to_owned(), scopes.to_owned()));
        }
        let button = if decision.approve { "approve" } else { "deny" };
        form.push(("decision".to_owned(), button.to_owned()));
        form.push(("account".to_owned(), decision.account.to_owned()));
        form.extend(decision.sites.iter().map(|site| ("site".to_owned(), (*site).to_owned())));
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        path_of(&Url::parse(&self.world.submit(&body).await).unwrap())
    }

    /// The connection as the API shows it.
    pub async fn show(&self, path: &str) -> Value {
        self.call("GET", path, &Value::Null).await.json()
    }

    /// Connects in one browser from beginning to end: the connection's path, and the last page.
    pub async fn connect(&self, decision: Decision<'_>) -> (String, Answer) {
        let (path, link) = self.begin().await;
        let answer = self.follow(&link, decision).await;
        (path, answer)
    }

    /// Opens a start link in a new browser and goes on to the last page.
    pub async fn follow(&self, link: &str, decision: Decision<'_>) -> Answer {
        let mut browser = Browser::default();
        let departure = self.open(&mut browser, link).await;
        assert_eq!(departure.status, 303, "{}", departure.text());
        let back = self.decide(departure.header("location"), decision).await;
        self.open(&mut browser, &back).await
    }
}

fn path_of(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}
