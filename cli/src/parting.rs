//! Where two runs of one plan part, told with both sides.

use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_core::step::Step;
use guildhall_explain::divergence::Divergence;
use guildhall_explain::transcript::Transcript;

use crate::tell;
use crate::words::grouped;

/// The first step that differs, and what each of the runs did there.
pub(crate) fn tell(found: &Divergence, cast: &Arc<Cast>) -> String {
    let head = format!("two runs here part at step {}", grouped(found.step));
    let sides = [("one", &found.left), ("other", &found.right)];
    let sides = sides.map(|(label, side)| tell::item(label, &side_in_names(side.as_ref(), cast)));
    format!("{}\n{}", tell::item("again", &head), sides.join("\n"))
}

fn side_in_names(side: Option<&Step>, cast: &Arc<Cast>) -> String {
    let Some(step) = side else {
        return "nothing: it had ended, or never did the same twice".to_owned();
    };
    let mut line = None;
    step.tell(&mut Transcript::new(cast.clone(), |_, told| line = Some(told.to_owned())));
    // Idle steps have no line of their own.
    line.unwrap_or_else(|| format!("#{} {:?} -> {:?}", step.head.step, step.input, step.outputs))
}

#[cfg(test)]
mod tests {
    use guildhall_core::time::Instant;
    use guildhall_explain::divergence::between;
    use guildhall_plan::plan::Plan;
    use guildhall_plan::run::{Options, cast};
    use guildhall_plan::script::Settings;
    use guildhall_plan::seed::Seed;
    use guildhall_sim::run::run;

    use super::*;

    fn plan() -> Plan {
        let scenario = crate::subject::scenario("two-members").unwrap();
        scenario.plan(Seed::default(), &Settings::default()).unwrap()
    }

    #[test]
    fn both_sides_of_the_first_step_that_differs_are_told_in_names() {
        let (one, mut other) = (plan(), plan());
        let act = &mut other.acts[0];
        act.at = Instant::micros(act.at.as_micros() + 1);
        let found = between(
            |it| run(&one, Options::default(), it).map(drop),
            |it| run(&other, Options::default(), it).map(drop),
        );
        let page = tell(&found.unwrap().unwrap(), &cast(&one).unwrap());
        assert!(page.contains("part at step"), "{page}");
        let of_client = |line: &&str| line.contains(one.acts[0].client.as_str());
        assert_eq!(page.lines().filter(of_client).count(), 2, "{page}");
    }
}
