//! Alice closes her laptop and opens it again, several times, while the others talk.
//!
//! Her client reads nothing meanwhile, and its timers expire late, all at once. Her connection
//! stays open until its node misses her heartbeats. After a short sleep she reads on. After a long
//! one she resumes, or begins a new session if hers has expired. She misses no message.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);
    s.limits().heartbeat_interval = Span::secs(5);
    s.limits().session_ttl = Span::secs(20);

    s.wait_between(1_000..=3_000);
    s.chat(&[alice, bob], general, 2, 0..=300);
    for _ in 0..s.size("sleeps", 1..=3) {
        // Within a heartbeat interval, past the node's patience, or past the session.
        let most = [3_000, 15_000, 60_000][s.count("kind", 0..=2) as usize];
        let lasts = s.span("sleep", 500..=most);
        // She has just asked for something, and sleeps when the answer comes.
        s.say(alice, general, "good night");
        s.suspend(alice, lasts);
        s.chat(&[bob], general, 3, 0..=500);
        s.wait(lasts);
        s.wait_between(0..=2_000);
        s.chat(&[alice, bob], general, 2, 0..=500);
    }

    s.wait(Span::secs(5));
    s.weather(&[Family::Client, Family::Link]);
    s.expect("resume accepted");
    s.expect("silent connection cut");
    s.expect("session expired");
    s.until_nothing_is_left();
}
