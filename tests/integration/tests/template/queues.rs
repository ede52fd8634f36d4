//! The queues: dead letters, visibility, what a batch's failure means, and the alarms.

use super::reading::{Template, named, target};

/// Times the consumer's time-out that a message stays hidden at the least.
/// Source: AWS, "Using Lambda with Amazon SQS", queue configuration.
const HIDDEN_TIMES: i64 = 6;

#[test]
fn every_queue_has_dead_letters_that_are_kept_longer_and_alarms_on_both() {
    let template = Template::read();
    let queues = template.all("AWS::SQS::Queue");
    let alarms = template.all("AWS::CloudWatch::Alarm");
    let alarm_on = |queue: &str, metric: &str| {
        alarms.values().any(|alarm| {
            alarm["MetricName"] == metric
                && alarm["Dimensions"]
                    .as_array()
                    .is_some_and(|dimensions| target(&dimensions[0]["Value"]) == Some(queue))
        })
    };
    let mut dead = Vec::new();
    for (name, queue) in queues.iter().filter(|(_, queue)| !queue["RedrivePolicy"].is_null()) {
        let target = target(&queue["RedrivePolicy"]["deadLetterTargetArn"]).expect("a queue");
        assert!(queue["RedrivePolicy"]["maxReceiveCount"].as_i64() >= Some(3), "{name}");
        let letters = queues.get(target).unwrap_or_else(|| panic!("{name} has no dead letters"));
        assert!(
            letters["MessageRetentionPeriod"].as_i64() > queue["MessageRetentionPeriod"].as_i64(),
            "{name}"
        );
        assert!(alarm_on(name, "ApproximateAgeOfOldestMessage"), "{name}");
        assert!(alarm_on(target, "ApproximateNumberOfMessagesVisible"), "{target}");
        dead.push(target);
    }
    for name in queues.keys() {
        assert!(
            dead.contains(name) || !queues[name]["RedrivePolicy"].is_null(),
            "{name} has no dead letters"
        );
    }
    assert_eq!(dead.len() * 2, queues.len(), "each queue has dead letters of its own");
}

#[test]
fn every_consumer_answers_for_each_message_and_its_time_ends_well_before_the_message_shows_again() {
    let template = Template::read();
    for (name, mapping) in template.all("AWS::Lambda::EventSourceMapping") {
        assert_eq!(mapping["FunctionResponseTypes"][0], "ReportBatchItemFailures", "{name}");
        let function = template.properties(named(&mapping["FunctionName"]));
        let queue = template.properties(named(&mapping["EventSourceArn"]));
        let timeout = function["Timeout"].as_i64().unwrap();
        let window = mapping["MaximumBatchingWindowInSeconds"].as_i64().unwrap_or(0);
        let hidden = queue["VisibilityTimeout"].as_i64().unwrap();
        assert!(hidden >= HIDDEN_TIMES * timeout + window, "{name}: {hidden} s for {timeout} s");
    }
}
