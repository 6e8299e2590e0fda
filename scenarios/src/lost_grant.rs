//! The journal crashes as it grants an epoch, and the guild is given to somebody else meanwhile.
//!
//! The fence goes to disk with the log: an epoch whose record was lost was granted to nobody, and
//! whoever asks next may have it. So there are never two owners of one epoch, each of whom takes what
//! the other has asked the journal to keep for its own. The last owner has heard of none of this, and
//! goes on telling carol, who sits beside it, who is typing.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

/// Its name on the command line.
pub const NAME: &str = "lost-grant";

/// Tells it.
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
    // Oslo asks first, and is cut off from paris; paris asks when the journal is back.
    let (sync, down) = (s.span("sync", 200..=800), s.span("down", 100..=1_500));
    let lasts = s.span("apart", 6_000..=15_000);
    s.partition(oslo, paris, lasts);
    s.mute(paris, berlin, lasts);
    s.mute(oslo, berlin, lasts);
    s.journal_slow(guild, sync, sync + down);
    s.move_guild(guild, oslo);
    s.wait(sync.scaled(1, 2));
    s.journal_crash(guild, down);
    s.move_guild(guild, paris);
    s.wait(down);
    s.wait_between(500..=3_000);
    s.chat(&[alice, bob], general, 4, 50..=600);
    s.type_in(carol, general);
    s.chat(&[alice, bob], general, 8, 50..=600);
    s.wait(lasts);
    s.chat(&[alice, bob], general, 3, 0..=300);

    s.wait(Span::secs(20));
    s.weather(&[Family::Clock, Family::Link]);
    s.until_nothing_is_left();
}
