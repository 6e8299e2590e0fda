//! A value over time, by position of its guild.

use guildhall_core::id::Position;

/// A place in a guild's stream: between two events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Moment {
    position: Position,
    included: bool,
}

impl Moment {
    /// After everything that has happened so far.
    pub(crate) const NOW: Self = Self {
        position: Position { epoch: guildhall_core::id::Epoch(u32::MAX), index: u64::MAX },
        included: true,
    };

    /// Just before an event.
    pub(crate) const fn before(position: Position) -> Self {
        Self { position, included: false }
    }

    /// Just after an event.
    pub(crate) const fn after(position: Position) -> Self {
        Self { position, included: true }
    }

    pub(super) fn includes(self, position: Position) -> bool {
        position < self.position || self.included && position == self.position
    }
}

/// The initial value and each change, ascending.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline<T> {
    first: T,
    changes: Vec<(Position, T)>,
}

impl<T> Timeline<T> {
    pub(crate) const fn new(first: T) -> Self {
        Self { first, changes: Vec::new() }
    }

    pub(crate) fn set(&mut self, position: Position, value: T) {
        self.changes.push((position, value));
    }

    pub(crate) fn at(&self, moment: Moment) -> &T {
        let known = self.changes.partition_point(|(position, _)| moment.includes(*position));
        known.checked_sub(1).map_or(&self.first, |last| &self.changes[last].1)
    }

    /// Each value after a position. The first one comes from a change there or later.
    pub(crate) fn since(&self, position: Position) -> impl Iterator<Item = &T> {
        let from = self.changes.partition_point(|(other, _)| *other <= position);
        self.changes[from..].iter().map(|(_, value)| value)
    }

    /// Whether any value satisfied the predicate.
    pub(crate) fn ever(&self, so: impl Fn(&T) -> bool) -> bool {
        so(&self.first) || self.changes.iter().any(|(_, value)| so(value))
    }

    /// The position of the last change up to a moment.
    pub(crate) fn changed(&self, moment: Moment) -> Option<Position> {
        let known = self.changes.partition_point(|(position, _)| moment.includes(*position));
        known.checked_sub(1).map(|last| self.changes[last].0)
    }
}
