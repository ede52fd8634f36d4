//! Announcements: what one channel is told of one cause, and what it was told before.
//!
//! A cause is what people have one thing to do about: all tickets of a sync setting that are stuck are one. Each of its
//! notifications is a member, which is on or off; beside it stands what the channel heard of it. The next message is the
//! difference, so it does not matter how often news comes, in which order, or how long nobody could be told:
//!
//! | members | the channel heard | within the quiet time | next |
//! |---|---|---|---|
//! | some are on | of each that it lasts | | nothing |
//! | some are on | not of all of them | no | it began: all that are on, as one message |
//! | | | yes | the same, when the quiet time is over |
//! | all are off | of some that it lasts | | it is over, if the rules want that said |
//! | all are off | nothing of some | no | it began and is over, as one message |
//! | | | yes | nothing; it is counted |
//!
//! A message is written down before it is sent. Where an answer was lost, the very same is sent again under the same
//! number; where the other side refused it, it is made anew of what is so by then.

mod member;
mod message;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::channel::Rules;
use crate::clock::{after, seconds_between};
use crate::ids::{AnnouncementId, ChannelId, NotificationId, TenantId, fixed};
use crate::notification::{Kind, Notification, Subject};

pub use member::{Heard, Member};
pub use message::{Line, MOST_LINES, Message, What, test_message};

/// How many members are known of one cause; further ones are not told of before some of these are over. So a record stays
/// far below the table's 400 KB.
pub const MOST_MEMBERS: usize = 2000;

/// How long news of many tickets or approvals is collected before it is told, in seconds.
const COLLECTS: i64 = 120;

/// How long a member that is over is known, in seconds: a day, so that the same news is not heard twice.
const KEPT_FOR: i64 = 24 * 3600;

/// How long one worker has for sending, in seconds.
pub const CLAIM: i64 = 120;

/// How long a message is tried, in seconds: a day.
pub const TRIED_FOR: i64 = 24 * 3600;

/// A message that is being sent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Sending {
    /// What it says.
    pub message: Message,
    /// Whether the other side may have it already: then it is sent again as it is.
    pub in_doubt: bool,
    /// How often it was refused.
    pub tries: u32,
}

/// See the module.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Announcement {
    /// Whose it is.
    pub tenant: TenantId,
    /// Fixed by channel and cause.
    pub id: AnnouncementId,
    /// Who is told.
    pub channel: ChannelId,
    /// The cause's kind.
    pub kind: Kind,
    /// What the cause is about; none where it is about the tenant.
    pub about: Option<Subject>,
    /// The cause's notifications.
    pub members: BTreeMap<NotificationId, Member>,
    /// How often something of it began again since the last message.
    pub again: u64,
    /// When the channel was last told that something began.
    pub told_at: Option<Timestamp>,
    /// Since when something waits to be told.
    pub waits_since: Option<Timestamp>,
    /// The number of the last message.
    pub number: u64,
    /// The message that is being sent.
    pub sending: Option<Sending>,
    /// When to look at it next; none when there is nothing to tell.
    pub due_at: Option<Timestamp>,
    /// Grows by one with every write.
    pub version: u64,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// Nothing.
    Rest,
    /// Nothing before this moment.
    At(Timestamp),
    /// What is over is not told.
    Forget,
    /// This is to be said.
    Say(What),
}

/// What a notification is told under: a cause's kind, and what the cause is about. `of` is the subject that many share.
pub fn cause(notification: &Notification, of: Option<Subject>) -> (Kind, Option<Subject>) {
    let about = match (notification.kind, &notification.subject) {
        (Kind::TicketStuck | Kind::DecisionNeeded, subject) => of.or_else(|| Some(subject.clone())),
        (Kind::ApprovalNeeded, Subject::Action(_)) => None,
        (_, subject) => Some(subject.clone()),
    };
    (notification.kind, about)
}

/// The fixed id of what a channel is told of a cause.
pub fn id(channel: &ChannelId, kind: Kind, about: Option<&Subject>) -> Result<AnnouncementId> {
    let (what, which) = about.map_or(("tenant", ""), Subject::words);
    AnnouncementId::parse(&format!("{channel}.{}", fixed(&[kind.word(), what, which])))
}

