//! What the surroundings of the program say: the environment, files it names, a `security.toml` on the way up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use covet_core::keys::{SecretKey, SecretKeyError};
use covet_core::policy::{Embedded, FILE_NAME, Layer, Policy, Problems};

/// The surroundings of the program: variables, and where it runs. A value, so that a test can say what they are.
#[derive(Clone)]
pub struct Settings {
    variables: BTreeMap<String, String>,
    directory: Option<PathBuf>,
}

/// The surroundings cannot be used: launch is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The policy is wrong.
    #[error("the policy is wrong:\n{0}")]
    Policy(#[from] Problems),
    /// A file that was named cannot be read.
    #[error("{name}: `{path}` cannot be read: {source}")]
    File {
        /// The variable that names it.
        name: String,
        /// The file.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The secret key is missing, and this is not a debug build.
    #[error(
        "COVET_SECRET_KEY is not set; make one with `openssl rand -base64 32`, or name a file in COVET_SECRET_KEY_FILE"
    )]
    NoSecretKey,
    /// The secret key is not one.
    #[error("COVET_SECRET_KEY: {0}")]
    SecretKey(#[from] SecretKeyError),
    /// Both a value and a file that holds it are set.
    #[error("{0} and {0}_FILE are both set; which one counts?")]
    Both(&'static str),
    /// Redis is asked for, which this build does not have: limits that silently stay on one node are no limits.
    #[cfg(not(feature = "redis"))]
    #[error("COVET_REDIS_URL is set, but this build keeps limits in memory only; add the feature `redis`, or unset it")]
    NoRedis,
    /// The wait for Redis is not one.
    #[cfg(feature = "redis")]
    #[error("COVET_REDIS_TIMEOUT: expected a time from `1ms` to `10s`, such as `50ms`")]
    RedisTimeout,
}

impl Settings {
    /// The surroundings of this process.
    #[must_use]
    pub fn from_environment() -> Self {
        let ours = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            let name = name.into_string().ok().filter(|name| name.starts_with("COVET_"))?;
            Some((name, value.to_string_lossy().into_owned()))
        };
        Self { variables: std::env::vars_os().filter_map(ours).collect(), directory: std::env::current_dir().ok() }
    }

    /// Nothing but these variables: no file is looked for.
    #[must_use]
    pub fn only<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { variables: owned.collect(), directory: None }
    }

    /// The same, looking for `security.toml` from this folder upwards.
    #[must_use]
    pub fn in_directory(self, directory: impl Into<PathBuf>) -> Self {
        Self { directory: Some(directory.into()), ..self }
    }

    /// The policy: the compiled-in one, a file over it, variables over that.
    pub(crate) fn policy(&self, embedded: Embedded) -> Result<Policy, SettingsError> {
        let base_name = format!("{} as compiled in", embedded.name);
        let base = Layer::toml(base_name, embedded.text).map_err(Problems::from)?;
        let mut over = Vec::new();
        if let Some((path, text)) = self.policy_file()?
            && text != embedded.text
        {
            over.push(Layer::toml(path.display().to_string(), text).map_err(Problems::from)?);
        }
        over.extend(Layer::environment(self.variables.clone()));
        Ok(Policy::read(base, over)?)
    }

    /// The secret key; `None` if there is none.
    pub(crate) fn secret_key(&self) -> Result<Option<SecretKey>, SettingsError> {
        self.value("COVET_SECRET_KEY")?.map(|text| text.parse().map_err(SettingsError::from)).transpose()
    }

    /// The address of the database.
    #[cfg(feature = "sqlite")]
    pub(crate) fn database_url(&self) -> Result<Option<String>, SettingsError> {
        self.value("COVET_DATABASE_URL")
    }

    /// The address of Redis.
    #[cfg(feature = "redis")]
    pub(crate) fn redis_url(&self) -> Result<Option<String>, SettingsError> {
        self.value("COVET_REDIS_URL")
    }

    /// How long a request waits for Redis.
    #[cfg(feature = "redis")]
    pub(crate) fn redis_timeout(&self) -> Result<Option<std::time::Duration>, SettingsError> {
        let Some(text) = self.variables.get("COVET_REDIS_TIMEOUT") else { return Ok(None) };
        let (digits, unit) = text
            .strip_suffix("ms")
            .map(|digits| (digits, 1))
            .unwrap_or_else(|| text.strip_suffix('s').map_or((text.as_str(), 0), |digits| (digits, 1000)));
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let millis = digits.parse::<u64>().ok().filter(|_| plain).and_then(|number| number.checked_mul(unit));
        let millis = millis.filter(|millis| (1..=10_000).contains(millis)).ok_or(SettingsError::RedisTimeout)?;
        Ok(Some(std::time::Duration::from_millis(millis)))
    }

    /// Refuses what is asked for but not there.
    #[cfg(not(feature = "redis"))]
    pub(crate) fn refuse_unsupported(&self) -> Result<(), SettingsError> {
        match self.value("COVET_REDIS_URL")? {
            Some(_) => Err(SettingsError::NoRedis),
            None => Ok(()),
        }
    }

    /// The value of a variable, or the contents of the file that `NAME_FILE` names.
    fn value(&self, name: &'static str) -> Result<Option<String>, SettingsError> {
        let file_name = format!("{name}_FILE");
        match (self.variables.get(name), self.variables.get(&file_name)) {
            (Some(_), Some(_)) => Err(SettingsError::Both(name)),
            (Some(value), None) => Ok(Some(value.clone())),
            (None, Some(path)) => read(&file_name, Path::new(path)).map(|text| Some(text.trim().to_owned())),
            (None, None) => Ok(None),
        }
    }

    /// The file that `COVET_CONFIG` names, or the first `security.toml` from the folder upwards.
    fn policy_file(&self) -> Result<Option<(PathBuf, String)>, SettingsError> {
        if let Some(path) = self.variables.get("COVET_CONFIG") {
            return read("COVET_CONFIG", Path::new(path)).map(|text| Some((path.into(), text)));
        }
        let folders = self.directory.iter().flat_map(|directory| directory.ancestors());
        let found = folders.map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file());
        found.map(|path| read(FILE_NAME, &path).map(|text| (path, text))).transpose()
    }
}

fn read(name: &str, path: &Path) -> Result<String, SettingsError> {
    let failed = |source| SettingsError::File { name: name.to_owned(), path: path.display().to_string(), source };
    std::fs::read_to_string(path).map_err(failed)
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.variables.keys().collect();
        f.debug_struct("Settings").field("variables", &names).field("directory", &self.directory).finish()
    }
}
