//! What people ask of actions: to do something, to let it be done, not to do it, to undo it.

use std::collections::BTreeSet;

use super::Actor;
use crate::access::{Line, MOST_MAKERS, may_be_one_person};
use crate::action::{Action, Asked, Wish};
use crate::clock::after;
use crate::error::Kind;
use crate::ids::{ActionId, TenantId, TokenId, fixed};
use crate::notification::{Kind as Notice, Subject};
use crate::sqs::UsageRequest;
use crate::{Error, Result};

/// The longest reason, in characters.
const LONGEST_WHY: usize = 1000;

/// How often a change of an action is repeated onto what somebody else wrote meanwhile.
const REPEATS: u32 = 8;

/// Seconds until the tick asks for an action whose message was lost.
const OUTBOX_PATIENCE: i64 = 120;

impl Actor {
    /// Makes an action with the id `id`, and has it looked at. Made again, it is as it is.
    ///
    /// # Errors
    /// `Invalid` where the wish breaks a rule; `Conflict` when another action has this id.
    pub async fn ask(&self, tenant: &TenantId, id: ActionId, wish: Wish, by: &str) -> Result<Action> {
        let (store, now) = (&self.core.store, self.core.clock.now());
        let wish = Wish { why: reason("why", &wish.why)?, ..wish };
        wish.asked.check()?;
        self.check_target(tenant, &wish).await?;
        let (account, asked) = (wish.account.clone(), wish.asked.clone());
        // Many calls are no way round the second person whom many at once need.
        let together = store.count_asked(tenant, by, &id, now).await?.max(wish.together);
        let wish = Wish { together, ..wish };
        let mut action = Action::begin(tenant.clone(), id.clone(), wish, by, now);
        action.due_at = Some(after(now, OUTBOX_PATIENCE));
        if !store.put_new_action(&action).await? {
            action = self.require(tenant, &id).await?;
            if action.account != account || action.asked != asked {
                return Err(Error::conflict(format!("there is another action {id} already")));
            }
        }
        self.request(&action).await?;
        Ok(action)
    }

    /// Refuses a wish about an account or a connection that is not there.
    async fn check_target(&self, tenant: &TenantId, wish: &Wish) -> Result<()> {
        let store = &self.core.store;
        let Some(account) = &wish.account else {
            if store.connection(tenant, &wish.connection).await?.is_some() {
                return Ok(());
            }
            let message =
                format!("there is no connection {}; `GET /v1/connections` lists them", wish.connection);
            return Err(Error::invalid("connection", message));
        };
        if store.account(tenant, &wish.connection, account).await?.is_some() {
            return Ok(());
        }
        let message = format!(
            "there is no account {account} at connection {}; `GET /v1/accounts` lists them",
            wish.connection
        );
        Err(Error::invalid("account", message))
    }

    /// Lets an action be carried out that waits for it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it waits for no approval; `Forbidden` when another person must approve it.
    pub async fn approve(&self, tenant: &TenantId, id: &ActionId, by: &TokenId) -> Result<Action> {
        let now = self.core.clock.now();
        let asked_by = self.require(tenant, id).await?.asked_by;
        let is_same = may_be_one_person(
            &self.line_of(tenant, &asked_by).await?,
            &self.line_of(tenant, by.as_str()).await?,
        );
        let approve = |action: &mut Action| action.approve(by.as_str(), is_same, now);
        let approved = self.change(tenant, id, &approve).await?;
        self.heard(&approved).await?;
        self.request(&approved).await?;
        Ok(approved)
    }

    /// Ends an action before anything was changed.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` without a reason; `Conflict` when it is too late.
    pub async fn decline(&self, tenant: &TenantId, id: &ActionId, by: &str, why: &str) -> Result<Action> {
        let (now, why) = (self.core.clock.now(), reason("why", why)?);
        let declined = self.change(tenant, id, &|action| action.decline(by, &why, now)).await?;
        self.heard(&declined).await?;
        Ok(declined)
    }

    /// Has undone what an action did, by an action of its own, which is given. Asked again, it is given again, unless it
    /// failed or was refused.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` without a reason; `Conflict` when nothing can be undone, or another action changed the same since.
    pub async fn undo(&self, tenant: &TenantId, id: &ActionId, by: &str, why: &str) -> Result<Action> {
        let (store, why) = (&self.core.store, reason("why", why)?);
        let done = self.require(tenant, id).await?;
        let before = match &done.undone_by {
            Some(undoing) => store.action(tenant, undoing).await?,
            None => None,
        };
        if let Some(before) = before.as_ref().filter(|before| !before.state.is_void()) {
            return Ok(before.clone());
        }
        let asked = done.undoing()?;
        self.check_last(&done, &asked).await?;
        let before = before.map_or_else(String::new, |before| before.id.to_string());
        let text = fixed(&[tenant.as_str(), id.as_str(), "undo", &before]);
        let undoing = ActionId::parse(&format!("act-{text}"))?;
        let wish = Wish {
            connection: done.connection.clone(),
            account: done.account.clone(),
            asked,
            why,
            campaign: None,
            together: 1,
            held: false,
        };
        let made = self.ask(tenant, undoing.clone(), wish, by).await?;
        let link = |action: &mut Action| {
            action.undone_by = Some(undoing.clone());
            Ok(())
        };
        self.change(tenant, id, &link).await?;
        Ok(made)
    }

