//! When a world has settled, whom it serves then, and when it is given up.

use std::sync::Arc;

use guildhall_check::cast::{Cast, ClientPart};
use guildhall_check::{Speaker, Speakers};
use guildhall_core::id::{ChannelId, GuildId, NodeId, Port, UserId};
use guildhall_core::limits::Limits;
use guildhall_core::request::Action;
use guildhall_core::time::Span;
use guildhall_plan::seed::Seed;
use guildhall_plan::settling::{Effect, LOOK_EVERY, Look, RunEnd, Settling, Sight};

/// What a world looks like in which somebody is owed this, and nodes keep that.
fn sight(owed: Option<&str>, kept: Option<&str>) -> Sight {
    Sight {
        owed: owed.map(str::to_owned),
        comes_and_goes: false,
        kept: kept.map(str::to_owned),
        speakers: Speakers::default(),
        room_within: Span::secs(40),
        serves_within: Span::secs(10),
        probed: 0,
        unserved: None,
    }
}

/// A world in which clients have asked so often, and somebody waits for this.
fn served(probed: u32, unserved: Option<&str>) -> Sight {
    Sight { probed, unserved: unserved.map(str::to_owned), ..sight(None, None) }
}

/// A cast of three clients, in a world with these limits.
fn cast(limits: Limits) -> Cast {
    let client = |user| ClientPart {
        name: format!("client-{user}"),
        user: UserId(user),
        home: NodeId(0),
        honest: true,
    };
    let clients = (1..=3).map(client).collect();
    Cast { limits: Arc::new(limits), clients, ..Cast::default() }
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

/// Counts a world that has just settled. Returns the time at which its traffic was observed.
fn observed(settling: &mut Settling, now: u64) -> u64 {
    let next = look(settling, now, Look::Counted, sight(None, None));
    assert_eq!(next, [Effect::Look(now + Limits::default().tip_every.as_micros())]);
    now + Limits::default().tip_every.as_micros()
}

fn healed(linger: Span) -> Settling {
    healed_with(Limits::default(), linger)
}

fn healed_with(limits: Limits, linger: Span) -> Settling {
    let mut settling = Settling::new(&cast(limits), linger, Seed::default());
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
    let now = observed(&mut settling, now);
    let over = look(&mut settling, now, Look::Due, sight(None, None));
    assert_eq!(over, [Effect::Over(RunEnd::Settled)]);
}

#[test]
fn a_settled_world_lingers_and_is_counted_once_more() {
    let mut settling = healed(Span::secs(60));
    let now = until_census(&mut settling, 1_000);
    look(&mut settling, now, Look::Counted, sight(None, None));
    let now = observed(&mut settling, now);
    let later = now + 60_000_000;
    let lingers = look(&mut settling, now, Look::Due, sight(None, None));
    assert_eq!(lingers, [Effect::Look(later)]);
    assert_eq!(look(&mut settling, later, Look::Due, sight(None, None)), [Effect::Census]);
    let over = look(&mut settling, later, Look::Counted, sight(None, None));
    assert_eq!(over, [Effect::Over(RunEnd::Settled)]);
}

#[test]
fn clients_that_come_and_go_do_not_disturb_the_calm_but_must_be_back() {
    let away = || Sight { comes_and_goes: true, ..sight(Some("a connection"), None) };
    let mut settling = healed(Span::ZERO);
    let mut now = 1_000;
    while now < 60_000_000 {
        let gone = if now % 3_000_000 == 1_000 { away() } else { sight(None, None) };
        match &look(&mut settling, now, Look::Due, gone)[..] {
            [Effect::Look(next)] => now = *next,
            [Effect::Census] => break,
            other => panic!("{other:?}"),
        }
    }
    let quiet = 5_000_000 + 2 * Limits::default().tip_every.as_micros();
    assert!((quiet..quiet + 3 * LOOK_EVERY).contains(&now), "{now}");
    let gone = look(&mut settling, now, Look::Counted, away());
    assert_eq!(gone, [Effect::Look(now + LOOK_EVERY)], "not while one of them is away");
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
fn a_world_that_does_not_settle_in_time_is_given_up_whatever_happens() {
    let mut settling = healed(Span::ZERO);
    let mut now = 1_000;
    let end = loop {
        // Somebody is owed something else each time, or nothing at all for a while.
        let second = now / 1_000_000;
        let owed = format!("the answer {second}");
        let owed = sight((second % 10 > 4).then_some(&owed), None);
        match &look(&mut settling, now, Look::Due, owed)[..] {
            [Effect::Look(next)] => now = *next,
            [Effect::Over(end)] => break end.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(end, RunEnd::Stuck(_)), "{end:?}");
    let waited = now - 1_000 - cast(Limits::default()).settles_within().as_micros();
    assert!((15_000_000..17_000_000).contains(&waited), "two tips more, and a crash report");
}

/// Settles a world in which all three clients may speak. Returns the time, and what follows.
fn settle(settling: &mut Settling) -> (u64, Vec<Effect>) {
    let now = until_census(settling, 1_000);
    look(settling, now, Look::Counted, sight(None, None));
    let now = observed(settling, now);
    (now, look(settling, now, Look::Due, Sight { speakers: three(true), ..sight(None, None) }))
}

/// Three clients that may speak, and may type if there is room.
fn three(types: bool) -> Speakers {
    let (guild, channel) = (GuildId(7), ChannelId(1));
    let client = |port| Speaker { client: Port(port), guild, channel, types };
    Speakers { asked: (0..3).map(client).collect(), is_full: false }
}

/// The clients that type, those that say something, and the time of the next inspection, if any.
fn asked(effects: &[Effect]) -> (Vec<u32>, Vec<u32>, Option<u64>) {
    let (mut types, mut says, mut next) = (Vec::new(), Vec::new(), None);
    for effect in effects {
        match effect {
            Effect::Ask { client, request } if matches!(request.action, Action::Type { .. }) => {
                types.push(*client);
            }
            Effect::Ask { client, .. } => says.push(*client),
            Effect::Look(at) => next = Some(*at),
            Effect::Census | Effect::Settled | Effect::Over(_) => panic!("{effect:?}"),
        }
    }
    (types, says, next)
}

#[test]
fn clients_type_and_then_speak_in_a_settled_world() {
    let mut settling = healed(Span::ZERO);
    let (now, first) = settle(&mut settling);
    let (types, says, next) = asked(&first);
    assert_eq!((types, says), (vec![0, 1, 2], vec![]));
    let next = next.expect("the world is looked at again");
    let waits = look(&mut settling, next, Look::Due, served(2, None));
    assert_eq!(asked(&waits), (vec![], vec![], Some(2 * next - now)), "the third has not asked");
    let waits = look(&mut settling, next, Look::Due, served(3, Some("one was not told")));
    assert_eq!(asked(&waits), (vec![], vec![], Some(2 * next - now)));
    let (types, says, _) = asked(&look(&mut settling, next, Look::Due, served(3, None)));
    assert_eq!((types, says), (vec![], vec![0, 1, 2]));
    let over = look(&mut settling, next, Look::Due, served(6, None));
    assert_eq!(over, [Effect::Settled, Effect::Over(RunEnd::Settled)]);
}

#[test]
fn clients_do_not_ask_more_at_once_than_the_limits_allow() {
    let limits = Limits { unsynced: 2, catch_up_events: 1, ..Limits::default() };
    let mut settling = healed_with(limits, Span::secs(60));
    let (now, first) = settle(&mut settling);
    assert_eq!(asked(&first).0, [0]);
    let mut look = |probed| look(&mut settling, now, Look::Due, served(probed, None));
    assert_eq!(asked(&look(1)).0, [1]);
    assert_eq!(asked(&look(2)).0, [2]);
    assert_eq!(asked(&look(3)).1, [0, 1]);
    assert_eq!(asked(&look(5)).1, [2]);
    assert_eq!(look(6), [Effect::Settled, Effect::Look(now + 60_000_000)]);
}

#[test]
fn clients_wait_once_for_a_guild_without_room_for_a_request() {
    let mut settling = healed(Span::ZERO);
    let now = until_census(&mut settling, 1_000);
    look(&mut settling, now, Look::Counted, sight(None, None));
    let now = observed(&mut settling, now);
    let full =
        || Sight { speakers: Speakers { is_full: true, ..three(false) }, ..sight(None, None) };
    let later = now + 40_000_000;
    assert_eq!(look(&mut settling, now, Look::Due, full()), [Effect::Look(later)]);
    let (types, says, _) = asked(&look(&mut settling, later, Look::Due, full()));
    assert_eq!((types, says), (vec![], vec![0, 1, 2]), "it has no room for typing, too");
}

#[test]
fn nobody_types_where_owners_may_be_stale_all_the_time() {
    let stale_after = Limits::default().tip_every;
    let mut settling = healed_with(Limits { stale_after, ..Limits::default() }, Span::ZERO);
    let (types, says, _) = asked(&settle(&mut settling).1);
    assert_eq!((types, says), (vec![], vec![0, 1, 2]));
}

#[test]
fn a_settled_world_that_does_not_serve_is_given_up() {
    let mut settling = healed(Span::ZERO);
    let (asked_at, effects) = settle(&mut settling);
    let mut now = asked(&effects).2.expect("the world is looked at again");
    let end = loop {
        match &look(&mut settling, now, Look::Due, served(3, Some("one was not told")))[..] {
            [Effect::Look(next)] => now = *next,
            [Effect::Over(end)] => break end.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(end, RunEnd::Stuck("one was not told".to_owned()));
    assert!((10_000_001..11_000_000).contains(&(now - asked_at)), "{}", now - asked_at);
}
