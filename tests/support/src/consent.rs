//! Consent, given and taken back, and what the checks say then.

use assay::check::Outcome;
use assay::connection::Connection;
use assay::operations::connecting::{Begun, Proof};
use assay::secret::Secret;
use assay::sqs::{ChecksRequest, Queue};
use serde_json::json;

use crate::world::World;

impl World {
    /// Connects again through the consent page, as a person in a browser would.
    pub async fn reconnect_by_consent(&self, connection: &Connection) -> Connection {
        let begun = self.connector().reconnect(connection.clone(), Proof::Consent).await.expect("it begins");
        let Begun::Consent(_, link) = begun else { panic!("consent needs a link") };
        let link = link.split_once("link=").expect("a link").1.to_owned();
        let departure = self.connector().depart(&link).await.expect("the browser departs");
        let (code, state) = self.approve(&departure.location).await;
        let connector = self.connector();
        let arrived = connector.arrive(&state, Some(departure.cookie.expose()), Ok(&Secret::new(code))).await;
        arrived.expect("the browser arrives")
    }

    /// The account takes back its consent.
    pub async fn revoke(&self, account: &str) {
        self.control("/revoke", json!({ "account": account })).await;
    }

    /// Gives an API token an end that has passed.
    pub async fn expire_token(&self, account: &str, token: &str) {
        let body = json!({ "account": account, "token": token, "scopes": null, "expires": 1 });
        self.control("/tokens", body).await;
    }

    async fn control(&self, path: &str, body: serde_json::Value) {
        let client = reqwest::Client::builder().build().expect("a client");
        let url = format!("{}/__sim{path}", self.jira.url());
        let request = client.post(url).header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await.expect("the simulator answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    /// Evaluates all checks now, whether or not they are due; no ticket is worked on.
    pub async fn reevaluate(&self) {
        let tenant = self.tenant.clone();
        for connection in self.store().all_connections(&tenant).await.expect("connections") {
            let request = ChecksRequest::Connection { tenant: tenant.clone(), connection: connection.id };
            self.checks.send(&request, None).await.expect("sent");
        }
        self.checks.send(&ChecksRequest::Tenant { tenant }, None).await.expect("sent");
        self.evaluate().await;
    }

    /// The latest outcome of a check, of which there is one.
    pub async fn outcome(&self, check: &str) -> Outcome {
        self.result(check).await.outcome
    }

    /// The latest result of a check, of which there is one.
    pub async fn result(&self, check: &str) -> assay::check::CheckRun {
        let results = self.store().latest_results(&self.tenant).await.expect("results");
        let mut of_check = results.into_iter().filter(|run| run.check.as_str() == check);
        of_check.next().unwrap_or_else(|| panic!("{check} was never evaluated"))
    }
}
