//! The seed draws the whole plan: nodes, guilds, roles, overwrites, members and their sessions,
//! requests of every kind, faults of every family, and limits down to the least possible.
//!
//! It has no plot. It finds what nobody has thought of.

mod actions;
mod cast;
mod limits;
mod unrest;

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let mut cast = cast::draw(s);
    s.wait_between(0..=3_000);
    for _ in 0..s.size("actions", 4..=60) {
        actions::draw(s, &mut cast);
        s.wait_between(0..=600);
    }
    s.wait(Span::secs(5));
    if !s.one_in("quiet", 4) {
        unrest::draw(s, &cast);
    }
    s.wait(Span::secs(5));
    limits::draw(s);
    s.weather(&Family::ALL);
    if s.one_in("narrow", 4) {
        s.network().window = s.count("window", 64..=4_096);
    }
    s.expect("request done");
    s.expect("request refused");
    s.expect("resume with a non-empty replay");
    s.expect("guild deleted");
    s.expect("gap ended");
    s.expect("view lost a channel");
    s.expect("guild handed off while all was well");
    s.until_nothing_is_left();
}
