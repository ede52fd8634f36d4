//! The dry run and the run of an action.

use super::scene::Scene;
use super::{Actor, LEASE, Stopped};
use crate::account::Account;
use crate::action::{Action, Asked, IssueObject, Object, Plan, State, Step, note_on, plan};
use crate::clock::after;
use crate::error::Kind;
use crate::{Error, Result};

/// Seconds until an action is tried again when another one takes from administrators.
const TURN: i64 = 30;

/// Seconds for which the turn is kept after access was taken: Jira may not show it at once to whoever looks.
const TURN_AFTER: i64 = 60;

impl Actor {
    /// Works out what an action would do, and whether it may. Jira is only read.
    pub(super) async fn dry_run(&self, action: &mut Action) -> Result<(), Stopped> {
        let mut scene = self.set(action).await?;
        let looked = self.look(action, &mut scene).await;
        scene.site.end().await?;
        let mut plan = looked?;
        if let Some(why) = plan.refusal.take() {
            action.looked_at(plan, self.core.clock.now());
            return Err(Stopped::Refused(why));
        }
        action.planned(plan, self.core.clock.now());
        self.save(action).await?;
        Ok(())
    }

    async fn look(&self, action: &Action, scene: &mut Scene) -> Result<Plan, Stopped> {
        self.check_wanted(action).await?;
        scene.read_groups(action).await?;
        let plan = self.plan(action, scene).await?;
        self.guard(scene, &plan.steps).await?;
        Ok(plan)
    }

    /// Refuses steps on an account after which something would have no administrator.
    async fn guard(&self, scene: &Scene, steps: &[Step]) -> Result<(), Stopped> {
        if scene.who.is_none() {
            return Ok(());
        }
        let touched = self.rules(scene).await?.all_touched(steps);
        scene.guard()?.check(&touched).await
    }

    /// What an action would do, with what only Jira and the organisation tell.
    async fn plan(&self, action: &Action, scene: &Scene) -> Result<Plan, Stopped> {
        match &action.asked {
            Asked::CreateIssue { issue } => self.plan_create(action, issue, scene).await,
            Asked::DeleteIssue { issue } => self.plan_delete(action, issue, scene).await,
            Asked::Add { .. }
            | Asked::Remove { .. }
            | Asked::RemoveUser {}
            | Asked::DeactivateUser { .. }
            | Asked::Undo { .. } => {
                let mut plan = plan(action, &self.rules(scene).await?).map_err(Stopped::Refused)?;
                plan.dangers.extend(scene.guard()?.dangers(&plan.steps).await?);
                scene.look_at_organisation(action, &mut plan).await?;
                Ok(plan)
            }
        }
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
        let mut plan = self.plan(action, scene).await?;
        if let Some(why) = plan.refusal.take() {
            return Err(Stopped::Refused(why));
        }
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
        for number in 0..action.steps.len() {
            let step = action.steps[number].clone();
            if step.is_in_doubt() && self.holds(action, number, scene).await? == step.wants() {
                let now = self.core.clock.now();
                action.steps[number].done_at = Some(now);
                action.note(now, "worker", &format!("{}: was changed", step.words), "and read back");
            }
        }
        Ok(())
    }

    /// Gives the turns back, unless Jira was told to change something: then others wait until that can be seen.
    async fn end_turn(&self, action: &Action, scene: &Scene, done: &Result<(), Stopped>) -> Result<()> {
        if scene.who.is_none() {
            return Ok(());
        }
        let (store, now, site) = (&self.core.store, self.core.clock.now(), scene.name().to_owned());
        let is_to_come = matches!(done, Err(Stopped::Later { .. } | Stopped::Table(_)));
        let has_begun = action.steps.iter().any(Step::has_begun);
        let until = after(now, if is_to_come { LEASE } else { TURN_AFTER });
        for of in [site].into_iter().chain(scene.organisation_of(&action.steps)) {
            if has_begun {
                store.keep_administrators_turn(&action.tenant, &of, &action.id, until).await?;
            } else {
                store.end_administrators_turn(&action.tenant, &of, &action.id).await?;
            }
        }
        Ok(())
    }

