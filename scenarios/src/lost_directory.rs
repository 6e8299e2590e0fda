//! Messages to and from the directory are lost, delayed and duplicated while members join and
//! leave.
//!
//! The directory may list too many guilds for a user, but never too few: every session of a member
//! receives the guild, even if the report of the join was lost. A delayed report of an old leave
//! must not remove a member who has joined again.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::{ClientRef, EndpointRef, GuildRef, Script};

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", berlin, &[guild]);
    s.belongs_to(guild, alice);
    let carol = s.outsider("carol", paris);
    let dave = s.member("dave", paris, &[guild]);

    s.wait_between(1_000..=3_000);
    let lasts = s.span("lossy", 5_000..=20_000);
    s.directory_loss(60, lasts);
    let times = s.size("times", 1..=5);
    for _ in 0..times {
        s.join(carol, guild);
        s.wait_between(0..=1_500);
        s.chat(&[alice, carol, dave], general, 2, 0..=200);
        if s.one_in("left", 2) {
            s.leave(dave, guild);
            s.wait_between(0..=400);
            s.join(dave, guild);
        }
        s.leave(carol, guild);
        s.wait_between(0..=400);
    }
    let erin = s.member("erin", paris, &[guild]);
    s.join(carol, guild);
    s.wait(lasts);
    s.chat(&[alice, carol, dave, erin], general, 3, 0..=300);
    answers_too_late(s, guild, carol);
    s.chat(&[alice, carol, dave, erin], general, 3, 0..=300);

    s.wait(Span::secs(20));
    s.weather(&[Family::Directory, Family::Node]);
    s.expect("member joined");
    s.expect("member removed");
    s.expect("join of a user with a session");
    s.until_nothing_is_left();
}

/// The directory answers a join after the owner has lost touch with its journal. It must not take
/// that answer, nor ask the directory again before it is in touch.
fn answers_too_late(s: &mut Script, guild: GuildRef, carol: ClientRef) {
    let lasts = Span::secs(18);
    s.leave(carol, guild);
    s.wait(Span::secs(3));
    s.delay(EndpointRef::Directory, EndpointRef::Nodes, Span::secs(12), lasts);
    s.join(carol, guild);
    s.wait_between(300..=900);
    s.journal_loss(guild, 100, lasts);
    s.wait(lasts);
}
