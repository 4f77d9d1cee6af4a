//! The settings that every command that opens the database takes.

use std::path::PathBuf;
use std::sync::Arc;

use toml::Value;

use crate::config::{self, Config, ConfigError, Overrides};
use crate::ops::Backend;
use crate::ops::clock::Clock;
use crate::store::{OpenError, Store};

#[derive(Debug, clap::Args)]
pub struct DatabaseArgs {
    /// 配置文件；全部设置见 config.toml / the configuration file; config.toml lists all settings
    #[arg(long, value_name = "FILE", env = "LAIDIAN_CONFIG")]
    config: Option<PathBuf>,
    /// 嵌入式数据库所在目录 / the folder of the embedded database
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// 改用 PostgreSQL / use PostgreSQL instead
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl DatabaseArgs {
    /// Returns the settings, and the names of those that somebody set.
    pub fn read(&self, mut flags: Overrides) -> Result<(Config, Vec<String>), ConfigError> {
        if let Some(folder) = &self.data {
            flags.push(("database.folder", Value::String(folder.display().to_string())));
        }
        if let Some(url) = &self.database_url {
            flags.push(("database.url", Value::String(url.clone())));
        }
        config::read(self.config.as_deref(), std::env::vars(), flags)
    }
}

/// Opens the database and returns what works on it.
pub async fn open(config: &Config) -> Result<Arc<Backend>, OpenError> {
    let store = Store::open(&config.location(), &config.connections()).await?;
    Ok(Backend::new(store, Clock::system(), config))
}
