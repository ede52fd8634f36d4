//! The dry run and the run of an action.

use std::collections::BTreeSet;

use super::guarding::Guard;
use super::{Actor, LEASE, Site, Stopped};
use crate::account::{Account, Grant};
use crate::action::{Action, Asked, Plan, Rules, State, Step, note_on, plan};
use crate::campaign::{Choice, Directory, Place, State as CampaignState, day_of};
use crate::clock::after;
use crate::connection::{Connection, State as ConnectionState};
use crate::error::Kind;
use crate::ids::{AccountId, CloudId, ProductKey};
use crate::operations::reviewing::Reviewer;
use crate::{Error, Result};

/// Seconds until an action is tried again when another one takes from administrators.
const TURN: i64 = 30;

/// Seconds for which the turn is kept after access was taken: Jira may not show it at once to whoever looks.
const TURN_AFTER: i64 = 60;

/// What an action is carried out on.
struct Scene {
    connection: Connection,
    own: BTreeSet<AccountId>,
    account: Account,
    directory: Directory,
    site: Box<dyn Site>,
}

impl Actor {
    /// Works out what an action would do, and whether it may. Jira is only read.
    pub(super) async fn dry_run(&self, action: &mut Action) -> Result<(), Stopped> {
        let mut scene = self.set(action).await?;
        let looked = self.look(action, &mut scene).await;
        scene.site.end().await?;
        let plan = looked?;
        action.planned(plan, self.core.clock.now());
        self.save(action).await?;
        Ok(())
    }

    async fn look(&self, action: &Action, scene: &mut Scene) -> Result<Plan, Stopped> {
        self.check_wanted(action).await?;
        scene.read_groups(action).await?;
        let plan = self.plan(action, scene).await?;
        scene.guard(action).check(&plan.steps).await?;
        Ok(plan)
    }

    /// What an action would do, with the dangers that only Jira tells.
    async fn plan(&self, action: &Action, scene: &Scene) -> Result<Plan, Stopped> {
        let mut plan = plan(action, &self.rules(scene).await?).map_err(Stopped::Refused)?;
        plan.dangers.extend(scene.guard(action).dangers(&plan.steps).await?);
        Ok(plan)
    }

    /// Does an action's steps, each read back, after the rules were asked once more. Where more would be done than was let
    /// through, it waits again.
    pub(super) async fn run(&self, action: &mut Action) -> Result<(), Stopped> {
        let mut scene = self.set(action).await?;
        let mut done = self.do_all(action, &mut scene).await;
        if matches!(&done, Err(Stopped::Refused(_) | Stopped::Failed(_)))
            && let Err(later) = self.look_back(action, &scene).await
        {
            done = Err(later);
        }
        self.end_turn(action, &scene, &done).await?;
        scene.site.end().await?;
        self.note_access(action, &scene).await?;
        done?;
        if action.state != State::Running {
            return Ok(());
        }
        if let Asked::Undo { of, .. } = &action.asked {
            self.mark_undone(action, of).await?;
        }
        let now = self.core.clock.now();
        action.note(now, "worker", "done", "every step was read back");
        action.go_to(State::Done, now);
        self.save(action).await?;
        Ok(())
    }

    async fn do_all(&self, action: &mut Action, scene: &mut Scene) -> Result<(), Stopped> {
        self.check_wanted(action).await?;
        if action.steps.iter().all(|step| step.held_before.is_none()) {
            scene.read_groups(action).await?;
            if self.is_outgrown(action, scene).await? {
                return self.save(action).await.map_err(Stopped::Table);
            }
        }
        self.do_steps(action, scene).await?;
        scene.check_product_gone(action).await
    }

    /// Plans an action anew before its first step, and takes the new plan. Says whether it waits for somebody now.
    async fn is_outgrown(&self, action: &mut Action, scene: &Scene) -> Result<bool, Stopped> {
        if scene.is_product_gone(action) {
            return Ok(false);
        }
        let plan = self.plan(action, scene).await?;
        if !action.is_outgrown_by(&plan) {
            action.steps = plan.steps;
            return Ok(false);
        }
        let now = self.core.clock.now();
        action.note(now, "worker", "waits again", "it came to more than was let through");
        action.held = true;
        action.planned(plan, now);
        Ok(true)
    }

    /// Looks at the steps that Jira may have been told of before the action ends, so that it says what was changed.
    async fn look_back(&self, action: &mut Action, scene: &Scene) -> Result<(), Stopped> {
        let now = self.core.clock.now();
        for number in 0..action.steps.len() {
            let step = action.steps[number].clone();
            if step.is_in_doubt() && scene.site.holds(&action.account, &step.grant).await? == step.wants() {
                action.steps[number].done_at = Some(now);
                action.note(now, "worker", &format!("{}: was changed", step.words), "and read back");
            }
        }
        Ok(())
    }

