//! Commands by direct invocation of the function, as [`crate::serving`] takes them.

use assay::Result;
use assay::access::{ApiToken, DIRECT, Role};
use assay::audit::{Change, Outcome, Verdict, Who};
use assay::ids::TenantId;
use assay::operations::Core;
use serde::{Deserialize, Serialize};

use crate::routes::tokens::check_name;

/// A command.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Makes an API token.
    pub issue_token: IssueToken,
}

/// The wish for an API token.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueToken {
    /// For which tenant; it is made if it is new.
    pub tenant: TenantId,
    /// What the token may do.
    pub role: Role,
    /// What it is called.
    #[serde(default)]
    pub name: Option<String>,
}

/// The token, shown once.
#[derive(Debug, Serialize)]
pub struct Issued {
    /// The token.
    pub token: String,
    /// Its tenant.
    pub tenant: TenantId,
    /// What it may do.
    pub role: Role,
}

/// Carries out a command.
pub async fn carry_out(core: &Core, command: Command) -> Result<Issued> {
    let IssueToken { tenant, role, name } = command.issue_token;
    let name = name.unwrap_or_else(|| "issued by direct invocation".to_owned());
    let now = core.clock.now();
    let name = check_name(&name)?;
    let (token, shown) = ApiToken::issue(core.random.as_ref(), &tenant, name, role, DIRECT, now)?;
    let what = "issue_token, by direct invocation";
    let change = Change::new(Who::direct(), what).with("role", role.name());
    let entry = core.change_begins(&tenant, change.with("token", token.id.as_str())).await?;
    core.store.put_tenant_if_new(&tenant, now).await?;
    core.store.put_token(&token).await?;
    let outcome = Outcome::new(core.clock.now(), Verdict::Done).making(Some(token.id.as_str()));
    core.change_ended(&entry, outcome).await;
    tracing::info!(%tenant, token = %token.id, ?role, "API token issued by direct invocation");
    Ok(Issued { token: shown.expose().to_owned(), tenant, role })
}
