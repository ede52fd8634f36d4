//! The drift watch: a project that changes below a configuration.

use assay::clock::after;
use assay::finding::Severity;
use assay::ids::TaskId;
use assay::mapping::Source;
use assay::operations::quarantine;
use assay::quota::Priority;
use assay::task::State;
use assay::ticket::Wanted;
use assay_test_support::world::World;
use jira_sim::Fault;
use serde_json::{Value, json};

use super::support::{
    assert_told_once, change, configuration, configured, configured_as, edit, field, find, issue_of, pass,
    ticket_of, told,
};

/// Something that happens to the project, and how it is mended.
struct Drift {
    name: &'static str,
    begins: (&'static str, Value),
    ends: (&'static str, Value),
    told: &'static str,
}

fn drifts() -> Vec<Drift> {
    let field = |body: Value| ("fields", body);
    vec![
        Drift {
            name: "a field became required",
            begins: field(json!({ "id": "customfield_10301", "required": true })),
            ends: field(json!({ "id": "customfield_10301", "required": false })),
            told: "Jira requires A field of type",
        },
        Drift {
            name: "a field vanished",
            begins: ("fields/remove", json!({ "id": "customfield_10203" })),
            ends: field(
                json!({ "id": "customfield_10203", "name": "CVSS score", "type": "number", "required": true }),
            ),
            told: "CVSS score (customfield_10203), which the configuration fills, is not on the screen",
        },
        Drift {
            name: "a field has another type",
            begins: field(json!({ "id": "customfield_10203", "type": "date" })),
            ends: field(json!({ "id": "customfield_10203", "type": "number" })),
            told: "takes a day now and not a number",
        },
        Drift {
            name: "an option was disabled",
            begins: ("fields/options", json!({ "id": "customfield_10201", "disable": ["High"] })),
            ends: ("fields/options", json!({ "id": "customfield_10201", "enable": ["High"] })),
            told: "does not take these values any more, or never did: High (",
        },
        Drift {
            name: "the project was archived",
            begins: ("archive", json!({})),
            ends: ("restore", json!({})),
            told: "project",
        },
        Drift {
            name: "the issue type was taken away",
            begins: ("types", json!({ "remove": ["10100"] })),
            ends: ("types", json!({ "add": ["10100"] })),
            told: "project VULN has no issue type 10100",
        },
        Drift {
            name: "the account may not create any more",
            begins: ("permissions", json!({ "account": "acc-admin", "remove": ["CREATE_ISSUES"] })),
            ends: ("permissions", json!({ "account": "acc-admin", "grant": ["CREATE_ISSUES"] })),
            told: "Create issues",
        },
    ]
}

#[tokio::test]
async fn a_project_that_changed_quarantines_its_configuration_once_and_all_is_caught_up_when_it_is_mended() {
    for Drift { name, begins, ends, told: words } in drifts() {
        let world = configured().await;
        let (stays, goes) = (find(&world, "stays").await, find(&world, "goes").await);
        Box::pin(world.rest()).await;
        assert_eq!(world.issues_in("VULN").len(), 2, "{name}");
        edit(&world, begins.0, &begins.1);
        // Nobody has found anything since: only the watch can tell.
        pass(&world, 3_900).await;
        let quarantine = configuration(&world).await.quarantine;
        assert!(quarantine.unwrap().obstacles.iter().any(|what| what.contains(words)), "{name}");
        assert_told_once(&world, words, false).await;
        let before = issue_of(&world, &stays).await;
        let (creates, edits) = (world.calls("createIssues"), world.calls("editIssue"));
        let new = find(&world, "new").await;
        change(&world, &stays, |task| {
            task.finding.as_mut().unwrap().severity = Severity::Low;
        })
        .await;
        let now = world.time.now();
        change(&world, &goes, |task| {
            (task.state, task.resolved_at) = (State::Resolved, Some(now));
        })
        .await;
        pass(&world, 7_500).await;
        assert_eq!((world.calls("createIssues"), world.calls("editIssue")), (creates, edits), "{name}");
        assert_eq!(issue_of(&world, &stays).await["history"], before["history"], "{name}");
        assert_told_once(&world, words, false).await;
        edit(&world, ends.0, &ends.1);
        pass(&world, 301).await;
        assert_eq!(configuration(&world).await.quarantine, None, "{name}");
        Box::pin(world.rest()).await;
        assert_eq!(world.issues_in("VULN").len(), 3, "{name}");
        let stays = issue_of(&world, &stays).await;
        assert_eq!(field(&world, &stays, "customfield_10201").await["value"], "Low", "{name}");
        assert!(stays["summary"].as_str().unwrap().starts_with("[Low]"), "{name}: {stays:#}");
        assert_eq!(issue_of(&world, &goes).await["status_category"], "done", "{name}");
        assert!(ticket_of(&world, &new).await.problem.is_none(), "{name}");
        assert_told_once(&world, words, true).await;
        world.assert_honest();
    }
}

#[tokio::test]
async fn a_template_whose_option_for_one_severity_was_deleted_or_disabled_quarantines_once_before_a_create_is_refused()
 {
    for change in ["disable", "remove"] {
        let world = configured_as(|setting| {
            let rules = &mut setting.configuration.as_mut().unwrap().mapping.rules;
            let rule = rules.iter_mut().find(|rule| rule.field == "customfield_10201").unwrap();
            let text = "{% if finding.severity == \"low\" %}Low{% else %}High{% endif %}";
            rule.source = Source::Typed { text: text.to_owned() };
        })
        .await;
        find(&world, "one").await;
        Box::pin(world.rest()).await;
        edit(&world, "fields/options", &json!({ "id": "customfield_10201", change: ["Low"] }));
        pass(&world, 3_900).await;
        assert!(configuration(&world).await.quarantine.is_some(), "{change}");
        let creates = world.calls("createIssues");
        let id = find(&world, "two").await;
        change_to_low(&world, &id).await;
        pass(&world, 7_500).await;
        assert_eq!(world.calls("createIssues"), creates, "{change}");
        assert_told_once(&world, "Low (", false).await;
    }
}

async fn change_to_low(world: &World, id: &TaskId) {
    change(world, id, |task| task.finding.as_mut().unwrap().severity = Severity::Low).await;
}

#[tokio::test]
async fn an_option_that_vanished_stays_told_by_its_name_until_a_person_chooses_another_one() {
    let world = configured().await;
    find(&world, "one").await;
    Box::pin(world.rest()).await;
    edit(&world, "fields/options", &json!({ "id": "customfield_10201", "remove": ["High"] }));
    pass(&world, 3_900).await;
    assert_told_once(&world, "does not take these values any more, or never did: High (", false).await;
    // One of the same name is another one.
    edit(&world, "fields/options", &json!({ "id": "customfield_10201", "add": ["High"] }));
    pass(&world, 7_500).await;
    assert!(configuration(&world).await.quarantine.is_some());
    assert_told_once(&world, "High (", false).await;
    assert_eq!(told(&world).await.len(), 1);
}

#[tokio::test]
async fn a_refused_edit_quarantines_before_the_hour_is_over_and_no_ticket_is_told_to_be_stuck() {
    let world = configured().await;
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(find(&world, &number.to_string()).await);
    }
    Box::pin(world.rest()).await;
    edit(&world, "fields/options", &json!({ "id": "customfield_10201", "disable": ["Low"] }));
    for id in &ids {
        change(&world, id, |task| task.finding.as_mut().unwrap().severity = Severity::Low).await;
    }
    Box::pin(world.work()).await;
    assert!(configuration(&world).await.quarantine.is_some(), "at once");
    pass(&world, 4 * 3600).await;
    assert_told_once(&world, "Low (", false).await;
    for id in &ids {
        let issue = issue_of(&world, id).await;
        assert_eq!(field(&world, &issue, "customfield_10201").await["value"], "High");
        assert!(
            issue["summary"].as_str().unwrap().starts_with("[High]"),
            "nothing is half written: {issue:#}"
        );
    }
    edit(&world, "fields/options", &json!({ "id": "customfield_10201", "enable": ["Low"] }));
    pass(&world, 301).await;
    Box::pin(world.rest()).await;
    for id in &ids {
        let issue = issue_of(&world, id).await;
        assert_eq!(field(&world, &issue, "customfield_10201").await["value"], "Low");
    }
    assert_told_once(&world, "Low (", true).await;
}

#[tokio::test]
async fn a_recheck_ends_a_quarantine_that_is_mended_and_a_cause_that_comes_back_is_told_anew() {
    let world = configured().await;
    find(&world, "one").await;
    Box::pin(world.rest()).await;
    let required = |required: bool| json!({ "id": "customfield_10301", "required": required });
    for times in 1..=2 {
        edit(&world, "fields", &required(true));
        pass(&world, 3_900).await;
        let setting = configuration(&world).await;
        assert!(setting.quarantine.is_some(), "{times}");
        let look = |setting| {
            let (access, deadline) = (world.access.clone(), after(world.time.now(), 20));
            async move {
                Box::pin(quarantine::look_again(&access, &setting, Priority::UserAction, deadline))
                    .await
                    .unwrap()
            }
        };
        assert!(!look(setting.clone()).await, "it is not mended");
        edit(&world, "fields", &required(false));
        assert!(look(setting).await);
        Box::pin(world.rest()).await;
        pass(&world, 301).await;
        let told = told(&world).await;
        assert_eq!((told.len(), told[0].times, told[0].recovered_at.is_some()), (1, times, true));
    }
}

#[tokio::test]
async fn what_is_called_otherwise_is_no_drift_and_the_new_names_are_kept() {
    let world = configured_as(|_| ()).await;
    edit(&world, "fields", &json!({ "id": "customfield_10203", "name": "Base score" }));
    edit(&world, "rename", &json!({ "key": "WEAK", "name": "Weaknesses" }));
    pass(&world, 3_900).await;
    let setting = configuration(&world).await;
    assert_eq!((setting.quarantine, setting.project_key.as_str()), (None, "WEAK"));
    let configuration = setting.configuration.unwrap();
    assert_eq!(configuration.mapping.name_of("customfield_10203"), Some("Base score"));
    assert!(told(&world).await.is_empty());
}

#[tokio::test]
async fn a_jira_that_is_down_or_limits_us_is_no_drift() {
    for status in [503, 429, 500] {
        let world = configured().await;
        let fault = json!({ "path": "*createmeta*", "times": 100_000, "kind": "status", "status": status });
        world.jira.simulator.add_fault(serde_json::from_value::<Fault>(fault).unwrap());
        pass(&world, 3 * 3600).await;
        assert_eq!(configuration(&world).await.quarantine, None, "{status}");
        assert!(told(&world).await.is_empty(), "{status}");
        world.jira.simulator.clear_faults();
        edit(&world, "fields/remove", &json!({ "id": "customfield_10203" }));
        pass(&world, 3_900).await;
        assert!(configuration(&world).await.quarantine.is_some(), "{status}");
    }
}

#[tokio::test]
async fn the_tickets_of_a_configuration_that_is_deleted_in_quarantine_are_left_as_they_are() {
    let world = configured().await;
    let id = find(&world, "one").await;
    Box::pin(world.rest()).await;
    edit(&world, "fields/remove", &json!({ "id": "customfield_10203" }));
    pass(&world, 3_900).await;
    change(&world, &id, |task| task.finding.as_mut().unwrap().severity = Severity::Low).await;
    Box::pin(world.work()).await;
    let before = issue_of(&world, &id).await;
    let setting = configuration(&world).await;
    world.store().delete_setting(&world.tenant, &setting.id).await.unwrap();
    super::support::plan(&world, &id).await;
    Box::pin(world.rest()).await;
    pass(&world, 7_500).await;
    let ticket = ticket_of(&world, &id).await;
    assert_eq!((ticket.wanted, ticket.problem), (Wanted::Kept, None));
    assert_eq!(issue_of(&world, &id).await, before);
}
