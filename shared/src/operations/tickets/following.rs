//! Showing pull requests in the issue, and the issue in them.
//!
//! | where | what | known again by |
//! |---|---|---|
//! | the issue | a remote link | its global id, `assay:{pull request}` |
//! | the issue | one comment of ours for each pull request, changed as it goes on | its author and its first line |
//! | the issue | once it is opened, the status that the project configuration says | the issue's status and history |
//! | GitHub | once, a line in the description | the comment at the line's end |
//!
//! So each may be done again by whoever does not know whether it was done. What fails is noted with the pull request and
//! tried later; the ticket's other steps do not wait for it.

mod showing;

use self::showing::show;
use super::moving::{ANOTHER_SITE, is_on_another_site};
use super::{PATIENCE, Run};
use crate::Result;
use crate::clock::after;
use crate::connection::{Connection, Lease};
use crate::error::Kind as ErrorKind;
use crate::github::{GithubError, Kind};
use crate::jira::Client;
use crate::jira::comment::Comment;
use crate::jira::now::Reading;
use crate::jira::transition::{BroughtEnd, Goal};
use crate::operations::forge::Opened;
use crate::pull::{Followed, Pull, PullId, PullState, Reference, Remediation, reference};
use crate::ticket::{Issue, IssueStatus, LEASE, ShownPull, State, Ticket, Wanted};

/// Seconds until something is tried again that only a person can mend.
const FOR_PEOPLE: i64 = 3600;

/// Seconds until something is tried again whose outcome is not known, or that somebody else is at.
const SOON: i64 = 30;

/// Why a description waits that no call was made for.
const LIMITED: &str =
    "GitHub's rate limit is used up; its description is written when calls are allowed again";

/// What could not be done, and how many seconds to wait.
type Failed = (String, i64);

/// Everything about the issue of a ticket whose pull requests are shown.
struct Place<'a> {
    client: &'a Client,
    ticket: &'a Ticket,
    issue: &'a Issue,
    /// Where people look at it.
    url: String,
    /// Its comments, once they were read.
    comments: Option<Vec<Comment>>,
    /// Whether it turned out not to be there.
    is_gone: bool,
    /// Its status, once it was moved.
    status: Option<IssueStatus>,
}

