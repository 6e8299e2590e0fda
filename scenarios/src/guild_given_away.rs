//! Alice gives her guild away to bob. Overwrites name both of them.
//!
//! An owner sees every channel, whatever overwrites say. From the transfer on, alice sees only what
//! her roles and the overwrites leave her, and bob sees everything. Each of them receives exactly
//! the channels that this changes.

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let (view, none) = (Permissions::VIEW_CHANNEL, Permissions::NONE);
    let staff = s.role(guild, "staff", Permissions::USUAL);
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);
    let carol = s.member("carol", paris, &[guild]);
    s.belongs_to(guild, alice);
    s.has(carol, staff);
    let general = s.channel(guild, "general");
    let office = s.private_channel(guild, "office", &[staff]);
    let not_alice = vec![s.for_member(alice, view, none), s.for_member(bob, none, view)];
    let attic = s.channel_with(guild, "attic", not_alice);
    let not_bob = vec![s.for_everyone(view, none), s.for_member(alice, none, view)];
    let cellar = s.channel_with(guild, "cellar", not_bob);
    let all = [general, office, attic, cellar];

    s.wait_between(1_000..=3_000);
    for round in 0..s.size("rounds", 2..=4) {
        for channel in all {
            s.chat(&[alice, bob, carol], channel, 1, 0..=150);
        }
        let (from, to) = if round % 2 == 0 { (alice, bob) } else { (bob, alice) };
        s.transfer(from, guild, to);
        s.wait_between(0..=100);
        for channel in all {
            s.chat(&[alice, bob, carol], channel, 1, 0..=150);
        }
        let changed = vec![s.for_member(from, view, none), s.for_role(staff, none, view)];
        s.overwrite(to, attic, changed);
    }

    s.wait(Span::secs(15));
    s.weather(&[Family::Link, Family::Node, Family::Journal]);
    s.expect("view lost a channel");
    s.expect("view gained a channel");
    s.expect("request refused: forbidden");
    s.until_nothing_is_left();
}
