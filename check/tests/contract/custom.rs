//! Custom checkers see what the contract sees, and their findings are violations like any other.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use guildhall_check::cast::Cast;
use guildhall_check::{Checker, Checkers, Clause, Contract, Findings, Subject, View};
use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::{Connection, Seq};
use guildhall_core::step::{Actor, Head, Observed, Step};

use crate::histories::{self, ALICE, BOB};
use crate::stage::{GUILD, user};

/// Nobody is sent a typing event.
struct NoTyping;

impl Checker for NoTyping {
    fn observe(&mut self, _: &Head, _: Observed<'_>, _: &View<'_>, _: &mut Findings) {}

    fn delivered(
        &mut self,
        head: &Head,
        (_, s): (Connection, Seq),
        dispatch: &Arc<Dispatch>,
        view: &View<'_>,
        findings: &mut Findings,
    ) {
        let Actor::Client(port) = head.actor else { return };
        let typing = matches!(dispatch.body, Body::TypingStart { .. });
        let subject = Subject::new("client", view.cast().client(port));
        findings.require(!typing, head, Clause::custom("MY1"), subject, || {
            let got = format!("{} as s={}", dispatch.body.name(), s.0);
            ("a client is sent a typing event".into(), "none".into(), got)
        });
    }
}

/// At the end of each step, who sees how many channels.
struct Sees(Arc<Mutex<Channels>>);

/// Who, and how many channels; none for one who is no member.
type Channels = BTreeSet<(usize, Option<usize>)>;

impl Checker for Sees {
    fn observe(&mut self, _: &Head, what: Observed<'_>, view: &View<'_>, _: &mut Findings) {
        if matches!(what, Observed::StepEnded) {
            let mut seen = self.0.lock().unwrap();
            for who in [ALICE, BOB] {
                let channels = view.guild(GUILD, user(who)).map(|guild| guild.channels.len());
                seen.insert((who, channels));
            }
        }
    }
}

fn judge(cast: &Arc<Cast>, steps: &[Step], checkers: &Checkers) -> Contract {
    let mut contract = Contract::new(cast.clone()).with_checkers(checkers());
    steps.iter().for_each(|step| step.tell(&mut contract));
    contract
}

fn no_typing() -> Vec<Box<dyn Checker + Send>> {
    vec![Box::new(NoTyping)]
}

#[test]
fn a_custom_clause_is_broken_like_any_other() {
    let mut broken = 0;
    for (name, (cast, steps)) in histories::all() {
        let contract = judge(&cast, &steps, &no_typing);
        let told = contract.marks().contains_key("typing told");
        let found: BTreeSet<_> = contract.violations().iter().map(|it| it.clause).collect();
        let wanted = if told { BTreeSet::from([Clause::custom("MY1")]) } else { BTreeSet::new() };
        assert_eq!(found, wanted, "{name}");
        for violation in contract.violations() {
            assert_eq!((violation.clause.to_string(), &*violation.checker), ("MY1".into(), "my1"));
            assert_eq!(violation.kind, "client");
            assert!(violation.got.starts_with("TYPING_START as s="), "{}", violation.got);
        }
        assert_eq!(contract.first().is_some(), told);
        broken += usize::from(told);
    }
    assert!(broken > 0, "no history has a typing event");
}

#[test]
fn a_checker_changes_nothing_that_the_contract_finds() {
    for (name, (cast, steps)) in histories::all() {
        let (alone, with) = (crate::honest::judge(&cast, &steps), judge(&cast, &steps, &no_typing));
        assert_eq!(alone.marks(), with.marks(), "{name}");
        assert_eq!(alone.deliveries(), with.deliveries(), "{name}");
    }
}

#[test]
fn the_view_follows_what_a_user_may_see() {
    let mut seen = BTreeSet::new();
    for (_, (cast, steps)) in histories::all() {
        let list = Arc::new(Mutex::new(Channels::new()));
        let copy = list.clone();
        let checkers =
            move || -> Vec<Box<dyn Checker + Send>> { vec![Box::new(Sees(copy.clone()))] };
        judge(&cast, &steps, &checkers);
        let list = list.lock().unwrap();
        seen.extend(list.iter().copied().filter(|(who, _)| *who == BOB).map(|(_, sees)| sees));
    }
    // Bob is no member, sees some channels, and sees more.
    assert!(seen.contains(&None) && seen.len() >= 3, "{seen:?}");
}
