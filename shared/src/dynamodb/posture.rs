//! Posture: one small record for each day, in which each run notes its outcome.

use jiff::civil::Date;

use super::item::{decode, encode, number};
use super::keys::{self, EXPIRES_AT};
use super::page::Order;
use super::write::{Change, Written};
use super::{Store, failure};
use crate::Result;
use crate::check::CheckRun;
use crate::check::posture::{Day, KEPT_FOR, day_of, part_of};
use crate::clock::after;
use crate::ids::TenantId;

impl Store {
    /// Notes the outcome of a run in the record of its day.
    ///
    /// | stored | then |
    /// |---|---|
    /// | the day, with or without this part | the part has this outcome |
    /// | nothing | the day, with this part alone |
    ///
    /// Of two runs of one part the one that is noted later stays: evaluations of one connection do not overlap, and one
    /// that is noted twice says the same.
    pub(super) async fn note_outcome(&self, run: &CheckRun) -> Result<()> {
        let (day, part) = (day_of(run.finished_at), part_of(run));
        let key = keys::posture_day(&run.tenant, day);
        let outcome = encode(&key, &run.outcome)?;
        // A second time where another run made the day in between.
        for _ in 0..2 {
            let update = format!("SET #record.#outcomes.#{part} = :outcome");
            let change = Change::new(update, "attribute_exists(#pk)").value(":outcome", outcome.clone());
            if let Written::Done = self.update(&key, change).await? {
                return Ok(());
            }
            let first = Day { day, outcomes: [(part.clone(), run.outcome)].into() };
            let expires_at = number(after(run.finished_at, KEPT_FOR * 24 * 3600).as_second());
            if self.put_new(&key, &first, vec![(EXPIRES_AT, Some(expires_at))]).await? {
                return Ok(());
            }
        }
        Err(failure::conflict(&format!("note an outcome in {key}")))
    }

    /// The days from `first` on of which something is known, the earliest first.
    pub async fn posture(&self, tenant: &TenantId, first: Date) -> Result<Vec<Day>> {
        let items = keys::posture(tenant);
        let mut behind = Some(keys::before_posture(first));
        let mut days = Vec::new();
        while let Some(place) = behind {
            let (found, last) = self.query(&items, Order::Rising, &Vec::new(), Some(place), 1000).await?;
            for item in found {
                days.push(decode(item)?);
            }
            behind = last;
        }
        Ok(days)
    }
}
