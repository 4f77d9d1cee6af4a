//! How many of each client address there are.

use std::net::IpAddr;
use std::sync::Arc;

use dashmap::DashMap;

use crate::domain::network;

/// Counts by address.
#[derive(Default)]
pub struct Addresses(DashMap<IpAddr, usize>);

impl Addresses {
    /// Counts one in, unless there are `most` already; 0 is any number.
    #[must_use]
    pub fn enter(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Place> {
        let address = network::of(address);
        let mut count = self.0.entry(address).or_insert(0);
        if most > 0 && *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { address, addresses: self.clone() })
    }
}

/// One that is counted until this is dropped.
pub struct Place {
    address: IpAddr,
    addresses: Arc<Addresses>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(mut count) = self.addresses.0.get_mut(&self.address) {
            *count = count.saturating_sub(1);
        }
        self.addresses.0.remove_if(&self.address, |_, count| *count == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_network_has_so_many_places() {
        let addresses = Arc::new(Addresses::default());
        let enter = |address: &str| addresses.enter(address.parse().unwrap(), 2);
        for (first, second, other) in
            [("192.0.2.1", "192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::ffff:0:0:2", "2001:db8:0:1::1")]
        {
            let places = (enter(first).unwrap(), enter(second).unwrap());
            assert!(enter(first).is_none() && enter(second).is_none());
            assert!(enter(other).is_some());
            drop(places.0);
            assert!(enter(first).is_some());
        }
        assert!(addresses.0.is_empty(), "who left is forgotten");
        let many: Vec<_> = (0..100).map(|_| addresses.enter("192.0.2.1".parse().unwrap(), 0)).collect();
        assert!(many.iter().all(Option::is_some), "0 is any number");
    }
}
