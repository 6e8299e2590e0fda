//! Clients use different intents; some receive message content only when they are mentioned.
//!
//! A message has its content for its author, for the members that it mentions, and for sessions
//! with the message content intent. For all others, the content is empty. Deletions follow the same
//! rule, and so do edits, for those whom the message mentions from then on. Typing events reach only sessions that have the intent and can see the
//! channel.

use guildhall_core::dispatch::Intents;
use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", berlin, &[guild]);
    s.belongs_to(guild, alice);
    let blind = s.member("blind", paris, &[guild]);
    s.intents(blind, Intents(Intents::GUILDS.0 | Intents::GUILD_MESSAGES.0));
    let nosy = s.member("nosy", paris, &[guild]);
    s.intents(nosy, Intents::ALL);
    let phone = s.second_client("phone", blind);
    s.intents(phone, Intents(Intents::GUILD_MESSAGES.0 | Intents::GUILD_MESSAGE_TYPING.0));

    s.wait_between(1_000..=3_000);
    let lines = s.size("lines", 3..=12);
    for _ in 0..lines {
        s.type_in(alice, general);
        if s.one_in("named", 2) {
            s.say_to(alice, general, "you there?", &[blind]);
        } else if s.one_in("unnamed", 3) {
            s.say(alice, general, "is anybody there?");
        } else {
            s.chat(&[alice, blind, nosy], general, 1, 0..=200);
            continue;
        }
        match s.draw("edited", 0..=5) {
            0 => s.edit(alice, 0, "never mind"),
            1 => s.edit_to(alice, 0, "never mind, nosy", &[nosy]),
            2 => s.edit_to(alice, 0, "but you are there?", &[blind]),
            _ => {}
        }
        if s.one_in("deleted", 3) {
            s.delete(alice, alice, 0);
        }
        s.wait_between(0..=400);
    }

    s.wait(Span::secs(20));
    s.weather(&[Family::Link, Family::Peer, Family::Administration]);
    s.expect("message blanked");
    s.expect("message edited or deleted");
    s.expect("typing told");
    s.until_nothing_is_left();
}
