//! The journal crashes while it grants an epoch, and another node becomes the owner in the
//! meantime.
//!
//! The journal stores the fence in the log. If the record of a grant is lost, no node has that
//! epoch, and the next node that asks may get it. An epoch therefore never has two owners, each of
//! which would take the other's records for its own. The previous owner does not know of its
//! successors, and still sends typing events to carol, who is connected to it.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris, oslo) = (s.node("berlin"), s.node("paris"), s.node("oslo"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", oslo, &[guild]);
    let carol = s.member("carol", berlin, &[guild]);

    s.wait_between(2_000..=4_000);
    s.chat(&[alice, bob], general, 3, 0..=300);
    s.wait_between(200..=500);
    // Oslo asks for the epoch first, and is cut off from paris; paris asks when the journal is up
    // again.
    let (sync, down) = (s.span("sync", 200..=800), s.span("down", 100..=1_500));
    let lasts = s.span("apart", 6_000..=15_000);
    s.partition(oslo, paris, lasts);
    s.partition_one_way(paris, berlin, lasts);
    s.partition_one_way(oslo, berlin, lasts);
    s.journal_slow(guild, sync, sync + down);
    s.reassign(guild, oslo);
    s.wait(sync.scaled(1, 2));
    s.journal_crash(guild, down);
    s.reassign(guild, paris);
    s.wait(down);
    s.wait_between(500..=3_000);
    s.chat(&[alice, bob], general, 4, 50..=600);
    s.type_in(carol, general);
    s.chat(&[alice, bob], general, 8, 50..=600);
    s.wait(lasts);
    s.chat(&[alice, bob], general, 3, 0..=300);

    s.wait(Span::secs(20));
    s.weather(&[Family::Clock, Family::Link]);
    s.expect("grant of an epoch lost by the journal");
    s.expect("guild taken up by a new owner");
    s.expect("ephemeral event of an owner that is over");
    s.until_nothing_is_left();
}
