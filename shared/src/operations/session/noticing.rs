//! Telling people that a connection does not work any more, and that it does again.

use super::JiraAccess;
use crate::Result;
use crate::connection::{Connection, State};
use crate::notification::{Kind, Notification, Subject};

impl JiraAccess {
    /// Notes what people should hear about after a connection was written that was in the state `before`. Asks the table
    /// only where the connection was lost, or is not any more. What fails is logged: the connection itself says how it is.
    pub(super) async fn notice(&self, before: State, connection: &Connection) {
        let noticed = match (before, connection.state) {
            (State::NeedsReauth, State::NeedsReauth) => return,
            (_, State::NeedsReauth) => self.notice_loss(connection).await,
            (State::NeedsReauth, _) => {
                let subject = Subject::Connection(connection.id.clone());
                let now = self.core.clock.now();
                self.core.store.recovered(&connection.tenant, Kind::ConnectionLost, &subject, now).await
            }
            _ => return,
        };
        if let Err(error) = noticed {
            let (tenant, id) = (&connection.tenant, &connection.id);
            tracing::error!(%tenant, connection = %id, error = error.chain(), "a notification could not be written");
        }
    }

    async fn notice_loss(&self, connection: &Connection) -> Result<()> {
        let why = connection.problems.first();
        let why = why.map_or_else(String::new, |problem| format!(": {}; {}", problem.what, problem.mend));
        let text = format!("connection {} to {} does not work any more{why}", connection.id, connection.site);
        let (subject, now) = (Subject::Connection(connection.id.clone()), self.core.clock.now());
        let begun = Notification::begin(&connection.tenant, Kind::ConnectionLost, subject, text, now)?;
        self.core.store.notify(&begun).await.map(drop)
    }
}
