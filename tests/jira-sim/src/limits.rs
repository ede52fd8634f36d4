//! Jira's limits: points per hour, calls per second, writes per issue, cost of bulk creation.
//!
//! Points bind OAuth apps over all sites together; API tokens are free of them. The other limits bind everybody.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;

use crate::{
    auth::Credential,
    call::Answer,
    clock::plus_seconds,
    operation::{Kind, Operation},
    settings::Settings,
};

const HOUR: i64 = 3600;
const BULK_COST_PER_ISSUE: u64 = 150;

/// What was used up.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// Points of an OAuth app: (hour, used).
    points: HashMap<String, (i64, u64)>,
    /// Cost of bulk creation by site: (hour, used).
    bulk_cost: HashMap<usize, (i64, u64)>,
    /// Calls in a second by site and operation: (second, calls).
    burst: HashMap<(usize, &'static str), (i64, u32)>,
    /// Times of the last writes by site and issue, in milliseconds.
    writes: HashMap<(usize, u64), VecDeque<i64>>,
}

impl Limits {
    /// Whether a call may go on; it counts as a call of its second even if not.
    pub(crate) fn admit(
        &mut self,
        settings: &Settings,
        site: usize,
        operation: &'static Operation,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<(), Answer> {
        self.admit_points(settings, credential, now)?;
        self.admit_burst(settings, site, operation, now)
    }

    fn admit_points(
        &mut self,
        settings: &Settings,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<(), Answer> {
        let (Some(limit), Credential::OAuth { client, .. }) = (settings.quota, credential) else {
            return Ok(());
        };
        let used = used_this_hour(self.points.get(client), now);
        if used < limit {
            return Ok(());
        }
        let refusal = too_many("jira-quota-global-based", seconds_to_next_hour(now), now);
        Err(refusal
            .with_header("x-ratelimit-limit", limit.to_string())
            .with_header("x-ratelimit-remaining", "0".to_owned())
            .with_header("ratelimit", format!("\"global-app-quota\";r=0;t={}", seconds_to_next_hour(now)))
            .with_header("ratelimit-policy", format!("\"global-app-quota\";q={limit};w=3600")))
    }

    fn admit_burst(
        &mut self,
        settings: &Settings,
        site: usize,
        operation: &'static Operation,
        now: Timestamp,
    ) -> Result<(), Answer> {
        let limit = burst_limit(settings, operation);
        if limit == 0 {
            return Ok(());
        }
        let counter = self.burst.entry((site, operation.id)).or_insert((0, 0));
        if counter.0 != now.as_second() {
            *counter = (now.as_second(), 0);
        }
        counter.1 += 1;
        if counter.1 <= limit {
            return Ok(());
        }
        let refusal = too_many("jira-burst-based", 1, now);
        Err(refusal
            .with_header("x-ratelimit-limit", limit.to_string())
            .with_header("x-ratelimit-remaining", "0".to_owned()))
    }

    /// Whether an issue may be written to once more.
    pub(crate) fn admit_write(
        &mut self,
        settings: &Settings,
        site: usize,
        issue: u64,
        now: Timestamp,
    ) -> Result<(), Answer> {
        if !settings.per_issue_writes {
            return Ok(());
        }
        let now_ms = now.as_millisecond();
        let times = self.writes.entry((site, issue)).or_default();
        while times.front().is_some_and(|first| now_ms - first >= 30_000) {
            times.pop_front();
        }
        let within = |window: i64| times.iter().filter(|time| now_ms - **time < window).count();
        if times.len() >= 100 || within(2_000) >= 20 {
            let wait = if times.len() >= 100 { 30 } else { 2 };
            return Err(too_many("jira-per-issue-on-write", wait, now));
        }
        times.push_back(now_ms);
        Ok(())
    }

    /// Whether `issues` more may be created in bulk.
    pub(crate) fn admit_bulk(
        &mut self,
        settings: &Settings,
        site: usize,
        issues: usize,
        now: Timestamp,
    ) -> Result<(), Answer> {
        let Some(limit) = settings.bulk_cost_limit else { return Ok(()) };
        let used = used_this_hour(self.bulk_cost.get(&site), now);
        let cost = BULK_COST_PER_ISSUE * issues as u64;
        if used + cost > limit {
            let refusal = too_many("jira-cost-based", seconds_to_next_hour(now), now);
            return Err(refusal
                .with_header("x-ratelimit-limit", limit.to_string())
                .with_header("x-ratelimit-remaining", limit.saturating_sub(used).to_string()));
        }
        self.bulk_cost.insert(site, (hour(now), used + cost));
        Ok(())
    }

    /// Books the points of an answered call and gives the headers that tell the app.
    pub(crate) fn book(
        &mut self,
        settings: &Settings,
        credential: &Credential,
        points: u32,
        now: Timestamp,
    ) -> Vec<(&'static str, String)> {
        let (Some(limit), Credential::OAuth { client, .. }) = (settings.quota, credential) else {
            return Vec::new();
        };
        let used = used_this_hour(self.points.get(client), now) + u64::from(points);
        self.points.insert(client.clone(), (hour(now), used));
        let remaining = limit.saturating_sub(used);
        let mut headers =
            vec![("x-ratelimit-limit", limit.to_string()), ("x-ratelimit-remaining", remaining.to_string())];
        headers.push(("beta-ratelimit-policy", format!("\"global-app-quota\";q={limit};w=3600")));
        if remaining * 5 < limit {
            headers.push(("x-ratelimit-nearlimit", "true".to_owned()));
            let wait = seconds_to_next_hour(now);
            headers.push(("beta-ratelimit", format!("\"global-app-quota\";r={remaining};t={wait}")));
        }
        headers
    }
}

/// A 429 with the headers that every kind has.
pub(crate) fn too_many(reason: &str, wait: i64, now: Timestamp) -> Answer {
    Answer::error(429, "Rate limit exceeded.")
        .with_header("retry-after", wait.to_string())
        .with_header("ratelimit-reason", reason.to_owned())
        .with_header("x-ratelimit-reset", plus_seconds(now, wait).strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn burst_limit(settings: &Settings, operation: &Operation) -> u32 {
    let by_method = match operation.method {
        "GET" => settings.burst.get,
        "POST" => settings.burst.post,
        "PUT" => settings.burst.put,
        _ => settings.burst.delete,
    };
    // Endpoints with a documented rate of their own keep it unless the setting was changed.
    match (operation.id, by_method) {
        ("getIssue" | "getUser" | "countIssues", 100) => 150,
        ("getChangeLogs", 100) => 200,
        (_, limit) => limit,
    }
}

fn hour(now: Timestamp) -> i64 {
    now.as_second().div_euclid(HOUR)
}

fn used_this_hour(counter: Option<&(i64, u64)>, now: Timestamp) -> u64 {
    counter.filter(|(of, _)| *of == hour(now)).map_or(0, |(_, used)| *used)
}

fn seconds_to_next_hour(now: Timestamp) -> i64 {
    HOUR - now.as_second().rem_euclid(HOUR)
}

/// Points of a call: one, and for a read what it read; a write costs one.
pub(crate) fn points(operation: &Operation, answer: &Answer) -> u32 {
    match operation.kind {
        Kind::Read => answer.points.saturating_add(1),
        Kind::Write | Kind::IssueWrite => 1,
    }
}
