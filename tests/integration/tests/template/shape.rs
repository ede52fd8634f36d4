//! The table, the functions and their settings.

use std::collections::{BTreeMap, BTreeSet};

use assay::dynamodb::create_table;
use assay_test_support::start;
use assay_test_support::table;
use serde_json::Value;

use super::reading::{Template, root};

/// Names of key attributes with their role, of the table (`""`) and of each index, and the index's projection.
type Keys = BTreeMap<String, (Vec<(String, String)>, String)>;

#[tokio::test]
async fn the_template_makes_the_table_that_the_store_needs() {
    let client = table::engine();
    create_table(&client, "needed").await.unwrap();
    let needed = client.describe_table().table_name("needed").send().await.unwrap().table.unwrap();
    let expiry = client.describe_time_to_live().table_name("needed").send().await.unwrap();
    let expiry = expiry.time_to_live_description.and_then(|described| described.attribute_name).unwrap();

    let elements = |schema: &[aws_sdk_dynamodb::types::KeySchemaElement]| -> Vec<(String, String)> {
        let of = |it: &aws_sdk_dynamodb::types::KeySchemaElement| {
            (it.attribute_name.clone(), it.key_type.as_str().to_owned())
        };
        schema.iter().map(of).collect()
    };
    let mut keys = Keys::from([(String::new(), (elements(needed.key_schema()), String::new()))]);
    for index in needed.global_secondary_indexes() {
        let projection = index.projection().and_then(|it| it.projection_type()).unwrap().as_str().to_owned();
        keys.insert(index.index_name().unwrap().to_owned(), (elements(index.key_schema()), projection));
    }
    let attributes: BTreeMap<String, String> = needed
        .attribute_definitions()
        .iter()
        .map(|it| (it.attribute_name.clone(), it.attribute_type.as_str().to_owned()))
        .collect();

    let template = Template::read();
    let made = template.properties("Table");
    assert_eq!(keys_of(made), keys);
    let definitions = made["AttributeDefinitions"].as_array().unwrap();
    let made_attributes: BTreeMap<String, String> =
        definitions.iter().map(|it| (text(&it["AttributeName"]), text(&it["AttributeType"]))).collect();
    assert_eq!(made_attributes, attributes);
    assert_eq!(made["TimeToLiveSpecification"]["AttributeName"], expiry.as_str());
    assert_eq!(made["TimeToLiveSpecification"]["Enabled"], true);
    assert_eq!(made["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
}

fn keys_of(table: &Value) -> Keys {
    let elements = |schema: &Value| -> Vec<(String, String)> {
        let schema = schema.as_array().unwrap();
        schema.iter().map(|it| (text(&it["AttributeName"]), text(&it["KeyType"]))).collect()
    };
    let mut keys = Keys::from([(String::new(), (elements(&table["KeySchema"]), String::new()))]);
    for index in table["GlobalSecondaryIndexes"].as_array().unwrap() {
        let projection = text(&index["Projection"]["ProjectionType"]);
        keys.insert(text(&index["IndexName"]), (elements(&index["KeySchema"]), projection));
    }
    keys
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn every_function_of_the_workspace_is_deployed_and_no_other() {
    let crates: BTreeSet<String> = std::fs::read_dir(root().join("functions"))
        .unwrap()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let template = Template::read();
    let deployed: BTreeSet<String> = template.functions().into_keys().collect();
    assert_eq!(deployed, crates);
    for (function, (name, properties)) in template.functions() {
        assert_eq!(
            properties["FunctionName"]["Fn::Sub"],
            format!("${{AWS::StackName}}-{function}"),
            "{name}"
        );
    }
}

#[test]
fn every_function_gets_the_settings_that_it_needs_and_no_other() {
    let template = Template::read();
    for (function, (_, properties)) in template.functions() {
        let variables = properties["Environment"]["Variables"].as_object().unwrap();
        let given: BTreeSet<&str> =
            variables.keys().map(String::as_str).filter(|name| *name != "RUST_LOG").collect();
        let needed: BTreeSet<&str> =
            start::settings_of(&function).into_iter().map(|(name, _)| name).collect();
        // That each of these is needed is tried by the test `start` in the function's crate.
        assert_eq!(given, needed, "{function}");
    }
}

#[test]
fn every_function_has_its_log_group_and_its_alarms() {
    let template = Template::read();
    for (function, (_, properties)) in template.functions() {
        let plain: String = function.chars().filter(char::is_ascii_alphanumeric).collect();
        let logs = template.properties(&format!("LogsOf{plain}"));
        assert_eq!(logs["LogGroupName"], properties["LoggingConfig"]["LogGroup"], "{function}");
        assert!(!logs["RetentionInDays"].is_null(), "{function}");
        for (alarm, metric) in [("ErrorsOf", "Errors"), ("ThrottlesOf", "Throttles")] {
            let alarm = template.properties(&format!("{alarm}{plain}"));
            assert_eq!(alarm["MetricName"], metric);
            assert_eq!(alarm["Dimensions"][0]["Value"], properties["FunctionName"], "{function}");
        }
    }
}

#[test]
fn every_scheduled_function_has_an_alarm_on_its_silence() {
    let template = Template::read();
    let functions = template.functions();
    for (schedule, properties) in template.all("AWS::Scheduler::Schedule") {
        let target = super::reading::named(&properties["Target"]["Arn"]);
        let (function, (_, deployed)) =
            functions.iter().find(|(_, (name, _))| *name == target).expect(schedule);
        let plain: String = function.chars().filter(char::is_ascii_alphanumeric).collect();
        let alarm = template.properties(&format!("SilenceOf{plain}"));
        assert_eq!(alarm["MetricName"], "ticks");
        assert_eq!(alarm["Dimensions"][0]["Value"], deployed["FunctionName"]);
        assert_eq!(alarm["TreatMissingData"], "breaching");
    }
}

#[test]
fn every_alarm_tells_somebody_when_it_begins_and_when_it_ends() {
    for (name, properties) in Template::read().all("AWS::CloudWatch::Alarm") {
        for when in ["AlarmActions", "OKActions"] {
            assert!(properties[when].as_array().is_some_and(|actions| !actions.is_empty()), "{name}: {when}");
        }
    }
}
