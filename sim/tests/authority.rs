//! Plans in which somebody reaches for what is not theirs, or for more than a guild holds.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use guildhall_core::client;
use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::{Nonce, UserId};
use guildhall_core::request::{Action, GuildTable, Outcome, Refusal};
use guildhall_core::step::{Head, Observed, Observer, WorldEvent};
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Verdict};
use guildhall_sim::run::run;

/// What came of each request, by the order in which they were made, and what clients were sent.
#[derive(Default)]
struct Witness {
    asked: Vec<(UserId, Nonce, Action)>,
    answers: BTreeMap<(UserId, Nonce), Outcome>,
    delivered: Vec<Dispatch>,
    /// Whether the world has settled: what clients ask for then is not of the plan.
    settled: bool,
}

impl Observer for Witness {
    fn observe(&mut self, _: &Head, what: Observed<'_>) {
        if self.settled {
            return;
        }
        if let Observed::ClientInput(client::Input::Ask(request)) = what {
            let origin = request.origin;
            self.asked.push((origin.user, origin.nonce, request.action.clone()));
        } else if let Observed::ClientInput(client::Input::Answer(answer)) = what {
            self.answers.insert((answer.origin.user, answer.origin.nonce), answer.outcome);
        } else if let Observed::Delivered { dispatch, .. } = what {
            self.delivered.push((**dispatch).clone());
        }
        self.settled = matches!(what, Observed::World(WorldEvent::Settled));
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
            Outcome::Busy(_) => panic!("nobody is busy"),
        };
        self.asked.iter().map(why).collect()
    }
}

#[test]
fn a_moderator_cannot_promote_herself() {
    let witness =
        Witness::of(include_str!("../../scenarios/inputs/moderator-promotes-herself.toml"));
    assert_eq!(witness.refusals(), [Some(Refusal::Outranked), None]);
}

#[test]
fn a_moderator_can_neither_demote_nor_ban_an_administrator() {
    let witness =
        Witness::of(include_str!("../../scenarios/inputs/moderator-bans-an-administrator.toml"));
    let refused = Some(Refusal::Outranked);
    // Nor can she give her own role more, and she may not ban anybody.
    assert_eq!(witness.refusals(), [refused, refused, refused, None, Some(Refusal::Forbidden)]);
}

#[test]
fn a_reader_keeps_its_session_when_all_channels_are_hidden_at_once() {
    let witness = Witness::of(include_str!("../../scenarios/inputs/channels-hidden-at-once.toml"));
    assert_eq!(witness.refusals(), [None, None]);
    let count = |name| witness.delivered.iter().filter(|it| it.body.name() == name).count();
    assert_eq!(count("CHANNEL_DELETE"), 120);
    assert_eq!(count("READY"), 3, "nobody begins anew");
    assert_eq!(count("MESSAGE_CREATE"), 2);
}

/// One user makes channels without end.
#[test]
fn a_channel_above_the_limit_is_refused_by_the_name_of_the_limit() {
    let mut plan = String::from(
        r#"
        weather = "40s"
        [limits]
        channels = 20
        [[node]]
        name = "berlin"
        [[guild]]
        name = "big"
        owner = "berlin"
        owner_user = "alice"
        channels = ["general"]
        [[client]]
        name = "alice"
        node = "berlin"
        guilds = ["big"]
        "#,
    );
    for nth in 0..30 {
        let (at, name) = (5_000 + 1_000 * nth, format!("big/n{nth}"));
        plan += &format!(
            "[[action]]\nat = \"{at}ms\"\nclient = \"alice\"\ndo = \"create-channel\"\nchannel = \"{name}\"\n"
        );
    }
    let refusals = Witness::of(&plan).refusals();
    let full = Some(Refusal::Full(GuildTable::Channels));
    assert_eq!(refusals, [[None; 19].as_slice(), &[full; 11]].concat());
}

#[test]
fn a_plan_does_not_found_a_guild_above_its_limits() {
    let plan = include_str!("../../scenarios/inputs/channels-hidden-at-once.toml");
    let plan = Plan::from_toml(&plan.replace("channels = 120", "channels = 119")).unwrap();
    let error = run(&plan, Options::default(), &mut ()).unwrap_err().to_string();
    assert_eq!(error, "the guild `big` has 120 channels, and the limit is 119");
}

#[test]
fn whoever_an_edit_mentions_reads_it() {
    let witness = Witness::of(include_str!("../../scenarios/inputs/edit-adds-a-mention.toml"));
    let edited = witness.delivered.iter().filter_map(|it| {
        let Body::MessageUpdate(message) = &it.body else { return None };
        Some((&*message.content, &*message.mentions))
    });
    let expected = ("please help, @bot", &[UserId(2)][..]);
    assert_eq!(edited.collect::<Vec<_>>(), [expected, expected]);
}

#[test]
fn long_words_are_counted_in_characters_and_in_bytes() {
    // 1,366 characters, 4,098 bytes.
    let plan = include_str!("../../scenarios/inputs/long-words.toml");
    assert_eq!(Witness::of(plan).refusals(), [None]);
    let text = plan.split("text = ").nth(1).unwrap().trim();
    let with =
        |content: String| Witness::of(&plan.replace(text, &format!("{content:?}"))).refusals();
    assert_eq!(with("\u{6f22}".repeat(2_000)), [None]);
    assert_eq!(with("a".repeat(2_001)), [Some(Refusal::TooManyCharacters)]);
    assert_eq!(with("\u{10348}".repeat(2_049)), [Some(Refusal::TooLong)]);
}
