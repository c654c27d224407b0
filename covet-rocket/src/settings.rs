//! What the surroundings of the program say: the environment, files it names, a `security.toml` on the way up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use covet_core::keys::{SecretKey, SecretKeyError};
use covet_core::name::nearest;
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
    /// A variable that nobody reads, and the one that was most likely meant.
    #[error("{0}: no such variable; did you mean `{1}`?")]
    Mistyped(String, String),
    /// Redis is asked for, which this build does not have: limits that silently stay on one node are no limits.
    #[cfg(not(feature = "redis"))]
    #[error("COVET_REDIS_URL is set, but this build keeps limits in memory only; add the feature `redis`, or unset it")]
    NoRedis,
    /// The wait for Redis is not one.
    #[cfg(feature = "redis")]
    #[error("COVET_REDIS_TIMEOUT: expected a time from `1ms` to `10s`, such as `50ms`")]
    RedisTimeout,
}

/// The variables that are read, but for those that change the policy. Each of the first three may be a file that
/// `NAME_FILE` names.
const VARIABLES: [&str; 8] = [
    "COVET_SECRET_KEY",
    "COVET_SECRET_KEY_FILE",
    "COVET_DATABASE_URL",
    "COVET_DATABASE_URL_FILE",
    "COVET_REDIS_URL",
    "COVET_REDIS_URL_FILE",
    "COVET_REDIS_TIMEOUT",
    "COVET_CONFIG",
];

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

    /// Refuses what looks like a slip of the keyboard, which would otherwise be passed over in silence. Other variables are
    /// somebody else's: a cluster gives each program some named after its service.
    pub(crate) fn refuse_mistyped(&self) -> Result<(), SettingsError> {
        let unknown = self.variables.keys().filter(|name| !name.contains("__") && !VARIABLES.contains(&name.as_str()));
        for name in unknown {
            if let Some(meant) = nearest(name, VARIABLES).map(str::to_owned).or_else(|| Layer::meant(name)) {
                return Err(SettingsError::Mistyped(name.clone(), meant));
            }
            rocket::warn!("The variable {name} is none that Covet reads.");
        }
        Ok(())
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
    #[cfg(feature = "sql")]
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use std::process::Command;

    use tempfile::TempDir;

    use super::*;

    const EMBEDDED: Embedded = Embedded {
        name: "security.toml",
        text: "[application]\nname = 'V'\n[sessions]\nidle_timeout = '10m'\n",
        tables: &[],
    };

    /// A folder within a folder, each with what is to be in its `security.toml`.
    fn folders(outer: Option<&str>, inner: Option<&str>) -> (TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let below = directory.path().join("below");
        std::fs::create_dir(&below).unwrap();
        for (folder, idle) in [(directory.path(), outer), (&below, inner)] {
            if let Some(idle) = idle {
                std::fs::write(folder.join(FILE_NAME), format!("[sessions]\nidle_timeout = '{idle}'\n")).unwrap();
            }
        }
        (directory, below)
    }

    #[track_caller]
    fn idle(settings: &Settings) -> String {
        settings.policy(EMBEDDED).unwrap().sessions.idle_timeout.to_string()
    }

    #[test]
    fn the_nearest_file_on_the_way_up_lies_over_what_was_compiled_in() {
        let none = Settings::only([]);
        for (outer, inner, expected) in [
            (None, None, "10m"),
            (Some("20m"), None, "20m"),
            (None, Some("30m"), "30m"),
            (Some("20m"), Some("30m"), "30m"),
        ] {
            let (_directory, below) = folders(outer, inner);
            assert_eq!(idle(&none.clone().in_directory(below)), expected, "{outer:?} {inner:?}");
        }
        assert_eq!(idle(&none), "10m");
    }

    #[test]
    fn a_folder_that_is_called_like_the_file_is_passed_over() {
        let (_directory, below) = folders(Some("20m"), None);
        std::fs::create_dir(below.join(FILE_NAME)).unwrap();
        assert_eq!(idle(&Settings::only([]).in_directory(below)), "20m");
    }

    #[test]
    fn a_file_that_is_named_comes_before_one_that_is_found_and_variables_before_both() {
        let (_directory, below) = folders(Some("20m"), Some("30m"));
        let named = below.parent().unwrap().join(FILE_NAME).display().to_string();
        let (named, variable) = (("COVET_CONFIG", named.as_str()), ("COVET_SESSIONS__IDLE_TIMEOUT", "40m"));
        assert_eq!(idle(&Settings::only([named]).in_directory(&below)), "20m");
        assert_eq!(idle(&Settings::only([variable]).in_directory(&below)), "40m");
        assert_eq!(idle(&Settings::only([named, variable]).in_directory(&below)), "40m");
    }

    #[test]
    fn what_is_wrong_with_the_compiled_in_policy_is_not_blamed_on_its_copy() {
        let wrong = Embedded { text: "[application]\nname = 'V'\n[sesions]\n", ..EMBEDDED };
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(FILE_NAME), wrong.text).unwrap();
        let said = Settings::only([]).in_directory(directory.path()).policy(wrong).unwrap_err().to_string();
        assert!(said.contains("security.toml as compiled in:3:2"), "{said}");
        assert!(!said.contains(&directory.path().display().to_string()), "{said}");
    }

    #[test]
    fn a_value_is_said_once_by_itself_or_by_a_file_and_without_the_spaces_around_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), " redis://host \n").unwrap();
        let path = file.path().display().to_string();
        let (value, in_file) = (("COVET_REDIS_URL", "redis://host"), ("COVET_REDIS_URL_FILE", path.as_str()));
        let read = |variables: &[(&str, &str)]| Settings::only(variables.iter().copied()).value("COVET_REDIS_URL");
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[("COVET_REDIS_URLS", "x")]).unwrap(), None);
        assert_eq!(read(&[value]).unwrap().as_deref(), Some("redis://host"));
        assert_eq!(read(&[in_file]).unwrap().as_deref(), Some("redis://host"));
        assert!(matches!(read(&[value, in_file]), Err(SettingsError::Both("COVET_REDIS_URL"))));
        let said = read(&[("COVET_REDIS_URL_FILE", "/nowhere")]).unwrap_err().to_string();
        assert!(said.starts_with("COVET_REDIS_URL_FILE: `/nowhere` cannot be read"), "{said}");
    }

    #[cfg(not(feature = "redis"))]
    #[test]
    fn redis_is_refused_by_a_build_without_it_however_it_is_said() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "redis://host").unwrap();
        let path = file.path().display().to_string();
        for variable in [("COVET_REDIS_URL", "redis://host"), ("COVET_REDIS_URL_FILE", path.as_str())] {
            assert!(matches!(Settings::only([variable]).refuse_unsupported(), Err(SettingsError::NoRedis)));
        }
        Settings::only([]).refuse_unsupported().unwrap();
    }

    #[test]
    fn a_slip_in_the_name_of_a_variable_is_refused_and_the_name_of_a_stranger_is_not() {
        let refused = |name: &str| Settings::only([(name, "x")]).refuse_mistyped().map_err(|error| error.to_string());
        for (slip, meant) in [
            ("COVET_SESSIONS_IDLE_TIMEOUT", "COVET_SESSIONS__IDLE_TIMEOUT"),
            ("COVET_RATE_LIMITS_LOGIN__LIMITS", ""),
            ("COVET_RATE_LIMITS_LOGIN", "COVET_RATE_LIMITS__LOGIN"),
            ("COVET_DATABSE_URL", "COVET_DATABASE_URL"),
            ("COVET_CONFG", "COVET_CONFIG"),
            ("COVET_REDIS_URI", "COVET_REDIS_URL"),
            ("COVET_SECRETKEY", "COVET_SECRET_KEY"),
        ] {
            match meant {
                // The layer of this variable has its own error.
                "" => refused(slip).unwrap(),
                meant => {
                    assert_eq!(refused(slip).unwrap_err(), format!("{slip}: no such variable; did you mean `{meant}`?"))
                }
            }
        }
        for name in
            VARIABLES.into_iter().chain(["COVET_SERVICE_HOST", "COVET_PORT_80_TCP_ADDR", "COVET_SESSIONS__STORE"])
        {
            refused(name).unwrap();
        }
    }

    #[test]
    fn debug_tells_which_variables_there_are_and_not_what_they_say() {
        let shown = format!("{:?}", Settings::only([("COVET_SECRET_KEY", "hunter2")]).in_directory("here"));
        assert_eq!(shown, r#"Settings { variables: ["COVET_SECRET_KEY"], directory: Some("here") }"#);
    }

    /// Runs itself once more, for a process does not change its own environment.
    #[test]
    fn of_the_environment_the_variables_of_covet_count() {
        const NAME: &str = "settings::tests::of_the_environment_the_variables_of_covet_count";
        if std::env::var_os("XCOVET_AGAIN").is_none() {
            let mut again = Command::new(std::env::current_exe().unwrap());
            again.args(["--exact", NAME]).env("XCOVET_AGAIN", "").env("COVETOUS", "x").env("COVET_ONE", "1");
            let output = again.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
            return;
        }
        let settings = Settings::from_environment();
        let ours = |name: &str| settings.variables.get(name).map(String::as_str);
        assert_eq!(
            (ours("COVET_ONE"), ours("XCOVET_AGAIN"), ours("COVETOUS"), ours("PATH")),
            (Some("1"), None, None, None)
        );
        assert_eq!(settings.directory, Some(std::env::current_dir().unwrap()));
    }
}
