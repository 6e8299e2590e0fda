//! Mallory floods the node, acknowledges events that were never sent, sends malformed and
//! oversized frames, and stops sending. Strangers try to take over alice's session and to write in
//! a guild without being members.
//!
//! The node answers each violation as the contract says. No other client is affected.

use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Family, ProtocolViolation, ClientPhase, Direction};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    s.limits().heartbeat_interval = Span::secs(10);
    let (alice, bob) = (s.member("alice", paris, &[guild]), s.member("bob", berlin, &[guild]));
    let (mallory, eve) = (s.hostile("mallory", paris, &[guild]), s.member("eve", berlin, &[]));

    if s.one_in("eager", 4) {
        // She asks for more before she has a session.
        s.when(mallory, ClientPhase::Identifying).misbehave(mallory, ProtocolViolation::Other);
    }
    s.wait_between(1_000..=3_000);
    for _ in 0..s.size("deeds", 3..=8) {
        let frames = s.count("frames", 2..=300);
        let by = s.draw("by", 1..=1_000);
        let bytes = s.count("bytes", 4_000..=100_000);
        match s.draw("deed", 0..=11) {
            0 => s.misbehave(mallory, ProtocolViolation::Flood { frames }),
            1 => {
                // While many events are in flight; the next resume shows the effect of the lie.
                s.slow(mallory, 2_000, Span::secs(5));
                s.chat(&[bob], general, 4, 0..=60);
                s.misbehave(mallory, ProtocolViolation::LieAhead { by });
                s.wait_between(100..=1_000);
                s.cut(mallory, CutKind::Reset);
            }
            2 => s.misbehave(mallory, ProtocolViolation::Broken),
            3 if s.one_in("known", 2) => s.misbehave(mallory, ProtocolViolation::Other),
            3 => s.misbehave(mallory, ProtocolViolation::Opcode),
            4 => s.misbehave(mallory, ProtocolViolation::Huge { bytes }),
            5 => s.misbehave(mallory, ProtocolViolation::IdentifyAgain),
            6 => s.misbehave(mallory, ProtocolViolation::ResumeAgain),
            7 => s.blackhole(mallory, Direction::Up),
            8 => s.hijack(alice, false),
            9 => {
                // Mallory sends requests and does not read the responses.
                s.stall(mallory, Direction::Down, Span::secs(20));
                s.misbehave(mallory, ProtocolViolation::Flood { frames });
            }
            10 => s.say(eve, general, "let me in"),
            _ => s.when(mallory, ClientPhase::Resuming).misbehave(mallory, ProtocolViolation::LieAhead { by }),
        }
        s.chat(&[alice, bob, mallory], general, 2, 100..=2_000);
    }
    s.wait(Span::secs(10));
    s.weather(&[Family::Hostile, Family::Link]);
    if s.one_in("narrow", 2) {
        s.network().window = 1_024;
    }
    s.expect("frame refused: rate");
    s.expect("frame refused: size");
    s.expect("frame refused: decode");
    s.expect("frame refused: opcode");
    s.expect("frame refused: early");
    s.expect("second identify or resume refused");
    s.expect("silent connection cut");
    s.expect("resume refused: token");
    s.expect("request refused: not a member");
    s.until_nothing_is_left();
}
