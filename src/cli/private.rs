//! Private servers, one for each conversation script: demo data in a folder that goes when the server does.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Map, Value};

use super::replay::{PrivateServers, Running, Target};
use crate::config::{self, AuthMode};
use crate::demo;
use crate::ops::Backend;
use crate::ops::clock::Clock;
use crate::server::Server;
use crate::store::Store;

/// Customers of a private server's demo data: enough for every list to have more than one page.
const CUSTOMERS: u64 = 50;

/// Starts servers with the demo's data, in open mode unless the script says otherwise.
pub struct Demo;

impl PrivateServers for Demo {
    async fn start(&self, settings: Map<String, Value>) -> Result<Running, String> {
        start(&settings).await.map_err(|error| error.to_string())
    }
}

async fn start(settings: &Map<String, Value>) -> Result<Running, Box<dyn std::error::Error>> {
    let folder = tempfile::Builder::new().prefix("laidian-replay-").tempdir()?;
    let (mut config, set) = config::with_settings(settings)?;
    config.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config.database.folder = folder.path().to_owned();
    if !set.iter().any(|name| name == "auth.mode") {
        config.auth.mode = AuthMode::Open;
    }
    config.unlimited_rates(|name| set.iter().any(|set| set == name));
    config.check()?;
    let store = Store::open(&config.location(), &config.connections()).await?;
    let clock = Clock::system();
    demo::fill(&store, CUSTOMERS).await?;
    let backend = Backend::new(store, clock, &config);
    backend.provider.load().await?;
    let server = Server::start(config, backend).await?;
    let target = Target::at(server.address());
    let stop = Box::pin(async move {
        server.stop().await;
        drop(folder);
    });
    Ok(Running { target, stop })
}
