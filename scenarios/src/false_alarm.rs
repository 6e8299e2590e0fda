//! Live nodes are reported as crashed, links fail for a moment, and sometimes a node does crash.
//!
//! A wrong report must have no lasting effect: a relay that the owner dropped subscribes again at
//! the next tip. The next fault may come during the recovery from the previous one.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris, oslo) = (s.node("berlin"), s.node("paris"), s.node("oslo"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", oslo, &[guild]);
    let carol = s.member("carol", berlin, &[guild]);

    s.wait_between(2_000..=4_000);
    let times = s.size("times", 2..=5);
    for _ in 0..times {
        match s.draw("what", 0..=3) {
            0 => s.false_alarm(paris),
            1 => s.false_alarm(berlin),
            2 => {
                let lasts = s.span("flap", 50..=1_500);
                match s.draw("way", 0..=2) {
                    0 => s.partition_one_way(berlin, oslo, lasts),
                    1 => s.partition_one_way(oslo, berlin, lasts),
                    _ => s.partition(berlin, oslo, lasts),
                }
            }
            _ => {
                let down = s.span("down", 100..=4_000);
                s.crash(oslo, down);
            }
        }
        s.chat(&[alice, bob, carol], general, 4, 0..=400);
    }

    s.wait(Span::secs(20));
    s.weather(&[Family::Peer, Family::Node, Family::Clock]);
    s.expect("node crashed");
    s.expect("relay asked to catch up");
    s.until_nothing_is_left();
}
