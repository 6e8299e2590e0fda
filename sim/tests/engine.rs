//! Checks that the engine id matches the behaviour of the engine.

use guildhall_plan::engine::{ENGINE, EngineId};
use guildhall_sim::run::Fast;

#[test]
fn the_engine_is_the_one_that_its_number_names() {
    let now = EngineId::compute(&Fast::new()).expect("the reference plans run");
    assert_eq!(
        now, ENGINE,
        "the engine behaves differently: if that is meant, paste this into plan/src/engine.rs\n\n    \
         pub const ENGINE: EngineId = EngineId(0x{now});\n"
    );
}
