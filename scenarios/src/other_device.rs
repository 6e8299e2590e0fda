//! Carol's phone is connected to the guild's previous owner, while her desktop has already
//! received events from the new one.
//!
//! The guild has moved, and the previous owner does not know it yet: no message from the new owner
//! reaches it. Alice creates a channel. Carol sees it on her desktop and writes in it from her
//! phone, through the previous owner's node. The previous owner does not know the channel, but
//! must not refuse the message for that: a refusal must not come from an older state than its
//! author has received on any device.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

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
    s.partition_one_way(oslo, berlin, lasts);
    s.reassign(guild, oslo);
    s.wait_between(300..=800);
    let plan = s.create_channel(alice, guild, "plan", &[]);
    s.wait_between(300..=1_000);
    s.chat(&[phone], plan, 3, 50..=400);
    s.chat(&[alice, carol], plan, 2, 0..=300);
    s.wait(lasts);
    s.chat(&[alice, carol, phone], plan, 3, 0..=300);

    s.wait(Span::secs(5));
    s.weather(&[Family::Link, Family::Clock]);
    s.expect("ready while another session of the user lives");
    s.expect("view gained a channel");
    s.expect("request done");
    s.until_nothing_is_left();
}