impl Announcement {
    /// Nothing was told yet.
    ///
    /// # Errors
    /// When the channel's id is too long for an identifier of its own.
    pub fn begin(
        tenant: TenantId,
        channel: ChannelId,
        (kind, about): (Kind, Option<Subject>),
    ) -> Result<Self> {
        Ok(Self {
            id: id(&channel, kind, about.as_ref())?,
            tenant,
            channel,
            kind,
            about,
            members: BTreeMap::new(),
            again: 0,
            told_at: None,
            waits_since: None,
            number: 0,
            sending: None,
            due_at: None,
            version: 0,
        })
    }

    /// Takes notifications in as they are now. What was taken in before changes nothing.
    pub fn hear(&mut self, news: &[Notification], now: Timestamp) {
        let mut changed = false;
        for notification in news {
            changed |= self.hear_one(notification, now);
        }
        // While a message is being sent, its own time stands: what is so by then decides what comes next.
        if changed && self.sending.is_none() {
            let wait = if self.collects() { COLLECTS } else { 0 };
            let at = after(now, wait);
            self.due_at = Some(self.due_at.map_or(at, |due_at| due_at.min(at)));
        }
    }

    fn hear_one(&mut self, news: &Notification, now: Timestamp) -> bool {
        if !self.members.contains_key(&news.id) && self.members.len() >= MOST_MEMBERS {
            self.prune(now, 0);
            if self.members.len() >= MOST_MEMBERS {
                tracing::warn!(announcement = %self.id, "a cause has more members than are told of");
                return false;
            }
        }
        let member = self.members.entry(news.id.clone()).or_insert_with(|| Member {
            version: 0,
            times: 0,
            on: false,
            at: now,
            heard: Heard::Nothing,
            saying: None,
        });
        if news.version <= member.version {
            return false;
        }
        if member.times > 0 {
            self.again += news.times.saturating_sub(member.times);
        }
        member.version = news.version;
        member.times = news.times;
        member.on = news.recovered_at.is_none();
        member.at = now;
        true
    }

    /// Whether many notifications are one cause, so that it is worth waiting for more.
    fn collects(&self) -> bool {
        match self.kind {
            Kind::TicketStuck | Kind::DecisionNeeded | Kind::ApprovalNeeded => true,
            Kind::SettingQuarantined
            | Kind::ConfigurationQuarantined
            | Kind::ConnectionLost
            | Kind::CampaignDue
            | Kind::EndingSoon => false,
        }
    }

    /// How many of its notifications last.
    pub fn lasting(&self) -> u64 {
        self.members.values().filter(|member| member.on).count() as u64
    }

    /// What is to be told next. See the module's table.
    pub fn next(&self, rules: &Rules, now: Timestamp) -> Next {
        let any = |is: fn(&Member) -> bool| self.members.values().any(is);
        let lasting = self.lasting();
        let quiet = i64::from(rules.quiet_minutes) * 60;
        let quiet_until = self.told_at.map(|at| after(at, quiet)).filter(|until| *until > now);
        let enough = |count: u64| count >= u64::from(rules.at_least);
        if lasting > 0 {
            let heard_of = any(|member| matches!(member.heard, Heard::Lasts(_)));
            if !any(Member::is_news) || !(heard_of || enough(lasting)) {
                return Next::Rest;
            }
            return quiet_until.map_or(Next::Say(What::Began), Next::At);
        }
        if any(Member::is_over_untold) {
            return if rules.recovered { Next::Say(What::Over) } else { Next::Forget };
        }
        let passed = self.members.values().filter(|member| member.has_passed()).count() as u64;
        if passed == 0 {
            return Next::Rest;
        }
        if quiet_until.is_none() && enough(passed) { Next::Say(What::Passed) } else { Next::Forget }
    }

    /// The notifications that a message is about, those that are news first.
    pub fn told_of(&self, what: What) -> Vec<&NotificationId> {
        let wanted = |member: &Member| match what {
            What::Began => member.on,
            What::Over => member.is_over_untold(),
            What::Passed => member.has_passed(),
            What::Test => false,
        };
        let mut told: Vec<_> = self.members.iter().filter(|(_, member)| wanted(member)).collect();
        told.sort_by_key(|(_, member)| !member.is_news());
        told.into_iter().map(|(id, _)| id).collect()
    }

