//! One of many clients reads too slowly while bob sends messages fast.
//!
//! The node disconnects the slow client when too much live traffic is queued for it. The client
//! may resume. It loses its session only when an event that it has not received has left the
//! replay window. The other clients are not affected.

use guildhall_core::time::Span;
use guildhall_plan::fault::{Family, Direction};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let unsent = s.count("unsent", 4..=40);
    let kept = unsent + 1 + s.count("kept", 0..=60);
    s.limits().live_unsent = unsent;
    s.limits().channels = unsent / 2 - 1;
    s.limits().replay_dispatches = kept;
    let listeners = s.size("listeners", 5..=40);
    s.crowd("listener", listeners, paris, &[guild], Span::secs(1));
    let bob = s.member("bob", berlin, &[guild]);
    let slug = s.member("slug", paris, &[guild]);

    s.wait_between(2_000..=4_000);
    s.network().window = 4_096;
    let bandwidth = s.count("bandwidth", 300..=8_000);
    let lasts = s.span("slow", 5_000..=30_000);
    if s.one_in("stalled", 3) {
        s.stall(slug, Direction::Down, lasts);
    } else {
        s.slow(slug, bandwidth, lasts);
    }
    let lines = s.size("lines", 40..=150);
    s.chat(&[bob], general, lines, 5..=150);

    s.wait(Span::secs(10));
    s.weather(&[Family::Link, Family::Clock]);
    s.network().window = 4_096;
    s.expect("slow connection cut");
    s.expect("session overflowed");
    s.expect("resume accepted");
    s.until_nothing_is_left();
}
