//! The network delays one copy of a request until the owner that it was sent to is gone.
//!
//! Carol requests an action that she is not permitted to do. Her retransmission overtakes the
//! first copy and is refused. The owner then crashes and starts again, carol gets the permission,
//! and the first copy arrives. It names the old epoch and must not take effect: a request that was
//! refused never happens later. Nor does the new owner take carol's typing, which was delayed with
//! it. Duplicates of a typing request count once.

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

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
    s.duplicate(paris, berlin, 100, Span::secs(2));
    s.type_in(carol, general);
    s.chat(&[alice, carol], general, 2, 0..=200);
    s.wait_between(500..=1_000);
    let late = s.span("late", 7_000..=12_000);
    s.delay(paris, berlin, late, Span::millis(150));
    s.say(carol, secret, "let me in");
    s.type_in(carol, general);
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
    s.expect("request for an owner that is over arrived");
    s.expect("request refused");
    s.until_nothing_is_left();
}
