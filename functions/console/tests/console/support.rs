//! The console over a world, and browsers that look at it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use assay::access::Role;
use assay::operations::connecting::Connector;
use assay::sqs::{ChecksRequest, Queue, SyncRequest, UsageRequest};
use assay_api::Api;
use assay_api::command::{Command, carry_out};
use assay_console::{Console, command, router};
use assay_test_support::http::{Answer, Ask};
use assay_test_support::world::{PUBLIC_URL, World};
use axum::Router;
use serde_json::{Value, json};

/// The tenant that the world's things belong to.
pub const TENANT: &str = "acme";

/// All roles, the lowest first.
pub const ROLES: [Role; 4] = [Role::Auditor, Role::Reviewer, Role::Operator, Role::Admin];

/// What a name in Jira may hold that would be harmful if it became markup.
pub const PROBE: &str = "\"'><img src=x onerror=alert(1)><!--{{7*7}}";

/// A console, and the API that it stands on.
pub struct House {
    /// What both stand on.
    pub world: World,
    /// The console.
    pub router: Router,
    /// The API, for what a test brings about beside the console.
    pub api: Router,
    console: Console,
    /// Where browsers find the console.
    public_url: String,
}

impl House {
    /// A house in which nothing is connected.
    pub async fn start() -> Self {
        Self::over(World::start().await)
    }

    /// The console over a world.
    pub fn over(world: World) -> Self {
        Self::at(world, PUBLIC_URL)
    }

    /// The same at another address.
    pub fn at(world: World, public_url: &str) -> Self {
        let api = Api {
            forge: world.forge.clone(),
            core: world.access.core.clone(),
            connector: Connector { public_url: public_url.to_owned(), ..world.connector() },
            announcer: world.announcer(),
            checks: Arc::clone(&world.checks) as Arc<dyn Queue<ChecksRequest>>,
            sync: Arc::clone(&world.sync) as Arc<dyn Queue<SyncRequest>>,
            usage: Arc::clone(&world.usage) as Arc<dyn Queue<UsageRequest>>,
            backlogs: world.backlogs(),
        };
        let console = Console::new(api.clone());
        let (router, public_url) = (router(console.clone()), public_url.to_owned());
        Self { router, console, api: assay_api::router(api), world, public_url }
    }

    /// A house whose site is connected as `con-1` and whose checks were evaluated, so that there are tasks.
    pub async fn with_tasks() -> Self {
        let house = Self::start().await;
        house.world.connect().await;
        house.world.evaluate().await;
        house
    }

    /// The same, and a sync setting that makes each task an issue in `SEC`.
    pub async fn with_tickets() -> Self {
        let house = Self::start().await;
        let connection = house.world.connect().await;
        house.world.sync_all(&connection).await;
        house.world.settle(2).await;
        house
    }

    /// Saves a sync setting into `SEC` with further fields.
    pub async fn sync(&self, further: Value) {
        let mut body = json!({
            "scope": "all", "connection": "con-1", "project": "SEC", "issue_type": "10100", "mode": "individual",
        });
        body.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        self.call("POST", "/v1/sync-settings", &body).await;
    }

    /// Takes in so many findings of a scanner.
    pub async fn findings(&self, count: usize) {
        let finding = |number: usize| {
            json!({
                "fingerprint": format!("f-{number}"), "title": format!("Finding {number}"), "severity": "high",
                "asset": "shop/api",
            })
        };
        let findings: Vec<Value> = (0..count).map(finding).collect();
        self.call("POST", "/v1/findings", &json!({ "source": "scanner", "findings": findings })).await;
    }

    /// A new API token, as direct invocation makes it.
    pub async fn token(&self, tenant: &str, role: Role) -> String {
        let role = format!("{role:?}").to_lowercase();
        let command = json!({ "issue_token": { "tenant": tenant, "role": role, "name": "test" } });
        let command: Command = serde_json::from_value(command).unwrap();
        carry_out(&self.world.access.core, command).await.unwrap().token
    }

    /// The session of somebody who signs in with a token.
    pub async fn session(&self, token: &str) -> String {
        let browser = self.browser();
        assert_eq!(browser.submit("/sign-in", &[("token", token)]).await.status, 303);
        browser.session()
    }

    /// The address of a new sign-in link, as direct invocation makes it.
    pub async fn link(&self, tenant: &str, role: Role) -> String {
        let wish = json!({ "issue_link": { "tenant": tenant, "role": role } });
        let wish: command::Command = serde_json::from_value(wish).unwrap();
        command::carry_out(&self.console, wish).await.unwrap().url
    }

    /// Calls the API as an administrator of the tenant, for what a test needs to be there.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let token = self.token(TENANT, Role::Admin).await;
        let ask = Ask::new(method, path).token(Some(&token));
        let answer = if body.is_null() { ask } else { ask.json(body) }.to(&self.api).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.text());
        answer
    }

    /// A browser in which nobody is signed in.
    pub fn browser(&self) -> Browser<'_> {
        Browser { house: self, cookies: Mutex::default(), mark: Mutex::default() }
    }

    /// A browser in which somebody of this role is signed in, for [`TENANT`].
    pub async fn signed_in(&self, role: Role) -> Browser<'_> {
        self.signed_in_to(TENANT, role).await
    }

    /// The same for any tenant.
    pub async fn signed_in_to(&self, tenant: &str, role: Role) -> Browser<'_> {
        let browser = self.browser();
        let token = self.token(tenant, role).await;
        let answer = browser.submit("/sign-in", &[("token", &token)]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser
    }
}

