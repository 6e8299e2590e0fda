//! Addresses to resume at.

use guildhall_core::id::NodeId;
use guildhall_runtime::wire::{PlaceError, Places};

fn place(url: &str) -> Result<Places, PlaceError> {
    Places::new([(NodeId(0), url.to_owned())])
}

#[test]
fn an_address_has_a_host_and_nothing_behind_it() {
    for good in ["ws://127.0.0.1:9000", "wss://gateway.example", "ws://[::1]:80"] {
        assert!(place(good).is_ok(), "{good}");
    }
    for bad in ["", "ws://", "http://a", "a:80", "ws://a/", "ws://a?v=10", "ws://a#b", "ws:///x"] {
        assert_eq!(place(bad), Err(PlaceError(bad.to_owned())));
    }
}
