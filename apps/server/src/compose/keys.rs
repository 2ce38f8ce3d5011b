//! The data folder and the keys.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ashlar_audit::{NoteSigner as _, PublicKey};
use ashlar_crypto::{AuditKey, KeyAlgorithm, KeyFolder, SigningKey};
use ashlar_identity::{Identity, port::KeyMaterial, signing_key};
use ashlar_kernel::{Entropy, MacKey, StoreError};

use super::StartError;
use crate::config::{Config, JwtAlgorithm, Profile};

/// Loads the root key. The embedded profile makes it on the first start; production refuses to.
pub(super) fn load_root(config: &Config, entropy: &dyn Entropy) -> Result<MacKey, StartError> {
    match config.profile {
        Profile::Embedded => Ok(folder(config).load_or_generate_root(entropy)?),
        Profile::Production => Ok(folder(config).load_root()?),
    }
}

/// The signing key of the folder, which becomes the first one of a database that has none. The embedded profile makes one
/// there; production makes it in the database only, where nobody has put one into the folder.
///
/// Making an RSA key takes a second or two of one core, before anything is served.
pub(super) fn first_key(config: &Config, entropy: &dyn Entropy) -> Result<Option<KeyMaterial>, StartError> {
    let material = |key: &SigningKey| key.material().map_err(StartError::FirstKey);
    match config.profile {
        Profile::Embedded => {
            let keys = folder(config).load_or_generate(algorithm(config), entropy)?;
            material(keys.ring.signing()).map(Some)
        }
        Profile::Production => folder(config).signing_key(algorithm(config))?.as_ref().map(material).transpose(),
    }
}

/// Reads the keys that are there, and makes none: whether a signing key is among them, which need not be.
pub fn read_keys(config: &Config) -> Result<bool, StartError> {
    let folder = folder(config);
    folder.load_root()?;
    Ok(folder.signing_key(algorithm(config))?.is_some())
}

/// The files in the key folder that the first signing key may have come from.
#[derive(Clone)]
pub struct KeyFiles(KeyFolder);

impl KeyFiles {
    /// Those of this installation.
    pub fn of(config: &Config) -> Self {
        Self(folder(config))
    }

    /// Deletes the files whose keys nobody believes any more, in one sentence each. In an empty database such a key would be
    /// the first again, which is worst where it had leaked.
    pub async fn discard_dead(&self, identity: &Identity) -> Result<Vec<String>, StoreError> {
        // Most installations have none, and need not ask the database.
        if !self.0.has_signing_files() {
            return Ok(Vec::new());
        }
        let keys = identity.every_signing_key().await?;
        let is_dead = |kid: &str| {
            keys.iter().any(|key| key.state() == signing_key::KeyState::Removed && key.kid().as_str() == kid)
        };
        let discarded = self.0.discard_signing_keys(is_dead).into_iter();
        let sentence = |(path, outcome): (PathBuf, io::Result<()>)| match outcome {
            Ok(()) => format!("{} held a removed key and was deleted", path.display()),
            Err(error) => format!(
                "{} holds a removed key, which an empty database would take for its first one; delete it: {error}",
                path.display()
            ),
        };
        Ok(discarded.map(sentence).collect())
    }
}

/// The key that signs checkpoints; none where there is no place for them. The embedded profile makes it on the first
/// start; production refuses to.
pub(super) fn audit_key(config: &Config) -> Result<Option<AuditKey>, StartError> {
    if config.audit.checkpoint_dir.is_none() {
        return Ok(None);
    }
    let key = match config.profile {
        Profile::Embedded => folder(config).load_or_generate_audit_key(),
        Profile::Production => folder(config).load_audit_key(),
    };
    Ok(Some(key?))
}

/// The public half of the key that signs checkpoints, if the key is there.
pub fn audit_public_key(config: &Config) -> Result<Option<PublicKey>, StartError> {
    Ok(folder(config).audit_key()?.map(|key| key.public_key()))
}

fn folder(config: &Config) -> KeyFolder {
    KeyFolder::new(&config.signing.keys_dir)
}

pub(super) fn algorithm(config: &Config) -> KeyAlgorithm {
    match config.signing.algorithm {
        JwtAlgorithm::Rs256 => KeyAlgorithm::Rs256,
        JwtAlgorithm::Ps256 => KeyAlgorithm::Ps256,
        JwtAlgorithm::Es256 => KeyAlgorithm::Es256,
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
