//! Which accounts a list takes.

use std::collections::BTreeSet;

use assay::account::{Account, AccountKind, Owner};
use assay::dynamodb::Page;
use assay::ids::{AccountId, ConnectionId, GroupId, PersonId, ProductKey};

use super::view::shown;
use super::{AccountQuery, OwnerKind};
use crate::Api;
use crate::caller::Caller;
use crate::page::Asked;
use crate::problem::Problem;
use crate::sought::Sought;

/// How many calls to the table a list with a filter makes before it gives a shorter page and a cursor to go on with.
const CALLS: usize = 20;

/// Which accounts are wanted.
pub(super) struct Filter {
    owner: Option<OwnerKind>,
    kind: Option<AccountKind>,
    active: Option<bool>,
    product: Option<ProductKey>,
    privileged: Option<bool>,
    suggested: Option<bool>,
    protected: Option<bool>,
    person: Option<PersonId>,
    sought: Option<Sought>,
}

impl Filter {
    /// What a query says.
    pub(super) fn of(query: &AccountQuery) -> Result<Self, Problem> {
        Ok(Self {
            owner: query.owner,
            kind: query.kind,
            active: query.active,
            product: query.product.clone(),
            privileged: query.privileged,
            suggested: query.suggested,
            protected: query.protected,
            person: query.person.clone(),
            sought: query.q.as_deref().map(Sought::of).transpose()?,
        })
    }

    /// Whether it takes all.
    pub(super) fn is_empty(&self) -> bool {
        let said = [self.active, self.privileged, self.suggested, self.protected];
        self.owner.is_none()
            && self.kind.is_none()
            && self.product.is_none()
            && self.person.is_none()
            && self.sought.is_none()
            && said.iter().all(Option::is_none)
    }

    /// The filter in words, for the mark of cursors.
    pub(super) fn words(&self) -> String {
        let sought = self.sought.as_ref().map(Sought::text);
        let (product, said) = (&self.product, [self.active, self.privileged, self.suggested, self.protected]);
        format!("{:?} {:?} {product:?} {:?} {said:?} {sought:?}", self.owner, self.kind, self.person)
    }

    /// Whether it takes this account. `administrators` are the groups whose members administer the site.
    fn takes(&self, account: &Account, administrators: &BTreeSet<GroupId>) -> bool {
        let is = |wanted: Option<bool>, state: bool| wanted.is_none_or(|wanted| wanted == state);
        let (name, email) = shown(account);
        self.owner.is_none_or(|owner| owner == OwnerKind::of(&account.owner))
            && self.kind.is_none_or(|kind| kind == account.kind)
            && self.person.as_ref().is_none_or(|person| is_of(account, person))
            && is(self.active, account.is_live())
            && self.product.as_ref().is_none_or(|product| account.products.contains(product))
            && is(self.privileged, account.groups.iter().any(|group| administrators.contains(group)))
            && is(self.suggested, account.erased_at.is_none() && !account.suggestions.is_empty())
            && is(self.protected, account.protection.is_some())
            && self.sought.as_ref().is_none_or(|sought| {
                sought.is(account.id.as_str()) || sought.in_any(&[name.as_deref(), email.as_deref()])
            })
    }
}

fn is_of(account: &Account, wanted: &PersonId) -> bool {
    match &account.owner {
        Owner::Person { person, .. } => person == wanted,
        Owner::Unidentified | Owner::Marked { .. } => false,
    }
}

/// A page of the accounts that a filter takes. Its cursor is the last account that was looked at.
pub(super) async fn filtered(
    api: &Api,
    caller: &Caller,
    connection: &ConnectionId,
    filter: &Filter,
    asked: &Asked,
) -> Result<Page<Account>, Problem> {
    let store = &api.core.store;
    let mut behind = asked.after.as_deref().map(AccountId::parse).transpose().map_err(|_| {
        Problem::invalid("cursor", "the cursor is not one that this list gave; leave it out to begin anew")
    })?;
    let administrators = if filter.privileged.is_some() {
        let groups = store.all_groups(&caller.tenant, connection).await?;
        let administer = groups.into_iter().filter(|it| it.removed_at.is_none() && it.is_privileged());
        administer.map(|group| group.id).collect()
    } else {
        BTreeSet::new()
    };
    let mut items = Vec::new();
    for _ in 0..CALLS {
        let (accounts, next) = store.accounts_behind(&caller.tenant, connection, behind.as_ref()).await?;
        let count = accounts.len();
        for (number, account) in accounts.into_iter().enumerate() {
            let is_last = number + 1 == count && next.is_none();
            let id = account.id.clone();
            if filter.takes(&account, &administrators) {
                items.push(account);
            }
            if items.len() == asked.limit && !is_last {
                return Ok(Page { items, next: Some(id.to_string()) });
            }
        }
        behind = next;
        if behind.is_none() {
            break;
        }
    }
    Ok(Page { items, next: behind.map(|id| id.to_string()) })
}
