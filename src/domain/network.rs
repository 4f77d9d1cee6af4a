//! Whose an address is, where addresses are counted.

use std::net::{IpAddr, Ipv6Addr};

/// The bits of an IPv6 address that a network has to itself: whoever has one address of it has them all.
const NETWORK: u128 = !0 << 64;

/// Returns what an address counts as: itself, or its /64 network of IPv6.
#[must_use]
pub fn of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK)),
    }
}
