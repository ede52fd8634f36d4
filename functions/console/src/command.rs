//! Commands by direct invocation of the function, as [`assay_api::serving`] takes them.

use assay::Result;
use assay::access::{DIRECT, Role};
use assay::audit::{Change, Outcome, Verdict, Who};
use assay::console::{LINK_VALID_FOR, SignInLink, UNNAMED};
use assay::ids::TenantId;
use assay_api::routes::tokens::check_name;
use serde::{Deserialize, Serialize};

use crate::Console;

/// A command.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Makes a link that signs somebody in, once.
    pub issue_link: IssueLink,
}

/// The wish for a link.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueLink {
    /// To which tenant; it is made if it is new.
    pub tenant: TenantId,
    /// What whoever uses it may do.
    pub role: Role,
    /// What the token is called that it makes.
    #[serde(default)]
    pub name: Option<String>,
}

/// The link, shown once.
#[derive(Debug, Serialize)]
pub struct Issued {
    /// The address to open.
    pub url: String,
    /// For how long it can be used, in seconds.
    pub valid_for: i64,
}

/// Carries out a command.
pub async fn carry_out(console: &Console, command: Command) -> Result<Issued> {
    let IssueLink { tenant, role, name } = command.issue_link;
    let core = &console.core;
    let (name, now) = (check_name(name.as_deref().unwrap_or(UNNAMED))?, core.clock.now());
    let (link, text) = SignInLink::make(core.random.as_ref(), &tenant, role, name, DIRECT, now)?;
    let change = Change::new(Who::direct(), "issue_link, by direct invocation").with("role", role.name());
    let entry = core.change_begins(&tenant, change).await?;
    core.store.put_tenant_if_new(&tenant, now).await?;
    core.store.put_link(&link).await?;
    core.change_ended(&entry, Outcome::new(core.clock.now(), Verdict::Done)).await;
    tracing::info!(%tenant, ?role, "sign-in link issued by direct invocation");
    Ok(Issued { url: SignInLink::address(&console.public_url, &text), valid_for: LINK_VALID_FOR })
}
