//! The chain of causes as a Mermaid sequence diagram.

use std::fmt::Write as _;

use super::chain::{Chain, Link};
use guildhall_plan::text::at;

/// The largest length of a label.
const LABEL: usize = 72;

impl Chain {
    /// The diagram. An arrow goes from a step to one that it caused; a step whose cause is left out is a
    /// note.
    #[must_use]
    pub fn diagram(&self) -> String {
        let mut page = "sequenceDiagram\n".to_owned();
        let mut who: Vec<&str> = Vec::new();
        for link in &self.links {
            if !who.contains(&link.who.as_str()) {
                let _ = writeln!(page, "    participant p{} as {}", who.len(), plain(&link.who));
                who.push(&link.who);
            }
        }
        let place = |link: &Link| who.iter().position(|name| *name == link.who).unwrap_or_default();
        for link in &self.links {
            let label = label(link);
            let to = place(link);
            let cause = self.links.iter().find(|cause| cause.step == link.cause);
            let _ = match cause.map(place) {
                Some(from) if from != to => writeln!(page, "    p{from}->>p{to}: {label}"),
                Some(_) | None => writeln!(page, "    Note over p{to}: {label}"),
            };
        }
        page
    }
}

/// The time and the input of a step.
fn label(link: &Link) -> String {
    let what = link.what.split(" -> ").next().unwrap_or_default();
    let text = plain(&format!("{} {what}", at(link.at)));
    if text.chars().count() <= LABEL {
        return text;
    }
    text.chars().take(LABEL - 3).chain("...".chars()).collect()
}

/// Text without characters that Mermaid interprets: a semicolon ends a statement, a hash begins an
/// entity.
fn plain(text: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || " _=.,:()'@-".contains(letter);
    let quoted = text.replace('"', "'").replace('#', "");
    quoted.chars().map(|letter| if plain(letter) { letter } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use guildhall_core::time::Instant;

    use super::*;

    #[test]
    fn an_effect_is_an_arrow_and_labels_have_no_special_characters() {
        let link = |step: u64, cause: u64, who: &str, what: &str| {
            let (who, what) = (who.to_owned(), what.to_owned());
            Link {
                step,
                cause,
                at: Instant::micros(step * 1_000),
                who,
                what,
                holds: false,
                folded: None,
            }
        };
        let links = vec![
            link(3, 0, "world", "FAULT alice's connection breaks; at once"),
            link(4, 3, "berlin", "#1.2 is reset -> alice's session 1 loses #1.2"),
            link(9, 7, "berlin", "a deadline"),
        ];
        let page = Chain { links, left_out: 2 }.diagram();
        assert_eq!(
            page,
            "sequenceDiagram\n    participant p0 as world\n    participant p1 as berlin\n    \
             Note over p0: 0.003s FAULT alice's connection breaks  at once\n    \
             p0->>p1: 0.004s 1.2 is reset\n    Note over p1: 0.009s a deadline\n"
        );
    }
}
