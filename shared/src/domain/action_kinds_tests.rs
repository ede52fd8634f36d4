//! Accounts that go or are kept out, issues that come or go, and records of before those.

use serde_json::{Map, Value, json};

use super::super::{
    Action, Asked, Change, Deactivation, IssueObject, NewIssue, Object, Plan, Standing, State, Step,
    instead_of_removing,
};
use super::{action, directory, group_id, in_group, member, now, planned, removing};
use crate::account::{Account, Grant, HeldRole, OrganisationView, Protection};
use crate::error::Kind;
use crate::ids::{IssueId, IssueTypeId, ProjectId, RoleId};
use crate::ticket::Issue;

fn new_issue() -> NewIssue {
    NewIssue {
        project: "SEC".to_owned(),
        issue_type: IssueTypeId::parse("10100").unwrap(),
        summary: "Rotate the keys".to_owned(),
        description: None,
        labels: ["keys".to_owned()].into(),
        fields: Map::new(),
    }
}

fn creating(issue: NewIssue) -> Asked {
    Asked::CreateIssue { issue: Box::new(issue) }
}

fn suspending() -> Asked {
    Asked::DeactivateUser { how: Deactivation::Suspend }
}

/// An action whose one step was read back.
fn done(asked: Asked, account: &Account) -> Action {
    let mut done = action(asked);
    let plan = planned(&done, account).unwrap();
    done.planned(plan, now());
    done.steps[0].held_before = Some(true);
    done.steps[0].done_at = Some(now());
    done.go_to(State::Done, now());
    done
}

#[test]
fn a_record_of_before_other_kinds_is_read_and_its_steps_are_the_same() {
    let usual = done(Asked::Remove { grant: in_group("g-dev") }, &member(&["g-dev"], &[]));
    let mut old = serde_json::to_value(&usual).unwrap();
    let members = old.as_object_mut().unwrap();
    members.remove("issue");
    let step = members["steps"][0].as_object_mut().unwrap();
    let grant = step.remove("object").unwrap();
    step.remove("told_at");
    step.insert("grant".to_owned(), grant);
    let dry_run = members["dry_run"].as_object_mut().unwrap();
    for new in ["notes", "issue", "reported", "instead"] {
        dry_run.remove(new).unwrap();
    }
    assert_eq!(serde_json::from_value::<Action>(old).unwrap(), usual);
}

#[test]
fn every_kind_of_thing_is_read_as_it_was_written() {
    let project = ProjectId::parse("10003").unwrap();
    let issue = IssueId::parse("20001").unwrap();
    for object in [
        Object::Access(in_group("g-dev")),
        Object::Standing(Standing::DirectoryAccess),
        Object::Standing(Standing::AtlassianAccount),
        Object::Standing(Standing::DirectoryEntry),
        Object::Issue(IssueObject::NewIssue { project: project.clone() }),
        Object::Issue(IssueObject::Issue { issue, project }),
    ] {
        let written = serde_json::to_value(&object).unwrap();
        assert_eq!(serde_json::from_value::<Object>(written).unwrap(), object);
    }
    let mut fields = Map::new();
    fields.insert("customfield_10010".to_owned(), json!({ "value": 1.0 }));
    let asked = creating(NewIssue { fields, ..new_issue() });
    let written = serde_json::to_value(&asked).unwrap();
    assert_eq!(serde_json::from_value::<Asked>(written).unwrap(), asked);
}

#[test]
fn a_removal_is_always_dangerous_and_a_suspension_where_power_goes_with_it() {
    let usual = member(&["g-dev"], &["software"]);
    let plan = planned(&action(Asked::RemoveUser {}), &usual).unwrap();
    assert_eq!((plan.dangers.len(), plan.products_lost.len()), (1, 1), "{plan:?}");
    assert_eq!(plan.steps[0].object, Object::Standing(Standing::DirectoryEntry));
    let plan = planned(&action(suspending()), &usual).unwrap();
    assert_eq!((plan.dangers.len(), plan.steps[0].privileged), (0, Some(false)));
    let admin = member(&["g-admin", "g-dev"], &[]);
    let plan = planned(&action(suspending()), &admin).unwrap();
    assert_eq!((plan.dangers.len(), plan.steps[0].privileged), (1, Some(true)), "{plan:?}");
    let unknown = planned(&action(suspending()), &member(&["g-unknown"], &[])).unwrap();
    assert_eq!((unknown.dangers.len(), unknown.steps[0].privileged), (1, None));
}

