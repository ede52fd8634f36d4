//! How each check judges what was read.

use jiff::Timestamp;

use super::{CheckId, Failing, Outcome, Verdict};
use crate::clock::{after, seconds_between};
use crate::connection::{Connection, IncidentLimits, Problem, State, UseCase};
use crate::evidence::{Complete, Entity, Gap, Reading};

/// Days back in which change tickets are in scope.
pub const CHANGE_PERIOD_DAYS: i64 = 90;

/// Days in which there must have been change activity.
pub const ACTIVITY_PERIOD_DAYS: i64 = 30;

/// How long a connection's verification is taken for granted, in seconds: a day.
pub const VERIFICATION_HOLDS_FOR: i64 = 24 * 3600;

const DAY: i64 = 24 * 3600;

/// B2: every change ticket of the period has an assignee.
pub fn change_tickets_have_assignees(reading: &Reading, now: Timestamp) -> Verdict {
    judge_each(reading, now, |entity| match entity.assignee {
        Some(_) => None,
        None => Some("it has no assignee".to_owned()),
    })
}

/// B3: every incident that is older than its limit is done.
pub fn incidents_are_closed(reading: &Reading, limits: &IncidentLimits, now: Timestamp) -> Verdict {
    judge_each(reading, now, |entity| {
        let days = limits.days(entity.priority.as_deref());
        let late =
            !entity.done && seconds_between(entity.created_at, reading.read_at) > i64::from(days) * DAY;
        late.then(|| {
            format!(
                "it was created on {} and is not closed, {days} days are allowed",
                date(entity.created_at)
            )
        })
    })
}

/// B4: a change ticket was created in the last 30 days. A partial reading that shows one still does not pass.
pub fn there_was_change_activity(reading: &Reading, connection: &Connection, now: Timestamp) -> Verdict {
    let complete = match reading.complete(now) {
        Ok(complete) => complete,
        Err(gaps) => return cannot_tell(gaps, Vec::new()),
    };
    let earliest = after(reading.read_at, -ACTIVITY_PERIOD_DAYS * DAY);
    let recent = complete.entities().iter().filter(|entity| entity.created_at >= earliest).count();
    if recent > 0 {
        return pass(
            complete,
            format!("{recent} change tickets were created in the last {ACTIVITY_PERIOD_DAYS} days"),
        );
    }
    fail_on_connection(connection, CheckId::B4, "no change ticket was created in the last 30 days")
}

/// B5: a connection for change management is active. `connections` are all of the tenant's.
pub fn change_management_is_connected(
    tenant_entity: Entity,
    connections: &[Connection],
    now: Timestamp,
) -> Verdict {
    judge_connections(
        tenant_entity,
        connections,
        now,
        |_| true,
        "no active connection has the use case ticketing",
    )
}

/// B1: a connection for change management is active and names a project or a query.
pub fn change_management_is_set_up(
    tenant_entity: Entity,
    connections: &[Connection],
    now: Timestamp,
) -> Verdict {
    judge_connections(
        tenant_entity,
        connections,
        now,
        |connection| connection.change_management.is_set(),
        "no active connection for ticketing names a change-management project or query",
    )
}

/// The verdict for a connection that cannot be used as it stands.
pub fn unusable(connection: &Connection) -> Verdict {
    let detail = match connection.state {
        State::NeedsReauth => format!("connection {} must be connected again", connection.id),
        State::Disconnected => format!("connection {} is disconnected", connection.id),
        State::Pending => format!("connection {} has not been verified yet", connection.id),
        State::Active | State::Degraded => format!("connection {} could not be used", connection.id),
    };
    cannot_tell(vec![Gap::ConnectionUnusable { detail }], Vec::new())
}

/// The verdict where a use case names neither projects nor a query.
pub fn nothing_configured(what: &str) -> Verdict {
    Verdict {
        outcome: Outcome::NotApplicable,
        failing: Vec::new(),
        gaps: Vec::new(),
        because: format!("the connection names no projects and no query for {what}"),
    }
}

