//! The list of groups, and the members of each.

use std::collections::{BTreeMap, BTreeSet};

use super::{Next, Slice};
use crate::directory::{ACCOUNTS_IN_PAGE, Group, List};
use crate::evidence::Gap;
use crate::ids::GroupId;
use crate::ingestion::{Source, Stage};
use crate::jira::Client;
use crate::{Error, Result};

/// Pages of a list beyond which something is wrong: two million groups.
const MOST_PAGES: usize = 40_000;

impl Slice<'_> {
    /// Lists all groups. A group that is not listed any more is marked only when the list came to its end.
    pub(super) async fn groups(&mut self, client: &Client) -> Next {
        self.ingestion.source(Source::Groups).begin();
        let mut listed: BTreeMap<GroupId, String> = BTreeMap::new();
        let mut start = 0;
        let (mut ended, mut counted) = (false, BTreeSet::new());
        for _ in 0..MOST_PAGES {
            let portion = match client.list_groups(start).await {
                Ok(portion) => portion,
                Err(error) => return self.left(Source::Groups, error),
            };
            start += portion.items.len() as u64;
            counted.extend(portion.total);
            listed.extend(portion.items.into_iter().map(|group| (group.id, group.name)));
            if portion.last {
                ended = true;
                break;
            }
        }
        let now = self.now();
        let read = listed.len() as u64;
        // One that was deleted or made while the pages were read moves the others over their edges.
        if !ended || counted.iter().any(|counted| *counted != read) {
            ended = false;
            let counted = counted.last().copied().unwrap_or(read);
            self.ingestion.source(Source::Groups).lacks(Gap::Short { read, counted });
        }
        let mut groups = self.store().all_groups(self.tenant(), self.id()).await?;
        for group in &mut groups {
            let before = group.clone();
            match listed.remove(&group.id) {
                Some(name) => {
                    group.name = name;
                    group.removed_at = None;
                }
                None if ended => {
                    group.removed_at = group.removed_at.or(Some(now));
                    group.members = 0;
                }
                None => {}
            }
            if *group != before {
                self.write_group(group).await?;
            }
        }
        for (id, name) in listed {
            let mut group = Group {
                tenant: self.tenant().clone(),
                connection: self.id().clone(),
                id,
                name,
                members: 0,
                complete: false,
                products: Vec::new(),
                removed_at: None,
                version: 0,
            };
            self.write_group(&mut group).await?;
        }
        let coverage = self.ingestion.source(Source::Groups);
        coverage.read = read;
        coverage.read_at = Some(now);
        self.groups = None;
        Ok(self.stage_behind())
    }

    pub(super) async fn write_group(&mut self, group: &mut Group) -> Result<()> {
        group.version += 1;
        self.store().write_group(group).await?;
        self.ingestion.cost.writes += 1;
        Ok(())
    }

    /// The groups, by id.
    pub(super) async fn known_groups(&mut self) -> Result<&mut Vec<Group>> {
        if self.groups.is_none() {
            self.groups = Some(self.store().all_groups(self.tenant(), self.id()).await?);
        }
        self.groups.as_mut().ok_or_else(|| Error::internal("the groups were read, and are not there"))
    }

    /// Lists the members of the group behind `behind`, from the place `start` on: one page that is kept, by as many calls
    /// as that needs.
    ///
    /// A group is complete when as many different accounts were read as Jira counts, at the last page, in the group. If
    /// they are fewer, somebody moved between pages; the group's stored members are kept until the next run.
    pub(super) async fn members(
        &mut self,
        client: &Client,
        behind: Option<GroupId>,
        start: u64,
        kept: u64,
    ) -> Next {
        if behind.is_none() && start == 0 {
            self.ingestion.source(Source::Members).begin();
        }
        let groups = self.known_groups().await?;
        let next = groups.iter().find(|group| {
            group.removed_at.is_none() && behind.as_ref().is_none_or(|behind| group.id > *behind)
        });
        let Some(group) = next.map(|group| group.id.clone()) else {
            let now = self.now();
            self.ingestion.source(Source::Members).read_at = Some(now);
            return Ok(self.stage_behind());
        };
        let list = List::Members(group.clone());
        if start == 0 {
            self.begin_group(&group).await?;
        }
        let (mut at, mut accounts) = (start, Vec::new());
        let (mut counted, mut ended) = (None, false);
        while accounts.len() as u64 + 50 <= ACCOUNTS_IN_PAGE && !ended {
            let portion = match client.list_members(&group, at).await {
                Ok(portion) => portion,
                // The group was deleted since the groups were listed: the next run marks it.
                Err(error) if !error.concerns_every_call() => {
                    // It was deleted since the groups were listed, or is not for us: the next run sees.
                    let gap = Gap::from(&error);
                    self.ingestion.source(Source::Members).lacks(gap.clone());
                    return self.end_group(&group, Some(gap), 0).await;
                }
                Err(error) => return Err(error.into()),
            };
            at += portion.items.len() as u64;
            (counted, ended) = (portion.total, portion.last);
            if at <= 50 {
                self.nobodies = 0;
                self.counted_first = counted;
            }
            // A record of nobody counts in the total, and is kept for that.
            self.nobodies += portion.items.iter().filter(|account| account.is_nobody()).count() as u64;
            accounts.extend(portion.items.into_iter().map(|account| account.id));
        }
        self.ingestion.source(Source::Members).read += accounts.len() as u64;
        if accounts.is_empty() {
            self.store().cut_roster(self.tenant(), self.id(), &list, kept).await?;
        } else {
            self.keep(&list, kept, accounts.clone()).await?;
        }
        if !ended {
            return Ok(Stage::Members { behind, start: at, kept: kept + ACCOUNTS_IN_PAGE });
        }
        let end = if accounts.is_empty() { kept } else { kept + ACCOUNTS_IN_PAGE };
        self.store().cut_roster(self.tenant(), self.id(), &list, end).await?;
        let distinct = if kept == 0 {
            accounts.iter().collect::<BTreeSet<_>>().len() as u64
        } else {
            self.listed_in(&list).await?.len() as u64
        };
        // Records of nobody have one id in common.
        let distinct = distinct + self.nobodies.saturating_sub(1);
        let gap = match counted {
            Some(counted) if counted > distinct => Some(Gap::Short { read: distinct, counted }),
            // Somebody left while the pages were read, and another one may have moved past them.
            Some(counted) if self.counted_first.is_some_and(|first| first > counted) => {
                Some(Gap::Short { read: distinct, counted: self.counted_first.unwrap_or(counted) })
            }
            Some(_) => None,
            None => Some(Gap::NotCounted),
        };
        if let Some(gap) = &gap {
            self.ingestion.source(Source::Members).lacks(gap.clone());
        }
        self.end_group(&group, gap, distinct).await
    }

    /// Writes down that a group's list is being read anew, where that takes more than one page that is kept: until its end,
    /// what is kept of it is partly old.
    async fn begin_group(&mut self, id: &GroupId) -> Result<()> {
        let groups = self.known_groups().await?;
        let large = groups
            .iter_mut()
            .find(|group| group.id == *id && group.complete && group.members > ACCOUNTS_IN_PAGE);
        if let Some(group) = large {
            group.complete = false;
            let mut changed = group.clone();
            self.write_group(&mut changed).await?;
            self.groups = None;
        }
        Ok(())
    }

    /// Writes down how a group's list ended, and goes on to the next group.
    async fn end_group(&mut self, id: &GroupId, gap: Option<Gap>, members: u64) -> Next {
        let groups = self.known_groups().await?;
        if let Some(group) = groups.iter_mut().find(|group| group.id == *id) {
            let before = group.clone();
            group.complete = gap.is_none();
            if group.complete {
                group.members = members;
            }
            if *group != before {
                let mut changed = group.clone();
                self.write_group(&mut changed).await?;
                let groups = self.known_groups().await?;
                if let Some(group) = groups.iter_mut().find(|group| group.id == *id) {
                    *group = changed;
                }
            }
        }
        Ok(Stage::Members { behind: Some(id.clone()), start: 0, kept: 0 })
    }
}
