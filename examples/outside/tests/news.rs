//! The scenario as a test, and a test that fails as it should.

use guildhall::prelude::*;
use outside::{checkers, heard_within, late_news};

guildhall::sim_test!(late_news_are_heard, late_news, 0..50, checkers());

guildhall::sim_test!(
    /// Half a second is too short for a client that has to connect again.
    #[should_panic(expected = "N1  alice: hears a message late\n  expected  within 500ms")]
    no_cut_goes_unnoticed,
    late_news,
    0..50,
    heard_within(Span::millis(500))
);

/// The panic of a failed test has the whole failure: the run is shrunk to what it needs, and explained.
#[test]
fn a_failed_test_says_why() {
    let failed = std::panic::catch_unwind(|| {
        guildhall::assert_holds(&late_news, 0..50, heard_within(Span::millis(500)), "cargo test");
    });
    let message = *failed.unwrap_err().downcast::<String>().unwrap();
    let block = [
        "  blame     each of these is needed:\n",
        "              alice's connection is reset (at ",
        "  shrunk    1 fault, 1 action, 2 clients, ",
        "  repeat    GUILDHALL_SEED=0x",
    ];
    for part in block {
        assert!(message.contains(part), "{part:?} is missing:\n{message}");
    }
}
