//! Deliveries from Jira: whether they are Jira's, and what they are about. Pure; no call is made. Registering webhooks is
//! in [`registration`].
//!
//! A delivery is a hint, not the truth: the token of a dynamic webhook does not sign the body, deliveries come more
//! than once and in any order. Whoever acts on one reads the issue first.

pub mod registration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::Deserialize;
use sha2::Sha256;

use super::time;
use crate::clock::seconds_between;
use crate::ids::{AccountId, CloudId, IssueId};
use crate::secret::Secret;
use crate::{Error, Result, error};

/// The longest token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 8192;

/// How far Jira's clock and ours may differ, in seconds.
const CLOCKS_DIFFER: i64 = 60;

/// What a token of a dynamic webhook says.
///
/// Source: signed with the app's client secret (Atlassian, "Webhooks"); the claims are not documented.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claims {
    /// Who issued it, if it says so.
    pub issuer: Option<String>,
    /// For which site, if it says so.
    pub cloud_id: Option<CloudId>,
    /// Until when it is valid.
    pub expires_at: Timestamp,
}

/// Whether `header`, the value of `X-Hub-Signature`, is `body` signed with `secret`: for webhooks that an administrator
/// made.
///
/// Source: Atlassian, "Webhooks": `method=signature`; other methods may come, so one that is not known is refused.
pub fn verify_hmac(secret: &Secret, header: Option<&str>, body: &[u8]) -> Result<()> {
    let refuse = |what: &str| Err(refusal(what));
    if secret.is_empty() {
        return refuse("no secret is set for this webhook");
    }
    let Some((method, signature)) = header.and_then(|header| header.trim().split_once('=')) else {
        return refuse("the signature is missing");
    };
    if method != "sha256" {
        return refuse("the signature's method is not sha256");
    }
    let Ok(signature) = data_encoding::HEXLOWER_PERMISSIVE.decode(signature.as_bytes()) else {
        return refuse("the signature is not hexadecimal");
    };
    if is_signed(secret, body, &signature) { Ok(()) } else { refuse("the signature is wrong") }
}

/// The claims of the token in `header`, the value of `Authorization`, if the app's client secret signed it and it has
/// not expired: for webhooks that an OAuth app registered.
///
/// The algorithm is HS256 whatever the token says it is; a token that says another one is refused.
pub fn verify_jwt(header: Option<&str>, client_secret: &Secret, now: Timestamp) -> Result<Claims> {
    let token = header.and_then(token_in).ok_or_else(|| refusal("the token is missing"))?;
    if token.len() > LONGEST_TOKEN {
        return Err(refusal("the token is too long"));
    }
    let malformed = || refusal("the token is malformed");
    let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
    let (head, claims) = signed.split_once('.').ok_or_else(malformed)?;
    let signature = base64(signature).ok_or_else(malformed)?;
    if client_secret.is_empty() || !is_signed(client_secret, signed.as_bytes(), &signature) {
        return Err(refusal("the token's signature is wrong"));
    }
    let head: Head = json(head).ok_or_else(malformed)?;
    if head.alg != "HS256" {
        return Err(refusal("the token's algorithm is not HS256"));
    }
    let body: Body = json(claims).ok_or_else(malformed)?;
    let expires_at = Timestamp::from_second(body.exp).map_err(|_| malformed())?;
    if seconds_between(expires_at, now) >= CLOCKS_DIFFER {
        return Err(refusal("the token has expired"));
    }
    let cloud_id = body.context.and_then(|context| CloudId::parse(&context.cloud_id?).ok());
    Ok(Claims { issuer: body.iss, cloud_id, expires_at })
}

#[derive(Deserialize)]
struct Head {
    alg: String,
}

#[derive(Deserialize)]
struct Body {
    iss: Option<String>,
    exp: i64,
    #[serde(default)]
    context: Option<Context>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    cloud_id: Option<String>,
}

fn token_in(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

fn json<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&base64(part)?).ok()
}

fn base64(part: &str) -> Option<Vec<u8>> {
    data_encoding::BASE64URL_NOPAD.decode(part.as_bytes()).ok()
}

