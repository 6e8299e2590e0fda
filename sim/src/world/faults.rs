//! The effects of faults on the connections of clients.

use guildhall_core::step::Observer;
use guildhall_plan::fault::{CutKind, Direction};

use super::World;
use crate::event::{Event, Kind};
use crate::link::{Flow, Link};

impl<W: Observer> World<'_, W> {
    /// The current link of a client, if the client's end is open.
    pub(super) fn open_link(&self, client: u32) -> Option<u32> {
        let link = self.stage.lines[client as usize].link;
        link.filter(|&link| self.stage.links.at(link).here)
    }

    pub(super) fn cut(&mut self, client: u32, how: CutKind) {
        let Some(link) = self.open_link(client) else { return };
        let reset = how != CutKind::Fin;
        self.stage.hang_up(link, false, reset);
        match how {
            CutKind::Fin | CutKind::Reset => self.stage.hang_up(link, true, reset),
            CutKind::HalfOpen { late } => {
                let at = self.stage.now + late.as_micros();
                let kind = Kind::Gone { link, reset };
                self.stage.agenda.push(at, 1, Event { cause: self.stage.steps, kind });
            }
        }
        if reset {
            self.set_flow(Some(link), Direction::Both, Flow::Dead);
        }
    }

    /// Sets the flow of a link. A dead link stays dead: no later fault revives it.
    pub(super) fn set_flow(&mut self, link: Option<u32>, way: Direction, flow: Flow) {
        let Some(link) = link else { return };
        let wire = self.stage.links.at_mut(link);
        for (affected, side) in [(way.is_down(), &mut wire.down), (way.is_up(), &mut wire.up)] {
            if affected && *side != Flow::Dead {
                *side = flow;
            }
        }
    }

    pub(super) fn stall(&mut self, fault: u32, client: u32, way: Direction) {
        let Some(link) = self.open_link(client) else { return };
        self.set_flow(Some(link), way, Flow::Stalled);
        self.keep_in_order(client, link);
        self.stalled.push((fault, link));
    }

    /// Frames that have arrived at a suspended client or a paused node, and are not read yet, wait for
    /// the end of the stall as well: they must not come after those that it holds back (F2).
    fn keep_in_order(&mut self, client: u32, link: u32) {
        let &Link { down, up, node, .. } = self.stage.links.at(link);
        let trunk = self.stage.links.trunk(link);
        if down == Flow::Stalled {
            let held = &mut self.clients[client as usize].held;
            let arrived = held.extract_if(.., |event| event.is_down(link));
            trunk.held_down.extend(arrived);
        }
        if up == Flow::Stalled {
            let held = &mut self.nodes[usize::from(node)].held;
            let arrived = held.extract_if(.., |event| event.is_up(link));
            trunk.held_up.extend(arrived);
        }
    }

    /// Sends everything that a stall held back, before anything later.
    pub(super) fn release(&mut self, fault: u32) {
        let Some(at) = self.stalled.iter().position(|&(other, _)| other == fault) else { return };
        let (_, link) = self.stalled.swap_remove(at);
        let wire = self.stage.links.at_mut(link);
        for side in [&mut wire.down, &mut wire.up] {
            if *side == Flow::Stalled {
                *side = Flow::Open;
            }
        }
        let trunk = self.stage.links.trunk(link);
        for held in [&mut trunk.held_down, &mut trunk.held_up] {
            for event in held.drain(..) {
                self.stage.agenda.push(self.stage.now, 0, event);
            }
        }
    }
}
