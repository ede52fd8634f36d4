//! What the issue shows of a pull request: a remote link, and one comment of ours.

use super::{FOR_PEOPLE, Failed, Place, SOON};
use crate::jira::comment::{Comment, Written};
use crate::jira::remote_link::RemoteLink;
use crate::pull::{Pull, PullId, PullState};
use crate::ticket::content::one_line;
use crate::ticket::{Block, ShownPull, Span};

/// GitHub's icon.
const ICON: &str = "https://github.com/favicon.ico";

/// The longest title of a pull request in a comment, in characters.
const LONGEST_TITLE: usize = 200;

/// Puts the remote link and the comment into the issue.
pub(super) async fn show(
    place: &mut Place<'_>,
    id: &PullId,
    pull: &Pull,
    shown: &mut ShownPull,
) -> Result<(), Failed> {
    let link = RemoteLink {
        global_id: format!("assay:{id}"),
        url: pull.url.clone(),
        title: format!("{}: {}", pull.name(), pull.title),
        summary: format!("Pull request, {}", pull.state.word()),
        icon: pull.is_on_github().then(|| ICON.to_owned()),
        relationship: "fixed by".to_owned(),
        resolved: pull.state == PullState::Merged,
    };
    let written = place.client.link_remotely(&place.issue.id, &link).await;
    settle(place, written, "linked the pull request", shown)?;
    let heading = format!("Pull request {}", pull.name());
    let blocks = comment(&heading, pull);
    let comments = if let Some(comments) = place.comments.take() {
        comments
    } else {
        let read = place.client.comments(&place.issue.id).await;
        read.map_err(|error| (error.to_string(), error.wait()))?
    };
    let written = put_comment(place, &comments, &heading, &blocks).await;
    place.comments = Some(comments);
    match written {
        Some(written) => settle(place, written, "told of it in a comment", shown),
        None => Ok(()),
    }
}

/// Brings the comment of ours with this first line to what it should say; none if it says so.
async fn put_comment(
    place: &Place<'_>,
    comments: &[Comment],
    heading: &str,
    blocks: &[Block],
) -> Option<Written> {
    let (client, issue) = (place.client, &place.issue.id);
    let is_ours = |comment: &&Comment| {
        comment.author.is_some()
            && comment.author.as_ref() == client.account()
            && comment.first_line == heading
    };
    let mut ours = comments.iter().filter(is_ours);
    let first = ours.next();
    // An answer that was lost made it twice.
    if let Some(twin) = ours.next() {
        let deleted = client.delete_comment(issue, &twin.id).await;
        if !matches!(deleted, Written::Done { .. } | Written::Gone(_)) {
            return Some(deleted);
        }
    }
    match first {
        Some(known) if known.digest == crate::jira::canonical::digest_of_blocks(blocks) => None,
        Some(known) => Some(client.edit_comment(issue, &known.id, blocks).await),
        None => Some(client.add_comment(issue, blocks).await),
    }
}

/// What became of a write into the issue.
fn settle(place: &mut Place<'_>, written: Written, what: &str, shown: &mut ShownPull) -> Result<(), Failed> {
    match written {
        Written::Done { call, .. } => {
            shown.done.push((what.to_owned(), Some(call)));
            Ok(())
        }
        Written::Gone(_) => {
            place.is_gone = true;
            Err(("the issue is not there any more, or hidden".to_owned(), SOON))
        }
        Written::Refused { reason, .. } => Err((reason, FOR_PEOPLE)),
        Written::NotYet { why, wait, .. } => Err((why, wait)),
        Written::InDoubt { why, .. } => Err((why, SOON)),
    }
}

/// What the comment of a pull request says.
fn comment(heading: &str, pull: &Pull) -> Vec<Block> {
    let state = match pull.state {
        PullState::Open => "It is open.",
        PullState::Closed => "It was closed without being merged.",
        PullState::Merged => "It was merged.",
        PullState::Reverted => "It was merged, and another pull request took it back.",
    };
    let title = one_line(&pull.title, LONGEST_TITLE);
    vec![
        Block::Paragraph(vec![Span::Strong(heading.to_owned())]),
        Block::Paragraph(vec![
            Span::Link { text: if title.is_empty() { pull.name() } else { title }, url: pull.url.clone() },
            Span::Text(" — ".to_owned()),
            Span::Text(state.to_owned()),
        ]),
    ]
}
