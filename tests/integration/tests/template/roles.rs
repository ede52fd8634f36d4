//! What each function's role may do: written here a second time, so that no right is added by the way.

use std::collections::BTreeSet;

use serde_json::Value;

use super::reading::{Template, list, named};

/// One function's rights.
struct Rights {
    function: &'static str,
    /// Actions of `DynamoDB` on the table itself.
    table: &'static [&'static str],
    /// Indexes that are queried.
    indexes: &'static [&'static str],
    /// Queues that are sent to.
    sends: &'static [&'static str],
    /// Queues of which is asked how much they hold.
    measures: &'static [&'static str],
    /// Queues that start the function.
    receives: &'static [&'static str],
    /// Actions of Secrets Manager, each with the names of the secrets behind `assay/<stack>/`.
    secrets: &'static [(&'static str, &'static [&'static str])],
}

/// What opens a session: the connection's credentials, and the OAuth app of its tenant.
const CREDENTIALS: &[&str] = &["*/connection/*", "*/oauth-app-*"];

/// Where rotated grants are put.
const GRANTS: &[&str] = &["*/connection/*"];

/// All queues, and those in which their dead letters are.
const QUEUES: [&str; 6] =
    ["SyncQueue", "ChecksQueue", "UsageQueue", "SyncDeadLetters", "ChecksDeadLetters", "UsageDeadLetters"];

