//! A wheel: the chains of so many places in a row, and a map of which hold anything.
//!
//! Places are numbered from the beginning of time; the wheel reaches from any place over the next
//! `N`. Which ones those are at present is its owner's business, who must not enter others.

use super::chunks::Chain;

/// `N` is a power of two, and at least 64.
#[derive(Clone, Debug)]
pub(super) struct Wheel<const N: usize> {
    chains: Box<[Chain; N]>,
    occupied: Vec<u64>,
}

impl<const N: usize> Wheel<N> {
    pub(super) fn new() -> Self {
        const { assert!(N.is_power_of_two() && N >= 64) };
        Self { chains: Box::new([Chain::EMPTY; N]), occupied: vec![0; N / 64] }
    }

    pub(super) fn clear(&mut self) {
        self.chains.fill(Chain::EMPTY);
        self.occupied.fill(0);
    }

    /// The chain of a place, to be added to.
    #[inline]
    pub(super) fn enter(&mut self, place: u64) -> &mut Chain {
        let index = place as usize % N;
        self.occupied[index / 64] |= 1 << (index % 64);
        &mut self.chains[index]
    }

    /// Empties a place; its chain, if it held anything.
    pub(super) fn take(&mut self, place: u64) -> Option<Chain> {
        let index = place as usize % N;
        self.occupied[index / 64] &= !(1 << (index % 64));
        let chain = std::mem::take(&mut self.chains[index]);
        (chain.len() > 0).then_some(chain)
    }

    /// The first place that holds anything, of the `N` that begin with `from`.
    pub(super) fn first(&self, from: u64) -> Option<(u64, Chain)> {
        let start = from as usize % N;
        let (word, skipped) = (start / 64, u64::MAX << (start % 64));
        let words = self.occupied.len();
        // The word that holds `start` is looked at twice: at last for what lies before `start`.
        let index = (0..=words).find_map(|step| {
            let index = (word + step) % words;
            let bits = match step {
                0 => self.occupied[index] & skipped,
                last if last == words => self.occupied[index] & !skipped,
                _ => self.occupied[index],
            };
            (bits != 0).then(|| index * 64 + bits.trailing_zeros() as usize)
        })?;
        let distance = (index + N - start) % N;
        Some((from + distance as u64, self.chains[index]))
    }
}
