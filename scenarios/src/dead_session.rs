//! Alice is disconnected until her session expires. Her resume is refused, and she starts a new
//! session.
//!
//! The node refuses with INVALID_SESSION (op 9) and leaves the connection open. Alice identifies
//! on the same connection and gets a new session. Its READY has sequence number 1, and its
//! GUILD_CREATE is not older than the state that she already had.

use guildhall_core::time::Span;
use guildhall_plan::fault::{Family, Direction};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    // The session expires before its client notices the disconnect.
    let ttl = s.span("ttl", 1_000..=8_000);
    s.limits().session_ttl = ttl;
    s.limits().heartbeat_interval = Span::secs(10);
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);

    // A second device of the same user: the expired session must not affect its session. It may
    // identify so soon after the first device that the node delays it.
    if s.one_in("phone", 2) {
        s.wait_between(0..=6_000);
        s.second_client("phone", alice);
    }

    s.wait_between(1_000..=3_000);
    s.chat(&[alice, bob], general, 3, 0..=500);
    s.blackhole(alice, Direction::Both);
    s.chat(&[bob], general, 6, 1_000..=8_000);
    s.wait_between(10_000..=40_000);
    s.chat(&[alice, bob], general, 2, 0..=500);

    s.wait(Span::secs(5));
    s.weather(&[Family::Link, Family::Clock]);
    s.expect("session expired");
    s.expect("resume refused: no session");
    s.until_nothing_is_left();
}
