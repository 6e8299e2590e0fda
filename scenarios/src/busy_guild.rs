//! A guild full of listeners, and a few who talk fast.
//!
//! The story to measure with: by default it is small; with `--set sessions=100000` it is the guild
//! that Discord is known for. Nothing goes wrong in it.

use guildhall_core::time::Span;
use guildhall_plan::script::Script;

/// Its name on the command line.
pub const NAME: &str = "busy-guild";

/// Tells it.
pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let sessions = s.size("sessions", 20..=120);
    s.crowd("listener", sessions, paris, &[guild], Span::secs(2));
    let (alice, bob) = (s.member("alice", berlin, &[guild]), s.member("bob", paris, &[guild]));

    s.wait(Span::secs(4));
    let messages = s.size("messages", 20..=60);
    let period = u64::from(s.size("period_ms", 5..=50));
    s.chat(&[alice, bob], general, messages, period..=period);
    s.wait(Span::secs(2));
}
