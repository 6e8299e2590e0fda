//! Permissions, against Discord's documented algorithm told bit by bit: which rule is the last to
//! speak about this bit?

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::id::{ChannelId, GuildId, RoleId, UserId};
use guildhall_core::permission::{Overwrite, Permissions, Role, Target};
use guildhall_core::state::State;
use quickcheck::{Arbitrary, Gen, QuickCheck};

const EVERYONE: RoleId = RoleId(1);
const CHANNEL: ChannelId = ChannelId(50);
const USER: UserId = UserId(7);
const OTHER: UserId = UserId(8);

/// A guild with one channel, and a member who matters.
#[derive(Clone, Debug)]
struct Case {
    state: State,
    /// In another order.
    shuffled: State,
}

/// Bits that mean something are more likely than others.
fn bits(g: &mut Gen) -> Permissions {
    let mut bits = u64::arbitrary(g) & u64::arbitrary(g) & u64::arbitrary(g);
    let named = [
        Permissions::VIEW_CHANNEL,
        Permissions::SEND_MESSAGES,
        Permissions::MANAGE_MESSAGES,
        Permissions::KICK_MEMBERS,
    ];
    for one in named.into_iter().filter(|_| bool::arbitrary(g)) {
        bits |= one.0;
    }
    if u8::arbitrary(g) > 25 {
        bits &= !Permissions::ADMINISTRATOR.0;
    }
    Permissions(bits)
}

impl Arbitrary for Case {
    fn arbitrary(g: &mut Gen) -> Self {
        let mut state = State::new(GuildId(EVERYONE.0), OTHER);
        let mut targets = vec![Target::Member(USER), Target::Member(OTHER)];
        for role in 1..=6 {
            if role == EVERYONE.0 || bool::arbitrary(g) {
                state.roles.insert(RoleId(role), grants(bits(g)));
            }
            targets.push(Target::Role(RoleId(role)));
        }
        let mut given: Vec<_> = (2..=6).map(RoleId).filter(|_| bool::arbitrary(g)).collect();
        if u8::arbitrary(g) > 20 {
            state.members.insert(USER, given.clone().into());
        }
        if u8::arbitrary(g) < 20 {
            state.owner = USER;
        }
        targets.retain(|_| bool::arbitrary(g));
        let overwrite = |target| Overwrite { target, deny: bits(g), allow: bits(g) };
        let mut overwrites: Vec<_> = targets.into_iter().map(overwrite).collect();
        state.channels.insert(CHANNEL, overwrites.clone().into());
        let mut shuffled = state.clone();
        overwrites.reverse();
        let turn = usize::arbitrary(g) % overwrites.len().max(1);
        overwrites.rotate_left(turn);
        shuffled.channels.insert(CHANNEL, overwrites.into());
        given.reverse();
        shuffled.members.entry(USER).and_modify(|roles| *roles = given.into());
        Self { state, shuffled }
    }
}

fn grants(permissions: Permissions) -> Role {
    Role { permissions, position: 1 }
}

/// The roles that speak for the member, that of everyone first.
fn roles(state: &State) -> Vec<RoleId> {
    let given = state.members.get(&USER).map(|roles| roles.to_vec()).unwrap_or_default();
    [vec![EVERYONE], given].concat()
}

fn is_member(state: &State) -> bool {
    state.members.contains_key(&USER)
}

/// Whether some role gives this bit.
fn some_role_gives(state: &State, bit: u64) -> bool {
    roles(state)
        .iter()
        .any(|role| state.roles.get(role).is_some_and(|it| it.permissions.0 & bit != 0))
}

/// Whether the member may do anything at all, everywhere.
fn rules_all(state: &State) -> bool {
    state.owner == USER || some_role_gives(state, Permissions::ADMINISTRATOR.0)
}

/// Whether the member holds this bit in the channel, if it sees it: the first rule that speaks about
/// the bit decides, from the most particular to the most general.
fn holds(state: &State, bit: u64) -> bool {
    let overwrites: BTreeMap<Target, Overwrite> =
        state.channels[&CHANNEL].iter().map(|it| (it.target, *it)).collect();
    let allows = |target| overwrites.get(&target).is_some_and(|it| it.allow.0 & bit != 0);
    let denies = |target| overwrites.get(&target).is_some_and(|it| it.deny.0 & bit != 0);
    let given: Vec<_> = roles(state)[1..].iter().map(|role| Target::Role(*role)).collect();
    let verdicts = [
        (allows(Target::Member(USER)), true),
        (denies(Target::Member(USER)), false),
        (given.iter().any(|role| allows(*role)), true),
        (given.iter().any(|role| denies(*role)), false),
        (allows(Target::Role(EVERYONE)), true),
        (denies(Target::Role(EVERYONE)), false),
    ];
    let spoken = verdicts.iter().find(|(speaks, _)| *speaks);
    spoken.map_or_else(|| some_role_gives(state, bit), |(_, verdict)| *verdict)
}

