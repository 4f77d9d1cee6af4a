//! What every request passes on its way in, and every answer on its way out.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use super::address::ClientAddress;
use crate::config::{Config, Network};

/// The routes, and what stands before them.
pub struct Door {
    routes: TowerToHyperService<Router>,
    trusted_proxies: Vec<Network>,
}

impl Door {
    #[must_use]
    pub fn new(routes: Router, config: &Config) -> Self {
        let trusted_proxies = config.server.trusted_proxies.clone();
        Self { routes: TowerToHyperService::new(routes), trusted_proxies }
    }

    /// Returns the answer to a request from this peer.
    pub async fn pass(&self, peer: IpAddr, mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let address = ClientAddress::find(peer, request.headers(), &self.trusted_proxies);
        request.extensions_mut().insert(address);
        self.routes.call(request).await
    }
}
