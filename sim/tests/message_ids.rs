//! Message ids in the fast world, where wall clocks jump.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use guildhall_core::dispatch::Dispatch;
use guildhall_core::event::Event;
use guildhall_core::id::{Connection, MessageId, Seq};
use guildhall_core::step::{Head, JournalEvent, Observed, Observer};
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Verdict};
use guildhall_sim::run::run;

/// The ids of all messages, in the order of their commits.
#[derive(Default)]
struct Ids(Vec<MessageId>);

impl Observer for Ids {
    fn observe(&mut self, _: &Head, what: Observed<'_>) {
        if let Observed::JournalEvent { event: JournalEvent::Synced { records }, .. } = what {
            self.0.extend(records.iter().filter_map(|record| {
                let Event::Message(message) = &record.event else { return None };
                Some(message.id)
            }));
        }
    }

    fn dispatched(&mut self, _: &Head, _: Connection, _: Seq, _: &Arc<Dispatch>) {}
}

/// The owner's clock jumps to the last millisecond that an id holds; then another owner's jumps as
/// far as it can, and back.
const FAR_AHEAD: &str = r#"
seed = 16
weather = "30s"
node = [{ name = "berlin" }, { name = "paris" }]
guild = [
    { name = "g", owner = "berlin", standby = "paris", owner_user = "alice", channels = ["c"] },
]
client = [
    { name = "alice", node = "paris", guilds = ["g"] },
    { name = "bob", node = "paris", guilds = ["g"] },
]
action = [
    { at = "3s", client = "alice", do = "say", to = "g/c", text = "before" },
    { at = "4.5s", client = "alice", do = "say", to = "g/c", text = "at the edge" },
    { at = "9s", client = "alice", do = "say", to = "g/c", text = "over the edge" },
    { at = "14s", client = "alice", do = "say", to = "g/c", text = "from a sane clock" },
    { at = "17s", client = "alice", do = "say", to = "g/c", text = "for ever" },
    { at = "19s", client = "alice", do = "say", to = "g/c", text = "before the epoch" },
    { at = "25s", client = "alice", do = "say", to = "g/c", text = "well" },
]
fault = [
    { at = "4s", kind = "clock-jump", node = "berlin", by_ms = 2630820906504 },
    { at = "10s", kind = "reassign", guild = "g", to = "paris" },
    { at = "16s", kind = "clock-jump", node = "paris", by_ms = 9223372036854775807 },
    { at = "18s", kind = "clock-jump", node = "paris", by_ms = -9223372036854775808 },
]
"#;

#[test]
fn no_message_is_of_another_year() {
    let mut ids = Ids::default();
    let plan = Plan::from_toml(FAR_AHEAD).unwrap();
    let outcome = run(&plan, Options::default(), &mut ids).unwrap();
    assert_eq!((outcome.verdict, outcome.violations), (Verdict::Held, vec![]));
    // Those of the plan, and one of each client when the world has settled.
    assert_eq!(ids.0.len(), 9);
    assert!(ids.0.is_sorted_by(|one, next| one < next));
    // Runs begin on 1 January 2026.
    let begin = 1_767_225_600_000;
    for id in ids.0 {
        let ms = id.time().0 - begin;
        assert!((3_000..60_000).contains(&ms), "{ms} ms after the start");
    }
}
