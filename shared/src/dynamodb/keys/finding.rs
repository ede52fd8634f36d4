//! The keys of findings, beside their tasks: policies, reports, acceptances.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Items, Key};
use crate::finding::report::{Report, source_key};
use crate::ids::{ReportId, TaskId, TenantId, fixed};

/// The tasks of all findings of a tenant (and those of check B9 about issues), or of one source.
pub(in crate::dynamodb) fn findings(tenant: &TenantId, source: Option<&str>) -> Items {
    let beginning = source.map_or_else(|| "B9-".to_owned(), crate::finding::beginning);
    Items::of(tenant, "task", format!("task#{beginning}"))
}

/// The policy of a tenant for its findings.
pub(in crate::dynamodb) fn finding_policy(tenant: &TenantId) -> Key {
    Items::of(tenant, "findings", "policy#").item("")
}

/// The counts of a tenant's findings.
pub(in crate::dynamodb) fn finding_counts(tenant: &TenantId) -> Key {
    Items::of(tenant, "findings", "counts#").item("")
}

/// A report.
pub(in crate::dynamodb) fn report(tenant: &TenantId, source: &str, id: &ReportId) -> Key {
    Items::of(tenant, &format!("report#{}", source_key(source)), "report#").item(id.as_str())
}

/// The batches of all reports of a source, by when their report began.
pub(in crate::dynamodb) fn batches(tenant: &TenantId, source: &str) -> Items {
    Items::of(tenant, &format!("report#{}", source_key(source)), "batch#")
}

/// The batches of one report.
pub(in crate::dynamodb) fn batches_of(report: &Report) -> Items {
    let all = batches(&report.tenant, &report.source);
    let began = moment(report.began_at);
    Items { pk: all.pk, beginning: format!("{}{began}#{}#", all.beginning, report.id) }
}

/// A batch.
pub(in crate::dynamodb) fn batch(report: &Report, number: u32) -> Key {
    batches_of(report).item(&format!("{number:06}"))
}

/// The sort key that lies before all batches of reports that began at `began_at` or later.
pub(in crate::dynamodb) fn before_batches(items: &Items, began_at: Timestamp) -> String {
    format!("{}{}", items.beginning, moment(began_at))
}

/// The full reports of a tenant that go on, or those of one source.
pub(in crate::dynamodb) fn sweeps(tenant: &TenantId, source: Option<&str>) -> Items {
    let beginning = source.map_or_else(String::new, |source| format!("{}#", source_key(source)));
    Items::of(tenant, "sweep", format!("sweep#{beginning}"))
}

/// A full report that goes on.
pub(in crate::dynamodb) fn sweep(tenant: &TenantId, source: &str, report: &ReportId) -> Key {
    sweeps(tenant, Some(source)).item(report.as_str())
}

/// What is known of the sources of a tenant as wholes.
pub(in crate::dynamodb) fn sources(tenant: &TenantId) -> Items {
    Items::of(tenant, "source", "source#")
}

/// What is known of the assets of all sources of a tenant, or of one source.
pub(in crate::dynamodb) fn assets(tenant: &TenantId, source: Option<&str>) -> Items {
    let beginning = source.map_or_else(String::new, |source| format!("{}#", source_key(source)));
    Items::of(tenant, "asset", format!("asset#{beginning}"))
}

/// What is known of a source as a whole, or of one of its assets.
pub(in crate::dynamodb) fn source(tenant: &TenantId, name: &str, asset: Option<&str>) -> Key {
    match asset {
        None => sources(tenant).item(&source_key(name)),
        Some(asset) => assets(tenant, Some(name)).item(&fixed(&["asset", asset])),
    }
}

/// The acceptances of a tenant, by their last day.
pub(in crate::dynamodb) fn acceptances(tenant: &TenantId) -> Items {
    Items::of(tenant, "acceptance", "acceptance#")
}

/// An acceptance.
pub(in crate::dynamodb) fn acceptance(tenant: &TenantId, until: Date, task: &TaskId) -> Key {
    acceptances(tenant).item(&format!("{until}#{task}"))
}

fn moment(at: Timestamp) -> String {
    format!("{:015}", at.as_millisecond().max(0))
}
