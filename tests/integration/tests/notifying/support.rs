//! Worlds with a channel, and causes that begin and end in them.

use assay::channel::{Channel, Rules, Target};
use assay::clock::after;
use assay::ids::{ChannelId, ConnectionId};
use assay::notification::{Kind, Notification, Subject};
use assay::operations::announcing::Tally;
use assay::operations::announcing::channels::Wish;
use assay::secret::Secret;
use assay_test_support::receiver::{Received, Receiver};
use assay_test_support::world::World;
use serde_json::Value;

/// A world, a receiver, and a channel to it.
pub struct Scene {
    pub world: World,
    pub receiver: Receiver,
    pub channel: Channel,
    /// What signs its messages.
    pub secret: Option<Secret>,
}

impl Scene {
    /// A scene with a channel of Slack.
    pub async fn slack() -> Self {
        Self::with(Target::Slack, Rules::default()).await
    }

    pub async fn with(target: Target, rules: Rules) -> Self {
        Self::over(World::start().await, target, rules).await
    }

    pub async fn over(mut world: World, target: Target, rules: Rules) -> Self {
        let receiver = Receiver::start().await;
        world.slack_url = receiver.url();
        let url = match target {
            Target::Slack => receiver.slack_url(),
            Target::Webhook => receiver.hook_url(),
        };
        let wish = Wish { name: "people".to_owned(), target, url: Secret::new(url), rules };
        let id = ChannelId::parse("chn-1").unwrap();
        let made = world.announcer().make_channel(&world.tenant, id, wish, "tok-1").await.unwrap();
        Self { world, receiver, channel: made.0, secret: made.1 }
    }

    /// One tick of the schedule.
    pub async fn tick(&self) -> Tally {
        let deadline = after(self.world.time.now(), 270);
        self.world.announcer().run(deadline).await.unwrap()
    }

    /// So many minutes with their ticks.
    pub async fn minutes(&self, minutes: usize) {
        for _ in 0..minutes {
            self.world.time.advance(60);
            self.tick().await;
        }
    }

    /// The channel as it is now.
    pub async fn now(&self) -> Channel {
        self.world.store().channel(&self.world.tenant, &self.channel.id).await.unwrap().unwrap()
    }

    /// How many causes wait.
    pub async fn waiting(&self) -> usize {
        self.world.announcer().waiting(&self.channel).await.unwrap()
    }

    fn connection(name: &str) -> Subject {
        Subject::Connection(ConnectionId::parse(name).unwrap())
    }

    /// A connection is lost.
    pub async fn lose(&self, name: &str) {
        let text = format!("connection {name} does not work any more");
        let (tenant, now) = (&self.world.tenant, self.world.time.now());
        let begun =
            Notification::begin(tenant, Kind::ConnectionLost, Self::connection(name), text, now).unwrap();
        self.world.store().notify(&begun).await.unwrap();
    }

    /// A connection works again.
    pub async fn mend(&self, name: &str) {
        let (tenant, now) = (&self.world.tenant, self.world.time.now());
        let subject = Self::connection(name);
        self.world.store().recovered(tenant, Kind::ConnectionLost, &subject, now).await.unwrap();
    }

    /// The titles that people at the other end saw.
    pub fn titles(&self) -> Vec<String> {
        self.receiver.taken().iter().map(title).collect()
    }
}

/// The title of a message.
pub fn title(received: &Received) -> String {
    let json = received.json();
    let slack = json["blocks"][0]["text"]["text"].as_str();
    slack.or_else(|| json["data"]["title"].as_str()).unwrap_or_default().to_owned()
}

/// The texts of a Slack message's sections.
pub fn sections(received: &Received) -> Vec<Value> {
    let blocks = received.json()["blocks"].as_array().cloned().unwrap_or_default();
    blocks.into_iter().filter(|block| block["type"] == "section").collect()
}

/// What Slack shows when a connection is lost, and when it works again.
pub const LOST: &str = "⚠️ A connection to Jira does not work any more";
pub const BACK: &str = "✅ A connection to Jira works again, or was ended";
