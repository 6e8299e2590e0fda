//! The transcript of a run, compared with a snapshot.

use guildhall_explain::transcript::Transcript;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, cast};
use guildhall_sim::run::run;

/// A longer snapshot would not be reviewed; the digest covers the rest of a run.
const MAX_LINES: usize = 120;

/// Runs a plan and compares its transcript with the snapshot `name`.
///
/// The transcript starts at the first line that contains `from`.
pub(crate) fn assert_transcript(name: &str, plan: &Plan, from: &str) {
    let (mut lines, mut omitted) = (Vec::new(), 0);
    let take = |_: &_, line: &str| {
        if lines.is_empty() && !line.contains(from) {
            return;
        }
        if lines.len() < MAX_LINES {
            lines.push(line.to_owned());
        } else {
            omitted += 1;
        }
    };
    let mut transcript = Transcript::new(cast(plan).expect("the plan is valid"), take);
    let outcome = run(plan, Options::default(), &mut transcript).expect("the plan is valid");
    drop(transcript);
    lines.push(format!("… and {omitted} steps more: {}", outcome.verdict.name()));
    let mut insta = insta::Settings::clone_current();
    insta.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/transcripts"));
    insta.set_prepend_module_to_snapshot(false);
    insta.set_omit_expression(true);
    insta.bind(|| insta::assert_snapshot!(name, lines.join("\n")));
}
