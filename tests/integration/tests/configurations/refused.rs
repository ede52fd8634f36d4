//! Fields that Jira refuses: left out of an issue that is there, and tried again once what stood in the way is mended.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay::configuration::Grouping;
use assay::finding::Severity;
use assay::jira::Sender;
use assay::jira::http::{Method, Request, Response, SendError};
use assay::task::State;
use serde_json::json;

use super::support::{
    change, configuration, configured_as, edit, field, find, issue_of, pass, ticket_of, told,
};

/// The field that holds the score; VULN takes no new issue without it.
const SCORE: &str = "customfield_10203";

/// The field that holds the severity.
const SEVERITY: &str = "customfield_10201";

/// A Jira on whose screen for edits the score is not.
struct WithoutScore(Arc<dyn Sender>);

#[async_trait::async_trait]
impl Sender for WithoutScore {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let is_edit = request.method == Method::Put;
        let fields = request.body.as_ref().map(|body| body["fields"].clone()).unwrap_or_default();
        if !is_edit || fields[SCORE].is_null() {
            return self.0.send(request).await;
        }
        let body =
            json!({ "errorMessages": [], "errors": { SCORE: "It is not on the appropriate screen." } });
        Ok(Response { status: 400, headers: BTreeMap::new(), body: body.to_string().into_bytes() })
    }
}

#[tokio::test]
async fn an_edit_refused_for_a_field_that_is_required_on_create_is_made_without_it_and_the_group_closes() {
    let mut world = configured_as(|setting| {
        setting.configuration.as_mut().unwrap().grouping = Grouping::Package;
    })
    .await;
    let id = find(&world, "one").await;
    Box::pin(world.rest()).await;
    world.access.sender = Arc::new(WithoutScore(Arc::clone(&world.access.sender)));
    change(&world, &id, |task| {
        let finding = task.finding.as_mut().unwrap();
        (finding.severity, finding.score) = (Severity::Low, Some(20));
    })
    .await;
    let asked = world.calls("getCreateIssueMetaIssueTypeId");
    Box::pin(world.rest()).await;
    assert!(world.calls("getCreateIssueMetaIssueTypeId") > asked, "the mapping is compared all the same");
    assert_eq!(configuration(&world).await.quarantine, None);
    let (ticket, issue) = (ticket_of(&world, &id).await, issue_of(&world, &id).await);
    assert_eq!(ticket.left_out, [SCORE]);
    assert_eq!(field(&world, &issue, SEVERITY).await["value"], "Low", "the rest is written");
    let now = world.time.now();
    change(&world, &id, |task| (task.state, task.resolved_at) = (State::Resolved, Some(now))).await;
    Box::pin(world.rest()).await;
    assert_eq!(issue_of(&world, &id).await["status_category"], "done");
}

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

#[tokio::test]
async fn a_field_that_an_issue_was_written_without_is_written_once_its_configuration_is_mended() {
    let world = configured_as(|_| ()).await;
    let id = find(&world, "one").await;
    Box::pin(world.rest()).await;
    edit(&world, "fields/options", &json!({ "id": SEVERITY, "disable": ["Low"] }));
    change(&world, &id, |task| task.finding.as_mut().unwrap().severity = Severity::Low).await;
    Box::pin(world.work()).await;
    pass(&world, 3_900).await;
    assert!(configuration(&world).await.quarantine.is_some());
    assert_eq!(ticket_of(&world, &id).await.left_out, [SEVERITY]);
    edit(&world, "fields/options", &json!({ "id": SEVERITY, "enable": ["Low"] }));
    pass(&world, 301).await;
    Box::pin(world.rest()).await;
    let issue = issue_of(&world, &id).await;
    assert_eq!(field(&world, &issue, SEVERITY).await["value"], "Low");
    assert_eq!(ticket_of(&world, &id).await.left_out, Vec::<String>::new());
}
