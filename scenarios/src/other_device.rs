//! Carol's phone speaks to an owner that is over, while her desk has already heard from the next one.
//!
//! The guild has moved, and the old owner does not know yet: nothing from the new one reaches it. Alice
//! makes a channel, carol sees it at her desk and says something in it on her phone, at the old owner's
//! own node. That owner knows of no such channel. It must not say so: a refusal is not older than what
//! its author has got, over whichever device.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

/// Its name on the command line.
pub const NAME: &str = "other-device";

/// Tells it.
pub fn script(s: &mut Script) {
    let (berlin, paris, oslo) = (s.node("berlin"), s.node("paris"), s.node("oslo"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    s.belongs_to(guild, alice);
    let carol = s.member("carol", paris, &[guild]);
    let phone = s.second_client_at("phone", carol, berlin);
    s.limits().confirm_every = Span::secs(4);

    s.wait_between(2_000..=4_000);
    s.chat(&[alice, carol, phone], general, 3, 0..=300);
    let lasts = s.span("unheard", 3_000..=8_000);
    s.mute(oslo, berlin, lasts);
    s.move_guild(guild, oslo);
    s.wait_between(300..=800);
    let plan = s.create_channel(alice, guild, "plan", &[]);
    s.wait_between(300..=1_000);
    s.chat(&[phone], plan, 3, 50..=400);
    s.chat(&[alice, carol], plan, 2, 0..=300);
    s.wait(lasts);
    s.chat(&[alice, carol, phone], plan, 3, 0..=300);

    s.wait(Span::secs(5));
    s.weather(&[Family::Link, Family::Clock]);
    s.until_nothing_is_left();
}
