//! Every type of field: as metadata shows it, as it is written, refused, read, and told in the history.

use jira_sim::Seed;
use serde_json::{Map, Value, json};

use crate::support::{Jira, document, task};

const TEAM: &str = "36885b3c-1bf0-4f85-a357-c5b858c31de4";

async fn jira() -> Jira {
    Jira::with(Seed { every_field: true, ..Seed::empty() }).await
}

/// The fields of the create metadata, by id.
async fn metadata(jira: &Jira, project: &str) -> Map<String, Value> {
    let path = format!("/issue/createmeta/{project}/issuetypes/10100?maxResults=200");
    let page = jira.get(&path).await.json();
    let fields = page["fields"].as_array().unwrap().clone();
    fields.into_iter().map(|field| (field["fieldId"].as_str().unwrap().to_owned(), field)).collect()
}

/// The id of the field that stands for a type.
fn id_of(metadata: &Map<String, Value>, kind: &str) -> String {
    let name = format!("A field of type {kind}");
    metadata.values().find(|field| field["name"] == name.as_str()).unwrap()["fieldId"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A task of VULN with the six fields that it demands.
fn demanded(project: &str) -> Value {
    let mut fields = task(project, "a finding");
    fields["customfield_10201"] = json!({ "value": "High" });
    fields["customfield_10202"] = document("internal");
    fields["customfield_10203"] = json!(9.8);
    fields["customfield_10204"] = json!("2026-07-01");
    fields["customfield_10205"] = json!({ "value": "Retail", "child": { "value": "Stores" } });
    fields["customfield_10206"] = json!({ "accountId": "acc-2" });
    fields
}

async fn create(jira: &Jira, fields: Value) -> String {
    let reply = jira.post("/issue", json!({ "fields": fields })).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.json()["key"].as_str().unwrap().to_owned()
}

async fn refused(jira: &Jira, id: &str, value: Value) -> String {
    let mut fields = demanded("VULN");
    fields[id] = value.clone();
    let reply = jira.post("/issue", json!({ "fields": fields })).await;
    assert_eq!(reply.status, 400, "{id} {value}: {}", reply.text);
    reply.json()["errors"][id].as_str().unwrap_or_else(|| panic!("{}", reply.text)).to_owned()
}

async fn fields_of(jira: &Jira, key: &str) -> Value {
    jira.get(&format!("/issue/{key}")).await.json()["fields"].clone()
}

#[tokio::test]
async fn the_metadata_names_each_type_as_jira_does() {
    let jira = jira().await;
    let own = "com.atlassian.jira.plugin.system.customfieldtypes";
    for project in ["VULN", "TEAM"] {
        let metadata = metadata(&jira, project).await;
        for (kind, schema_type, items, custom) in [
            ("textfield", "string", None, format!("{own}:textfield")),
            ("textarea", "string", None, format!("{own}:textarea")),
            ("number", "number", None, format!("{own}:float")),
            ("date", "date", None, format!("{own}:datepicker")),
            ("datetime", "datetime", None, format!("{own}:datetime")),
            ("url", "string", None, format!("{own}:url")),
            ("select", "option", None, format!("{own}:select")),
            ("radiobuttons", "option", None, format!("{own}:radiobuttons")),
            ("multiselect", "array", Some("option"), format!("{own}:multiselect")),
            ("multicheckboxes", "array", Some("option"), format!("{own}:multicheckboxes")),
            ("cascadingselect", "option-with-child", None, format!("{own}:cascadingselect")),
            ("user", "user", None, format!("{own}:userpicker")),
            ("multi-user", "array", Some("user"), format!("{own}:multiuserpicker")),
            ("group", "group", None, format!("{own}:grouppicker")),
            ("multi-group", "array", Some("group"), format!("{own}:multigrouppicker")),
            ("labels", "array", Some("string"), format!("{own}:labels")),
            ("sprint", "array", Some("json"), "com.pyxis.greenhopper.jira:gh-sprint".to_owned()),
            ("team", "team", None, format!("{own}:atlassian-team")),
            ("any", "any", None, "com.example.app:risk".to_owned()),
        ] {
            let field = &metadata[&id_of(&metadata, kind)];
            let schema = &field["schema"];
            assert_eq!((&schema["type"], &schema["custom"]), (&json!(schema_type), &json!(custom)), "{kind}");
            assert_eq!(schema.get("items"), items.map(|items| json!(items)).as_ref(), "{kind}");
            assert!(schema["customId"].is_u64(), "{kind}");
            assert_eq!(field["required"], false, "{kind}");
        }
        assert_eq!(metadata["customfield_10201"]["required"], true);
        let cascade = &metadata["customfield_10205"]["allowedValues"][0];
        assert_eq!(
            (&cascade["value"], &cascade["children"][1]["value"]),
            (&json!("Retail"), &json!("Stores"))
        );
        assert!(
            metadata["assignee"]["autoCompleteUrl"].as_str().unwrap().contains("/user/assignable/search"),
            "a form asks there"
        );
    }
    let company = metadata(&jira, "VULN").await;
    assert_eq!(
        company["components"]["schema"],
        json!({"type": "array", "items": "component", "system": "components"})
    );
    let versions = company["fixVersions"]["allowedValues"].as_array().unwrap();
    assert_eq!(versions.len(), 2, "an archived version is not offered");
    assert_eq!(company["priority"]["defaultValue"]["name"], "Medium");
    assert!(!metadata(&jira, "TEAM").await.contains_key("fixVersions"));
}

#[tokio::test]
async fn every_type_is_written_read_and_told() {
    let jira = jira().await;
    let metadata = metadata(&jira, "VULN").await;
    let id = |kind: &str| id_of(&metadata, kind);
    let first = |kind: &str| metadata[&id(kind)]["allowedValues"][0]["id"].clone();
    let key = create(&jira, demanded("VULN")).await;
    let sprint = jira.simulator().control("GET", "/projects/VULN/lists", &Value::Null).unwrap()["sprints"][1]
        ["id"]
        .clone();
    let mut fields = Map::new();
    for (kind, value) in [
        ("textfield", json!("one line")),
        ("textarea", document("two\nlines")),
        ("number", json!(5)),
        ("date", json!("2026-07-02")),
        ("datetime", json!("2026-07-02T10:29:29.908+0200")),
        ("url", json!("https://example.com/a?b=c")),
        ("select", json!({ "id": first("select") })),
        ("radiobuttons", json!({ "value": "Two" })),
        ("multiselect", json!([{ "value": "One" }, { "value": "Three" }])),
        ("multicheckboxes", json!([{ "id": first("multicheckboxes") }])),
        ("cascadingselect", json!({ "value": "One", "child": { "value": "B" } })),
        ("user", json!({ "accountId": "acc-3" })),
        ("multi-user", json!([{ "accountId": "acc-3" }, { "accountId": "acc-4" }])),
        ("group", json!({ "name": "jira-users" })),
        ("multi-group", json!([{ "name": "jira-users" }, { "name": "site-admins" }])),
        ("labels", json!(["a", "b"])),
        ("sprint", sprint),
        ("team", json!(TEAM)),
        ("any", json!({ "anything": [1, 2] })),
        ("version", json!({ "name": "1.0" })),
        ("multiversion", json!([{ "name": "1.1" }])),
    ] {
        fields.insert(id(kind), value);
    }
    fields.insert("components".to_owned(), json!([{ "name": "Backend" }]));
    fields.insert("fixVersions".to_owned(), json!([{ "name": "1.0" }, { "name": "1.1" }]));
    let reply = jira.put(&format!("/issue/{key}"), json!({ "fields": fields })).await;
    assert_eq!(reply.status, 204, "{}", reply.text);
    let read = fields_of(&jira, &key).await;
    let of = |kind: &str| read[id(kind)].clone();
    assert_eq!(of("textfield"), "one line");
    assert_eq!(of("textarea"), document("two\nlines"));
    assert!(of("number").is_f64(), "numbers come back as 5.0");
    assert_eq!(of("datetime"), "2026-07-02T08:29:29.908+0000");
    assert_eq!(
        (of("select")["value"].clone(), of("radiobuttons")["value"].clone()),
        (json!("One"), json!("Two"))
    );
    assert!(of("select")["self"].as_str().unwrap().contains("customFieldOption"));
    assert_eq!(of("multiselect")[1]["value"], "Three");
    assert_eq!(of("cascadingselect")["child"]["value"], "B");
    assert_eq!(of("user")["displayName"], "Account 3");
    assert_eq!(of("multi-user")[1]["accountId"], "acc-4");
    assert_eq!(of("group")["name"], "jira-users");
    assert_eq!(of("multi-group").as_array().unwrap().len(), 2);
    assert_eq!((of("sprint")[0]["state"].clone(), of("sprint")[0]["id"].is_u64()), (json!("active"), true));
    assert_eq!(of("team")["id"], TEAM);
    assert_eq!(of("any"), json!({ "anything": [1, 2] }));
    assert_eq!(of("version")["name"], "1.0");
    assert_eq!(
        (read["components"][0]["name"].clone(), read["fixVersions"][1]["name"].clone()),
        (json!("Backend"), json!("1.1"))
    );
    assert_eq!(read["customfield_10203"], 9.8);

    let bulk = json!({ "issueIdsOrKeys": [key], "fields": [id("cascadingselect"), "components"] });
    let fetched = jira.post("/issue/bulkfetch", bulk).await.json();
    assert_eq!(fetched["issues"][0]["fields"][id("cascadingselect")], of("cascadingselect"));
    jira.advance(3);
    let searched = json!({ "jql": "project = VULN", "fields": ["*all"] });
    let searched = jira.post("/search/jql", searched).await.json();
    assert_eq!(searched["issues"][0]["fields"][id("user")], of("user"));

    let history = jira.get(&format!("/issue/{key}/changelog")).await.json();
    let items = history["values"][0]["items"].as_array().unwrap();
    let told = |field: &str| {
        let found = items.iter().filter(|item| item["field"] == field);
        found.map(|item| item["toString"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told("A field of type multiselect"), ["One,Three"]);
    assert!(told("A field of type cascadingselect")[0].starts_with("Parent values: One("));
    assert_eq!(told("A field of type user"), ["Account 3"]);
    assert_eq!(told("Fix Version"), ["1.0", "1.1"], "one item for each version");
    assert_eq!(told("Component"), ["Backend"]);
}

#[tokio::test]
async fn wrong_values_are_refused_by_field() {
    let jira = jira().await;
    let metadata = metadata(&jira, "VULN").await;
    for (kind, value, words) in [
        ("textfield", json!(7), "Operation value must be a string"),
        ("textfield", json!("x".repeat(256)), "The entered text is too long"),
        ("textarea", json!("plain"), "Operation value must be an Atlassian Document"),
        ("number", json!("5"), "Operation value must be a number"),
        ("date", json!("2026-02-30"), "Error parsing date string"),
        ("datetime", json!("2026-07-02T10:29:29+0200"), "Error parsing time"),
        ("url", json!("not an address"), "Not a valid URL"),
        ("select", json!("High"), "Specify a valid 'id' or 'value'"),
        ("select", json!({ "id": "1" }), "Option id '1' is not valid"),
        ("radiobuttons", json!({ "value": "Four" }), "Option value 'Four' is not valid"),
        ("multiselect", json!({ "value": "One" }), "data was not an array"),
        (
            "cascadingselect",
            json!("One"),
            "Could not find valid 'id' or 'value' in the Parent Option object.",
        ),
        (
            "cascadingselect",
            json!({ "value": "Two", "child": { "value": "B" } }),
            "Option value 'B' is not valid",
        ),
        ("user", json!("acc-3"), "expected 'accountId'"),
        ("multi-user", json!([{ "accountId": "nobody" }]), "does not exist"),
        ("group", json!({ "name": "nobody" }), "does not exist"),
        ("labels", json!(["two words"]), "Labels can't have spaces"),
        ("sprint", json!([{ "id": 1 }]), "The Sprint (id) must be a number"),
        ("team", json!({ "id": TEAM }), "is not valid"),
        ("version", json!({ "name": "0.9" }), "Version name '0.9' is not valid"),
        ("multiversion", json!([{ "id": "1" }]), "Version id '1' is not valid"),
    ] {
        let told = refused(&jira, &id_of(&metadata, kind), value.clone()).await;
        assert!(told.contains(words), "{kind} {value}: {told}");
    }
    assert_eq!(
        refused(&jira, "components", json!([{ "name": "None" }])).await,
        "Component name 'None' is not valid"
    );
    assert_eq!(refused(&jira, "components", json!(["Backend"])).await, "expected Object");
    let mut fields = demanded("VULN");
    fields["customfield_99999"] = json!(1);
    let reply = jira.post("/issue", json!({ "fields": fields })).await;
    assert!(reply.text.contains("Field 'customfield_99999' cannot be set."));
}

#[tokio::test]
async fn a_field_becomes_required_and_goes_while_the_site_runs() {
    let jira = jira().await;
    create(&jira, demanded("VULN")).await;
    let id = "customfield_10301";
    jira.edit("VULN", "fields", json!({ "id": id, "required": true }));
    assert!(refused(&jira, id, Value::Null).await.ends_with("is required."));
    jira.edit("VULN", "fields", json!({ "id": id, "required": true, "default": "as usual" }));
    let key = create(&jira, demanded("VULN")).await;
    assert_eq!(fields_of(&jira, &key).await[id], "as usual", "a default is filled in");
    assert_eq!(metadata(&jira, "VULN").await[id]["defaultValue"], "as usual");
    jira.edit("VULN", "fields/remove", json!({ "id": id }));
    assert!(!metadata(&jira, "VULN").await.contains_key(id));
    assert!(refused(&jira, id, json!("x")).await.contains("cannot be set"));
}

#[tokio::test]
async fn options_are_disabled_removed_and_added() {
    let jira = jira().await;
    let severity = "customfield_10201";
    let high = json!({ "value": "High" });
    let key = create(&jira, demanded("VULN")).await;
    let offered = async |jira: &Jira| {
        let meta = metadata(jira, "VULN").await;
        let values = meta[severity]["allowedValues"].as_array().unwrap().iter();
        values.map(|one| (one["value"].as_str().unwrap().to_owned(), one["id"].clone())).collect::<Vec<_>>()
    };
    let before = offered(&jira).await;
    jira.edit("VULN", "fields/options", json!({ "id": severity, "disable": ["High"] }));
    assert_eq!(refused(&jira, severity, high.clone()).await, "Option value 'High' is not valid");
    assert_eq!(fields_of(&jira, &key).await[severity]["value"], "High", "who has it keeps it");
    jira.edit(
        "VULN",
        "fields/options",
        json!({ "id": severity, "enable": ["High"], "remove": ["Low"], "add": ["Urgent"] }),
    );
    let after = offered(&jira).await;
    assert_eq!(
        after.iter().map(|(words, _)| words.as_str()).collect::<Vec<_>>(),
        ["Critical", "High", "Medium", "None", "Urgent"]
    );
    assert_eq!(after[2], before[2], "ids stay");
    assert!(before.iter().all(|(_, id)| *id != after[4].1), "ids are not given out again");
    jira.edit("VULN", "fields/options", json!({ "id": "customfield_10205", "disable": ["Stores"] }));
    assert!(
        refused(&jira, "customfield_10205", json!({ "value": "Retail", "child": { "value": "Stores" } }))
            .await
            .contains("not valid")
    );
}

#[tokio::test]
async fn lists_are_added_to_and_taken_from() {
    let jira = jira().await;
    let key = create(&jira, demanded("VULN")).await;
    let path = format!("/issue/{key}");
    let update = json!({ "update": { "components": [{ "add": { "name": "Backend" } }], "fixVersions": [{ "add": { "name": "1.0" } }] } });
    assert_eq!(jira.put(&path, update).await.status, 204);
    let update = json!({ "update": { "components": [{ "add": { "name": "Frontend" } }, { "remove": { "name": "Backend" } }] } });
    assert_eq!(jira.put(&path, update).await.status, 204);
    let read = fields_of(&jira, &key).await;
    assert_eq!(
        (read["components"].as_array().unwrap().len(), &read["components"][0]["name"]),
        (1, &json!("Frontend"))
    );
    jira.edit("VULN", "versions", json!({ "name": "2.0" }));
    let set = json!({ "fields": { "fixVersions": [{ "name": "2.0" }] } });
    assert_eq!(jira.put(&path, set).await.status, 204);
}

#[tokio::test]
async fn a_thousand_issues_with_six_demanded_fields_are_made_in_bulk() {
    let jira = jira().await;
    let began = std::time::Instant::now();
    let mut wrong = demanded("VULN");
    wrong["customfield_10201"] = Value::Null;
    for round in 0..20 {
        let mut updates = vec![json!({ "fields": demanded("VULN") }); 50];
        if round == 7 {
            updates[13] = json!({ "fields": wrong });
        }
        let reply = jira.post("/issue/bulk", json!({ "issueUpdates": updates })).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        if round == 7 {
            let errors = reply.json()["errors"].clone();
            assert_eq!(errors[0]["failedElementNumber"], 13);
            assert_eq!(errors[0]["elementErrors"]["errors"]["customfield_10201"], "Severity is required.");
        }
        jira.advance(60);
    }
    assert_eq!(jira.search("project = VULN AND Severity = High").await.len(), 999);
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
}
