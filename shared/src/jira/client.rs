//! One connection's authorised client, and the one function through which every call to Jira goes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::addresses::Addresses;
use super::answer;
use super::ask::{Answer, Ask};
use super::error::{JiraError, Kind, LimitReason};
use super::http::{Request, Response, Sender, TIMEOUT};
use super::retry::{self, Repeat};
use crate::clock::{Clock, after, seconds_between};
use crate::connection;
use crate::ids::{AccountId, CloudId};
use crate::random::{Random, fraction};
use crate::secret::Secret;
use crate::site::SiteDomain;
use crate::trace::Call;

/// Less time than this is not worth beginning a call that reads in, in seconds.
const LEAST_TIME: i64 = 1;

/// The same for a call that changes something: one that is cut off would be in doubt.
const LEAST_TIME_FOR_CHANGES: i64 = 5;

/// How long everything pauses when Jira says that it must, but not for how long, in seconds.
const PAUSE: u32 = 60;

/// The longest pause that is believed, in seconds: points come back at the top of each hour.
///
/// Source: Atlassian, "Rate limiting".
pub(super) const LONGEST_PAUSE: u32 = 3600;

/// Waits. Injected, so that a test can look at the waits instead of waiting.
#[async_trait::async_trait]
pub trait Sleeper: Send + Sync {
    /// Waits for `duration`.
    async fn sleep(&self, duration: Duration);
}

/// Waits for real.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioSleeper;

#[async_trait::async_trait]
impl Sleeper for TokioSleeper {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// What a client must know of its connection.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The site.
    pub site: SiteDomain,
    /// The site's identifier.
    pub cloud_id: CloudId,
    /// How the connection proves who it is; decides where its calls go.
    pub method: connection::Method,
    /// The account that it acts as, once it was verified.
    pub account: Option<AccountId>,
}

/// As whom Jira answered.
///
/// Source: introduction of the specification: the header `X-AAccountId` holds the caller's account id. Where anonymous
/// access is allowed, Jira may answer credentials that do not work as an anonymous caller: with less, not with an
/// error.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Caller {
    /// Nothing said so yet, or the last answer that something could be concluded from did not.
    #[default]
    Unconfirmed,
    /// As the connection's account.
    Confirmed,
    /// As somebody else, at least once.
    Other,
}

/// What calls cost.
///
/// Source: Atlassian, "Rate limiting": 1 point a call, 1 more for each issue, project or attachment read, 2 for each
/// user, group, role or permission read; writes cost 1.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Meter {
    /// Calls made.
    pub calls: u64,
    /// Points spent, by our count.
    pub points: u64,
}

#[derive(Default)]
struct Book {
    meter: Meter,
    caller: Caller,
    named: BTreeSet<String>,
    unnamed: BTreeSet<String>,
    paused: Option<(LimitReason, Timestamp)>,
    credentials_refused: bool,
}

/// See the module.
pub struct Client {
    sender: Arc<dyn Sender>,
    pub(super) addresses: Addresses,
    pub(super) facts: Facts,
    base: String,
    authorization: Secret,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    sleeper: Arc<dyn Sleeper>,
    deadline: Option<Timestamp>,
    book: Mutex<Book>,
}

impl Client {
    /// A client that makes calls for the connection that `facts` describe, with `authorization` as
    /// [`super::Credentials::authorization`] made it.
    pub fn new(
        sender: Arc<dyn Sender>,
        addresses: Addresses,
        facts: Facts,
        authorization: Secret,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        sleeper: Arc<dyn Sleeper>,
    ) -> Self {
        let base = addresses.jira(facts.method, &facts.site, &facts.cloud_id);
        Self {
            sender,
            addresses,
            facts,
            base,
            authorization,
            clock,
            random,
            sleeper,
            deadline: None,
            book: Mutex::default(),
        }
    }

    /// Makes no call and waits for nothing past `deadline`, nor past an earlier one that it was given before.
    #[must_use]
    pub fn until(mut self, deadline: Timestamp) -> Self {
        self.deadline = Some(self.deadline.map_or(deadline, |before| before.min(deadline)));
        self
    }

    /// The site that the client talks to.
    pub fn site(&self) -> &SiteDomain {
        &self.facts.site
    }

    /// The site's identifier.
    pub fn cloud_id(&self) -> &CloudId {
        &self.facts.cloud_id
    }

