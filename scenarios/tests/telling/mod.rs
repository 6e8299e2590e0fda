//! A run told step by step, kept as a snapshot.

use guildhall_explain::transcript::Transcript;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, cast};
use guildhall_sim::run::run;

/// More than this nobody reads; the rest of a run is in its digest.
const MOST_LINES: usize = 120;

/// Runs a plan and compares its transcript with the one of this name; told from the first line on
/// that says `from`.
pub(crate) fn tell(name: &str, plan: &Plan, from: &str) {
    let (mut lines, mut more) = (Vec::new(), 0);
    let takes = |_: &_, line: &str| {
        if lines.is_empty() && !line.contains(from) {
            return;
        }
        if lines.len() < MOST_LINES {
            lines.push(line.to_owned());
        } else {
            more += 1;
        }
    };
    let mut transcript = Transcript::new(cast(plan).expect("it can be run"), takes);
    let outcome = run(plan, Options::default(), &mut transcript).expect("it can be run");
    drop(transcript);
    lines.push(format!("… and {more} steps more: {}", outcome.verdict.name()));
    let mut insta = insta::Settings::clone_current();
    insta.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/transcripts"));
    insta.set_prepend_module_to_snapshot(false);
    insta.set_omit_expression(true);
    insta.bind(|| insta::assert_snapshot!(name, lines.join("\n")));
}
