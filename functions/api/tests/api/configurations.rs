//! Project configurations: made of live metadata, tried out, saved, changed, switched and deleted.

use assay_test_support::world::World;
use jira_sim::{Options, Seed};
use serde_json::{Value, json};

use crate::support::{House, assert_problem};

const LIST: &str = "/v1/project-configurations";

/// A house with the projects that have a field of every type.
pub async fn house() -> House {
    let seed = Seed { every_field: true, ..Seed::empty() };
    let house = House::over(World::with(Options { seed, ..Options::default() }).await).await;
    house.world.connect().await;
    house
}

/// A configuration for `SEC`, which demands nothing.
fn simple() -> Value {
    let priority = |id: &str| json!({ "type": "priority", "value": id });
    let values = json!({
        "critical": priority("1"), "high": priority("2"), "medium": priority("3"), "low": priority("4"),
        "info": priority("5"),
    });
    let source = json!({ "from": "assay", "field": "severity", "values": values });
    json!({
        "name": "All", "connection": "con-1", "project": "SEC", "issue_type": "10100",
        "rules": [{ "field": "priority", "source": source }],
    })
}

/// A good body for each route of project configurations that takes one.
pub fn good(route: &str) -> Option<Value> {
    match route.rsplit('/').next().unwrap() {
        "project-configurations" | "preflight" | "dry-run" if route.starts_with("POST") => Some(simple()),
        "disable" if route.starts_with("POST") => Some(json!({ "tickets": "keep" })),
        _ => route.starts_with("PATCH").then(|| json!({ "position": 3 })),
    }
}

/// The fields of a new issue, as the wizard shows them.
async fn fields(house: &House, project: &str) -> Vec<Value> {
    let answer =
        house.get(&format!("{LIST}/fields?connection=con-1&project={project}&issue_type=10100")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["fields"].as_array().unwrap().clone()
}

fn field<'a>(fields: &'a [Value], name: &str) -> &'a Value {
    fields.iter().find(|field| field["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

fn of_type<'a>(fields: &'a [Value], kind: &str) -> &'a Value {
    field(fields, &format!("A field of type {kind}"))
}

fn rule(field: &Value, source: Value) -> Value {
    json!({ "field": field["id"], "source": source })
}

fn chosen(kind: &str, value: Value) -> Value {
    json!({ "from": "jira", "value": { "type": kind, "value": value } })
}

fn typed(text: &str) -> Value {
    json!({ "from": "typed", "text": text })
}

/// Rules for all that a project demands: the wizard's suggestions, and a choice where it has none.
fn demanded(fields: &[Value]) -> Vec<Value> {
    let unit = field(fields, "Business unit");
    let (option, below) = (&unit["choices"][0]["id"], &unit["choices"][0]["below"][1]["id"]);
    let mut rules = vec![
        rule(unit, chosen("cascading", json!({ "option": option, "below": below }))),
        rule(field(fields, "Asset owner"), chosen("user", json!("acc-2"))),
    ];
    let needed = |field: &&Value| field["required"] == true || field["tells_severity"] == true;
    for field in fields.iter().filter(needed).filter(|field| !field["suggestion"].is_null()) {
        rules.push(rule(field, field["suggestion"].clone()));
    }
    rules
}

