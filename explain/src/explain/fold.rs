//! Folding: steps that are taken again and again in the same way are listed twice, the first and the
//! last time, and counted.

use serde::{Deserialize, Serialize};

use super::Link;

/// The longest block of steps that is looked for.
const LONGEST: usize = 12;

/// How often a block is repeated before it is folded.
const FEWEST: usize = 4;

/// Steps that are not listed: they follow in the same way as those that are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Folded {
    /// How many of the listed steps, the last of which this is about, are repeated.
    pub steps: u64,
    /// How many more times.
    pub times: u64,
}

/// The steps with all repetitions folded.
pub(super) fn folded(links: Vec<Link>) -> Vec<Link> {
    let shapes: Vec<_> = links.iter().map(|link| shape(&link.who, &link.what)).collect();
    let (mut kept, mut from) = (Vec::new(), 0);
    while from < links.len() {
        let Some((length, times)) = repeated(&shapes[from..]) else {
            kept.push(links[from].clone());
            from += 1;
            continue;
        };
        let (first, last) = (from + length, from + length * times);
        kept.extend_from_slice(&links[from..first]);
        if let Some(link) = kept.last_mut() {
            link.folded = Some(Folded { steps: length as u64, times: times as u64 - 2 });
        }
        kept.extend_from_slice(&links[last - length..last]);
        from = last;
    }
    kept
}

/// What a step has in common with others like it: everything but the numbers.
pub(super) fn shape(who: &str, what: &str) -> String {
    let mut shape = format!("{who} ");
    for letter in what.chars() {
        let letter = if letter.is_ascii_digit() { '#' } else { letter };
        if letter != '#' || !shape.ends_with('#') {
            shape.push(letter);
        }
    }
    shape
}

/// The block that the steps begin with and that is repeated at once: its length, and how many times it
/// is there. Of several, the one that covers the most; of equals, the shortest.
fn repeated(shapes: &[String]) -> Option<(usize, usize)> {
    let blocks = (1..=LONGEST.min(shapes.len())).map(|length| {
        let block = &shapes[..length];
        (length, shapes.chunks(length).take_while(|chunk| *chunk == block).count())
    });
    let often = blocks.filter(|&(_, times)| times >= FEWEST);
    often.max_by_key(|&(length, times)| (length * times, std::cmp::Reverse(length)))
}

#[cfg(test)]
mod tests {
    use guildhall_core::time::Instant;

    use super::*;

    fn links(what: &[&str]) -> Vec<Link> {
        let link = |(step, what): (u64, &&str)| Link {
            step,
            cause: step - 1,
            at: Instant::micros(step),
            who: "alice".to_owned(),
            what: (*what).to_owned(),
            holds: false,
            folded: None,
        };
        (1..).zip(what).map(link).collect()
    }

    #[test]
    fn what_is_repeated_is_listed_the_first_and_the_last_time() {
        let kept =
            folded(links(&["starts", "a1", "b1", "a2", "b2", "a3", "b3", "a4", "b14", "quits"]));
        let what: Vec<_> = kept.iter().map(|link| link.what.as_str()).collect();
        assert_eq!(what, ["starts", "a1", "b1", "a4", "b14", "quits"]);
        let counts: Vec<_> = kept.iter().filter_map(|link| link.folded).collect();
        assert_eq!(counts, [Folded { steps: 2, times: 2 }]);
        assert_eq!(kept[2].folded, Some(counts[0]));
    }

    #[test]
    fn what_differs_or_is_rare_is_listed_whole() {
        for all in [&["a", "b", "c", "d", "e"][..], &["a", "a", "a", "b"], &["a", "b", "a", "b"]] {
            assert_eq!(folded(links(all)), links(all));
        }
    }
}
