//! Where clients reach each node: what READY tells them to resume at.

use std::borrow::Cow;
use std::collections::BTreeMap;

use guildhall_core::id::NodeId;

/// The gateway's address of each node.
///
/// A node without one is called by a name under `.invalid`, which is nowhere (RFC 2606): a client
/// that fails to connect there goes back to where it came from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Places {
    urls: BTreeMap<NodeId, String>,
}

/// Not an address to resume at. Clients put a path and a query behind it themselves.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not ws:// or wss:// with a host and perhaps a port, and nothing after that")]
pub struct PlaceError(pub String);

const NOWHERE: (&str, &str) = ("ws://node-", ".invalid");

impl Places {
    /// From the nodes' addresses, such as `ws://127.0.0.1:8080`.
    ///
    /// # Errors
    /// [`PlaceError`] for an address with a path, a trailing slash, a query or no host.
    pub fn new(urls: impl IntoIterator<Item = (NodeId, String)>) -> Result<Self, PlaceError> {
        let checked = urls.into_iter().map(|(node, url)| match is_bare(&url) {
            true => Ok((node, url)),
            false => Err(PlaceError(url)),
        });
        Ok(Self { urls: checked.collect::<Result<_, _>>()? })
    }

    /// What READY tells a client of this node's.
    pub(super) fn url(&self, node: NodeId) -> Cow<'_, str> {
        let (before, after) = NOWHERE;
        match self.urls.get(&node) {
            Some(url) => Cow::Borrowed(url),
            None => Cow::Owned(format!("{before}{}{after}", node.0)),
        }
    }

    /// Whose address this is; the first node's if several share it.
    pub(super) fn node(&self, url: &str) -> Option<NodeId> {
        let known = self.urls.iter().find(|(_, known)| *known == url).map(|(node, _)| *node);
        let (before, after) = NOWHERE;
        let named = || url.strip_prefix(before)?.strip_suffix(after)?.parse().ok().map(NodeId);
        known.or_else(named)
    }
}

fn is_bare(url: &str) -> bool {
    let host = url.strip_prefix("ws://").or_else(|| url.strip_prefix("wss://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', ' ']))
}
