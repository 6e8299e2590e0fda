//! The directory names too much at times, and never too little, whatever becomes of the words.

use std::collections::{BTreeMap, BTreeSet};

use guildhall_core::directory::{Directory, DirectoryEvent, DirectoryRequest, Input, Output};
use guildhall_core::id::{Epoch, GuildId, NodeId, Position, UserId};
use proptest::prelude::*;

const GUILD: GuildId = GuildId(1);
const OWNER: NodeId = NodeId(1);

/// What an owner does, and what becomes of its words.
#[derive(Clone, Debug)]
enum Op {
    /// A user who is no member wants to join; the word goes out.
    Enter(u64),
    /// A user whose entry was confirmed joins: committed.
    Join(u64),
    /// A member leaves: committed; the word goes out.
    Leave(u64),
    /// The n-th word that ever went out arrives, perhaps again.
    Arrive(usize),
    /// A new owner, in the next epoch, knows of no wish.
    Crash,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0..3u64).prop_map(Op::Enter),
        3 => (0..3u64).prop_map(Op::Join),
        3 => (0..3u64).prop_map(Op::Leave),
        6 => (0..40usize).prop_map(Op::Arrive),
        1 => Just(Op::Crash),
    ]
}

fn handle(directory: &mut Directory, word: DirectoryRequest) -> Vec<Output> {
    let mut out = Vec::new();
    directory.handle(Input { from: OWNER, boot: 1, word }, &mut out);
    out
}

proptest! {
    #![proptest_config(crate::cases(2000))]

    #[test]
    fn every_member_is_named(ops in prop::collection::vec(op(), 1..120)) {
        let mut directory = Directory::default();
        let mut tip = Position { epoch: Epoch(1), index: 0 };
        let (mut members, mut words) = (BTreeSet::new(), Vec::new());
        // The wishes of this owner, and those of them that the directory has confirmed.
        let mut wishes: BTreeMap<u64, (Position, bool)> = BTreeMap::new();
        for op in ops {
            match op {
                Op::Enter(user) if !members.contains(&user) => {
                    wishes.insert(user, (tip, false));
                    words.push(DirectoryRequest::Enter { guild: GUILD, user: UserId(user), mark: tip });
                }
                Op::Join(user) if wishes.get(&user).is_some_and(|wish| wish.1) => {
                    wishes.remove(&user);
                    tip = tip.next();
                    members.insert(user);
                }
                Op::Leave(user) if members.remove(&user) => {
                    tip = tip.next();
                    words.push(DirectoryRequest::Remove { guild: GUILD, user: UserId(user), at: tip });
                }
                Op::Arrive(nth) if nth < words.len() => {
                    for said in handle(&mut directory, words[nth].clone()) {
                        if let DirectoryEvent::Entered { user, mark, .. } = said.notice
                            && let Some(wish) = wishes.get_mut(&user.0)
                        {
                            wish.1 |= wish.0 == mark;
                        }
                    }
                }
                Op::Crash => {
                    wishes.clear();
                    tip = Position { epoch: Epoch(tip.epoch.0 + 1), index: 0 };
                }
                Op::Enter(_) | Op::Join(_) | Op::Leave(_) | Op::Arrive(_) => {}
            }
            for user in &members {
                prop_assert_eq!(directory.guilds(UserId(*user)), vec![GUILD]);
            }
        }
        // Once all has arrived, in whatever order, nobody else is named but who still wishes.
        for word in words {
            handle(&mut directory, word);
        }
        for user in 0..3 {
            let named = !directory.guilds(UserId(user)).is_empty();
            prop_assert!(named || !members.contains(&user));
        }
    }
}

#[test]
fn a_node_is_told_of_what_changes_for_its_users() {
    let mut directory = Directory::new([(UserId(1), vec![GUILD])]);
    let ask = |node, boot, user, mark| {
        let word = DirectoryRequest::Ask { user: UserId(user), mark };
        Input { from: NodeId(node), boot, word }
    };
    let mut out = Vec::new();
    directory.handle(ask(2, 1, 1, 1), &mut out);
    let named =
        |asked, version, guilds| DirectoryEvent::Guilds { user: UserId(1), asked, version, guilds };
    assert_eq!(out, [Output { to: NodeId(2), notice: named(1, 0, vec![GUILD]) }]);

    let (other, mark) = (GuildId(2), Position::default());
    let out =
        handle(&mut directory, DirectoryRequest::Enter { guild: other, user: UserId(1), mark });
    let entered = DirectoryEvent::Entered { guild: other, user: UserId(1), mark };
    let told = Output { to: NodeId(2), notice: named(0, 1, vec![GUILD, other]) };
    assert_eq!(out, [Output { to: OWNER, notice: entered.clone() }, told]);

    // The same again is no change; and what was lost can be asked for.
    let out =
        handle(&mut directory, DirectoryRequest::Enter { guild: other, user: UserId(1), mark });
    assert_eq!(out, [Output { to: OWNER, notice: entered }]);
    let mut out = Vec::new();
    let since =
        |boot| Input { from: NodeId(2), boot, word: DirectoryRequest::Since { version: 0 } };
    directory.handle(since(1), &mut out);
    let users = vec![(UserId(1), 1, vec![GUILD, other])];
    assert_eq!(
        out,
        [Output { to: NodeId(2), notice: DirectoryEvent::Changed { version: 1, users } }]
    );

    // A forgotten user is not told of; a late question does not change that, and neither does one of
    // an earlier start.
    let forget = DirectoryRequest::Forget { user: UserId(1), mark: 5 };
    directory.handle(Input { from: NodeId(2), boot: 1, word: forget }, &mut Vec::new());
    let mut out = Vec::new();
    directory.handle(ask(2, 1, 1, 4), &mut out);
    assert_eq!(out, []);
    directory.handle(ask(2, 2, 1, 1), &mut Vec::new());
    let mut out = Vec::new();
    directory.handle(since(1), &mut out);
    assert_eq!(out, []);
}
