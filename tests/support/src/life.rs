//! A life of two-way sync: people work in Assay and in Jira, settings change, and everything goes wrong that can. Then it
//! comes to rest, and both sides must agree.
//!
//! | module | holds |
//! |---|---|
//! | [`steps`] | what can happen |
//! | [`agreement`] | what must hold when all has come to rest |
//! | [`broken`] | guards that a test takes down, to show that they are needed |

pub mod agreement;
pub mod broken;
mod happen;
pub mod steps;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use assay::clock::after;
use assay::operations::hearing::{Hearing, Received};
use assay::operations::planning::Planner;
use assay::operations::tickets::Worker;
use assay::sqs::{ChecksRequest, Queue};
use assay::sync_setting::{ClosureRule, Disabled, GonePolicy, ReopenRule, Retirement, SyncSetting};
use jira_sim::{Delivery, Options, Seed};
use serde_json::{Value, json};

use self::broken::Guard;
use self::steps::Step;
use crate::world::{SITE, World};

/// The project that tickets go to at first.
pub const PROJECT: &str = "SEC";

/// The account of an ordinary person.
pub const PERSON: &str = "acc-1";

/// The account that Assay acts as.
pub const OURS: &str = "acc-admin";

/// One life.
pub struct Life {
    /// Where it is lived.
    pub world: World,
    /// The guard that is down, if one is.
    pub down: Option<Guard>,
    hearing: Hearing,
    /// Deliveries of webhooks that are on their way.
    on_the_way: Vec<Delivery>,
    /// Numbers what people write, so that no two texts are alike.
    texts: usize,
}

impl Life {
    /// A life with a connection by OAuth, its webhook, and a sync setting for all tasks.
    pub async fn begin(down: Option<Guard>) -> Self {
        let seed = Seed {
            change_tickets: 4,
            change_unassigned: 2,
            incidents: 0,
            incidents_overdue: 0,
            ..Seed::default()
        };
        let mut world = World::with(Options { seed, ..Options::default() }).await;
        world.jira.simulator.set(|settings| settings.webhook_delivery = jira_sim::WebhookDelivery::Manual);
        if let Some(guard) = down {
            guard.take_down(&mut world);
        }
        let connection = Box::pin(world.connect_by_consent()).await;
        world.sync_all(&connection).await;
        world.evaluate().await;
        world.jira.simulator.set(|settings| settings.index_lag_seconds = 60.0);
        let hearing = Hearing {
            core: world.access.core.clone(),
            secrets: world.secrets(),
            sync: Arc::clone(&world.sync) as Arc<dyn Queue<assay::sqs::SyncRequest>>,
            refreshed: Arc::new(Mutex::new(HashMap::new())),
        };
        Self { world, down, hearing, on_the_way: Vec::new(), texts: 0 }
    }

    /// Lives through steps, one after the other.
    pub async fn live(&mut self, steps: &[Step]) {
        for step in steps {
            self.happen(step).await;
        }
    }

    fn worker(&self) -> Worker {
        let mut worker = self.world.worker();
        if let Some(guard) = self.down {
            guard.blind(&mut worker);
        }
        worker
    }

    fn planner(&self) -> Planner {
        let sync = Arc::clone(&self.world.sync) as Arc<dyn Queue<assay::sqs::SyncRequest>>;
        Planner { core: self.world.access.core.clone(), sync }
    }

    /// Any operation by hand, as a person; refusals (an issue that is archived or gone, say) are part of life.
    fn by_hand(&self, method: &str, path: &str, body: &Value) {
        let act = json!({ "by": PERSON, "method": method, "path": path, "body": body, "site": SITE });
        // What Jira refuses to the person has not happened.
        let _ = self.world.jira.simulator.control("POST", "/act", &act);
    }

    /// The issues that carry a ticket's property, wherever they are now, those that are gone included.
    pub fn issues(&self) -> Vec<Value> {
        let all = self.world.jira.simulator.issues();
        let carries = |issue: &Value| issue["properties"]["assay.ticket"]["id"].is_string();
        all.into_iter().filter(|issue| issue["site"] == SITE && carries(issue)).collect()
    }

    async fn hear(&self, delivery: Delivery) {
        let received = Received {
            tenant: self.world.tenant.clone(),
            connection: None,
            authorization: delivery.header("authorization"),
            signature: delivery.header("x-hub-signature"),
            identifier: delivery.header("x-atlassian-webhook-identifier"),
            body: delivery.body.as_bytes(),
        };
        let heard = Box::pin(self.hearing.take(&received)).await;
        let status = if heard.is_ok() { 204 } else { 503 };
        self.world.jira.simulator.settle_delivery(delivery, Some(status));
    }

    async fn change_setting(&self, change: impl FnOnce(&mut SyncSetting)) {
        let mut setting = self.world.settings().await.remove(0);
        change(&mut setting);
        setting.updated_at = self.world.time.now();
        self.world.store().save_setting(&mut setting).await.expect("the setting is saved");
        let request = ChecksRequest::Plan { tenant: self.world.tenant.clone() };
        self.world.checks.send(&request, None).await.expect("sent");
        self.world.evaluate().await;
    }

    /// Everything works again and the setting is in force: lets all come to rest, and says what does not agree.
    pub async fn end(&mut self) -> Result<(), String> {
        let simulator = &self.world.jira.simulator;
        simulator.clear_faults();
        simulator.set(|settings| {
            settings.index_lag_seconds = 2.0;
            settings.flicker = 0;
        });
        // It may never have been there.
        let _ = simulator.edit_project(PROJECT, "fields/remove", &json!({ "id": "customfield_10077" }));
        // Whatever webhooks would still tell is lost: the comparison must find it.
        drop(simulator.due_deliveries());
        self.on_the_way.clear();
        let now = self.world.time.now();
        self.change_setting(|setting| {
            setting.enable(now);
            setting.closure_rule = ClosureRule::All;
            setting.reopen_rule = ReopenRule::Both;
            setting.gone_policy = GonePolicy::Recreate;
        })
        .await;
        for _ in 0..3 {
            // Longer than any pause that Jira asked for, and than the time between two whole comparisons.
            self.world.pass(3700).await;
            self.world
                .upkeep()
                .run(after(self.world.time.now(), 270))
                .await
                .map_err(|error| error.chain())?;
            self.world.reevaluate().await;
            self.world.come_to_rest(&self.worker(), Some(&self.world.upkeep())).await?;
        }
        let wrong = agreement::disagreements(self).await;
        if wrong.is_empty() { Ok(()) } else { Err(format!("{wrong:#?}\n{}", self.world.traces().await)) }
    }

    fn disabled(&self) -> Disabled {
        Disabled { tickets: Retirement::Keep, by: "tok-1".to_owned(), at: self.world.time.now() }
    }
}
