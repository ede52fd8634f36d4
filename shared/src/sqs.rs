//! Queues: what to do next, said in small messages.
//!
//! A message names a thing and says nothing else about it. Who receives it reads the table, so that a message may come
//! late, twice or never: sending it again is always right, and the scheduled functions do.

mod gauge;
mod queue;
mod recording;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ids::{ActionId, CampaignId, ConnectionId, TenantId, TicketId};
use crate::{Error, Result};

pub use gauge::{Backlog, Depth, Gauge, Level, SqsGauge, Work, levels};
pub use queue::SqsQueue;
pub use recording::RecordingQueue;

/// The longest delay that a queue takes, in seconds; a longer one is cut to it.
pub const LONGEST_DELAY: u32 = 900;

/// A message of a queue.
pub trait Message: Serialize + DeserializeOwned + Clone + Send + Sync {
    /// Whose work it is. The messages of one tenant are a group, so that a busy tenant does not delay the others.
    fn tenant(&self) -> &TenantId;
}

/// Asks `create-tickets` to bring a ticket to its wanted state.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SyncRequest {
    /// Whose ticket.
    pub tenant: TenantId,
    /// Which ticket.
    pub ticket: TicketId,
}

impl Message for SyncRequest {
    fn tenant(&self) -> &TenantId {
        &self.tenant
    }
}

/// Asks `evaluate-checks` to look at something now.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "about", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChecksRequest {
    /// The checks of one connection.
    Connection {
        /// Whose connection.
        tenant: TenantId,
        /// Which connection.
        connection: ConnectionId,
    },
    /// The checks about a tenant as a whole.
    Tenant {
        /// Which tenant.
        tenant: TenantId,
    },
    /// No check: only the plan of a tenant's tickets, because its settings changed.
    Plan {
        /// Which tenant.
        tenant: TenantId,
    },
    /// The rest of such a plan, for which there was no time: that of findings.
    PlanOn {
        /// Which tenant.
        tenant: TenantId,
        /// Where to go on in the list of its findings.
        cursor: String,
    },
}

impl Message for ChecksRequest {
    fn tenant(&self) -> &TenantId {
        match self {
            Self::Connection { tenant, .. }
            | Self::Tenant { tenant }
            | Self::Plan { tenant }
            | Self::PlanOn { tenant, .. } => tenant,
        }
    }
}

/// Asks `ingest-usage` to go on with something.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "about", rename_all = "snake_case", deny_unknown_fields)]
pub enum UsageRequest {
    /// The directory and the activity of one connection.
    Ingest {
        /// Whose connection.
        tenant: TenantId,
        /// Which connection.
        connection: ConnectionId,
    },
    /// A campaign.
    Campaign {
        /// Whose campaign.
        tenant: TenantId,
        /// Which campaign.
        campaign: CampaignId,
    },
    /// An action.
    Act {
        /// Whose action.
        tenant: TenantId,
        /// Which action.
        action: ActionId,
    },
}

impl Message for UsageRequest {
    fn tenant(&self) -> &TenantId {
        match self {
            Self::Ingest { tenant, .. } | Self::Campaign { tenant, .. } | Self::Act { tenant, .. } => tenant,
        }
    }
}

/// The message in the body of a queue's record.
///
/// # Errors
/// When the body is no such message; it never will be, so the record goes to the dead letters.
pub fn read<M: Message>(body: &str) -> Result<M> {
    serde_json::from_str(body).map_err(|cause| {
        Error::invalid("body", "the queue's message is not one that Assay sends").because(cause)
    })
}

/// Sends messages of one kind. Sending is safe to repeat.
#[async_trait]
pub trait Queue<M: Message>: Send + Sync {
    /// Sends a message, to be received after `delay` seconds, or at once.
    async fn send(&self, message: &M, delay: Option<u32>) -> Result<()>;

    /// Sends messages, to be received after `delay` seconds, or at once.
    ///
    /// # Errors
    /// When not all could be sent; it says how many could. All may be sent again.
    async fn send_all(&self, messages: &[M], delay: Option<u32>) -> Result<()>;
}

#[cfg(test)]
mod tests {
    use super::{ChecksRequest, Message, SyncRequest, read};
    use crate::ids::{ConnectionId, TenantId, TicketId};

    #[test]
    fn messages_are_read_back_as_they_were_sent() {
        let tenant = TenantId::parse("acme").unwrap();
        let sync = SyncRequest { tenant: tenant.clone(), ticket: TicketId::parse("tkt-1").unwrap() };
        let body = serde_json::to_string(&sync).unwrap();
        assert_eq!(body, r#"{"tenant":"acme","ticket":"tkt-1"}"#);
        assert_eq!(read::<SyncRequest>(&body).unwrap(), sync);
        let connection = ConnectionId::parse("con-1").unwrap();
        for (request, body) in [
            (
                ChecksRequest::Connection { tenant: tenant.clone(), connection },
                r#"{"about":"connection","tenant":"acme","connection":"con-1"}"#,
            ),
            (ChecksRequest::Tenant { tenant: tenant.clone() }, r#"{"about":"tenant","tenant":"acme"}"#),
            (ChecksRequest::Plan { tenant: tenant.clone() }, r#"{"about":"plan","tenant":"acme"}"#),
            (
                ChecksRequest::PlanOn { tenant: tenant.clone(), cursor: "c".to_owned() },
                r#"{"about":"plan_on","tenant":"acme","cursor":"c"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&request).unwrap(), body);
            assert_eq!(read::<ChecksRequest>(body).unwrap(), request);
            assert_eq!(request.tenant(), &tenant);
        }
    }

    #[test]
    fn a_body_that_is_no_message_or_says_too_much_is_refused() {
        for body in [
            "",
            "{}",
            "null",
            r#"{"tenant":"acme","ticket":"a#b"}"#,
            r#"{"tenant":"acme","ticket":"t","x":1}"#,
        ] {
            assert!(!read::<SyncRequest>(body).unwrap_err().retryable(), "{body}");
        }
        for body in [r#"{"about":"everything","tenant":"acme"}"#, r#"{"about":"plan","tenant":"acme","x":1}"#]
        {
            assert!(read::<ChecksRequest>(body).is_err(), "{body}");
        }
    }
}
