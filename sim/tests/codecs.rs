//! Laws of what a run leaves behind: what is written can be read again, and says the same.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use guildhall_core::id::Seq;
use guildhall_core::limits::Limits;
use guildhall_core::time::{Instant, Span};
use guildhall_sim::capsule::Capsule;
use guildhall_sim::engine::EngineId;
use guildhall_sim::fault::{Ending, Fault, Milestone, Misdeed, Stage, Way};
use guildhall_sim::plan::{
    Act, ClientPlan, Deed, FaultPlan, GuildPlan, Latency, Network, NodePlan, Plan,
};
use guildhall_sim::run::Options;
use guildhall_sim::seed::Seed;
use guildhall_sim::token::RunToken;
use quickcheck::{Arbitrary, Gen, quickcheck};

#[derive(Clone, Debug)]
struct AnyToken(RunToken);

impl Arbitrary for AnyToken {
    fn arbitrary(g: &mut Gen) -> Self {
        let words = ["two", "members", "lost", "connection", "x"];
        let count = usize::arbitrary(g) % 3 + 1;
        let parts: Vec<&str> = (0..count).map(|_| *g.choose(&words).unwrap()).collect();
        let seed = Seed::new(u64::arbitrary(g) % (1 << 53)).unwrap();
        let engine = EngineId::new(u32::arbitrary(g));
        Self(RunToken { scenario: parts.join("-"), seed, engine })
    }
}

/// A plan of every kind of part, with values that mean nothing together.
#[derive(Clone, Debug)]
struct AnyPlan(Plan);

fn span(g: &mut Gen) -> Span {
    Span::micros(u64::arbitrary(g) % 1_000_000_000)
}

fn text(g: &mut Gen) -> String {
    String::arbitrary(g).chars().filter(|c| !c.is_control()).take(12).collect()
}

fn way(g: &mut Gen) -> Way {
    *g.choose(&[Way::Up, Way::Down, Way::Both]).unwrap()
}

fn fault(g: &mut Gen) -> Fault {
    let (client, node) = (text(g), text(g));
    let deeds = [
        Misdeed::Flood { frames: u32::arbitrary(g) },
        Misdeed::LieAhead { by: u64::from(u32::arbitrary(g)) },
        Misdeed::Broken,
        Misdeed::Opcode,
        Misdeed::Huge { bytes: u32::arbitrary(g) },
        Misdeed::IdentifyAgain,
        Misdeed::ResumeAgain,
    ];
    let endings = [Ending::Fin, Ending::Reset, Ending::HalfOpen { late: span(g) }];
    match u8::arbitrary(g) % 8 {
        0 => Fault::Cut { client, how: *g.choose(&endings).unwrap() },
        1 => Fault::Stall { client, way: way(g) },
        2 => Fault::Slow { client, bandwidth: u32::arbitrary(g) },
        3 => Fault::Silence { client, way: way(g) },
        4 => Fault::Pause { node },
        5 => Fault::WallJump { node, by_ms: i64::from(i32::arbitrary(g)) },
        6 => Fault::Misbehave { client, deed: *g.choose(&deeds).unwrap() },
        _ => Fault::Steal { client, token: bool::arbitrary(g) },
    }
}

impl Arbitrary for AnyPlan {
    fn arbitrary(g: &mut Gen) -> Self {
        let at = |g: &mut Gen| Instant::micros(u64::arbitrary(g) % 1_000_000_000);
        let latencies = [
            Latency::Constant { span: span(g) },
            Latency::Uniform { low: span(g), high: span(g) },
            Latency::LongTail { low: span(g), high: span(g) },
        ];
        let deeds = [Deed::Quit, Deed::Start, Deed::Say { to: text(g), text: text(g).into() }];
        let stages = [Stage::Identifying, Stage::Resuming, Stage::Replaying, Stage::Live];
        let milestone = Milestone { client: text(g), is: *g.choose(&stages).unwrap() };
        Self(Plan {
            seed: Seed::new(u64::arbitrary(g) % (1 << 53)).unwrap(),
            weather: span(g),
            linger: span(g),
            network: Network {
                client: *g.choose(&latencies).unwrap(),
                peer: *g.choose(&latencies).unwrap(),
                window: u32::arbitrary(g),
                bandwidth: Option::arbitrary(g),
            },
            limits: Limits { session_ttl: span(g), ..Limits::default() },
            nodes: vec![NodePlan { name: text(g), drift: i32::arbitrary(g) }],
            guilds: vec![GuildPlan { name: text(g), owner: text(g), channels: vec![text(g)] }],
            clients: vec![ClientPlan {
                name: text(g),
                node: text(g),
                guilds: vec![text(g)],
                count: u32::arbitrary(g) % 9 + 1,
                starts: at(g),
                within: span(g),
                intents: guildhall_core::dispatch::Intents::USUAL,
                same_user_as: bool::arbitrary(g).then(|| text(g)),
                hostile: bool::arbitrary(g),
                drift: i32::arbitrary(g),
            }],
            acts: vec![Act { at: at(g), client: text(g), deed: g.choose(&deeds).unwrap().clone() }],
            faults: vec![FaultPlan {
                at: at(g),
                when: bool::arbitrary(g).then_some(milestone),
                lasts: span(g),
                fault: fault(g),
            }],
        })
    }
}

quickcheck! {
    fn a_run_token_reads_back_as_it_was_written(token: AnyToken) -> bool {
        token.0.to_string().parse() == Ok(token.0)
    }

    fn a_plan_reads_back_as_it_was_written(plan: AnyPlan) -> bool {
        Plan::from_toml(&plan.0.to_toml()) == Ok(plan.0)
    }

    fn no_text_makes_the_token_reader_panic(word: String) -> bool {
        word.parse::<RunToken>().is_err() || word.starts_with("gh1-")
    }

    fn no_text_makes_the_plan_reader_panic(word: String) -> bool {
        let _ = Plan::from_toml(&word);
        true
    }
}

#[test]
fn a_capsule_reads_back_as_it_was_written_and_still_holds() {
    let plan = guildhall_sim::engine::references().unwrap().remove(0);
    let (capsule, outcome) = Capsule::of(plan, Options::default()).unwrap();
    let again = Capsule::from_toml(&capsule.to_toml()).unwrap();
    assert_eq!(again, capsule);
    assert_eq!(again.judge(&outcome), Ok(()));
}

#[test]
fn a_malformed_plan_is_shown_with_line_and_column() {
    let text = "weather = \"5s\"\n[[node]]\nname = \"berlin\"\ndirft = 3\n";
    let error = Plan::from_toml(text).unwrap_err().to_string();
    assert!(error.contains("line 4, column 1"), "{error}");
    assert!(error.contains("dirft"), "{error}");
}

#[test]
fn a_name_that_is_not_in_the_plan_is_named() {
    let mut plan = guildhall_sim::engine::references().unwrap().remove(0);
    plan.acts[0].client = "carol".to_owned();
    let error = guildhall_sim::run::run(&plan, Options::default(), &mut ()).unwrap_err();
    assert_eq!(error.to_string(), "client `carol` is not in the plan");
}

#[test]
fn every_domain_of_seeds_prints_as_it_is_read() {
    let mut seen = BTreeMap::new();
    for number in [0, 1, 0x1a7, (1 << 53) - 1] {
        let seed = Seed::new(number).unwrap();
        assert_eq!(seed.to_string().parse(), Ok(seed));
        seen.insert(seed, Seq(number));
    }
    assert!(Seed::new(1 << 53).is_err());
}
