//! A guild like Midjourney's, the largest of Discord: members talk, come and go, and all read.
//!
//! Two nodes host the sessions, each in relays of a few. Members talk in public, and the staff in a
//! channel of its own. Visitors join and leave all the time; one of the staff loses the role and gets
//! it back; two members read slowly. In the middle of it one of the two nodes crashes, and everyone on
//! it comes back at once.
//!
//! It is small by default. `--set sessions=1000000` gives it the size of the original, with Discord's
//! limits instead of drawn ones.

use guildhall_core::limits::Limits;
use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

/// The number of sessions from which the guild is a large one.
const LARGE: u32 = 1_000;

pub fn script(s: &mut Script) {
    let (berlin, paris, oslo) = (s.node("berlin"), s.node("paris"), s.node("oslo"));
    let guild = s.guild("maxjourney", berlin);
    let general = s.channel(guild, "general");
    let staff = s.role(guild, "staff", Permissions::USUAL);
    let backstage = s.private_channel(guild, "backstage", &[staff]);
    let sessions = s.size("sessions", 20..=80);
    // A million clients do not start in the same two seconds.
    let within = Span::secs(2) + Span::micros(20 * u64::from(sessions));
    s.crowd("artist", sessions / 2, paris, &[guild], within);
    s.crowd("reader", sessions - sessions / 2, oslo, &[guild], within);
    let slow = ["sid", "sue"].map(|name| s.member(name, paris, &[guild]));
    let (alice, bob) = (s.member("alice", berlin, &[guild]), s.member("bob", oslo, &[guild]));
    s.belongs_to(guild, alice);
    s.has(bob, staff);
    let visitors = ["vera", "vic", "vlad"].map(|name| s.outsider(name, oslo));

    s.wait(within);
    s.wait_between(1_000..=3_000);
    for slow in slow {
        let bandwidth = s.count("bandwidth", 500..=8_000);
        let lasts = s.span("slow", 2_000..=10_000);
        s.slow(slow, bandwidth, lasts);
    }
    let messages = s.size("messages", 10..=20);
    for nth in 0..messages {
        let channel = if nth % 3 == 0 { backstage } else { general };
        s.chat(&[alice, bob], channel, 1, 100..=1_000);
        let visitor = visitors[nth as usize % visitors.len()];
        match nth / 3 % 2 {
            0 => s.join(visitor, guild),
            _ => s.leave(visitor, guild),
        }
        if nth == messages / 3 {
            s.revoke(alice, bob, staff);
            s.wait_between(100..=1_000);
            s.grant(alice, bob, staff);
        }
        if nth == messages / 2 {
            let down = s.span("down", 100..=3_000);
            s.crash(paris, down);
        }
    }

    s.wait(Span::secs(10));
    s.weather(&[Family::Link, Family::Node]);
    if sessions >= LARGE {
        *s.limits() = Limits::default();
    }
    s.expect("session lost with its node");
    s.expect("view lost a channel");
    s.expect("view gained a channel");
    s.expect("request done");
}