    /// Refuses to undo what another action changed since: whoever decided on that one would not see it.
    async fn check_last(&self, done: &Action, asked: &Asked) -> Result<()> {
        let Asked::Undo { steps, .. } = asked else { return Ok(()) };
        let mut later = BTreeSet::new();
        for step in steps {
            later.extend(self.core.store.last_changing(done, &step.object).await?);
        }
        later.remove(&done.id);
        let later = self.core.store.actions_of(&done.tenant, &later).await?;
        match later.iter().find(|action| !action.state.is_void()) {
            None => Ok(()),
            Some(action) => Err(Error::conflict(format!(
                "action {} changed the same access since; undo that first, or ask for what you want",
                action.id
            ))),
        }
    }

    /// A token's line of makers, and of whoever said whom to believe.
    async fn line_of(&self, tenant: &TenantId, token: &str) -> Result<Line> {
        let (tokens, voucher) = self.makers_of(tenant, token).await?;
        let vouched_by = match voucher {
            Some(voucher) => self.makers_of(tenant, &voucher).await?.0,
            None => Vec::new(),
        };
        let whole = tokens.len() <= MOST_MAKERS && vouched_by.len() <= MOST_MAKERS;
        Ok(Line { tokens, vouched_by, whole })
    }

    /// A token, its maker, that one's maker and so on; and who vouched for the last.
    async fn makers_of(&self, tenant: &TenantId, token: &str) -> Result<(Vec<String>, Option<String>)> {
        let (mut tokens, mut next, mut voucher) = (Vec::new(), Some(token.to_owned()), None);
        while let Some(id) = next.take().filter(|_| tokens.len() <= MOST_MAKERS) {
            let stored = match TokenId::parse(&id) {
                Ok(id) => self.core.store.token(tenant, &id).await?,
                Err(_) => None,
            };
            next = stored.as_ref().and_then(|stored| stored.maker().map(ToOwned::to_owned));
            voucher = stored.and_then(|stored| stored.vouched_by);
            tokens.push(id);
        }
        Ok((tokens, voucher))
    }

    async fn require(&self, tenant: &TenantId, id: &ActionId) -> Result<Action> {
        self.core
            .store
            .action(tenant, id)
            .await?
            .ok_or_else(|| Error::not_found(format!("there is no action {id}; `GET /v1/actions` lists them")))
    }

    /// Changes an action, whoever else writes it meanwhile.
    async fn change(
        &self,
        tenant: &TenantId,
        id: &ActionId,
        change: &(dyn Fn(&mut Action) -> Result<()> + Sync),
    ) -> Result<Action> {
        for _ in 0..REPEATS {
            let mut action = self.require(tenant, id).await?;
            change(&mut action)?;
            match self.core.store.save_action(&mut action).await {
                Err(error) if *error.kind() == Kind::Conflict => {}
                saved => return saved.map(|()| action),
            }
        }
        Err(Error::conflict(format!("action {id} is written by too many at once; try again")))
    }

    async fn request(&self, action: &Action) -> Result<()> {
        if !action.state.is_at_work() {
            return Ok(());
        }
        let request = UsageRequest::Act { tenant: action.tenant.clone(), action: action.id.clone() };
        self.usage.send(&request, None).await
    }

    /// People need not hear of an action that waits no more. Those of a campaign are told of together.
    async fn heard(&self, action: &Action) -> Result<()> {
        let (subject, now) = (Subject::Action(action.id.clone()), self.core.clock.now());
        self.core.store.recovered(&action.tenant, Notice::ApprovalNeeded, &subject, now).await
    }
}

/// A reason, if it is one. `field` names it in errors.
fn reason(field: &str, why: &str) -> Result<String> {
    let why = why.trim();
    let fits = (1..=LONGEST_WHY).contains(&why.chars().count())
        && !why.chars().any(|one| one.is_control() && one != '\n');
    if fits {
        return Ok(why.to_owned());
    }
    Err(Error::invalid(field, format!("{field} must be 1 to {LONGEST_WHY} characters of text")))
}
