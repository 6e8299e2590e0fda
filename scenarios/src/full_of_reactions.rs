//! Members react to one message until no other emoji fits, while its guild changes its owner.
//!
//! A user who reacts again, or removes a reaction that it never added, is refused, because nothing
//! would change. Only sessions with the intent are told. The journal is compacted all the time, so the
//! next owner knows the reactions from a base. When the message is deleted, they are gone.

use guildhall_core::dispatch::Intents;
use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::{ClientRef, Script};

const EMOJI: [&str; 5] = ["👍", "🎉", "🦀", "❤", "thumbs-up"];

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    s.standby(guild, paris);
    let (most, tail) = (s.count("most", 1..=4), s.count("tail", 1..=6));
    (s.limits().reactions, s.limits().emoji_bytes) = (most, 12);
    s.limits().journal_tail = tail;
    let general = s.channel(guild, "general");
    let silent = [s.for_everyone(Permissions::ADD_REACTIONS, Permissions::NONE)];
    let library = s.channel_with(guild, "library", silent.to_vec());
    let alice = s.member("alice", berlin, &[guild]);
    s.belongs_to(guild, alice);
    let bob = s.member("bob", paris, &[guild]);
    s.intents(bob, Intents::ALL);
    let carol = s.member("carol", paris, &[guild]);
    let counts = s.member("counts", berlin, &[guild]);
    s.intents(counts, Intents::GUILD_MESSAGE_REACTIONS);

    s.wait_between(1_000..=3_000);
    let rounds = s.size("rounds", 1..=3);
    for _ in 0..rounds {
        s.say(alice, general, "who comes to the meeting?");
        s.wait_between(0..=300);
        for _ in 0..6 {
            react(s, &[alice, bob, carol, counts], alice);
        }
        if s.one_in("crash", 2) {
            let down = s.span("down", 200..=4_000);
            s.crash(berlin, down);
            s.wait_between(500..=3_000);
        }
        for _ in 0..6 {
            react(s, &[bob, carol], alice);
        }
        s.react(carol, alice, 0, "longer than any emoji");
        if s.one_in("deleted", 2) {
            s.delete(alice, alice, 0);
            s.react(bob, alice, 0, EMOJI[0]);
        }
        s.say(bob, library, "shh");
        s.wait_between(0..=300);
        s.react(carol, bob, 0, EMOJI[0]);
        s.unreact(carol, bob, 0, EMOJI[0]);
    }

    s.wait(Span::secs(20));
    s.weather(&[Family::Node, Family::Link, Family::Administration]);
    s.expect("reaction added or removed");
    s.expect("request refused: full reactions");
    s.expect("guild taken up by a new owner");
    s.until_nothing_is_left();
}

/// One of these members reacts to the last message of `of`, or removes a reaction to it.
fn react(s: &mut Script, members: &[ClientRef], of: ClientRef) {
    let (by, emoji) = (s.pick("by", members), s.pick("emoji", &EMOJI));
    if s.one_in("removes", 4) {
        s.unreact(by, of, 0, emoji);
    } else {
        s.react(by, of, 0, emoji);
    }
    s.wait_between(0..=300);
}
