//! Tickets of findings, filled as their configuration says.

use std::collections::BTreeSet;

use assay::configuration::Grouping;
use assay::finding::{Package, Severity};
use serde_json::json;

use super::support::{change, configured, configured_as, field, find, finding, issue_of};

#[tokio::test]
async fn a_thousand_findings_fill_six_required_fields_in_few_calls() {
    let world = configured().await;
    let tasks: Vec<_> = (0..1_000)
        .map(|number| {
            finding(&world, &number.to_string(), |finding| {
                finding.severity = Severity::ALL[number % 5];
                finding.score = (number % 2 == 0).then_some(75);
            })
        })
        .collect();
    for saved in world.store().save_tasks(&tasks).await {
        saved.unwrap();
    }
    let plan = assay::sqs::ChecksRequest::Plan { tenant: world.tenant.clone() };
    assay::sqs::Queue::send(world.checks.as_ref(), &plan, None).await.unwrap();
    Box::pin(world.rest()).await;
    let issues = world.issues_in("VULN");
    let titles: BTreeSet<&str> = issues.iter().map(|it| it["summary"].as_str().unwrap()).collect();
    assert_eq!((issues.len(), titles.len()), (1_000, 1_000));
    assert!(world.calls("createIssues") <= 24, "{}", world.calls("createIssues"));
    for number in [0_usize, 501, 999] {
        let issue = issue_of(&world, &tasks[number].id).await;
        let severity = ["Critical", "High", "Medium", "Low", "Info"][number % 5];
        let told = field(&world, &issue, "customfield_10201").await;
        let told = told["value"].as_str().unwrap().to_owned();
        assert!(severity.starts_with(&told) || severity == "Info", "{severity}: {told}");
        let score = if number % 2 == 0 { json!(7.5) } else { json!(0) };
        assert_eq!(field(&world, &issue, "customfield_10203").await.as_f64(), score.as_f64(), "{number}");
        assert_eq!(field(&world, &issue, "customfield_10206").await["accountId"], "acc-2");
    }
    world.assert_honest();
}

#[tokio::test]
async fn a_change_of_the_finding_reaches_its_fields_and_what_people_wrote_stays() {
    let world = configured().await;
    let id = find(&world, "one").await;
    Box::pin(world.rest()).await;
    let issue = issue_of(&world, &id).await;
    let edit = json!({ "issue": issue["key"], "fields": { "customfield_10203": 1 }, "by": "acc-1" });
    super::support::edit(&world, "edit", &edit);
    change(&world, &id, |task| {
        let finding = task.finding.as_mut().unwrap();
        (finding.severity, finding.score) = (Severity::Medium, Some(50));
    })
    .await;
    Box::pin(world.rest()).await;
    assert_eq!(field(&world, &issue, "customfield_10201").await["value"], "Medium");
    assert_eq!(field(&world, &issue, "priority").await["name"], "Medium");
    assert_eq!(field(&world, &issue, "customfield_10203").await.as_f64(), Some(1.0), "a person wrote it");
    world.assert_honest();
}

#[tokio::test]
async fn findings_of_one_package_are_one_ticket_that_says_the_worst_of_them() {
    let group = |grouping: Grouping| {
        configured_as(move |setting| setting.configuration.as_mut().unwrap().grouping = grouping)
    };
    let world = group(Grouping::Package).await;
    let package = |name: &str| Some(Package { name: name.to_owned(), ..Package::default() });
    for (fingerprint, name, severity) in
        [("a", "log4j", Severity::Low), ("b", "log4j", Severity::Critical), ("c", "xz", Severity::Medium)]
    {
        let task = finding(&world, fingerprint, |finding| {
            (finding.package, finding.severity) = (package(name), severity);
        });
        world.store().save_tasks(std::slice::from_ref(&task)).await.pop().unwrap().unwrap();
        super::support::plan(&world, &task.id).await;
    }
    Box::pin(world.rest()).await;
    let issues = world.issues_in("VULN");
    let mut titles: Vec<&str> = issues.iter().map(|it| it["summary"].as_str().unwrap()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["[Critical] Findings in package log4j", "[Medium] Findings in package xz"]);
    let worst = issues.iter().find(|it| it["summary"] == titles[0]).unwrap();
    assert_eq!(field(&world, worst, "customfield_10201").await["value"], "Critical");
    world.assert_honest();
}
