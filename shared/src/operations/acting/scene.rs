//! What an action is carried out on: its connection, its site, and the account that it is about, if it is about one.

use std::collections::BTreeSet;

use super::guarding::Guard;
use super::{Actor, Site, Stopped};
use crate::account::{Account, Grant};
use crate::action::{Action, Asked, Object, Rules, Step};
use crate::campaign::{Choice, Directory, Place, State as CampaignState, day_of};
use crate::connection::{Connection, State as ConnectionState};
use crate::error::Kind;
use crate::ids::{AccountId, CloudId, ProductKey};
use crate::jira::error::Kind as JiraKind;
use crate::operations::reviewing::Reviewer;
use crate::{Error, Result};

/// What an action is carried out on.
pub(super) struct Scene {
    pub(super) connection: Connection,
    pub(super) own: BTreeSet<AccountId>,
    /// The account; none where the action is about an issue.
    pub(super) who: Option<Who>,
    pub(super) site: Box<dyn Site>,
}

/// The account that an action is about.
pub(super) struct Who {
    pub(super) account: Account,
    pub(super) directory: Directory,
}

impl Actor {
    /// Everything that an action is carried out on, as it is now.
    pub(super) async fn set(&self, action: &Action) -> Result<Scene, Stopped> {
        let store = &self.core.store;
        let refuse = |why: &str| Stopped::Refused(why.to_owned());
        let connection = store.connection(&action.tenant, &action.connection).await?;
        let connection = connection.ok_or_else(|| refuse("its connection is gone"))?;
        if connection.account.is_none() {
            return Err(refuse("it is not known which account the connection acts as"));
        }
        let own = self.own_accounts(&connection).await?;
        let who = match &action.account {
            None => None,
            Some(id) => {
                let account = store.account(&action.tenant, &action.connection, id).await?;
                let account = account.ok_or_else(|| refuse("the account is not known"))?;
                let directory = Reviewer::directory(store, &action.tenant, &action.connection).await?;
                Some(Who { account, directory })
            }
        };
        let site = self.sites.open(&connection).await.map_err(not_now)?;
        Ok(Scene { connection, own, who, site })
    }

    /// The accounts that the tenant's connections to the same site act as.
    async fn own_accounts(&self, connection: &Connection) -> Result<BTreeSet<AccountId>> {
        let all = self.core.store.all_connections(&connection.tenant).await?;
        let is_same = |other: &Connection| {
            other.state != ConnectionState::Disconnected && site_of(other) == site_of(connection)
        };
        let same = all.into_iter().filter(is_same);
        let accounts = same.chain([connection.clone()]).filter_map(|other| other.account);
        Ok(accounts.map(|account| account.id).collect())
    }

    pub(super) async fn rules<'a>(&self, scene: &'a Scene) -> Result<Rules<'a>, Stopped> {
        let who = scene.who()?;
        let ingestion = self.core.store.ingestion(&scene.connection.tenant, &scene.connection.id).await?;
        let zone = ingestion.map_or_else(|| "UTC".to_owned(), |ingestion| ingestion.zone);
        let today = day_of(&zone, self.core.clock.now());
        Ok(Rules { account: &who.account, directory: &who.directory, own: &scene.own, today })
    }

    /// Refuses the action of a campaign whose item wants another one by now, or none.
    pub(super) async fn check_wanted(&self, action: &Action) -> Result<(), Stopped> {
        let (Some(campaign), Some(account), Asked::Remove { grant }) =
            (&action.campaign, &action.account, &action.asked)
        else {
            return Ok(());
        };
        let stored = self.core.store.campaign(&action.tenant, campaign).await?;
        if stored.is_none_or(|stored| stored.state == CampaignState::Cancelled) {
            return Err(Stopped::Refused("its campaign was given up".to_owned()));
        }
        let place = Place { account: account.clone(), grant: grant.clone() };
        let items = self.core.store.review_items_of(&action.tenant, campaign, &[place]).await?;
        let wants = |item: &crate::campaign::Item| {
            item.choice == Choice::Revoke && item.action.as_ref() == Some(&action.id)
        };
        if items.iter().any(wants) {
            return Ok(());
        }
        Err(Stopped::Refused("its item was decided on anew".to_owned()))
    }
}

