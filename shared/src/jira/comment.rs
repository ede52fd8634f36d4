//! Comments: ours and other people's.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::addresses::segment;
use super::adf;
use super::ask::Ask;
use super::canonical::digest_of;
use super::client::Client;
use super::error::JiraError;
use super::failure::{Failure, WAIT_FOR_OTHERS};
use super::http::Method;
use super::time;
use crate::ids::{AccountId, IssueId};
use crate::ticket::Block;
use crate::trace::Call;

/// How many comments a page holds, at most.
///
/// Source: jira-facts 4.5, `getComments`.
const PAGE: &str = "100";

/// Pages beyond this are not asked for: the paging must be broken.
///
/// Source: an issue holds 5,000 comments at most.
const MOST_PAGES: usize = 1000;

/// A comment, without its words beyond the first line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Comment {
    /// Its identifier, unique within the site.
    pub id: String,
    /// Who wrote it; none if Jira does not say.
    pub author: Option<AccountId>,
    /// Whether an app wrote it; service accounts are apps too.
    pub author_is_app: bool,
    /// When it was written, by Jira's clock.
    pub created_at: Timestamp,
    /// The text of its first block, up to the first line break.
    pub first_line: String,
    /// The digest of its body, as [`super::canonical::digest_of_blocks`] gives it for what we write.
    pub digest: String,
}

/// What became of writing, changing or deleting a comment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Written {
    /// It is done.
    Done {
        /// The comment's identifier.
        id: String,
        /// The call.
        call: Call,
    },
    /// The issue or the comment was deleted, or is hidden from the account.
    Gone(Call),
    /// Jira refused it; nothing was done.
    Refused {
        /// Why, in Jira's words.
        reason: String,
        /// The call.
        call: Call,
    },
    /// Nothing was done, for a reason that passes or that lies with the connection.
    NotYet {
        /// Why.
        why: String,
        /// How many seconds to wait.
        wait: i64,
        /// The call; none if none was answered.
        call: Option<Call>,
    },
    /// Nobody knows whether it was done; reading the comments shows it.
    InDoubt {
        /// Why.
        why: String,
        /// The call; none if none was answered.
        call: Option<Call>,
    },
}

/// Source: specification of `Comment` and `UserDetails`.
#[derive(Deserialize)]
struct Bean {
    id: String,
    author: Option<Author>,
    #[serde(default)]
    body: Value,
    #[serde(deserialize_with = "time::deserialize")]
    created: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Author {
    account_id: Option<String>,
    account_type: Option<String>,
}

impl Author {
    fn id(&self) -> Option<AccountId> {
        AccountId::parse(self.account_id.as_ref()?).ok()
    }

    fn is_app(&self) -> bool {
        self.account_type.as_deref() == Some("app")
    }
}

impl Client {
    /// All comments of the issue that the account may see, oldest first. One call for each hundred and one for the
    /// empty page behind them.
    ///
    /// Source: specification of `getComments`, `PageOfComments`: its `total` is documented as the number of items
    /// returned, and there is no `isLast`, so that only an empty page is the end.
    pub async fn comments(&self, id: &IssueId) -> Result<Vec<Comment>, JiraError> {
        #[derive(Deserialize)]
        struct Body {
            comments: Vec<Bean>,
        }
        let path = format!("/rest/api/3/issue/{}/comment", segment(id.as_str()));
        let mut comments = Vec::new();
        let mut seen = BTreeSet::new();
        let mut start = 0;
        for _ in 0..MOST_PAGES {
            let start_at = start.to_string();
            let ask = Ask::read("read the issue's comments", path.clone()).with(&[
                ("startAt", &start_at),
                ("maxResults", PAGE),
                ("orderBy", "created"),
            ]);
            let body: Body = self.request(ask).await?.decode()?;
            if body.comments.is_empty() {
                return Ok(comments);
            }
            start += body.comments.len();
            // What is written or deleted meanwhile moves the pages.
            let new = body.comments.into_iter().filter(|bean| seen.insert(bean.id.clone()));
            comments.extend(new.map(comment));
        }
        let ask = Ask::read("read the issue's comments", path);
        Err(JiraError::malformed(ask.call(), ask.what, "comments", "the pages do not end"))
    }

    /// Writes a comment below the issue. One call, never repeated.
    ///
    /// Source: specification of `addComment`: 201 with the comment; 413 when the issue holds as many as it can.
    pub async fn add_comment(&self, id: &IssueId, body: &[Block]) -> Written {
        #[derive(Deserialize)]
        struct Body {
            id: String,
        }
        let path = format!("/rest/api/3/issue/{}/comment", segment(id.as_str()));
        let body = json!({ "body": adf::document(body) });
        match self.request(Ask::write("write the comment", Method::Post, path, body)).await {
            Ok(answer) => match answer.decode::<Body>() {
                Ok(body) => Written::Done { id: body.id, call: answer.call },
                Err(error) => Written::InDoubt { why: error.to_string(), call: Some(answer.call) },
            },
            Err(error) => self.unwritten(error).await,
        }
    }

