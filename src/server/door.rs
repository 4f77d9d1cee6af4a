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

/// The routes, and what stands before them.
#[derive(Clone)]
pub struct Door {
    routes: TowerToHyperService<Router>,
}

impl Door {
    #[must_use]
    pub fn new(routes: Router) -> Self {
        Self { routes: TowerToHyperService::new(routes) }
    }

    /// Returns the answer to a request from this peer.
    pub async fn pass(&self, peer: IpAddr, mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        request.extensions_mut().insert(ClientAddress(peer.to_canonical()));
        self.routes.call(request).await
    }
}
