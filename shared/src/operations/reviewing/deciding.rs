//! Reviewers' decisions.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Reviewer;
use crate::access::Role;
use crate::campaign::{Campaign, Choice, Item, Place, Said, State};
use crate::error::Kind;
use crate::ids::{ActionId, CampaignId, TenantId, TokenId};
use crate::{Error, Result};

/// How many items one call may decide on.
pub const MOST_IN_CALL: usize = 200;

/// How often decisions are made again on items that somebody else wrote meanwhile.
const REPEATS: u32 = 6;

/// Who decides.
#[derive(Clone, Debug)]
pub struct Decider {
    /// By which API token.
    pub token: TokenId,
    /// Its role.
    pub role: Role,
}

impl Reviewer {
    /// Decides on items, all or none as far as can be told before the first is written; a call that broke off is repeated
    /// as a whole, and does then what is missing. Gives the items as they are afterwards, in the order of `said`.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when the campaign is not open, a revocation is already on its way, or others decide on the same
    /// items all the time; `Overtaken` when somebody else decided on one since it was seen, or at the same moment;
    /// `Forbidden` for whoever is none of its reviewers; `Invalid` for an item that is not there or stands twice in the call.
    pub async fn decide(
        &self,
        tenant: &TenantId,
        id: &CampaignId,
        by: &Decider,
        said: &[Said],
    ) -> Result<Vec<Item>> {
        let campaign = self.core.store.campaign(tenant, id).await?.ok_or_else(|| {
            Error::not_found(format!("there is no campaign {id}; `GET /v1/campaigns` lists them"))
        })?;
        check_decider(&campaign, by)?;
        check_call(said)?;
        let (mut moved, mut first) = (Vec::new(), None);
        for _ in 0..REPEATS {
            let items = self.read(&campaign, said).await?;
            let mut overtaken =
                overtaken(first.get_or_insert_with(|| items.clone()), &items, by.token.as_str());
            overtaken.extend(unseen(&items, said));
            if let Some(earliest) = overtaken.first() {
                self.count(&campaign, &moved).await?;
                let places: Vec<String> = overtaken.iter().map(|number| format!("items[{number}]")).collect();
                let places = places.join(", ");
                let message =
                    format!("somebody else decided on {places} meanwhile; look at them, then decide again");
                return Err(Error::new(Kind::Overtaken { field: format!("items[{earliest}]") }, message));
            }
            let (done, is_whole) = self.write(items, said, by.token.as_str(), &mut moved).await?;
            if is_whole {
                self.count(&campaign, &moved).await?;
                return Ok(done);
            }
        }
        self.count(&campaign, &moved).await?;
        Err(Error::conflict("these items are being decided on by others; try again"))
    }

    /// The items that were spoken of, in that order.
    async fn read(&self, campaign: &Campaign, said: &[Said]) -> Result<Vec<Item>> {
        let places: Vec<Place> = said.iter().map(|said| said.place.clone()).collect();
        let found = self.core.store.review_items_of(&campaign.tenant, &campaign.id, &places).await?;
        let mut found: HashMap<Place, Item> = found.into_iter().map(|item| (item.place(), item)).collect();
        let take = |(number, place): (usize, &Place)| {
            found.remove(place).ok_or_else(|| {
                let message = "the campaign has no item for this account and access";
                Error::invalid(format!("items[{number}]"), message)
            })
        };
        places.iter().enumerate().map(take).collect()
    }

    /// Writes what was said onto items. Gives them as they are, and whether nobody else wrote one meanwhile.
    async fn write(
        &self,
        items: Vec<Item>,
        said: &[Said],
        by: &str,
        moved: &mut Vec<(Choice, Choice)>,
    ) -> Result<(Vec<Item>, bool)> {
        let now = self.core.clock.now();
        let mut decided = items.clone();
        let mut changed = Vec::new();
        for (number, (item, said)) in decided.iter_mut().zip(said).enumerate() {
            if item.decide(said, by, now)? {
                changed.push(number);
            }
        }
        self.check_actions(changed.iter().map(|number| &items[*number])).await?;
        let mut saved: Vec<Item> = changed.iter().map(|number| decided[*number].clone()).collect();
        let results = self.core.store.save_review_items(&mut saved).await;
        let mut is_whole = true;
        for ((number, saved), result) in changed.into_iter().zip(saved).zip(results) {
            match result {
                Ok(()) => {
                    moved.push((items[number].choice, saved.choice));
                    decided[number] = saved;
                }
                Err(error) if *error.kind() == Kind::Conflict => is_whole = false,
                Err(error) => return Err(error),
            }
        }
        Ok((decided, is_whole))
    }