    /// Gives the turn back, unless Jira was told to change something: then others wait until that can be seen.
    async fn end_turn(&self, action: &Action, scene: &Scene, done: &Result<(), Stopped>) -> Result<()> {
        let (store, now, site) = (&self.core.store, self.core.clock.now(), scene.name());
        let is_to_come = matches!(done, Err(Stopped::Later { .. } | Stopped::Table(_)));
        if !action.steps.iter().any(Step::has_begun) {
            return store.end_administrators_turn(&action.tenant, site, &action.id).await;
        }
        let until = after(now, if is_to_come { LEASE } else { TURN_AFTER });
        store.keep_administrators_turn(&action.tenant, site, &action.id, until).await
    }

    /// Notes on the stored account what was read back, so that nobody decides on what is gone. The next reading of Jira's
    /// lists says it anyway.
    async fn note_access(&self, action: &Action, scene: &Scene) -> Result<()> {
        let now = self.core.clock.now();
        let change = |account: &mut Account| {
            let is_any_done = action.steps.iter().any(|step| step.done_at.is_some());
            if is_any_done {
                note_on(account, &action.steps, &scene.directory);
                account.access_changed_at = Some(now);
            }
            Ok(is_any_done)
        };
        let store = &self.core.store;
        match store.change_account(&action.tenant, &action.connection, &action.account, &change).await {
            Err(error) if *error.kind() == Kind::NotFound => Ok(()),
            noted => noted.map(|_| ()),
        }
    }

    async fn do_steps(&self, action: &mut Action, scene: &Scene) -> Result<(), Stopped> {
        self.rules(scene).await?.allow(&action.steps).map_err(Stopped::Refused)?;
        let left: Vec<_> = action.steps.iter().filter(|step| step.done_at.is_none()).cloned().collect();
        if scene.guard(action).takes_from_administrators(&left).await? {
            self.take_turn(action, scene).await?;
        }
        scene.guard(action).check(&left).await?;
        for number in 0..action.steps.len() {
            self.do_step(action, number, scene).await?;
        }
        Ok(())
    }

    /// Does one step, unless it is done: what holds before is written down before Jira is told to change it.
    async fn do_step(&self, action: &mut Action, number: usize, scene: &Scene) -> Result<(), Stopped> {
        let step = action.steps[number].clone();
        if step.done_at.is_some() {
            return Ok(());
        }
        let holds = scene.site.holds(&action.account, &step.grant).await?;
        if step.held_before.is_none() {
            action.steps[number].held_before = Some(holds);
            self.save(action).await?;
        }
        if holds != step.wants() {
            self.core.store.note_changing(action, &step.grant).await?;
            scene.site.change(step.change, &action.account, &step.grant).await?;
            if scene.site.holds(&action.account, &step.grant).await? != step.wants() {
                let why = format!(
                    "Jira took the change of {}, but it was not so when it was read back",
                    step.words
                );
                return Err(Stopped::Later { why, wait: 0, counts: true });
            }
        }
        let now = self.core.clock.now();
        let what = if step.wants() { "given" } else { "taken away" };
        let why = if holds == step.wants() { "it was so already" } else { "and read back" };
        action.steps[number].done_at = Some(now);
        action.note(now, "worker", &format!("{}: {what}", step.words), why);
        self.save(action).await?;
        Ok(())
    }

