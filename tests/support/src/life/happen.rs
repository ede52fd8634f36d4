//! One step carried out.

use std::sync::Arc;

use assay::clock::after;
use assay::ids::AccountId;
use assay::operations::tickets::{Verdict, Worker};
use assay::sqs::Queue;
use assay::sync_setting::{ClosureRule, GonePolicy, Mode, ReopenRule};
use assay::task::{Edit, Task};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::steps::{OPERATIONS, Step, misfortunes};
use super::{Life, PERSON, PROJECT};
use crate::misfortune::Mortal;

impl Life {
    pub(super) async fn happen(&mut self, step: &Step) {
        self.texts += 1;
        let text = format!("as somebody wrote it, {}", self.texts);
        match step {
            Step::Complete(_)
            | Step::Reopen(_)
            | Step::Retitle(_)
            | Step::Postpone(_)
            | Step::HandOver(..) => self.in_assay(step, text).await,
            Step::CloseIssue(which) => self.put_into(*which, "10003"),
            Step::ReopenIssue(which) => self.put_into(*which, "10001"),
            Step::RetitleIssue(which) => self.edit_issue(*which, &json!({ "summary": text })),
            Step::DescribeIssue(which) => self.edit_issue(*which, &json!({ "description": document(&text) })),
            Step::PostponeIssue(which) => {
                let day = format!("2027-{:02}-{:02}", 1 + self.texts % 12, 1 + self.texts % 28);
                self.edit_issue(*which, &json!({ "duedate": day }));
            }
            Step::AssignIssue(which) => {
                self.edit_issue(*which, &json!({ "assignee": { "id": format!("acc-{}", 2 + which % 3) } }));
            }
            Step::Comment(which) => self.with_issue(*which, |life, id| {
                life.by_hand("POST", &format!("/issue/{id}/comment"), &json!({ "body": document(&text) }));
            }),
            Step::Move(which) => self.with_issue(*which, |life, id| {
                let project = life.issue(id)["project"].as_str().unwrap_or(PROJECT).to_owned();
                let to = if project == "TEAM" { life.tickets_project() } else { "TEAM".to_owned() };
                life.edit(&project, "move", &json!({ "issue": id, "to": to, "by": PERSON }));
            }),
            Step::Delete(which) => {
                self.with_issue(*which, |life, id| life.edit_where(id, "delete"));
            }
            Step::Archive(which) => self.with_issue(*which, |life, id| life.edit_where(id, "archive")),
            Step::Restore(which) => self.with_issue(*which, |life, id| life.edit_where(id, "restore")),
            Step::Rename => {
                let key = self.tickets_project();
                let next = format!("SEC{}", self.texts);
                self.edit(&key, "rename", &json!({ "key": next }));
            }
            Step::AssignChange(which) => self.assign_change(*which, &json!(PERSON)),
            Step::UnassignChange(which) => self.assign_change(*which, &Value::Null),
            Step::CreateChange => self.by_hand(
                "POST",
                "/issue",
                &json!({ "fields": { "project": { "key": "CHG" }, "issuetype": { "id": "10103" }, "summary": text } }),
            ),
            Step::Require(required) => {
                let project = self.tickets_project();
                let field = json!({ "id": "customfield_10077", "name": "Severity", "type": "string", "required": true });
                let edit = if *required { "fields" } else { "fields/remove" };
                self.edit(&project, edit, &field);
            }
            Step::Closure(_) | Step::Reopening(_) | Step::Gone(_) | Step::Mode(_) | Step::Enable(_) => {
                self.in_settings(step).await;
            }
            Step::Evaluate => {
                self.world.time.advance(1);
                self.world.reevaluate().await;
            }
            Step::Pass(seconds) => self.world.pass(*seconds).await,
            Step::GoWrong { operation, misfortune, times } => {
                let fault = misfortunes()[*misfortune].fault(OPERATIONS[*operation], *times);
                self.world.jira.simulator.add_fault(fault);
            }
            Step::Deliver => self.deliver(&[self.worker()]).await,
            Step::DeliverTwice => self.deliver(&[self.worker(), self.worker()]).await,
            Step::Die(answers) => self.die(*answers).await,
            Step::Lose => self.world.sync.lose_everything(),
            Step::Webhooks { lost, twice, reversed } => self.webhooks(*lost, *twice, *reversed).await,
            Step::Lag { seconds, flicker } => self.world.jira.simulator.set(|settings| {
                settings.index_lag_seconds = f64::from(*seconds);
                settings.flicker = *flicker;
            }),
            Step::Upkeep => {
                let deadline = after(self.world.time.now(), 270);
                self.world.upkeep().run(deadline).await.expect("upkeep outlives what Jira does");
            }
        }
    }

