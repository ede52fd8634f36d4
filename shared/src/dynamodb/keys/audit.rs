//! The keys of the audit log. A partition holds a month of a tenant, so that none grows without bound.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Items, Key};
use crate::ids::{AuditId, TenantId};

/// The entries of the month, in UTC, that begins on this day.
pub(in crate::dynamodb) fn audit(tenant: &TenantId, month: Date) -> Items {
    Items::of(tenant, &format!("audit#{:04}-{:02}", month.year(), month.month()), "entry#")
}

/// An entry that began at `at`.
pub(in crate::dynamodb) fn audit_entry(tenant: &TenantId, at: Timestamp, id: &AuditId) -> Key {
    audit(tenant, audit_month(at)).item(&format!("{}#{id}", moment(at)))
}

/// The sort key that lies before all entries that began at `at` or later, and behind all others.
pub(in crate::dynamodb) fn before_audit(at: Timestamp) -> String {
    format!("entry#{}", moment(at))
}

/// The moment in a sort key, and whether it is one of an entry, rather than one that [`before_audit`] made.
pub(in crate::dynamodb) fn audit_moment(sort_key: &str) -> Option<(Timestamp, bool)> {
    let rest = sort_key.strip_prefix("entry#")?;
    let (digits, is_entry) = rest.split_once('#').map_or((rest, false), |(digits, _)| (digits, true));
    let moment = Timestamp::from_millisecond(digits.parse().ok()?).ok()?;
    (digits.len() == 15).then_some((moment, is_entry))
}

/// The first day of the month of a moment, in UTC.
pub(in crate::dynamodb) fn audit_month(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date().first_of_month()
}

fn moment(at: Timestamp) -> String {
    format!("{:015}", at.as_millisecond().max(0))
}
