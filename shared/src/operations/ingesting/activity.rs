//! Activity: on which days each account did something.
//!
//! What counts: creating an issue, any change in its history, writing or editing a comment, writing or editing a worklog.
//! What Jira does not tell, to anybody: who deleted a comment or a worklog, and what comments say that are restricted to
//! a role which the connection's account does not have. Apps and the connection's own account are no people and left out.
//!
//! Changes are read in the order of the issues' last change, from where the last run came to; an issue that is changed
//! while it is read moves to the end and is read again. All days of a page are written before the stage is saved, as sets:
//! whatever is read twice is written once.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::directory::AT_ONCE;
use super::{Next, SECONDS_A_UNIT, Slice, Stopped};
use crate::Result;
use crate::account::AccountKind;
use crate::clock::{after, seconds_between};
use crate::evidence::Gap;
use crate::ids::{AccountId, IssueId};
use crate::ingestion::{FIRST_DAYS, Source, Stage};
use crate::jira::Client;
use crate::jira::activity::{ChangedIssue, Deed};
use crate::jira::error::{JiraError, Kind};

/// How far back each run begins again, in seconds: Jira's search may lag behind its issues.
const OVERLAP: i64 = 600;

/// How long ago the last change that is read is, in seconds: what is younger may not be found yet, and worklogs of the
/// last minute are left out by Jira itself.
const LAG: i64 = 60;

/// How many issues one search should find, at most, by Jira's estimate: of a longer list, Jira sorts all that was not read
/// yet for every page.
const ISSUES_IN_WINDOW: u64 = 2000;

/// The shortest time that one search covers, in seconds.
const SHORTEST_WINDOW: i64 = 60;

/// How many issues are read before their days are written.
const ISSUES_AT_ONCE: usize = 100;

/// How many issues a page is asked for. Jira gives fewer when comments come with them.
const ISSUES_IN_PAGE: usize = 500;

/// Where a search goes on, for as long as a slice lasts.
///
/// Each page is a search of its own, from the last moment of the page before: an issue that is changed meanwhile leaves
/// the list, and what stands behind it would be passed over by a page that is counted from the list's beginning. Jira's
/// token leads on only where a whole page lies in one moment.
#[derive(Default)]
pub(super) struct Paging {
    /// The beginning of what is searched, and Jira's token of the next page.
    token: Option<(Timestamp, String)>,
    /// The issues of the last page that were changed in its last moment: the next page begins with them.
    edge: BTreeSet<(IssueId, Timestamp)>,
}

/// Days by account, as far as they were read and not yet written.
pub(super) type Days = BTreeMap<AccountId, BTreeSet<Date>>;

