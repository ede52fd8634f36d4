//! A client of a simulator of its own, at noon of a fixed day.

use std::{collections::BTreeMap, time::Duration};

use github_sim::{APP_KEY, NewPull, Options, Running, Simulator, Token, app_jwt};
use jira_sim::ClockBase;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

pub const APP_ID: u64 = 123_456;
pub const INSTALLATION: u64 = 45_678_901;
pub const TOKEN: &str = "github_pat_one";

pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub json: Value,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn message(&self) -> &str {
        self.json["message"].as_str().unwrap_or_default()
    }
}

pub struct GitHub {
    pub running: Running,
    pub client: reqwest::Client,
}

impl GitHub {
    /// `acme/shop` is public and `acme/internal` is private; each has a pull request with the number 1.
    pub async fn demo() -> Self {
        let clock = ClockBase::Manual("2026-06-15T12:00:00Z".parse().unwrap());
        let running = Simulator::new(Options { clock, ..Options::default() }).start().await.unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent("assay-test")
            .timeout(Duration::from_secs(20))
            .no_proxy()
            .build()
            .unwrap();
        for (name, private) in [("acme/shop", false), ("acme/internal", true)] {
            running.simulator.create_repository(name, private);
            let new = NewPull::new("Fix SEC-1: update openssl", "fix/SEC-1").described("As told.");
            running.simulator.open_pull(name, &new).unwrap();
        }
        running.simulator.add_token(token(TOKEN, &[("pull_requests", "write")]));
        Self { running, client }
    }

    pub fn sim(&self) -> &Simulator {
        &self.running.simulator
    }

    pub fn request(&self, method: &str, path: &str, token: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method, format!("{}{path}", self.running.url()));
        if token.is_empty() { request } else { request.bearer_auth(token) }
    }

    pub async fn send(&self, request: RequestBuilder) -> Reply {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        Reply { status, headers, json: serde_json::from_str(&text).unwrap_or(Value::Null) }
    }

    pub async fn get(&self, path: &str, token: &str) -> Reply {
        self.send(self.request("GET", path, token)).await
    }

    pub async fn with_body(&self, method: &str, path: &str, token: &str, body: Value) -> Reply {
        self.send(self.request(method, path, token).json(&body)).await
    }

    /// The App's own token, as a client makes it.
    pub fn jwt(&self) -> String {
        let now = self.sim().now().as_second();
        app_jwt(APP_KEY, &json!(APP_ID), now - 60, now + 540).unwrap()
    }

    /// A token of the installation.
    pub async fn installation_token(&self, body: Value) -> Reply {
        let path = format!("/app/installations/{INSTALLATION}/access_tokens");
        self.with_body("POST", &path, &self.jwt(), body).await
    }
}

pub fn token(text: &str, permissions: &[(&str, &str)]) -> Token {
    let permissions: BTreeMap<String, String> =
        permissions.iter().map(|(name, level)| ((*name).to_owned(), (*level).to_owned())).collect();
    Token {
        token: text.to_owned(),
        login: "acme-bot".to_owned(),
        permissions,
        repositories: None,
        expires: None,
    }
}
