//! The key that a debug build makes for itself. It is kept beside the database whose secrets it seals: with a new one
//! at each start, nobody's second factor would open again.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use covet_core::keys::SecretKey;
use covet_core::random;

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the key for debugging in `{path}` cannot be used: {source}; set COVET_SECRET_KEY, or remove the file")]
pub(crate) struct DebugKeyError {
    path: String,
    #[source]
    source: io::Error,
}

/// The key in the file, or a new one in a new file.
pub(crate) fn read_or_make(path: &Path) -> Result<SecretKey, DebugKeyError> {
    let failed = |source| DebugKeyError { path: path.display().to_string(), source };
    match std::fs::read_to_string(path) {
        Ok(text) => return text.parse().map_err(|_| failed(io::ErrorKind::InvalidData.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let mut bytes = [0; SecretKey::MIN_BYTES];
    random::fill(&mut bytes).map_err(|error| failed(io::Error::other(error)))?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)?;
    text.parse().map_err(|_| failed(io::ErrorKind::InvalidData.into()))
}
