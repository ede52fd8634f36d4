//! Telling people outside: Slack's incoming webhooks, and signed webhooks of any kind.
//!
//! Where a message goes is a secret ([`Destination`]). What comes back is never trusted and never followed: only the status, a
//! wait that was asked for, and the first words of the answer, for whoever looks after the channel.

mod blocks;
mod signed;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::announcement::Message;
use crate::channel::Target;
use crate::config::Config;
use crate::http::public::check_address;
use crate::http::{Method, Request, Response, SendError, Sender, is_trustworthy};
use crate::random::Random;
use crate::secret::Secret;
use crate::ticket::content;
use crate::{Error, Result};

pub use blocks::blocks;
pub use signed::{Signing, payload};

/// How long sending a message may take.
///
/// Source: Standard Webhooks advises receivers to answer within 15 to 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How many characters of an answer are kept.
const MOST_SAID: usize = 200;

/// The longest address, in bytes.
const LONGEST_ADDRESS: usize = 2000;

/// Where messages may go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addresses {
    /// The base of Slack's incoming webhooks, without a slash at the end.
    slack: String,
}

impl Default for Addresses {
    /// The real one.
    fn default() -> Self {
        Self { slack: "https://hooks.slack.com".to_owned() }
    }
}

impl Addresses {
    /// Reads `ASSAY_SLACK_URL`. It has no default here: a test's function must not reach the real Slack because a setting
    /// was forgotten.
    ///
    /// # Errors
    /// When it is not set, or is neither https nor on this machine.
    pub fn from_config(config: &Config) -> Result<Self> {
        let name = "ASSAY_SLACK_URL";
        let slack = config.required(name)?.trim_end_matches('/').to_owned();
        if is_trustworthy(&slack) {
            return Ok(Self { slack });
        }
        let message = format!(
            "start: the environment variable {name} must be an https address (http only on this machine)"
        );
        Err(Error::internal(message))
    }

    /// Whether Slack is said to be on this machine. Only then may webhooks go to this machine, too.
    pub fn is_local(&self) -> bool {
        self.slack.starts_with("http://")
    }

    /// Checks an address that somebody entered, and gives its host.
    ///
    /// # Errors
    /// `Invalid` with what an address must be; it is not said again.
    pub fn check(&self, target: Target, address: &str) -> Result<String> {
        let refuse = |why: &str| Error::invalid("url", why);
        if address.len() > LONGEST_ADDRESS {
            return Err(refuse("url must have at most 2000 characters"));
        }
        let url = Url::parse(address)
            .map_err(|_| refuse("url must be a whole address, like `https://example.com/hook`"))?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(refuse("url must have no user name, no password and no fragment"));
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        match target {
            Target::Slack => {
                let base =
                    Url::parse(&self.slack).map_err(|_| refuse("the stack's Slack address is no address"))?;
                if url.origin() != base.origin() || url.path().len() < 2 {
                    let why = format!(
                        "url must be an incoming webhook of Slack, which begins with {}/",
                        self.slack
                    );
                    return Err(refuse(&why));
                }
            }
            Target::Webhook => {
                check_address(address, self.is_local()).map_err(|why| refuse(&format!("url {why}")))?;
            }
        }
        Ok(host)
    }
}

/// Where a channel's messages go: the JSON of its secret.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Destination {
    /// The address.
    pub url: Secret,
    /// What signs the messages; none for Slack, whose address is secret enough.
    #[serde(default)]
    pub signing: Option<Signing>,
}

impl Destination {
    /// A new destination, with a signing secret where one is needed.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(target: Target, url: Secret, random: &dyn Random) -> Result<Self> {
        let signing = match target {
            Target::Slack => None,
            Target::Webhook => Some(Signing::new(random)?),
        };
        Ok(Self { url, signing })
    }
}

/// What an answer means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The message was taken.
    Taken,
    /// It was not, and the channel as a whole is to be left alone for a while: at least so many seconds, if it said so.
    NotNow(Option<i64>),
    /// This message was not taken; others may be.
    Refused,
    /// It may have been taken.
    Unsure,
    /// No message will ever be taken, and what to do.
    Broken(&'static str),
}

/// What came back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The status; none where there was no answer.
    pub status: Option<u16>,
    /// The first words of the answer, or why there was none.
    pub said: String,
    /// What it means.
    pub verdict: Verdict,
}

