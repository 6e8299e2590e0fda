//! When a world has settled, and when it is given up.

use guildhall_core::limits::Limits;
use guildhall_core::time::Span;
use guildhall_plan::settling::{Effect, LOOK_EVERY, Look, RunEnd, Settling, Sight};

/// What a world looks like in which somebody is owed this, and nodes keep that.
fn sight(owed: Option<&str>, kept: Option<&str>) -> Sight {
    Sight { deliveries: 1, owed: owed.map(str::to_owned), kept: kept.map(str::to_owned) }
}

fn look(settling: &mut Settling, now: u64, why: Look, sight: Sight) -> Vec<Effect> {
    let mut effects = Vec::new();
    settling.handle(now, why, sight, &mut effects);
    effects
}

/// Looks at a world in which nobody is owed anything until a census is to be taken.
fn until_census(settling: &mut Settling, mut now: u64) -> u64 {
    loop {
        match &look(settling, now, Look::Due, sight(None, None))[..] {
            [Effect::Look(next)] => now = *next,
            [Effect::Census] => return now,
            other => panic!("{other:?}"),
        }
    }
}

fn healed(linger: Span) -> Settling {
    let mut settling = Settling::new(&Limits::default(), linger);
    assert_eq!(look(&mut settling, 0, Look::Due, sight(None, None)), [], "faults may begin");
    settling.healed(1_000);
    settling
}

#[test]
fn a_world_settles_when_nothing_is_owed_for_a_while_and_nothing_is_kept() {
    let mut settling = healed(Span::ZERO);
    let owed = look(&mut settling, 1_000, Look::Due, sight(Some("an answer"), None));
    assert_eq!(owed, [Effect::Look(1_000 + LOOK_EVERY)]);
    let now = until_census(&mut settling, 1_000 + LOOK_EVERY);
    let quiet = 5_000_000 + 2 * Limits::default().tip_every.as_micros();
    assert!(now >= 1_000 + LOOK_EVERY + quiet, "the calm begins when nothing is owed any more");
    let kept = look(&mut settling, now, Look::Counted, sight(None, Some("a relay")));
    assert_eq!(kept, [Effect::Look(now + LOOK_EVERY)]);
    let now = until_census(&mut settling, now + LOOK_EVERY);
    let settled = look(&mut settling, now, Look::Counted, sight(None, None));
    assert_eq!(settled, [Effect::Settled, Effect::Census]);
    let over = look(&mut settling, now, Look::Counted, sight(None, None));
    assert_eq!(over, [Effect::Over(RunEnd::Settled)]);
}

#[test]
fn a_settled_world_lingers_and_is_counted_once_more() {
    let mut settling = healed(Span::secs(60));
    let now = until_census(&mut settling, 1_000);
    look(&mut settling, now, Look::Counted, sight(None, None));
    let later = now + 60_000_000;
    let lingers = look(&mut settling, now, Look::Counted, sight(None, None));
    assert_eq!(lingers, [Effect::Look(later)]);
    assert_eq!(look(&mut settling, later, Look::Due, sight(None, None)), [Effect::Census]);
    let over = look(&mut settling, later, Look::Counted, sight(None, None));
    assert_eq!(over, [Effect::Over(RunEnd::Settled)]);
}

#[test]
fn something_owed_during_a_census_begins_the_calm_anew() {
    let mut settling = healed(Span::ZERO);
    let now = until_census(&mut settling, 1_000);
    let owed = look(&mut settling, now, Look::Counted, sight(Some("an answer"), None));
    assert_eq!(owed, [Effect::Look(now + LOOK_EVERY)]);
    assert!(until_census(&mut settling, now + LOOK_EVERY) > now + 5_000_000);
}

#[test]
fn a_world_without_progress_is_given_up() {
    let mut settling = healed(Span::ZERO);
    let mut now = 1_000;
    let end = loop {
        let why = sight(Some("an answer"), None);
        match &look(&mut settling, now, Look::Due, why)[..] {
            [Effect::Look(next)] => now = *next,
            [Effect::Over(end)] => break end.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(end, RunEnd::Stuck("an answer".to_owned()));
    assert!(now - 1_000 > Limits::default().settle_within().as_micros());
}