impl Scene {
    /// The site's name among those of the tenant.
    pub(super) fn name(&self) -> &str {
        site_of(&self.connection)
    }

    /// The account that the action is about.
    ///
    /// # Errors
    /// When it is about an issue, or its record lacks the account.
    pub(super) fn who(&self) -> Result<&Who, Stopped> {
        self.who.as_ref().ok_or_else(|| Stopped::Refused("it names no account".to_owned()))
    }

    /// Puts the groups that the account is in now in the place of the stored ones, where a product or all access is to go,
    /// or all is to come back: it may have joined others since.
    pub(super) async fn read_groups(&mut self, action: &Action) -> Result<(), Stopped> {
        let Some(who) = self.who.as_mut() else { return Ok(()) };
        let is_all = concerns_all(action);
        if product_of(action).is_none() && !is_all {
            return Ok(());
        }
        match self.site.groups_of(&who.account.id).await {
            Ok(groups) => who.account.groups = groups,
            // The account may be gone from the site, and still be in the organisation's directory.
            Err(error) if is_all && error.kind == JiraKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Whether a product is to go that no group of the account gives.
    pub(super) fn is_product_gone(&self, action: &Action) -> bool {
        let (Some(product), Some(who)) = (product_of(action), &self.who) else { return false };
        who.directory.groups_giving(product, &who.account).is_empty()
    }

    /// Fails the removal of a product that a group still gives after all steps were done.
    pub(super) async fn check_product_gone(&mut self, action: &Action) -> Result<(), Stopped> {
        let Some(product) = product_of(action) else { return Ok(()) };
        self.read_groups(action).await?;
        let who = self.who()?;
        let groups = who.directory.groups_giving(product, &who.account);
        let Some(group) = groups.into_iter().next() else { return Ok(()) };
        let words = who.directory.words(&Grant::Group { group });
        Err(Stopped::Failed(format!(
            "it is still given by {words}, which was joined meanwhile; ask for it again"
        )))
    }

    pub(super) fn guard(&self) -> Result<Guard<'_>, Stopped> {
        let who = self.who()?;
        Ok(Guard {
            site: self.site.as_ref(),
            directory: &who.directory,
            account: &who.account.id,
            own: &self.own,
        })
    }

    /// Whether the account holds what a step is about. An issue is nobody's.
    pub(super) async fn holds(&self, step: &Step) -> Result<bool, Stopped> {
        let account = &self.who()?.account.id;
        match &step.object {
            Object::Access(grant) => Ok(self.site.holds(account, grant).await?),
            Object::Standing(standing) => self.has_standing(account, *standing).await,
            Object::Issue(_) => Ok(false),
        }
    }
}

/// Whether everything that the account has of the site goes, or comes back.
fn concerns_all(action: &Action) -> bool {
    match &action.asked {
        Asked::RemoveUser {} | Asked::DeactivateUser { .. } => true,
        Asked::Undo { steps, .. } => steps.iter().any(|step| matches!(step.object, Object::Standing(_))),
        Asked::Remove { .. } | Asked::Add { .. } | Asked::CreateIssue { .. } | Asked::DeleteIssue { .. } => {
            false
        }
    }
}

/// The product that an action is to take away.
fn product_of(action: &Action) -> Option<&ProductKey> {
    match &action.asked {
        Asked::Remove { grant: Grant::Product { product } } => Some(product),
        _ => None,
    }
}

/// A connection's site, by its cloud id, or by its domain where that is not known.
fn site_of(connection: &Connection) -> &str {
    connection.cloud_id.as_ref().map_or(connection.site.as_str(), CloudId::as_str)
}

/// Why a site could not be opened; points that are short are no attempt of the action's own.
fn not_now(error: Error) -> Stopped {
    match error.kind() {
        Kind::Limited { retry_after } => {
            Stopped::Later { why: error.to_string(), wait: i64::from(*retry_after), counts: false }
        }
        Kind::Internal => Stopped::Table(error),
        Kind::Invalid { .. }
        | Kind::NotFound
        | Kind::Conflict
        | Kind::Overtaken { .. }
        | Kind::Unauthenticated
        | Kind::Forbidden
        | Kind::TooLarge
        | Kind::NeedsReauth
        | Kind::Unavailable => Stopped::Later { why: error.to_string(), wait: 0, counts: true },
    }
}
