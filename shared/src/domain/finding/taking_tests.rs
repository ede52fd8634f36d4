use jiff::Timestamp;

use super::{Became, Incoming, State, Taking, Task, absent};
use crate::check::Outcome;
use crate::evidence::Gap;
use crate::finding::policy::FindingPolicy;
use crate::finding::tally::{Standing, Tally, verdict};
use crate::finding::{Acceptance, Location, Severity};
use crate::ids::{AccountId, ReportId, TenantId};
use crate::task::Edit;

const T1: &str = "2026-01-01T00:00:00Z";
const T2: &str = "2026-01-02T12:00:00Z";
const T3: &str = "2026-01-03T00:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn incoming() -> Incoming {
    Incoming {
        fingerprint: "f-1".to_owned(),
        title: "Old library".to_owned(),
        description: String::new(),
        fix: "update it".to_owned(),
        severity: Severity::High,
        score: Some(75),
        rule: "CVE-1".to_owned(),
        advisory: String::new(),
        asset: "shop/api".to_owned(),
        location: Some(Location { path: "go.mod".to_owned(), line: Some(3) }),
        package: None,
        links: vec!["https://example.com/1".to_owned()],
    }
}

/// Takes `incoming` in at `now`, as a report says that began at `began`.
fn take_at(stored: Option<&Task>, incoming: &Incoming, began: &str, now: &str) -> (Became, Option<Task>) {
    let tenant = TenantId::parse("acme").unwrap();
    let report = ReportId::parse("r-1").unwrap();
    let taking = Taking {
        tenant: &tenant,
        source: "trivy",
        report: Some(&report),
        began_at: at(began),
        now: at(now),
        policy: &FindingPolicy::new(tenant.clone()),
        touch: false,
    };
    taking.take(stored, incoming).unwrap()
}

fn take(stored: Option<&Task>, began: &str) -> (Became, Option<Task>) {
    take_at(stored, &incoming(), began, began)
}

pub(crate) fn opened() -> Task {
    take(None, T1).1.unwrap()
}

fn policy() -> FindingPolicy {
    FindingPolicy::new(TenantId::parse("acme").unwrap())
}

fn accepted(until: &str) -> Task {
    let mut task = opened();
    let acceptance = Acceptance {
        until: until.parse().unwrap(),
        why: "behind a wall".to_owned(),
        by: "tok".to_owned(),
        at: at(T1),
    };
    assert!(task.accept(acceptance, at(T1)).unwrap());
    task
}

#[test]
fn a_new_finding_is_opened_and_due_within_the_limit_of_its_severity() {
    let task = opened();
    assert_eq!((task.state, task.due_at), (State::Open, at("2026-01-31T00:00:00Z")));
    assert_eq!(task.why, "trivy reports it as high (CVSS 7.5) in shop/api, at go.mod:3");
    assert_eq!((task.subject.key.as_str(), task.subject.url.as_str()), ("CVE-1", "https://example.com/1"));
    assert_eq!(task.id, crate::finding::id(&task.tenant, "trivy", "f-1").unwrap());
}

#[test]
fn a_report_that_says_nothing_new_writes_nothing_but_once_a_day() {
    let task = opened();
    assert_eq!(take(Some(&task), "2026-01-01T23:59:59Z"), (Became::Unchanged, None));
    let (became, written) = take(Some(&task), T2);
    let written = written.unwrap();
    assert_eq!((became, written.finding.unwrap().last_seen_at), (Became::Unchanged, at(T2)));
    assert_eq!(written.updated_at, task.updated_at);
}

