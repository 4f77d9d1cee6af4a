//! The settings that every command that opens the database takes, before its name and behind it.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::logging;
use crate::config::{self, Config, ConfigError, Log, Overrides};
use crate::ops::Backend;
use crate::ops::clock::Clock;
use crate::store::{OpenError, Store};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "数据库 / database")]
pub struct DatabaseArgs {
    /// 配置文件；全部设置见 config.toml / the configuration file; config.toml lists all settings
    #[arg(long, global = true, value_name = "FILE", env = "LAIDIAN_CONFIG")]
    config: Option<PathBuf>,
    /// 嵌入式数据库所在目录 / the folder of the embedded database [default: data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// 改用 PostgreSQL：postgres://用户:密码@主机/库名 / use PostgreSQL instead
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
}

impl DatabaseArgs {
    /// Returns the settings, and the names of those that somebody set.
    pub fn read(&self, mut flags: Overrides) -> Result<(Config, Vec<String>), ConfigError> {
        if let Some(folder) = &self.data {
            flags.push(("database.folder", serde_json::Value::String(folder.display().to_string())));
        }
        if let Some(url) = &self.database_url {
            flags.push(("database.url", serde_json::Value::String(url.clone())));
        }
        config::read(self.config.as_deref(), std::env::vars(), flags)
    }

    /// The flag that names a database, for commands that have none.
    #[must_use]
    pub fn named(&self) -> Option<&'static str> {
        match self {
            Self { data: Some(_), .. } => Some("--data"),
            Self { database_url: Some(_), .. } => Some("--database-url"),
            _ => None,
        }
    }
}

/// Opens the database, which is made where there is none, and returns what works on it.
pub async fn open(config: &Config) -> Result<Arc<Backend>, Box<dyn Error>> {
    backend(config, Store::open(&config.location(), &config.connections()).await)
}

/// The same for a database that is there: who mistypes its place is told so, and makes no second one.
pub async fn open_existing(config: &Config) -> Result<Arc<Backend>, Box<dyn Error>> {
    backend(config, Store::open_existing(&config.location(), &config.connections()).await)
}

fn backend(config: &Config, opened: Result<Store, OpenError>) -> Result<Arc<Backend>, Box<dyn Error>> {
    match opened {
        Ok(store) => Ok(Backend::new(store, Clock::system(), config)),
        // The others say where.
        Err(error @ (OpenError::Connect(_) | OpenError::Newer(_) | OpenError::Migrate(_))) => {
            Err(Within { cause: error.into(), place: config.location().to_string() }.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Begins to log for a command that ends soon: what is wrong, and nothing else.
pub fn log_faults(config: &Config) -> Result<(), ConfigError> {
    logging::start(&Log { level: "warn".to_owned(), ..config.log.clone() })
}

/// A failure, and in which database.
#[derive(Debug)]
pub struct Within {
    pub cause: Box<dyn Error>,
    pub place: String,
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n数据 / data: {}", self.cause, self.place)
    }
}

impl Error for Within {}
