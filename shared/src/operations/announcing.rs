//! Announcing: what people should hear about is sent to the tenant's channels.
//!
//! Reads notifications that changed, and what each channel was told before; decides by [`crate::announcement`]; writes
//! announcements, how each channel does, and messages to Slack and other receivers. Nobody comes next.
//!
//! A notification becomes due in the write that changes it, and stays so until each of the tenant's channels has an
//! announcement that knows (`spreading`). An announcement is due until its channel took the message (`delivering`). So
//! nothing is lost wherever a function dies; what is repeated changes nothing, but for a message whose answer was lost, which
//! is sent again under the same id.

pub mod channels;
mod composing;
mod delivering;
mod spreading;

use jiff::Timestamp;

use super::session::JiraAccess;
use crate::Result;
use crate::clock::after;
use crate::slack::Outside;

/// How long one run may take, in seconds: other work of the same function waits for it.
const TAKES: i64 = 60;

/// Tells channels.
#[derive(Clone)]
pub struct Announcer {
    /// Table, time, secrets, and where Jira is, for links.
    pub jira: JiraAccess,
    /// Sends messages.
    pub outside: Outside,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Notifications that channels now know of.
    pub spread: usize,
    /// Messages that were taken.
    pub sent: usize,
    /// Messages that were not.
    pub failed: usize,
}

impl Announcer {
    /// Does all that is due, until `deadline`.
    pub async fn run(&self, deadline: Timestamp) -> Result<Tally> {
        let deadline = deadline.min(after(self.now(), TAKES));
        let mut tally = Tally::default();
        self.spread(deadline, &mut tally).await?;
        self.deliver(deadline, &mut tally).await?;
        Ok(tally)
    }

    fn now(&self) -> Timestamp {
        self.jira.core.clock.now()
    }
}
