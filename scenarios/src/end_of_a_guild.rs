//! Alice transfers her guild to bob, who then deletes it.
//!
//! An overwrite hides a channel from alice. It means nothing while she owns the guild, and hides the
//! channel from the moment that she does not.
//!
//! Every member receives what was owed before the GUILD_DELETE, and no event of the guild after
//! it. From then on every request to the guild is refused, also by the next node that owns it.

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::plan::{OverwritePlan, PermissionNames, TargetPlan};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let (general, office) = (s.channel(guild, "general"), s.channel(guild, "office"));
    let oslo = s.node("oslo");
    let other = s.guild("gophers", berlin);
    let lobby = s.channel(other, "lobby");
    let alice = s.member("alice", berlin, &[guild, other]);
    s.belongs_to(guild, alice);
    let bob = s.member("bob", paris, &[guild, other]);
    let carol = s.member("carol", oslo, &[guild]);

    s.wait_between(1_000..=3_000);
    s.chat(&[alice, bob, carol], general, 4, 0..=300);
    let (target, deny) = (TargetPlan::Member("alice".to_owned()), Permissions::VIEW_CHANNEL);
    let (deny, allow) = (PermissionNames(deny), PermissionNames(Permissions::NONE));
    s.overwrite(alice, office, vec![OverwritePlan { target, deny, allow }]);
    s.chat(&[alice, bob], office, 2, 0..=100);
    s.transfer(alice, guild, bob);
    s.wait_between(0..=300);
    s.chat(&[alice, bob, carol], general, 3, 0..=100);
    s.chat(&[bob, carol], office, 2, 0..=100);
    s.wait_between(300..=1_000);
    s.delete_guild(bob, guild);
    s.chat(&[alice, carol], general, 3, 0..=100);
    if s.one_in("crash", 2) {
        let down = s.span("down", 200..=5_000);
        s.crash(berlin, down);
        s.wait(down);
    }
    s.chat(&[alice, bob], lobby, 4, 0..=500);
    s.join(carol, guild);

    s.wait(Span::secs(20));
    s.weather(&[Family::Peer, Family::Directory, Family::Journal]);
    s.expect("guild deleted");
    s.expect("removal told to a session");
    s.expect("request refused: no such guild");
    s.until_nothing_is_left();
}
