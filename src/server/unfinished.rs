//! Messages that have begun and not come to their end: how much of them is held, for all sockets together and for those
//! of each address. A client may announce a large message and never finish it; a thousand may.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;

use crate::config::Limits;
use crate::domain::network;

/// What may be held.
pub struct Budget {
    most: usize,
    most_of_address: usize,
    all: AtomicUsize,
    of_addresses: DashMap<IpAddr, usize>,
}

impl Budget {
    #[must_use]
    pub fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            most: limits.unfinished_bytes,
            most_of_address: limits.unfinished_bytes_per_address,
            all: AtomicUsize::new(0),
            of_addresses: DashMap::new(),
        })
    }

    /// What a socket of this address holds; nothing yet.
    #[must_use]
    pub fn of(self: &Arc<Self>, address: IpAddr) -> Unfinished {
        Unfinished { budget: self.clone(), address: network::of(address), held: 0 }
    }
}

/// What one socket holds of a message.
pub struct Unfinished {
    budget: Arc<Budget>,
    address: IpAddr,
    held: usize,
}

impl Unfinished {
    /// Holds so many bytes from now on; `false` when they are too many together with what others hold.
    pub fn hold(&mut self, bytes: usize) -> bool {
        if bytes == self.held {
            return true;
        }
        let Budget { most, most_of_address, all, of_addresses } = &*self.budget;
        let mut of_address = of_addresses.entry(self.address).or_default();
        *of_address = of_address.saturating_sub(self.held) + bytes;
        let is_within = *of_address <= *most_of_address;
        let is_over = *of_address == 0;
        drop(of_address);
        if is_over {
            of_addresses.remove_if(&self.address, |_, held| *held == 0);
        }
        // Wrapping, so that the sum is right whatever comes first.
        let change = bytes.wrapping_sub(self.held);
        let sum = all.fetch_add(change, Ordering::Relaxed).wrapping_add(change);
        self.held = bytes;
        is_within && sum <= *most
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.hold(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_all_together_hold_so_much() {
        let limits = Limits { unfinished_bytes: 100, unfinished_bytes_per_address: 60, ..Limits::default() };
        let budget = Budget::new(&limits);
        let of = |address: &str| budget.of(address.parse().unwrap());
        let (mut first, mut second, mut other) = (of("192.0.2.1"), of("192.0.2.1"), of("192.0.2.2"));
        assert!(first.hold(30) && second.hold(30));
        assert!(!second.hold(31));
        assert!(second.hold(30) && other.hold(40) && !other.hold(41));
        drop(first);
        assert!(other.hold(60) && !other.hold(61) && second.hold(0));
        assert_eq!((budget.all.load(Ordering::Relaxed), budget.of_addresses.len()), (61, 1));
        drop((second, other));
        assert_eq!((budget.all.load(Ordering::Relaxed), budget.of_addresses.len()), (0, 0));
    }
}
