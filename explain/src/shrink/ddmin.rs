//! Delta debugging (ddmin): reduces a list by removing all of it, halves, quarters, and at last single
//! elements.
//!
//! It ends when no single element can be removed. The result depends only on the order in which ranges
//! are tried, never on how many are tried at a time.

use std::ops::Range;

/// Removes what it can from a list of `len` elements.
///
/// `first` gets ranges of the list as it is then. It removes the first range that can be removed and
/// returns its index and the new length, or `None` if none can be removed.
pub(crate) fn reduce(len: usize, mut first: impl FnMut(&[Range<usize>]) -> Option<(usize, usize)>) {
    let mut left = len;
    let mut size = len;
    while size > 0 && left > 0 {
        let mut from = 0;
        let mut taken = false;
        while from < left {
            let ranges = pieces(from, left, size);
            let Some((nth, now)) = first(&ranges) else { break };
            from = ranges[nth].start;
            left = now;
            taken = true;
        }
        // Single elements are tried until a whole round removes none.
        let again = size == 1 && taken;
        size = if again { 1 } else { size / 2 };
    }
}

fn pieces(from: usize, to: usize, size: usize) -> Vec<Range<usize>> {
    (from..to).step_by(size).map(|at| at..to.min(at + size)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reduces `0..len` under a predicate, and counts the attempts.
    fn reduced(len: usize, fails: impl Fn(&[usize]) -> bool) -> (Vec<usize>, usize) {
        let (mut list, mut tried) = ((0..len).collect::<Vec<_>>(), 0);
        reduce(len, |ranges| {
            for (nth, range) in ranges.iter().enumerate() {
                tried += 1;
                let mut without = list.clone();
                without.drain(range.clone());
                if fails(&without) {
                    list = without;
                    return Some((nth, list.len()));
                }
            }
            None
        });
        (list, tried)
    }

    proptest! {
        #[test]
        fn exactly_the_needed_elements_are_left(
            len in 0_usize..120,
            needed in prop::collection::btree_set(0_usize..120, 0..6),
        ) {
            let needed: Vec<_> = needed.into_iter().filter(|it| *it < len).collect();
            let (left, _) = reduced(len, |list| needed.iter().all(|it| list.contains(it)));
            prop_assert_eq!(left, needed);
        }

        #[test]
        fn no_single_element_of_the_result_can_be_removed(
            len in 0_usize..40,
            salt in any::<u64>(),
        ) {
            let fails = |list: &[usize]| {
                list.len() == len || guildhall_plan::digest::Digest::of(&(list, salt)).0.is_multiple_of(3)
            };
            let (left, _) = reduced(len, fails);
            prop_assert!(fails(&left));
            for nth in 0..left.len() {
                let mut without = left.clone();
                without.remove(nth);
                prop_assert!(!fails(&without), "{:?} without {nth}", left);
            }
        }

        #[test]
        fn a_single_needed_element_is_found_in_logarithmically_many_attempts(len in 2_usize..2_000, at in any::<u64>()) {
            let needed = (at % len as u64) as usize;
            let (left, tried) = reduced(len, |list| list.contains(&needed));
            prop_assert_eq!(left, vec![needed]);
            let halvings = usize::BITS - len.leading_zeros();
            prop_assert!(tried <= 4 * halvings as usize + 4, "{tried} tries of {len}");
        }
    }
}
