//! A site's groups, products and project roles, put together for quick answers.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::{Account, Grant, HeldRole};
use crate::directory::{Group, Product, ProjectRole};
use crate::ids::{GroupId, ProductKey};

/// A site's directory without its accounts.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    groups: BTreeMap<GroupId, Group>,
    products: BTreeMap<ProductKey, Product>,
    roles: BTreeMap<HeldRole, ProjectRole>,
    /// The groups that hold a role by which a project is administered.
    administer_projects: BTreeSet<GroupId>,
}

impl Directory {
    /// Puts the parts together.
    pub fn of(groups: Vec<Group>, products: Vec<Product>, roles: Vec<ProjectRole>) -> Self {
        let privileged = roles.iter().filter(|role| role.removed_at.is_none() && role.is_privileged());
        let administer_projects = privileged.flat_map(|role| role.groups.iter().cloned()).collect();
        let key = |role: &ProjectRole| HeldRole { project: role.project.clone(), role: role.role.clone() };
        Self {
            groups: groups.into_iter().map(|group| (group.id.clone(), group)).collect(),
            products: products.into_iter().map(|product| (product.key.clone(), product)).collect(),
            roles: roles.into_iter().map(|role| (key(&role), role)).collect(),
            administer_projects,
        }
    }

    /// The project roles.
    pub fn roles(&self) -> impl Iterator<Item = &ProjectRole> {
        self.roles.values()
    }

    /// The group with this id.
    pub fn group(&self, id: &GroupId) -> Option<&Group> {
        self.groups.get(id)
    }

    /// The groups whose members administer the site, as their names tell.
    pub fn administrators(&self) -> impl Iterator<Item = &Group> {
        self.groups.values().filter(|group| group.removed_at.is_none() && group.is_privileged())
    }

    /// Whether access gives power over others' access or settings; none where the directory does not know it.
    pub fn is_privileged(&self, grant: &Grant) -> Option<bool> {
        match grant {
            Grant::Group { group } => {
                let stored = self.groups.get(group)?;
                Some(stored.is_privileged() || self.administer_projects.contains(group))
            }
            Grant::Role { project, role } => {
                let held = HeldRole { project: project.clone(), role: role.clone() };
                Some(self.roles.get(&held)?.is_privileged())
            }
            Grant::Product { product } => self.products.get(product).map(|_| false),
        }
    }

    /// What access is to, in words: `group developers`, `role Administrators in ABC`, `product Jira`.
    pub fn words(&self, grant: &Grant) -> String {
        match grant {
            Grant::Group { group } => {
                let name = self.groups.get(group).map_or(group.as_str(), |group| &group.name);
                format!("group {name}")
            }
            Grant::Role { project, role } => {
                let held = HeldRole { project: project.clone(), role: role.clone() };
                match self.roles.get(&held) {
                    Some(known) => format!("role {} in {}", known.name, known.project_key),
                    None => format!("role {role} in project {project}"),
                }
            }
            Grant::Product { product } => {
                let name = self.products.get(product).map_or(product.as_str(), |product| &product.name);
                format!("product {name}")
            }
        }
    }

    /// Whether it names what access is to.
    pub fn knows(&self, grant: &Grant) -> bool {
        self.is_privileged(grant).is_some()
    }

    /// The groups of an account that give it a product.
    pub fn groups_giving(&self, product: &ProductKey, account: &Account) -> Vec<GroupId> {
        let gives = |group: &&GroupId| self.gives(group, product);
        account.groups.iter().filter(gives).cloned().collect()
    }

    /// The products that an account would lose, were it no member of `leaving` any more.
    pub fn products_lost(&self, leaving: &[GroupId], account: &Account) -> Vec<ProductKey> {
        let stays = |group: &&GroupId| !leaving.contains(group);
        let held = |product: &&ProductKey| {
            account.groups.iter().filter(stays).any(|group| self.gives(group, product))
        };
        account.products.iter().filter(|product| !held(product)).cloned().collect()
    }

    /// The products that being a member of these groups gives, sorted.
    pub fn products_of(&self, groups: &[GroupId]) -> Vec<ProductKey> {
        let of_groups = groups.iter().filter_map(|id| self.groups.get(id)).flat_map(|group| &group.products);
        let of_products = self.products.values().filter(|product| {
            product.removed_at.is_none() && product.groups.iter().any(|group| groups.contains(group))
        });
        let all: BTreeSet<ProductKey> =
            of_groups.chain(of_products.map(|product| &product.key)).cloned().collect();
        all.into_iter().collect()
    }

    fn gives(&self, group: &GroupId, product: &ProductKey) -> bool {
        let by_group = self.groups.get(group).is_some_and(|group| group.products.contains(product));
        by_group || self.products.get(product).is_some_and(|product| product.groups.contains(group))
    }
}
