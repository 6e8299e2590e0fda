//! Checks that the recorded engine is the one of these sources.

use guildhall_plan::engine::{Engine, RECORDED};
use guildhall_sim::run::engine;

#[test]
fn the_engine_is_the_recorded_one() {
    let now = engine();
    let sources = now.dirty.unwrap_or(RECORDED.sources);
    assert_eq!(
        now,
        Engine::recorded(),
        "the sources differ from the recorded ones: paste this into plan/src/engine/recorded.rs\n\n\
         pub const RECORDED: Recorded =\n    \
         Recorded {{ id: ShortHash::new(0x{}), sources: ShortHash::new(0x{sources}) }};\n",
        now.id
    );
}
