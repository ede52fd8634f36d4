//! What a query finds, in the order of the last change: made only as far as it is read, since whoever reads a large site
//! in this order asks anew for each page.
//!
//! The list is the one of the moment of the query, as every other: seeded issues that are written to later stay where
//! they were in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use crate::{
    jql::{self, Predicate},
    state::site::Site,
};

/// The rest of a list.
#[derive(Debug, Clone)]
pub(super) struct Rising {
    list: Arc<List>,
    /// For each row of seeded issues the next rank, and the first that is not in the list.
    seeded: Vec<(usize, u64, u64)>,
    /// How many of the list's written issues were given.
    written: usize,
}

#[derive(Debug)]
struct List {
    predicate: Predicate,
    /// Issues that were not as the seed says.
    apart: BTreeSet<u64>,
    /// Those of them that the query finds: (milliseconds of the last change, id).
    written: Vec<(i64, u64)>,
}

/// Whether an order is the one that this module knows.
pub(super) fn is_rising(order: &[(String, bool)]) -> bool {
    matches!(order, [(one, false), (other, false)]
        if one.eq_ignore_ascii_case("updated") && other.eq_ignore_ascii_case("id"))
}

impl Rising {
    /// What a query finds now; `None` if the seed does not say when issues were last changed.
    pub(super) fn find(
        site: &Site,
        predicate: &Predicate,
        projects: &BTreeSet<u64>,
        now: Timestamp,
    ) -> Option<Self> {
        let seeded = site.issues.ranks(projects, predicate.updated())?;
        let apart = site.issues.apart();
        let written = apart.iter().filter_map(|id| site.issues.indexed(*id, now));
        let found = written.filter(|issue| {
            issue.archived.is_none()
                && projects.contains(&issue.project)
                && jql::matches(predicate, issue, site)
        });
        let mut written: Vec<(i64, u64)> =
            found.map(|issue| (issue.updated.as_millisecond(), issue.id)).collect();
        written.sort_unstable();
        let list = Arc::new(List { predicate: predicate.clone(), apart, written });
        Some(Self { list, seeded, written: 0 })
    }

    /// Takes the next issues off the list, at most `most`. Returns them, and whether there are more.
    pub(super) fn take(&mut self, site: &Site, most: usize) -> (Vec<u64>, bool) {
        let mut ids = Vec::new();
        while ids.len() < most {
            match self.next(site) {
                Some(id) => ids.push(id),
                None => return (ids, false),
            }
        }
        let is_more = self.clone().next(site).is_some();
        (ids, is_more)
    }

    fn next(&mut self, site: &Site) -> Option<u64> {
        // The first of each source, by time and id; the place is that of the row, `None` for written ones.
        let mut firsts: BTreeMap<(i64, u64), Option<usize>> = BTreeMap::new();
        for place in 0..self.seeded.len() {
            firsts.extend(self.seeded_first(site, place).map(|first| (first, Some(place))));
        }
        firsts.extend(self.list.written.get(self.written).map(|first| (*first, None)));
        let ((_, id), place) = firsts.pop_first()?;
        match place {
            Some(place) => self.seeded[place].1 += 1,
            None => self.written += 1,
        }
        Some(id)
    }

    /// The next of a row of seeded issues that the query finds, by time and id; those before it are left behind.
    fn seeded_first(&mut self, site: &Site, place: usize) -> Option<(i64, u64)> {
        let (row, rank, end) = &mut self.seeded[place];
        while *rank < *end {
            let (at, id) = site.issues.ranked(*row, *rank)?;
            let is_found = !self.list.apart.contains(&id)
                && site
                    .issues
                    .seeded_head(*row, id)
                    .is_some_and(|issue| jql::matches(&self.list.predicate, &issue, site));
            if is_found {
                return Some((at, id));
            }
            *rank += 1;
        }
        None
    }
}