/// Compares in constant time.
fn is_signed(secret: &Secret, signed: &[u8], signature: &[u8]) -> bool {
    Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).is_ok_and(|mut mac| {
        mac.update(signed);
        mac.verify_slice(signature).is_ok()
    })
}

fn refusal(what: &str) -> Error {
    Error::new(error::Kind::Unauthenticated, format!("the delivery is not accepted: {what}"))
}

/// What happened, as far as we react to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// An issue was created.
    IssueCreated,
    /// An issue was changed.
    IssueUpdated,
    /// An issue was deleted.
    IssueDeleted,
    /// Something else, by Jira's name of it.
    Other(String),
}

/// One delivery.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// What happened.
    pub event: Event,
    /// The issue that it happened to, if to one.
    pub issue: Option<IssueId>,
    /// The issue's key then.
    pub key: Option<String>,
    /// Who did it, if Jira tells.
    pub account: Option<AccountId>,
    /// When, by Jira's clock.
    pub at: Option<Timestamp>,
    /// The change in the issue's history, for updates.
    pub change: Option<String>,
    /// The host that the issue is on. For routing only: the body is not signed on dynamic webhooks.
    pub host: Option<String>,
    /// The site that the issue is on, where its address is one at Atlassian's gateway. For routing only.
    pub cloud_id: Option<CloudId>,
}

impl Delivery {
    /// Reads the body of a delivery. Everything but the event may be missing.
    ///
    /// Source: Atlassian, "Webhooks", and its examples, one of which writes `accoundId` for `accountId`; `comment_*`
    /// events carry the author in the comment.
    pub fn parse(body: &[u8]) -> Result<Self> {
        let body: DeliveryBean = super::answer::decode_plain(body).map_err(|(path, why)| {
            Error::invalid(path.clone(), format!("the delivery makes no sense at {path}: {why}"))
        })?;
        let event = match body.webhook_event.as_str() {
            "jira:issue_created" => Event::IssueCreated,
            "jira:issue_updated" => Event::IssueUpdated,
            "jira:issue_deleted" => Event::IssueDeleted,
            other => Event::Other(super::answer::tidy(other)),
        };
        let author = body.comment.and_then(|comment| comment.update_author.or(comment.author));
        let account = body.user.or(author).and_then(|user| user.account_id.or(user.accound_id));
        let issue = body.issue.unwrap_or_default();
        let address = issue.address.and_then(|url| url::Url::parse(&url).ok());
        Ok(Self {
            event,
            issue: issue.id.and_then(|id| IssueId::parse(&id.text()).ok()),
            key: issue.key,
            account: account.and_then(|account| AccountId::parse(&account).ok()),
            at: body.timestamp.and_then(|moment| time::parse(&moment.text())),
            change: body.changelog.and_then(|change| Some(change.id?.text())),
            host: address.as_ref().and_then(|url| Some(url.host_str()?.to_owned())),
            cloud_id: address.as_ref().and_then(cloud_id_in),
        })
    }
}

/// The cloud id in an address at the gateway: `…/ex/jira/{cloud id}/…`.
fn cloud_id_in(address: &url::Url) -> Option<CloudId> {
    let mut segments = address.path_segments()?;
    let is_gateway = segments.next() == Some("ex") && segments.next() == Some("jira");
    is_gateway.then(|| CloudId::parse(segments.next()?).ok()).flatten()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeliveryBean {
    webhook_event: String,
    timestamp: Option<Written>,
    user: Option<User>,
    issue: Option<IssueBean>,
    comment: Option<Comment>,
    changelog: Option<Change>,
}

#[derive(Default, Deserialize)]
struct IssueBean {
    id: Option<Written>,
    key: Option<String>,
    #[serde(rename = "self")]
    address: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    account_id: Option<String>,
    accound_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comment {
    author: Option<User>,
    update_author: Option<User>,
}

#[derive(Deserialize)]
struct Change {
    id: Option<Written>,
}

/// A number that may be written as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u64),
    Text(String),
}

impl Written {
    fn text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
