//! Text forms: every plan and run token reads back as it was written.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use guildhall_core::id::Seq;
use guildhall_core::limits::Limits;
use guildhall_core::permission::Permissions;
use guildhall_core::time::{Instant, Span};
use guildhall_plan::digest::Digest;
use guildhall_plan::engine::{Engine, Stamp};
use guildhall_plan::fault::{
    ClientPhase, CutKind, Direction, Fault, GuildPhase, InvalidLogin, MailEndpoint, NodePhase,
    ProtocolViolation, Trigger,
};
use guildhall_plan::plan::{
    ActionPlan, ChannelPlan, ClientAction, ClientPlan, FaultPlan, GuildPlan, Latency, Network,
    NodePlan, OverwritePlan, PermissionNames, Plan, RolePlan, TargetPlan,
};
use guildhall_plan::seed::Seed;
use guildhall_plan::short_hash::ShortHash;
use guildhall_plan::token::{Outdated, RunToken};
use quickcheck::{Arbitrary, Gen, quickcheck};

#[derive(Clone, Debug)]
struct AnyToken(RunToken);

impl Arbitrary for AnyToken {
    fn arbitrary(g: &mut Gen) -> Self {
        let words = ["two", "members", "lost", "connection", "x"];
        let count = usize::arbitrary(g) % 3 + 1;
        let parts: Vec<&str> = (0..count).map(|_| *g.choose(&words).unwrap()).collect();
        let seed = Seed::new(u64::arbitrary(g) % (1 << 53)).unwrap();
        let mut hash = || ShortHash::new(u32::arbitrary(g));
        let (id, sources, plan) = (hash(), hash(), hash());
        let dirty = bool::arbitrary(g).then_some(sources);
        let stamp = Stamp { engine: Engine { id, dirty }, plan };
        let stamp = bool::arbitrary(g).then_some(stamp);
        Self(RunToken { scenario: parts.join("-"), seed, stamp })
    }
}

/// A plan with every kind of part, whose values make no sense together.
#[derive(Clone, Debug)]
struct AnyPlan(Plan);

fn span(g: &mut Gen) -> Span {
    Span::micros(u64::arbitrary(g) % 1_000_000_000)
}

fn text(g: &mut Gen) -> String {
    String::arbitrary(g).chars().filter(|c| !c.is_control()).take(12).collect()
}

fn way(g: &mut Gen) -> Direction {
    *g.choose(&[Direction::Up, Direction::Down, Direction::Both]).unwrap()
}

fn fault(g: &mut Gen) -> Fault {
    let (client, node) = (text(g), text(g));
    let violations = [
        ProtocolViolation::Flood { frames: u32::arbitrary(g) },
        ProtocolViolation::LieAhead { by: u64::from(u32::arbitrary(g)) },
        ProtocolViolation::Broken,
        ProtocolViolation::Opcode,
        ProtocolViolation::Huge { bytes: u32::arbitrary(g) },
        ProtocolViolation::IdentifyAgain,
        ProtocolViolation::ResumeAgain,
        ProtocolViolation::Other,
    ];
    let endings = [CutKind::Fin, CutKind::Reset, CutKind::HalfOpen { late: span(g) }];
    let (from, to, guild, share) = (end(g), end(g), text(g), u8::arbitrary(g));
    match u8::arbitrary(g) % 24 {
        0 => Fault::Cut { client, how: *g.choose(&endings).unwrap() },
        1 => Fault::Stall { client, way: way(g) },
        2 => Fault::Slow { client, bandwidth: u32::arbitrary(g) },
        3 => Fault::Blackhole { client, way: way(g) },
        4 => Fault::Pause { node },
        5 => Fault::ClockJump { node, by_ms: i64::from(i32::arbitrary(g)) },
        6 => Fault::Misbehave { client, violation: *g.choose(&violations).unwrap() },
        7 => Fault::Crash { node, forever: bool::arbitrary(g) },
        8 => Fault::FalseAlarm { node },
        9 => Fault::Reassign { guild, to: node },
        10 => Fault::Loss { from, to, share },
        11 => Fault::Duplicate { from, to, share },
        12 => Fault::Delay { from, to, by: span(g) },
        13 => Fault::Partition { a: from, b: to, one_way: bool::arbitrary(g) },
        14 => Fault::Hold { from, to },
        15 => Fault::JournalSlow { guild, by: span(g) },
        16 => Fault::JournalCrash { guild },
        17 => Fault::JournalFull { guild, room: u32::arbitrary(g) },
        18 => Fault::JournalFail { guild },
        19 => {
            let by = u64::from(u32::arbitrary(g));
            let says = [
                InvalidLogin::Token,
                InvalidLogin::Shard,
                InvalidLogin::Intents,
                InvalidLogin::Ahead { by },
            ];
            Fault::InvalidLogin { client, says: *g.choose(&says).unwrap() }
        }
        20 => Fault::Stop { node },
        21 => Fault::Suspend { client },
        22 => Fault::Restore { client, back: u32::arbitrary(g) },
        _ => Fault::Hijack { client, token: bool::arbitrary(g) },
    }
}

