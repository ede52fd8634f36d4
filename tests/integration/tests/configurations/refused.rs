//! Fields that Jira refuses: left out of an issue that is there, and tried again once what stood in the way is mended.

use serde_json::json;

use super::support::{configuration, configured_as, edit, field, find, issue_of, pass, ticket_of, told};

/// The field that holds the severity.
const SEVERITY: &str = "customfield_10201";

#[tokio::test]
async fn a_field_that_became_required_and_was_refused_before_is_filled_once_that_is_mended() {
    let world = configured_as(|setting| {
        let rules = &mut setting.configuration.as_mut().unwrap().mapping.rules;
        // As it was when it was saved.
        rules.iter_mut().find(|rule| rule.field == SEVERITY).unwrap().required = false;
    })
    .await;
    edit(&world, "fields/options", &json!({ "id": SEVERITY, "disable": ["High"] }));
    let id = find(&world, "one").await;
    Box::pin(world.work()).await;
    assert_eq!(ticket_of(&world, &id).await.left_out, [SEVERITY]);
    assert!(configuration(&world).await.quarantine.is_some());
    edit(&world, "fields/options", &json!({ "id": SEVERITY, "enable": ["High"] }));
    pass(&world, 301).await;
    Box::pin(world.rest()).await;
    let setting = configuration(&world).await;
    let rule = setting.configuration.unwrap().mapping.rules.into_iter().find(|rule| rule.field == SEVERITY);
    assert!(rule.unwrap().required, "what Jira asks for now is known");
    let issue = issue_of(&world, &id).await;
    assert_eq!(field(&world, &issue, SEVERITY).await["value"], "High");
    assert_eq!(told(&world).await.len(), 1);
}
