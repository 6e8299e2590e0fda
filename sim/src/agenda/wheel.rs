//! A wheel: the chains of `N` consecutive places, and a bit map of the non-empty ones.
//!
//! Places are numbered from instant zero; the wheel covers `N` of them from any start. The owner
//! decides which ones, and must not enter others.

use super::chunks::Chain;

/// `N` must be a power of two, and at least 64.
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

    /// Returns the chain of a place, to push to it.
    #[inline]
    pub(super) fn enter(&mut self, place: u64) -> &mut Chain {
        let index = place as usize % N;
        self.occupied[index / 64] |= 1 << (index % 64);
        &mut self.chains[index]
    }

    /// Empties a place; returns its chain if it was not empty.
    pub(super) fn take(&mut self, place: u64) -> Option<Chain> {
        let index = place as usize % N;
        self.occupied[index / 64] &= !(1 << (index % 64));
        let chain = std::mem::take(&mut self.chains[index]);
        (chain.len() > 0).then_some(chain)
    }

    /// Returns the first non-empty place of the `N` that start at `from`.
    pub(super) fn first(&self, from: u64) -> Option<(u64, Chain)> {
        let start = from as usize % N;
        let (word, skipped) = (start / 64, u64::MAX << (start % 64));
        let words = self.occupied.len();
        // The word that holds `start` is read twice: the last time for the bits before `start`.
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
