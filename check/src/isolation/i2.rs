//! I2 no over-block: the rendering of a durable event is not left out because of who the user is.
//!
//! D1 judges what a whole node has missed. This clause judges what is left out for one session
//! while others at the node get it, every change of the user's view, and dispatches within a gap.

use guildhall_core::dispatch::Body;
use guildhall_core::id::Position;

use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::guilds::timeline::Moment;
use crate::facts::sessions::subscriptions::{Due, SubscriptionPhase};
use crate::findings::Complaint;

/// A dispatch under a new number that is not exactly what is owed next.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let source = tested.what.source?;
    if tested.told() != Some(SubscriptionPhase::Available) || !tested.is_event() {
        return None;
    }
    let due = tested.due.position()?;
    let skips = match tested.due {
        Due::Turn(turn, nth) => {
            (source.position, u32::from(source.nth)) > (turn.position, nth) && !turn.goes
        }
        Due::Entry(entry, ..) => {
            source.position > entry.record.position && is_left_out(tested, entry.record.position)
        }
        Due::Nothing => false,
    };
    skips.then(|| {
        let message = format!("{} comes while something is left out", tested.name());
        Complaint::new(message, format!("the event at {due}"), tested.name())
    })
}

/// A dispatch under a new number that is not exactly what is owed next: a CHANNEL_DELETE of a
/// channel that the user still sees.
pub(crate) fn taken_away(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let (guild, source) = (tested.guild?, tested.what.source?);
    let Body::ChannelDelete { channel } = &tested.what.body else { return None };
    let after = Moment::after(source.position);
    (tested.told() == Some(SubscriptionPhase::Available)).then_some(())?;
    guild.history.sees(after, tested.session.user, *channel).then(|| {
        let message = format!("{} takes away what its user still sees", tested.name());
        let got = format!("the end of {}", tested.facts.cast.channel(*channel));
        Complaint::new(message, "the channels in the view of its user", got)
    })
}

/// Whether other sessions at the node got what this one did not, though it was attached all the
/// time.
fn is_left_out(tested: &DispatchUnderTest<'_>, position: Position) -> bool {
    let there = tested.session.resumes == 0;
    there && tested.guild.is_some_and(|guild| guild.was_told(position, tested.session.node))
}
