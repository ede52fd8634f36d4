//! What a token's scopes allow, where nobody tells its scopes: found out by calls that change nothing.

use serde_json::json;

use super::ask::Ask;
use super::client::Client;
use super::error::{JiraError, Kind};
use super::http::Method;

/// Something that needs scopes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Probe {
    /// Searching issues.
    Search,
    /// Reading permissions in projects.
    Permissions,
    /// Creating issues.
    Create,
}

impl Probe {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Search, Self::Permissions, Self::Create];

    /// The scopes that it needs, in words: the classic one, or granular ones.
    ///
    /// Source: specification, `x-atlassian-oauth2-scopes` of `countIssues`, `getBulkPermissions`, `createIssues`.
    pub fn scopes(self) -> &'static str {
        match self {
            Self::Search => "read:jira-work (or read:issue-details:jira and what belongs to it)",
            Self::Permissions => "read:jira-work (or read:permission:jira)",
            Self::Create => "write:jira-work (or write:issue:jira and what belongs to it)",
        }
    }

    fn ask(self) -> Ask {
        match self {
            Self::Search => {
                let body = json!({ "jql": "created >= -1d" });
                Ask::query("try a search", "/rest/api/3/search/approximate-count", body)
            }
            Self::Permissions => {
                let body = json!({ "globalPermissions": ["ADMINISTER"] });
                Ask::query("try to read permissions", "/rest/api/3/permissions/check", body)
            }
            // No issue is named, so none is created; the gateway looks at the scopes before Jira looks at the body.
            Self::Create => {
                let body = json!({ "issueUpdates": [] });
                Ask::write("try to create nothing", Method::Post, "/rest/api/3/issue/bulk", body)
            }
        }
    }
}

impl Client {
    /// Whether the token's scopes allow what `probe` stands for. One call, which changes nothing.
    ///
    /// Source: 401 "scope does not match" is the gateway's answer to a missing scope; any answer of Jira itself means that
    /// the gateway let the call through.
    pub async fn scopes_allow(&self, probe: Probe) -> Result<bool, JiraError> {
        match self.request(probe.ask()).await {
            Ok(_) => Ok(true),
            Err(error) => match error.kind {
                Kind::ScopeMissing => Ok(false),
                Kind::Refused { .. } | Kind::Forbidden | Kind::NotFound => Ok(true),
                _ => Err(error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::scripted::{Stage, answer};
    use super::Probe;

    #[tokio::test]
    async fn only_the_gateways_word_about_scopes_means_that_one_is_missing() {
        let stage = Stage::new(vec![
            answer(401, json!({ "code": 401, "message": "Unauthorized; scope does not match" })),
            answer(400, json!({ "issues": [], "errors": [] })),
            answer(403, json!({ "errorMessages": ["no"] })),
            answer(200, json!({ "count": 3 })),
            answer(401, Value::Null),
        ]);
        assert!(!stage.client.scopes_allow(Probe::Create).await.unwrap());
        assert!(stage.client.scopes_allow(Probe::Create).await.unwrap());
        assert!(stage.client.scopes_allow(Probe::Permissions).await.unwrap());
        assert!(stage.client.scopes_allow(Probe::Search).await.unwrap());
        stage.client.scopes_allow(Probe::Create).await.unwrap_err();
        assert_eq!(stage.body(0), json!({ "issueUpdates": [] }));
        stage.done();
    }
}
