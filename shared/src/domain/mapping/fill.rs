//! Filling a mapping: the content of the ticket of findings.

use crate::configuration::Configuration;
use crate::mapping::Mapped;
use crate::mapping::Source;
use crate::sync_setting::SyncSetting;
use crate::task::Task;
use crate::ticket::content::{batch_body, digest_of, one_line};
use crate::ticket::{Batch, Block, Content, Span};

/// The longest title that Jira takes, in characters.
///
/// Source: jira-facts 9, "Summary ≤255 characters and one line".
const LONGEST_TITLE: usize = 255;

/// The content of the ticket of findings: one of its own, or a batch of those that have something in common. `tasks` are
/// those of the ticket, of which there is at least one, in the order of their list.
pub fn content(
    tasks: &[&Task],
    setting: &SyncSetting,
    configuration: &Configuration,
    batch: Option<&Batch>,
) -> Content {
    let title = tasks.first().map_or("", |task| &task.title);
    let body: Vec<Block> = tasks
        .iter()
        .take(usize::from(batch.is_none()))
        .filter_map(|task| task.finding.as_ref())
        .map(|finding| Block::Paragraph(vec![Span::Text(finding.description.clone())]))
        .collect();
    let body_digest = if batch.is_none() {
        digest_of(&body, &[])
    } else {
        let whole = batch_body(tasks, &body);
        digest_of(&whole.description, &whole.comments)
    };
    let open = tasks.iter().filter(|task| task.is_open());
    let due_at = open.map(|task| task.due_at).min();
    let fields = configuration.mapping.rules.iter().filter_map(|rule| match &rule.source {
        Source::Jira { value } => {
            Some((rule.field.clone(), Mapped { value: value.clone(), required: rule.required }))
        }
        Source::Assay { .. } | Source::Typed { .. } => None,
    });
    Content {
        title: one_line(title, LONGEST_TITLE),
        body,
        body_digest,
        labels: setting.labels.clone(),
        assignee: None,
        due_on: due_at.map(|due_at| due_at.to_zoned(jiff::tz::TimeZone::UTC).date()),
        epic: setting.epic.clone(),
        fields: fields.collect(),
    }
}