impl Slice<'_> {
    /// Reads one page of changed issues, and everything that was done in them.
    pub(super) async fn changes(&mut self, client: &Client) -> Next {
        let now = self.now();
        let since = *self.ingestion.activity.since.get_or_insert(after(now, -FIRST_DAYS * 86_400));
        let until = match self.ingestion.activity.changes_until {
            Some(until) => until,
            None => self.begin_changes(client, since, after(now, -LAG)).await?,
        };
        let reached = self.ingestion.activity.changes.unwrap_or(since);
        let (from, token) = match self.paging.token.take() {
            Some((from, token)) => (from, Some(token)),
            None => (reached, None),
        };
        let window = self.ingestion.activity.changes_window.max(SHORTEST_WINDOW);
        let end = after(from, window).min(until);
        let answered = client.changed_issues(from, end, since, ISSUES_IN_PAGE, token.as_deref()).await;
        // An anonymous caller sees no error, only fewer issues.
        if !answered.as_ref().is_err_and(JiraError::concerns_every_call) {
            client.confirm_caller().await?;
        }
        let mut page = match answered {
            Ok(page) => page,
            // A token that Jira forgot: the next unit searches anew, from where this one came to.
            Err(error) if token.is_some() && matches!(error.kind, Kind::Refused { .. }) => {
                return Ok(Stage::Changes);
            }
            Err(error) => return self.left(Source::Changes, error),
        };
        for warning in &page.warnings {
            let detail = format!("Jira says that a search of changed issues is not whole ({warning})");
            self.ingestion.source(Source::Changes).lacks(Gap::Malformed { detail });
        }
        // Jira finds by its index and shows what is: an issue that was changed a moment ago leads no further than the
        // search does, and is found again where it is now.
        let moments = page.issues.iter().map(|issue| issue.updated).filter(|at| *at < end);
        let last = moments.max().unwrap_or(reached).max(reached);
        let edge = page.issues.iter().filter(|issue| issue.updated == last);
        let edge = edge.map(|issue| (issue.id.clone(), issue.updated)).collect();
        page.issues.retain(|issue| !self.paging.edge.contains(&(issue.id.clone(), issue.updated)));
        if let Some(reached) = self.read_issues(client, page.issues, since).await? {
            // The function's time is over in the middle of the page: the next slice searches from there.
            self.paging = Paging::default();
            self.ingestion.activity.changes = Some(reached);
            return Ok(Stage::Changes);
        }
        if let Some(token) = page.next {
            let stands = last <= from;
            self.paging = Paging { token: stands.then_some((from, token)), edge };
            self.ingestion.activity.changes = Some(last);
            return Ok(Stage::Changes);
        }
        self.ingestion.activity.changes = Some(end);
        if end < until {
            return Ok(Stage::Changes);
        }
        self.ingestion.source(Source::Changes).read_at = Some(now);
        Ok(self.stage_behind())
    }

    /// Reads everything that was done in these issues, and writes the days, some issues after the other. Where the time is
    /// over before the last, the moment up to which all were read.
    async fn read_issues(
        &mut self,
        client: &Client,
        issues: Vec<ChangedIssue>,
        since: Timestamp,
    ) -> std::result::Result<Option<Timestamp>, Stopped> {
        let mut left = issues;
        while !left.is_empty() {
            let rest = left.split_off(left.len().min(ISSUES_AT_ONCE));
            let reached = left.iter().map(|issue| issue.updated).max();
            self.read_some(client, left, since).await?;
            left = rest;
            let deadline = &self.ingester.jira.deadline;
            if !left.is_empty() && !deadline.leaves(SECONDS_A_UNIT, self.now()) {
                return Ok(reached);
            }
        }
        Ok(None)
    }

    async fn read_some(
        &mut self,
        client: &Client,
        issues: Vec<ChangedIssue>,
        since: Timestamp,
    ) -> std::result::Result<(), Stopped> {
        let read = issues.len() as u64;
        let longer = issues.iter().filter(|issue| !issue.whole_history);
        let longer: Vec<IssueId> = longer.map(|issue| issue.id.clone()).collect();
        let mut deeds: Vec<Deed> = Vec::new();
        for issue in &issues {
            deeds.extend(self.comments(client, issue).await?);
        }
        deeds.extend(issues.into_iter().flat_map(|issue| issue.deeds));
        deeds.extend(self.histories(client, &longer).await?);
        let mut days = Days::new();
        self.take(&deeds, since, &mut days);
        self.write_days(&days).await?;
        self.ingestion.source(Source::Changes).read += read;
        self.ingestion.activity.changes_read += read;
        Ok(())
    }

    /// Begins the changes of a run: from a little before where the last one came to, up to `until`.
    async fn begin_changes(
        &mut self,
        client: &Client,
        since: Timestamp,
        until: Timestamp,
    ) -> std::result::Result<Timestamp, Stopped> {
        self.ingestion.source(Source::Changes).begin();
        self.ingestion.source(Source::Worklogs).begin();
        let reached = self.ingestion.activity.changes;
        let from = reached.map_or(since, |reached| after(reached, -OVERLAP).max(since));
        self.ingestion.activity.changes = Some(from);
        self.ingestion.activity.changes_read = 0;
        self.ingestion.activity.changes_expected = match client.approximate_changed(from, until).await {
            Ok(count) => Some(count),
            Err(error) if error.concerns_every_call() => return Err(error.into()),
            // It is only for showing how far the run came, and for how much is asked at once.
            Err(_) => None,
        };
        client.confirm_caller().await?;
        let range = seconds_between(from, until).max(1);
        let expected = self.ingestion.activity.changes_expected;
        let searches = expected.map_or(FIRST_DAYS.unsigned_abs(), |count| count.div_ceil(ISSUES_IN_WINDOW));
        self.ingestion.activity.changes_window =
            range.div_euclid(i64::try_from(searches.max(1)).unwrap_or(range)) + 1;
        self.ingestion.activity.changes_until = Some(until);
        Ok(until)
    }

    /// The comments of an issue that has more than its page shows.
    async fn comments(
        &mut self,
        client: &Client,
        issue: &ChangedIssue,
    ) -> std::result::Result<Vec<Deed>, Stopped> {
        let mut deeds = Vec::new();
        if issue.comments_embedded >= issue.comments_total {
            return Ok(deeds);
        }
        let mut start = 0;
        loop {
            match client.comments_of(&issue.id, start).await {
                Ok(portion) => {
                    let (count, last) = (portion.items.len() as u64, portion.last);
                    deeds.extend(portion.items.into_iter().flatten());
                    start += count;
                    if last || count == 0 {
                        return Ok(deeds);
                    }
                }
                // The issue was deleted since the search.
                Err(error) if error.kind == Kind::NotFound => return Ok(deeds),
                Err(error) if error.concerns_every_call() => return Err(error.into()),
                Err(error) => {
                    self.ingestion.source(Source::Changes).lacks(Gap::from(&error));
                    return Ok(deeds);
                }
            }
        }
    }

    /// Everything in the history of these issues, to the last entry.
    async fn histories(
        &mut self,
        client: &Client,
        ids: &[IssueId],
    ) -> std::result::Result<Vec<Deed>, Stopped> {
        let mut deeds = Vec::new();
        if ids.is_empty() {
            return Ok(deeds);
        }
        let mut token: Option<String> = None;
        loop {
            match client.histories(ids, token.as_deref()).await {
                Ok(histories) => {
                    deeds.extend(histories.entries.into_iter().map(|(_, deed)| deed));
                    match histories.next {
                        Some(next) => token = Some(next),
                        None => return Ok(deeds),
                    }
                }
                Err(error) if error.concerns_every_call() => return Err(error.into()),
                Err(error) => {
                    self.ingestion.source(Source::Changes).lacks(Gap::from(&error));
                    return Ok(deeds);
                }
            }
        }
    }

    /// Reads one page of worklogs that were written or changed.
    pub(super) async fn worklogs(&mut self, client: &Client) -> Next {
        let now = self.now();
        let since = self.ingestion.activity.since.unwrap_or(after(now, -FIRST_DAYS * 86_400));
        let from = self.ingestion.activity.worklogs.unwrap_or(since);
        let page = match client.worklogs_changed(from).await {
            Ok(page) => page,
            Err(error) => return self.left(Source::Worklogs, error),
        };
        let mut deeds = Vec::new();
        for ids in page.ids.chunks(1000) {
            match client.worklogs(ids).await {
                Ok(found) => deeds.extend(found),
                Err(error) => return self.left(Source::Worklogs, error),
            }
        }
        let mut days = Days::new();
        self.take(&deeds, since, &mut days);
        self.write_days(&days).await?;
        self.ingestion.source(Source::Worklogs).read += page.ids.len() as u64;
        self.ingestion.activity.worklogs = Some(page.until.max(from));
        // Without progress there is no next page, whatever Jira says.
        Ok(if page.last || page.until <= from { self.stage_behind() } else { Stage::Worklogs })
    }

    /// Reads one page of worklogs that were deleted. Jira does not tell by whom.
    pub(super) async fn deleted_worklogs(&mut self, client: &Client) -> Next {
        let now = self.now();
        let since = self.ingestion.activity.since.unwrap_or(after(now, -FIRST_DAYS * 86_400));
        let from = self.ingestion.activity.deleted_worklogs.unwrap_or(since);
        let page = match client.worklogs_deleted(from).await {
            Ok(page) => page,
            Err(error) => return self.left(Source::Worklogs, error),
        };
        self.ingestion.activity.deletions_by_nobody += page.ids.len() as u64;
        // The moment itself was told of: asked from there again, Jira tells of it again.
        let next = if page.ids.is_empty() { from } else { after_millisecond(page.until.max(from)) };
        self.ingestion.activity.deleted_worklogs = Some(next);
        if page.last || page.until <= from {
            self.ingestion.source(Source::Worklogs).read_at = Some(now);
            return Ok(self.stage_behind());
        }
        Ok(Stage::DeletedWorklogs)
    }

    /// Takes the days of deeds of people, since `since`.
    fn take(&self, deeds: &[Deed], since: Timestamp, days: &mut Days) {
        let own = self.connection.account.as_ref().map(|account| &account.id);
        let zone = self.ingestion.time_zone();
        for deed in deeds {
            if counts(deed, own, since) {
                days.entry(deed.by.id.clone()).or_default().insert(day_of(deed.at, &zone));
            }
        }
    }

    /// Writes days that are new, and with each account the last of them.
    ///
    /// The account first: who dies in between finds the days new again, and not the account without them.
    async fn write_days(&mut self, days: &Days) -> Result<()> {
        let (tenant, connection, store) = (self.tenant(), self.id(), self.store());
        let zone = &self.ingestion.zone;
        let new = store.new_active_days(tenant, connection, zone, days).await?;
        let notes = new.iter().map(|(account, days)| async move {
            match days.last() {
                Some(day) => store.note_activity(tenant, connection, account, *day).await,
                None => Ok(()),
            }
        });
        stream::iter(notes).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        let written = store.add_active_days(tenant, connection, zone, &new).await?;
        self.ingestion.cost.writes += written + new.len() as u64;
        Ok(())
    }
}

