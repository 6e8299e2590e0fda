//! Mallory is a moderator, and wants to be more than that.
//!
//! She creates a role of all permissions, takes the administrators' role, bans an administrator and
//! moves her own role up; each of these is refused. What a moderator may do, she can do: give the
//! role below hers to bob, and kick carol.

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let helper = s.role(guild, "helper", Permissions::USUAL);
    let manages = Permissions::MANAGE_ROLES | Permissions::KICK_MEMBERS | Permissions::BAN_MEMBERS;
    let moderator = s.role(guild, "moderator", manages | Permissions::USUAL);
    let administrator = s.role(guild, "administrator", Permissions::ADMINISTRATOR);
    let alice = s.member("alice", berlin, &[guild]);
    let (bob, carol) = (s.member("bob", paris, &[guild]), s.member("carol", paris, &[guild]));
    let mallory = s.member("mallory", paris, &[guild]);
    s.has(alice, administrator);
    s.has(mallory, moderator);

    s.wait_between(1_000..=3_000);
    for nth in 0..s.size("attempts", 4..=10) {
        match s.draw("attempt", 0..=6) {
            0 => {
                s.create_role(mallory, guild, &format!("all-{nth}"), Permissions::ADMINISTRATOR);
            }
            1 => s.change_role(mallory, helper, Permissions::MANAGE_CHANNELS),
            2 => s.grant(mallory, mallory, administrator),
            3 => s.ban(mallory, guild, alice),
            4 => s.move_role(mallory, moderator, 9),
            5 => s.move_role(alice, helper, 1),
            _ => s.grant(mallory, bob, helper),
        }
        s.wait_between(0..=500);
        s.chat(&[alice, bob, carol, mallory], general, 2, 0..=300);
    }
    s.kick(mallory, guild, carol);
    s.wait_between(0..=500);
    s.join(carol, guild);

    s.wait(Span::secs(10));
    s.weather(&[Family::Link, Family::Node]);
    s.expect("request refused");
    s.expect("request done");
    s.expect("member removed");
    s.until_nothing_is_left();
}
