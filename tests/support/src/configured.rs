//! A project configuration for findings into [`VULN`], the project that demands six custom fields, as the wizard suggests it.

use assay::configuration::{Configuration, Grouping, PullRules};
use assay::ids::{AccountId, ConnectionId, IssueTypeId, ProjectId, SettingId};
use assay::mapping::screen::ScreenField;
use assay::mapping::settle::Entered;
use assay::mapping::{FieldValue, Mapping, Source, suggest};
use assay::operations::configuring::{Rules, examine, screen};
use assay::operations::settings::Choice;
use assay::sync_setting::{Scope, SyncSetting};

use crate::world::World;

/// The project, in sites with every field.
pub const VULN: &str = "10005";

/// The type of its tickets.
const TASK: &str = "10100";

/// Puts a configuration in the place of a setting that is stored: findings become tickets of VULN, one each. It may be
/// changed by `choose` before it is saved.
pub async fn configure(world: &World, mut setting: SyncSetting, choose: impl FnOnce(&mut SyncSetting)) {
    world.store().delete_setting(&world.tenant, &setting.id).await.expect("the setting is deleted");
    let mapping = mapping(world, &setting.connection).await;
    setting.id = SettingId::parse("cfg-1").expect("an id");
    setting.scope = Scope::Findings;
    setting.project = ProjectId::parse(VULN).expect("an id");
    "VULN".clone_into(&mut setting.project_key);
    setting.configuration = Some(Box::new(Configuration {
        name: "Vulnerabilities".to_owned(),
        position: 0,
        routes: Vec::new(),
        grouping: Grouping::None,
        mapping,
        pulls: PullRules::default(),
        watched_at: Some(world.time.now()),
    }));
    choose(&mut setting);
    world.store().put_new_setting(&setting).await.expect("the configuration is saved");
}

/// The wizard's suggestions, and a choice where it has none.
async fn mapping(world: &World, connection: &ConnectionId) -> Mapping {
    let (project, kind) = (ProjectId::parse(VULN).expect("an id"), IssueTypeId::parse(TASK).expect("an id"));
    let screen = Box::pin(screen(&world.access, &world.tenant, connection, &project, &kind)).await;
    let screen = screen.expect("the site tells its fields");
    let needed = screen.fields.iter().filter(|field| field.required || field.tells_severity());
    let entered =
        needed.filter_map(|field| Some(Entered { field: field.id.clone(), source: source(field)? }));
    let rules = Rules::Entered(entered.collect());
    let choice = Choice {
        project: VULN.to_owned(),
        issue_type: kind,
        epic: None,
        labels: Vec::new(),
        done_status: None,
        opened_status: None,
        mapping: None,
    };
    let examined = Box::pin(examine(&world.access, &world.tenant, connection, &choice, &rules, None)).await;
    let (found, mapping) = examined.expect("the choice is examined");
    assert_eq!(found.obstacles, []);
    assert!(mapping.rules.len() >= 7, "{mapping:#?}");
    mapping
}

fn source(field: &ScreenField) -> Option<Source> {
    let chosen = |value: FieldValue| Some(Source::Jira { value });
    match field.name.as_str() {
        "Business unit" => {
            let option = &field.choices.as_ref()?[0];
            let (option, below) = (option.id.clone(), Some(option.below[1].id.clone()));
            chosen(FieldValue::Cascading { option, below })
        }
        "Asset owner" => chosen(FieldValue::User(AccountId::parse("acc-2").ok()?)),
        _ => suggest::source(field),
    }
}