    /// Notes on the stored account what was read back, so that nobody decides on what is gone. The next reading of Jira's
    /// lists says it anyway.
    async fn note_access(&self, action: &Action, scene: &Scene) -> Result<()> {
        let (Some(who), Some(id)) = (&scene.who, &action.account) else { return Ok(()) };
        let now = self.core.clock.now();
        let change = |account: &mut Account| {
            let is_any_done = action.steps.iter().any(|step| step.done_at.is_some());
            if is_any_done {
                note_on(account, &action.steps, &who.directory);
                account.access_changed_at = Some(now);
            }
            Ok(is_any_done)
        };
        let store = &self.core.store;
        match store.change_account(&action.tenant, &action.connection, id, &change).await {
            Err(error) if *error.kind() == Kind::NotFound => Ok(()),
            noted => noted.map(|_| ()),
        }
    }

    async fn do_steps(&self, action: &mut Action, scene: &Scene) -> Result<(), Stopped> {
        if scene.who.is_some() {
            let rules = self.rules(scene).await?;
            rules.allow(&action.steps).map_err(Stopped::Refused)?;
            let left: Vec<_> = action.steps.iter().filter(|step| step.done_at.is_none()).cloned().collect();
            let touched = rules.all_touched(&left);
            if scene.guard()?.takes_from_administrators(&touched).await? {
                self.take_turn(action, scene.name()).await?;
            }
            scene.guard()?.check(&touched).await?;
            // Its administrators are those of all its sites.
            if let Some(organisation) = scene.takes_from_organisation(&left).await? {
                self.take_turn(action, &organisation).await?;
                scene.check_organisation().await?;
            }
        }
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
        let holds = self.holds(action, number, scene).await?;
        if step.held_before.is_none() {
            action.steps[number].held_before = Some(holds);
            self.save(action).await?;
        }
        if holds != step.wants() {
            self.core.store.note_changing(action, &step.object).await?;
            self.change_step(action, number, scene).await?;
            if self.holds(action, number, scene).await? != step.wants() {
                let why = format!(
                    "Jira took the change of {}, but it was not so when it was read back",
                    step.words
                );
                return Err(Stopped::Later { why, wait: 0, counts: true });
            }
        }
        let now = self.core.clock.now();
        let what = match (&step.object, step.wants()) {
            (Object::Issue(_), true) => "created",
            (Object::Issue(_), false) => "deleted",
            (_, true) => "given",
            (_, false) => "taken away",
        };
        let why =
            if holds == step.wants() && !step.has_begun() { "it was so already" } else { "and read back" };
        action.steps[number].done_at = Some(now);
        action.note(now, "worker", &format!("{}: {what}", step.words), why);
        self.save(action).await?;
        Ok(())
    }

    /// Whether what a step is about holds now. An issue that may have been created and was not found yet is waited for.
    async fn holds(&self, action: &mut Action, number: usize, scene: &Scene) -> Result<bool, Stopped> {
        match action.steps[number].object.clone() {
            Object::Issue(IssueObject::NewIssue { project }) => {
                self.is_created(action, number, &project, scene).await
            }
            Object::Issue(IssueObject::Issue { issue, project }) => scene.is_there(&issue, &project).await,
            Object::Access(_) | Object::Standing(_) => scene.holds(&action.steps[number]).await,
        }
    }

    /// Tells Jira, or the organisation, to make a change.
    async fn change_step(&self, action: &mut Action, number: usize, scene: &Scene) -> Result<(), Stopped> {
        let step = action.steps[number].clone();
        match &step.object {
            Object::Access(grant) => {
                Ok(scene.site.change(step.change, &scene.who()?.account.id, grant).await?)
            }
            Object::Standing(standing) => scene.change_standing(&step, *standing).await,
            Object::Issue(IssueObject::NewIssue { project }) => {
                self.create(action, number, project, scene).await
            }
            Object::Issue(IssueObject::Issue { issue, .. }) => scene.delete(issue).await,
        }
    }

    async fn take_turn(&self, action: &Action, of: &str) -> Result<(), Stopped> {
        let now = self.core.clock.now();
        let times = (now, after(now, LEASE));
        let store = &self.core.store;
        if store.take_administrators_turn(&action.tenant, of, &action.id, times).await? {
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
