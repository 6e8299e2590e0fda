//! Applies an event, and decides what each class, and each member that it singles out, receives.
//!
//! Visibility is decided here, once, at the event's position (I1, PROTOCOL, rule 16). Outputs are
//! in the order of delivery. Nothing here knows connections.

use alloc::vec::Vec;

use super::rendering::{Rendered, Renderer, Viewer};
use super::replica::Replica;
use super::subscribers::{Subscribers, number};
use super::{Output, Relay};
use crate::context::Cx;
use crate::event::{Event, Record, Subject};
use crate::id::{ChannelId, UserId};
use crate::machine::Sink;

/// A session that an event singles out: its slot, its class and its user.
type Singled = (u32, u32, UserId);

impl Relay {
    /// Applies an event. An ephemeral one is passed on only while the owner is known to be there
    /// (L8).
    pub(super) fn apply(
        &mut self,
        cx: &mut Cx<'_>,
        record: &Record,
        fresh: bool,
        out: &mut impl Sink<Output>,
    ) {
        let Self { guild, replica, subscribers, lists, .. } = self;
        let Some(replica) = replica else { return };
        let event = &record.event;
        let passes = event.is_durable() || fresh;
        replica.position = cx.bent(record.position, (replica.position, passes));
        let renderer = Renderer::new(*guild, record);
        let fanout = Fanout { event, replica, subscribers, renderer };
        match event.subject() {
            Subject::Nobody => replica.apply(event),
            Subject::Conversation(..) => {
                if cx.bent(passes, event) {
                    fanout.conversation(cx, out);
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

/// One event on its way to the sessions of a relay.
struct Fanout<'a> {
    event: &'a Event,
    replica: &'a mut Replica,
    subscribers: &'a mut Subscribers,
    renderer: Renderer<'a>,
}

impl Fanout<'_> {
    /// An event that changes nobody's view: the hot path.
    fn conversation(mut self, cx: &mut Cx<'_>, out: &mut impl Sink<Output>) {
        for number in 0..self.subscribers.classes.len() {
            let class = &self.subscribers.classes[number];
            if class.recipients.is_empty() {
                continue;
            }
            let seen = &class.visible[..];
            let viewer =
                Viewer { intents: class.intents, before: seen, after: seen, is_own: false };
            let Some(rendered) = viewer.itself(cx, self.event) else { continue };
            let may_read =
                if rendered == Rendered::Blank { self.concerned(number) } else { Vec::new() };
            self.live(number, (0, rendered), may_read.clone(), out);
            for slot in may_read {
                self.tell(slot, (0, Rendered::Itself), out);
            }
        }
    }

    /// The sessions of a class without MESSAGE_CONTENT whose users wrote the message or are
    /// mentioned in it, ascending: they may read it all the same.
    fn concerned(&self, number: usize) -> Vec<u32> {
        let Some(message) = self.event.message() else { return Vec::new() };
        let users = message.mentions.iter().copied().chain([message.author]);
        let sessions = self.subscribers.in_classes_of(users).into_iter();
        sessions.filter(|(_, class, _)| *class as usize == number).map(|(slot, ..)| slot).collect()
    }

    /// Sends one dispatch to a class, but for some of its sessions.
    fn live(
        &mut self,
        class: usize,
        rendered: (u8, Rendered),
        except: Vec<u32>,
        out: &mut impl Sink<Output>,
    ) {
        let dispatch = self.renderer.render(rendered, &self.replica.guild);
        let index = self.subscribers.classes[class].log.append(dispatch);
        out.emit(Output::Live { class: number(class), index, except });
    }

    fn tell(&mut self, slot: u32, rendered: (u8, Rendered), out: &mut impl Sink<Output>) {
        let dispatch = self.renderer.render(rendered, &self.replica.guild);
        out.emit(Output::Tell { slot, dispatch });
    }

    /// The guild was deleted.
    fn dissolve(mut self, out: &mut impl Sink<Output>) {
        self.replica.apply(self.event);
        let slots: Vec<_> = self.subscribers.in_classes().collect();
        for slot in slots {
            self.dismiss(slot, out);
        }
    }

    /// A session's user is no member any more.
    fn dismiss(&mut self, slot: u32, out: &mut impl Sink<Output>) {
        self.tell(slot, (0, Rendered::Farewell), out);
        out.emit(Output::Exclude { slot });
    }

    /// An event that may change views: once for each class, and one by one for the members that it
    /// singles out.
    fn change(mut self, cx: &mut Cx<'_>, out: &mut impl Sink<Output>) {
        let singled = self.replica.singled_out(self.event);
        let singled = cx.bent(singled, (&*self.replica, self.event));
        let singled = self.subscribers.in_classes_of(singled);
        self.replica.apply(self.event);
        let mut views = Vec::new();
        for number in 0..self.subscribers.classes.len() {
            let class = &self.subscribers.classes[number];
            if !class.recipients.is_empty() {
                let (kind, before) = (&class.kind, &class.visible[..]);
                let after = self.replica.review(cx, (kind, before), self.event);
                let after = cx.bent(after, (self.event, before));
                self.send_class(cx, (number, after.as_deref()), &singled, out);
                views.push((number, after));
            }
        }
        for session in singled {
            self.send_singled(cx, session, out);
        }
        for (number, after) in views {
            let class = &mut self.subscribers.classes[number];
            class.visible = after.unwrap_or(core::mem::take(&mut class.visible));
            class.shown = None;
        }
        if let Event::RoleDelete { role } = self.event {
            self.subscribers.drop_role(*role, out);
        }
        if let Event::MemberAdd { user } = self.event {
            for slot in self.subscribers.readmit(*user) {
                out.emit(Output::Introduce { slot });
            }
        }
    }

    /// Sends a change to a class that sees `after` from now on, if that differs, but for the
    /// sessions that it singles out.
    fn send_class(
        &mut self,
        cx: &mut Cx<'_>,
        (number, after): (usize, Option<&[ChannelId]>),
        singled: &[Singled],
        out: &mut impl Sink<Output>,
    ) {
        let except = singled.iter().filter(|(_, class, _)| *class as usize == number);
        let except: Vec<_> = except.map(|(slot, ..)| *slot).collect();
        let class = &self.subscribers.classes[number];
        if except.len() == class.recipients.len() {
            return;
        }
        let before = &class.visible[..];
        let after = after.unwrap_or(before);
        let viewer = Viewer { intents: class.intents, before, after, is_own: false };
        let all: Vec<_> = viewer.rendering(cx, self.event).collect();
        for rendered in all {
            self.live(number, rendered, except.clone(), out);
        }
    }

    /// Sends a change to a session whose view it changes apart from its class, and which may belong
    /// to another class from now on.
    fn send_singled(
        &mut self,
        cx: &mut Cx<'_>,
        (slot, class, user): Singled,
        out: &mut impl Sink<Output>,
    ) {
        if cx.bent(matches!(self.event, Event::MemberRemove { .. }), user) {
            return self.dismiss(slot, out);
        }
        let is_own = matches!(self.event, Event::MemberUpdate { .. });
        let Some(kind) = self.replica.kind(user) else { return };
        let class = &self.subscribers.classes[class as usize];
        let (intents, before) = (class.intents, &class.visible[..]);
        let after = self.replica.visible(cx, &kind);
        let after = cx.bent(after, before);
        let viewer = Viewer { intents, before, after: &after, is_own };
        let all: Vec<_> = viewer.rendering(cx, self.event).collect();
        for rendered in all {
            self.tell(slot, rendered, out);
        }
        out.emit(Output::Reclassify { slot });
    }
}
