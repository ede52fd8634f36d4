//! Accounts that go, or are kept out: what the organisation's administration is asked for, and asked first.
//!
//! Jira itself knows neither suspending nor deactivating. Both are the organisation's, whose API key may stand beside the
//! connection; without one, groups can be taken away.

use super::Stopped;
use super::scene::Scene;
use crate::action::{Action, Asked, Change, Object, Plan, Standing, Step, instead_of_removing};
use crate::ids::{AccountId, ConnectionId};
use crate::jira::error::{JiraError, Kind as JiraKind};
use crate::jira::jql::reported_by;
use crate::jira::organisation::{Administration, DirectoryUser, Enablement, Membership};
use crate::secret::Secret;

/// The administration of a connection's organisation, with its key.
pub struct Door {
    /// Reaches Atlassian.
    pub administration: Administration,
    /// The organisation.
    pub organisation: String,
    /// Its API key.
    pub key: Secret,
}

impl Door {
    async fn user(&self, account: &AccountId) -> Result<Option<DirectoryUser>, JiraError> {
        self.administration.directory_user(&self.key, &self.organisation, account).await
    }
}

impl Scene {
    /// Finds out what the organisation tells about steps on what an account has of it, and whether they can be done.
    pub(super) async fn look_at_organisation(&self, action: &Action, plan: &mut Plan) -> Result<(), Stopped> {
        let standings = plan.steps.iter().filter_map(|step| match step.object {
            Object::Standing(standing) => Some((step.change, standing)),
            Object::Access(_) | Object::Issue(_) => None,
        });
        let standings: Vec<(Change, Standing)> = standings.collect();
        if standings.is_empty() {
            return Ok(());
        }
        let who = self.who()?;
        let takes = standings.iter().any(|(change, _)| *change == Change::Remove);
        if takes {
            let has_organisation = self.site.organisation().is_some();
            plan.instead = instead_of_removing(action, &who.account, &who.directory, has_organisation);
        }
        let Some(door) = self.site.organisation() else {
            plan.refusal = Some(needs_key(&action.connection, takes));
            return Ok(());
        };
        let account = &who.account.id;
        let refused = |error: JiraError| of_organisation(&action.connection, error);
        let user = door.user(account).await.map_err(refused)?;
        let Some(user) = user.filter(|user| user.membership != Membership::NoMembership) else {
            let why = "the organisation's directory does not list the account: it is not of this organisation, or was removed already";
            plan.refusal = Some(why.to_owned());
            return Ok(());
        };
        if user.administers {
            plan.dangers.push("the account administers the organisation".to_owned());
            if takes {
                self.check_organisation().await?;
            }
        }
        for (_, standing) in &standings {
            plan.refusal = match standing {
                Standing::DirectoryAccess => None,
                Standing::AtlassianAccount => {
                    not_enabled(&door.administration.enablement(&door.key, account).await.map_err(refused)?)
                }
                Standing::DirectoryEntry => self.look_at_reported(account, plan).await?,
            };
            if plan.refusal.is_some() {
                return Ok(());
            }
        }
        if matches!(action.asked, Asked::DeactivateUser { .. }) {
            // It is what can be done already.
            plan.instead.clear();
        }
        Ok(())
    }

    /// Counts the issues that the account reported, since Jira does not delete a reporter. Says why it may not be removed,
    /// if there are any.
    async fn look_at_reported(
        &self,
        account: &AccountId,
        plan: &mut Plan,
    ) -> Result<Option<String>, Stopped> {
        let count = self.site.jira().count(&reported_by(account)).await?;
        plan.reported = Some(count);
        if count == 0 {
            let note = "no issue is known that it reported; where Jira knows one that the connection's account does not see, the removal is refused";
            plan.notes.push(note.to_owned());
            return Ok(None);
        }
        Ok(Some(format!(
            "the account is the reporter of {count} issues that the connection's account sees, and Jira does not delete a reporter: keep it out instead, by one of the requests in `dry_run.instead`, or give its issues another reporter in Jira and ask again"
        )))
    }

    /// The name of the turn of taking administrators from the organisation, where one of these steps takes what an account
    /// has of it.
    pub(super) fn organisation_of(&self, steps: &[Step]) -> Option<String> {
        let takes = |step: &Step| !step.wants() && matches!(step.object, Object::Standing(_));
        let door = self.site.organisation().filter(|_| steps.iter().any(takes))?;
        Some(format!("organisation/{}", door.organisation))
    }

    /// The same, where the account administers the organisation.
    pub(super) async fn takes_from_organisation(&self, steps: &[Step]) -> Result<Option<String>, Stopped> {
        let Some(turn) = self.organisation_of(steps) else { return Ok(None) };
        let user = self.door()?.user(&self.who()?.account.id).await;
        let user = user.map_err(|error| of_organisation(&self.connection.id, error))?;
        Ok(user.filter(|user| user.administers).map(|_| turn))
    }

