//! What a sweep has found, scenario by scenario: kept for the forms that are written at its end.

use guildhall_check::violation::Violation;
use guildhall_plan::run::{Outcome, Verdict};

use crate::recipe::Recipe;
use crate::tell;

/// What was found in one scenario.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) scenario: &'static str,
    pub(crate) seeds: u64,
    pub(crate) steps: u64,
    pub(crate) deliveries: u64,
    /// The seeds that did not hold, in order.
    pub(crate) cases: Vec<Case>,
}

/// A seed that did not hold.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) recipe: Recipe,
    pub(crate) ending: Ending,
}

/// How it ended.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// The contract was broken; this was first, and so many more were found.
    Violated { first: Violation, more: usize },
    /// It was given up.
    Inconclusive,
    /// It could not be judged, for a mistake of ours.
    Broken(String),
}

impl Ending {
    /// How a run ended, unless it held.
    pub(crate) fn of(outcome: &Outcome) -> Option<Self> {
        match (outcome.verdict, outcome.violations.as_slice()) {
            (Verdict::Held, _) | (Verdict::Violated, []) => None,
            (Verdict::Violated, [first, more @ ..]) => {
                Some(Self::Violated { first: first.clone(), more: more.len() })
            }
            (Verdict::Inconclusive, _) => Some(Self::Inconclusive),
        }
    }

    /// What kind of ending it is, in a word: the clause that was broken, or what else.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Violated { first, .. } => first.clause.to_string(),
            Self::Inconclusive => "inconclusive".to_owned(),
            Self::Broken(_) => "internal".to_owned(),
        }
    }

    /// What is wrong, in a sentence.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Violated { first, .. } => format!("{}: {}", first.subject, first.message),
            Self::Inconclusive => "given up before all had settled".to_owned(),
            Self::Broken(why) => why.clone(),
        }
    }
}

impl Case {
    /// What is told of it where only little is.
    pub(crate) fn block(&self) -> String {
        tell::failure(&self.ending, &self.recipe)
    }
}

impl Suite {
    pub(crate) fn new(scenario: &'static str) -> Self {
        Self { scenario, seeds: 0, steps: 0, deliveries: 0, cases: Vec::new() }
    }

    /// Takes note of a run that was judged.
    pub(crate) fn add(&mut self, steps: u64, deliveries: u64, case: Option<Case>) {
        self.seeds += 1;
        self.steps += steps;
        self.deliveries += deliveries;
        self.cases.extend(case);
    }

    /// Takes note of a run that could not be.
    pub(crate) fn add_broken(&mut self, recipe: Recipe, why: String) {
        self.cases.push(Case { recipe, ending: Ending::Broken(why) });
    }

    /// Whether nothing of it was run.
    pub(crate) fn is_empty(&self) -> bool {
        self.seeds == 0 && self.cases.is_empty()
    }

    pub(crate) fn failing(&self) -> u64 {
        self.count(|ending| matches!(ending, Ending::Violated { .. }))
    }

    pub(crate) fn inconclusive(&self) -> u64 {
        self.count(|ending| matches!(ending, Ending::Inconclusive))
    }

    pub(crate) fn broken(&self) -> u64 {
        self.count(|ending| matches!(ending, Ending::Broken(_)))
    }

    fn count(&self, which: impl Fn(&Ending) -> bool) -> u64 {
        self.cases.iter().filter(|case| which(&case.ending)).count() as u64
    }
}

/// A sweep of three scenarios, for tests of the forms: one has held, one has broken two clauses in
/// words that each form has to escape, and one has come to no verdict.
#[cfg(test)]
pub(crate) fn example() -> Vec<Suite> {
    use guildhall_check::violation::Clause;
    use guildhall_core::time::Instant;
    use guildhall_plan::seed::Seed;

    use crate::settings::Conditions;
    use crate::subject::{Subject, scenario};

    let case = |name: &str, seed: u64, ending: Ending| {
        let conditions = Conditions { set: vec!["drops=3".to_owned()], ..Conditions::default() };
        let subject = Subject::Scenario(scenario(name).unwrap());
        Case { recipe: Recipe { subject, seed: Seed::new(seed).unwrap(), conditions }, ending }
    };
    let violated = |clause: Clause, message: &str, more: usize| {
        let first = Violation {
            clause,
            checker: "l2".to_owned(),
            kind: "session".to_owned(),
            subject: "#1.2 at paris".to_owned(),
            message: message.to_owned(),
            expected: "its own end, its being cut, or a RESUME on another connection".to_owned(),
            got: "none of these".to_owned(),
            step: 1_118,
            at: Instant::micros(5_659_000),
        };
        Ending::Violated { first, more }
    };
    let lost = "its session loses it, although nothing has happened to it";
    let odd = "alice was told \"100% <b>&</b>, ```at once```\"\nand nobody said so";
    let mut held = Suite::new("two-members");
    let mut broken = Suite::new("half-open");
    let mut open = Suite::new("busy-guild");
    for _ in 0..1_000 {
        held.add(500, 20, None);
    }
    broken.add(2_000, 7, Some(case("half-open", 0x10, violated(Clause::L2, lost, 0))));
    broken.add(3_000, 8, Some(case("half-open", 0x11, violated(Clause::L2, lost, 2))));
    broken.add(4_000, 9, Some(case("half-open", 0x12, violated(Clause::D1, odd, 0))));
    open.add(100, 0, Some(case("busy-guild", 3, Ending::Inconclusive)));
    let why = "busy-guild has drawn an impossible plan for seed 0x4".to_owned();
    open.cases.push(case("busy-guild", 4, Ending::Broken(why)));
    vec![held, broken, open]
}
