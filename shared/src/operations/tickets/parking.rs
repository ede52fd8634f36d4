//! Putting work off that cannot be done now: of quarantined settings, and of connections that cannot be used.

use super::super::quarantine::IS_QUARANTINED;
use super::{Run, Work};
use crate::Result;
use crate::sync_setting::Quarantine;
use crate::ticket::Ticket;

/// The longest wait of tickets whose connection cannot be used, in seconds.
const LONGEST_WAIT: i64 = 6 * 3600;

/// Seconds until tickets are tried again whose sync setting is quarantined; they are asked for at once when it ends.
const IN_QUARANTINE: i64 = 24 * 3600;

impl Run<'_> {
    /// Parks the creates of sync settings that Jira takes no ticket for, without asking Jira once more. Where a mapping does not
    /// fit any more, the issues that exist are left alone, too: what would be written into them is not known to be right.
    pub(super) async fn without_quarantined(&self, mut work: Work) -> Result<Work> {
        let now = self.now();
        self.leave_alone(&mut work).await?;
        for ticket in std::mem::take(&mut work.create) {
            let quarantine = self.setting(&ticket).and_then(|setting| setting.quarantine.clone());
            match quarantine {
                None => work.create.push(ticket),
                Some(quarantine) => {
                    let why = quarantined(&quarantine);
                    let park = |ticket: &mut Ticket| ticket.postponed(&why, None, IN_QUARANTINE, now);
                    self.worker.save_silently(ticket, park).await?;
                }
            }
        }
        Ok(work)
    }

    /// Parks what is to be written into issues by project configurations that are quarantined.
    async fn leave_alone(&self, work: &mut Work) -> Result<()> {
        let now = self.now();
        for kind in [&mut work.update, &mut work.bring] {
            for ticket in std::mem::take(kind) {
                let setting = self.setting(&ticket).filter(|setting| setting.configuration.is_some());
                match setting.and_then(|setting| setting.quarantine.as_ref()) {
                    None => kind.push(ticket),
                    Some(quarantine) => {
                        let why = quarantined(quarantine);
                        let park = |ticket: &mut Ticket| ticket.waits(&why, IN_QUARANTINE, now);
                        self.worker.save_silently(ticket, park).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Parks tickets that cannot be worked on because their connection cannot be used now. They are asked for again after
    /// `wait` seconds, ever more rarely.
    pub(super) async fn park(&self, work: Work, why: &str, wait: i64) -> Result<()> {
        let now = self.now();
        let wait_of = |ticket: &Ticket| {
            let tries = ticket.problem.as_ref().filter(|it| it.what == why).map_or(0, |it| it.tries);
            wait.saturating_mul(1 << tries.min(5)).min(LONGEST_WAIT.max(wait))
        };
        for ticket in work.create {
            let wait = wait_of(&ticket);
            self.worker.save_silently(ticket, |ticket| ticket.postponed(why, None, wait, now)).await?;
        }
        for ticket in work.look_up {
            self.worker.save_silently(ticket, |ticket| ticket.could_not_look(wait, now)).await?;
        }
        for ticket in work.follow {
            self.worker.save_silently(ticket, |ticket| ticket.follow_later(why, wait, now)).await?;
        }
        for ticket in work.look.into_iter().chain(work.update).chain(work.bring).chain(work.delete) {
            let wait = wait_of(&ticket);
            self.worker.save_silently(ticket, |ticket| ticket.waits(why, wait, now)).await?;
        }
        Ok(())
    }
}

/// What a ticket says while its setting is quarantined.
fn quarantined(quarantine: &Quarantine) -> String {
    format!("{IS_QUARANTINED} {}", quarantine.obstacles.join("; "))
}
