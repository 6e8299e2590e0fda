//! Strangers connect to alice's node with an unknown token, an impossible shard or invalid
//! intents, or resume alice's session from a sequence number that it has not reached.
//!
//! The node refuses each of them at once, and no other client is affected. Alice then ends her
//! session and connects again later. Nobody can resume the session that she ended.

use guildhall_core::time::Span;
use guildhall_plan::fault::{Family, InvalidLogin};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let (alice, bob) = (s.member("alice", paris, &[guild]), s.member("bob", berlin, &[guild]));

    s.wait_between(1_000..=3_000);
    for _ in 0..s.size("knocks", 4..=10) {
        let by = s.draw("by", 1_000..=1_000_000);
        match s.draw("says", 0..=5) {
            0 => s.invalid_login(alice, InvalidLogin::Token),
            1 => s.invalid_login(alice, InvalidLogin::Shard),
            2 => s.invalid_login(alice, InvalidLogin::Intents),
            3 => s.invalid_login(alice, InvalidLogin::Ahead { by }),
            4 => s.invalid_login(alice, InvalidLogin::FromStart),
            _ => s.hijack(alice, false),
        }
        s.chat(&[alice, bob], general, 2, 0..=1_000);
    }
    s.quit(alice);
    s.wait_between(0..=2_000);
    s.hijack(alice, true);
    s.chat(&[bob], general, 3, 0..=500);
    s.wait(Span::secs(6));
    s.start(alice);
    s.wait_between(1_000..=3_000);
    s.chat(&[alice, bob], general, 3, 0..=500);

    s.wait(Span::secs(10));
    s.weather(&[Family::Hostile, Family::Link, Family::Clock]);
    s.expect("identify refused: token");
    s.expect("identify refused: shard");
    s.expect("identify refused: intents");
    s.expect("resume refused: seq never sent");
    s.expect("resume refused: token");
    s.expect("resume refused: no session");
    s.expect("session quit");
    s.until_nothing_is_left();
}
