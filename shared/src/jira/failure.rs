//! What a failed call that changes one issue means for whoever made it.

use std::collections::BTreeMap;

use super::client::Client;
use super::error::{Effect, JiraError, Kind};
use crate::trace::Call;

/// When to try again what another change of the same issue stood in the way of, in seconds.
pub(super) const WAIT_FOR_OTHERS: i64 = 30;

/// What became of a change that failed.
pub(super) enum Failure {
    /// 409: another change came between; it certainly had no effect.
    Conflict(Call),
    /// It is not there any more, or hidden from the account.
    Gone(Call),
    /// Jira refused it; it certainly had no effect.
    Refused {
        /// Why, in Jira's words.
        reason: String,
        /// What Jira does not like, by field id.
        fields: BTreeMap<String, String>,
        /// What else it says.
        messages: Vec<String>,
        /// The call.
        call: Call,
    },
    /// It certainly had no effect, for a reason that passes or that lies with the connection.
    NotYet {
        /// Why.
        why: String,
        /// How many seconds to wait.
        wait: i64,
        /// The call; none if none was answered.
        call: Option<Call>,
    },
    /// Nobody knows whether it had its effect.
    InDoubt {
        /// Why.
        why: String,
        /// The call; none if none was answered.
        call: Option<Call>,
    },
}

impl Client {
    /// Sorts a change's failure. 404 is believed only when Jira answers as the connection's account, which may take
    /// another call.
    pub(super) async fn sort_failure(&self, error: JiraError) -> Failure {
        let (why, wait, call) = (error.to_string(), error.wait(), error.answered());
        if error.effect() == Effect::Unknown {
            return Failure::InDoubt { why, call };
        }
        match error.kind {
            Kind::NotFound => match self.confirm_caller().await {
                Ok(()) => Failure::Gone(error.call),
                Err(doubt) => Failure::NotYet { why: doubt.to_string(), wait: doubt.wait(), call },
            },
            Kind::Refused { status: 409, .. } => Failure::Conflict(error.call),
            Kind::Refused { fields, messages, .. } => {
                Failure::Refused { reason: why, fields, messages, call: error.call }
            }
            Kind::Forbidden => Failure::Refused {
                reason: why,
                fields: BTreeMap::new(),
                messages: Vec::new(),
                call: error.call,
            },
            _ => Failure::NotYet { why, wait, call },
        }
    }
}