const EXPECTED: [Rights; 8] = [
    Rights {
        function: "api",
        table: &["GetItem", "Query", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem"],
        indexes: &[],
        sends: &["SyncQueue", "ChecksQueue", "UsageQueue"],
        measures: &QUEUES,
        receives: &[],
        secrets: &[
            ("GetSecretValue", &["*"]),
            ("PutSecretValue", &["*"]),
            ("CreateSecret", &["*"]),
            ("DeleteSecret", &["*"]),
        ],
    },
    Rights {
        function: "console",
        // It carries out what the API does, in process; and keeps sessions.
        table: &["GetItem", "Query", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem"],
        indexes: &[],
        sends: &["SyncQueue", "ChecksQueue", "UsageQueue"],
        measures: &QUEUES,
        receives: &[],
        secrets: &[
            ("GetSecretValue", &["*"]),
            ("PutSecretValue", &["*"]),
            ("CreateSecret", &["*"]),
            ("DeleteSecret", &["*"]),
        ],
    },
    Rights {
        function: "oauth-callback",
        // The attempt is taken by deleting it.
        table: &["GetItem", "PutItem", "UpdateItem", "DeleteItem"],
        indexes: &[],
        sends: &["ChecksQueue"],
        measures: &[],
        receives: &[],
        secrets: &[("GetSecretValue", CREDENTIALS), ("PutSecretValue", GRANTS), ("CreateSecret", GRANTS)],
    },
    Rights {
        function: "evaluate-checks",
        table: &["GetItem", "Query", "BatchGetItem", "PutItem", "UpdateItem"],
        indexes: &["due"],
        sends: &["SyncQueue", "ChecksQueue"],
        measures: &[],
        receives: &["ChecksQueue"],
        secrets: &[("GetSecretValue", CREDENTIALS), ("PutSecretValue", GRANTS)],
    },
    Rights {
        function: "ingest-usage",
        // A list that became shorter leaves pages behind, which are deleted.
        table: &["GetItem", "Query", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem"],
        indexes: &["due", "issue"],
        sends: &["UsageQueue"],
        measures: &[],
        receives: &["UsageQueue"],
        secrets: &[
            ("GetSecretValue", &["*/connection/*", "*/oauth-app-*", "*/organisation/*", "*/signing/*"]),
            ("PutSecretValue", &["*/connection/*", "*/signing/*"]),
            ("CreateSecret", &["*/signing/*"]),
        ],
    },
    Rights {
        function: "create-tickets",
        // The trace's older half is put as an item of its own.
        table: &["GetItem", "Query", "BatchGetItem", "PutItem", "UpdateItem"],
        indexes: &[],
        sends: &["SyncQueue"],
        measures: &[],
        receives: &["SyncQueue"],
        secrets: &[
            ("GetSecretValue", &["*/connection/*", "*/oauth-app-*", "*/github/access-*"]),
            ("PutSecretValue", GRANTS),
        ],
    },
    Rights {
        function: "receive-webhooks",
        table: &["GetItem", "Query", "PutItem", "UpdateItem"],
        indexes: &["issue"],
        sends: &["SyncQueue"],
        measures: &[],
        receives: &[],
        // What signs webhooks, and no credentials of connections.
        secrets: &[("GetSecretValue", &["*/webhook/*", "*/oauth-app-*", "*/github/webhook-*"])],
    },
    Rights {
        function: "maintain",
        table: &["GetItem", "Query", "BatchGetItem", "PutItem", "UpdateItem"],
        indexes: &["due"],
        sends: &["SyncQueue"],
        measures: &[],
        receives: &[],
        // What opens sessions, and where notifications are sent.
        secrets: &[
            ("GetSecretValue", &["*/connection/*", "*/oauth-app-*", "*/channel/*", "*/github/access-*"]),
            ("PutSecretValue", GRANTS),
            ("DeleteSecret", &["*/connection/*", "*/webhook/*", "*/organisation/*"]),
        ],
    },
];

/// What a consumer of a queue does with it.
const RECEIVING: [&str; 4] =
    ["ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes"];

impl Rights {
    /// Each right as "action on resource".
    fn all(&self) -> BTreeSet<String> {
        let table = self.table.iter().map(|action| format!("dynamodb:{action} on Table"));
        let indexes = self.indexes.iter().map(|index| format!("dynamodb:Query on Table/index/{index}"));
        let sends = self.sends.iter().map(|queue| format!("sqs:SendMessage on {queue}"));
        let measures = self.measures.iter().map(|queue| format!("sqs:GetQueueAttributes on {queue}"));
        let receives = self
            .receives
            .iter()
            .flat_map(|queue| RECEIVING.iter().map(move |action| format!("sqs:{action} on {queue}")));
        let secrets = self.secrets.iter().flat_map(|(action, names)| {
            names.iter().map(move |name| format!("secretsmanager:{action} on secret {name}"))
        });
        let logs = ["CreateLogStream", "PutLogEvents"]
            .map(|action| format!("logs:{action} on log group {}", self.function));
        table.chain(indexes).chain(sends).chain(measures).chain(receives).chain(secrets).chain(logs).collect()
    }
}

#[test]
fn each_role_may_do_what_its_function_needs_and_nothing_else() {
    let template = Template::read();
    let functions = template.functions();
    let described: BTreeSet<&str> = EXPECTED.iter().map(|rights| rights.function).collect();
    assert_eq!(functions.keys().map(String::as_str).collect::<BTreeSet<_>>(), described);
    for expected in &EXPECTED {
        let (_, properties) = &functions[expected.function];
        let role = template.properties(named(&properties["Role"]));
        assert_eq!(given(role), expected.all(), "{}", expected.function);
        let managed: Vec<&str> = list(&role["ManagedPolicyArns"]).into_iter().map(named).collect();
        assert_eq!(managed, ["UseKey"], "{}", expected.function);
    }
}

#[test]
fn no_two_functions_share_a_role() {
    let template = Template::read();
    let functions = template.functions();
    let roles: BTreeSet<&str> =
        functions.values().map(|(_, properties)| named(&properties["Role"])).collect();
    assert_eq!(roles.len(), functions.len());
}

#[test]
fn the_key_is_used_only_through_the_services_that_hold_data_with_it() {
    let template = Template::read();
    let policy = template.properties("UseKey");
    let [statement] = list(&policy["PolicyDocument"]["Statement"])[..] else { panic!("one statement") };
    let actions: BTreeSet<&str> = list(&statement["Action"]).into_iter().filter_map(Value::as_str).collect();
    assert_eq!(
        actions,
        BTreeSet::from(["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"])
    );
    assert_eq!(named(&statement["Resource"]), "Key");
    let services: Vec<&str> = list(&statement["Condition"]["StringEquals"]["kms:ViaService"])
        .into_iter()
        .filter_map(|service| service["Fn::Sub"].as_str()?.split('.').next())
        .collect();
    assert_eq!(services, ["dynamodb", "sqs", "secretsmanager"]);
}

#[test]
fn the_http_api_and_the_schedules_may_start_only_what_they_route_to() {
    let template = Template::read();
    for (name, permission) in template.all("AWS::Lambda::Permission") {
        let source = permission["SourceArn"]["Fn::Sub"].as_str().unwrap();
        let route = source.split_once("${HttpApi}").map(|(_, route)| route);
        assert!(route.is_some_and(|route| route != "/*/*"), "{name} opens every route: {source}");
    }
    let scheduler = given(template.properties("SchedulerRole"));
    let started: BTreeSet<String> = template
        .all("AWS::Scheduler::Schedule")
        .values()
        .map(|schedule| format!("lambda:InvokeFunction on {}", named(&schedule["Target"]["Arn"])))
        .collect();
    assert_eq!(scheduler, started);
}

/// What a role's own policies give, each right as "action on resource".
fn given(role: &Value) -> BTreeSet<String> {
    let mut rights = BTreeSet::new();
    for policy in list(&role["Policies"]) {
        for statement in list(&policy["PolicyDocument"]["Statement"]) {
            assert_eq!(statement["Effect"], "Allow", "{statement}");
            for action in list(&statement["Action"]) {
                for resource in list(&statement["Resource"]) {
                    rights.insert(format!("{} on {}", action.as_str().unwrap(), short(resource)));
                }
            }
        }
    }
    rights
}

/// A resource by its name in the template; a secret and a log group by what tells them apart.
fn short(resource: &Value) -> String {
    let Some(text) = resource["Fn::Sub"].as_str() else { return named(resource).to_owned() };
    if let Some((_, name)) = text.split_once(":secret:assay/${AWS::StackName}/") {
        return format!("secret {name}");
    }
    if let Some((_, name)) = text.split_once(":log-group:/aws/lambda/${AWS::StackName}-") {
        return format!("log group {}", name.trim_end_matches(":*"));
    }
    text.replace("${Table.Arn}", "Table")
}
