//! Mallory may manage roles, channels and members, and tries to rise above the administrator.
//!
//! Her reach ends below her own highest role: she gives herself nothing, touches neither Dan nor his
//! role, and hands on no permission that she lacks. What is below her she governs as she likes. When
//! Alice, the owner, turns the order of the roles round, all of that is judged by the new order.

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::plan::OverwritePlan;
use guildhall_plan::script::{ChannelRef, ClientRef, GuildRef, RoleRef, Script};

struct Cast {
    guild: GuildRef,
    hall: ChannelRef,
    badge: RoleRef,
    moderator: RoleRef,
    administrator: RoleRef,
    bob: ClientRef,
    dan: ClientRef,
    mallory: ClientRef,
}

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let hall = s.channel(guild, "hall");
    let alice = s.member("alice", berlin, &[guild]);
    s.belongs_to(guild, alice);
    let badge = s.role(guild, "badge", Permissions::USUAL);
    let moderator = s.role(guild, "moderator", moderates());
    let administrator = s.role(guild, "administrator", Permissions::ADMINISTRATOR);
    let board = s.private_channel(guild, "board", &[administrator]);
    let bob = s.member("bob", paris, &[guild]);
    let dan = s.member("dan", paris, &[guild]);
    let mallory = s.member("mallory", paris, &[guild]);
    s.has(bob, badge);
    s.has(dan, administrator);
    s.has(mallory, moderator);
    let cast =
        Cast { guild, hall, badge, moderator, administrator, bob, dan, mallory };

    s.wait_between(1_000..=3_000);
    let rounds = s.size("rounds", 2..=5);
    for _ in 0..rounds {
        rise(s, &cast);
        s.say(alice, board, "for the board only");
        govern(s, &cast);
        s.chat(&[alice, bob, dan, mallory], hall, 2, 0..=200);
        if s.draw("turn", 0..=1) == 0 {
            s.move_role(alice, moderator, 4);
            overthrow(s, &cast);
            s.move_role(alice, moderator, 2);
            s.grant(alice, cast.dan, cast.administrator);
        }
        s.wait_between(0..=1_500);
    }

    s.wait(Span::secs(20));
    s.weather(&[Family::Peer, Family::Link, Family::Administration]);
    s.expect("request refused: outranked");
    s.expect("request refused: not held");
    s.expect("request done");
    s.expect("member removed");
    s.until_nothing_is_left();
}

/// What a moderator is permitted.
fn moderates() -> Permissions {
    Permissions::USUAL
        | Permissions::MANAGE_ROLES
        | Permissions::MANAGE_CHANNELS
        | Permissions::KICK_MEMBERS
        | Permissions::BAN_MEMBERS
}

/// Mallory tries what is above her.
fn rise(s: &mut Script, cast: &Cast) {
    let mallory = cast.mallory;
    match s.draw("rise", 0..=6) {
        0 => {
            s.grant(mallory, mallory, cast.administrator);
            s.revoke(mallory, mallory, cast.administrator);
        }
        1 => {
            s.revoke(mallory, cast.dan, cast.administrator);
            s.grant(mallory, cast.dan, cast.administrator);
        }
        2 => s.ban(mallory, cast.guild, cast.dan),
        3 => s.change_role(mallory, cast.moderator, Permissions::ADMINISTRATOR),
        4 => s.change_role(mallory, cast.badge, moderates() | Permissions::ADMINISTRATOR),
        5 => s.move_role(mallory, cast.badge, 3),
        _ => s.overwrite(mallory, cast.hall, allow(Permissions::MANAGE_MESSAGES)),
    }
    s.wait_between(0..=300);
}

/// Mallory does what is below her.
fn govern(s: &mut Script, cast: &Cast) {
    let mallory = cast.mallory;
    match s.draw("govern", 0..=3) {
        0 => {
            s.kick(mallory, cast.guild, cast.bob);
            s.wait_between(0..=300);
            s.join(cast.bob, cast.guild);
        }
        1 => {
            s.revoke(mallory, cast.bob, cast.badge);
            s.wait_between(0..=300);
            s.grant(mallory, cast.bob, cast.badge);
        }
        2 => s.change_role(mallory, cast.badge, moderates()),
        _ => s.overwrite(mallory, cast.hall, allow(Permissions::SEND_MESSAGES)),
    }
    s.wait_between(0..=300);
}

/// Mallory's role is above Dan's, for as long as she needs to be rid of him.
fn overthrow(s: &mut Script, cast: &Cast) {
    s.wait_between(0..=1_000);
    s.kick(cast.mallory, cast.guild, cast.dan);
    s.ban(cast.dan, cast.guild, cast.mallory);
    s.wait_between(0..=300);
    s.join(cast.dan, cast.guild);
    s.wait_between(0..=300);
}

/// The holders of the badge are permitted something in a channel.
fn allow(what: Permissions) -> Vec<OverwritePlan> {
    vec![OverwritePlan::allow_role("badge", what)]
}
