//! Accounts as administrators and their owners change them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::group::id_of;
use crate::state::{World, account::Account};

/// A new person, who sees and does what everybody does, changed by the members of the body.
pub(super) fn add(world: &mut World, body: &Value, now: Timestamp) -> Result<Value, String> {
    let id = body["id"].as_str().ok_or("id: a text")?;
    if world.accounts.get(id).is_some() {
        return Err(format!("there is an account {id} already"));
    }
    world.accounts.put(Account::person(id, id, &format!("{id}@example.com")));
    edit(world, id, body, now)
}

/// `POST /accounts/{id}` with members, `POST /accounts/{id}/close` (deleted for good) and `…/offboard` (deactivated).
pub(super) fn edit(world: &mut World, path: &str, body: &Value, now: Timestamp) -> Result<Value, String> {
    let (id, deed) = path.split_once('/').unwrap_or((path, ""));
    let mut account = world.accounts.get(id).ok_or("no such account")?;
    match deed {
        "" => change(world, &mut account, body, now)?,
        "close" => account.close(now),
        "offboard" => account.leave(),
        other => return Err(format!("unknown edit {other}")),
    }
    world.accounts.put(account);
    Ok(json!({ "account": id }))
}

fn change(world: &World, account: &mut Account, body: &Value, now: Timestamp) -> Result<(), String> {
    let before = account.clone();
    let empty = serde_json::Map::new();
    let members = if body.is_null() { &empty } else { body.as_object().ok_or("an object of members")? };
    for (name, value) in members {
        let flag = || value.as_bool().ok_or(format!("{name}: true or false"));
        let text = || value.as_str().map(str::to_owned).ok_or(format!("{name}: a text"));
        let list = || serde_json::from_value(value.clone()).map_err(|error| format!("{name}: {error}"));
        match name.as_str() {
            "active" => account.active = flag()?,
            "admin" => account.admin = flag()?,
            "email_hidden" => account.email_hidden = flag()?,
            "managed" => account.managed = flag()?,
            "email" => account.email = text()?,
            "name" => account.name = text()?,
            "locale" => account.locale = text()?,
            "time_zone" => account.time_zone = text()?,
            "last_active" if value.is_null() => account.last_active = None,
            "last_active" => {
                account.last_active = Some(text()?.parse().map_err(|error| format!("{name}: {error}"))?);
            }
            "organisation_roles" => account.organisation_roles = list()?,
            "groups" => {
                let names: Vec<String> = list()?;
                account.groups =
                    names.iter().map(|name| id_of(world, name)).collect::<Result<_, String>>()?;
            }
            // It names the account when one is added.
            "id" => {}
            other => return Err(format!("unknown member {other}")),
        }
    }
    let profile = |account: &Account| {
        (account.name.clone(), account.email.clone(), account.email_hidden, account.time_zone.clone())
    };
    if profile(account) != profile(&before) {
        account.profile_changed = Some(now);
    }
    Ok(())
}
