//! Gateway URLs.

use guildhall_core::id::NodeId;
use guildhall_runtime::wire::{GatewayUrls, InvalidUrl};

fn parse(url: &str) -> Result<GatewayUrls, InvalidUrl> {
    GatewayUrls::new([(NodeId(0), url.to_owned())])
}

#[test]
fn a_url_has_a_host_and_nothing_after_it() {
    for good in ["ws://127.0.0.1:9000", "wss://gateway.example", "ws://[::1]:80"] {
        assert!(parse(good).is_ok(), "{good}");
    }
    for bad in ["", "ws://", "http://a", "a:80", "ws://a/", "ws://a?v=10", "ws://a#b", "ws:///x"] {
        assert_eq!(parse(bad), Err(InvalidUrl(bad.to_owned())));
    }
}
