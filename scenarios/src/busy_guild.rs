//! A guild has many sessions, and two members send messages fast.
//!
//! This is the scenario for benchmarks. It is small by default; `--set sessions=100000` gives it
//! the size of Discord's largest guilds. It injects no faults.

use guildhall_core::time::Span;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let sessions = s.size("sessions", 20..=120);
    s.crowd("listener", sessions, paris, &[guild], Span::secs(2));
    let (alice, bob) = (s.member("alice", berlin, &[guild]), s.member("bob", paris, &[guild]));

    s.wait(Span::secs(4));
    let messages = s.size("messages", 20..=60);
    let period = u64::from(s.size("period_ms", 5..=50));
    s.chat(&[alice, bob], general, messages, period..=period);
    s.wait(Span::secs(2));
    s.expect("request done");
}
