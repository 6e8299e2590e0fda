//! The transcript of a run, compared with a snapshot: an excerpt that shows one point of the run.

use guildhall_explain::transcript::Transcript;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, cast};
use guildhall_sim::run::run;

/// The most lines and columns of a snapshot. A larger one would not be reviewed; the digest covers
/// the rest of a run.
const MAX_LINES: usize = 40;
const MAX_COLUMNS: usize = 160;

/// How many lines are shown from the start, and how many before the point, if not all fit.
const FIRST: usize = 10;
const BEFORE: usize = 15;

/// What happens all the time and shows nothing.
const NOISE: [&str; 3] = [" heartbeat", " ack", " census"];

/// The part of a run that a snapshot shows.
pub(crate) struct Excerpt<'a> {
    /// It starts at the first line with this text.
    pub(crate) from: &'a str,
    /// It shows the next line with this text: the point.
    pub(crate) shows: &'a str,
}

/// Runs a plan and compares an excerpt of its transcript with the snapshot `name`.
pub(crate) fn assert_transcript(name: &str, plan: &Plan, excerpt: &Excerpt<'_>) {
    let (mut lines, mut begun) = (Vec::new(), false);
    let take = |_: &_, line: &str| {
        begun = begun || line.contains(excerpt.from);
        if begun && !NOISE.iter().any(|noise| line.contains(noise)) {
            lines.push(cut(line));
        }
    };
    let mut transcript = Transcript::new(cast(plan).expect("the plan is valid"), take);
    let outcome = run(plan, Options::default(), &mut transcript).expect("the plan is valid");
    drop(transcript);
    let mut shown = excerpt.of(name, &lines);
    shown.push(outcome.verdict.name().to_owned());
    let mut insta = insta::Settings::clone_current();
    insta.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/transcripts"));
    insta.set_prepend_module_to_snapshot(false);
    insta.set_omit_expression(true);
    insta.bind(|| insta::assert_snapshot!(name, shown.join("\n")));
}

impl Excerpt<'_> {
    /// The first lines, and those around the point if it comes later.
    fn of(&self, name: &str, lines: &[String]) -> Vec<String> {
        let point = lines.iter().position(|line| line.contains(self.shows));
        let point = point.unwrap_or_else(|| panic!("{name} does not show `{}`", self.shows));
        // The verdict has a line, and so has each omission.
        let room = MAX_LINES - 2;
        if point < room {
            return [&lines[..room.min(lines.len())], &omitted(lines.len(), room)].concat();
        }
        let start = point - BEFORE;
        let end = lines.len().min(start + room - 1 - FIRST);
        let (before, after) = (omitted(start, FIRST), omitted(lines.len(), end));
        [&lines[..FIRST], &before, &lines[start..end], &after].concat()
    }
}

/// The line that stands for those from `shown` to `all`. It does not count them: the number would
/// change with every change of what is not shown.
fn omitted(all: usize, shown: usize) -> Vec<String> {
    if all > shown { vec!["…".to_owned()] } else { Vec::new() }
}

fn cut(line: &str) -> String {
    if line.chars().count() <= MAX_COLUMNS {
        return line.to_owned();
    }
    line.chars().take(MAX_COLUMNS - 1).chain(['…']).collect()
}
