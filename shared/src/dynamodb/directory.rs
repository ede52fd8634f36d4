//! Groups, products, project roles, and the pages of lists of accounts.

use serde::Serialize;

use super::item::{decode, key_of};
use super::keys::{self, Key};
use super::page::{Order, Page};
use super::{Store, write::Written};
use crate::account::HeldRole;
use crate::directory::{Group, List, Product, ProjectRole, RosterPage};
use crate::ids::{ConnectionId, GroupId, ProductKey, ProjectId, TenantId};
use crate::{Error, Result};

impl Store {
    /// The group with this id.
    pub async fn group(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        id: &GroupId,
    ) -> Result<Option<Group>> {
        self.get(&keys::group(tenant, connection, id)).await
    }

    /// All groups of a connection, by id.
    pub async fn all_groups(&self, tenant: &TenantId, connection: &ConnectionId) -> Result<Vec<Group>> {
        self.all(&keys::groups(tenant, connection)).await
    }

    /// The groups of these that are stored, by id.
    pub async fn groups_of(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        ids: &[GroupId],
    ) -> Result<Vec<Group>> {
        let keys = ids.iter().map(|id| keys::group(tenant, connection, id)).collect();
        let mut groups: Vec<Group> = self.get_many(&keys, "groups").await?;
        groups.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(groups)
    }

    /// A page of the groups of a connection, by id.
    pub async fn groups(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Group>> {
        let items = keys::groups(tenant, connection);
        self.list(&items, Order::Rising, &Vec::new(), cursor, limit).await
    }

    /// Puts a group in the place of what was read of it, which nobody but an ingestion writes.
    pub async fn write_group(&self, group: &Group) -> Result<()> {
        self.write(&keys::group(&group.tenant, &group.connection, &group.id), group).await
    }

    /// The product with this key.
    pub async fn product(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        key: &ProductKey,
    ) -> Result<Option<Product>> {
        self.get(&keys::product(tenant, connection, key)).await
    }

    /// All products of a connection.
    pub async fn all_products(&self, tenant: &TenantId, connection: &ConnectionId) -> Result<Vec<Product>> {
        self.all(&keys::products(tenant, connection)).await
    }

    /// Puts a product in the place of what was read of it, which nobody but an ingestion writes.
    pub async fn write_product(&self, product: &Product) -> Result<()> {
        self.write(&keys::product(&product.tenant, &product.connection, &product.key), product).await
    }

    /// All project roles of a connection, by project.
    pub async fn all_project_roles(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
    ) -> Result<Vec<ProjectRole>> {
        self.all(&keys::project_roles(tenant, connection)).await
    }

    /// The project roles of these that are stored, by project.
    pub async fn project_roles_held(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        held: &[HeldRole],
    ) -> Result<Vec<ProjectRole>> {
        let key = |it: &HeldRole| keys::project_role(tenant, connection, &it.project, &it.role);
        let mut roles: Vec<ProjectRole> =
            self.get_many(&held.iter().map(key).collect(), "project roles").await?;
        roles.sort_by(|one, other| (&one.project, &one.role).cmp(&(&other.project, &other.role)));
        Ok(roles)
    }

    /// A page of the project roles of a connection, by project.
    pub async fn project_roles(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<ProjectRole>> {
        let items = keys::project_roles(tenant, connection);
        self.list(&items, Order::Rising, &Vec::new(), cursor, limit).await
    }

    /// The roles of one project.
    pub async fn project_roles_of(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        project: &ProjectId,
    ) -> Result<Vec<ProjectRole>> {
        self.all(&keys::project_roles_of(tenant, connection, project)).await
    }

    /// Puts a project role in the place of what was read of it, which nobody but an ingestion writes.
    pub async fn write_project_role(&self, role: &ProjectRole) -> Result<()> {
        let key = keys::project_role(&role.tenant, &role.connection, &role.project, &role.role);
        self.write(&key, role).await
    }

    /// Keeps a page of a list, unless it is stored already. Returns whether it was written.
    pub async fn keep_roster_page(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        list: &List,
        page: &RosterPage,
    ) -> Result<bool> {
        let key = keys::roster_page(tenant, connection, list, page.start);
        if self.get::<RosterPage>(&key).await?.as_ref() == Some(page) {
            return Ok(false);
        }
        self.write(&key, page).await?;
        Ok(true)
    }

    /// The page of a list that begins at its place `start`.
    pub async fn roster_page(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        list: &List,
        start: u64,
    ) -> Result<Option<RosterPage>> {
        self.get(&keys::roster_page(tenant, connection, list, start)).await
    }

    /// Some pages of a list behind the one that begins at `behind`, and where to go on behind, if there are more.
    pub async fn roster_pages(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        list: &List,
        behind: Option<u64>,
    ) -> Result<(Vec<RosterPage>, Option<u64>)> {
        let items = keys::roster(tenant, connection, list);
        let place = behind.map(|start| keys::roster_page(tenant, connection, list, start).sk);
        let (found, more) = self.query(&items, Order::Rising, &Vec::new(), place, 100).await?;
        let pages: Vec<RosterPage> = found.into_iter().map(decode).collect::<Result<_>>()?;
        let next = more.and_then(|_| pages.last().map(|page| page.start));
        Ok((pages, next))
    }

    /// Some pages of all lists of a connection behind the sort key `behind`, each with its list, and the one to go on
    /// behind, if there are more.
    pub async fn all_roster_pages(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        behind: Option<String>,
    ) -> Result<(Vec<(List, RosterPage)>, Option<String>)> {
        let items = keys::rosters(tenant, connection);
        let (found, next) = self.query(&items, Order::Rising, &Vec::new(), behind, 100).await?;
        let mut pages = Vec::with_capacity(found.len());
        for item in found {
            let key = key_of(&item);
            let list = keys::list_of(&key)
                .ok_or_else(|| Error::internal(format!("the stored item {key} is no page of a list")))?;
            pages.push((list, decode(item)?));
        }
        Ok((pages, next))
    }

    /// Forgets the pages of a list that begin at its place `from` or later: it is shorter now.
    pub async fn cut_roster(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        list: &List,
        from: u64,
    ) -> Result<()> {
        let mut behind = None;
        loop {
            let (pages, next) = self.roster_pages(tenant, connection, list, behind).await?;
            for page in pages.iter().filter(|page| page.start >= from) {
                let key = keys::roster_page(tenant, connection, list, page.start);
                self.delete(&key, super::write::Change::default()).await?;
            }
            match next {
                Some(next) => behind = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Puts a record whatever is stored: for what one writer alone writes, under its lease.
    pub(super) async fn write(&self, key: &Key, record: &impl Serialize) -> Result<()> {
        let item = super::item::item(key, super::item::encode(key, record)?, Vec::new());
        match self.put(item, super::write::Change::default(), key).await? {
            Written::Done | Written::Refused(_) => Ok(()),
        }
    }
}
