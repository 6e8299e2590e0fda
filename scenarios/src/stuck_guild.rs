//! The journal of one guild is stuck, beside a healthy guild of the same owner and members.
//!
//! Requests to the stuck guild wait, or are answered *busy*. The healthy guild goes on for the same
//! sessions as if nothing had happened. When the journal answers again, what waited is done.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::{EndpointRef, Script};

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let stuck = s.guild("rustaceans", berlin);
    let healthy = s.guild("gophers", berlin);
    let (general, lobby) = (s.channel(stuck, "general"), s.channel(healthy, "lobby"));
    let alice = s.member("alice", paris, &[stuck, healthy]);
    let bob = s.member("bob", berlin, &[stuck, healthy]);
    s.limits().unsynced = s.count("unsynced", 1..=4);

    s.wait_between(1_000..=3_000);
    s.chat(&[alice, bob], general, 2, 0..=200);
    let lasts = s.span("stuck", 2_000..=8_000);
    if s.one_in("silent", 2) {
        s.hold(EndpointRef::Journal(stuck), EndpointRef::Nodes, lasts);
    } else {
        s.journal_slow(stuck, Span::secs(2), lasts);
    }
    for _ in 0..s.size("lines", 3..=10) {
        s.chat(&[alice, bob], general, 1, 0..=50);
        s.chat(&[alice, bob], lobby, 2, 0..=150);
    }
    s.type_in(alice, lobby);

    s.wait(Span::secs(15));
    s.weather(&[Family::Link, Family::Clock]);
    s.expect("request busy");
    s.expect("request retried");
    s.expect("request done");
    s.expect("typing told");
    s.until_nothing_is_left();
}
