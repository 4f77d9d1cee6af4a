//! The door: what stands between the network and the routes.

mod tls;