#[test]
fn everything_that_the_account_holds_is_guarded_where_all_of_it_goes() {
    let role = HeldRole { project: ProjectId::parse("1").unwrap(), role: RoleId::parse("10").unwrap() };
    let account = Account { roles: vec![role], ..member(&["g-dev", "g-admin"], &["software"]) };
    let asked = action(suspending());
    let plan = planned(&asked, &account).unwrap();
    let (directory, own) = (directory(), [].into());
    let today = jiff::civil::date(2026, 6, 15);
    let rules = super::Rules { account: &account, directory: &directory, own: &own, today };
    let touched = rules.all_touched(&plan.steps);
    let access: Vec<&Grant> = touched.iter().filter_map(|step| step.object.grant()).collect();
    assert_eq!(access.len(), 3, "two groups and a role, and no product: {access:?}");
    assert!(touched.iter().all(|step| step.change == Change::Remove));
}

#[test]
fn our_own_account_a_protected_one_and_a_closed_one_are_not_kept_out() {
    let account = member(&["g-dev"], &[]);
    let protection =
        Protection { reason: "r".to_owned(), ends_on: jiff::civil::date(2027, 1, 1), by: "t".to_owned() };
    for asked in [Asked::RemoveUser {}, suspending()] {
        let own = Account { id: super::own(), ..account.clone() };
        assert!(planned(&action(asked.clone()), &own).unwrap_err().contains("acts as"));
        let protected = Account { protection: Some(protection.clone()), ..account.clone() };
        assert!(planned(&action(asked.clone()), &protected).unwrap_err().contains("protected"));
        let closed = Account { erased_at: Some(now()), ..account.clone() };
        assert!(planned(&action(asked), &closed).unwrap_err().contains("closed"));
    }
}

#[test]
fn a_suspension_is_undone_though_the_account_cannot_be_used_and_a_removal_is_not() {
    let account = member(&["g-dev"], &[]);
    let suspended = done(suspending(), &account);
    let undo = suspended.undoing().unwrap();
    let Asked::Undo { steps, .. } = &undo else { panic!("no undoing") };
    assert_eq!((steps[0].change, &steps[0].object), (Change::Add, &suspended.steps[0].object));
    let away = Account { active: false, ..account.clone() };
    let plan = planned(&action(undo), &away).unwrap();
    assert_eq!((plan.steps[0].change, plan.products_lost.len()), (Change::Add, 0));
    let mut account = account;
    assert!(super::note_on(&mut account, &suspended.steps, &directory()) && !account.active);

    let removed = done(Asked::RemoveUser {}, &member(&["g-dev"], &[]));
    let refused = removed.undoing().unwrap_err();
    assert_eq!(*refused.kind(), Kind::Conflict);
    assert!(refused.to_string().contains("invite the person again"), "{refused}");
    let mut gone = member(&["g-dev"], &["software"]);
    assert!(super::note_on(&mut gone, &removed.steps, &directory()));
    assert!(!gone.active && gone.groups.is_empty() && gone.products.is_empty());
}

#[test]
fn an_issue_is_not_undone_but_it_is_said_what_to_do() {
    let project = ProjectId::parse("10003").unwrap();
    let object = Object::Issue(IssueObject::NewIssue { project: project.clone() });
    let step = Step::new(Change::Add, object, "issue of type Task in SEC".to_owned(), Some(false));
    let mut created = action(creating(new_issue()));
    assert!(Plan::of_issue(&created, step.clone(), vec![]).dangers.is_empty());
    created.together = 21;
    assert_eq!(Plan::of_issue(&created, step.clone(), vec![]).dangers.len(), 1, "many at once");
    created.planned(Plan::of_issue(&created, step, vec![]), now());
    created.steps[0].held_before = Some(false);
    created.issue = Some(Issue { id: IssueId::parse("20001").unwrap(), key: "SEC-7".to_owned() });
    created.go_to(State::Done, now());
    let refused = created.undoing().unwrap_err().to_string();
    assert!(refused.contains("delete_issue") && refused.contains("SEC-7"), "{refused}");
    created.asked = Asked::DeleteIssue { issue: "SEC-7".to_owned() };
    assert!(created.undoing().unwrap_err().to_string().contains("does not bring back"));
}

