//! What an account shows. An erased one shows neither name nor address, whatever is stored.

use std::collections::{BTreeMap, BTreeSet};

use assay::account::{Account, AccountKind, HeldRole, Mark, MatchedBy, OrganisationView, Owner, Protection};
use assay::ids::{AccountId, ConnectionId, PersonId};
use assay::person::{Person, PersonStatus};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::OwnerKind;
use crate::Api;
use crate::caller::Caller;
use crate::problem::Problem;

/// An account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AccountView {
    /// The connection that it was read through.
    connection: String,
    /// Atlassian's identifier of it.
    id: String,
    /// What it is for.
    kind: AccountKind,
    /// Its display name; null when it is erased.
    name: Option<String>,
    /// Its e-mail address, if Jira or the organisation shows it.
    email: Option<String>,
    /// Whether it can be used now: it is active, and neither removed nor erased.
    active: bool,
    /// The groups that it is a member of.
    groups: Vec<String>,
    /// The products that those groups give.
    products: Vec<String>,
    /// The project roles that it holds itself.
    roles: Vec<HeldRole>,
    /// What the organisation's administration tells; null without an organisation API key.
    organisation: Option<OrganisationView>,
    /// When it was first listed.
    #[schema(value_type = String)]
    first_seen_at: Timestamp,
    /// Since when no list names it any more.
    #[schema(value_type = Option<String>)]
    removed_at: Option<Timestamp>,
    /// When its personal data were erased.
    #[schema(value_type = Option<String>)]
    erased_at: Option<Timestamp>,
    /// Whose it is.
    owner: OwnerView,
    /// Whose it may be, most likely first.
    suggestions: Vec<SuggestionView>,
    /// Whether it keeps its licence, used or not.
    protection: Option<Protection>,
    /// The last day on which it was active in the site, as far as was ingested.
    #[schema(value_type = Option<String>)]
    last_active_on: Option<Date>,
}

/// Whose an account is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OwnerView {
    /// What is known.
    kind: OwnerKind,
    /// The person.
    person: Option<PersonOfAccount>,
    /// How the person is known: `confirmation` (somebody said so) or `email` (the address is the same).
    matched_by: Option<MatchedBy>,
    /// What it is, if somebody marked it as no person's.
    mark: Option<Mark>,
    /// Why it is marked.
    reason: Option<String>,
    /// The last day on which the mark holds.
    #[schema(value_type = Option<String>)]
    ends_on: Option<Date>,
    /// Who marked it: a token's id.
    by: Option<String>,
}

/// The person of an account.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PersonOfAccount {
    /// Identifier.
    id: String,
    /// Full name; null when the person is not in the list any more.
    name: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// Whether the person works here, as the list says.
    status: Option<PersonStatus>,
}

/// A person that an account may belong to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SuggestionView {
    /// The person.
    person: PersonOfAccount,
    /// How likely, 1 to 100.
    score: u8,
    /// Why, in words.
    reasons: Vec<String>,
}

/// The name and the address of an account, unless it is erased.
pub(in crate::routes) fn shown(account: &Account) -> (Option<String>, Option<String>) {
    if account.erased_at.is_some() {
        return (None, None);
    }
    (Some(account.name.clone()), account.email.clone())
}

/// The display names of some accounts.
pub(in crate::routes) struct Names(BTreeMap<(ConnectionId, AccountId), String>);

impl Names {
    /// Reads the names of those accounts that are known and not erased.
    pub(in crate::routes) async fn read<'a>(
        api: &Api,
        caller: &Caller,
        accounts: impl Iterator<Item = (&'a ConnectionId, &'a AccountId)>,
    ) -> Result<Self, Problem> {
        let mut wanted: BTreeMap<&ConnectionId, BTreeSet<AccountId>> = BTreeMap::new();
        for (connection, account) in accounts {
            wanted.entry(connection).or_default().insert(account.clone());
        }
        let mut names = BTreeMap::new();
        for (connection, ids) in wanted {
            for account in api.core.store.accounts_of(&caller.tenant, connection, &ids).await? {
                let (name, _) = shown(&account);
                names.extend(name.map(|name| ((account.connection, account.id), name)));
            }
        }
        Ok(Self(names))
    }

    /// The name of an account.
    pub(in crate::routes) fn of(
        &self,
        connection: Option<&ConnectionId>,
        account: Option<&AccountId>,
    ) -> Option<String> {
        let (connection, account) = connection.zip(account)?;
        self.0.get(&(connection.clone(), account.clone())).cloned()
    }
}