fn each_bit() -> impl Iterator<Item = u64> {
    (0..64).map(|at| 1 << at)
}

#[test]
fn permissions_in_a_channel_are_discords_bit_by_bit() {
    fn law(Case { state, .. }: Case) -> bool {
        let found = state.permissions(USER, CHANNEL);
        let sees = rules_all(&state) || holds(&state, Permissions::VIEW_CHANNEL.0);
        each_bit().all(|bit| {
            let may = is_member(&state) && sees && (rules_all(&state) || holds(&state, bit));
            may == (found.0 & bit != 0)
        })
    }
    QuickCheck::new().tests(3_000).quickcheck(law as fn(Case) -> bool);
}

#[test]
fn permissions_at_large_are_those_of_the_roles() {
    fn law(Case { state, .. }: Case) -> bool {
        let found = state.base(USER);
        each_bit().all(|bit| {
            let may = is_member(&state) && (rules_all(&state) || some_role_gives(&state, bit));
            may == (found.0 & bit != 0)
        })
    }
    QuickCheck::new().tests(2_000).quickcheck(law as fn(Case) -> bool);
}

#[test]
fn the_order_of_roles_and_overwrites_says_nothing() {
    fn law(Case { state, shuffled }: Case) -> bool {
        state.permissions(USER, CHANNEL) == shuffled.permissions(USER, CHANNEL)
            && state.base(USER) == shuffled.base(USER)
    }
    QuickCheck::new().tests(2_000).quickcheck(law as fn(Case) -> bool);
}

#[test]
fn whoever_does_not_see_a_channel_may_do_nothing_there() {
    fn law(Case { state, .. }: Case) -> bool {
        let sees = state.sees(USER, CHANNEL);
        sees == state.permissions(USER, CHANNEL).contains(Permissions::VIEW_CHANNEL)
            && (sees || state.permissions(USER, CHANNEL) == Permissions::NONE)
            && state.permissions(USER, ChannelId(51)) == Permissions::NONE
    }
    QuickCheck::new().tests(1_000).quickcheck(law as fn(Case) -> bool);
}

/// A member with two roles, and a channel with these overwrites.
fn with(overwrites: &[Overwrite]) -> State {
    let mut state = State::new(GuildId(EVERYONE.0), OTHER);
    state.roles.insert(RoleId(2), Role::default());
    state.roles.insert(RoleId(3), Role::default());
    state.members.insert(USER, Arc::new([RoleId(2), RoleId(3)]));
    state.channels.insert(CHANNEL, overwrites.into());
    state
}

#[test]
fn what_one_role_denies_another_may_allow() {
    let view = Permissions::VIEW_CHANNEL;
    let of = |target, deny, allow| Overwrite { target, deny, allow };
    let everyone = of(Target::Role(EVERYONE), view, Permissions::NONE);
    let denies = of(Target::Role(RoleId(2)), view, Permissions::NONE);
    let allows = of(Target::Role(RoleId(3)), Permissions::NONE, view);
    let member = of(Target::Member(USER), view, Permissions::NONE);
    for (overwrites, seen) in [
        (&[][..], true),
        (&[everyone], false),
        (&[denies], false),
        (&[everyone, allows], true),
        (&[denies, allows], true),
        (&[allows, denies], true),
        (&[everyone, allows, denies], true),
        (&[allows, denies, member], false),
        (&[member, allows], false),
    ] {
        assert_eq!(with(overwrites).sees(USER, CHANNEL), seen, "{overwrites:?}");
    }
}

#[test]
fn owner_and_administrators_may_do_everything_and_strangers_nothing() {
    let all = Permissions::ALL;
    let hidden = Overwrite { target: Target::Role(EVERYONE), deny: all, allow: Permissions::NONE };
    let own = Overwrite { target: Target::Member(USER), ..hidden };
    let mut state = with(&[hidden, own]);
    assert_eq!(state.permissions(USER, CHANNEL), Permissions::NONE);
    state.roles.insert(RoleId(3), grants(Permissions::ADMINISTRATOR));
    assert_eq!((state.base(USER), state.permissions(USER, CHANNEL)), (all, all));
    state.roles.remove(&RoleId(3));
    state.owner = USER;
    assert_eq!((state.base(USER), state.permissions(USER, CHANNEL)), (all, all));
    state.members.remove(&USER);
    let none = Permissions::NONE;
    assert_eq!((state.base(USER), state.permissions(USER, CHANNEL)), (none, none));
}
