//! The owner answers a message with *done*; then the owner and the journal both crash.
//!
//! An acknowledged message survives, because it was synced before the owner answered. A record
//! that was written but not synced may be complete, torn or lost after the crash; no client has
//! received it.

use guildhall_core::time::Span;
use guildhall_plan::fault::{Family, GuildPhase};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", paris, &[guild]);

    s.wait_between(3_000..=5_000);
    let crashes = s.size("crashes", 1..=3);
    for _ in 0..crashes {
        let down = s.span("down", 200..=6_000);
        let unsynced = s.one_in("unsynced", 2);
        if unsynced {
            s.when_guild(guild, GuildPhase::Written).journal_crash(guild, down);
        }
        s.chat(&[alice, bob], general, 4, 0..=200);
        s.wait_between(0..=300);
        if !unsynced {
            s.journal_crash(guild, down);
        }
        s.crash(berlin, down);
        s.chat(&[alice], general, 2, 0..=300);
        s.wait(down);
        s.wait_between(500..=3_000);
    }
    s.chat(&[alice, bob], general, 3, 0..=500);

    s.wait(Span::secs(20));
    s.weather(&[Family::Journal, Family::Node]);
    s.expect("request done");
    s.expect("records lost before their sync");
    s.expect("guild taken up by a new owner");
    s.until_nothing_is_left();
}
