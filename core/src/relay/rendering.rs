//! The dispatches of an event for those who see the same (CONTRACT, *render*), each made once.
//!
//! Nothing here knows sessions or classes: a viewer is what it wants and what it sees.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use crate::context::Cx;
use crate::dispatch::{Body, Dispatch, Intents};
use crate::event::{Channel, Event, Record, Subject};
use crate::id::{ChannelId, GuildId};
use crate::state::State;

/// One dispatch of a rendering.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Rendered {
    /// The event.
    Itself,
    /// The event without the content of its message.
    Blank,
    /// CHANNEL_DELETE for a channel that the view lost.
    Lost(ChannelId),
    /// CHANNEL_CREATE for a channel that the view gained.
    Gained(ChannelId),
    /// GUILD_DELETE for a user who has left.
    Farewell,
}

/// For whom an event is rendered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Viewer<'a> {
    pub(super) intents: Intents,
    /// The channels seen just before the event, ascending.
    pub(super) before: &'a [ChannelId],
    /// The channels seen just after it, ascending.
    pub(super) after: &'a [ChannelId],
    /// Whether the event is about the viewer's own member.
    pub(super) is_own: bool,
}

impl Viewer<'_> {
    /// Part (1): the event itself, if it is in the view and wanted.
    pub(super) fn itself(&self, cx: &mut Cx<'_>, event: &Event) -> Option<Rendered> {
        let wants = |intents| self.intents.contains(intents);
        let saw = |channel| self.before.binary_search(&channel).is_ok();
        let sees = |channel| self.after.binary_search(&channel).is_ok();
        let told = match event.subject() {
            Subject::Nobody => false,
            Subject::Conversation(channel, talk) => {
                let intent = cx.bent(talk.intent(), event);
                if !wants(intent) || !saw(channel) {
                    return None;
                }
                let is_blank = event.message().is_some() && !wants(Intents::MESSAGE_CONTENT);
                let rendered = if is_blank { Rendered::Blank } else { Rendered::Itself };
                return Some(cx.bent(rendered, ()));
            }
            Subject::Member(_) => self.is_own || wants(Intents::GUILD_MEMBERS),
            Subject::Channel(channel) => {
                let is_new = matches!(event, Event::ChannelCreate(_));
                wants(Intents::GUILDS) && if is_new { sees(channel) } else { saw(channel) }
            }
            Subject::Role(_) | Subject::Guild => wants(Intents::GUILDS),
        };
        told.then_some(Rendered::Itself)
    }

    /// Parts (2) and (3): the channels that the view lost, then those that it gained, each by id,
    /// without the channel that the event itself creates or deletes.
    pub(super) fn shifts(&self, event: &Event) -> impl Iterator<Item = Rendered> {
        let about =
            if let Subject::Channel(channel) = event.subject() { Some(channel) } else { None };
        let about = about.filter(|_| !matches!(event, Event::ChannelUpdate(_)));
        let Self { before, after, .. } = *self;
        let same = core::ptr::eq(before, after) || !self.intents.contains(Intents::GUILDS);
        let (old, new) = if same { (&[][..], &[][..]) } else { (before, after) };
        let told = move |channel: &ChannelId| Some(*channel) != about;
        let lost = old.iter().filter(move |it| told(it) && after.binary_search(it).is_err());
        let gained = new.iter().filter(move |it| told(it) && before.binary_search(it).is_err());
        lost.map(|it| Rendered::Lost(*it)).chain(gained.map(|it| Rendered::Gained(*it)))
    }

    /// The whole rendering, in order.
    pub(super) fn rendering(
        &self,
        cx: &mut Cx<'_>,
        event: &Event,
    ) -> impl Iterator<Item = (u8, Rendered)> {
        let all = self.itself(cx, event).into_iter().chain(self.shifts(event));
        // Where more channels move at once than there are numbers, the rest share the last one.
        (0..=u8::MAX).chain(core::iter::repeat(u8::MAX)).zip(all)
    }
}

/// Makes the dispatches of one event, each once for all who receive it (B3).
pub(super) struct Renderer<'a> {
    guild: GuildId,
    record: &'a Record,
    made: BTreeMap<(u8, Rendered), Arc<Dispatch>>,
}

impl<'a> Renderer<'a> {
    pub(super) fn new(guild: GuildId, record: &'a Record) -> Self {
        Self { guild, record, made: BTreeMap::new() }
    }

    /// The `nth` dispatch of a rendering. `state` is the guild just after the event.
    pub(super) fn render(&mut self, (nth, said): (u8, Rendered), state: &State) -> Arc<Dispatch> {
        let Self { guild, record, made } = self;
        let render = || {
            let body = match said {
                Rendered::Itself => Body::of(&record.event),
                Rendered::Blank => Body::of(&record.event).blanked(),
                Rendered::Lost(channel) => Body::ChannelDelete { channel },
                Rendered::Gained(id) => {
                    let overwrites = state.channels.get(&id).cloned().unwrap_or_default();
                    Body::ChannelCreate(Channel { id, overwrites })
                }
                Rendered::Farewell => Body::GuildDelete,
            };
            Arc::new(Dispatch::of(*guild, record.position, nth, body))
        };
        made.entry((nth, said)).or_insert_with(render).clone()
    }
}
