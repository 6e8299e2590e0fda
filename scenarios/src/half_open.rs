//! Alice's connection is half open: she has closed it, but her node learns of that only much
//! later.
//!
//! She resumes on a new connection while the old one still looks alive to the node. The node
//! fences the old connection. Its late close must change neither the session nor the new
//! connection.

use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Family, ClientPhase};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);

    s.wait_between(1_000..=3_000);
    s.chat(&[alice, bob], general, 3, 0..=500);
    let times = s.size("times", 1..=3);
    for _ in 0..times {
        let late = s.span("late", 500..=15_000);
        s.cut(alice, CutKind::HalfOpen { late });
        s.chat(&[bob], general, 4, 100..=1_500);
        s.wait_between(2_000..=12_000);
    }
    // The late word of the last one may come in the midst of a resume.
    s.when(alice, ClientPhase::Resuming).cut(alice, CutKind::HalfOpen { late: Span::secs(3) });
    s.chat(&[alice, bob], general, 4, 100..=1_000);

    s.wait(Span::secs(20));
    s.weather(&[Family::Link, Family::Node]);
    s.expect("superseded connection");
    s.expect("late close of a superseded connection");
    s.until_nothing_is_left();
}