    /// Refuses to take the last administrator of an organisation who is not one of our own accounts.
    pub(super) async fn check_organisation(&self) -> Result<(), Stopped> {
        let (door, account) = (self.door()?, &self.who()?.account.id);
        let found = door.administration.administrators(&door.key, &door.organisation).await;
        let found = found.map_err(|error| of_organisation(&self.connection.id, error))?;
        let is_other = |user: &DirectoryUser| {
            user.id != *account
                && user.is_active
                && user.membership == Membership::Active
                && !self.own.contains(&user.id)
        };
        if found.iter().any(is_other) {
            return Ok(());
        }
        let why = "no other administrator of the organisation was found, so that nobody could administer it any more";
        Err(Stopped::Refused(why.to_owned()))
    }

    /// Whether the account has it now, as the organisation says.
    pub(super) async fn has_standing(
        &self,
        account: &AccountId,
        standing: Standing,
    ) -> Result<bool, Stopped> {
        let door = self.door()?;
        let user = door.user(account).await.map_err(|error| of_organisation(&self.connection.id, error))?;
        let has = |user: &DirectoryUser| match standing {
            Standing::DirectoryAccess => user.membership == Membership::Active,
            Standing::AtlassianAccount => user.is_active,
            Standing::DirectoryEntry => user.membership != Membership::NoMembership,
        };
        Ok(user.as_ref().is_some_and(has))
    }

    /// Tells the organisation to give or take it. Safe to repeat.
    pub(super) async fn change_standing(&self, step: &Step, standing: Standing) -> Result<(), Stopped> {
        let (door, account) = (self.door()?, &self.who()?.account.id);
        let (administration, key, organisation) = (&door.administration, &door.key, &door.organisation);
        let told = match (standing, step.change) {
            (Standing::DirectoryAccess, Change::Remove) => {
                administration.suspend(key, organisation, account).await
            }
            (Standing::DirectoryAccess, Change::Add) => {
                administration.restore(key, organisation, account).await
            }
            (Standing::AtlassianAccount, change) => {
                administration.enable(key, account, change == Change::Add).await
            }
            (Standing::DirectoryEntry, Change::Remove) => {
                administration.remove(key, organisation, account).await
            }
            (Standing::DirectoryEntry, Change::Add) => {
                let why = "an account is invited in Atlassian Administration, not by an action";
                return Err(Stopped::Refused(why.to_owned()));
            }
        };
        match told {
            Err(error)
                if standing == Standing::DirectoryEntry && matches!(error.kind, JiraKind::Refused { .. }) =>
            {
                Err(Stopped::Failed(format!(
                    "{error}; an account that is the reporter of issues cannot be deleted: ask for one of the requests in `dry_run.instead`"
                )))
            }
            told => told.map_err(|error| of_organisation(&self.connection.id, error)),
        }
    }

    fn door(&self) -> Result<&Door, Stopped> {
        let missing = || Stopped::Refused(needs_key(&self.connection.id, false));
        self.site.organisation().ok_or_else(missing)
    }
}

fn needs_key(connection: &ConnectionId, takes: bool) -> String {
    let instead = if takes { "; or ask for one of the requests in `dry_run.instead`" } else { "" };
    format!(
        "Jira's own interface cannot do this: put an API key of the organisation beside the connection, by `PUT /v1/connections/{connection}/organisation`{instead}"
    )
}

/// Why an account cannot be deactivated or activated, if it cannot.
fn not_enabled(enablement: &Enablement) -> Option<String> {
    match enablement {
        Enablement::Allowed => None,
        Enablement::NotManaged => Some(
            "only an account that the organisation manages (by a domain that it verified) can be deactivated: suspend its access instead, by the first request in `dry_run.instead`".to_owned(),
        ),
        Enablement::Restricted(reason) => Some(format!(
            "the organisation may not deactivate the account (Atlassian says: {reason}); where an identity provider manages it, deactivate it there, or suspend its access instead"
        )),
    }
}

/// What a failure at the organisation's administration means: its key is another one than the connection's credentials.
fn of_organisation(connection: &ConnectionId, error: JiraError) -> Stopped {
    match error.kind {
        JiraKind::Unauthorized | JiraKind::ScopeMissing | JiraKind::Forbidden => Stopped::Refused(format!(
            "{error}; the API key of the organisation must be one of an administrator, without scopes or with those that manage accounts and directories: put another one by `PUT /v1/connections/{connection}/organisation`"
        )),
        _ => error.into(),
    }
}
