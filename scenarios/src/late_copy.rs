//! A copy of a request is held up on its way, for longer than its owner lives.
//!
//! Carol asks for what she may not do; her second attempt overtakes the first and is refused. Then the
//! owner crashes and starts anew, she is allowed it after all, and the first copy arrives. It was
//! meant for an owner that is over: what was refused never happens. Copies of what is only typed come
//! twice, and count once.

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

/// Its name on the command line.
pub const NAME: &str = "late-copy";

/// Tells it.
pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let staff = s.role(guild, "staff", Permissions::USUAL);
    let secret = s.private_channel(guild, "secret", &[staff]);
    let alice = s.member("alice", berlin, &[guild]);
    s.belongs_to(guild, alice);
    let carol = s.member("carol", paris, &[guild]);
    s.limits().request_again = Span::millis(200);

    s.wait_between(2_000..=3_000);
    s.repeat(paris, berlin, 100, Span::secs(2));
    s.type_in(carol, general);
    s.chat(&[alice, carol], general, 2, 0..=200);
    s.wait_between(500..=1_000);
    let late = s.span("late", 7_000..=12_000);
    s.delay(paris, berlin, late, Span::millis(150));
    s.say(carol, secret, "let me in");
    s.wait_between(900..=1_400);
    let down = s.span("down", 100..=1_500);
    s.crash(berlin, down);
    s.wait(down);
    s.wait_between(2_000..=3_500);
    s.grant(alice, carol, staff);
    s.wait(late);
    s.chat(&[alice, carol], secret, 3, 0..=300);

    s.wait(Span::secs(5));
    s.weather(&[Family::Link, Family::Clock]);
    s.until_nothing_is_left();
}
