//! Reading settings from a file, the environment and flags. An unknown name is refused with the nearest
//! known one: a setting that is silently ignored is the worst kind of error.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Config, listen};

/// Settings by their dotted names, as flags give them.
pub type Overrides = Vec<(&'static str, Value)>;

/// Why the settings cannot be used.
#[derive(Debug)]
pub enum ConfigError {
    File {
        file: PathBuf,
        cause: std::io::Error,
    },
    Syntax {
        file: PathBuf,
        cause: String,
    },
    Unknown {
        name: String,
        nearest: Option<String>,
    },
    Value {
        name: String,
        cause: String,
    },
    Zero {
        setting: &'static str,
    },
    TooLarge {
        setting: &'static str,
        most: u64,
    },
    Needs {
        setting: &'static str,
        needed: &'static str,
    },
    OpenBeyondLoopback {
        listen: SocketAddr,
    },
    DemoBeyondLoopback {
        listen: SocketAddr,
    },
    /// Any page can have this origin: in open mode it would be believed.
    OpaqueInOpenMode {
        origin: String,
    },
    /// Any page can have this origin: it would read what is answered.
    OpaqueReader {
        origin: String,
    },
}

const PREFIX: &str = "LAIDIAN_";
/// Names with the prefix that are no settings: the file's own, and what Kubernetes sets for a service of our name.
const NOT_SETTINGS: [&str; 3] = ["LAIDIAN_CONFIG", "LAIDIAN_PORT", "LAIDIAN_SERVICE_"];

/// Returns the settings of the file, the environment and the flags, later ones winning, together with the
/// dotted names that were set. They are checked with [`Config::check`] once nothing more is added.
pub fn read(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: Overrides,
) -> Result<(Config, Vec<String>), ConfigError> {
    let known = flatten(&defaults());
    let mut set: Vec<(String, Value)> = Vec::new();
    if let Some(file) = file {
        set.extend(read_file(file)?);
    }
    set.extend(read_environment(environment, &known)?);
    set.extend(flags.into_iter().map(|(name, value)| (name.to_owned(), value)));
    apply(set)
}

/// Returns the settings with these values, by dotted name, over the defaults.
pub fn with_settings(settings: &Map<String, Value>) -> Result<(Config, Vec<String>), ConfigError> {
    apply(settings.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn apply(set: Vec<(String, Value)>) -> Result<(Config, Vec<String>), ConfigError> {
    let known = flatten(&defaults());
    let mut table = defaults();
    for (name, value) in &set {
        if !known.iter().any(|(known, _)| known == name) {
            return Err(unknown(name, known.iter().map(|(known, _)| known.as_str())));
        }
        put(&mut table, name, spelled_out(name, value)?);
        // Setting by setting, so that the error names the one that is wrong.
        let config = serde_json::from_value::<Config>(table.clone());
        config.map_err(|cause| ConfigError::Value { name: name.clone(), cause: cause.to_string() })?;
    }
    let config = serde_json::from_value(table);
    let config = config.map_err(|cause| ConfigError::Value { name: String::new(), cause: cause.to_string() })?;
    Ok((config, set.into_iter().map(|(name, _)| name).collect()))
}

/// The value of a setting as its type reads it.
fn spelled_out(name: &str, value: &Value) -> Result<Value, ConfigError> {
    match value {
        Value::String(text) if name == "server.listen" => match listen::address(text) {
            Ok(address) => Ok(Value::String(address.to_string())),
            Err(cause) => Err(ConfigError::Value { name: name.to_owned(), cause }),
        },
        other => Ok(other.clone()),
    }
}

fn defaults() -> Value {
    // A struct of numbers, texts and sections can always be written.
    serde_json::to_value(Config::default()).unwrap_or_default()
}

/// The settings by their dotted names.
fn flatten(table: &Value) -> Vec<(String, Value)> {
    let mut names = Vec::new();
    for (section, value) in table.as_object().into_iter().flatten() {
        if value.is_object() {
            names.extend(flatten(value).into_iter().map(|(name, value)| (format!("{section}.{name}"), value)));
        } else {
            names.push((section.clone(), value.clone()));
        }
    }
    names
}

fn put(table: &mut Value, name: &str, value: Value) {
    let pointer = format!("/{}", name.replace('.', "/"));
    if let Some(setting) = table.pointer_mut(&pointer) {
        *setting = value;
    }
}

fn read_file(file: &Path) -> Result<Vec<(String, Value)>, ConfigError> {
    let text = std::fs::read_to_string(file).map_err(|cause| ConfigError::File { file: file.to_owned(), cause })?;
    let settings: Value = toml::from_str(&text)
        .map_err(|cause| ConfigError::Syntax { file: file.to_owned(), cause: cause.to_string() })?;
    Ok(flatten(&settings))
}

fn read_environment(
    environment: impl IntoIterator<Item = (String, String)>,
    known: &[(String, Value)],
) -> Result<Vec<(String, Value)>, ConfigError> {
    let mut set = Vec::new();
    for (variable, text) in environment {
        if !variable.starts_with(PREFIX) || NOT_SETTINGS.iter().any(|other| variable.starts_with(other)) {
            continue;
        }
        let Some((name, default)) = known.iter().find(|(name, _)| variable_of(name) == variable) else {
            let variables: Vec<String> = known.iter().map(|(name, _)| variable_of(name)).collect();
            return Err(unknown(&variable, variables.iter().map(String::as_str)));
        };
        let value = match default {
            Value::Number(_) => text.trim().parse::<i64>().map(Value::from).map_err(|_| "a number"),
            Value::Bool(_) => text.trim().parse().map(Value::Bool).map_err(|_| "true or false"),
            // A list is written with commas.
            Value::Array(_) => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Ok(Value::Array(parts.map(|part| Value::String(part.to_owned())).collect()))
            }
            _ => Ok(Value::String(text)),
        };
        set.push((
            name.clone(),
            value.map_err(|wanted| ConfigError::Value { name: variable, cause: format!("expected {wanted}") })?,
        ));
    }
    Ok(set)
}

fn variable_of(name: &str) -> String {
    format!("{PREFIX}{}", name.replace('.', "_").to_uppercase())
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> ConfigError {
    let own = name.strip_prefix(PREFIX).or_else(|| name.rsplit('.').next()).unwrap_or(name);
    let likeness = |candidate: &str| match candidate.strip_suffix(own) {
        // The right name in the wrong section, or in none: the commonest mistake.
        Some(section) if section.ends_with(['.', '_']) => 1.0,
        _ => strsim::jaro_winkler(name, candidate),
    };
    let nearest = known
        .map(|candidate| (likeness(candidate), candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness > 0.7)
        .map(|(_, candidate)| candidate.to_owned());
    ConfigError::Unknown { name: name.to_owned(), nearest }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, cause } => {
                write!(
                    f,
                    "无法读取配置文件 {0}：{cause} / cannot read the configuration file {0}: {cause}",
                    file.display()
                )
            }
            Self::Syntax { file, cause } => {
                write!(f, "配置文件 {0} 有语法错误 / {0} is no valid TOML:\n{cause}", file.display())
            }
            Self::Unknown { name, nearest: Some(nearest) } => {
                write!(f, "未知的设置 {name}，是否想写 {nearest}？ / unknown setting {name}; did you mean {nearest}?")
            }
            Self::Unknown { name, nearest: None } => {
                write!(f, "未知的设置 {name}，全部设置见 config.toml / unknown setting {name}; config.toml lists all")
            }
            Self::Value { name, cause } => {
                write!(f, "设置 {name} 的值不正确：{cause} / {name} has a wrong value: {cause}")
            }
            Self::Zero { setting } => write!(f, "设置 {setting} 必须大于 0 / {setting} must be greater than 0"),
            Self::TooLarge { setting, most } => {
                write!(f, "设置 {setting} 最大为 {most} / {setting} may be at most {most}")
            }
            Self::Needs { setting, needed } => {
                write!(f, "设置了 {setting}，还必须设置 {needed} / {setting} is set, so {needed} must be set too")
            }
            Self::OpenBeyondLoopback { listen } => write!(
                f,
                "open 模式只能用于本机地址，而 server.listen 是 {listen}；请改为 --auth token 或 --listen 127.0.0.1:7070 / \
                 open mode believes every frame and is for loopback addresses only, but server.listen is {listen}: \
                 use --auth token, or --listen 127.0.0.1:7070"
            ),
            Self::DemoBeyondLoopback { listen } => write!(
                f,
                "演示数据的口令是公开的，--demo 只能用于本机地址，而 server.listen 是 {listen}；确实需要时请加 --demo-public / \
                 the demo's credentials are public, so --demo serves loopback addresses only, but server.listen is {listen}; \
                 add --demo-public if that is what you want"
            ),
            Self::OpaqueInOpenMode { origin } => write!(
                f,
                "server.origins 里的 {origin} 是所有本地文件和沙箱网页共有的来源，open 模式会相信其中任何一个；请改用 token 模式：--auth token / \
                 {origin} in server.origins is the origin of every file and sandboxed frame, any of which open mode would \
                 believe: use --auth token"
            ),
            Self::OpaqueReader { origin } => write!(
                f,
                "server.cors_origins 不接受 {origin}：它是所有本地文件和沙箱网页共有的来源；这样的网页请通过 WebSocket 连接（server.origins）/ \
                 server.cors_origins does not take {origin}, the origin of every file and sandboxed frame; let such a page \
                 open a socket (server.origins)"
            ),
        }
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Tokens;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_documented_file_holds_the_defaults_and_all_of_them() {
        let documented: Value = toml::from_str(include_str!("../../config.toml")).unwrap();
        assert_eq!(documented, defaults());
    }

    #[test]
    fn the_environment_wins_over_the_file_and_a_flag_over_both() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[limits]\nframe_bytes = 1000\nin_flight = 5\nsockets = 7\n").unwrap();
        let (config, set) = read(
            Some(file.path()),
            environment(&[("LAIDIAN_LIMITS_IN_FLIGHT", "6"), ("LAIDIAN_LIMITS_SOCKETS", "8"), ("PATH", "/bin")]),
            vec![("limits.sockets", Value::from(9))],
        )
        .unwrap();
        assert_eq!((config.limits.frame_bytes, config.limits.in_flight, config.limits.sockets), (1000, 6, 9));
        assert!(set.contains(&"limits.in_flight".to_owned()));
    }

    #[test]
    fn an_unknown_setting_is_refused_with_the_nearest_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[limits]\nframe_byte = 1000\n").unwrap();
        let error = read(Some(file.path()), [], vec![]).unwrap_err().to_string();
        assert!(error.contains("limits.frame_byte;") && error.contains("limits.frame_bytes"), "{error}");
        let error = read(None, environment(&[("LAIDIAN_LISTEN", "x")]), vec![]).unwrap_err().to_string();
        assert!(error.contains("LAIDIAN_SERVER_LISTEN"), "{error}");
    }

    #[test]
    fn a_wrong_value_names_its_setting() {
        let error = read(None, environment(&[("LAIDIAN_SERVER_LISTEN", "nowhere")]), vec![]).unwrap_err();
        assert!(error.to_string().contains("server.listen"), "{error}");
    }

    #[test]
    fn keys_of_a_provider_need_its_name_and_the_other_way_round() {
        let check = |change: fn(&mut Tokens)| {
            let mut config = Config::default();
            config.tokens.keys = "idp.pem".into();
            config.tokens.issuer = "https://idp.example.com".into();
            change(&mut config.tokens);
            config.check().map_err(|error| error.to_string())
        };
        assert_eq!(check(|_| {}), Ok(()));
        assert_eq!(check(|tokens| *tokens = Tokens::default()), Ok(()));
        assert_eq!(
            check(|tokens| {
                tokens.company = 1054;
                tokens.company_claim.clear();
            }),
            Ok(())
        );
        for (change, names) in [
            ((|tokens| tokens.issuer.clear()) as fn(&mut Tokens), ["tokens.keys", "tokens.issuer"]),
            (|tokens| tokens.operator_claim.clear(), ["tokens.keys", "tokens.operator_claim"]),
            (|tokens| tokens.company_claim.clear(), ["tokens.keys", "tokens.company_claim"]),
            (|tokens| tokens.keys = PathBuf::new(), ["tokens.issuer", "tokens.keys"]),
            (|tokens| tokens.leeway_seconds = 601, ["tokens.leeway_seconds", "600"]),
        ] {
            let error = check(change).unwrap_err();
            assert!(names.into_iter().all(|name| error.contains(name)), "{error}");
        }
    }

    #[test]
    fn a_certificate_has_a_key_and_a_key_a_certificate() {
        for (set, missing) in [("tls.certificate", "tls.key"), ("tls.key", "tls.certificate")] {
            let (mut config, _) = read(None, [], vec![(set, Value::String("a.pem".into()))]).unwrap();
            assert!(matches!(config.check(), Err(ConfigError::Needs { needed, .. }) if needed == missing));
            (config.tls.certificate, config.tls.key) = ("a.pem".into(), "b.pem".into());
            assert!(config.check().is_ok());
        }
    }

    #[test]
    fn without_tokens_there_must_be_one_company_to_read() {
        let crm = |settings: &[(&'static str, Value)]| {
            let named = settings.iter().map(|(name, value)| (*name, value.clone())).collect();
            read(None, [], named).unwrap().0.check().map_err(|error| error.to_string())
        };
        let (header, body) =
            (("dialects.crm_info.token_in_header", false.into()), ("dialects.crm_info.token_in_body", false.into()));
        let company = ("dialects.crm_info.company", Value::from(1054));
        assert_eq!(crm(&[header.clone(), body.clone(), company.clone()]), Ok(()));
        assert_eq!(crm(std::slice::from_ref(&header)), Ok(()));
        for settings in [&[header.clone(), body][..], &[header, company]] {
            let error = crm(settings).unwrap_err();
            assert!(error.contains("dialects.crm_info.company"), "{error}");
        }
        let error = read(None, environment(&[("LAIDIAN_DIALECTS_IBIZPLM_UPSTREAM", "true")]), vec![]).unwrap_err();
        assert!(error.to_string().contains("LAIDIAN_DIALECTS_IBIZPLM_UPSTREAM_STATUS"), "{error}");
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        let proxies = |text: &str| read(None, environment(&[("LAIDIAN_SERVER_TRUSTED_PROXIES", text)]), vec![]);
        let (config, _) = proxies("127.0.0.1, 10.0.0.0/8, 2001:db8::/32").unwrap();
        let has = |address: &str| {
            config.server.trusted_proxies.iter().any(|network| network.contains(address.parse().unwrap()))
        };
        assert!(has("127.0.0.1") && has("10.255.0.1") && has("2001:db8::7"));
        assert!(!has("127.0.0.2") && !has("11.0.0.1") && !has("2001:db9::7"));
        for wrong in ["10.0.0.0/33", "localhost", "10.0.0"] {
            let error = proxies(wrong).unwrap_err().to_string();
            assert!(error.contains("server.trusted_proxies") && error.contains(wrong), "{error}");
        }
    }

    #[test]
    fn an_origin_has_neither_path_nor_wildcard() {
        for name in ["server.origins", "server.cors_origins"] {
            let read = |text: &str| read(None, [], vec![(name, Value::Array(vec![Value::String(text.into())]))]);
            for good in ["https://crm.example.com", "http://localhost:8080/", "http://[::1]:8080"] {
                read(good).unwrap();
            }
            for wrong in [
                "*",
                "Null",
                "file:///app",
                "crm.example.com",
                "https://*.example.com",
                "https://crm.example.com/app",
                "://",
                "",
            ] {
                let error = read(wrong).unwrap_err().to_string();
                assert!(error.contains(name) && error.contains(wrong), "{error}");
            }
        }
    }

    #[test]
    fn pages_without_an_address_get_a_socket_in_token_mode_only() {
        for origin in ["null", "file://"] {
            let listed = || Value::Array(vec![Value::String(origin.into())]);
            let (mut config, _) = read(None, [], vec![("server.origins", listed())]).unwrap();
            assert!(config.check().is_ok());
            config.auth.mode = crate::config::AuthMode::Open;
            let error = config.check().unwrap_err().to_string();
            assert!(error.contains(origin) && error.contains("--auth token"), "{error}");
            let (config, _) = read(None, [], vec![("server.cors_origins", listed())]).unwrap();
            let error = config.check().unwrap_err().to_string();
            assert!(error.contains(origin) && error.contains("server.origins"), "{error}");
        }
    }

    #[test]
    fn open_mode_is_for_loopback_only() {
        let mut config = Config::default();
        config.auth.mode = crate::config::AuthMode::Open;
        assert!(config.check().is_ok());
        config.server.listen = "0.0.0.0:7070".parse().unwrap();
        assert!(matches!(config.check(), Err(ConfigError::OpenBeyondLoopback { .. })));
    }
}