#[test]
fn a_changed_severity_changes_the_due_date_unless_a_person_set_it_and_what_people_edited_stays() {
    let mut task = opened();
    let critical =
        Incoming { severity: Severity::Critical, score: None, title: "Worse".to_owned(), ..incoming() };
    let (became, worse) = take_at(Some(&task), &critical, T2, T2);
    let worse = worse.unwrap();
    assert_eq!(
        (became, worse.due_at),
        (Became::Updated, at("2026-01-08T00:00:00Z")),
        "counted from the first day"
    );
    assert_eq!(worse.title, "Worse");
    let assignee = AccountId::parse("acc-1").unwrap();
    let edit =
        Edit { title: Some("Mine".to_owned()), assignee: Some(Some(assignee.clone())), due_at: Some(at(T3)) };
    task.edit(&edit, at(T1));
    let kept = take_at(Some(&task), &critical, T2, T2).1.unwrap();
    assert_eq!((kept.title.as_str(), kept.assignee, kept.due_at), ("Mine", Some(assignee), at(T3)));
    assert_eq!(kept.finding.unwrap().severity, Severity::Critical);
}

#[test]
fn what_a_person_completed_comes_back_by_a_newer_report_alone_and_buys_no_time() {
    let mut task = opened();
    task.complete("jira", "closed", at(T2));
    let (became, same) = take_at(Some(&task), &incoming(), "2026-01-02T11:00:00Z", T3);
    assert_eq!(became, Became::Unchanged);
    assert!(same.is_none_or(|task| task.state == State::Completed));
    let (became, back) = take(Some(&task), T3);
    let back = back.unwrap();
    assert_eq!((became, back.state, back.generation, back.held), (Became::Reopened, State::Open, 2, false));
    assert_eq!(back.due_at, task.due_at);
    assert_eq!(back.finding.unwrap().regressions, 1);
}

#[test]
fn what_was_absent_comes_back_by_a_newer_report_alone_with_a_limit_of_its_own() {
    let gone = absent(&opened(), at(T2), at(T3)).unwrap();
    assert_eq!((gone.state, gone.resolved_at), (State::Resolved, Some(at(T2))));
    assert_eq!(take_at(Some(&gone), &incoming(), "2026-01-02T11:59:59Z", T3), (Became::Unchanged, None));
    assert_eq!(take_at(Some(&gone), &incoming(), T2, T3), (Became::Unchanged, None));
    let back = take(Some(&gone), T3).1.unwrap();
    assert_eq!((back.state, back.due_at), (State::Open, at("2026-02-02T00:00:00Z")));
    let finding = back.finding.unwrap();
    assert_eq!((finding.regressions, finding.first_seen_at), (1, at(T1)));
}

#[test]
fn an_older_report_changes_nothing_of_what_a_newer_one_wrote() {
    let newer = take_at(None, &incoming(), T2, T2).1.unwrap();
    let worse = Incoming { severity: Severity::Critical, ..incoming() };
    assert_eq!(take_at(Some(&newer), &worse, T1, T3), (Became::Unchanged, None));
    assert_eq!(absent(&newer, at(T1), at(T3)), None);
    assert_eq!(absent(&newer, at(T2), at(T3)), None, "this very report named it");
}

#[test]
fn absence_resolves_what_is_completed_or_accepted_and_leaves_what_a_person_holds_open() {
    let mut task = opened();
    task.complete("jira", "closed", at(T1));
    assert!(absent(&task, at(T2), at(T2)).is_some());
    task.reopen(at(T1));
    assert!(task.held && absent(&task, at(T2), at(T2)).is_none());
    let gone = absent(&accepted("2026-02-01"), at(T2), at(T2)).unwrap();
    assert_eq!(Standing::of(&gone), Standing::Resolved);
    assert!(absent(&gone, at(T3), at(T3)).is_none());
    let back = take(Some(&gone), T3).1.unwrap();
    assert_eq!(Standing::of(&back), Standing::Accepted, "its risk is accepted still");
    assert_eq!(back.finding.unwrap().regressions, 0);
}

