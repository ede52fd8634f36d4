//! How much waits in the queues, and how much was given up.
//!
//! SQS counts approximately, and may be a minute behind. A queue belongs to the whole deployment and not to a tenant. How old its
//! oldest message is SQS tells `CloudWatch` alone.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use futures::future::join_all;

use crate::{Error, Result};

/// What is asked of a queue.
const ASKED: [QueueAttributeName; 3] = [
    QueueAttributeName::ApproximateNumberOfMessages,
    QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
];

/// About how many messages a queue holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Depth {
    /// They could be received now.
    pub waiting: u64,
    /// They were sent with a delay that has not passed.
    pub put_off: u64,
    /// They were received, and are worked on; or whoever received them died, and they wait for somebody else.
    pub taken: u64,
}

impl Depth {
    /// All of them.
    pub fn all(self) -> u64 {
        self.waiting + self.put_off + self.taken
    }
}

/// Tells how much a queue holds.
#[async_trait]
pub trait Gauge: Send + Sync {
    /// About how many messages there are.
    ///
    /// # Errors
    /// When the queue does not say.
    async fn depth(&self) -> Result<Depth>;
}

/// What work waits in a queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Work {
    /// Bringing tickets to where they are wanted.
    Sync,
    /// Evaluating checks, and planning tickets.
    Checks,
    /// Reading accounts and activity, access reviews, actions.
    Usage,
}

/// A queue, and the one in which what was tried in vain five times is parked.
#[derive(Clone)]
pub struct Backlog {
    /// What work it is.
    pub work: Work,
    /// Where it waits.
    pub queue: Arc<dyn Gauge>,
    /// Where it is parked.
    pub parked: Arc<dyn Gauge>,
}

impl fmt::Debug for Backlog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Backlog").field("work", &self.work).finish_non_exhaustive()
    }
}

/// What a backlog holds, as far as its queues said so in time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Level {
    /// What work it is.
    pub work: Work,
    /// What waits.
    pub queue: Option<Depth>,
    /// What is parked.
    pub parked: Option<Depth>,
}

/// Asks all queues at once, and each no longer than `within`. That one does not say is logged, and no error.
pub async fn levels(backlogs: &[Backlog], within: Duration) -> Vec<Level> {
    let level = |backlog: &Backlog| {
        let Backlog { work, queue, parked } = backlog.clone();
        async move {
            let (queue, parked) = tokio::join!(told(&*queue, within), told(&*parked, within));
            Level { work, queue, parked }
        }
    };
    join_all(backlogs.iter().map(level)).await
}

async fn told(gauge: &dyn Gauge, within: Duration) -> Option<Depth> {
    match tokio::time::timeout(within, gauge.depth()).await {
        Ok(Ok(depth)) => Some(depth),
        Ok(Err(error)) => {
            tracing::warn!(error = error.chain(), "a queue did not say how much waits in it");
            None
        }
        Err(_) => {
            tracing::warn!("a queue did not say in time how much waits in it");
            None
        }
    }
}

/// Asks a queue of Amazon SQS.
#[derive(Clone, Debug)]
pub struct SqsGauge {
    client: Client,
    url: String,
}

impl SqsGauge {
    /// For the queue at `url`.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }
}

#[async_trait]
impl Gauge for SqsGauge {
    /// One call; needs the right `sqs:GetQueueAttributes`.
    ///
    /// Source: Amazon SQS API, "`GetQueueAttributes`".
    async fn depth(&self) -> Result<Depth> {
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = request.set_attribute_names(Some(ASKED.to_vec())).send().await.map_err(|cause| {
            Error::unavailable(format!("could not ask the queue {} how much waits in it", self.url))
                .because(cause)
        })?;
        let attributes = answer.attributes.unwrap_or_default();
        let figure = |name: &QueueAttributeName| {
            attributes.get(name).and_then(|text| text.parse::<u64>().ok()).ok_or_else(|| {
                Error::internal(format!("the queue {} does not tell its {}", self.url, name.as_str()))
            })
        };
        let [waiting, put_off, taken] = ASKED.each_ref().map(figure);
        Ok(Depth { waiting: waiting?, put_off: put_off?, taken: taken? })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use async_trait::async_trait;
    use serde_json::{Value, json};

    use super::{Backlog, Depth, Gauge, Level, SqsGauge, Work, levels};
    use crate::aws::scripted::Scripted;
    use crate::{Error, Result};

    async fn gauge(answers: Vec<(u16, Value)>) -> (SqsGauge, Scripted) {
        let service = Scripted::new(answers).await;
        let client = aws_sdk_sqs::Client::new(&service.config);
        (SqsGauge::new(client, "http://127.0.0.1/queue"), service)
    }

    #[tokio::test]
    async fn a_queue_tells_how_many_messages_wait_are_put_off_and_are_worked_on() {
        let told = json!({ "Attributes": {
            "ApproximateNumberOfMessages": "12", "ApproximateNumberOfMessagesDelayed": "3",
            "ApproximateNumberOfMessagesNotVisible": "4",
        } });
        let (gauge, service) = gauge(vec![(200, told)]).await;
        let depth = gauge.depth().await.unwrap();
        assert_eq!(depth, Depth { waiting: 12, put_off: 3, taken: 4 });
        assert_eq!(depth.all(), 19);
        let [(operation, asked)] = &service.calls()[..] else { panic!("one call") };
        assert_eq!(operation, "GetQueueAttributes");
        assert_eq!(asked["AttributeNames"].as_array().unwrap().len(), 3);
    }

    #[tokio::test]
    async fn a_queue_that_refuses_or_says_something_else_is_an_error() {
        let denied = json!({ "__type": "AccessDeniedException", "message": "no" });
        let odd = json!({ "Attributes": { "ApproximateNumberOfMessages": "many" } });
        for answer in [(403, denied), (200, odd), (200, json!({}))] {
            let (gauge, _service) = gauge(vec![answer]).await;
            assert!(gauge.depth().await.is_err());
        }
    }

    /// Says so many, refuses, or says nothing.
    enum Fake {
        Holds(u64),
        Refuses,
        IsSilent,
    }

    #[async_trait]
    impl Gauge for Fake {
        async fn depth(&self) -> Result<Depth> {
            match self {
                Self::Holds(waiting) => Ok(Depth { waiting: *waiting, ..Depth::default() }),
                Self::Refuses => Err(Error::unavailable("not now")),
                Self::IsSilent => std::future::pending().await,
            }
        }
    }

    #[tokio::test]
    async fn what_a_queue_does_not_say_in_time_is_not_known_and_keeps_back_no_other() {
        let backlog =
            |work, queue, parked| Backlog { work, queue: Arc::new(queue), parked: Arc::new(parked) };
        let backlogs = [
            backlog(Work::Sync, Fake::Holds(7), Fake::IsSilent),
            backlog(Work::Checks, Fake::Refuses, Fake::Holds(1)),
        ];
        let holds = |waiting| Some(Depth { waiting, ..Depth::default() });
        assert_eq!(
            levels(&backlogs, Duration::from_millis(50)).await,
            [
                Level { work: Work::Sync, queue: holds(7), parked: None },
                Level { work: Work::Checks, queue: None, parked: holds(1) },
            ]
        );
    }
}
