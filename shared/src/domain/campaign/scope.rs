//! Which access a campaign reviews.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::directory::Directory;
use crate::account::Grant;
use crate::ids::{GroupId, ProductKey, ProjectId, RoleId};
use crate::ingestion::Source;

/// Which access is reviewed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scope {
    /// All.
    All {},
    /// Membership of these groups.
    Groups {
        /// The groups.
        groups: BTreeSet<GroupId>,
    },
    /// These project roles, in every project: who holds them, and who is a member of a group that does.
    Roles {
        /// The roles.
        roles: BTreeSet<RoleId>,
    },
    /// Every role in these projects: who holds one, and who is a member of a group that does.
    Projects {
        /// The projects.
        projects: BTreeSet<ProjectId>,
    },
    /// These products.
    Products {
        /// The products.
        products: BTreeSet<ProductKey>,
    },
}

/// What a scope comes to in a directory: which grants it covers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Coverage {
    everything: bool,
    groups: BTreeSet<GroupId>,
    roles: BTreeSet<RoleId>,
    projects: BTreeSet<ProjectId>,
    products: BTreeSet<ProductKey>,
}

impl Scope {
    /// How many things it names; none when it names none but means all.
    pub fn named(&self) -> Option<usize> {
        match self {
            Self::All {} => None,
            Self::Groups { groups } => Some(groups.len()),
            Self::Roles { roles } => Some(roles.len()),
            Self::Projects { projects } => Some(projects.len()),
            Self::Products { products } => Some(products.len()),
        }
    }

    /// The lists of Jira that must be whole for its items to be.
    pub fn sources(&self) -> &'static [Source] {
        use Source::{Groups, Members, Products, Roles, Users};
        match self {
            Self::All {} => &[Users, Groups, Members, Products, Roles],
            Self::Groups { .. } => &[Users, Groups, Members],
            Self::Roles { .. } | Self::Projects { .. } => &[Users, Groups, Members, Roles],
            Self::Products { .. } => &[Users, Groups, Members, Products],
        }
    }

    /// The first thing that it names and the directory does not.
    pub fn unknown(&self, directory: &Directory) -> Option<String> {
        let missing = |what: &str, id: &str| Some(format!("{what} {id}"));
        match self {
            Self::All {} => None,
            Self::Groups { groups } => {
                let unknown = groups.iter().find(|id| directory.group(id).is_none());
                unknown.and_then(|id| missing("group", id.as_str()))
            }
            Self::Roles { roles } => {
                let unknown = roles.iter().find(|id| !directory.roles().any(|role| role.role == **id));
                unknown.and_then(|id| missing("role", id.as_str()))
            }
            Self::Projects { projects } => {
                let unknown = projects.iter().find(|id| !directory.roles().any(|role| role.project == **id));
                unknown.and_then(|id| missing("project", id.as_str()))
            }
            Self::Products { products } => {
                let knows = |id: &ProductKey| directory.knows(&Grant::Product { product: id.clone() });
                let unknown = products.iter().find(|id| !knows(id));
                unknown.and_then(|id| missing("product", id.as_str()))
            }
        }
    }

    /// What it comes to in a directory.
    pub fn coverage(&self, directory: &Directory) -> Coverage {
        match self {
            Self::All {} => Coverage { everything: true, ..Coverage::default() },
            Self::Groups { groups } => Coverage { groups: groups.clone(), ..Coverage::default() },
            Self::Roles { roles } => {
                let held = directory.roles().filter(|role| roles.contains(&role.role));
                let groups = held.flat_map(|role| role.groups.iter().cloned()).collect();
                Coverage { groups, roles: roles.clone(), ..Coverage::default() }
            }
            Self::Projects { projects } => {
                let held = directory.roles().filter(|role| projects.contains(&role.project));
                let groups = held.flat_map(|role| role.groups.iter().cloned()).collect();
                Coverage { groups, projects: projects.clone(), ..Coverage::default() }
            }
            Self::Products { products } => Coverage { products: products.clone(), ..Coverage::default() },
        }
    }
}

impl Coverage {
    /// Whether it covers a grant.
    pub fn holds(&self, grant: &Grant) -> bool {
        self.everything
            || match grant {
                Grant::Group { group } => self.groups.contains(group),
                Grant::Role { project, role } => self.projects.contains(project) || self.roles.contains(role),
                Grant::Product { product } => self.products.contains(product),
            }
    }
}
