//! What every request passes on its way in, and every answer on its way out.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use super::client_address::ClientAddress;
use super::{cors, headers, host};
use crate::config::{AuthMode, Config, Network, Origin};

/// The routes, and what stands before them.
pub struct Door {
    routes: TowerToHyperService<Router>,
    trusted_proxies: Vec<Network>,
    cors_origins: Vec<Origin>,
    mode: AuthMode,
    over_tls: bool,
}

impl Door {
    #[must_use]
    pub fn new(routes: Router, config: &Config) -> Self {
        Self {
            routes: TowerToHyperService::new(routes),
            trusted_proxies: config.server.trusted_proxies.clone(),
            cors_origins: config.server.cors_origins.clone(),
            mode: config.auth.mode,
            over_tls: config.tls.is_on(),
        }
    }

    /// Returns the answer to a request from this peer.
    pub async fn pass(&self, peer: IpAddr, mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let address = ClientAddress::find(peer, request.headers(), &self.trusted_proxies);
        request.extensions_mut().insert(address);
        let origin = cors::listed(&request, &self.cors_origins);
        let mut response = match host::check(&mut request, self.mode) {
            Err(refused) => refused.response(),
            Ok(()) if origin.is_some() && cors::is_preflight(&request) => cors::preflight(),
            Ok(()) => self.routes.call(request).await?,
        };
        headers::add(&mut response, self.over_tls);
        if !self.cors_origins.is_empty() {
            cors::allow(response.headers_mut(), origin);
        }
        Ok(response)
    }
}
