//! The hosts of a world and their addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// A host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Host {
    /// A node, in 10.0.0.0/8.
    Node(u16),
    /// A client, in 11.0.0.0/8. Its number is below 2²⁴.
    Client(u32),
    /// A hostile client, in 12.0.0.0/8.
    Stranger(u32),
    /// A front end that sends requests, in 13.0.0.0/8.
    Front(u32),
    /// A service that runs on no node, such as the directory, in 14.0.0.0/8.
    Service(u32),
}

const LOW: u32 = 0x00ff_ffff;

impl Host {
    /// Its address.
    #[must_use]
    pub fn ip(self) -> IpAddr {
        let (net, number) = match self {
            Self::Node(number) => (10, u32::from(number)),
            Self::Client(number) => (11, number),
            Self::Stranger(number) => (12, number),
            Self::Front(number) => (13, number),
            Self::Service(number) => (14, number),
        };
        IpAddr::V4(Ipv4Addr::from_bits(net << 24 | number & LOW))
    }

    /// The host with this address.
    #[must_use]
    pub fn at(ip: IpAddr) -> Option<Self> {
        let IpAddr::V4(ip) = ip else { return None };
        let number = ip.to_bits() & LOW;
        match ip.octets()[0] {
            10 => u16::try_from(number).ok().map(Self::Node),
            11 => Some(Self::Client(number)),
            12 => Some(Self::Stranger(number)),
            13 => Some(Self::Front(number)),
            14 => Some(Self::Service(number)),
            _ => None,
        }
    }

    /// A unique number, for keyed randomness.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::Node(number) => 1 << 32 | number as u64,
            Self::Client(number) => 2 << 32 | number as u64,
            Self::Stranger(number) => 3 << 32 | number as u64,
            Self::Front(number) => 4 << 32 | number as u64,
            Self::Service(number) => 5 << 32 | number as u64,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(number) => write!(f, "node-{number}"),
            Self::Client(number) => write!(f, "client-{number}"),
            Self::Stranger(number) => write!(f, "stranger-{number}"),
            Self::Front(number) => write!(f, "front-{number}"),
            Self::Service(number) => write!(f, "service-{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_host() {
        for host in [Host::Node(0), Host::Node(65_535), Host::Client(70_000), Host::Front(3)] {
            assert_eq!(Host::at(host.ip()), Some(host));
        }
        assert_eq!(Host::at([127, 0, 0, 1].into()), None);
        assert_ne!(Host::Node(7).number(), Host::Client(7).number());
    }
}
