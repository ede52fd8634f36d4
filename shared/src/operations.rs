//! What Assay does: the domain's decisions carried out through the adapters. Functions and tests call these.
//!
//! | module | reads | decides by | writes | comes next |
//! |---|---|---|---|---|
//! | [`connecting`] | what a person entered, Jira | `connection` | connection, secret | `checking` |
//! | [`session`] | connection, secret | — | refreshed secret | all that call Jira |
//! | [`checking`] | Jira, tasks | `check`, `task` | runs, tasks | `planning` |
//! | [`planning`] | tasks, settings, tickets | `plan` | planned tickets, sync requests | `tickets` |
//! | [`tickets`] | tickets, Jira | `ticket` | tickets, issues in Jira | — |
//! | [`settings`] | Jira | — | — | [`planning`] |
//! | [`choosing`] | Jira | — | points that were spent | [`settings`] |
//! | [`configuring`] | what a person entered, Jira | `mapping` | points that were spent | [`planning`] |
//! | [`quarantine`] | Jira | what stands against a setting | the setting, a notification | [`finishing`] |
//! | [`drifting`] | settings, Jira | what stands against a setting | settings, a notification | [`quarantine`] |
//! | [`retiring`] | a disabled setting, its tickets, Jira | `sync_setting` | — | [`finishing`] |
//! | [`finishing`] | a changed setting, its tickets | [`retiring`] | wishes of its tickets, sync requests | `tickets` |
//! | [`upkeep`] | what is due, Jira | `ticket` | sync requests, statuses | `tickets` |
//! | [`people`] | a list of people as CSV | `person` | people | `matching`, when accounts are settled |
//! | [`listening`] | connections, settings, Jira | `connection` | webhooks in Jira | `hearing` |
//! | [`ingesting`] | Jira's lists, histories and worklogs | `account`, `ingestion` | accounts, groups, products, days of activity | itself |
//! | [`reviewing`] | accounts, the directory, decisions, actions | `campaign` | campaigns, their items, approvals, signed records | [`acting`] |
//! | [`acting`] | actions, accounts, the directory, Jira | `action` | access in Jira, actions | — |
//! | [`announcing`] | notifications, channels | `announcement` | announcements, messages to Slack and others | — |
//! | [`auditing`] | — | — | entries of the audit log | — |
//! | [`ending`] | connections, secrets | `ending` | connections, notifications | [`announcing`] |
//! | [`hearing`] | deliveries of webhooks | — | what is due, sync requests | `checking`, `tickets`, [`pulls`] |
//! | [`forge`] | what a person entered, GitHub | — | how GitHub is reached, secrets | [`pulls`], `tickets` |
//! | [`pulls`] | what is heard of pull requests, GitHub | `pull` | pull requests, tickets, findings, sync requests | `tickets` |
//! | [`findings`] | reports of scanners, what people accept | `finding` | findings in their tasks, reports | [`planning`] |

pub mod acting;
pub mod announcing;
pub mod auditing;
pub mod checking;
pub mod choosing;
pub mod configuring;
pub mod connecting;
pub mod drifting;
pub mod ending;
pub mod findings;
pub mod finishing;
pub mod forge;
pub mod hearing;
pub mod ingesting;
pub mod listening;
pub mod milestone;
pub mod people;
pub mod planning;
pub mod pulls;
pub mod quarantine;
pub mod retiring;
pub mod reviewing;
pub mod session;
pub mod settings;
pub mod tickets;
pub mod upkeep;

use std::sync::Arc;

use crate::clock::Clock;
use crate::dynamodb::Store;
use crate::random::Random;

/// What every operation stands on.
#[derive(Clone)]
pub struct Core {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
}
