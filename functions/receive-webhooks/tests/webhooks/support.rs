//! The API and the receiver over one world, and whoever delivers.

use std::sync::Arc;

use assay::access::Role;
use assay::connection::Connection;
use assay::ids::ConnectionId;
use assay::operations::hearing::Hearing;
use assay::sqs::{ChecksRequest, Queue, SyncRequest, UsageRequest};
use assay_api::Api;
use assay_api::command::{Command, carry_out};
use assay_test_support::http::{Answer, Ask};
use assay_test_support::world::World;
use axum::Router;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// A house with one connection by token.
pub struct House {
    /// What it stands on.
    pub world: World,
    /// The receiver.
    pub receiver: Router,
    api: Router,
}

impl House {
    /// A house whose connection was evaluated and is not due.
    pub async fn start() -> Self {
        let world = World::start().await;
        let house = Self::over(world);
        house.world.connect().await;
        house.rest().await;
        house
    }

    /// The functions over a world.
    pub fn over(world: World) -> Self {
        let hearing = Hearing {
            core: world.access.core.clone(),
            secrets: world.secrets(),
            sync: Arc::clone(&world.sync) as Arc<dyn Queue<SyncRequest>>,
            refreshed: Arc::default(),
        };
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
        Self { receiver: assay_receive_webhooks::router(hearing), api, world }
    }

    /// Evaluates all, so that the connection is not due for a while; then a minute passes.
    pub async fn rest(&self) {
        self.world.time.advance(1);
        self.world.tick().await;
        self.world.time.advance(60);
    }

    /// Calls the API as an administrator of the tenant.
    pub async fn call(&self, tenant: &str, method: &str, path: &str) -> Answer {
        let command = json!({ "issue_token": { "tenant": tenant, "role": Role::Admin } });
        let command: Command = serde_json::from_value(command).unwrap();
        let token = carry_out(&self.world.access.core, command).await.unwrap().token;
        Ask::new(method, path).token(Some(&token)).to(&self.api).await
    }

    /// Makes the webhook of a connection: its path, and its secret.
    pub async fn make_webhook(&self, connection: &str) -> (String, String) {
        let answer = self.call("acme", "POST", &format!("/v1/connections/{connection}/webhook")).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let made = answer.json();
        let path = made["url"].as_str().unwrap().strip_prefix("http://assay.localhost").unwrap().to_owned();
        (path, made["secret"].as_str().unwrap().to_owned())
    }

    /// The connection as it is stored.
    pub async fn connection(&self, id: &str) -> Connection {
        let id = ConnectionId::parse(id).unwrap();
        self.world.store().connection(&self.world.tenant, &id).await.unwrap().unwrap()
    }

    /// Whether the connection is due now.
    pub async fn is_due(&self, id: &str) -> bool {
        self.connection(id).await.due_at.is_some_and(|at| at <= self.world.time.now())
    }

    /// Sends to the receiver.
    pub async fn deliver(&self, ask: Ask) -> Answer {
        ask.to(&self.receiver).await
    }
}

/// A delivery as Jira makes it, without its signature.
pub fn delivery(path: &str, identifier: &str, body: &[u8]) -> Ask {
    Ask::new("POST", path)
        .header("content-type", "application/json")
        .header("x-atlassian-webhook-identifier", identifier)
        .bytes(body)
}

/// The body of a change of an issue, with spaces that JSON does not need: the signature is over the bytes.
pub fn body() -> Vec<u8> {
    b"{ \"webhookEvent\": \"jira:issue_updated\",\n  \"timestamp\": 1781524800000,\n  \"issue\": { \"id\": \"20001\", \"key\": \"CHG-1\" } }\r\n".to_vec()
}

fn mac(secret: &str, bytes: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(bytes);
    mac.finalize().into_bytes().to_vec()
}

/// The value of `X-Hub-Signature`.
pub fn signature(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", HEXLOWER.encode(&mac(secret, body)))
}

/// A token with this head and these claims, signed by HMAC-SHA256 whatever the head says.
pub fn jwt(secret: &str, head: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(head), part(claims));
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&mac(secret, signed.as_bytes())))
}
