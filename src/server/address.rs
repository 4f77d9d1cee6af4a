//! Where a request comes from.

use std::net::IpAddr;

/// The address of the client that a request is from. Every request carries one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);
