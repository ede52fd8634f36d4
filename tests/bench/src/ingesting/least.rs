//! The least possible calls of a run: what Jira needs to be asked, at the longest pages that it gives, by whoever knows
//! beforehand what there is.
//!
//! | what is read | calls |
//! |---|---|
//! | accounts | one for 1,000, and one more, since only an empty page is known to be the last |
//! | groups; projects | one for 50 |
//! | members | for each group one for 50, at least one |
//! | products | one |
//! | project roles | for each project one for the list of its roles and one for each of them |
//! | changed issues, with their comments | one for 100, as the simulator gives them; Atlassian names no number |
//! | how many there are, for showing progress | one |
//! | histories of more than the 40 entries that come with the issue | one for 1,000 issues, and one for 10,000 entries if that is more |
//! | worklogs that were changed | one for 1,000, at least one; as many again for who did it, none for none |
//! | worklogs that were deleted | one for 1,000, at least one |
//!
//! Every run reads the whole directory: Jira does not tell which accounts changed. Issues and worklogs are those that were
//! changed since the last run, or in the first one's 30 days; an overlap is not among the least. Source of the pages:
//! jira-facts 4.1 and 4.5, and the specifications that `assay::jira` names.

use std::collections::{HashMap, HashSet};

use assay::ingestion::ActivityReached;
use assay_test_support::world::{SITE, World};
use jiff::Timestamp;
use jira_sim::ActivityKind;

const ACCOUNTS: u64 = 1000;
const MEMBERS: u64 = 50;
const GROUPS: u64 = 50;
const PROJECTS: u64 = 50;
const ISSUES: u64 = 100;
const EMBEDDED: u64 = 40;
const HISTORIES: u64 = 1000;
const ENTRIES: u64 = 10_000;
const WORKLOGS: u64 = 1000;

/// The least calls of the run that reached `now`, after one that had reached `last`.
pub async fn calls(world: &World, last: Option<&ActivityReached>, now: &ActivityReached) -> u64 {
    let since = now.since.expect("activity was read");
    let reached = |of: fn(&ActivityReached) -> Option<Timestamp>| last.and_then(of).unwrap_or(since);
    let found = Changed::since(world, reached(|last| last.changes), reached(|last| last.worklogs));
    directory(world).await + found.calls()
}

/// The calls for accounts, groups, products and roles.
async fn directory(world: &World) -> u64 {
    let (store, id) = (world.store(), super::connection());
    let accounts = super::accounts(world).await.len() as u64;
    let groups = store.all_groups(&world.tenant, &id).await.expect("the table");
    let members: u64 = groups.iter().map(|group| pages(group.members, MEMBERS)).sum();
    let roles = store.all_project_roles(&world.tenant, &id).await.expect("the table");
    let projects: HashSet<&str> = roles.iter().map(|role| role.project.as_str()).collect();
    let (of_roles, projects) = (roles.len() as u64, projects.len() as u64);
    let lists = accounts.div_ceil(ACCOUNTS) + 1 + pages(groups.len() as u64, GROUPS) + members;
    // And one for the products.
    lists + 1 + pages(projects, PROJECTS) + projects + of_roles
}

/// Pages of a list that says where it ends.
fn pages(count: u64, page: u64) -> u64 {
    count.div_ceil(page).max(1)
}

/// What was changed, by the simulator's journal of events.
#[derive(Default)]
struct Changed {
    issues: u64,
    /// Issues with more entries than come with them, and their entries.
    long: u64,
    entries: u64,
    worklogs: u64,
    deleted: u64,
}

impl Changed {
    fn since(world: &World, changes: Timestamp, worklogs: Timestamp) -> Self {
        let (changes, since) = (changes.as_millisecond(), worklogs.as_millisecond());
        // By issue: its last change, and the entries of its history.
        let mut issues: HashMap<u64, (i64, u64)> = HashMap::new();
        let mut worked: HashSet<u64> = HashSet::new();
        let mut found = Self::default();
        for event in world.jira.simulator.activity(SITE) {
            let issue = issues.entry(event.issue).or_default();
            issue.0 = issue.0.max(event.at);
            match event.what {
                ActivityKind::IssueChanged => issue.1 += 1,
                ActivityKind::WorklogCreated | ActivityKind::WorklogEdited if event.at >= since => {
                    worked.insert(event.item);
                }
                ActivityKind::WorklogDeleted if event.at >= since => {
                    worked.remove(&event.item);
                    found.deleted += 1;
                }
                ActivityKind::IssueDeleted => *issue = (0, 0),
                _ => {}
            }
        }
        for (_, entries) in issues.into_values().filter(|(last, _)| *last >= changes) {
            found.issues += 1;
            if entries > EMBEDDED {
                found.long += 1;
                found.entries += entries;
            }
        }
        found.worklogs = worked.len() as u64;
        found
    }

    fn calls(&self) -> u64 {
        let histories = self.long.div_ceil(HISTORIES).max(self.entries.div_ceil(ENTRIES));
        // One more says how many there are.
        let changes = 1 + pages(self.issues, ISSUES) + histories;
        let worklogs = pages(self.worklogs, WORKLOGS) + self.worklogs.div_ceil(WORKLOGS);
        changes + worklogs + pages(self.deleted, WORKLOGS)
    }
}
