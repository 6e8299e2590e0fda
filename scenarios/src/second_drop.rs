//! Alice's connection breaks again while the node replays her missed messages.
//!
//! The second resume must start from the sequence number that Alice reports, not from the last
//! event that was written to the broken connection. Real clients have lost the end of a replay in
//! this way.

use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Family, ClientPhase};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    // Low bandwidth makes a replay last long enough to be interrupted.
    let bandwidth = s.count("bandwidth", 4_000..=40_000);
    s.network().bandwidth = Some(bandwidth);
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);

    s.wait_between(1_000..=2_000);
    s.chat(&[bob], general, 2, 0..=300);
    s.cut(alice, CutKind::Reset);
    let drops = s.size("drops", 1..=4);
    for _ in 0..drops {
        s.when(alice, ClientPhase::Replaying).cut(alice, CutKind::Reset);
    }
    let missed = s.size("missed", 10..=40);
    s.chat(&[bob], general, missed, 0..=60);
    s.wait(Span::secs(30));
    s.chat(&[alice, bob], general, 3, 0..=500);

    s.wait(Span::secs(5));
    s.weather(&[Family::Link, Family::Clock]);
    s.expect("second drop during a replay");
    s.expect("resume with a non-empty replay");
    s.until_nothing_is_left();
}