fn end(g: &mut Gen) -> MailEndpoint {
    let name = ["berlin", "a node", "x/y"];
    let name = (*g.choose(&name).unwrap()).to_owned();
    let ends = [
        MailEndpoint::Nodes,
        MailEndpoint::Journals,
        MailEndpoint::Directory,
        MailEndpoint::Journal(text(g)),
        MailEndpoint::Node(name),
    ];
    g.choose(&ends).unwrap().clone()
}

fn milestone(g: &mut Gen) -> Trigger {
    match u8::arbitrary(g) % 3 {
        0 => Trigger::Client { client: text(g), is: *g.choose(&ClientPhase::ALL).unwrap() },
        1 => Trigger::Guild { guild: text(g), is: *g.choose(&GuildPhase::ALL).unwrap() },
        _ => Trigger::Node {
            node: text(g),
            is: *g.choose(&[NodePhase::Started, NodePhase::Down]).unwrap(),
        },
    }
}

/// TOML integers have 63 bits.
fn powers(g: &mut Gen) -> PermissionNames {
    let bits = if bool::arbitrary(g) { 0b1_0100_0001_1110 } else { u64::MAX >> 1 };
    PermissionNames(Permissions(u64::arbitrary(g) & bits))
}

fn overwrites(g: &mut Gen) -> Vec<OverwritePlan> {
    let targets = [TargetPlan::Role(text(g)), TargetPlan::Member(text(g))];
    let some = targets.into_iter().take(usize::arbitrary(g) % 3);
    let made = some.map(|target| OverwritePlan { target, deny: powers(g), allow: powers(g) });
    made.collect()
}

fn role(g: &mut Gen) -> RolePlan {
    RolePlan { permissions: powers(g), position: u16::arbitrary(g) % 4 }
}

fn action(g: &mut Gen) -> ClientAction {
    let (guild, user, name) = (text(g), text(g), text(g));
    let (of, back) = (bool::arbitrary(g).then(|| text(g)), u32::arbitrary(g) % 3);
    match u8::arbitrary(g) % 22 {
        0 => ClientAction::Quit { code: if bool::arbitrary(g) { 1000 } else { 1001 } },
        1 => ClientAction::Start,
        2 => ClientAction::Edit { of, back, text: text(g).into(), mentions: vec![user] },
        3 => ClientAction::Delete { of, back },
        4 => ClientAction::Type { to: name },
        5 => ClientAction::Join { guild },
        6 => ClientAction::Leave { guild },
        7 => ClientAction::Kick { guild, user },
        8 => ClientAction::Ban { guild, user },
        9 => ClientAction::Unban { guild, user },
        10 => ClientAction::SetRoles { guild, user, roles: vec![text(g), text(g)] },
        11 => ClientAction::CreateRole { role: name, permissions: powers(g) },
        12 => ClientAction::ChangeRole { role: name, permissions: powers(g) },
        13 => ClientAction::DeleteRole { role: name },
        14 => ClientAction::CreateChannel { channel: name, overwrites: overwrites(g) },
        15 => ClientAction::ChangeChannel { channel: name, overwrites: overwrites(g) },
        16 => ClientAction::DeleteChannel { channel: name },
        17 => ClientAction::Transfer { guild, user },
        18 => ClientAction::DeleteGuild { guild },
        19 => ClientAction::MoveRole { role: name, position: u16::arbitrary(g) },
        20 => ClientAction::React { of, back, emoji: text(g).into() },
        21 => ClientAction::Unreact { of, back, emoji: text(g).into() },
        _ => {
            let mentions = if bool::arbitrary(g) { vec![user] } else { Vec::new() };
            ClientAction::Say { to: name, text: text(g).into(), mentions }
        }
    }
}

