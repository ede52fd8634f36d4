//! Seats: which products a site has, which groups give access to them, and how many accounts hold a seat.

use serde_json::{Value, json};

use crate::{
    call::{Answer, Call, Reply},
    clock::plus_seconds,
    state::{World, group::Group, project::allows_globally},
};

/// Products in the order of Atlassian's document, with their names.
const PRODUCTS: [(&str, &str); 2] =
    [("jira-software", "Jira"), ("jira-servicedesk", "Jira Service Management")];
/// Keys that the document allows, of products that a site here does not have.
const OTHERS: [&str; 2] = ["jira-core", "jira-product-discovery"];
/// How long Jira keeps a count before it counts again.
const CACHED_SECONDS: i64 = 7 * 86_400;

fn groups_of<'a>(world: &'a World, site: usize, product: &'a str) -> impl Iterator<Item = &'a Group> {
    world.sites[site].groups.iter().filter(move |group| group.application.as_deref() == Some(product))
}

fn seats_used(world: &mut World, site: usize, product: &str) -> usize {
    let groups: Vec<String> = groups_of(world, site, product).map(|group| group.id.clone()).collect();
    world.accounts.in_any(&groups)
}

fn administrator(call: &Call) -> Result<(), Answer> {
    if allows_globally(call.caller.account(), "ADMINISTER") {
        Ok(())
    } else {
        Err(Answer::forbidden("You must be a Jira administrator to read licences."))
    }
}

/// The seats of a product are `Settings::seats`, or a hundred more than are used.
pub(crate) fn roles(world: &mut World, call: &Call) -> Reply {
    administrator(call)?;
    let mut roles = Vec::new();
    for (key, name) in PRODUCTS {
        let used = seats_used(world, call.site, key);
        let used = i64::try_from(used).unwrap_or(i64::MAX);
        let seats = world.settings.seats.unwrap_or_else(|| used.saturating_add(100));
        let unlimited = seats < 0;
        let groups: Vec<&Group> = groups_of(world, call.site, key).collect();
        let detail = |group: &&Group| {
            json!({
                "name": group.name,
                "groupId": group.id,
                "self": call.link(&format!("group?groupId={}", group.id)),
            })
        };
        let default = groups.iter().filter(|group| group.access_type == "user");
        roles.push(json!({
            "key": key,
            "name": name,
            "groups": groups.iter().map(|group| &group.name).collect::<Vec<_>>(),
            "groupDetails": groups.iter().map(detail).collect::<Vec<_>>(),
            "defaultGroups": default.clone().map(|group| &group.name).collect::<Vec<_>>(),
            "defaultGroupsDetails": default.map(detail).collect::<Vec<_>>(),
            "selectedByDefault": key == "jira-software",
            "defined": true,
            "numberOfSeats": seats,
            "remainingSeats": if unlimited { -1 } else { (seats - used).max(0) },
            "userCount": used,
            "userCountDescription": format!("{used} users"),
            "hasUnlimitedSeats": unlimited,
            "platform": false,
        }));
    }
    let count = roles.len();
    Ok(Answer::ok(Value::Array(roles)).costing(count, 2))
}

/// Over all products, each account once; up to a week old.
pub(crate) fn approximate(world: &mut World, call: &Call) -> Reply {
    administrator(call)?;
    let count = |world: &mut World| {
        let groups: Vec<String> = PRODUCTS
            .iter()
            .flat_map(|(key, _)| groups_of(world, call.site, key))
            .map(|group| group.id.clone())
            .collect();
        world.accounts.in_any(&groups)
    };
    Ok(metric(world, call, "license", count))
}

pub(crate) fn approximate_of(world: &mut World, call: &Call) -> Reply {
    administrator(call)?;
    let key = call.param(0).to_owned();
    if !PRODUCTS.iter().any(|(known, _)| *known == key) && !OTHERS.contains(&key.as_str()) {
        return Err(Answer::not_found(&format!("There is no application with the key '{key}'.")));
    }
    let count = |world: &mut World| seats_used(world, call.site, &key);
    Ok(metric(world, call, &format!("license.{key}"), count))
}

fn metric(world: &mut World, call: &Call, name: &str, count: impl FnOnce(&mut World) -> usize) -> Answer {
    let key = (call.site, name.to_owned());
    let known = world.licence_counts.get(&key).copied();
    let fresh = known.filter(|(since, _)| call.now < plus_seconds(*since, CACHED_SECONDS));
    let value = if let Some((_, value)) = fresh {
        value
    } else {
        let value = count(world);
        world.licence_counts.insert(key, (call.now, value));
        value
    };
    // The number is a text in Atlassian's document.
    Answer::ok(json!({ "key": name, "value": value.to_string() }))
}