impl Answer {
    /// The answer in a sentence.
    pub fn describe(&self) -> String {
        match self.status {
            Some(status) if self.said.is_empty() => format!("answered {status} and nothing else"),
            Some(status) => format!("answered {status}: {}", self.said),
            None => self.said.clone(),
        }
    }
}

/// Sends messages.
#[derive(Clone)]
pub struct Outside {
    sender: Arc<dyn Sender>,
    /// Where messages may go.
    pub addresses: Addresses,
}

impl Outside {
    /// Sends through `sender`, which must not reach private networks unless `addresses` are on this machine.
    pub fn new(sender: Arc<dyn Sender>, addresses: Addresses) -> Self {
        Self { sender, addresses }
    }

    /// What sends, for others who ask addresses that people entered.
    pub fn sender(&self) -> Arc<dyn Sender> {
        Arc::clone(&self.sender)
    }

    /// Sends a message once. `id` is the same whenever the message is the same; `now` is when it is sent.
    pub async fn send(
        &self,
        target: Target,
        destination: &Destination,
        id: &str,
        message: &Message,
        now: Timestamp,
    ) -> Answer {
        // Rules may be stricter than they were when it was entered.
        if let Err(error) = self.addresses.check(target, destination.url.expose()) {
            let mend = "enter another address";
            return Answer { status: None, said: error.to_string(), verdict: Verdict::Broken(mend) };
        }
        let (body, headers) = match (target, &destination.signing) {
            (Target::Slack, _) => (blocks(message), Vec::new()),
            (Target::Webhook, signing) => {
                let body = payload(message, id);
                let headers = signing.as_ref().map(|signing| signing.headers(id, &body, now));
                (body, headers.unwrap_or_default())
            }
        };
        let request = Request {
            method: Method::Post,
            url: destination.url.expose().to_owned(),
            authorization: None,
            headers,
            body: Some(body),
            timeout: TIMEOUT,
        };
        match self.sender.send(request).await {
            Ok(response) => judge(target, &response),
            Err(error) => unanswered(&error),
        }
    }
}

fn unanswered(error: &SendError) -> Answer {
    match error {
        SendError::NotSent { detail } => {
            let said = format!("could not be reached: {}", one_line(detail));
            Answer { status: None, said, verdict: Verdict::NotNow(None) }
        }
        SendError::InDoubt { status, detail } => {
            let said = format!("gave no whole answer: {}", one_line(detail));
            Answer { status: *status, said, verdict: Verdict::Unsure }
        }
        // The head of the answer came, and says what became of the message.
        SendError::TooLarge { status } => {
            let verdict = if (200..300).contains(status) { Verdict::Taken } else { Verdict::NotNow(None) };
            Answer { status: Some(*status), said: "an answer that is too long".to_owned(), verdict }
        }
    }
}

/// What an answer means.
///
/// Source: Slack, "Sending messages using incoming webhooks", errors: 404 `no_service`, `channel_not_found`; 410
/// `channel_is_archived`; 403 `action_prohibited`, `invalid_token`; 400 `invalid_payload`; 429 with `Retry-After`. Standard
/// Webhooks: success is 2xx, 410 says that no more is wanted, a redirect is a failure.
fn judge(target: Target, response: &Response) -> Answer {
    let said = one_line(&String::from_utf8_lossy(&response.body));
    let wait = response.header("retry-after").and_then(|wait| wait.trim().parse::<i64>().ok());
    let wait = wait.filter(|wait| *wait >= 0);
    let verdict = match (response.status, target) {
        (200..=299, _) => Verdict::Taken,
        (404 | 410, Target::Slack) => {
            Verdict::Broken("make a new incoming webhook in Slack and enter its address")
        }
        (403, Target::Slack) => Verdict::Broken(
            "let the Slack app post into the channel again, or enter another incoming webhook",
        ),
        (404 | 410, Target::Webhook) => {
            Verdict::Broken("bring the receiver back or enter another address, then send a test")
        }
        (401 | 403 | 408 | 429 | 300..=399 | 500..=599, _) => Verdict::NotNow(wait),
        _ => Verdict::Refused,
    };
    let said = if (300..400).contains(&response.status) {
        "a redirect, which is not followed; enter the address that it leads to".to_owned()
    } else {
        said
    };
    Answer { status: Some(response.status), said, verdict }
}

/// The first characters of what somebody else said, in one line.
fn one_line(text: &str) -> String {
    let beginning: String = text.chars().take(MOST_SAID).collect();
    content::one_line(&beginning, MOST_SAID)
}

#[cfg(test)]
#[path = "slack/slack_tests.rs"]
mod tests;