/// A browser without JavaScript: it keeps cookies, and sends forms with the mark of the page that it saw last.
pub struct Browser<'a> {
    house: &'a House,
    /// The cookies, by name.
    pub cookies: Mutex<BTreeMap<String, String>>,
    /// The mark of the last page's forms.
    pub mark: Mutex<String>,
}

impl Browser<'_> {
    /// Opens a page; what it answers is looked at by every test.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Ask::new("GET", path)).await
    }

    /// Opens a page that must be there; gives its HTML.
    #[track_caller]
    pub fn page(&self, path: &str) -> impl Future<Output = String> {
        let place = std::panic::Location::caller();
        async move {
            let answer = self.get(path).await;
            assert_eq!(answer.status, 200, "{place}: {path}: {}", answer.text());
            answer.text()
        }
    }

    /// Asks for the new content of one element, as htmx does.
    pub async fn part(&self, path: &str, target: &'static str) -> Answer {
        let ask = Ask::new("GET", path).header("hx-request", "true").header("hx-target", target);
        self.send(ask.header("assay-session", &self.session())).await
    }

    /// The public half of its session, which htmx says as the page told it; empty where nobody is signed in.
    pub fn session(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.get("assay").and_then(|cookie| cookie.split('_').nth(1)).unwrap_or_default().to_owned()
    }

    /// Sends a form from a page of ours; `csrf` is added.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mark = self.mark.lock().unwrap().clone();
        let fields: Vec<_> = fields.iter().copied().chain([("csrf", mark.as_str())]).collect();
        self.submit_as(path, &fields, &self.house.public_url).await
    }

    /// Sends a form from a page of the given origin, with nothing added.
    pub async fn submit_as(&self, path: &str, fields: &[(&str, &str)], origin: &str) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let ask = Ask::new("POST", path).header("content-type", "application/x-www-form-urlencoded");
        self.send(ask.header("origin", origin).bytes(body)).await
    }

    /// Sends a form with a file from a page of ours; `csrf` is added.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Answer {
        let mark = self.mark.lock().unwrap().clone();
        let mut body = Vec::new();
        for (name, value) in fields.iter().copied().chain([("csrf", mark.as_str())]) {
            let part =
                format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(part.into_bytes());
        }
        body.extend(b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.sarif\"\r\n\r\n");
        body.extend(file);
        body.extend(b"\r\n--edge--\r\n");
        let ask = Ask::new("POST", path).header("content-type", "multipart/form-data; boundary=edge");
        self.send(ask.header("origin", PUBLIC_URL).bytes(body)).await
    }

    /// Opens the page that an answer leads to.
    pub async fn follow(&self, answer: &Answer) -> Answer {
        assert_eq!(answer.status, 303, "{}", answer.text());
        self.get(answer.header("location")).await
    }

    /// Sends any request with its cookies, and keeps those of the answer.
    pub async fn send(&self, ask: Ask) -> Answer {
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let ask = if cookies.is_empty() { ask } else { ask.header("cookie", &cookies.join("; ")) };
        let answer = ask.to(&self.house.router).await;
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if line.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(mark) = between(&answer.text(), "name=\"csrf\" value=\"", "\"") {
            mark.clone_into(&mut self.mark.lock().unwrap());
        }
        answer
    }
}

/// What stands between two texts, the first time.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(inside, _)| inside)
}

/// A page without what differs each time or with each build: nonce, marks, names of assets, the simulator's port, digests of
/// what it said.
pub fn settled(html: &str) -> String {
    let mut text = html.to_owned();
    let varying = [
        ("nonce=\"", "\""),
        ("name=\"csrf\" value=\"", "\""),
        ("=\"/assets/", "\""),
        ("http://127.0.0.1:", "/"),
        ("<dt>SHA-256</dt><dd><code>", "<"),
    ];
    for (before, after) in varying {
        let mut parts = text.split(before);
        let mut settled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            settled.push_str(before);
            settled.push('…');
            settled.push_str(&part[part.find(after).unwrap()..]);
        }
        text = settled;
    }
    text
}

/// Fails if anything of [`PROBE`] became markup.
#[track_caller]
pub fn assert_harmless(html: &str) {
    assert!(!html.contains("<img src=x"), "{html}");
    assert!(html.contains("&#60;img src=x onerror=alert(1)&#62;"), "the probe is not shown: {html}");
}

/// The content of `<main>`: what a page itself shows, without the frame around it.
#[track_caller]
pub fn main_of(html: &str) -> String {
    let main = between(html, "<main id=\"main\" tabindex=\"-1\">", "</main>");
    settled(main.unwrap_or_else(|| panic!("no main: {html}"))).trim().to_owned()
}