    /// A decision whose action is on its way, or holds, is not changed: the action is declined or undone first.
    async fn check_actions<'a>(&self, items: impl Iterator<Item = &'a Item>) -> Result<()> {
        let items: Vec<&Item> = items.filter(|item| item.action.is_some()).collect();
        let Some(tenant) = items.first().map(|item| &item.tenant) else { return Ok(()) };
        let ids: BTreeSet<ActionId> = items.iter().filter_map(|item| item.action.clone()).collect();
        let actions = self.core.store.actions_of(tenant, &ids).await?;
        match actions.iter().find(|action| !action.state.is_void()) {
            None => Ok(()),
            Some(action) => Err(Error::conflict(format!(
                "the revocation of an item is {} as action {}; decline or undo that first",
                action.state.word(),
                action.id
            ))),
        }
    }

    /// Notes in the campaign how many decisions moved from where to where.
    async fn count(&self, campaign: &Campaign, moved: &[(Choice, Choice)]) -> Result<()> {
        if moved.iter().all(|(from, to)| from == to) {
            return Ok(());
        }
        let change = |stored: &mut Campaign| {
            // What is over was counted item by item, these among them.
            if !stored.state.is_over() {
                for (from, to) in moved {
                    stored.counts.moved(*from, *to);
                }
            }
            Ok(())
        };
        self.core.store.change_campaign(&campaign.tenant, &campaign.id, &change).await.map(|_| ())
    }
}

/// The places in a call of the items that stand otherwise than whoever decides saw.
fn unseen(items: &[Item], said: &[Said]) -> BTreeSet<usize> {
    let pairs = said.iter().zip(items).enumerate();
    pairs.filter(|(_, (said, item))| said.is_overtaken_by(item)).map(|(number, _)| number).collect()
}

/// The places in a call of the items on which somebody else decided since they were read first.
fn overtaken(first: &[Item], now: &[Item], by: &str) -> BTreeSet<usize> {
    let is_overtaken = |(before, now): (&Item, &Item)| {
        (before.choice, &before.by, before.at) != (now.choice, &now.by, now.at)
            && now.by.as_deref() != Some(by)
    };
    let places = first.iter().zip(now).enumerate().filter(|(_, pair)| is_overtaken(*pair));
    places.map(|(number, _)| number).collect()
}

fn check_decider(campaign: &Campaign, by: &Decider) -> Result<()> {
    if campaign.state != State::Open {
        let message = format!("campaign {} is {}, not open", campaign.id, campaign.state.word());
        return Err(Error::conflict(message));
    }
    if !campaign.is_reviewed_by(&by.token) && !by.role.covers(Role::Admin) {
        let message = format!("only the reviewers of campaign {} and admins decide in it", campaign.id);
        return Err(Error::new(Kind::Forbidden, message));
    }
    Ok(())
}

fn check_call(said: &[Said]) -> Result<()> {
    if !(1..=MOST_IN_CALL).contains(&said.len()) {
        let message = format!("items must be 1 to {MOST_IN_CALL} decisions");
        return Err(Error::invalid("items", message));
    }
    let mut seen = HashSet::new();
    for (number, said) in said.iter().enumerate() {
        if !seen.insert(&said.place) {
            let message = "this item stands in the call twice; decide on it once";
            return Err(Error::invalid(format!("items[{number}]"), message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::overtaken;
    use crate::campaign::Choice;
    use crate::campaign::tests::{in_group, item, now, said};
    use crate::clock::after;

    #[test]
    fn whoever_decides_again_hears_what_somebody_else_decided_meanwhile() {
        let first = [item("acc-1", in_group("g-dev")), item("acc-2", in_group("g-dev"))];
        let mut now_there = first.clone();
        assert!(overtaken(&first, &now_there, "tok-1").is_empty());
        now_there[0].action = Some(crate::ids::ActionId::parse("act-1").unwrap());
        now_there[0].version += 1;
        assert!(overtaken(&first, &now_there, "tok-1").is_empty(), "an action is no decision");
        now_there[1].decide(&said(Choice::Keep, None), "tok-2", after(now(), 1)).unwrap();
        assert_eq!(overtaken(&first, &now_there, "tok-1"), [1].into());
        assert!(overtaken(&first, &now_there, "tok-2").is_empty(), "one's own call that broke off");
    }
}