/// Whether a deed makes its author active: an app and our own account are no people.
fn counts(deed: &Deed, own: Option<&AccountId>, since: Timestamp) -> bool {
    deed.at >= since && deed.by.kind != AccountKind::App && Some(&deed.by.id) != own
}

fn after_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond() + 1).unwrap_or(at)
}

/// The day on which a moment lies in a time zone.
fn day_of(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::{counts, day_of};
    use crate::account::AccountKind;
    use crate::ids::AccountId;
    use crate::jira::activity::{Author, Deed};

    #[test]
    fn a_day_begins_at_midnight_of_the_time_zone_also_when_clocks_change() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        for (moment, day) in [
            ("2026-03-28T22:59:59Z", "2026-03-28"),
            ("2026-03-28T23:00:00Z", "2026-03-29"),
            // Clocks went forward: midnight is an hour earlier in UTC.
            ("2026-03-29T21:59:59Z", "2026-03-29"),
            ("2026-03-29T22:00:00Z", "2026-03-30"),
            // And back.
            ("2026-10-24T22:00:00Z", "2026-10-25"),
            ("2026-10-25T22:59:59Z", "2026-10-25"),
            ("2026-10-25T23:00:00Z", "2026-10-26"),
        ] {
            assert_eq!(day_of(moment.parse().unwrap(), &zone).to_string(), day, "{moment}");
        }
    }

    #[test]
    fn apps_and_our_own_account_are_never_active() {
        let at = "2026-03-28T22:59:59Z".parse().unwrap();
        let own = AccountId::parse("own").unwrap();
        let deed = |id: &str, kind| Deed { by: Author { id: AccountId::parse(id).unwrap(), kind }, at };
        assert!(counts(&deed("ada", AccountKind::Human), Some(&own), at));
        assert!(counts(&deed("ada", AccountKind::Unknown), Some(&own), at));
        assert!(!counts(&deed("bot", AccountKind::App), Some(&own), at));
        assert!(!counts(&deed("own", AccountKind::Human), Some(&own), at));
        assert!(!counts(&deed("ada", AccountKind::Human), Some(&own), crate::clock::after(at, 1)));
    }
}
