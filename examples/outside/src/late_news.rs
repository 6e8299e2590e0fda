//! Bob tells the news while Alice is disconnected. She resumes, and hears them.

use guildhall::prelude::*;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("newsroom", berlin);
    let news = s.channel(guild, "news");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);

    s.wait_between(2_000..=4_000);
    for _ in 0..s.size("cuts", 1..=3) {
        s.cut(alice, CutKind::Reset);
        s.chat(&[bob], news, 3, 0..=300);
        s.wait_between(3_000..=6_000);
    }

    s.expect("resume with a non-empty replay");
    s.until_nothing_is_left();
}
