//! A made-up finding, to show with what a ticket would say before there is a real one.

use jiff::Timestamp;

use crate::Result;
use crate::check::CheckId;
use crate::finding::{self, Finding, Location, Package, Severity};
use crate::ids::{RunId, TenantId};
use crate::task::{State, Subject, Task};

/// An open task of a finding of which everything is known.
///
/// # Errors
/// Never for identifiers made by this library; the type asks for it.
pub fn task(tenant: &TenantId, now: Timestamp) -> Result<Task> {
    let (source, fingerprint) = ("scanner", "made-up");
    let title = "Remote code execution by logged text";
    let finding = Finding {
        source: source.to_owned(),
        fingerprint: fingerprint.to_owned(),
        title: title.to_owned(),
        description: "A text that is logged can load code.".to_owned(),
        fix: "Update the package.".to_owned(),
        severity: Severity::Critical,
        score: Some(100),
        rule: "rule-1".to_owned(),
        advisory: "CVE-2021-44228".to_owned(),
        asset: "shop/web".to_owned(),
        location: Some(Location { path: "pom.xml".to_owned(), line: Some(10) }),
        package: Some(Package {
            name: "log4j-core".to_owned(),
            version: "2.14.1".to_owned(),
            fixed_in: "2.15.0".to_owned(),
        }),
        links: vec!["https://example.com/CVE-2021-44228".to_owned()],
        first_seen_at: now,
        last_seen_at: now,
        counted_from: None,
        report: None,
        acceptance: None,
        regressions: 0,
        pulls: std::collections::BTreeMap::new(),
    };
    Ok(Task {
        tenant: tenant.clone(),
        id: finding::id(tenant, source, fingerprint)?,
        check: CheckId::B9,
        connection: None,
        subject: Subject {
            id: fingerprint.to_owned(),
            key: finding.asset.clone(),
            title: title.to_owned(),
            url: String::new(),
        },
        title: title.to_owned(),
        why: "a scanner found it".to_owned(),
        finding: Some(Box::new(finding)),
        assignee: None,
        due_at: now,
        state: State::Open,
        generation: 1,
        opened_by: RunId::parse("made-up")?,
        opened_at: now,
        resolved_at: None,
        completion: None,
        held: false,
        edited: std::collections::BTreeSet::new(),
        ticket: None,
        updated_at: now,
        version: 0,
    })
}