impl Run<'_> {
    /// Shows what is to be shown of the pull requests of `tickets`.
    pub(super) async fn follow(
        &mut self,
        connection: &Connection,
        client: &Client,
        tickets: Vec<Ticket>,
    ) -> Result<()> {
        for mut ticket in tickets {
            if self.out_of_time() {
                self.later(std::slice::from_ref(&ticket)).await?;
                continue;
            }
            let now = self.now();
            let due = ticket.pulls_to_show(now);
            let Some(issue) = ticket.state.issue().cloned() else { continue };
            if is_on_another_site(client, &ticket) {
                self.worker.save(ticket, |ticket| ticket.follow_later(ANOTHER_SITE, PATIENCE, now)).await?;
                continue;
            }
            ticket.begin_follow(&self.name, now);
            match self.worker.jira.core.store.save_ticket(&mut ticket).await {
                Ok(()) => {}
                // Another worker has it, or something else was heard.
                Err(error) if *error.kind() == ErrorKind::Conflict => continue,
                Err(error) => return Err(error),
            }
            let mut place = Place {
                client,
                ticket: &ticket,
                issue: &issue,
                url: self.worker.jira.addresses.browse(&connection.site, &issue.key),
                comments: None,
                is_gone: false,
                status: None,
            };
            let mut shown = Vec::new();
            for id in &due {
                if let Some(followed) = ticket.pulls.get(id) {
                    shown.push(Box::pin(self.show_one(&mut place, id, followed)).await?);
                }
            }
            let (is_gone, status, now) = (place.is_gone, place.status.take(), self.now());
            let change = |ticket: &mut Ticket| {
                if let Some(status) = status.as_ref().filter(|_| matches!(ticket.state, State::Open { .. })) {
                    ticket.issue_status = Some(status.clone());
                }
                ticket.followed(&shown, now);
                if is_gone {
                    // A look says what became of it.
                    ticket.hear(now);
                }
            };
            self.worker.save(ticket.clone(), change).await?;
        }
        Ok(())
    }

    async fn show_one(
        &mut self,
        place: &mut Place<'_>,
        id: &PullId,
        followed: &Followed,
    ) -> Result<ShownPull> {
        let state = followed.pull.state;
        let mut shown = ShownPull {
            id: id.clone(),
            state,
            key: place.issue.key.clone(),
            shown: followed.shown == Some(state),
            moved: false,
            referenced_as: None,
            failed: None,
            remark: None,
            done: Vec::new(),
        };
        if !shown.shown {
            match show(place, id, &followed.pull, &mut shown).await {
                Ok(()) => shown.shown = true,
                Err(failed) => note(&mut shown, failed),
            }
        }
        if state == PullState::Open && !followed.moved && !place.is_gone {
            match self.advance(place, &followed.pull, &mut shown).await {
                Ok(()) => shown.moved = true,
                Err(failed) => note(&mut shown, failed),
            }
        }
        if followed.lacks_reference(&place.issue.key) && !place.is_gone {
            match self.refer(place, id, followed, &mut shown).await? {
                Ok(()) => shown.referenced_as = Some(place.issue.key.clone()),
                Err(failed) => note(&mut shown, failed),
            }
        }
        Ok(shown)
    }

    /// Brings the issue of a pull request that was opened to the status that the project configuration says: out of any
    /// that is not done, and not if a person chose its status since the pull request was opened.
    async fn advance(
        &self,
        place: &mut Place<'_>,
        pull: &Pull,
        shown: &mut ShownPull,
    ) -> std::result::Result<(), Failed> {
        let rule = self.setting(place.ticket).and_then(|setting| setting.configuration.as_ref());
        let Some(status) = rule.and_then(|configuration| configuration.pulls.status_when_opened.clone())
        else {
            return Ok(());
        };
        if !matches!(place.ticket.state, State::Open { .. }) || place.ticket.wanted != Wanted::Open {
            return Ok(());
        }
        let (client, issue) = (place.client, &place.issue.id);
        match client.read_issue(issue, &std::collections::BTreeSet::new()).await {
            Ok(Reading::There(now)) if now.status.done || now.archived => return Ok(()),
            Ok(Reading::There(_)) => {}
            Ok(Reading::Gone(_)) => {
                place.is_gone = true;
                return Ok(());
            }
            Err(error) => return Err((error.to_string(), error.wait())),
        }
        let history = client.history(issue).await.map_err(|error| (error.to_string(), error.wait()))?;
        let opened_at = pull.opened_at.unwrap_or(pull.changed_at);
        let ours = client.account();
        let by_people = history.iter().any(|change| {
            change.field == "status" && change.at >= opened_at && change.author.as_ref() != ours
        });
        if by_people {
            return Ok(());
        }
        let brought = client.bring(issue, &Goal::At { status }, self.deadline).await;
        shown.done.extend(brought.moves.into_iter().map(|(what, call)| (what, Some(call))));
        match brought.end {
            BroughtEnd::There(status, _) => place.status = Some(status),
            BroughtEnd::NotYet { problem, wait, .. } => return Err((problem, wait)),
            BroughtEnd::Gone(_) => place.is_gone = true,
        }
        Ok(())
    }

    /// Has the description name the issue. What cannot be done at all is remarked.
    async fn refer(
        &self,
        place: &Place<'_>,
        id: &PullId,
        followed: &Followed,
        shown: &mut ShownPull,
    ) -> Result<std::result::Result<(), Failed>> {
        let (forge, tenant) = (&self.worker.forge, &place.ticket.tenant);
        let opened = match forge.open(tenant).await {
            Ok(Some(opened)) => opened,
            // Nobody said how to reach it.
            Ok(None) => return Ok(Ok(())),
            Err(error) => return Ok(Err((error.to_string(), FOR_PEOPLE))),
        };
        if let Some(left) = opened.forge.limited_for(self.now()) {
            return Ok(Err((LIMITED.to_owned(), left)));
        }
        // Two tickets of one pull request must not write over each other's lines.
        let Some(held) = self.hold_description(place.ticket, id).await? else {
            return Ok(Err(("its description is being written for another ticket".to_owned(), SOON)));
        };
        let referred = write_reference(&opened, place, followed, shown).await;
        self.release_description(held).await;
        forge.note(&opened, referred.as_ref().err(), None).await;
        Ok(match referred {
            Ok(()) => Ok(()),
            Err(error) => match error.kind {
                // Deleted, hidden, or locked: trying again would not help.
                Kind::NotFound | Kind::Refused { .. } | Kind::Redirected | Kind::Malformed => {
                    shown.remark = Some(error.to_string());
                    Ok(())
                }
                Kind::Unauthorised
                | Kind::Forbidden
                | Kind::Limited { .. }
                | Kind::Unavailable
                | Kind::NotSent
                | Kind::InDoubt
                | Kind::Unusable => Err((error.to_string(), error.wait())),
            },
        })
    }

    /// Claims a pull request's description; none if somebody else has it.
    async fn hold_description(&self, ticket: &Ticket, id: &PullId) -> Result<Option<Remediation>> {
        let store = &self.worker.jira.core.store;
        let Some(mut record) = store.remediation(&ticket.tenant, id).await? else { return Ok(None) };
        let now = self.now();
        if record.lease.as_ref().is_some_and(|lease| lease.until > now && lease.owner != self.name) {
            return Ok(None);
        }
        record.lease = Some(Lease { owner: self.name.clone(), until: after(now, LEASE) });
        match store.save_remediation(&mut record).await {
            Ok(()) => Ok(Some(record)),
            Err(error) if *error.kind() == ErrorKind::Conflict => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives a description back. Whatever fails, the claim ends by itself.
    async fn release_description(&self, mut record: Remediation) {
        record.lease = None;
        match self.worker.jira.core.store.save_remediation(&mut record).await {
            Err(error) if *error.kind() != ErrorKind::Conflict => {
                tracing::warn!(pull = %record.id, error = error.chain(), "could not give a description back");
            }
            _ => {}
        }
    }
}

/// Notes a failure beside those before; the shortest wait counts.
fn note(shown: &mut ShownPull, (problem, wait): Failed) {
    shown.failed = Some(match shown.failed.take() {
        Some((before, other)) => (format!("{before}; {problem}"), wait.min(other)),
        None => (problem, wait),
    });
}

/// Reads the description and writes it with the line that is missing, if one is.
async fn write_reference(
    opened: &Opened,
    place: &Place<'_>,
    followed: &Followed,
    shown: &mut ShownPull,
) -> std::result::Result<(), GithubError> {
    let (repository, number) = (&followed.pull.repository, followed.pull.number);
    let client = opened.client(repository).await?;
    let read = client.pull(repository, number).await?;
    let was_given = followed.referenced_as.is_some();
    match reference(&read.body, &place.ticket.id, &place.issue.key, &place.url, was_given) {
        Reference::Kept => Ok(()),
        Reference::New(body) if body.chars().count() > crate::github::pull::LONGEST_BODY => {
            shown.remark = Some("its description is too long to name the ticket in it".to_owned());
            Ok(())
        }
        Reference::New(body) => {
            client.edit_body(repository, number, &body).await?;
            shown.done.push(("named the ticket in its description".to_owned(), None));
            Ok(())
        }
    }
}
