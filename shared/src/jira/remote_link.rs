//! Links from an issue to things elsewhere.

use serde_json::json;

use super::addresses::segment;
use super::ask::Ask;
use super::client::Client;
use super::comment::Written;
use super::http::Method;
use crate::ids::IssueId;

/// The longest title of a link, in characters.
///
/// Source: jira-facts 9: text of one line has 255 characters at most.
const LONGEST_TITLE: usize = 255;

/// A link.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RemoteLink {
    /// What it is known again by, on its issue: the same one is never there twice.
    pub global_id: String,
    /// Where it leads.
    pub url: String,
    /// What it says.
    pub title: String,
    /// What it says beside that.
    pub summary: String,
    /// The address of the icon, for 16 by 16 pixels, if there is one.
    pub icon: Option<String>,
    /// What it is to the issue, for example `fixed by`.
    pub relationship: String,
    /// Whether the thing is done: then its title is struck through.
    pub resolved: bool,
}

impl Client {
    /// Puts a link on the issue, or brings the one with its global id up to date. Safe to repeat; made once.
    ///
    /// Source: specification of `createOrUpdateRemoteIssueLink`: "If a `globalId` is provided and a remote issue link
    /// with that global ID is found it is updated. Any fields without values in the request are set to null."; the
    /// permission Link issues.
    pub async fn link_remotely(&self, id: &IssueId, link: &RemoteLink) -> Written {
        let mut object = json!({
            "url": link.url,
            "title": crate::ticket::content::one_line(&link.title, LONGEST_TITLE),
            "summary": crate::ticket::content::one_line(&link.summary, LONGEST_TITLE),
            "status": { "resolved": link.resolved },
        });
        if let Some(icon) = &link.icon {
            object["icon"] = json!({ "url16x16": icon });
        }
        let body = json!({
            "globalId": link.global_id,
            "relationship": link.relationship,
            "object": object,
        });
        let path = format!("/rest/api/3/issue/{}/remotelink", segment(id.as_str()));
        match self.request(Ask::write("link the pull request", Method::Post, path, body)).await {
            Ok(answer) => Written::Done { id: link.global_id.clone(), call: answer.call },
            Err(error) => self.unwritten(error).await,
        }
    }
}

#[cfg(test)]
#[path = "remote_link_tests.rs"]
mod tests;
