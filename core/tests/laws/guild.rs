//! A guild at its owners: whatever comes late, twice or never, what is done stays done, and nobody
//! hears of what is not.

mod authority;
mod house;
mod owner;

use guildhall_core::census::{Census, Machine, Table};
use guildhall_core::event::Channel;
use guildhall_core::guild::Guild;
use guildhall_core::id::{ChannelId, Nonce, RoleId, UserId};
use guildhall_core::permission::{Overwrite, Permissions, Target};
use guildhall_core::request::{Action, Origin};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use house::{House, Step, limits};

/// How many things a guild keeps in a table.
fn kept(guild: &Guild, table: Table) -> u64 {
    let mut census = Census::nothing(Machine::Node);
    guild.count(&mut census);
    census.count(table)
}

fn user() -> impl Strategy<Value = UserId> {
    (1..=5u64).prop_map(UserId)
}

fn channel_id() -> impl Strategy<Value = ChannelId> {
    (21..=23u64).prop_map(ChannelId)
}

fn role() -> impl Strategy<Value = RoleId> {
    select(vec![1, 11, 12]).prop_map(RoleId)
}

fn permissions() -> impl Strategy<Value = Permissions> {
    select(vec![
        Permissions::NONE,
        Permissions::USUAL,
        Permissions::VIEW_CHANNEL,
        Permissions::ADMINISTRATOR,
        Permissions::USUAL | Permissions::MANAGE_ROLES | Permissions::KICK_MEMBERS,
        Permissions::USUAL | Permissions::MANAGE_CHANNELS | Permissions::BAN_MEMBERS,
        Permissions::USUAL | Permissions::MANAGE_MESSAGES,
    ])
}

fn channel() -> impl Strategy<Value = Channel> {
    let target =
        prop_oneof![role().prop_map(Target::Role), user().prop_map(Target::Member)].boxed();
    let overwrite = (target, permissions(), permissions())
        .prop_map(|(target, deny, allow)| Overwrite { target, deny, allow });
    (channel_id(), vec(overwrite, 0..3)).prop_map(|(id, mut overwrites)| {
        overwrites.sort_unstable();
        overwrites.dedup_by_key(|it| it.target);
        Channel { id, overwrites: overwrites.into() }
    })
}

fn text() -> impl Strategy<Value = std::sync::Arc<str>> {
    (0..3u8).prop_map(|it| it.to_string().into())
}

fn said() -> impl Strategy<Value = Origin> {
    any::<u64>().prop_map(|it| Origin { user: UserId(0), nonce: Nonce(it) })
}

fn act() -> impl Strategy<Value = Action> {
    let mentions = || vec(user(), 0..2).prop_map(Into::into);
    let roles = vec(role(), 0..3).prop_map(Into::into);
    prop_oneof![
        12 => (channel_id(), text(), mentions())
            .prop_map(|(channel, content, mentions)| Action::Say { channel, content, mentions }),
        3 => (said(), text(), mentions())
            .prop_map(|(said, content, mentions)| Action::Edit { said, content, mentions }),
        2 => said().prop_map(|said| Action::Delete { said }),
        8 => (said(), text()).prop_map(|(said, emoji)| Action::React { said, emoji }),
        3 => (said(), text()).prop_map(|(said, emoji)| Action::Unreact { said, emoji }),
        5 => channel_id().prop_map(|channel| Action::Type { channel }),
        4 => Just(Action::Join),
        2 => Just(Action::Leave),
        2 => user().prop_map(|user| Action::Kick { user }),
        2 => user().prop_map(|user| Action::Ban { user }),
        2 => user().prop_map(|user| Action::Unban { user }),
        4 => (user(), roles).prop_map(|(user, roles)| Action::SetRoles { user, roles }),
        2 => (role(), permissions())
            .prop_map(|(role, permissions)| Action::CreateRole { role, permissions }),
        2 => (role(), permissions())
            .prop_map(|(role, permissions)| Action::ChangeRole { role, permissions }),
        2 => (role(), 0..4u16).prop_map(|(role, position)| Action::MoveRole { role, position }),
        1 => role().prop_map(|role| Action::DeleteRole { role }),
        1 => channel().prop_map(Action::CreateChannel),
        2 => channel().prop_map(Action::ChangeChannel),
        1 => channel_id().prop_map(|channel| Action::DeleteChannel { channel }),
    ]
}

