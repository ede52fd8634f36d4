//! Notifications: what people should hear about, once for each cause.
//!
//! A cause is a kind and a subject. While it lasts there is one notification, however many things it stops; when it is
//! over, the same one says so; if it comes back, it begins anew.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::clock::after;
use crate::ids::{
    ActionId, CampaignId, ConnectionId, EndingId, NotificationId, SettingId, TenantId, TicketId, fixed,
};
use crate::sync_setting::SyncSetting;

/// How long channels are not told of what was just noted, in seconds: what ends and begins anew in the same moment is one
/// piece of news.
const SETTLES: i64 = 15;

/// What it is about, as a fixed word.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Jira takes no new ticket for a sync setting.
    SettingQuarantined,
    /// Jira takes no new ticket for a project configuration.
    ConfigurationQuarantined,
    /// A ticket cannot be brought to where it is wanted.
    TicketStuck,
    /// An issue is gone, and a person is to decide what becomes of its tasks.
    DecisionNeeded,
    /// A connection does not work any more.
    ConnectionLost,
    /// An access review campaign is to be decided soon, or is late.
    CampaignDue,
    /// Changes of access wait for a second person.
    ApprovalNeeded,
    /// A token, key, grant or webhook of a connection ends soon.
    EndingSoon,
}

impl Kind {
    /// The kind's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::SettingQuarantined => "setting_quarantined",
            Self::ConfigurationQuarantined => "configuration_quarantined",
            Self::TicketStuck => "ticket_stuck",
            Self::DecisionNeeded => "decision_needed",
            Self::ConnectionLost => "connection_lost",
            Self::CampaignDue => "campaign_due",
            Self::ApprovalNeeded => "approval_needed",
            Self::EndingSoon => "ending_soon",
        }
    }
}

/// The thing that it is about.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Subject {
    /// A sync setting.
    SyncSetting(SettingId),
    /// A project configuration.
    ProjectConfiguration(SettingId),
    /// A ticket.
    Ticket(TicketId),
    /// A connection.
    Connection(ConnectionId),
    /// An access review campaign.
    Campaign(CampaignId),
    /// An action.
    Action(ActionId),
    /// What ends: the connection's id, a `.`, and what of it ends.
    Ending(EndingId),
}

impl Subject {
    /// Its kind's word, and its id.
    pub fn words(&self) -> (&'static str, &str) {
        match self {
            Self::SyncSetting(id) => ("sync_setting", id.as_str()),
            Self::ProjectConfiguration(id) => ("project_configuration", id.as_str()),
            Self::Ticket(id) => ("ticket", id.as_str()),
            Self::Connection(id) => ("connection", id.as_str()),
            Self::Campaign(id) => ("campaign", id.as_str()),
            Self::Action(id) => ("action", id.as_str()),
            Self::Ending(id) => ("ending", id.as_str()),
        }
    }
}

/// The cause that a sync setting, or a project configuration, is quarantined.
pub fn of_quarantine(setting: &SyncSetting) -> (Kind, Subject) {
    match setting.configuration {
        None => (Kind::SettingQuarantined, Subject::SyncSetting(setting.id.clone())),
        Some(_) => (Kind::ConfigurationQuarantined, Subject::ProjectConfiguration(setting.id.clone())),
    }
}

/// One notification.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Notification {
    /// Whose it is.
    pub tenant: TenantId,
    /// Fixed by kind and subject, so that a cause has one.
    pub id: NotificationId,
    /// What it is about.
    pub kind: Kind,
    /// The thing that it is about.
    pub subject: Subject,
    /// What happened and what to do, in a sentence or two.
    pub text: String,
    /// When the cause began.
    pub began_at: Timestamp,
    /// When it was over; none while it lasts.
    pub recovered_at: Option<Timestamp>,
    /// How often it began.
    #[serde(default)]
    pub times: u64,
    /// When channels are to be told what changed; none when they know.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
    /// Grows by one with every write.
    pub version: u64,
}

/// The fixed id of the notification of a cause.
pub fn id(tenant: &TenantId, kind: Kind, subject: &Subject) -> Result<NotificationId> {
    let (what, which) = subject.words();
    NotificationId::parse(&format!("ntf-{}", fixed(&[tenant.as_str(), kind.word(), what, which])))
}

impl Notification {
    /// A cause begins.
    pub fn begin(
        tenant: &TenantId,
        kind: Kind,
        subject: Subject,
        text: String,
        now: Timestamp,
    ) -> Result<Self> {
        Ok(Self {
            tenant: tenant.clone(),
            id: id(tenant, kind, &subject)?,
            kind,
            subject,
            text,
            began_at: now,
            recovered_at: None,
            times: 1,
            due_at: Some(after(now, SETTLES)),
            version: 1,
        })
    }

    /// The cause begins again, as `begun` says it: this is what takes the place of the stored one.
    #[must_use]
    pub fn again(&self, begun: &Self) -> Self {
        Self { times: self.times + 1, version: self.version + 1, ..begun.clone() }
    }

    /// The cause is over: this is what takes the place of the stored one.
    #[must_use]
    pub fn over(&self, now: Timestamp) -> Self {
        let due_at = Some(after(now, SETTLES));
        Self { recovered_at: Some(now), due_at, version: self.version + 1, ..self.clone() }
    }
}
