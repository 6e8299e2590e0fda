//! The URLs at which clients reach each node, as READY gives them in `resume_gateway_url`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use guildhall_core::id::NodeId;

/// The gateway URL of each node.
///
/// A node without a URL gets a host name under `.invalid`, which never resolves (RFC 2606): a
/// client that fails to connect there falls back to its first URL.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GatewayUrls {
    urls: BTreeMap<NodeId, String>,
}

/// A URL that READY must not contain. Clients append a path and a query themselves.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not a ws:// or wss:// URL with a host, an optional port and nothing else")]
pub struct InvalidUrl(pub String);

const UNKNOWN_HOST: (&str, &str) = ("ws://node-", ".invalid");

impl GatewayUrls {
    /// Creates the table from URLs such as `ws://127.0.0.1:8080`.
    ///
    /// # Errors
    /// [`InvalidUrl`] for a URL with a path, a trailing slash or a query, or without a host.
    pub fn new(urls: impl IntoIterator<Item = (NodeId, String)>) -> Result<Self, InvalidUrl> {
        let checked = urls.into_iter().map(|(node, url)| match is_valid(&url) {
            true => Ok((node, url)),
            false => Err(InvalidUrl(url)),
        });
        Ok(Self { urls: checked.collect::<Result<_, _>>()? })
    }

    /// The URL of a node.
    pub(super) fn url(&self, node: NodeId) -> Cow<'_, str> {
        let (before, after) = UNKNOWN_HOST;
        match self.urls.get(&node) {
            Some(url) => Cow::Borrowed(url),
            None => Cow::Owned(format!("{before}{}{after}", node.0)),
        }
    }

    /// The node with this URL; the first if several share it.
    pub(super) fn node(&self, url: &str) -> Option<NodeId> {
        let configured =
            self.urls.iter().find(|(_, configured)| *configured == url).map(|(node, _)| *node);
        let (before, after) = UNKNOWN_HOST;
        let named = || url.strip_prefix(before)?.strip_suffix(after)?.parse().ok().map(NodeId);
        configured.or_else(named)
    }
}

fn is_valid(url: &str) -> bool {
    let host = url.strip_prefix("ws://").or_else(|| url.strip_prefix("wss://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', ' ']))
}