fn guild(g: &mut Gen) -> GuildPlan {
    GuildPlan {
        name: text(g),
        owner: text(g),
        standby: bool::arbitrary(g).then(|| text(g)),
        owner_user: bool::arbitrary(g).then(|| text(g)),
        channels: vec![
            ChannelPlan { name: text(g), overwrites: overwrites(g) },
            ChannelPlan::open("general"),
        ],
        everyone: powers(g),
        roles: (0..usize::arbitrary(g) % 3).map(|_| (text(g), role(g))).collect(),
        members: (0..usize::arbitrary(g) % 3).map(|_| (text(g), vec![text(g)])).collect(),
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
        Self(Plan {
            seed: Seed::new(u64::arbitrary(g) % (1 << 53)).unwrap(),
            weather: span(g),
            linger: span(g),
            network: Network {
                client: *g.choose(&latencies).unwrap(),
                peer: *g.choose(&latencies).unwrap(),
                sync: *g.choose(&latencies).unwrap(),
                window: u32::arbitrary(g),
                bandwidth: Option::arbitrary(g),
            },
            limits: Limits { session_ttl: span(g), ..Limits::default() },
            nodes: vec![NodePlan { name: text(g), drift: i32::arbitrary(g) }],
            guilds: vec![guild(g)],
            clients: vec![ClientPlan {
                name: text(g),
                node: text(g),
                guilds: vec![text(g)],
                count: u32::arbitrary(g) % 9 + 1,
                starts: at(g),
                within: span(g),
                intents: guildhall_core::dispatch::Intents::USUAL,
                shards: bool::arbitrary(g).then(|| [u16::arbitrary(g), u16::arbitrary(g)]),
                same_user_as: bool::arbitrary(g).then(|| text(g)),
                hostile: bool::arbitrary(g),
                impostor: bool::arbitrary(g),
                drift: i32::arbitrary(g),
            }],
            actions: vec![ActionPlan { at: at(g), client: text(g), action: action(g) }],
            faults: vec![FaultPlan {
                at: at(g),
                when: bool::arbitrary(g).then(|| milestone(g)),
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
fn a_token_has_an_engine_and_a_plan_or_neither() {
    let engine = Engine { id: ShortHash::new(0x07_310d), dirty: None };
    let plan = ShortHash::new(0x3f_a2c1);
    let token = |stamp| {
        let (scenario, seed) = ("half-open".to_owned(), Seed::new(0x2a).unwrap());
        Ok(RunToken { scenario, seed, stamp })
    };
    assert_eq!("gh1-half-open-0x2a".parse(), token(None));
    assert_eq!("gh1-half-open-0x2a-07310d-3fa2c1".parse(), token(Some(Stamp { engine, plan })));
    let edited = Engine { dirty: Some(ShortHash::new(0xab)), ..engine };
    let word = "gh1-half-open-0x2a-07310d+dirty.0000ab-3fa2c1";
    assert_eq!(word.parse(), token(Some(Stamp { engine: edited, plan })));
    for word in [
        "gh1-half-open-0x2a-07310d",
        "gh1-half-open-0x2a-07310d-3fa2c1-3fa2c1",
        "gh1-half-open-0x2a-07310d+dirty-3fa2c1",
        "gh1-half-open-0x2a-7310d-3fa2c1",
        "gh1-half-open-42-07310d-3fa2c1",
        "gh1-0x2a-07310d-3fa2c1",
        "gh1-half-open",
    ] {
        assert!(word.parse::<RunToken>().is_err(), "{word}");
    }
}

#[test]
fn a_token_is_outdated_if_its_engine_or_its_plan_is_another_one() {
    let hash = ShortHash::new;
    let now = Stamp { engine: Engine { id: hash(1), dirty: None }, plan: hash(2) };
    let check = |stamp| {
        let (scenario, seed) = ("half-open".to_owned(), Seed::default());
        RunToken { scenario, seed, stamp }.check(now)
    };
    assert_eq!((check(None), check(Some(now))), (Ok(()), Ok(())));
    let edited = Engine { dirty: Some(hash(3)), ..now.engine };
    let outdated = Outdated::Engine { then: edited, now: now.engine };
    assert_eq!(check(Some(Stamp { engine: edited, ..now })), Err(outdated));
    for engine in [now.engine, edited] {
        let then = Stamp { engine, plan: hash(4) };
        assert_eq!(check(Some(then)), Err(Outdated::Plan { then, now }));
    }
}

#[test]
fn each_value_of_a_plan_counts_for_its_id() {
    let plan = guildhall_plan::engine::references().unwrap().remove(0);
    let id = plan.id();
    let changed = |change: &dyn Fn(&mut Plan)| {
        let mut changed = plan.clone();
        change(&mut changed);
        changed.id()
    };
    assert_eq!(changed(&|_| ()), id);
    let changes: [&dyn Fn(&mut Plan); 8] = [
        &|plan| plan.seed = Seed::new(plan.seed.number() + 1).unwrap(),
        &|plan| plan.weather += Span::micros(1),
        &|plan| plan.network.window += 1,
        &|plan| plan.limits.catch_up_bytes += 1,
        &|plan| plan.nodes[0].name.push('x'),
        &|plan| plan.guilds[0].name.push('x'),
        &|plan| plan.actions.swap(0, 1),
        &|plan| plan.faults[0].lasts += Span::micros(1),
    ];
    for (nth, change) in changes.iter().enumerate() {
        assert_ne!(changed(change), id, "change {nth}");
    }
}

#[test]
fn a_malformed_plan_is_shown_with_line_and_column() {
    let text = "weather = \"5s\"\n[[node]]\nname = \"berlin\"\ndirft = 3\n";
    let error = Plan::from_toml(text).unwrap_err().to_string();
    assert!(error.contains("line 4, column 1"), "{error}");
    assert!(error.contains("dirft"), "{error}");
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

/// A seed orders the faults of an instant by this hash: reordering or removing a variant changes
/// runs.
#[test]
fn the_hash_of_a_fault_is_frozen() {
    let (client, node, guild) = ("alice".to_owned(), "berlin".to_owned(), "g".to_owned());
    let (from, to) = (MailEndpoint::Nodes, MailEndpoint::Journal(guild.clone()));
    let by = Span::millis(5);
    let faults = [
        Fault::Cut { client: client.clone(), how: CutKind::HalfOpen { late: by } },
        Fault::Stall { client: client.clone(), way: Direction::Both },
        Fault::Slow { client: client.clone(), bandwidth: 9 },
        Fault::Blackhole { client: client.clone(), way: Direction::Up },
        Fault::Pause { node: node.clone() },
        Fault::Crash { node: node.clone(), forever: true },
        Fault::Stop { node: node.clone() },
        Fault::FalseAlarm { node: node.clone() },
        Fault::Reassign { guild: guild.clone(), to: node.clone() },
        Fault::ClockJump { node: node.clone(), by_ms: -7 },
        Fault::Loss { from: from.clone(), to: to.clone(), share: 30 },
        Fault::Duplicate { from: from.clone(), to: to.clone(), share: 30 },
        Fault::Delay { from: from.clone(), to: MailEndpoint::Directory, by },
        Fault::Partition { a: MailEndpoint::Node(node), b: MailEndpoint::Journals, one_way: true },
        Fault::Hold { from, to },
        Fault::JournalSlow { guild: guild.clone(), by },
        Fault::JournalCrash { guild: guild.clone() },
        Fault::JournalFull { guild: guild.clone(), room: 3 },
        Fault::JournalFail { guild },
        Fault::Misbehave { client: client.clone(), violation: ProtocolViolation::Other },
        Fault::Hijack { client: client.clone(), token: true },
        Fault::InvalidLogin { client: client.clone(), says: InvalidLogin::Ahead { by: 2 } },
        Fault::Suspend { client: client.clone() },
        Fault::Restore { client, back: 2 },
    ];
    let hash = |fault: &Fault| Digest::of(fault).0 as u64;
    let hashes: Vec<u64> = faults.iter().map(hash).collect();
    let frozen = [
        0x9fc1_11b2_6580_1854,
        0x08f8_dd35_c3f0_d3ad,
        0xf4e8_e72f_60b0_4f7d,
        0xb31f_598d_6764_b94a,
        0x4ada_a2ff_376c_5345,
        0xb802_1bb7_8bf2_f887,
        0x1ea6_7b8a_a3d2_03bf,
        0xc1c3_ca7e_8e4a_cdae,
        0x93c1_287e_45b0_cbab,
        0x1a2b_0a44_516c_f3d2,
        0xac91_3885_cb83_29b7,
        0x2bc4_94ff_3e4d_48d5,
        0x45d4_b3df_7339_b6a9,
        0xb08c_bb5d_522e_dc82,
        0xf507_cdaf_982f_bcab,
        0xeaaf_bd75_a99b_b2c5,
        0xf82d_b930_4953_075f,
        0x75bd_5106_66e6_645f,
        0xe5fa_5614_ca6c_3cde,
        0x7600_dffd_5d35_3eeb,
        0xe28e_65d6_b69b_3a26,
        0x9148_4111_c3f2_c5b3,
        0x4fc0_84be_7186_578b,
        0xe36b_e7ab_d42b_263c,
    ];
    assert_eq!(hashes, frozen);
}
