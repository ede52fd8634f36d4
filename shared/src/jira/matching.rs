//! Asking whether issues match a query: exact for the issues that are named, where a search lags behind.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::ask::Ask;
use super::client::Client;
use super::error::JiraError;
use super::jql::Clause;
use crate::ids::IssueId;

/// How many issues one call may name. The specification of `matchIssues` speaks of a maximum and does not tell it; so
/// many are taken by `bulkFetchIssues`, beside which this is asked.
const ISSUES_A_CALL: usize = 100;

impl Client {
    /// Which of these issues a person's query matches. One call for each hundred. An issue that the account cannot see
    /// matches nothing, so ask about those that were just read.
    ///
    /// Source: specification of `matchIssues`; a query that Jira does not understand has errors in its part of the
    /// answer, and no matches.
    ///
    /// # Errors
    /// Also when Jira does not understand the query, or did not answer as the connection's account.
    pub async fn jql_match(&self, ids: &[IssueId], clause: &Clause) -> Result<BTreeSet<IssueId>, JiraError> {
        #[derive(Deserialize)]
        struct Body {
            matches: Vec<Match>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Match {
            matched_issues: Vec<u64>,
            #[serde(default)]
            errors: Vec<String>,
        }
        let mut matched = BTreeSet::new();
        for chunk in ids.chunks(ISSUES_A_CALL) {
            let numbers: Vec<u64> = chunk.iter().filter_map(|id| id.as_str().parse().ok()).collect();
            let body = serde_json::json!({ "issueIds": numbers, "jqls": [clause.as_str()] });
            let ask = Ask::query("match the issues with the query", "/rest/api/3/jql/match", body);
            let answer = self.request(ask).await?;
            let body: Body = answer.decode()?;
            self.spend(chunk.len());
            let [found] = body.matches.as_slice() else {
                return Err(answer.malformed("matches", "there are not as many as were asked about"));
            };
            if !found.errors.is_empty() {
                return Err(answer.malformed("matches[0].errors", "Jira does not understand the query"));
            }
            let found: BTreeSet<String> = found.matched_issues.iter().map(ToString::to_string).collect();
            matched.extend(chunk.iter().filter(|id| found.contains(id.as_str())).cloned());
        }
        if matched.len() < ids.len() {
            self.confirm_caller().await?;
        }
        Ok(matched)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ids::IssueId;
    use crate::jira::jql::Clause;
    use crate::jira::scripted::{Stage, anonymous, answer, text};

    fn ids() -> Vec<IssueId> {
        ["1", "2"].map(|id| IssueId::parse(id).unwrap()).into()
    }

    fn matches(ids: &[u32], errors: &[&str]) -> serde_json::Value {
        json!({ "matches": [{ "matchedIssues": ids, "errors": errors }] })
    }

    #[tokio::test]
    async fn only_what_jira_names_matches() {
        let stage = Stage::new(vec![answer(200, matches(&[2, 7], &[]))]);
        let clause = Clause::parse("labels = x").unwrap();
        let found = stage.client.jql_match(&ids(), &clause).await.unwrap();
        assert_eq!(found, [IssueId::parse("2").unwrap()].into());
        assert_eq!(stage.body(0), json!({ "issueIds": [1, 2], "jqls": ["labels = x"] }));
    }

    #[tokio::test]
    async fn an_answer_that_says_nothing_is_no_mismatch() {
        let clause = Clause::parse("labels = x").unwrap();
        for answers in [
            vec![answer(200, matches(&[], &["The value x does not exist"]))],
            vec![answer(200, json!({ "matches": [] }))],
            vec![anonymous(answer(200, matches(&[], &[]))), anonymous(text(401, ""))],
        ] {
            let stage = Stage::new(answers);
            assert!(stage.client.jql_match(&ids(), &clause).await.is_err());
            stage.done();
        }
    }
}
