//! Alice loses her connection during a conversation, resumes, and misses no message.
//!
//! While she is disconnected, her session continues to number the events for her. She resumes from
//! the last sequence number that she received. The node replays the later events under the same
//! numbers, sends RESUMED, and continues with live events.

use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Family};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);

    s.wait_between(1_000..=3_000);
    s.chat(&[alice, bob], general, 4, 0..=500);
    for _ in 0..s.size("drops", 1..=3) {
        let how = if s.one_in("fin", 3) { CutKind::Fin } else { CutKind::Reset };
        s.cut(alice, how);
        s.chat(&[bob], general, 3, 0..=400);
        s.wait_between(500..=4_000);
        s.chat(&[alice, bob], general, 2, 0..=500);
    }

    s.wait(Span::secs(5));
    s.weather(&[Family::Link, Family::Node, Family::Clock]);
    s.expect("resume with a non-empty replay");
    s.until_nothing_is_left();
}
