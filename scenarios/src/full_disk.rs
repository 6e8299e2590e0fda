//! The journal's disk is full for a while, or a sync fails.
//!
//! A journal that is full stores nothing of a rejected write, and the guild answers *busy* until
//! there is space. A failed sync is final for the owner: it steps down and answers none of the
//! requests that it had staged. The next owner continues from the records that were stored.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);
    let unsynced = s.count("unsynced", 1..=10);
    s.limits().unsynced = unsynced;

    s.wait_between(1_000..=3_000);
    let times = s.size("times", 1..=3);
    for _ in 0..times {
        if s.one_in("fails", 2) {
            s.journal_fail(guild);
        } else {
            let lasts = s.span("full", 500..=8_000);
            let room = s.count("room", 0..=5);
            s.journal_full(guild, room, lasts);
        }
        s.chat(&[alice, bob], general, 10, 0..=300);
        s.wait_between(1_000..=4_000);
    }
    s.chat(&[alice, bob], general, 3, 0..=500);

    s.wait(Span::secs(20));
    s.weather(&[Family::Journal, Family::Node]);
    s.expect("journal answered: full");
    s.expect("journal answered: failed");
    s.expect("owner stepped down: sync failed");
    s.expect("request busy");
    s.until_nothing_is_left();
}
