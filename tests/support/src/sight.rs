//! What is in a world: its tickets and tasks, and what Jira holds and was asked.

use assay::dynamodb::{TaskFilter, TicketFilter};
use assay::sync_setting::SyncSetting;
use assay::task::Task;
use assay::ticket::Ticket;
use serde_json::Value;

use crate::world::{SITE, World};

impl World {
    /// All tickets.
    pub async fn tickets(&self) -> Vec<Ticket> {
        let mut all = Vec::new();
        let mut cursor = None;
        loop {
            let page = self
                .store()
                .list_tickets(&self.tenant, &TicketFilter::default(), cursor.as_deref(), 200)
                .await;
            let page = page.expect("tickets");
            all.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                return all;
            }
        }
    }

    /// All sync settings.
    pub async fn settings(&self) -> Vec<SyncSetting> {
        self.store().settings(&self.tenant).await.expect("settings")
    }

    /// All tasks.
    pub async fn tasks(&self) -> Vec<Task> {
        let mut all = Vec::new();
        let mut cursor = None;
        loop {
            let page =
                self.store().list_tasks(&self.tenant, TaskFilter::default(), cursor.as_deref(), 200).await;
            let page = page.expect("tasks");
            all.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                return all;
            }
        }
    }

    /// The issues in the simulator's project with this key that are not deleted.
    pub fn issues_in(&self, project: &str) -> Vec<Value> {
        let all = self.jira.simulator.issues();
        all.into_iter()
            .filter(|issue| {
                issue["project"] == project && issue["deleted"] != Value::Bool(true) && issue["site"] == SITE
            })
            .collect()
    }

    /// Calls Jira as a person with the administrator's token would.
    pub async fn as_person(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let client = reqwest::Client::builder().build().expect("a client");
        let method = method.parse().expect("a method");
        let mut request = client
            .request(method, format!("{}{path}", self.jira.site_url(SITE)))
            .basic_auth("admin@example.com", Some("sim-admin-token"));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.expect("Jira answers");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// How many calls Jira got that meet the condition on method and operation.
    pub fn calls(&self, operation: &str) -> usize {
        self.jira.simulator.journal().iter().filter(|call| call.operation == operation).count()
    }

    /// Fails if a call or an answer broke Atlassian's OpenAPI documents.
    pub fn assert_honest(&self) {
        let violations = self.jira.simulator.violations();
        assert!(violations.is_empty(), "calls that break Atlassian's documents: {violations:#?}");
    }
}