    /// Nothing is to be told now; looked at again at `due_at`, if at all.
    pub fn rest(&mut self, due_at: Option<Timestamp>, now: Timestamp) {
        self.sending = None;
        self.waits_since = None;
        self.due_at = due_at;
        self.prune(now, KEPT_FOR);
    }

    /// What is over counts as told.
    pub fn forget(&mut self) {
        for member in self.members.values_mut().filter(|member| !member.on) {
            member.heard = Heard::Over(member.times);
        }
    }

    /// A worker is about to send `message`, and has until the claim ends.
    ///
    /// | being sent | then |
    /// |---|---|
    /// | nothing, or another message that was refused | a new number |
    /// | the same, refused | the same number |
    pub fn send(&mut self, message: Message, now: Timestamp) {
        let before = self.sending.take();
        let tries = before.as_ref().map_or(0, |sending| sending.tries);
        if before.is_none_or(|sending| sending.message != message) {
            self.number += 1;
        }
        for member in self.members.values_mut() {
            member.saying = Some(member.now());
        }
        self.sending = Some(Sending { message, in_doubt: true, tries });
        self.waits_since.get_or_insert(now);
        self.due_at = Some(after(now, CLAIM));
    }

    /// A worker is about to send a message again that may have arrived.
    pub fn send_again(&mut self, now: Timestamp) {
        self.due_at = Some(after(now, CLAIM));
    }

    /// The message was taken. What changed meanwhile is looked at next.
    pub fn taken(&mut self, now: Timestamp) {
        self.heard();
        let says = self.sending.take().map(|sending| sending.message.what);
        if matches!(says, Some(What::Began | What::Passed)) {
            self.told_at = Some(now);
            self.again = 0;
        }
        self.rest(Some(now), now);
    }

    /// The message certainly did not arrive.
    pub fn refused(&mut self, again_at: Timestamp) {
        for member in self.members.values_mut() {
            member.saying = None;
        }
        if let Some(sending) = &mut self.sending {
            sending.in_doubt = false;
            sending.tries = sending.tries.saturating_add(1);
        }
        self.due_at = Some(again_at);
    }

    /// The message may have arrived.
    pub fn unsure(&mut self, again_at: Timestamp) {
        if let Some(sending) = &mut self.sending {
            sending.tries = sending.tries.saturating_add(1);
        }
        self.due_at = Some(again_at);
    }

    /// Something has waited since `waits_since`, and is looked at again at `again_at`.
    pub fn wait(&mut self, again_at: Timestamp, now: Timestamp) {
        self.waits_since.get_or_insert(now);
        self.due_at = Some(again_at);
    }

    /// What waits is looked at at `now`, unless a worker may be sending it.
    pub fn hasten(&mut self, now: Timestamp) {
        if !self.sending.as_ref().is_some_and(|sending| sending.in_doubt) {
            self.due_at = self.due_at.map(|due_at| due_at.min(now));
        }
    }

    /// Whether the message has been tried for too long.
    pub fn is_too_old(&self, now: Timestamp) -> bool {
        self.waits_since.is_some_and(|since| seconds_between(since, now) >= TRIED_FOR)
    }

    /// Gives up telling what waits, as if it had been told.
    pub fn give_up(&mut self, now: Timestamp) {
        for member in self.members.values_mut() {
            member.saying = Some(member.now());
        }
        self.heard();
        self.again = 0;
        self.rest(None, now);
    }

    fn heard(&mut self) {
        for member in self.members.values_mut() {
            if let Some(said) = member.saying.take() {
                member.heard = said;
            }
        }
    }

    /// Forgets members that are over, known to be, and older than `seconds`.
    fn prune(&mut self, now: Timestamp, seconds: i64) {
        self.members.retain(|_, member| {
            member.on
                || member.saying.is_some()
                || member.heard != Heard::Over(member.times)
                || seconds_between(member.at, now) < seconds
        });
    }
}

#[cfg(test)]
#[path = "announcement_tests.rs"]
mod tests;
