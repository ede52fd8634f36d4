//! One message: what a channel is told, before it is put into Slack's or anybody else's words.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Announcement;
use crate::ids::TenantId;
use crate::notification::{Kind, Subject};

/// How many things a message names one by one.
pub const MOST_LINES: usize = 10;

/// The longest text of one thing, in characters.
const LONGEST_LINE: usize = 300;

/// The longest text, in characters.
const LONGEST_TEXT: usize = 2000;

/// What a message says of its cause.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// That it began and lasts.
    Began,
    /// That it is over.
    Over,
    /// That it began and is over, before anybody could be told.
    Passed,
    /// Nothing; it is a test.
    Test,
}

impl What {
    /// The word in machine-readable messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Began => "began",
            Self::Over => "recovered",
            Self::Passed => "began_and_recovered",
            Self::Test => "test",
        }
    }
}

/// One thing that a message names.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Line {
    /// What it is called, for example an issue's key; empty where it has no name of its own.
    pub name: String,
    /// What the notification says.
    pub text: String,
    /// Where to look at it in Jira, where that is known.
    pub url: Option<String>,
    /// When it began.
    pub began_at: Timestamp,
    /// When it was over; none while it lasts.
    pub recovered_at: Option<Timestamp>,
}

/// One message.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Message {
    /// Whose it is.
    pub tenant: TenantId,
    /// What it says of its cause.
    pub what: What,
    /// The cause's kind; none in a test.
    pub kind: Option<Kind>,
    /// What the cause is about; none where it is about the tenant, or in a test.
    pub about: Option<Subject>,
    /// In a few words.
    pub title: String,
    /// How many things the cause stops, or stopped.
    pub count: u64,
    /// The first of them.
    pub lines: Vec<Line>,
    /// How often it began again since the message before.
    pub again: u64,
    /// When the first of the named things began.
    pub began_at: Timestamp,
}

impl Message {
    /// How many things are counted and not named.
    pub fn further(&self) -> u64 {
        self.count.saturating_sub(self.lines.len() as u64)
    }
}

impl Announcement {
    /// The message that says `what`: `count` things, of which `lines` are named.
    pub fn message(&self, what: What, count: u64, mut lines: Vec<Line>, now: Timestamp) -> Message {
        let longest = if count > 1 { LONGEST_LINE } else { LONGEST_TEXT };
        for line in &mut lines {
            line.text = shortened(&line.text, longest);
        }
        Message {
            tenant: self.tenant.clone(),
            what,
            kind: Some(self.kind),
            about: self.about.clone(),
            title: title(self.kind, what, count),
            count,
            began_at: lines.iter().map(|line| line.began_at).min().unwrap_or(now),
            lines,
            again: if what == What::Over { 0 } else { self.again },
        }
    }
}

/// What the test button sends.
pub fn test_message(tenant: &TenantId, channel: &str, now: Timestamp) -> Message {
    let text = format!("This is a test of the channel {channel:?}: notifications of Assay arrive here.");
    Message {
        tenant: tenant.clone(),
        what: What::Test,
        kind: None,
        about: None,
        title: "Test of Assay's notifications".to_owned(),
        count: 1,
        lines: vec![Line { name: String::new(), text, url: None, began_at: now, recovered_at: None }],
        again: 0,
        began_at: now,
    }
}

/// `text` with at most `longest` characters.
fn shortened(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest - 1).chain(['…']).collect()
}

fn title(kind: Kind, what: What, count: u64) -> String {
    let many = count > 1;
    let is_over = matches!(what, What::Over | What::Passed);
    let text = match (kind, is_over) {
        (Kind::SettingQuarantined, false) => "Jira takes no new tickets for a sync setting",
        (Kind::SettingQuarantined, true) => "Jira takes tickets for a sync setting again",
        (Kind::ConfigurationQuarantined, false) => "Jira takes no new tickets for a project configuration",
        (Kind::ConfigurationQuarantined, true) => "Jira takes tickets for a project configuration again",
        (Kind::TicketStuck, false) if many => return format!("{count} tickets are stuck"),
        (Kind::TicketStuck, false) => "A ticket is stuck",
        (Kind::TicketStuck, true) if many => return format!("{count} tickets are not stuck any more"),
        (Kind::TicketStuck, true) => "A ticket is not stuck any more",
        (Kind::DecisionNeeded, false) if many => return format!("{count} tickets need a decision"),
        (Kind::DecisionNeeded, false) => "A ticket needs a decision",
        (Kind::DecisionNeeded, true) if many => return format!("{count} tickets need no decision any more"),
        (Kind::DecisionNeeded, true) => "A ticket needs no decision any more",
        (Kind::ConnectionLost, false) => "A connection to Jira does not work any more",
        (Kind::ConnectionLost, true) => "A connection to Jira works again, or was ended",
        (Kind::CampaignDue, false) => "An access review is to be decided",
        (Kind::CampaignDue, true) => "An access review is closed or cancelled",
        (Kind::ApprovalNeeded, false) if many => {
            return format!("{count} changes of access wait for approval");
        }
        (Kind::ApprovalNeeded, false) => "A change of access waits for approval",
        (Kind::ApprovalNeeded, true) if many => {
            return format!("{count} changes of access wait for approval no longer");
        }
        (Kind::ApprovalNeeded, true) => "A change of access waits for approval no longer",
        (Kind::EndingSoon, false) => "A token, key or grant ends soon",
        (Kind::EndingSoon, true) => "A token, key or grant was renewed, or is not needed any more",
    };
    text.to_owned()
}
