//! Consent, given and taken back, and what the checks say then.

use assay::check::Outcome;
use assay::connection::Connection;
use assay::ids::ConnectionId;
use assay::jira::OauthApp;
use assay::operations::connecting::{Begun, Proof, Wish};
use assay::secret::Secret;
use assay::sqs::{ChecksRequest, Queue};
use serde_json::json;

use crate::world::{CLOUD_ID, World, wish};

impl World {
    /// Saves the OAuth app that the simulator knows.
    pub async fn set_up_oauth_app(&self) {
        let app =
            OauthApp { client_id: "sim-client".to_owned(), client_secret: Secret::new("sim-client-secret") };
        self.access.store_oauth_app(&self.tenant, &app).await.expect("the app is stored");
    }

    /// Connects the demo site through the consent page, as a person in a browser would.
    pub async fn connect_by_consent(&self) -> Connection {
        self.connect_by_consent_for(wish()).await
    }

    /// The same for a wish of the test's own.
    pub async fn connect_by_consent_for(&self, wish: Wish) -> Connection {
        self.set_up_oauth_app().await;
        self.store().put_tenant_if_new(&self.tenant, self.time.now()).await.expect("the tenant");
        let id = ConnectionId::parse("con-oauth").expect("an id");
        let begun =
            self.connector().begin(&self.tenant, id, wish, Proof::Consent(None)).await.expect("it begins");
        Box::pin(self.follow(begun)).await
    }

    /// Approves on the simulator's consent page; returns the code and the state that come back.
    pub async fn approve(&self, location: &str) -> (String, String) {
        let consent = url::Url::parse(location).expect("the consent page's address");
        let mut form: Vec<(String, String)> =
            consent.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        form.push(("decision".to_owned(), "approve".to_owned()));
        form.push(("account".to_owned(), "acc-admin".to_owned()));
        form.push(("cloud_id".to_owned(), CLOUD_ID.to_owned()));
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let answer = client
            .post(format!("{}/authorize", self.jira.url()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .expect("the consent page answers");
        let target =
            answer.headers().get("location").and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
        let Some(target) = target else {
            panic!("no redirect: {} {}", answer.status(), answer.text().await.unwrap_or_default())
        };
        let back = url::Url::parse(&target).expect("the callback's address");
        let part =
            |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        (part("code").expect("a code"), part("state").expect("a state"))
    }

    /// Connects again through the consent page, as a person in a browser would.
    pub async fn reconnect_by_consent(&self, connection: &Connection) -> Connection {
        let connector = self.connector();
        let begun =
            Box::pin(connector.reconnect(connection.clone(), Proof::Consent(None))).await.expect("it begins");
        Box::pin(self.follow(begun)).await
    }

    /// Follows the link to the consent page and back, in one browser.
    async fn follow(&self, begun: Begun) -> Connection {
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
            let hastened = self.store().hasten_connection(&tenant, &connection.id, self.time.now()).await;
            hastened.expect("it is due now");
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