#[test]
fn what_can_be_asked_for_instead_is_named_with_its_body() {
    let view = |managed| Some(OrganisationView { managed: Some(managed), ..OrganisationView::default() });
    let account =
        Account { organisation: view(true), ..member(&["g-both", "g-lead"], &["desk", "software"]) };
    let asked = action(Asked::RemoveUser {});
    let found = instead_of_removing(&asked, &account, &directory(), true);
    let bodies: Vec<&Value> = found.iter().map(|instead| &instead.body).collect();
    assert_eq!(bodies.len(), 3, "{found:?}");
    assert_eq!(
        *bodies[0],
        json!({ "what": "deactivate_user", "how": "suspend", "connection": "con-1", "account": "acc-1", "why": "left" })
    );
    assert_eq!(bodies[1]["how"], "deactivate");
    assert_eq!(
        *bodies[2],
        json!({
            "change": "remove", "grant": { "kind": "group", "group": "g-both" },
            "connection": "con-1", "account": "acc-1", "why": "left",
        })
    );
    let unmanaged = Account { organisation: view(false), ..account.clone() };
    assert_eq!(instead_of_removing(&asked, &unmanaged, &directory(), true).len(), 2);
    assert_eq!(
        instead_of_removing(&asked, &account, &directory(), false).len(),
        1,
        "no key, no organisation"
    );
}

#[test]
fn what_is_asked_of_an_issue_is_limited_and_the_field_to_blame_is_named() {
    assert!(creating(new_issue()).check().is_ok());
    let with_field = |id: &str, value: Value| {
        let mut fields = Map::new();
        fields.insert(id.to_owned(), value);
        NewIssue { fields, ..new_issue() }
    };
    let labelled = |label: &str| NewIssue { labels: [label.to_owned()].into(), ..new_issue() };
    let described = |text: String| NewIssue { description: Some(text), ..new_issue() };
    for (issue, field) in [
        (NewIssue { project: "SEC/1".to_owned(), ..new_issue() }, "project"),
        (NewIssue { project: "..".to_owned(), ..new_issue() }, "project"),
        (NewIssue { summary: "  ".to_owned(), ..new_issue() }, "summary"),
        (NewIssue { summary: "two\nlines".to_owned(), ..new_issue() }, "summary"),
        (NewIssue { summary: "x".repeat(256), ..new_issue() }, "summary"),
        (described("x".repeat(20_001)), "description"),
        (described("\u{0}".to_owned()), "description"),
        (labelled("two words"), "labels"),
        (labelled(""), "labels"),
        (NewIssue { labels: (0..21).map(|n| n.to_string()).collect(), ..new_issue() }, "labels"),
        (with_field("summary", json!("again")), "fields"),
        (with_field("a b", json!(1)), "fields"),
        (with_field("customfield_1", json!("x".repeat(16 * 1024))), "fields"),
    ] {
        let refused = creating(issue).check().unwrap_err();
        assert_eq!(*refused.kind(), Kind::Invalid { field: field.to_owned() }, "{refused}");
    }
    for issue in ["", "SEC 1", "../x", "SEC-1?x=1", &"9".repeat(65)] {
        assert!(Asked::DeleteIssue { issue: issue.to_owned() }.check().is_err(), "{issue:?}");
    }
    assert!(Asked::DeleteIssue { issue: "SEC-12".to_owned() }.check().is_ok());
}

#[test]
fn what_another_kind_was_approved_for_outgrows_by_its_object() {
    let account = member(&["g-dev"], &[]);
    let mut held = removing(in_group("g-dev"));
    held.held = true;
    held.planned(planned(&held, &account).unwrap(), now());
    held.approve("tok-asks", true, now()).unwrap();
    let mut other = planned(&held, &account).unwrap();
    assert!(!held.is_outgrown_by(&other));
    other.steps[0].object = Object::Access(Grant::Group { group: group_id("g-both") });
    assert!(held.is_outgrown_by(&other));
}
