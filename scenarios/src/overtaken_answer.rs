//! Three users join the guild and Dave leaves it while their clients identify.
//!
//! The directory's answers are held back and arrive in any order; sometimes half of them are lost. So
//! the news of a join or a leave can come before the answer to the IDENTIFY, which knows nothing of
//! it, and may be the only news. Those who join must receive the guild all the same, and Dave must not
//! keep a place in it.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::{EndpointRef, Script};

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    s.belongs_to(guild, alice);
    // The node asks once for the guilds of a user, and often for what has changed.
    s.limits().reconcile_every = Span::millis(400);
    s.limits().ask_again = Span::secs(2);

    s.wait_between(2_000..=4_000);
    let lasts = s.span("held", 700..=1_600);
    s.hold(EndpointRef::Directory, paris, lasts);
    if s.one_in("lossy", 2) {
        s.loss(EndpointRef::Directory, paris, 50, lasts);
    }
    let [carol, erin, frank] = ["carol", "erin", "frank"].map(|name| s.outsider(name, paris));
    let dave = s.member("dave", paris, &[guild]);
    s.wait_between(20..=200);
    for who in [carol, erin, frank] {
        s.join(who, guild);
    }
    s.leave(dave, guild);
    s.wait(lasts);
    s.wait_between(500..=2_000);
    s.chat(&[alice, carol], general, 3, 0..=300);

    s.wait(Span::secs(10));
    s.weather(&[Family::Directory]);
    s.expect("member joined");
    s.expect("member removed");
    s.until_nothing_is_left();
}