    /// The account that the connection acts as, once it was verified.
    pub fn account(&self) -> Option<&AccountId> {
        self.facts.account.as_ref()
    }

    /// What the calls so far cost.
    pub fn meter(&self) -> Meter {
        self.book().meter
    }

    /// As whom Jira answered so far.
    pub fn caller(&self) -> Caller {
        self.book().caller
    }

    /// Until when Jira asked us to pause everything, if it did.
    pub fn paused_until(&self) -> Option<Timestamp> {
        self.book().paused.map(|(_, until)| until)
    }

    /// What Jira was shown and refused as credentials, if it did.
    pub fn refused_authorization(&self) -> Option<&Secret> {
        self.book().credentials_refused.then_some(&self.authorization)
    }

    /// What time it is.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Counts `points` beyond the one that each call costs.
    pub(super) fn spend(&self, points: usize) {
        self.book().meter.points += points as u64;
    }

    /// Compares the account that answered with the connection's.
    pub(super) fn note_caller(&self, account: &str) {
        let is_ours = self.facts.account.as_ref().map(|ours| ours.as_str() == account);
        let mut book = self.book();
        book.caller = match (is_ours, book.caller) {
            (Some(false), _) | (_, Caller::Other) => Caller::Other,
            (Some(true), _) => Caller::Confirmed,
            (None, before) => before,
        };
    }

    /// Forgets as whom Jira answered, so that what is read from now on stands by its own answers. Another account that
    /// answered once is not forgotten.
    pub(super) fn begin_reading(&self) {
        let mut book = self.book();
        if book.caller == Caller::Confirmed {
            book.caller = Caller::Unconfirmed;
        }
        book.named.clear();
        book.unnamed.clear();
    }

    /// Whether, since [`Self::begin_reading`], the same operation was answered once with the caller's name and once
    /// without: a site that leaves the header out leaves it out always, so one of the two callers was anonymous.
    pub(super) fn answers_disagree(&self) -> bool {
        let book = self.book();
        !book.named.is_disjoint(&book.unnamed)
    }

    /// Makes sure that Jira answers as the connection's account, with a call only if no answer said so yet. Whoever
    /// concludes from something's absence asks this first.
    pub async fn confirm_caller(&self) -> Result<(), JiraError> {
        if self.caller() == Caller::Unconfirmed {
            self.myself().await?;
        }
        if self.caller() == Caller::Confirmed {
            return Ok(());
        }
        let call = Call { method: "GET".to_owned(), path: "/rest/api/3/myself".to_owned(), status: None };
        let what = "confirm the account";
        Err(JiraError::new(Kind::Unauthorized, call, what, "did not answer as the connection's account"))
    }

    /// Makes a call.
    ///
    /// **The retry rule.** Only a call that reads is made again: after 5xx, 429 of a passing kind, no connection, no
    /// whole answer, or an answer that is no JSON; at most 4 attempts, waits as in [`retry`]. A call that changes
    /// something is made again only when Jira turned it away for a burst and named a short wait. A wait that does not
    /// fit before the deadline is not begun: the error goes back at once and says how long to wait. After a 429 that
    /// concerns everything, no call leaves this client until the pause is over.
    pub(super) async fn request(&self, ask: Ask) -> Result<Answer, JiraError> {
        let mut attempts = 0;
        loop {
            let error = match self.attempt(&ask).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            attempts += 1;
            let jitter = fraction(self.random.as_ref()).unwrap_or(0.5);
            let wait = retry::wait_after(&error, ask.repeat, attempts, jitter);
            let Some(wait) = wait.filter(|wait| self.fits(*wait, &ask)) else {
                if ask.elsewhere.is_none() {
                    self.note_failure(&error);
                }
                return Err(error);
            };
            tracing::debug!(path = ask.path, attempts, ?wait, "a call to Jira is made again");
            self.sleeper.sleep(wait).await;
        }
    }

