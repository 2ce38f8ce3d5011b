//! The data folder and the keys.

use std::{fs, io, path::Path};

use ashlar_crypto::{KeyAlgorithm, KeyFolder, Keys};
use ashlar_kernel::Entropy;

use super::StartError;
use crate::config::{Config, JwtAlgorithm, Profile};

/// Loads the keys. The embedded profile makes them on the first start; production refuses to.
///
/// Making an RSA key takes a second or two of one core, before anything is served.
pub fn load_keys(config: &Config, entropy: &dyn Entropy) -> Result<Keys, StartError> {
    match config.profile {
        Profile::Embedded => Ok(folder(config).load_or_generate(algorithm(config), entropy)?),
        Profile::Production => read_keys(config),
    }
}

/// Reads the keys that are there, and makes none.
pub fn read_keys(config: &Config) -> Result<Keys, StartError> {
    Ok(folder(config).load_only(algorithm(config))?)
}

fn folder(config: &Config) -> KeyFolder {
    KeyFolder::new(&config.signing.keys_dir)
}

fn algorithm(config: &Config) -> KeyAlgorithm {
    match config.signing.algorithm {
        JwtAlgorithm::Rs256 => KeyAlgorithm::Rs256,
        JwtAlgorithm::EdDsa => KeyAlgorithm::EdDsa,
    }
}

/// Makes the data folder, for its owner only, and finds out whether it can be written. Production keeps nothing there
/// and needs none.
pub fn prepare_data_folder(config: &Config) -> Result<(), StartError> {
    if config.profile == Profile::Production {
        return Ok(());
    }
    let path = &config.data_dir;
    make_private(path)
        .and_then(|()| tempfile_in(path))
        .map_err(|source| StartError::DataFolder { path: path.clone(), source })
}

fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a file and removes it: a folder may exist and still be read-only.
fn tempfile_in(path: &Path) -> io::Result<()> {
    let probe = path.join(format!(".writable-{}", std::process::id()));
    fs::write(&probe, b"")?;
    fs::remove_file(&probe)
}
