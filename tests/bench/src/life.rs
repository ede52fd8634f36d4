//! What the life of a task costs in Jira: its ticket is created, written into twice, and closed; in both modes, with all tasks
//! changing together and each by itself.
//!
//! Creation is together in any case, since one evaluation finds the tasks. The two edits are new titles, which both modes
//! write. An issue that a batch shares is written into no faster than Jira allows, so a minute lies between two changes.

use std::time::Instant;

use assay::clock::seconds_between;
use assay::operations::planning::Planner;
use assay::sync_setting::Mode;
use assay::task::{Edit, Task};
use assay_test_support::table::{Operations, reach_counted};
use assay_test_support::world::{World, wish};
use jiff::Timestamp;
use jira_sim::Seed;

use crate::prices::{TENANTS, dollars};
use crate::work::{self, Told, as_float};
use crate::{say, table};

/// Tasks that live.
const TASKS: u64 = 100;

/// Tasks of a tenant whose life begins and ends in a month.
const LIVES: f64 = 100.0;

/// Seconds between two changes.
const BETWEEN: i64 = 60;

/// How tasks change.
#[derive(Clone, Copy)]
enum Pace {
    /// All of them, and then their tickets are worked on.
    Together,
    /// One, and its ticket is worked on; then the next.
    EachByItself,
}

/// A chapter of a life: what was called in it.
type Chapter = Vec<(String, u64)>;

/// Measures and prints.
pub async fn report() {
    let mut rows = Vec::new();
    for (mode, mode_name) in [(Mode::Individual, "individual"), (Mode::Batch, "batch")] {
        for (pace, pace_name) in
            [(Pace::Together, "all change together"), (Pace::EachByItself, "each changes by itself")]
        {
            let name = format!("{mode_name}, {pace_name}");
            rows.push(Life::begin(mode).await.lead(&name, pace).await);
        }
    }
    let price = format!("price, {TENANTS:.0} tenants and a month of {LIVES:.0} lives");
    let heads = [
        "mode",
        "create",
        "first edit",
        "second edit",
        "close",
        "calls to Jira",
        "points",
        "items written",
        "write units",
        &price,
    ];
    table::print(&format!("Life of a task, for each of {TASKS}, against the simulator"), &heads, &rows);
}

/// Tasks on their way.
struct Life {
    world: World,
    operations: Operations,
    /// Calls that were counted already.
    counted: usize,
    messages: usize,
}

impl Life {
    /// Tasks that were found, with tickets that are planned.
    async fn begin(mode: Mode) -> Self {
        let seed = Seed {
            change_tickets: TASKS,
            change_unassigned: TASKS,
            incidents: 0,
            incidents_overdue: 0,
            ..Seed::default()
        };
        let mut world = work::world(seed, wish()).await;
        let operations = Operations::default();
        world.access.core.store = reach_counted(&world.table_address, &operations);
        for mut setting in world.settings().await {
            setting.mode = mode;
            world.store().save_setting(&mut setting).await.expect("the setting is saved");
        }
        world.evaluate().await;
        let _ = operations.take();
        let counted = world.jira.simulator.journal().len();
        Self { world, operations, counted, messages: 0 }
    }

    /// The row of the table.
    async fn lead(mut self, name: &str, pace: Pace) -> Vec<String> {
        let begun = Instant::now();
        self.work_off().await;
        let mut chapters = vec![self.chapter()];
        for (number, word) in ["soon", "today"].into_iter().enumerate() {
            let edit = |task: &mut Task, now| {
                let title = Some(format!("Assign change ticket {} {word}", task.subject.key));
                task.edit(&Edit { title, ..Edit::default() }, now)
            };
            self.change_all(pace, edit).await;
            chapters.push(self.chapter());
            say(&format!("{name}, edit {}: {}", number + 1, work::summary(&chapters[number + 1])));
        }
        self.change_all(pace, |task, now| task.complete("bench", "it is measured", now)).await;
        chapters.push(self.chapter());
        say(&format!("{name}, close: {}", work::summary(&chapters[3])));
        let left = self.world.tickets().await.iter().filter(|ticket| ticket.state.word() != "closed").count();
        if left > 0 {
            say(&format!("{name}: {left} tickets are not closed, so these figures are of no whole lives"));
        }
        self.row(name, &chapters, begun.elapsed().as_secs_f64())
    }

    fn row(&self, name: &str, chapters: &[Chapter], seconds: f64) -> Vec<String> {
        let tasks = as_float(TASKS);
        let each = |count: u64| format!("{:.2}", as_float(count) / tasks);
        let calls: Chapter = chapters.iter().flatten().cloned().collect();
        let told = Told { seconds, counts: self.operations.take(), ..Told::default() };
        let messages = as_float(self.messages as u64);
        let usage = told.usage(calls.len(), messages, messages);
        let mut row = vec![name.to_owned()];
        row.extend(chapters.iter().map(|chapter| each(chapter.len() as u64)));
        row.extend([
            each(calls.len() as u64),
            each(work::points(&calls)),
            each(told.writes()),
            format!("{:.1}", told.counts.write_units / tasks),
            dollars(usage.price(LIVES / tasks)),
        ]);
        row
    }

    /// What was called since the last chapter ended.
    fn chapter(&mut self) -> Chapter {
        let calls = work::calls_since(&self.world, self.counted);
        self.counted += calls.len();
        calls
    }

    async fn change_all(&mut self, pace: Pace, change: impl Fn(&mut Task, Timestamp) -> bool) {
        let tasks = self.world.tasks().await;
        let at_once = match pace {
            Pace::Together => tasks.len().max(1),
            Pace::EachByItself => 1,
        };
        for some in tasks.chunks(at_once) {
            self.world.time.advance(BETWEEN);
            self.change(some, &change).await;
            self.work_off().await;
        }
    }

    /// Changes tasks as the API does, and plans what follows.
    async fn change(&self, tasks: &[Task], change: impl Fn(&mut Task, Timestamp) -> bool) {
        let (world, now) = (&self.world, self.world.time.now());
        let mut changed = tasks.to_vec();
        changed.retain_mut(|task| change(task, now));
        for saved in world.store().save_tasks(&changed).await {
            saved.expect("the task is saved");
        }
        let ids: Vec<_> = tasks.iter().map(|task| task.id.clone()).collect();
        let stored = world.store().tasks_by_id(&world.tenant, &ids).await.expect("tasks");
        let planner = Planner { core: world.access.core.clone(), sync: world.sync.clone() };
        planner.plan_stored(&world.tenant, &stored).await.expect("a plan");
    }

    async fn work_off(&mut self) {
        self.messages += work_off(&self.world).await;
    }
}

/// Delivers sync requests, each when its time comes, until none is left; how many there were at least.
pub async fn work_off(world: &World) -> usize {
    let mut messages = 0;
    while let Some(at) = world.sync.next_at() {
        world.time.advance(seconds_between(world.time.now(), at).max(0));
        messages += world.sync.len();
        world.work().await;
    }
    messages
}