    /// Everything that an action is carried out on, as it is now.
    async fn set(&self, action: &Action) -> Result<Scene, Stopped> {
        let store = &self.core.store;
        let refuse = |why: &str| Stopped::Refused(why.to_owned());
        let connection = store.connection(&action.tenant, &action.connection).await?;
        let connection = connection.ok_or_else(|| refuse("its connection is gone"))?;
        if connection.account.is_none() {
            return Err(refuse("it is not known which account the connection acts as"));
        }
        let own = self.own_accounts(&connection).await?;
        let account = store.account(&action.tenant, &action.connection, &action.account).await?;
        let account = account.ok_or_else(|| refuse("the account is not known"))?;
        let directory = Reviewer::directory(store, &action.tenant, &action.connection).await?;
        let site = self.sites.open(&connection).await.map_err(not_now)?;
        Ok(Scene { connection, own, account, directory, site })
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

    async fn rules<'a>(&self, scene: &'a Scene) -> Result<Rules<'a>, Stopped> {
        let ingestion = self.core.store.ingestion(&scene.connection.tenant, &scene.connection.id).await?;
        let zone = ingestion.map_or_else(|| "UTC".to_owned(), |ingestion| ingestion.zone);
        let today = day_of(&zone, self.core.clock.now());
        Ok(Rules { account: &scene.account, directory: &scene.directory, own: &scene.own, today })
    }

    /// Refuses the action of a campaign whose item wants another one by now, or none.
    async fn check_wanted(&self, action: &Action) -> Result<(), Stopped> {
        let (Some(campaign), Asked::Remove { grant }) = (&action.campaign, &action.asked) else {
            return Ok(());
        };
        let stored = self.core.store.campaign(&action.tenant, campaign).await?;
        if stored.is_none_or(|stored| stored.state == CampaignState::Cancelled) {
            return Err(Stopped::Refused("its campaign was given up".to_owned()));
        }
        let place = Place { account: action.account.clone(), grant: grant.clone() };
        let items = self.core.store.review_items_of(&action.tenant, campaign, &[place]).await?;
        let wants = |item: &crate::campaign::Item| {
            item.choice == Choice::Revoke && item.action.as_ref() == Some(&action.id)
        };
        if items.iter().any(wants) {
            return Ok(());
        }
        Err(Stopped::Refused("its item was decided on anew".to_owned()))
    }

    async fn take_turn(&self, action: &Action, scene: &Scene) -> Result<(), Stopped> {
        let now = self.core.clock.now();
        let times = (now, after(now, LEASE));
        let store = &self.core.store;
        if store.take_administrators_turn(&action.tenant, scene.name(), &action.id, times).await? {
            return Ok(());
        }
        let why = "another action takes from administrators; it goes on after it".to_owned();
        Err(Stopped::Later { why, wait: TURN, counts: false })
    }

    /// Notes that an action was undone. Noted again, nothing changes.
    async fn mark_undone(&self, action: &Action, of: &crate::ids::ActionId) -> Result<()> {
        let store = &self.core.store;
        for _ in 0..8 {
            let Some(mut undone) = store.action(&action.tenant, of).await? else { return Ok(()) };
            if undone.state == State::Undone {
                return Ok(());
            }
            let now = self.core.clock.now();
            undone.note(now, "worker", "undone", &format!("by action {}", action.id));
            undone.go_to(State::Undone, now);
            match store.save_action(&mut undone).await {
                Err(error) if *error.kind() == Kind::Conflict => {}
                saved => return saved,
            }
        }
        Err(Error::conflict(format!("action {of} is written by too many at once; try again")))
    }
}

impl Scene {
    /// The site's name among those of the tenant.
    fn name(&self) -> &str {
        site_of(&self.connection)
    }

    /// Puts the groups that the account is in now in the place of the stored ones, where a product is to go: it may come
    /// from a group that was joined since.
    async fn read_groups(&mut self, action: &Action) -> Result<(), Stopped> {
        if product_of(action).is_some() {
            self.account.groups = self.site.groups_of(&action.account).await?;
        }
        Ok(())
    }

    /// Whether a product is to go that no group of the account gives.
    fn is_product_gone(&self, action: &Action) -> bool {
        product_of(action)
            .is_some_and(|product| self.directory.groups_giving(product, &self.account).is_empty())
    }

    /// Fails the removal of a product that a group still gives after all steps were done.
    async fn check_product_gone(&mut self, action: &Action) -> Result<(), Stopped> {
        let Some(product) = product_of(action) else { return Ok(()) };
        self.read_groups(action).await?;
        let groups = self.directory.groups_giving(product, &self.account);
        let Some(group) = groups.into_iter().next() else { return Ok(()) };
        let words = self.directory.words(&Grant::Group { group });
        Err(Stopped::Failed(format!(
            "it is still given by {words}, which was joined meanwhile; ask for it again"
        )))
    }

    fn guard<'a>(&'a self, action: &'a Action) -> Guard<'a> {
        Guard {
            site: self.site.as_ref(),
            directory: &self.directory,
            account: &action.account,
            own: &self.own,
        }
    }
}

/// The product that an action is to take away.
fn product_of(action: &Action) -> Option<&ProductKey> {
    match &action.asked {
        Asked::Remove { grant: Grant::Product { product } } => Some(product),
        Asked::Remove { .. } | Asked::Add { .. } | Asked::Undo { .. } => None,
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
        | Kind::Unauthenticated
        | Kind::Forbidden
        | Kind::TooLarge
        | Kind::NeedsReauth
        | Kind::Unavailable => Stopped::Later { why: error.to_string(), wait: 0, counts: true },
    }
}
