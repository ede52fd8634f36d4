//! Seats: who takes one, and when it was last used. The count and the list go by the same rules.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::account::{Account, AccountKind, ProductAccess};
use crate::connection::Connection;
use crate::directory::SeatCount;
use crate::ids::{AccountId, CloudId, ProductKey};
use crate::ingestion::Ingestion;

/// What the seats of one site are judged by.
#[derive(Clone, Debug)]
pub struct Seats<'a> {
    cloud_id: Option<&'a CloudId>,
    own: Option<&'a AccountId>,
    /// When Assay had first looked: who was there already did not come on that day.
    first_look: Option<Timestamp>,
    zone: TimeZone,
    today: Date,
}

impl<'a> Seats<'a> {
    /// The rules for the site of `connection`.
    pub fn of(connection: &'a Connection, ingestion: &Ingestion, now: Timestamp) -> Self {
        Self {
            cloud_id: connection.cloud_id.as_ref(),
            own: connection.account.as_ref().map(|account| &account.id),
            first_look: ingestion.first_ended_at,
            zone: ingestion.time_zone(),
            today: ingestion.today(now),
        }
    }

    /// Whether an account takes a seat of a product: apps and customers take none.
    ///
    /// Source: Atlassian support, "Which users count toward your license": app accounts and portal-only customers do not.
    pub fn takes(&self, account: &Account, product: &ProductKey) -> bool {
        let counts = match account.kind {
            AccountKind::Human | AccountKind::Unknown => true,
            AccountKind::App | AccountKind::Customer => false,
        };
        counts && account.is_live() && account.products.contains(product)
    }

    /// Whether an account keeps its seat, used or not.
    pub fn is_protected(&self, account: &Account) -> bool {
        account.protection.as_ref().is_some_and(|protection| protection.ends_on >= self.today)
    }

    /// The last day on which an account used a product, as far as is known; for one that came later than Assay and did
    /// nothing yet, the day of its coming. Our own account uses its seat every day.
    pub fn last_use(&self, account: &Account, product: &ProductKey) -> Option<Date> {
        if self.own == Some(&account.id) {
            return Some(self.today);
        }
        let told = self
            .told(account, product)
            .filter_map(|access| access.last_active)
            .map(|at| self.day_of(at))
            .max();
        let came = self.first_look.filter(|first_look| account.first_seen_at > *first_look);
        let came = came.map(|_| self.day_of(account.first_seen_at));
        account.last_active_on.max(told).max(came)
    }

    /// What the organisation's administration tells of an account's access to a product on this site.
    fn told<'b>(
        &'b self,
        account: &'b Account,
        product: &'b ProductKey,
    ) -> impl Iterator<Item = &'b ProductAccess> {
        let all = account.organisation.iter().flat_map(|view| &view.products);
        all.filter(|access| {
            let here = self.cloud_id.is_none_or(|cloud_id| access.resource == cloud_id.as_str());
            here && access.product == product.as_str()
        })
    }

    /// Whether the organisation's administration says that an account has access to a product on this site, so that it is
    /// billed.
    pub fn is_billed(&self, account: &Account, product: &ProductKey) -> bool {
        account.is_live() && self.told(account, product).next().is_some()
    }

    /// Whether an account's seat is not protected and was not used in the last `days` days.
    pub fn is_unused(&self, account: &Account, product: &ProductKey, days: u32) -> bool {
        let limit = self.today.checked_sub(Span::new().days(i64::from(days))).unwrap_or(Date::MIN);
        !self.is_protected(account) && self.last_use(account, product).is_none_or(|day| day < limit)
    }

    /// Adds an account's seat of a product to the count.
    pub fn add(&self, count: &mut SeatCount, account: &Account, product: &ProductKey) {
        count.held += 1;
        if self.own == Some(&account.id) {
            return;
        }
        if self.is_protected(account) {
            count.protected += 1;
            return;
        }
        match self.last_use(account, product) {
            Some(day) => *count.by_last_day.entry(day).or_default() += 1,
            None => count.not_since_known += 1,
        }
    }

    fn day_of(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }
}

#[cfg(test)]
#[path = "seat_tests.rs"]
mod tests;
