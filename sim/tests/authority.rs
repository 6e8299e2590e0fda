//! Plans in which somebody reaches for what is not theirs, or for more than a guild holds.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use guildhall_core::client;
use guildhall_core::dispatch::Dispatch;
use guildhall_core::id::{Nonce, UserId};
use guildhall_core::request::{Action, Outcome, Refusal};
use guildhall_core::step::{Head, Observed, Observer};
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Verdict};
use guildhall_sim::run::run;

/// What came of each request, by the order in which they were made, and what clients were sent.
#[derive(Default)]
struct Witness {
    asked: Vec<(UserId, Nonce, Action)>,
    answers: BTreeMap<(UserId, Nonce), Outcome>,
    delivered: Vec<Dispatch>,
}

impl Observer for Witness {
    fn observe(&mut self, _: &Head, what: Observed<'_>) {
        match what {
            Observed::ClientInput(client::Input::Ask(request)) => {
                let origin = request.origin;
                self.asked.push((origin.user, origin.nonce, request.action.clone()));
            }
            Observed::ClientInput(client::Input::Answer(answer)) => {
                self.answers.insert((answer.origin.user, answer.origin.nonce), answer.outcome);
            }
            Observed::Delivered { dispatch, .. } => self.delivered.push((**dispatch).clone()),
            _ => {}
        }
    }
}

impl Witness {
    /// Runs a plan, which must hold.
    fn of(plan: &str) -> Self {
        let mut witness = Self::default();
        let plan = Plan::from_toml(plan).unwrap();
        let outcome = run(&plan, Options::default(), &mut witness).unwrap();
        assert_eq!(outcome.verdict, Verdict::Held, "{:#?}", outcome.violations);
        witness
    }

    /// Why each request was refused, in order; `None` for one that was done.
    fn refusals(&self) -> Vec<Option<Refusal>> {
        let why = |(user, nonce, _): &(UserId, Nonce, Action)| match self.answers[&(*user, *nonce)]
        {
            Outcome::Done(_) => None,
            Outcome::Refused { why, .. } => Some(why),
            Outcome::Busy => panic!("nobody is busy"),
        };
        self.asked.iter().map(why).collect()
    }
}

#[test]
fn a_moderator_cannot_promote_herself() {
    let witness = Witness::of(include_str!("authority/moderator-promotes-herself.toml"));
    assert_eq!(witness.refusals(), [Some(Refusal::Outranked), None]);
}

#[test]
fn a_moderator_can_neither_demote_nor_ban_an_administrator() {
    let witness = Witness::of(include_str!("authority/moderator-bans-an-administrator.toml"));
    let refused = Some(Refusal::Outranked);
    // Nor can she give her own role more, and she may not ban anybody.
    assert_eq!(witness.refusals(), [refused, refused, refused, None, Some(Refusal::Forbidden)]);
}
