//! Alice has a slow line, and the snapshot of her guild is so large that it takes longer than a
//! heartbeat interval: the answers to her heartbeats stand behind it.
//!
//! She takes it piece by piece while the others go on writing. Her line may break in the middle of
//! it: she resumes, and ends up with the guild as it is.

use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Family};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    for nth in 0..s.size("channels", 40..=120) {
        s.channel(guild, &format!("topic-{nth}"));
    }
    let bob = s.member("bob", berlin, &[guild]);
    s.crowd("members", 20, berlin, &[guild], Span::secs(1));
    s.wait_between(500..=1_500);
    let alice = s.member("alice", paris, &[guild]);
    let bandwidth = s.count("bandwidth", 500..=2_000);
    s.limits().heartbeat_interval = s.span("interval", 2_000..=4_000);
    s.wait_between(50..=200);
    s.slow(alice, bandwidth, Span::secs(20));

    let lines = s.size("lines", 4..=20);
    s.chat(&[bob], general, lines / 2, 0..=300);
    if s.one_in("breaks", 2) {
        s.cut(alice, CutKind::Reset);
    }
    s.chat(&[alice, bob], general, lines / 2, 0..=300);

    s.wait(Span::secs(15));
    s.weather(&[Family::Link, Family::Peer]);
    s.network().window = 4_096;
    s.expect("snapshot longer than a heartbeat interval");
    s.expect("resume accepted");
    s.expect("request done");
    s.until_nothing_is_left();
}
