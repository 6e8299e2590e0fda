//! The end of a random plan: whatever a fault may wait for happens once more.
//!
//! A fault that waits for a client to resume, or for a guild to be opened, would wait for ever in a
//! plan in which no client loses its connection and no guild its owner.

use guildhall_core::time::Span;
use guildhall_plan::fault::CutKind;
use guildhall_plan::script::Script;

use super::cast::Cast;

/// Every client loses its connection and misses a few lines, every guild changes its owner, and
/// now and then a node restarts.
pub(super) fn draw(s: &mut Script, cast: &Cast) {
    for who in &cast.clients {
        let how = s.pick("loss", &[CutKind::Fin, CutKind::Reset]);
        s.cut(*who, how);
        s.wait_between(0..=300);
    }
    for guild in &cast.guilds {
        let (channel, to) = (s.pick("channel", &guild.channels), s.pick("heir", &cast.nodes));
        s.chat(&cast.clients, channel, 3, 0..=300);
        s.reassign(guild.guild, to);
        s.wait_between(0..=1_000);
    }
    if s.one_in("restart", 3) {
        let (node, lasts) = (s.pick("restarted", &cast.nodes), s.span("down", 100..=3_000));
        s.crash(node, lasts);
        s.wait(Span::secs(1));
    }
}
