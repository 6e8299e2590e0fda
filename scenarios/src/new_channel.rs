//! A channel is created and used at once, by other members too.
//!
//! Members who can see the channel receive its CHANNEL_CREATE before any message in it; all others
//! receive neither. After the channel is deleted, no event of it follows.

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", berlin, &[guild]);
    s.belongs_to(guild, alice);
    let staff = s.role(guild, "staff", Permissions::USUAL);
    let carol = s.member("carol", paris, &[guild]);
    let dave = s.member("dave", paris, &[guild]);
    s.has(carol, staff);

    s.wait_between(1_000..=3_000);
    let channels = s.size("channels", 1..=4);
    for nth in 0..channels {
        let name = format!("plan-{nth}");
        let only = if s.one_in("open", 2) { &[][..] } else { &[staff] };
        let plan = s.create_channel(alice, guild, &name, only);
        s.chat(&[alice, carol, dave], plan, 5, 0..=60);
        s.say(alice, plan, "no more");
        s.edit(alice, 0, "on second thought");
        s.wait_between(0..=500);
        if s.one_in("deleted", 2) {
            s.delete_channel(alice, plan);
            s.chat(&[alice, carol], plan, 2, 0..=60);
        }
    }
    s.chat(&[alice, carol, dave], general, 3, 0..=300);

    s.wait(Span::secs(20));
    s.weather(&[Family::Peer, Family::Journal, Family::Administration]);
    s.expect("view gained a channel");
    s.expect("view lost a channel");
    s.until_nothing_is_left();
}
