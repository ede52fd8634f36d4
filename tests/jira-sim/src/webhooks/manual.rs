//! Webhooks that a test delivers itself: it takes what is due and says how the receiver answered.

use serde_json::{Value, json};

use super::{
    delivery::{address, headers},
    queue::{Outcome, Queued},
};
use crate::simulator::Simulator;

/// One webhook as Jira would send it now, for a test to hand to the receiver.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The registered address, at the origin of the setting `webhooks_target` if there is one.
    pub url: String,
    /// Names in lower case, with the signature.
    pub headers: Vec<(String, String)>,
    /// The body, byte by byte what the signature of an admin webhook is about.
    pub body: String,
    queued: Queued,
}

impl Delivery {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn to_json(&self) -> Value {
        let headers: serde_json::Map<String, Value> =
            self.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({ "url": self.url, "headers": headers, "body": self.body })
    }
}

/// Takes what is due: what is lost is not in it, duplicates are, and the order is the one that the settings ask for.
pub(crate) fn take(simulator: &Simulator) -> Vec<Delivery> {
    let now = simulator.now();
    simulator.with_world(|world| {
        let settings = world.settings.clone();
        let due = world.webhooks.take_due(now, &settings);
        let deliveries = due.into_iter().map(|queued| Delivery {
            url: address(&settings, &queued.hook).map_or_else(|_| queued.hook.url.clone(), String::from),
            headers: headers(&queued, now),
            body: queued.body.clone(),
            queued,
        });
        deliveries.collect()
    })
}

/// The receiver's answer: by its status the delivery is done with, lost, or comes again; `None` = no answer.
pub(crate) fn settle(simulator: &Simulator, delivery: Delivery, status: Option<u16>) {
    let outcome: Outcome = status.ok_or_else(|| "no answer".to_owned());
    let now = simulator.now();
    simulator.with_world(|world| world.webhooks.settle(delivery.queued, &outcome, now));
}

/// What is due for a script, which cannot say how the receiver answered: every delivery counts as taken with 200.
pub(crate) fn take_for_script(simulator: &Simulator) -> Value {
    let due = take(simulator);
    let shown: Vec<Value> = due.iter().map(Delivery::to_json).collect();
    for delivery in due {
        settle(simulator, delivery, Some(200));
    }
    json!({ "deliveries": shown })
}
