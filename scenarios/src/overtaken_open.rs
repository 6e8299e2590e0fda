//! A guild is given from node to node, and each new owner soon asks the journal again.
//!
//! The network is slow and messages overtake each other, so an open may reach the journal after a
//! later one of the same node was granted. It must not take the guild from the node that has just
//! got it.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::plan::Latency;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris, oslo) = (s.node("berlin"), s.node("paris"), s.node("oslo"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", oslo, &[guild]);
    s.network().peer = Latency::Uniform { low: Span::millis(1), high: Span::millis(100) };
    let again = s.span("again", 10..=30);
    s.limits().journal_again = again;

    s.wait_between(2_000..=4_000);
    let rounds = s.size("rounds", 1..=3);
    for _ in 0..rounds {
        for next in [paris, oslo, berlin] {
            s.reassign(guild, next);
            // Nothing is asked of the new owner for a while: a request would tell it at once what it
            // has lost.
            s.wait_between(8_000..=12_000);
            s.chat(&[alice, bob], general, 1, 0..=300);
        }
    }

    s.wait(Span::secs(10));
    s.weather(&[Family::Client]);
    s.expect("guild taken up by a new owner");
    s.expect("guild handed off while all was well");
    s.until_nothing_is_left();
}
