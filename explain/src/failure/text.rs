//! The text of a failure: the clause and the subject, what was expected and what was got, the chain of
//! causes, what is to blame, the state of everyone involved, the sizes before and after shrinking, and
//! the commands to paste. It fits on a screen.

use std::fmt::{self, Display};

use guildhall_check::violation::Violation;

use super::{Failure, Line, Reduction};
use crate::explain::{Blame, Chain, Counts, Cycle, Explanation, Folded, Instead};
use guildhall_plan::text::{COLUMN, at, beside, counted, cut, grouped, item};

/// The largest number of needed parts of a plan that are named.
const MOST_NEEDED: usize = 6;

/// The largest number of parts without which another clause is violated.
const MOST_INSTEAD: usize = 2;

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", sentence(&self.explanation.violation))?;
        writeln!(f, "{}", item("where", &self.place()))?;
        writeln!(f, "{}", self.explanation)?;
        if let Some(shrunk) = &self.shrunk {
            writeln!(f, "{}", item("shrunk", &shrunk.to_string()))?;
        }
        let again = format!("by the same steps, digest {}", self.explanation.digest);
        write!(f, "{}", item("replayed", &again))?;
        self.lines.iter().try_for_each(|line| write!(f, "\n{line}"))
    }
}

impl Failure {
    fn place(&self) -> String {
        let violation = &self.explanation.violation;
        let small = if self.shrunk.is_some() { " of the small run" } else { "" };
        let mut parts = vec![
            format!("{} seed {}", self.name, self.seed),
            format!("step {} at {}{small}", grouped(violation.step), at(violation.at)),
            format!("engine {}", self.engine),
        ];
        parts.extend(self.mutant.map(|mutant| format!("planted: {}", mutant.word())));
        parts.join(", ")
    }
}

/// The clause, the subject and what is wrong; below it what was expected, and what was got.
#[must_use]
pub fn sentence(violation: &Violation) -> String {
    let Violation { clause, subject, message, expected, got, .. } = violation;
    let what = beside(&format!("{clause:<2}  "), 4, &format!("{subject}: {message}"));
    format!("{what}\n{}\n{}", item("expected", expected), item("got", got))
}

impl Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.limits.is_empty() {
            writeln!(f, "{}", item("limits", &self.limits.to_string()))?;
        }
        let told = self.chain.links.len() as u64;
        let why = format!("{told} of {}, newest last", counted(self.steps, "step"));
        writeln!(f, "{}", item("why", &why))?;
        write!(f, "{}", self.chain)?;
        for Cycle { times, every, last } in &self.cycles {
            let what = format!("{} like this, the last {every} apart", counted(*times, "time"));
            write!(f, "{}\n{last}", item("goes on", &what))?;
        }
        write!(f, "{}", self.blame)?;
        let mut label = "state";
        for one in &self.state {
            write!(f, "\n{}", item(label, &format!("{}: {}", one.who, one.how)))?;
            label = "";
        }
        if self.more > 0 {
            let more = counted(self.more, "more violation");
            write!(f, "\n{}", item("also", &format!("{more} in the same run")))?;
        }
        Ok(())
    }
}

impl Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = None;
        for (nth, link) in self.links.iter().enumerate() {
            let gap = before.is_some_and(|before| link.cause > before);
            if gap && self.left_out > 0 {
                writeln!(f, "    …")?;
            }
            before = Some(link.step);
            let number = format!("#{}", link.step);
            let lead = format!("    {number:<6}{:>9}  {:<10} ", at(link.at), link.who);
            // The last one is the violation.
            let is_whole = link.holds || nth + 1 == self.links.len();
            let line = match is_whole {
                true => beside(&lead, lead.chars().count(), &link.what),
                false => cut(&format!("{lead}{}", link.what)),
            };
            writeln!(f, "{line}")?;
            if let Some(Folded { steps, times }) = link.folded {
                let block = if steps == 1 { "this".to_owned() } else { format!("these {steps}") };
                writeln!(f, "    {times} more like {block}, up to")?;
                before = None;
            }
        }
        Ok(())
    }
}

impl Display for Blame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Each with its indentation.
        let mut lines = Vec::new();
        if self.needed.is_empty() {
            lines.push((0, "no single fault or action is needed for it".to_owned()));
        } else {
            lines.push((0, "each of these is needed:".to_owned()));
        }
        lines.extend(self.needed.iter().take(MOST_NEEDED).map(|part| (2, part.clone())));
        if let Some(more @ 1..) = self.needed.len().checked_sub(MOST_NEEDED) {
            lines.push((2, format!("and {more} more")));
        }
        for Instead { part, clause } in self.instead.iter().take(MOST_INSTEAD) {
            lines.push((0, format!("without this, {clause} breaks: {part}")));
        }
        if let Some(more @ 1..) = self.instead.len().checked_sub(MOST_INSTEAD) {
            lines.push((0, format!("without any of {more} others something else breaks")));
        }
        if !self.free.is_empty() {
            lines.push((0, format!("not needed, taken out one at a time: {}", self.free)));
        }
        if !self.unknown.is_empty() {
            lines.push((
                0,
                format!("unknown, since the run is inconclusive without it: {}", self.unknown),
            ));
        }
        let mut label = "  blame";
        for (indent, text) in lines {
            let end = if label.is_empty() { "\n" } else { "" };
            write!(f, "{end}{}", beside(label, COLUMN + indent, &text))?;
            label = "";
        }
        Ok(())
    }
}

impl Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.faults, self.actions) {
            (faults, 0) => write!(f, "{}", counted(faults, "fault")),
            (0, actions) => write!(f, "{}", counted(actions, "action")),
            (faults, actions) => {
                write!(f, "{}, {}", counted(faults, "fault"), counted(actions, "action"))
            }
        }
    }
}

impl Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, from {}", self.to, self.from)?;
        let Some(effort) = self.effort else { return Ok(()) };
        let rest = if effort.complete { "" } else { "; there may be more to take out" };
        write!(f, ", in {}{rest}", counted(effort.runs, "run"))
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A command to paste is never wrapped.
        write!(f, "{:<COLUMN$}{}", format!("  {}", self.does), self.paste)
    }
}