    async fn attempt(&self, ask: &Ask) -> Result<Answer, JiraError> {
        let mut call = ask.call();
        if let Some((reason, seconds)) = self.pause_left() {
            let kind = Kind::Limited { reason, retry_after: Some(seconds) };
            let happened = format!("was not sent: Jira asked for a pause of {seconds} more seconds");
            return Err(JiraError::new(kind, call, ask.what, &happened));
        }
        if !self.has_time(ask) {
            return Err(JiraError::new(Kind::NotSent, call, ask.what, "was not sent: there is no time left"));
        }
        self.book().meter.calls += 1;
        self.spend(1);
        let request = Request {
            method: ask.method,
            url: ask.url(&self.base),
            authorization: Some(self.authorization.clone()),
            headers: Vec::new(),
            body: ask.body.clone(),
            timeout: self.timeout(ask),
        };
        let response = match self.sender.send(request).await {
            Ok(response) => response,
            Err(error) => return Err(JiraError::of_sending(&error, call, ask.what)),
        };
        call.status = Some(response.status);
        tracing::debug!(method = call.method, path = call.path, status = response.status, "called Jira");
        if ask.elsewhere.is_none() {
            self.note_answer(&response, ask);
        }
        let response = if ask.taken == Some(response.status) {
            response
        } else {
            answer::sort(response, &call, ask.what, self.now())?
        };
        let answer = Answer { headers: response.headers, body: response.body, call, what: ask.what };
        // A change may be answered with nothing; a page of somebody between us and Jira says nothing about it.
        let is_empty = ask.may_be_empty() && answer.body.trim_ascii().is_empty();
        if !answer.is_refusal() && !is_empty && !answer::is_json(&answer.body) {
            return Err(answer.malformed("$", "it is not JSON, or not all of it"));
        }
        Ok(answer)
    }

    /// An answer from which something could be concluded, and which does not say for whom it is, ends the trust: the
    /// credentials may have expired since the last one, and Jira answers an anonymous caller with less, not with an
    /// error. Some answers may lack the header for other reasons; asking `/myself` then costs one call.
    fn note_answer(&self, response: &Response, ask: &Ask) {
        let is_conclusive = (200..300).contains(&response.status) || response.status == 404;
        match response.header("x-aaccountid").filter(|account| !account.is_empty()) {
            Some(account) => {
                self.note_caller(account);
                if is_conclusive && ask.repeat == Repeat::Safe {
                    self.book().named.insert(operation(ask));
                }
            }
            None if is_conclusive => {
                let mut book = self.book();
                if book.caller == Caller::Confirmed {
                    book.caller = Caller::Unconfirmed;
                }
                if ask.repeat == Repeat::Safe {
                    book.unnamed.insert(operation(ask));
                }
            }
            None => {}
        }
    }

    fn note_failure(&self, error: &JiraError) {
        let now = self.now();
        let mut book = self.book();
        match error.kind {
            Kind::Unauthorized => book.credentials_refused = true,
            Kind::Limited { reason, retry_after } if reason.pauses_everything() => {
                let until = after(now, i64::from(retry_after.unwrap_or(PAUSE).min(LONGEST_PAUSE)));
                let longer = book.paused.is_none_or(|(_, before)| before < until);
                if longer {
                    book.paused = Some((reason, until));
                }
            }
            _ => {}
        }
    }

    fn pause_left(&self) -> Option<(LimitReason, u32)> {
        let (reason, until) = self.book().paused?;
        let left = u32::try_from(seconds_between(self.now(), until)).ok()?;
        (left > 0).then_some((reason, left))
    }

    /// How many seconds are left; none if there is no deadline.
    fn time_left(&self, ask: &Ask) -> Option<i64> {
        let deadline = match (self.deadline, ask.deadline) {
            (Some(one), Some(other)) => one.min(other),
            (one, other) => one.or(other)?,
        };
        Some(seconds_between(self.now(), deadline))
    }

    fn has_time(&self, ask: &Ask) -> bool {
        self.time_left(ask).is_none_or(|left| left >= least_time(ask))
    }

    fn fits(&self, wait: Duration, ask: &Ask) -> bool {
        let whole = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX);
        self.time_left(ask).is_none_or(|left| whole.saturating_add(least_time(ask)) < left)
    }

    fn timeout(&self, ask: &Ask) -> Duration {
        let left = self.time_left(ask).and_then(|left| u64::try_from(left).ok()).map(Duration::from_secs);
        left.map_or(TIMEOUT, |left| left.min(TIMEOUT))
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What distinguishes one operation that evidence is read by from another; things named in the path do not.
fn operation(ask: &Ask) -> String {
    ask.path.chars().filter(|character| !character.is_ascii_digit()).collect()
}

fn least_time(ask: &Ask) -> i64 {
    match ask.repeat {
        Repeat::Safe => LEAST_TIME,
        Repeat::Unsafe => LEAST_TIME_FOR_CHANGES,
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
