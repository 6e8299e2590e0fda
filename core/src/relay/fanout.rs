//! Takes up an event: what each class, and whoever is a case of its own, is told of it.
//!
//! Visibility is judged here, once, at the event's position (I1, PROTOCOL, rule 16). What is said
//! is said in order; who is written to is not known here.

use alloc::vec::Vec;

use super::rendering::{Rendered, Renderer, Viewer};
use super::replica::Replica;
use super::subscribers::Subscribers;
use super::{Output, Relay};
use crate::context::Cx;
use crate::event::{Event, Record, Subject};
use crate::id::UserId;
use crate::machine::Sink;
use crate::mutant::Mutant;

impl Relay {
    /// Takes up one event and moves on. What is ephemeral is passed on only while the owner is
    /// known to be there (L8).
    pub(super) fn apply(
        &mut self,
        cx: &mut Cx<'_>,
        record: &Record,
        fresh: bool,
        out: &mut impl Sink<Output>,
    ) {
        let Self { guild, replica, subscribers, lists, .. } = self;
        let Some(replica) = replica else { return };
        replica.position = record.position;
        let event = &record.event;
        let renderer = Renderer::new(*guild, record);
        let fanout = Fanout { event, replica, subscribers, renderer };
        match event.subject() {
            Subject::Nobody => replica.apply(event),
            Subject::Conversation(_) => {
                if event.is_durable() || fresh || cx.bug(Mutant::StaleRelaySpeaks) {
                    fanout.say(cx, out);
                }
            }
            Subject::Guild if *event == Event::GuildDelete => {
                lists.forget();
                fanout.dissolve(out);
            }
            Subject::Member(_) | Subject::Role(_) | Subject::Channel(_) | Subject::Guild => {
                lists.forget();
                fanout.change(cx, out);
            }
        }
    }
}

/// One event on its way to everybody in a relay.
struct Fanout<'a> {
    event: &'a Event,
    replica: &'a mut Replica,
    subscribers: &'a mut Subscribers,
    renderer: Renderer<'a>,
}

impl Fanout<'_> {
    /// Something that changes nobody's view: the hot path.
    fn say(mut self, cx: &mut Cx<'_>, out: &mut impl Sink<Output>) {
        for number in 0..self.subscribers.classes.len() {
            let class = &self.subscribers.classes[number];
            if class.recipients.is_empty() {
                continue;
            }
            let seen = &class.visible[..];
            let viewer =
                Viewer { intents: class.intents, before: seen, after: seen, is_own: false };
            let Some(said) = viewer.itself(cx, self.event) else { continue };
            let may_read =
                if said == Rendered::Blank { self.concerned(number) } else { Vec::new() };
            self.live(number, (0, said), may_read.clone(), out);
            for slot in may_read {
                self.tell(slot, (0, Rendered::Itself), out);
            }
        }
    }

    /// Those in a class without MESSAGE_CONTENT who may read what is said all the same, ascending.
    fn concerned(&self, number: usize) -> Vec<u32> {
        let (Event::Message(message) | Event::MessageUpdate(message)) = self.event else {
            return Vec::new();
        };
        let users = message.mentions.iter().copied().chain([message.author]);
        let told = self.subscribers.in_classes_of(users).into_iter();
        told.filter(|(_, class, _)| *class as usize == number).map(|(slot, ..)| slot).collect()
    }

    /// A class is told something, but for some of its sessions.
    fn live(
        &mut self,
        number: usize,
        said: (u8, Rendered),
        except: Vec<u32>,
        out: &mut impl Sink<Output>,
    ) {
        let dispatch = self.renderer.render(said, &self.replica.guild);
        let index = self.subscribers.classes[number].log.append(dispatch);
        out.emit(Output::Live { class: super::subscribers::number(number), index, except });
    }

    fn tell(&mut self, slot: u32, said: (u8, Rendered), out: &mut impl Sink<Output>) {
        out.emit(Output::Tell { slot, dispatch: self.renderer.render(said, &self.replica.guild) });
    }

    /// The guild is no more.
    fn dissolve(mut self, out: &mut impl Sink<Output>) {
        self.replica.apply(self.event);
        let told: Vec<_> = self.subscribers.in_classes().collect();
        for slot in told {
            self.tell(slot, (0, Rendered::Farewell), out);
            out.emit(Output::Exclude { slot });
        }
    }

    /// Something that may change what is seen: once for each class, and one by one for those who
    /// may come to sit in another.
    fn change(mut self, cx: &mut Cx<'_>, out: &mut impl Sink<Output>) {
        let apart = self.subscribers.in_classes_of(self.replica.apart(self.event));
        self.replica.apply(self.event);
        let is_frozen = cx.bug(Mutant::ViewAtSubscribe);
        let mut reviewed = Vec::new();
        for number in 0..self.subscribers.classes.len() {
            let class = &self.subscribers.classes[number];
            if class.recipients.is_empty() {
                continue;
            }
            let before = &class.visible[..];
            let after = if is_frozen {
                None
            } else {
                self.replica.review(cx, (&class.kind, before), self.event)
            };
            let viewer = Viewer {
                intents: class.intents,
                before,
                after: after.as_deref().unwrap_or(before),
                is_own: false,
            };
            let except = apart.iter().filter(|(_, class, _)| *class as usize == number);
            let except: Vec<_> = except.map(|(slot, ..)| *slot).collect();
            if except.len() < class.recipients.len() {
                let all: Vec<_> = viewer.rendering(cx, self.event).collect();
                for said in all {
                    self.live(number, said, except.clone(), out);
                }
            }
            reviewed.push((number, after));
        }
        for (slot, class, user) in apart {
            self.tell_apart(cx, (slot, class, user), is_frozen, out);
        }
        for (number, after) in reviewed {
            let class = &mut self.subscribers.classes[number];
            class.visible = after.unwrap_or(core::mem::take(&mut class.visible));
            class.shown = None;
        }
        if let Event::RoleDelete { role } = self.event
            && !is_frozen
        {
            self.subscribers.drop_role(*role, out);
        }
        if let Event::MemberAdd { user } = self.event {
            for slot in self.subscribers.readmit(*user) {
                out.emit(Output::Introduce { slot });
            }
        }
    }

    /// Somebody whose own view may change, and who may be of another kind from now on.
    fn tell_apart(
        &mut self,
        cx: &mut Cx<'_>,
        (slot, class, user): (u32, u32, UserId),
        is_frozen: bool,
        out: &mut impl Sink<Output>,
    ) {
        if matches!(self.event, Event::MemberRemove { .. }) {
            if !cx.bug(Mutant::LeaveNotUnseated) {
                self.tell(slot, (0, Rendered::Farewell), out);
                out.emit(Output::Exclude { slot });
            }
            return;
        }
        let is_own = matches!(self.event, Event::MemberUpdate { .. });
        let Some(kind) = self.replica.kind(user) else { return };
        let class = &self.subscribers.classes[class as usize];
        let (intents, before) = (class.intents, &class.visible[..]);
        let after = if is_frozen { before.to_vec() } else { self.replica.visible(cx, &kind) };
        let viewer = Viewer { intents, before, after: &after, is_own };
        let all: Vec<_> = viewer.rendering(cx, self.event).collect();
        for said in all {
            self.tell(slot, said, out);
        }
        if !is_frozen {
            out.emit(Output::Reclassify { slot });
        }
    }
}
