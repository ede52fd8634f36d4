//! The console: web pages over the API.
//!
//! Reads the browser's session; asks [`assay_api`], in process and as the session's token, for everything that a page
//! shows, and sends it everything that a form says; writes nothing itself but sessions. So each rule of role, tenant,
//! limit and validation is the API's, and stands once.
//!
//! Reading order: [`frame`] (what each request is about, and what becomes of its problems) → [`pages`] → [`client`] →
//! [`form`]. How a page is added: one module in `pages`, one template, a line in [`pages::routes`], and one in
//! [`navigation::ENTRIES`] where it has a place there.

pub mod answer;
pub mod assets;
pub mod badge;
pub mod client;
pub mod command;
pub mod cookie;
pub mod download;
pub mod form;
pub mod frame;
pub mod headers;
pub mod meanwhile;
pub mod names;
pub mod navigation;
pub mod oidc;
pub mod origin;
pub mod outside;
pub mod pages;
pub mod plot;
pub mod problem;
pub mod session;
pub mod time;
pub mod upload;
pub mod words;

use std::sync::Arc;

use assay::jira::Sleeper;
use assay::operations::Core;
use assay::secrets::{SecretStore, single_sign_on_name};
use assay::single_sign_on::SingleSignOn;
use assay::slack::Outside;
use assay_api::Api;
use axum::Router;

use self::oidc::Service;

/// What the pages stand on.
#[derive(Clone)]
pub struct Console {
    /// Table, time, randomness: for sessions alone.
    pub core: Core,
    /// Our own address, without a slash at its end.
    pub public_url: String,
    /// What asks the sign-in services of tenants.
    outside: Outside,
    /// What proves to them who we are.
    secrets: Arc<dyn SecretStore>,
    api: Router,
    sleeper: Arc<dyn Sleeper>,
}

impl Console {
    /// The console over an API.
    pub fn new(api: Api) -> Self {
        Self {
            core: api.core.clone(),
            public_url: api.connector.public_url.clone(),
            outside: api.announcer.outside.clone(),
            secrets: Arc::clone(&api.connector.jira.secrets),
            sleeper: Arc::clone(&api.connector.jira.sleeper),
            api: assay_api::router(api),
        }
    }

    /// Asks a tenant's sign-in service what it is.
    async fn service<'a>(&self, setting: &'a SingleSignOn) -> assay::Result<Service<'a>> {
        let secret = if setting.has_secret {
            self.secrets.get(&single_sign_on_name(&setting.tenant)).await?
        } else {
            None
        };
        Service::discover(&self.outside, setting, secret, &self.public_url).await
    }

    /// Whether it is reached over HTTPS; else it is on this machine, and nowhere else.
    pub fn secure(&self) -> bool {
        !assay::http::is_plain_on_this_machine(&self.public_url)
    }
}

/// The console.
pub fn router(console: Console) -> Router {
    let framed = axum::middleware::from_fn_with_state(console.clone(), frame::frame);
    let headers = axum::middleware::from_fn_with_state(console.clone(), headers::harden);
    pages::routes()
        .fallback(problem::no_such_page)
        .method_not_allowed_fallback(problem::no_such_form)
        .layer(framed)
        .merge(assets::routes())
        .layer(axum::middleware::from_fn(answer::pack))
        .layer(headers)
        .with_state(console)
}