/// The body that makes a configuration for `VULN`, with some members in other words.
pub async fn body(house: &House, further: Value) -> Value {
    let rules = demanded(&fields(house, "VULN").await);
    let mut body = json!({
        "name": "Vulnerabilities", "connection": "con-1", "project": "VULN", "issue_type": "10100",
        "rules": rules,
    });
    for (name, value) in further.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

pub async fn make(house: &House, further: Value) -> Value {
    let answer = house.call("POST", LIST, &body(house, further).await).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

pub fn path(made: &Value) -> String {
    format!("{LIST}/{}", made["id"].as_str().unwrap())
}

async fn preflight(house: &House, body: &Value) -> Value {
    let answer = house.call("POST", &format!("{LIST}/preflight"), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let found = answer.json();
    assert_eq!(found["passes"], found["obstacles"].as_array().unwrap().is_empty());
    found
}

/// Fails unless the preflight names this part and says these words, and saving is refused for the same.
async fn assert_refused(house: &House, body: &Value, part: &str, words: &str) {
    let found = preflight(house, body).await;
    let is_it = |it: &&Value| it["field"] == part && it["what"].as_str().unwrap().contains(words);
    assert!(found["obstacles"].as_array().unwrap().iter().any(|it| is_it(&it)), "{part} {words}: {found:#}");
    let refused = house.call("POST", LIST, body).await;
    assert_problem(&refused, 422, found["obstacles"][0]["field"].as_str());
    assert!(refused.text().contains(words.split('"').next().unwrap()), "{}", refused.text());
    assert!(house.list(LIST).await.is_empty());
}

#[tokio::test]
async fn the_wizard_shows_every_field_with_its_kind_its_values_and_what_fits() {
    let house = house().await;
    for project in ["VULN", "TEAM"] {
        let fields = fields(&house, project).await;
        for (kind, expected) in [
            ("textfield", "line"),
            ("textarea", "paragraphs"),
            ("number", "number"),
            ("date", "date"),
            ("datetime", "date_time"),
            ("url", "url"),
            ("select", "option"),
            ("multiselect", "options"),
            ("cascadingselect", "cascading"),
            ("user", "user"),
            ("multi-user", "users"),
            ("group", "group"),
            ("multi-group", "groups"),
            ("labels", "labels"),
            ("sprint", "sprint"),
            ("any", "unknown"),
        ] {
            let shown = of_type(&fields, kind);
            assert_eq!(shown["kind"]["type"], expected, "{project} {kind}");
            assert_eq!((&shown["required"], &shown["tells_severity"]), (&json!(false), &json!(false)));
        }
        let severity = field(&fields, "Severity");
        assert_eq!((&severity["required"], &severity["tells_severity"]), (&json!(true), &json!(true)));
        assert_eq!(severity["suggestion"]["field"], "severity");
        assert!(severity["choices"].as_array().unwrap().len() >= 4, "{severity}");
        assert!(of_type(&fields, "any")["problem"].as_str().unwrap().contains("leave it to people"));
        assert_eq!(field(&fields, "Business unit")["suggestion"], Value::Null, "a person must choose");
    }
    let company = fields(&house, "VULN").await;
    for (id, kind) in [("priority", "priority"), ("components", "components"), ("fixVersions", "versions")] {
        let shown = company.iter().find(|field| field["id"] == id).unwrap();
        assert_eq!(shown["kind"]["type"], kind);
        assert!(!shown["choices"].as_array().unwrap().is_empty(), "{id}");
    }
    let missing = house.get(&format!("{LIST}/fields?connection=con-1&project=NONE&issue_type=10100")).await;
    assert_problem(&missing, 422, Some("project"));
    let missing = house.get(&format!("{LIST}/fields?connection=con-1&project=VULN&issue_type=1")).await;
    assert_problem(&missing, 422, Some("issue_type"));
    assert!(missing.text().contains("10100 (Task)"), "{}", missing.text());
    let missing = house.get(&format!("{LIST}/fields?connection=con-1&project=VULN")).await;
    assert_problem(&missing, 422, Some("issue_type"));
    house.world.assert_honest();
}

#[tokio::test]
async fn the_suggestions_and_two_choices_fill_all_that_six_required_fields_ask_for() {
    let house = house().await;
    let found = preflight(&house, &body(&house, json!({})).await).await;
    assert_eq!(found["passes"], true, "{found:#}");
    let written = found["written"].as_array().unwrap();
    assert!(written.iter().all(|it| !it["value"].is_null()), "{written:#?}");
    let request = &found["first_ticket"]["fields"];
    for id in 10_201..=10_206 {
        assert!(!request[format!("customfield_{id}")].is_null(), "{id}: {request:#}");
    }
    assert_eq!(request["project"]["id"], "10005");
    // That very request is one that Jira takes.
    let mut request = found["first_ticket"].clone();
    request.as_object_mut().unwrap().retain(|name, _| name == "fields");
    let made = house.world.as_person("POST", "/rest/api/3/issue", Some(request)).await;
    assert!(made["key"].as_str().unwrap().starts_with("VULN-"), "{made}");
    let team = fields(&house, "TEAM").await;
    let team = body(&house, json!({ "project": "TEAM", "rules": demanded(&team) })).await;
    assert_eq!(preflight(&house, &team).await["passes"], true);
}

#[tokio::test]
async fn every_type_of_field_takes_a_value_that_jira_then_takes() {
    let house = house().await;
    let fields = fields(&house, "VULN").await;
    let first = |kind: &str| of_type(&fields, kind)["choices"][0]["id"].clone();
    let lists = house.world.jira.simulator.control("GET", "/projects/VULN/lists", &Value::Null).unwrap();
    let components = fields.iter().find(|field| field["id"] == "components").unwrap();
    let of = |kind: &str, source: Value| rule(of_type(&fields, kind), source);
    let mut rules = demanded(&fields);
    rules.extend([
        of("textfield", typed("{{ finding.asset }}: {{ finding.location }}")),
        of("textarea", typed("{{ finding.description }}\n{{ finding.fix }}")),
        of("number", json!({ "from": "assay", "field": "count" })),
        of("date", json!({ "from": "assay", "field": "due_on" })),
        of("datetime", json!({ "from": "assay", "field": "first_seen_at" })),
        of("url", json!({ "from": "assay", "field": "link" })),
        of("select", chosen("option", first("select"))),
        of("radiobuttons", typed("Two")),
        of("multiselect", chosen("options", json!([first("multiselect")]))),
        of("multicheckboxes", typed("One, Three")),
        of("cascadingselect", typed("One > B")),
        of("user", typed("acc-3")),
        of("multi-user", chosen("users", json!(["acc-3", "acc-4"]))),
        of("labels", json!({ "from": "assay", "field": "source" })),
        of("sprint", chosen("sprint", lists["sprints"][1]["id"].clone())),
        of("version", typed("1.0")),
        of("multiversion", typed("1.0, 1.1")),
        rule(components, chosen("components", json!([components["choices"][0]["id"]]))),
        json!({ "field": "summary", "source": typed("{{ finding.advisory }} in {{ finding.asset }}") }),
    ]);
    let found = preflight(&house, &body(&house, json!({ "rules": rules })).await).await;
    assert_eq!(found["passes"], true, "{:#}", found["obstacles"]);
    let mut request = found["first_ticket"].clone();
    request.as_object_mut().unwrap().retain(|name, _| name == "fields");
    assert_eq!(request["fields"]["summary"], "CVE-2021-44228 in shop/web");
    let made = house.world.as_person("POST", "/rest/api/3/issue", Some(request)).await;
    assert!(made["key"].is_string(), "{made:#}");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_the_rule_or_the_field_that_it_is_about() {
    let house = house().await;
    let fields = fields(&house, "VULN").await;
    let good = demanded(&fields);
    let with = |rule: Value| [good.as_slice(), &[rule]].concat();
    let without = |name: &str| {
        let id = &field(&fields, name)["id"];
        good.iter().filter(|rule| rule["field"] != *id).cloned().collect::<Vec<Value>>()
    };
    let last = format!("rules[{}]", good.len());
    let of = |kind: &str, source: Value| with(rule(of_type(&fields, kind), source));
    let severity = json!({ "from": "assay", "field": "severity", "values": {} });
    for (rules, part, words) in [
        (without("CVSS score"), "rules".to_owned(), "Jira requires CVSS score (customfield_10203)"),
        (without("Severity"), "rules".to_owned(), "Severity (customfield_10201) must be filled from"),
        (without("Priority"), "rules".to_owned(), "Priority (priority) must be filled from"),
        (of("select", chosen("option", json!("9"))), format!("{last}.source.value"), "has no value 9"),
        (of("select", chosen("line", json!("x"))), format!("{last}.source.value"), "takes one of a list"),
        (of("number", typed("many")), format!("{last}.source.text"), "must be a number"),
        (of("date", typed("{{ finding.title }}")), format!("{last}.source.text"), "must be a day"),
        (of("textfield", typed("{{ finding.nothing }}")), format!("{last}.source.text"), "finding.nothing"),
        (of("textfield", typed("{{ finding.title")), format!("{last}.source.text"), "cannot be used"),
        (
            of("textfield", typed("{% for x in 'ab' %}a{% endfor %}")),
            format!("{last}.source.text"),
            "only if",
        ),
        (of("any", typed("x")), format!("{last}.field"), "cannot write"),
        (of("select", severity), format!("{last}.source.field"), "give a value for each word"),
        (with(json!({ "field": "reporter", "source": typed("x") })), format!("{last}.field"), "by itself"),
        (
            with(json!({ "field": "customfield_1", "source": typed("x") })),
            format!("{last}.field"),
            "no field",
        ),
        (with(good[0].clone()), format!("{last}.field"), "has a rule already"),
    ] {
        let body = body(&house, json!({ "rules": rules })).await;
        assert_refused(&house, &body, &part, words).await;
    }
    // A type that nobody can fill, required.
    house.edit("VULN", "fields", json!({ "id": of_type(&fields, "any")["id"], "required": true }));
    let found = body(&house, json!({})).await;
    assert_refused(&house, &found, "rules", "A field of type any").await;
    house.edit("VULN", "fields", json!({ "id": of_type(&fields, "any")["id"], "required": false }));
    let pulls = json!({ "pulls": { "status_when_opened": "1" } });
    assert_refused(&house, &body(&house, pulls).await, "pulls.status_when_opened", "no status 1").await;
    let body = body(&house, json!({})).await;
    assert_eq!(preflight(&house, &body).await["passes"], true);
}

#[tokio::test]
async fn a_configuration_is_listed_in_its_order_changed_and_deleted() {
    let house = house().await;
    let first = make(&house, json!({})).await;
    let second = make(&house, json!({
        "name": "Shops", "grouping": "package", "routes": [{ "assets": ["shop/*"], "severities": ["critical"] }],
    }))
    .await;
    assert_eq!((&first["position"], &second["position"]), (&json!(0), &json!(1)));
    assert_eq!((&first["project_key"], &first["state"]), (&json!("VULN"), &json!("enabled")));
    assert!(house.list("/v1/sync-settings").await.is_empty(), "they have a list of their own");
    let setting = format!("/v1/sync-settings/{}", first["id"].as_str().unwrap());
    assert_problem(&house.get(&setting).await, 404, None);
    let moved = house.call("PATCH", &path(&first), &json!({ "position": 7, "name": "All others" })).await;
    assert_eq!(moved.status, 200, "{}", moved.text());
    assert_eq!((&moved.json()["name"], &moved.json()["rules"]), (&json!("All others"), &first["rules"]));
    let names: Vec<Value> = house.list(LIST).await.iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["Shops", "All others"]);
    assert_eq!(house.get(&path(&second)).await.json()["routes"][0]["assets"], json!(["shop/*"]));
    let refused = house.call("PATCH", &path(&first), &json!({ "rules": [] })).await;
    assert_problem(&refused, 422, Some("rules"));
    assert_eq!(house.get(&path(&first)).await.json()["rules"], first["rules"]);
    // What a name stood for keeps it: the stored rules are compared by ids.
    house.edit("VULN", "fields", json!({ "id": "customfield_10203", "name": "Base score" }));
    let renamed = house.call("PATCH", &path(&first), &json!({ "position": 0 })).await.json();
    assert!(renamed["rules"].to_string().contains("Base score"), "{renamed}");
    for made in [&first, &second] {
        assert_eq!(house.call("DELETE", &path(made), &json!({})).await.status, 204);
        assert_problem(&house.get(&path(made)).await, 404, None);
    }
    assert!(house.list(LIST).await.is_empty());
}

#[tokio::test]
async fn a_repeated_request_makes_one_configuration_and_the_hundred_and_first_is_refused() {
    let house = house().await;
    let body = body(&house, json!({})).await;
    let first = house.post_once(LIST, "k", &body).await;
    assert_eq!(first.status, 201, "{}", first.text());
    assert_eq!(house.post_once(LIST, "k", &body).await.json()["id"], first.json()["id"]);
    assert_eq!(house.list(LIST).await.len(), 1);
    let stored = house.world.settings().await.remove(0);
    for number in 2..=100 {
        let id = assay::ids::SettingId::parse(&format!("cfg-{number}")).unwrap();
        let another = assay::sync_setting::SyncSetting { id, ..stored.clone() };
        house.world.store().put_new_setting(&another).await.unwrap();
    }
    let refused = house.call("POST", LIST, &body).await;
    assert_problem(&refused, 409, None);
    assert!(refused.text().contains("100 project configurations"), "{}", refused.text());
    assert_eq!(house.list(LIST).await.len(), 100);
}