    /// Replaces a comment's body. One call, never repeated.
    ///
    /// Source: specification of `updateComment`: a missing permission is a 400.
    pub async fn edit_comment(&self, id: &IssueId, comment: &str, body: &[Block]) -> Written {
        let body = json!({ "body": adf::document(body) });
        let ask = Ask::write("change the comment", Method::Put, path_of(id, comment), body);
        self.written(comment, ask).await
    }

    /// Deletes a comment. One call, never repeated.
    ///
    /// Source: specification of `deleteComment`: a missing permission is a 400.
    pub async fn delete_comment(&self, id: &IssueId, comment: &str) -> Written {
        self.written(comment, Ask::remove("delete the comment", path_of(id, comment))).await
    }

    /// How many comments people wrote below each of the issues: neither the account `ours` nor an app. One call for
    /// each hundred issues. Where Jira does not give all of an issue's comments, those that it keeps back are counted
    /// as people's, so that the number may be too high and is never too low. An issue that is missing in the answer
    /// could not be read, or is not there; whether people wrote below it is not known.
    ///
    /// Source: specification of `bulkFetchIssues`; the field `comment` holds a page of comments and their `total`.
    pub async fn comments_of_people(
        &self,
        ids: &[IssueId],
        ours: &AccountId,
    ) -> Result<BTreeMap<IssueId, u64>, JiraError> {
        let fetched = self.fetch(ids, &["comment"], &[]).await?;
        let count = |field: &Value| people_in(field, ours);
        let counted = fetched.issues.into_iter().filter_map(|(id, issue)| {
            let count = issue.fields.get("comment").and_then(count)?;
            Some((id, count))
        });
        Ok(counted.collect())
    }

    async fn written(&self, comment: &str, ask: Ask) -> Written {
        match self.request(ask).await {
            Ok(answer) => Written::Done { id: comment.to_owned(), call: answer.call },
            Err(error) => self.unwritten(error).await,
        }
    }

    /// What a failure says of a comment, or of another small thing in an issue, that was to be written.
    pub(super) async fn unwritten(&self, error: JiraError) -> Written {
        match self.sort_failure(error).await {
            Failure::Gone(call) => Written::Gone(call),
            Failure::Conflict(call) => Written::NotYet {
                why: "the issue is being changed at the same time (status 409)".to_owned(),
                wait: WAIT_FOR_OTHERS,
                call: Some(call),
            },
            Failure::Refused { reason, call, .. } => Written::Refused { reason, call },
            Failure::NotYet { why, wait, call } => Written::NotYet { why, wait, call },
            Failure::InDoubt { why, call } => Written::InDoubt { why, call },
        }
    }
}

fn path_of(id: &IssueId, comment: &str) -> String {
    format!("/rest/api/3/issue/{}/comment/{}", segment(id.as_str()), segment(comment))
}

fn comment(bean: Bean) -> Comment {
    Comment {
        id: bean.id,
        author: bean.author.as_ref().and_then(Author::id),
        author_is_app: bean.author.as_ref().is_some_and(Author::is_app),
        created_at: bean.created,
        first_line: first_line(&bean.body),
        digest: digest_of(Some(&bean.body)),
    }
}

/// The text of the first block up to the first line break, without spaces around it.
fn first_line(body: &Value) -> String {
    let mut line = String::new();
    if let Some(block) = body["content"].get(0) {
        read_line(block, &mut line);
    }
    line.trim().to_owned()
}

/// Adds the words in `node` to `line`. Whether the line goes on.
fn read_line(node: &Value, line: &mut String) -> bool {
    match node["type"].as_str() {
        Some("hardBreak") => return false,
        Some("text") => line.push_str(node["text"].as_str().unwrap_or_default()),
        // A person, an emoji or a status is shown by its text.
        _ => line.push_str(node["attrs"]["text"].as_str().unwrap_or_default()),
    }
    node["content"].as_array().into_iter().flatten().all(|child| read_line(child, line))
}

/// How many of the comments in the field `comment` are, or may be, people's; none if it makes no sense.
fn people_in(field: &Value, ours: &AccountId) -> Option<u64> {
    #[derive(Deserialize)]
    struct Field {
        comments: Vec<Slim>,
        total: Option<u64>,
    }
    #[derive(Deserialize)]
    struct Slim {
        author: Option<Author>,
    }
    let field = Field::deserialize(field).ok()?;
    let is_peoples = |comment: &&Slim| {
        comment.author.as_ref().is_none_or(|author| !author.is_app() && author.id().as_ref() != Some(ours))
    };
    let seen = field.comments.len() as u64;
    let not_peoples = seen - field.comments.iter().filter(is_peoples).count() as u64;
    Some(field.total.unwrap_or(seen).max(seen) - not_peoples)
}

#[cfg(test)]
#[path = "comment_tests.rs"]
mod tests;