pub(super) fn judge_each(
    reading: &Reading,
    now: Timestamp,
    complaint: impl Fn(&Entity) -> Option<String>,
) -> Verdict {
    let failing: Vec<Failing> = reading
        .entities
        .iter()
        .filter_map(|entity| complaint(entity).map(|why| Failing { entity: entity.clone(), why }))
        .collect();
    let complete = match reading.complete(now) {
        Ok(complete) => complete,
        Err(gaps) => return cannot_tell(gaps, failing),
    };
    if !failing.is_empty() {
        let because = format!("{} of {} fail", failing.len(), complete.entities().len());
        return Verdict { outcome: Outcome::Fail, failing, gaps: Vec::new(), because };
    }
    if !complete.anything_in_scope() {
        let because = "nothing is in scope: the query was answered in full and matched nothing".to_owned();
        return Verdict { outcome: Outcome::NotApplicable, failing, gaps: Vec::new(), because };
    }
    pass(complete, format!("{} read, none fails", complete.entities().len()))
}

fn judge_connections(
    tenant_entity: Entity,
    connections: &[Connection],
    now: Timestamp,
    suits: impl Fn(&Connection) -> bool,
    complaint: &str,
) -> Verdict {
    let active =
        connections.iter().filter(|connection| connection.serves(UseCase::Ticketing) && suits(connection));
    let mut stale = None;
    for connection in active {
        let age = connection.verified_at.map_or(i64::MAX, |verified_at| seconds_between(verified_at, now));
        if (0..=VERIFICATION_HOLDS_FOR).contains(&age) {
            return Verdict {
                outcome: Outcome::Pass,
                failing: Vec::new(),
                gaps: Vec::new(),
                because: format!("connection {} to {} is active", connection.id, connection.site),
            };
        }
        stale = Some(Gap::Stale { age });
    }
    // A connection with a problem of the whole of it may be as good as before when that has passed.
    let candidates = || {
        connections
            .iter()
            .filter(|connection| connection.use_cases.contains(&UseCase::Ticketing) && suits(connection))
    };
    let troubled = candidates().filter(|connection| connection.state.usable()).flat_map(|connection| {
        let problems = connection.problems.iter().filter(|problem| problem.use_case.is_none());
        problems.map(|problem| Gap::ConnectionUnusable { detail: in_words(connection, problem) })
    });
    let gaps: Vec<Gap> = stale.into_iter().chain(troubled).collect();
    if !gaps.is_empty() {
        return cannot_tell(gaps, Vec::new());
    }
    let problems = candidates().flat_map(|connection| {
        let concerned =
            |problem: &&Problem| problem.use_case.is_none_or(|use_case| use_case == UseCase::Ticketing);
        connection.problems.iter().filter(concerned).map(|problem| in_words(connection, problem))
    });
    let why = std::iter::once(complaint.to_owned()).chain(problems).collect::<Vec<_>>().join("; ");
    Verdict {
        outcome: Outcome::Fail,
        failing: vec![Failing { entity: tenant_entity, why: why.clone() }],
        gaps: Vec::new(),
        because: why,
    }
}

fn in_words(connection: &Connection, problem: &Problem) -> String {
    format!("connection {}: {}; {}", connection.id, problem.what, problem.mend)
}

/// A pass asks for the proof that everything was read.
fn pass(_proof: Complete<'_>, because: String) -> Verdict {
    Verdict { outcome: Outcome::Pass, failing: Vec::new(), gaps: Vec::new(), because }
}

fn cannot_tell(gaps: Vec<Gap>, failing: Vec<Failing>) -> Verdict {
    let reasons: Vec<String> = gaps.iter().map(ToString::to_string).collect();
    let reasons = reasons.join("; ");
    if failing.is_empty() {
        return Verdict {
            outcome: Outcome::CannotTell,
            failing,
            gaps,
            because: format!("cannot tell: {reasons}"),
        };
    }
    let because = format!("at least {} fail, and not all was read: {reasons}", failing.len());
    Verdict { outcome: Outcome::Fail, failing, gaps, because }
}

fn fail_on_connection(connection: &Connection, check: CheckId, why: &str) -> Verdict {
    let entity = Entity {
        id: format!("connection:{}", connection.id),
        key: connection.site.as_str().to_owned(),
        title: format!("{} ({})", check.title(), connection.change_management.describe()),
        url: String::new(),
        assignee: None,
        created_at: connection.created_at,
        done: false,
        priority: None,
    };
    Verdict {
        outcome: Outcome::Fail,
        failing: vec![Failing { entity, why: why.to_owned() }],
        gaps: Vec::new(),
        because: why.to_owned(),
    }
}

fn date(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
