//! A run as a timeline, which ui.perfetto.dev and chrome://tracing open.
//!
//! Each actor has a track, and each step is a slice on it, with its input and outputs. An arrow leads from a
//! step to each step that it caused. A fault that ends is a span, and a violation is a mark.
//!
//! A step takes no time. So that viewers keep the order of steps at one instant, they begin a nanosecond
//! apart; and so that a slice can be seen, it lasts until the next step of its actor, at most a millisecond.

mod event;

use std::collections::BTreeMap;

use guildhall_check::cast::Cast;
use guildhall_check::violation::Violation;
use guildhall_core::step::{Actor, Input, Step, WorldEvent};
use guildhall_explain::transcript::who;

use crate::step_kind;
use event::{Event, Nanos, StepArgs, Track, What};

pub(crate) use event::Trace;

/// The longest slice.
const LONGEST: Nanos = Nanos(1_000_000);

/// The steps of a run at their places.
#[derive(Default)]
pub(crate) struct Timeline {
    slices: Vec<Slice>,
    /// The latest slice of each actor.
    latest: BTreeMap<Actor, usize>,
}

/// A step at its place.
struct Slice {
    begin: Nanos,
    end: Nanos,
    step: Step,
    /// Its line in a transcript, unless it is left out there.
    text: Option<String>,
}

impl Timeline {
    /// Adds the next step of the run, with its line in a transcript.
    pub(crate) fn add(&mut self, step: Step, text: Option<String>) {
        let at = Nanos::from(step.head.at);
        let begin = self.slices.last().map_or(at, |before| at.max(before.begin + Nanos(1)));
        let before = self.latest.insert(step.head.actor, self.slices.len());
        if let Some(before) = before.and_then(|index| self.slices.get_mut(index)) {
            before.end = before.end.min(begin);
        }
        self.slices.push(Slice { begin, end: begin + LONGEST, step, text });
    }

    /// The timeline of a run of `name` as a trace.
    pub(crate) fn trace<'a>(
        &'a self,
        name: &'a str,
        cast: &Cast,
        violations: &'a [Violation],
    ) -> Trace<'a> {
        let tracks = self.latest.keys().copied().zip((1..).map(Track::new)).collect();
        let mut events = Events { tracks, all: Vec::new() };
        events.all.push(Event::process(name));
        events.name_tracks(cast);
        for slice in &self.slices {
            events.add_slice(slice);
            if let Some(cause) = self.slice(slice.step.head.cause) {
                events.add_arrow(cause, slice);
            }
        }
        events.add_spans(&self.slices);
        for violation in violations {
            if let Some(slice) = self.slice(violation.step) {
                events.add_mark(slice, violation);
            }
        }
        Trace::new(events.all)
    }

    /// The slice of the step with this number. Steps are numbered from 1.
    fn slice(&self, step: u64) -> Option<&Slice> {
        self.slices.get(usize::try_from(step.checked_sub(1)?).ok()?)
    }
}

/// The events of a trace.
struct Events<'a> {
    tracks: BTreeMap<Actor, Track>,
    all: Vec<Event<'a>>,
}

impl<'a> Events<'a> {
    fn name_tracks(&mut self, cast: &Cast) {
        let named = self.tracks.iter().map(|(actor, track)| {
            let name = match actor {
                Actor::World | Actor::Directory => who(*actor, cast).to_owned(),
                Actor::Node(_) => format!("node {}", who(*actor, cast)),
                Actor::Client(_) => format!("client {}", who(*actor, cast)),
                Actor::Journal(guild) => format!("journal of {}", cast.guild(*guild)),
            };
            track.named(name)
        });
        self.all.extend(named);
    }

    /// Adds an event on the track of a slice.
    fn add(&mut self, slice: &Slice, what: What<'a>) {
        let track = self.tracks.get(&slice.step.head.actor).copied().unwrap_or_default();
        self.all.push(Event { what, track });
    }

    fn add_slice(&mut self, slice: &'a Slice) {
        let Slice { begin, end, step, text } = slice;
        let name = step_kind::of_step(step);
        let args = StepArgs { text: text.as_deref(), step };
        self.add(slice, What::Slice { name, ts: *begin, dur: *end - *begin, args });
    }

    /// Adds an arrow. A viewer binds each end to the latest slice that it has read of that track.
    fn add_arrow(&mut self, from: &Slice, to: &Slice) {
        let (name, cat, id) = ("cause", "cause", to.step.head.step);
        self.add(from, What::ArrowBegins { name, cat, id, ts: from.begin });
        self.add(to, What::ArrowEnds { name, cat, id, ts: to.begin, bp: "e" });
    }

    fn add_spans(&mut self, slices: &'a [Slice]) {
        let mut begun = BTreeMap::new();
        for slice in slices {
            if let Input::World(WorldEvent::FaultBegan { index, .. }) = &slice.step.input {
                begun.insert(*index, slice);
            } else if let Input::World(WorldEvent::FaultEnded { index, what: name }) =
                &slice.step.input
                && let Some(first) = begun.remove(index)
            {
                let (cat, id) = ("fault", *index);
                self.add(first, What::SpanBegins { name, cat, id, ts: first.begin });
                self.add(slice, What::SpanEnds { name, cat, id, ts: slice.begin });
            }
        }
    }

    fn add_mark(&mut self, slice: &Slice, violation: &'a Violation) {
        let Violation { clause, subject, message, .. } = violation;
        let name = format!("{clause} {subject}: {message}");
        self.add(slice, What::Mark { name, s: "t", ts: slice.begin, args: violation });
    }
}

#[cfg(test)]
mod tests {
    use guildhall_core::id::NodeId;
    use guildhall_core::step::Head;
    use guildhall_core::time::Instant;

    use super::*;

    fn step(number: u64, at: u64, node: u16) -> Step {
        let (at, actor) = (Instant::micros(at), Actor::Node(NodeId(node)));
        let head = Head { step: number, cause: 0, at, now: at.into(), actor };
        Step { head, input: Input::Timeout, outputs: Vec::new() }
    }

    #[test]
    fn steps_of_one_instant_follow_each_other_and_slices_of_a_track_do_not_overlap() {
        let mut timeline = Timeline::default();
        for (number, at, node) in [(1, 5, 0), (2, 5, 0), (3, 5, 1), (4, 7, 0), (5, 5_000, 0)] {
            timeline.add(step(number, at, node), None);
        }
        let places = timeline.slices.iter().map(|slice| (slice.begin.0, slice.end.0));
        let expected = [
            (5_000, 5_001),
            (5_001, 7_000),
            (5_002, 1_005_002),
            (7_000, 1_007_000),
            (5_000_000, 6_000_000),
        ];
        assert_eq!(places.collect::<Vec<_>>(), expected);
    }
}