    async fn in_assay(&self, step: &Step, text: String) {
        let (Step::Complete(which)
        | Step::Reopen(which)
        | Step::Retitle(which)
        | Step::Postpone(which)
        | Step::HandOver(which, _)) = step
        else {
            return;
        };
        let tasks = self.world.tasks().await;
        let Some(task) = tasks.get(which % tasks.len().max(1)) else { return };
        let (mut task, now) = (task.clone(), self.world.time.now());
        let changed = match step {
            Step::Complete(_) => task.complete("tok-1", &text, now),
            Step::Reopen(_) => task.reopen(now),
            Step::Retitle(_) => task.edit(&Edit { title: Some(text), ..Edit::default() }, now),
            Step::HandOver(_, somebody) => {
                let account = somebody.then(|| AccountId::parse(PERSON).expect("an id"));
                task.edit(&Edit { assignee: Some(account), ..Edit::default() }, now)
            }
            _ => {
                let days = i64::try_from(self.texts % 300).unwrap_or(1);
                let due_at: Timestamp = after(now, (30 + days) * 24 * 3600);
                task.edit(&Edit { due_at: Some(due_at), ..Edit::default() }, now)
            }
        };
        if changed {
            for saved in self.world.store().save_tasks(std::slice::from_ref(&task)).await {
                saved.expect("nobody else writes tasks at this moment");
            }
        }
        let stored: Vec<Task> =
            self.world.store().tasks_by_id(&self.world.tenant, &[task.id]).await.expect("the task");
        self.planner().plan_stored(&self.world.tenant, &stored).await.expect("planning needs no Jira");
    }

    async fn in_settings(&self, step: &Step) {
        let (now, disabled) = (self.world.time.now(), self.disabled());
        self.change_setting(|setting| match step {
            Step::Closure(rule) => {
                setting.closure_rule =
                    [ClosureRule::All, ClosureRule::Any, ClosureRule::Never][usize::from(*rule)];
            }
            Step::Reopening(both) => {
                setting.reopen_rule = if *both { ReopenRule::Both } else { ReopenRule::Tasks };
            }
            Step::Gone(policy) => {
                setting.gone_policy =
                    [GonePolicy::Recreate, GonePolicy::CloseTask, GonePolicy::Ask][usize::from(*policy)];
            }
            Step::Mode(batch) => setting.mode = if *batch { Mode::Batch } else { Mode::Individual },
            Step::Enable(true) => setting.enable(now),
            Step::Enable(false) => setting.disable(disabled),
            _ => {}
        })
        .await;
    }

    /// Does something with one of the tickets' issues that are not deleted, if there is one.
    fn with_issue(&self, which: usize, act: impl FnOnce(&Self, &str)) {
        let issues: Vec<Value> =
            self.issues().into_iter().filter(|issue| issue["deleted"] != Value::Bool(true)).collect();
        if let Some(id) = issues.get(which % issues.len().max(1)).and_then(|issue| issue["id"].as_str()) {
            act(self, id);
        }
    }

    fn issue(&self, id: &str) -> Value {
        self.issues().into_iter().find(|issue| issue["id"] == id).unwrap_or_default()
    }

