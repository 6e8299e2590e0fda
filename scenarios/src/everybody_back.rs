//! All nodes that host sessions crash at once, and all clients reconnect at once.
//!
//! Hundreds of members identify again while guilds continue to send events. Every queue has a
//! limit, and a crash costs a guild one message for each relay or node, never one for each member.
//! Two of Discord's outages began with the guilds' reaction to such a crash.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris, oslo) = (s.node("berlin"), s.node("paris"), s.node("oslo"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let other = s.guild("gophers", berlin);
    let lobby = s.channel(other, "lobby");
    let sessions = s.size("sessions", 10..=60);
    s.crowd("member", sessions, paris, &[guild, other], Span::secs(2));
    let others = s.size("others", 5..=30);
    s.crowd("guest", others, oslo, &[guild], Span::secs(2));
    let bob = s.member("bob", berlin, &[guild, other]);
    let every = s.span("identify", 100..=2_000);
    s.limits().identify_every = every;

    s.wait_between(3_000..=5_000);
    s.chat(&[bob], general, 4, 0..=300);
    let down = s.span("down", 100..=5_000);
    s.crash(paris, down);
    s.crash(oslo, down);
    s.chat(&[bob], lobby, 3, 0..=500);
    s.chat(&[bob], general, 3, 0..=500);
    s.wait(down);
    s.chat(&[bob], general, 5, 0..=1_000);

    s.wait(Span::secs(20));
    s.weather(&[Family::Node, Family::Link]);
    s.expect("session lost with its node");
    s.expect("resume refused: no session");
    s.until_nothing_is_left();
}