#[test]
fn while_a_risk_is_accepted_reports_change_texts_alone_and_its_end_counts_anew() {
    let task = accepted("2026-01-02");
    assert_eq!(task.completion.as_ref().unwrap().why, "the risk is accepted until 2026-01-02: behind a wall");
    let other = Incoming { title: "Other".to_owned(), ..incoming() };
    let still = take_at(Some(&task), &other, T2, "2026-01-02T23:59:59Z").1.unwrap();
    assert_eq!((Standing::of(&still), still.title.as_str()), (Standing::Accepted, "Other"));
    let mut ended = task.clone();
    assert!(!ended.end_acceptance(&policy(), at("2026-01-02T23:59:59Z")));
    assert!(ended.end_acceptance(&policy(), at(T3)));
    assert_eq!((ended.state, ended.due_at), (State::Open, at("2026-02-02T00:00:00Z")));
    assert!(!ended.end_acceptance(&policy(), at(T3)));
    let (became, told) = take(Some(&task), T3);
    assert_eq!((became, told.unwrap().state), (Became::Reopened, State::Open));
}

#[test]
fn taking_an_acceptance_back_buys_no_time_and_a_person_who_reopens_voids_it() {
    let mut task = accepted("2026-03-01");
    let before = task.due_at;
    assert!(task.withdraw(&policy(), at(T2)));
    assert_eq!((task.state, task.due_at, task.acceptance()), (State::Open, before, None));
    assert!(!task.withdraw(&policy(), at(T2)));
    let mut reopened = accepted("2026-03-01");
    reopened.reopen(at(T2));
    assert_eq!(Standing::of(&reopened), Standing::Open);
    let told = take(Some(&reopened), T3).1.unwrap();
    assert_eq!((told.state, told.finding.unwrap().acceptance), (State::Open, None));
    let mut gone = absent(&opened(), at(T2), at(T2)).unwrap();
    let acceptance = accepted("2026-03-01").finding.unwrap().acceptance.unwrap();
    assert!(gone.accept(acceptance, at(T3)).is_err());
}

#[test]
fn an_acceptance_that_was_voided_by_reopening_never_hides_the_finding_again() {
    let mut task = accepted("2026-03-01");
    task.reopen(at(T1));
    task.complete("jira", "closed", at(T2));
    assert_eq!(Standing::of(&task), Standing::Completed);
    let (became, back) = take(Some(&task), T3);
    assert_eq!((became, back.unwrap().state), (Became::Reopened, State::Open));
    let gone = absent(&task, at(T2), at(T2)).unwrap();
    assert_eq!(take(Some(&gone), T3).1.unwrap().state, State::Open);
}

#[test]
fn counts_and_verdict_tell_open_from_accepted_and_late_from_due() {
    let late = at("2026-01-31T00:00:01Z");
    let count = |tasks: &[&Task]| {
        let mut tally = Tally::default();
        for task in tasks {
            tally.add(task, &policy(), late);
        }
        tally
    };
    assert_eq!(verdict(&Tally::default(), Vec::new(), Vec::new()).outcome, Outcome::Pass);
    let info = take_at(None, &Incoming { severity: Severity::Info, ..incoming() }, T1, T1).1.unwrap();
    let fine = count(&[&accepted("2026-03-01"), &info]);
    assert_eq!(verdict(&fine, Vec::new(), Vec::new()).outcome, Outcome::Pass);
    let gap = || vec![Gap::Unreported { detail: "trivy is silent".to_owned() }];
    let doubtful = verdict(&fine, Vec::new(), gap());
    assert_eq!(
        (doubtful.outcome, doubtful.because.as_str()),
        (Outcome::CannotTell, "cannot tell: trivy is silent")
    );
    let all = count(&[&opened(), &accepted("2026-03-01"), &info]);
    assert_eq!((all.total, all.open(), all.overdue()), (3, 2, 1));
    assert_eq!(verdict(&all, Vec::new(), gap()).outcome, Outcome::Fail, "what is late is late");
    let told = verdict(&all, Vec::new(), Vec::new());
    assert_eq!(
        (told.outcome, told.because.as_str()),
        (Outcome::Fail, "1 of 2 open findings are past their due date")
    );
}