    /// The key that the tickets' project has now.
    fn tickets_project(&self) -> String {
        let act = json!({ "by": PERSON, "method": "GET", "path": "/project/10003" });
        let told = self.world.jira.simulator.control("POST", "/act", &act).unwrap_or_default();
        told["body"]["key"].as_str().unwrap_or(PROJECT).to_owned()
    }

    fn edit(&self, project: &str, edit: &str, body: &Value) {
        // What cannot be done has not happened.
        let _ = self.world.jira.simulator.edit_project(project, edit, body);
    }

    fn edit_where(&self, id: &str, edit: &str) {
        let project = self.issue(id)["project"].as_str().unwrap_or(PROJECT).to_owned();
        self.edit(&project, edit, &json!({ "issue": id, "by": PERSON }));
    }

    fn put_into(&self, which: usize, status: &str) {
        self.with_issue(which, |life, id| {
            if life.issue(id)["archived"] == Value::Bool(true) {
                return;
            }
            let project = life.issue(id)["project"].as_str().unwrap_or(PROJECT).to_owned();
            life.edit(&project, "status", &json!({ "issue": id, "status": status, "by": PERSON }));
        });
    }

    fn edit_issue(&self, which: usize, fields: &Value) {
        self.with_issue(which, |life, id| {
            life.by_hand("PUT", &format!("/issue/{id}"), &json!({ "fields": fields }));
        });
    }

    fn assign_change(&self, which: usize, account: &Value) {
        let changes = self.world.issues_in("CHG");
        let id = changes[which % changes.len()]["id"].as_str().unwrap_or_default().to_owned();
        self.by_hand("PUT", &format!("/issue/{id}/assignee"), &json!({ "accountId": account }));
    }

    /// Delivers what waits to all workers at once.
    async fn deliver(&self, workers: &[Worker]) {
        let world = &self.world;
        let requests = world.sync.receive(50);
        let deadline = after(world.time.now(), 45);
        let verdicts = match workers {
            [one, other] => {
                let (one, other) = tokio::join!(
                    Box::pin(one.run(&requests, deadline)),
                    Box::pin(other.run(&requests, deadline))
                );
                vec![one, other]
            }
            _ => vec![Box::pin(workers[0].run(&requests, deadline)).await],
        };
        for answer in verdicts {
            let verdicts =
                answer.map_or_else(|_| vec![Verdict::Retry; requests.len()], |(verdicts, _)| verdicts);
            for (request, verdict) in requests.iter().zip(verdicts) {
                if verdict == Verdict::Retry {
                    world.sync.send(request, Some(60)).await.expect("sent");
                }
            }
        }
    }

    /// The worker stops in the middle of its work, and the messages come again after their visibility time-out.
    async fn die(&self, answers: u32) {
        let world = &self.world;
        let mut worker = self.worker();
        let (mortal, death) = Mortal::after(answers, Arc::clone(&worker.jira.sender));
        worker.jira.sender = mortal;
        let requests = world.sync.receive(50);
        let deadline = after(world.time.now(), 45);
        tokio::select! {
            _ = Box::pin(worker.run(&requests, deadline)) => {}
            () = death.notified() => {}
        }
        world.sync.send_all(&requests, Some(420)).await.expect("sent");
    }

    async fn webhooks(&mut self, lost: usize, twice: bool, reversed: bool) {
        self.on_the_way.extend(self.world.jira.simulator.due_deliveries());
        let mut deliveries = std::mem::take(&mut self.on_the_way);
        if reversed {
            deliveries.reverse();
        }
        for (number, delivery) in deliveries.into_iter().enumerate() {
            if lost > 0 && number % (lost + 1) == lost {
                continue;
            }
            if twice {
                self.hear(delivery.clone()).await;
            }
            self.hear(delivery).await;
        }
    }
}

fn document(text: &str) -> Value {
    let paragraph = json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] });
    json!({ "version": 1, "type": "doc", "content": [paragraph] })
}
