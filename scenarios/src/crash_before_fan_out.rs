//! The guild's owner crashes after the journal has stored a message and before any relay has
//! received it.
//!
//! The message is committed, although its owner never learned of that. The next owner reads it
//! from the journal and continues after it. Every session receives the message once. Its author
//! retransmits the request and gets the response.

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
    s.chat(&[alice, bob], general, 3, 0..=500);
    let crashes = s.size("crashes", 1..=3);
    for _ in 0..crashes {
        let down = s.span("down", 200..=8_000);
        let moment = if s.one_in("kept", 2) { GuildPhase::Kept } else { GuildPhase::Appending };
        s.when_guild(guild, moment).crash(berlin, down);
        s.chat(&[alice, bob], general, 4, 0..=300);
        s.wait(down);
        s.wait_between(1_000..=4_000);
    }
    s.chat(&[alice, bob], general, 3, 0..=500);

    s.wait(Span::secs(20));
    s.weather(&[Family::Journal, Family::Peer]);
    s.expect("record committed that its owner never learnt of");
    s.expect("guild taken up by a new owner");
    s.expect("request retried");
    s.until_nothing_is_left();
}
