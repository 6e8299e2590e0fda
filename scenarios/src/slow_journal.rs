//! The journal answers late, twice, or never.
//!
//! Without an answer, a record may or may not be stored. The owner asks again and publishes
//! nothing that is not durable. While too many records wait, it answers *busy* instead of queueing
//! without a limit.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);
    let unsynced = s.count("unsynced", 2..=12);
    s.limits().unsynced = unsynced;

    s.wait_between(1_000..=3_000);
    let spells = s.size("spells", 1..=3);
    for _ in 0..spells {
        let lasts = s.span("spell", 2_000..=15_000);
        let by = s.span("slow", 100..=4_000);
        let share = if s.one_in("never", 3) { 100 } else { 50 };
        if s.one_in("lossy", 2) {
            s.journal_loss(guild, share, lasts);
        } else {
            s.journal_slow(guild, by, lasts);
        }
        s.chat(&[alice, bob], general, 12, 0..=400);
        s.type_in(alice, general);
        s.wait(lasts);
    }
    s.chat(&[alice, bob], general, 3, 0..=500);

    s.wait(Span::secs(20));
    s.weather(&[Family::Journal, Family::Clock]);
    s.expect("request busy");
    s.expect("request retried");
    s.until_nothing_is_left();
}
