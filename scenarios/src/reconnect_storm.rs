//! Many clients lose their connections at once and reconnect at once.
//!
//! Dozens of sessions resume while the guild continues to send events. Clients that reconnect
//! after their session has expired start a new one. The sessions are spread over several relays. A
//! relay closes when its last session leaves.

use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Family};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let seats = s.count("seats", 5..=40);
    s.limits().relay_sessions = seats;
    let ttl = s.span("ttl", 2_000..=20_000);
    s.limits().session_ttl = ttl;
    let sessions = s.size("sessions", 10..=80);
    let crowd = s.crowd("member", sessions, paris, &[guild], Span::secs(2));
    let bob = s.member("bob", berlin, &[guild]);
    // Carol is on the crowd's node: the responses to her requests tell that node of positions that
    // the stream of events has not reached yet.
    let carol = s.member("carol", paris, &[guild]);

    s.wait_between(3_000..=5_000);
    s.chat(&[bob], general, 5, 0..=300);
    let storms = s.size("storms", 1..=2);
    for _ in 0..storms {
        let within = s.span("within", 0..=1_500);
        s.cut_crowd(crowd, CutKind::Reset, within);
        s.chat(&[bob, carol], general, 8, 50..=600);
        s.wait_between(1_000..=5_000);
    }

    s.wait(Span::secs(5));
    s.weather(&[Family::Node, Family::Clock, Family::Link]);
    s.expect("resume accepted");
    s.expect("session expired");
    s.expect("relay opened beside a full one");
    s.expect("relay closed");
    s.until_nothing_is_left();
}
