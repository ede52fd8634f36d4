//! Personal data: telling Atlassian whose are stored, and learning whose must be erased or read again.
//!
//! Source: Atlassian, "User privacy developer guide"; jira-facts 7.

use jiff::{SpanRelativeTo, Timestamp, Unit};
use serde::Deserialize;
use serde_json::json;

use super::ask::Ask;
use super::client::Client;
use super::error::{JiraError, Kind};
use crate::connection::Method;
use crate::ids::AccountId;

/// Where reports go, below Atlassian's gateway.
const PATH: &str = "/app/report-accounts/";

/// Completes "could not …".
const WHAT: &str = "report the stored accounts";

/// What Atlassian says about reported accounts.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    /// The accounts that were closed: their personal data must be erased.
    pub closed: Vec<AccountId>,
    /// The accounts whose personal data changed: they must be read again or erased.
    pub updated: Vec<AccountId>,
    /// After how many seconds each account must be reported again, if Atlassian says so.
    pub cycle: Option<i64>,
}

impl Client {
    /// Reports that personal data of these accounts are stored, and since when they are as they are. At most 90 accounts;
    /// one call, none for none. Safe to repeat.
    ///
    /// An account of which Atlassian says anything but that it was closed counts as updated. An answer about accounts
    /// that were not asked for is ignored.
    ///
    /// # Errors
    /// `Forbidden` without any call for a connection that is not an OAuth app's; `ScopeMissing` if the app lacks the scope
    /// `report:personal-data`.
    pub async fn report_accounts(&self, accounts: &[(AccountId, Timestamp)]) -> Result<Report, JiraError> {
        #[derive(Default, Deserialize)]
        struct Body {
            accounts: Vec<Said>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Said {
            account_id: AccountId,
            status: String,
        }
        if accounts.is_empty() {
            return Ok(Report::default());
        }
        let stored: Vec<_> = accounts
            .iter()
            .map(|(account, at)| json!({ "accountId": account, "updatedAt": at.to_string() }))
            .collect();
        let ask = Ask::query(WHAT, PATH, json!({ "accounts": stored })).at(self.addresses.report_accounts());
        if self.facts.method != Method::Oauth {
            let happened = "was not sent: only an OAuth app reports";
            return Err(JiraError::new(Kind::Forbidden, ask.call(), WHAT, happened));
        }
        let answer = self.request(ask).await.map_err(of_scope)?;
        // 204: nothing is to be done.
        let body: Body =
            if answer.body.trim_ascii().is_empty() { Body::default() } else { answer.decode()? };
        let mut report = Report {
            cycle: answer.headers.get("cycle-period").and_then(|period| seconds_in(period)),
            ..Report::default()
        };
        for said in body.accounts {
            if !accounts.iter().any(|(account, _)| *account == said.account_id) {
                continue;
            }
            match said.status.as_str() {
                "closed" => report.closed.push(said.account_id),
                _ => report.updated.push(said.account_id),
            }
        }
        Ok(report)
    }
}

/// The token works for the site, so what is refused here is that it reports.
fn of_scope(error: JiraError) -> JiraError {
    match error.kind {
        Kind::Unauthorized | Kind::Forbidden => {
            let happened = "was refused: the token may not report (status 401 or 403)";
            JiraError::new(Kind::ScopeMissing, error.call, WHAT, happened)
        }
        _ => error,
    }
}

/// The seconds in an ISO 8601 duration of days or less, for example `P7D`; none if there are none in it.
fn seconds_in(period: &str) -> Option<i64> {
    let span: jiff::Span = period.trim().parse().ok()?;
    let whole = span
        .round(jiff::SpanRound::new().largest(Unit::Second).relative(SpanRelativeTo::days_are_24_hours()));
    whole.ok().map(|span| span.get_seconds()).filter(|seconds| *seconds > 0)
}

#[cfg(test)]
#[path = "personal_tests.rs"]
mod tests;
