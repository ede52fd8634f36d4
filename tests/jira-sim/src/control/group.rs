//! Groups as administrators make, rename and delete them. All sites have the same ones.

use serde_json::{Value, json};

use crate::state::{
    World,
    group::{Group, access_type},
};

/// The id of a group, by its id or name.
pub(super) fn id_of(world: &World, id_or_name: &str) -> Result<String, String> {
    let mut groups = world.sites.iter().flat_map(|site| &site.groups);
    let found = groups.find(|group| group.id == id_or_name || group.name == id_or_name);
    found.map(|group| group.id.clone()).ok_or_else(|| format!("no group {id_or_name}"))
}

/// `POST /groups` `{"id"?,"name","application"?,"access_type"?}`.
pub(super) fn add(world: &mut World, body: &Value) -> Result<Value, String> {
    let name = body["name"].as_str().ok_or("name: a text")?;
    let id = body["id"].as_str().unwrap_or(name);
    if id_of(world, id).is_ok() || id_of(world, name).is_ok() {
        return Err(format!("there is a group {name} already"));
    }
    let group = Group {
        id: id.to_owned(),
        name: name.to_owned(),
        application: body["application"].as_str().map(str::to_owned),
        access_type: access_type(body["access_type"].as_str().unwrap_or("user"))
            .ok_or("access_type: admin, site-admin or user")?,
    };
    for site in &mut world.sites {
        site.groups.push(group.clone());
    }
    Ok(json!({ "group": id }))
}

/// `POST /groups/{id or name}` `{"name"?,"add":[account],"remove":[account]}`: a new name, other members.
pub(super) fn edit(world: &mut World, id_or_name: &str, body: &Value) -> Result<Value, String> {
    let id = id_of(world, id_or_name)?;
    if let Some(name) = body["name"].as_str() {
        let groups = world.sites.iter_mut().flat_map(|site| &mut site.groups);
        for group in groups.filter(|group| group.id == id) {
            name.clone_into(&mut group.name);
        }
    }
    for (member, joins) in [("add", true), ("remove", false)] {
        for account in crate::routes::bulk::texts(&body[member]) {
            let mut account = world.accounts.get(&account).ok_or_else(|| format!("no account {account}"))?;
            account.groups.retain(|own| *own != id);
            if joins {
                account.groups.push(id.clone());
            }
            world.accounts.put(account);
        }
    }
    Ok(json!({ "group": id }))
}

/// `DELETE /groups/{id or name}`: it is gone, and gives nobody access any more.
pub(super) fn delete(world: &mut World, id_or_name: &str) -> Result<Value, String> {
    let id = id_of(world, id_or_name)?;
    for site in &mut world.sites {
        site.groups.retain(|group| group.id != id);
    }
    Ok(json!({ "group": id }))
}
