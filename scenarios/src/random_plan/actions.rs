//! The actions of a random plan.

use guildhall_plan::script::{ChannelRef, ClientRef, Script};

use super::cast::{Cast, Guild, overwrites, permissions};

/// Draws an action of any kind, lawful or not.
pub(super) fn draw(s: &mut Script, cast: &mut Cast) {
    let who = s.pick("who", &cast.clients);
    match s.draw("subject", 0..=9) {
        0..=4 => message(s, cast, who),
        5 => membership(s, cast, who),
        6 => role(s, cast),
        7 => channel(s, cast),
        8 if s.one_in("guild", 3) => guild(s, cast),
        8 => session(s, cast, who),
        _ => s.wait_between(0..=3_000),
    }
}

/// Draws a guild, and who administers it: mostly its owner.
fn place(s: &mut Script, cast: &Cast) -> (usize, Guild, ClientRef) {
    let at = s.draw("guild", 0..=cast.guilds.len() as u64 - 1) as usize;
    let guild = cast.guilds[at].clone();
    let anyone = s.pick("administrator", &cast.clients);
    let by = if s.one_in("anyone", 3) { anyone } else { guild.owner.unwrap_or(anyone) };
    (at, guild, by)
}

fn message(s: &mut Script, cast: &mut Cast, who: ClientRef) {
    let (_, guild, _) = place(s, cast);
    let channel = s.pick("channel", &guild.channels);
    match s.draw("message", 0..=10) {
        0 => s.type_in(who, channel),
        // These are about a message of the plan.
        1 | 2 | 9 | 10 if cast.said.is_empty() => say(s, cast, who, channel),
        1 => {
            let ((author, back), text) = (said(s, cast), text(s));
            let whom = s.pick("mention", &cast.users);
            let mentions = if s.one_in("mentions", 2) { &[whom][..] } else { &[] };
            s.edit_to(author, back, &text, mentions);
        }
        2 => {
            let (of, back) = said(s, cast);
            s.delete(who, of, back);
        }
        9 | 10 => {
            let (of, back) = said(s, cast);
            let emoji = s.pick("emoji", &["👍", "🎉", "🦀", "a name as long as an emoji's may be"]);
            if s.one_in("removes", 4) {
                s.unreact(who, of, back, emoji);
            } else {
                s.react(who, of, back, emoji);
            }
        }
        3 => {
            let (whom, text) = (s.pick("mention", &cast.users), text(s));
            s.say_to(who, channel, &text, &[whom]);
            cast.says(who);
        }
        4 if s.one_in("burst", 3) => {
            let (lines, pause) = (s.count("lines", 5..=60), s.pick("pause", &[1, 20, 100]));
            s.chat(&cast.clients, channel, lines, 0..=pause);
        }
        _ => say(s, cast, who, channel),
    }
}

fn say(s: &mut Script, cast: &mut Cast, who: ClientRef, channel: ChannelRef) {
    let text = text(s);
    s.say(who, channel, &text);
    cast.says(who);
}

/// Draws a message that was said: its author, and how many of the author's have followed it.
fn said(s: &mut Script, cast: &Cast) -> (ClientRef, u32) {
    let (author, times) = s.pick("author", &cast.said);
    (author, s.count("back", 0..=u64::from(times.min(4) - 1)))
}

/// Draws a text. Texts differ, so that a checker notices if two are confused; a few are long. Half of
/// them have a letter of more than one byte, as bytes and characters have limits of their own.
fn text(s: &mut Script) -> String {
    let number = s.draw("text", 0..=u64::MAX);
    let length = if s.one_in("long", 8) {
        let most = s.pick("most", &[100, 5_000]);
        s.draw("length", 1..=most) as usize
    } else {
        1
    };
    let letter = if number.is_multiple_of(2) { "a" } else { "é" };
    format!("{number:x} {}", letter.repeat(length))
}

fn membership(s: &mut Script, cast: &Cast, who: ClientRef) {
    let (_, guild, by) = place(s, cast);
    let whom = s.pick("whom", &cast.users);
    match s.draw("membership", 0..=6) {
        0 => s.join(who, guild.guild),
        1 => s.leave(who, guild.guild),
        2 => s.unban(by, guild.guild, whom),
        3 | 4 => {
            s.kick(by, guild.guild, whom);
            s.wait_between(0..=500);
            s.join(whom, guild.guild);
        }
        _ => {
            s.ban(by, guild.guild, whom);
            s.wait_between(0..=500);
            s.unban(by, guild.guild, whom);
            s.wait_between(0..=500);
            s.join(whom, guild.guild);
        }
    }
}

fn role(s: &mut Script, cast: &mut Cast) {
    let (at, guild, by) = place(s, cast);
    let kind = s.draw("role", 0..=7);
    if guild.roles.is_empty() || kind == 0 {
        let most = guild.roles.len() as u64;
        let name = format!("role-{}", s.draw("role name", 0..=most));
        let permissions = permissions(s);
        let role = s.create_role(by, guild.guild, &name, permissions);
        return cast.guilds[at].roles.push(role);
    }
    let (role, whom) = (s.pick("role", &guild.roles), s.pick("whom", &cast.users));
    match kind {
        1 => {
            let permissions = permissions(s);
            s.change_role(by, role, permissions);
        }
        2 if s.one_in("moved", 2) => {
            let position = s.pick("position", &[1, 2, 3, 5]);
            s.move_role(by, role, position);
        }
        2 => s.delete_role(by, role),
        3 => s.revoke(by, whom, role),
        4 => {
            let position = s.pick("position", &[0, 1, 2, 3, 4]);
            s.move_role(by, role, position);
        }
        _ => s.grant(by, whom, role),
    }
}

fn channel(s: &mut Script, cast: &mut Cast) {
    let (at, guild, by) = place(s, cast);
    match s.draw("channel", 0..=4) {
        0 => {
            // Some come back under the name of one that exists or was deleted.
            let most = guild.channels.len() as u64;
            let name = format!("channel-{}", s.draw("channel name", 0..=most));
            let overwrites = overwrites(s, &guild, &cast.users);
            let channel = s.create_channel_with(by, guild.guild, &name, overwrites);
            cast.guilds[at].channels.push(channel);
        }
        1 => {
            let channel = s.pick("channel", &guild.channels);
            s.delete_channel(by, channel);
        }
        _ => {
            let channel = s.pick("channel", &guild.channels);
            let overwrites = overwrites(s, &guild, &cast.users);
            s.overwrite(by, channel, overwrites);
        }
    }
}

fn guild(s: &mut Script, cast: &mut Cast) {
    let (at, guild, by) = place(s, cast);
    if s.one_in("deletion", 4) {
        s.delete_guild(by, guild.guild);
    } else {
        let to = s.pick("owner", &cast.users);
        s.transfer(by, guild.guild, to);
        cast.guilds[at].owner = Some(to);
    }
}

/// A client quits and comes back; its memberships may change while it identifies.
fn session(s: &mut Script, cast: &Cast, who: ClientRef) {
    if s.one_in("goes away", 4) { s.go_away(who) } else { s.quit(who) }
    s.wait_between(0..=8_000);
    s.start(who);
    if s.one_in("changes", 2) {
        s.wait_between(0..=200);
        let (_, guild, by) = place(s, cast);
        match s.draw("change", 0..=2) {
            0 => s.join(who, guild.guild),
            1 => s.leave(who, guild.guild),
            _ => s.kick(by, guild.guild, who),
        }
    }
}
