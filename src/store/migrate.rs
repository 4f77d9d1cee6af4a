//! The schema, version by version, embedded in the binary. The two engines have the same numbers and names.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

macro_rules! migrations {
    ($($version:literal $name:literal),* $(,)?) => {
        pub fn sqlite() -> Migrator {
            Migrator::with_migrations(vec![$(migration($version, $name, include_str!(concat!("../../schemas/sqlite/", $name, ".sql")))),*])
        }
        pub fn postgres() -> Migrator {
            Migrator::with_migrations(vec![$(migration($version, $name, include_str!(concat!("../../schemas/postgres/", $name, ".sql")))),*])
        }
    };
}

/// The name of the first migration, by which a database is known to be ours.
pub const FIRST: &str = "0001_switchboard";

migrations! {
    1 "0001_switchboard",
    2 "0002_statistics",
    3 "0003_safe_writes",
    4 "0004_sign_in",
    5 "0005_rights",
    6 "0006_credentials",
    7 "0007_audit",
    8 "0008_dialects",
    9 "0009_wisecrm",
    10 "0010_ibizplm",
    11 "0011_files",
    12 "0012_shared_words",
    13 "0013_operator_mobile",
    14 "0014_numbers",
    15 "0015_names",
    16 "0016_shared_phones",
    17 "0017_sorted_texts",
    18 "0018_recycle_bin",
    19 "0019_live",
    20 "0020_calls",
    21 "0021_work",
    22 "0022_tasks",
    23 "0023_webhooks",
    24 "0024_reports",
    25 "0025_pending_terms",
}

fn migration(version: i64, name: &'static str, text: &'static str) -> Migration {
    let sql = AssertSqlSafe(text).into_sql_str();
    Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql, false)
}

/// Why a database could not be opened.
#[derive(Debug)]
pub enum OpenError {
    Folder {
        folder: PathBuf,
        cause: std::io::Error,
    },
    Connect(sqlx::Error),
    /// The address of a database of another kind than ours.
    Scheme {
        scheme: String,
    },
    /// PostgreSQL does not answer, after so many seconds.
    Unreachable {
        place: String,
        cause: String,
        seconds: u64,
    },
    /// There is no database, and none is to be made.
    Missing {
        place: String,
    },
    /// Another server works on the folder.
    Served {
        folder: PathBuf,
        process: Option<u32>,
    },
    /// Somebody else's: where it is, and what is in it.
    Foreign {
        place: String,
        what: String,
    },
    /// A newer laidian has changed the schema.
    Newer(i64),
    Migrate(MigrateError),
}

impl From<MigrateError> for OpenError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Newer(version),
            other => Self::Migrate(other),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { folder, cause } => write!(
                f,
                "数据目录 {0} 无法使用（{cause}），请修改 --data 或 [database] folder / the data folder {0} cannot be used ({cause}): set --data or [database] folder",
                folder.display()
            ),
            Self::Connect(cause) => write!(
                f,
                "无法打开数据库（{cause}），请检查 --data 或 [database] url / the database cannot be opened ({cause}): check --data or [database] url"
            ),
            Self::Scheme { scheme } => write!(
                f,
                "不支持 {scheme}://，只支持 PostgreSQL（postgres://用户:密码@主机/库名）或嵌入式数据库（--data 目录） / \
                 {scheme}:// is not supported: use PostgreSQL (postgres://user:password@host/name), or the embedded database (--data DIR)"
            ),
            Self::Unreachable { place, cause, seconds } => write!(
                f,
                "连接不上数据库 {place}：{cause}；已等待 {seconds} 秒（[database] wait_seconds）。请检查 PostgreSQL 是否已启动，以及 --database-url 或 [database] url / \
                 the database {place} cannot be reached: {cause}; it was waited for {seconds} s ([database] wait_seconds). \
                 See that PostgreSQL runs, and check --database-url or [database] url"
            ),
            Self::Missing { place } => write!(
                f,
                "{place} 里没有 laidian 的数据库，请检查 --data、--database-url 或 [database]；要新建，请用 laidian admin company 或 laidian serve / \
                 there is no database of laidian's in {place}: check --data, --database-url or [database]; \
                 laidian admin company and laidian serve make a new one"
            ),
            Self::Served { folder, process } => {
                let process = process.map_or_else(|| "?".to_owned(), |process| process.to_string());
                write!(
                    f,
                    "数据目录 {0} 正由另一个 laidian serve 使用（进程 {process}）：请先停止它（kill {process}），或用 --data 指定另一个目录；\
                     多台服务器共用一个数据库请用 PostgreSQL。admin 和 token 可以照常使用 / \
                     another laidian serve (process {process}) works on the data folder {0}: stop that first (kill {process}), or set --data to \
                     another folder; several servers on one database need PostgreSQL. admin and token may be used meanwhile",
                    folder.display()
                )
            }
            Self::Foreign { place, what } => write!(
                f,
                "{place} 不是 laidian 的数据库（{what}），没有改动它；请用 --data、[database] folder 或 url 指定另一个位置 / \
                 {place} is no database of laidian's ({what}); it was left as it is: set --data, [database] folder or url to another place"
            ),
            Self::Newer(version) => write!(
                f,
                "数据库由更新的版本升级过（结构版本 {version}），请使用该版本的 laidian / this database was upgraded by a newer laidian (schema version {version}): use that version or a newer one"
            ),
            Self::Migrate(cause) => {
                write!(f, "数据库结构升级失败：{cause} / the schema could not be upgraded: {cause}")
            }
        }
    }
}

impl std::error::Error for OpenError {}
