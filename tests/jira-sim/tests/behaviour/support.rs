//! A client of a simulator of its own.

use std::{cell::Cell, path::PathBuf, time::Duration};

use jiff::SignedDuration;
use jira_sim::{ClockBase, Options, Running, Seed, Simulator};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

pub const SITE: &str = "demo.atlassian.net";
pub const CLOUD_ID: &str = "11111111-2222-4333-8444-555555555555";
pub const TASK: &str = "10100";

/// What was answered.
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A simulator at noon of a fixed day, and somebody who calls it.
pub struct Jira {
    pub running: Running,
    pub client: reqwest::Client,
    wrong_on_purpose: Cell<bool>,
}

impl Drop for Jira {
    fn drop(&mut self) {
        if !self.wrong_on_purpose.get() && !std::thread::panicking() {
            assert_eq!(
                self.simulator().violations(),
                [],
                "calls and answers are as Atlassian documents them"
            );
        }
    }
}

impl Jira {
    pub async fn demo() -> Self {
        Self::with(Seed::default()).await
    }

    pub async fn with(seed: Seed) -> Self {
        let clock = ClockBase::Manual("2026-06-15T12:00:00Z".parse().unwrap());
        let openapi_dir = std::env::var_os("JIRA_OPENAPI_DIR").map(PathBuf::from);
        let running = Simulator::new(Options { seed, clock, openapi_dir }).start().await.unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(20))
            .no_proxy()
            .build()
            .unwrap();
        Self { running, client, wrong_on_purpose: Cell::new(false) }
    }

    pub fn simulator(&self) -> &Simulator {
        &self.running.simulator
    }

    /// For tests that call Jira wrongly to see how it refuses.
    pub fn calls_wrongly_on_purpose(&self) {
        self.wrong_on_purpose.set(true);
    }

    pub fn advance(&self, seconds: i64) {
        self.simulator().advance(SignedDuration::from_secs(seconds));
    }

    pub fn site(&self, path: &str) -> String {
        format!("{}/rest/api/3{path}", self.running.site_url(SITE))
    }

    pub fn gateway(&self, path: &str) -> String {
        format!("{}/ex/jira/{CLOUD_ID}/rest/api/3{path}", self.running.url())
    }

    pub async fn send(&self, request: RequestBuilder) -> Reply {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Reply { status, headers, text: answer.text().await.unwrap() }
    }

    /// A request of the site's administrator.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, self.site(path)).basic_auth("admin@example.com", Some("sim-admin-token"))
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(self.request("POST", path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(self.request("PUT", path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request("DELETE", path)).await
    }

    /// A request of an ordinary account (`acc-1` … `acc-9`).
    pub fn as_account(&self, number: u8, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let email = format!("account-{number}@example.com");
        self.client.request(method, self.site(path)).basic_auth(email, Some(format!("sim-token-{number}")))
    }

    /// Calls the control API and wants it to agree.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}/__sim{path}", self.running.url());
        let reply = self.send(self.client.request(method, url).json(&body)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }

    /// Edits a project as an administrator would in its settings.
    pub fn edit(&self, project: &str, edit: &str, body: Value) {
        self.simulator().edit_project(project, edit, &body).unwrap();
    }

    /// Creates a task and gives its key.
    pub async fn create(&self, project: &str, summary: &str) -> String {
        let reply = self.post("/issue", json!({ "fields": task(project, summary) })).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply.json()["key"].as_str().unwrap().to_owned()
    }

    /// Searches and gives the keys of the first page.
    pub async fn search(&self, jql: &str) -> Vec<String> {
        let reply =
            self.post("/search/jql", json!({ "jql": jql, "fields": ["key"], "maxResults": 1000 })).await;
        assert_eq!(reply.status, 200, "{jql}: {}", reply.text);
        keys(&reply.json())
    }
}

pub fn keys(page: &Value) -> Vec<String> {
    page["issues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["key"].as_str().unwrap_or_default().to_owned())
        .collect()
}

pub fn task(project: &str, summary: &str) -> Value {
    json!({ "project": { "key": project }, "issuetype": { "id": TASK }, "summary": summary })
}

pub fn document(text: &str) -> Value {
    let paragraph = json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] });
    json!({ "version": 1, "type": "doc", "content": [paragraph] })
}

/// Consents as the administrator and gives the token endpoint's answer.
pub async fn consent(jira: &Jira, scope: &str) -> Value {
    let redirect = "http://localhost:3000/callback";
    let form = [
        ("client_id", "sim-client"),
        ("scope", scope),
        ("redirect_uri", redirect),
        ("state", "a state"),
        ("response_type", "code"),
        ("audience", "api.atlassian.com"),
        ("decision", "approve"),
    ];
    let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = jira
        .client
        .post(format!("{}/authorize", jira.running.url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded);
    let back = jira.send(request).await;
    assert_eq!(back.status, 302, "{}", back.text);
    let location = url::Url::parse(back.header("location")).unwrap();
    let code = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let reply =
        token(jira, json!({ "grant_type": "authorization_code", "code": code, "redirect_uri": redirect }))
            .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()
}

/// Asks the token endpoint as the OAuth app.
pub async fn token(jira: &Jira, mut body: Value) -> Reply {
    body["client_id"] = json!("sim-client");
    body["client_secret"] = json!("sim-client-secret");
    jira.send(jira.client.post(format!("{}/oauth/token", jira.running.url())).json(&body)).await
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