/// Rarer, because little happens afterwards.
fn last_act() -> impl Strategy<Value = Action> {
    prop_oneof![
        9 => act(),
        1 => user().prop_map(|to| Action::Transfer { to }),
        1 => Just(Action::DeleteGuild),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let (pick, owner, keep) = (any::<usize>(), any::<usize>(), prop::bool::weighted(0.2));
    let wall = 0..1u64 << 41;
    let asker = select(vec![1, 1, 1, 2, 2, 3, 4, 5]);
    let actions = prop_oneof![19 => act().boxed(), 1 => last_act().boxed()];
    prop_oneof![
        16 => (asker, actions, owner, wall)
            .prop_map(|(user, action, owner, wall)| Step::Ask { user, action, owner, wall }),
        4 => (pick, owner).prop_map(|(pick, owner)| Step::Again { pick, owner }),
        4 => (pick, owner).prop_map(|(pick, owner)| Step::Copy { pick, owner }),
        14 => (pick, keep).prop_map(|(pick, keep)| Step::Command { pick, keep }),
        1 => pick.prop_map(|pick| Step::Lose { pick }),
        12 => Just(Step::Sync),
        14 => (pick, keep).prop_map(|(pick, keep)| Step::Reply { pick, keep }),
        4 => (pick, keep).prop_map(|(pick, keep)| Step::Word { pick, keep }),
        1 => (0..4usize).prop_map(|kept| Step::CrashJournal { kept }),
        1 => select(vec![
            Step::BreakSync,
            Step::Fill { room: 0 },
            Step::Fill { room: 2 },
            Step::Fill { room: 100_000 },
            Step::Fill { room: 100_000 },
        ]),
        2 => Just(Step::Own),
        1 => owner.prop_map(|owner| Step::Kill { owner }),
        5 => select(vec![1u64, 50, 400, 1_000, 3_000, 11_000, 31_000])
            .prop_map(|ms| Step::Pass { ms }),
        5 => (owner, pick).prop_map(|(owner, pick)| Step::Probe { owner, pick }),
        2 => owner.prop_map(|owner| Step::Read { owner }),
        1 => (91..93u16, owner).prop_map(|(node, owner)| Step::Gone { node, owner }),
    ]
}

fn opened() -> Vec<Step> {
    let pick = 0;
    vec![
        Step::Own,
        Step::Command { pick, keep: false },
        Step::Sync,
        Step::Reply { pick, keep: false },
    ]
}

/// A life of the guild: it opens, things happen, all heals.
fn life() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..150).prop_map(|steps| [opened(), steps].concat())
}

proptest! {
    #![proptest_config(crate::cases(400))]

    #[test]
    fn whatever_goes_wrong_the_contract_holds(steps in life()) {
        let mut house = House::new(limits(), None);
        steps.iter().for_each(|step| house.step(step));
        house.heal();
    }
}

#[cfg(feature = "mutants")]
mod planted {
    use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

    use guildhall_core::mutant::Mutant;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    use super::*;

    const PLANTED: &[Mutant] = &[
        Mutant::TailRenumbered,
        Mutant::FenceNotChecked,
        Mutant::StagedTold,
        Mutant::EpochNotTold,
        Mutant::FanOutBeforeDurable,
        Mutant::DoneBeforeDurable,
        Mutant::RefusedBeforeDurable,
        Mutant::SnapshotOfStaged,
        Mutant::EphemeralJumps,
        Mutant::EpochPrevCounts,
        Mutant::TipOnce,
        Mutant::RingNotFilled,
        Mutant::RingNotRelinked,
        Mutant::CatchUpByIndex,
        Mutant::RequestOfAnyEpoch,
        Mutant::NoncesNotRebuilt,
        Mutant::RetryOfStagedDone,
        Mutant::StagedRefused,
        Mutant::TypingNotDeduplicated,
        Mutant::OldCopyTaken,
        Mutant::RefusedUnconfirmed,
        Mutant::StaleOwnerSpeaks,
        Mutant::JoinNotEntered,
        Mutant::PermissionNotAsked,
        Mutant::MessagePerMember,
        Mutant::RetryPerformed,
        Mutant::MembersNotAsked,
        Mutant::IdOfWallClock,
    ];

    /// Every planted bug of a guild and its journal breaks a law within some lives.
    #[test]
    fn every_planted_bug_breaks_a_law() {
        set_hook(Box::new(|_| {}));
        let mut survivors = Vec::new();
        for &mutant in PLANTED {
            let mut runner = TestRunner::new(crate::cases(1));
            let mut hits = 0;
            let found = (0..600).any(|_| {
                let steps = life().new_tree(&mut runner).expect("a life").current();
                let mut house = House::new(limits(), Some(mutant));
                let lived = catch_unwind(AssertUnwindSafe(|| {
                    steps.iter().for_each(|step| house.step(step));
                    house.heal();
                }));
                hits += house.hits();
                lived.is_err()
            });
            if !found {
                survivors.push((mutant.word(), hits));
            }
        }
        let _ = std::panic::take_hook();
        assert!(survivors.is_empty(), "{survivors:?}");
    }
}
