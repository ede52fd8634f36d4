//! Remembered requests: a repeated one is answered as the first was.

use jiff::Timestamp;

use super::item::{decode, number};
use super::keys::{self, EXPIRES_AT};
use super::write::{Change, Written};
use super::{Store, failure, item};
use crate::Result;
use crate::clock::after;
use crate::idempotency::{Answer, REMEMBERED_FOR, RUNNING_FOR, Remembered};
use crate::ids::TenantId;

/// Beside the record while its request runs: since when, in epoch milliseconds.
const RUNNING_SINCE: &str = "running_since";

/// What is to be done with a request that carries an idempotency key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Begin {
    /// Run it.
    New,
    /// Refuse it for now: the first one is still running.
    Running,
    /// Give this answer again.
    Answered(Answer),
    /// Refuse it: the key was used for another request.
    OtherRequest,
}

impl Store {
    /// Begins a request, or says what became of the first one with its key.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing, or an item past its expiry that the table has not yet removed | put; `New` |
    /// | another request | nothing; `OtherRequest` |
    /// | the same request, answered | nothing; `Answered` |
    /// | the same request, running for less than [`RUNNING_FOR`] seconds | nothing; `Running` |
    /// | the same request, running for longer | taken over; `New` |
    ///
    /// A beginning whose answer was lost and that is repeated finds itself running: it is refused for a minute, which is
    /// better than to run twice.
    pub async fn begin(&self, request: &Remembered, now: Timestamp) -> Result<Begin> {
        let key = keys::request(&request.tenant, &request.key);
        let record = item::encode(&key, request)?;
        let beside = vec![
            (RUNNING_SINCE, Some(number(request.began_at.as_millisecond()))),
            (EXPIRES_AT, Some(number(after(request.began_at, REMEMBERED_FOR).as_second()))),
        ];
        let condition = "attribute_not_exists(#pk) OR #expires_at <= :now \
             OR (#running_since <= :abandoned AND #record.#request = :request)";
        let change = Change::new("", condition)
            .value(":now", number(now.as_second()))
            .value(":abandoned", number(after(now, -RUNNING_FOR).as_millisecond()))
            .value(":request", item::text(&request.request));
        let stored = match self.put(item::item(&key, record, beside), change, &key).await? {
            Written::Done => return Ok(Begin::New),
            Written::Refused(stored) => stored.ok_or_else(|| failure::conflict(&format!("begin {key}")))?,
        };
        let first: Remembered = decode(stored)?;
        Ok(match first.answer {
            _ if first.request != request.request => Begin::OtherRequest,
            Some(answer) => Begin::Answered(answer),
            None => Begin::Running,
        })
    }

    /// Remembers the answer to a request.
    ///
    /// | stored | then |
    /// |---|---|
    /// | the request, running | answered |
    /// | the request, answered; or nothing | nothing: the first answer stays |
    pub async fn finish(&self, tenant: &TenantId, key: &str, answer: Answer) -> Result<()> {
        let key = keys::request(tenant, key);
        let change = Change::new("SET #record.#answer = :answer", "attribute_exists(#running_since)")
            .value(":answer", item::encode(&key, &answer)?)
            .beside(vec![(RUNNING_SINCE, None)]);
        self.update(&key, change).await.map(|_| ())
    }

    /// Forgets a request that failed in a way that a repetition may mend.
    ///
    /// | stored | then |
    /// |---|---|
    /// | the request, running | deleted |
    /// | the request, answered; or nothing | nothing |
    pub async fn forget(&self, tenant: &TenantId, key: &str) -> Result<()> {
        let key = keys::request(tenant, key);
        self.delete(&key, Change::new("", "attribute_exists(#running_since)")).await.map(|_| ())
    }
}
