//! Alice's client crashes and restarts from a backup: it resumes after an older sequence number.
//!
//! The new process gets what the old one had taken since the backup, under the same numbers and
//! with the same content, and then everything later. If its session no longer keeps so much, its
//! RESUME is refused, and it begins a new session.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);

    s.wait_between(1_000..=3_000);
    for _ in 0..s.size("restarts", 1..=4) {
        s.chat(&[alice, bob], general, 4, 0..=300);
        let back = s.count("back", 0..=8);
        s.restore(alice, back);
        s.chat(&[bob], general, 2, 0..=300);
        s.wait_between(0..=4_000);
    }
    s.chat(&[alice, bob], general, 2, 0..=500);

    s.wait(Span::secs(5));
    s.weather(&[Family::Client, Family::Link, Family::Node]);
    s.expect("resume with a non-empty replay");
    s.expect("dispatch replayed");
    s.until_nothing_is_left();
}