/// Accounts as they are shown, with the people that they name.
pub(super) async fn with_people(
    api: &Api,
    caller: &Caller,
    accounts: Vec<Account>,
) -> Result<Vec<AccountView>, Problem> {
    let people = people_of(api, caller, &accounts).await?;
    Ok(accounts.into_iter().map(|account| AccountView::of(account, &people)).collect())
}

/// The same for one account.
pub(super) async fn with_person(
    api: &Api,
    caller: &Caller,
    account: Account,
) -> Result<AccountView, Problem> {
    let people = people_of(api, caller, std::slice::from_ref(&account)).await?;
    Ok(AccountView::of(account, &people))
}

/// The people whom accounts name as their owners or suggest.
pub(super) async fn people_of(
    api: &Api,
    caller: &Caller,
    accounts: &[Account],
) -> Result<BTreeMap<PersonId, Person>, Problem> {
    let mut ids = BTreeSet::new();
    for account in accounts.iter().filter(|account| account.erased_at.is_none()) {
        if let Owner::Person { person, .. } = &account.owner {
            ids.insert(person.clone());
        }
        ids.extend(account.suggestions.iter().map(|suggestion| suggestion.person.clone()));
    }
    let people = api.core.store.persons_of(&caller.tenant, &ids).await?;
    Ok(people.into_iter().map(|person| (person.id.clone(), person)).collect())
}

impl AccountView {
    fn of(account: Account, people: &BTreeMap<PersonId, Person>) -> Self {
        let (name, email) = shown(&account);
        let is_erased = account.erased_at.is_some();
        let suggestions =
            account.suggestions.iter().filter(|_| !is_erased).map(|suggestion| SuggestionView {
                person: PersonOfAccount::of(&suggestion.person, people),
                score: suggestion.score,
                reasons: suggestion.reasons.clone(),
            });
        Self {
            name,
            email,
            active: account.is_live(),
            suggestions: suggestions.collect(),
            owner: OwnerView::of(&account.owner, people),
            connection: account.connection.to_string(),
            id: account.id.to_string(),
            kind: account.kind,
            groups: account.groups.iter().map(ToString::to_string).collect(),
            products: account.products.iter().map(ToString::to_string).collect(),
            roles: account.roles,
            organisation: account.organisation,
            first_seen_at: account.first_seen_at,
            removed_at: account.removed_at,
            erased_at: account.erased_at,
            protection: account.protection,
            last_active_on: account.last_active_on,
        }
    }
}

impl OwnerView {
    fn of(owner: &Owner, people: &BTreeMap<PersonId, Person>) -> Self {
        let nobody = Self {
            kind: OwnerKind::of(owner),
            person: None,
            matched_by: None,
            mark: None,
            reason: None,
            ends_on: None,
            by: None,
        };
        match owner {
            Owner::Unidentified => nobody,
            Owner::Person { person, by } => {
                let person = Some(PersonOfAccount::of(person, people));
                Self { person, matched_by: Some(*by), ..nobody }
            }
            Owner::Marked { mark, reason, ends_on, by } => Self {
                mark: Some(*mark),
                reason: Some(reason.clone()),
                ends_on: Some(*ends_on),
                by: Some(by.clone()),
                ..nobody
            },
        }
    }
}

impl PersonOfAccount {
    fn of(id: &PersonId, people: &BTreeMap<PersonId, Person>) -> Self {
        let person = people.get(id);
        Self {
            id: id.to_string(),
            name: person.map(|person| person.name.clone()),
            email: person.map(|person| person.email.clone()),
            status: person.map(|person| person.status),
        }
    }
}
