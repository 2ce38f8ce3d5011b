//! The folder where an installation keeps its keys.

use std::{
    io,
    path::{Path, PathBuf},
};

use ashlar_kernel::{Entropy, MacKey};
use pem::{EncodeConfig, LineEnding, Pem, PemError};
use zeroize::{Zeroize, Zeroizing};

use super::{
    KeyAlgorithm, KeyError, KeyRing, SigningKey,
    file::{self, NotRead},
};
use crate::AuditKey;

/// A folder with `signing-rs256.pem`, or the like for another algorithm, the key tokens are signed with (PKCS#8 in PEM), and
/// `root.key`, 256 random bits in hexadecimal, from which every other secret of the installation is derived; and
/// `audit-ed25519.pem`, which signs the checkpoints of the audit trail.
///
/// Whoever reads these files can make tokens, so they must be readable by their owner only (on Unix, checked; files of
/// root may be readable for their group, as mounted secrets are).
#[derive(Debug, Clone)]
pub struct KeyFolder {
    path: PathBuf,
}

/// The keys of an installation.
#[derive(Debug)]
pub struct Keys {
    /// For access tokens.
    pub ring: KeyRing,
    /// For everything else; derive one key for each purpose.
    pub root: MacKey,
}

/// Why there are no keys. Each message names the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeyFolderError {
    /// A key that must be there is not.
    #[error("the key {} is missing; make it with: {command}", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// A shell command that makes it.
        command: String,
    },
    /// The file cannot be read.
    #[error("the key {} cannot be read", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file or its folder cannot be written.
    #[error("{} cannot be created", .path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others than the owner may read or change the file.
    #[error("the key {} is open to other users; close it with: chmod 600 {}", .path.display(), quoted(.path))]
    OpenToOthers {
        /// The file.
        path: PathBuf,
    },
    /// The file is not PEM.
    #[error("the key {} is not a PEM file", .path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: PemError,
    },
    /// The file is PEM of something else: a public key, a certificate, an encrypted key, a key in another form.
    #[error("the key {} holds a {found:?}; needed is a PKCS#8 \"PRIVATE KEY\" without a password", .path.display())]
    NotPrivateKey {
        /// The file.
        path: PathBuf,
        /// What stands after `BEGIN`.
        found: String,
    },
    /// The file holds a key that cannot be used.
    #[error("the key {} cannot be used", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// `root.key` is not what it should be.
    #[error("the key {} does not hold exactly 64 hexadecimal digits", .path.display())]
    NotRootKey {
        /// The file.
        path: PathBuf,
    },
    /// No key could be made.
    #[error("no key could be made for {}", .path.display())]
    Generation {
        /// The file it was for.
        path: PathBuf,
        /// Why.
        #[source]
        source: KeyError,
    },
}

impl KeyFolder {
    /// The folder at `path`; nothing is read or created yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The keys that are there. What is missing is made first, folder included; processes that do this at the same time
    /// end up with the same keys.
    pub fn load_or_generate(&self, algorithm: KeyAlgorithm, entropy: &dyn Entropy) -> Result<Keys, KeyFolderError> {
        file::create_folder(&self.path)
            .map_err(|source| KeyFolderError::Unwritable { path: self.path.clone(), source })?;
        generate_key_if_missing(&self.signing_path(algorithm), algorithm)?;
        self.load_or_generate_root(entropy)?;
        self.load_only(algorithm)
    }

    /// The keys that are there; an error that says how to make them when they are not.
    pub fn load_only(&self, algorithm: KeyAlgorithm) -> Result<Keys, KeyFolderError> {
        let signing = load_signing_key(&self.signing_path(algorithm), algorithm)?;
        let root = load_root_key(&self.root_path())?;
        Ok(Keys { ring: KeyRing::new(signing), root })
    }

    /// The root key; made first, folder included, if there is none.
    pub fn load_or_generate_root(&self, entropy: &dyn Entropy) -> Result<MacKey, KeyFolderError> {
        file::create_folder(&self.path)
            .map_err(|source| KeyFolderError::Unwritable { path: self.path.clone(), source })?;
        generate_if_missing(&self.root_path(), |_| {
            let bytes = Zeroizing::new(entropy.bytes::<32>());
            Ok(Zeroizing::new(hex::encode(bytes.as_slice()) + "\n"))
        })?;
        self.load_root()
    }

    /// The root key that is there; an error that says how to make it when it is not.
    pub fn load_root(&self) -> Result<MacKey, KeyFolderError> {
        load_root_key(&self.root_path())
    }

    /// The signing key that is there, if one is.
    pub fn signing_key(&self, algorithm: KeyAlgorithm) -> Result<Option<SigningKey>, KeyFolderError> {
        match load_signing_key(&self.signing_path(algorithm), algorithm) {
            Err(KeyFolderError::Missing { .. }) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Whether there are files of signing keys, of whatever algorithm.
    pub fn has_signing_files(&self) -> bool {
        KeyAlgorithm::ALL.iter().any(|algorithm| self.signing_path(*algorithm).exists())
    }

    /// Deletes the files of signing keys whose names `is_dead` knows. Such a file has nothing to give any more but a dead key
    /// to an empty database. Answers which files these were, and what kept one where it is. Files that hold no key are
    /// left alone.
    pub fn discard_signing_keys(&self, is_dead: impl Fn(&str) -> bool) -> Vec<(PathBuf, io::Result<()>)> {
        let files = KeyAlgorithm::ALL.iter().map(|algorithm| (self.signing_path(*algorithm), *algorithm));
        let is_of_dead = |(path, algorithm): &(PathBuf, KeyAlgorithm)| {
            load_signing_key(path, *algorithm).is_ok_and(|key| is_dead(key.public().kid()))
        };
        let dead = files.filter(is_of_dead).map(|(path, _)| path);
        dead.map(|path| (path.clone(), std::fs::remove_file(path))).collect()
    }

    /// The key that signs the checkpoints of the audit trail; made first, folder included, if there is none.
    pub fn load_or_generate_audit_key(&self) -> Result<AuditKey, KeyFolderError> {
        file::create_folder(&self.path)
            .map_err(|source| KeyFolderError::Unwritable { path: self.path.clone(), source })?;
        generate_key_if_missing(&self.audit_path(), KeyAlgorithm::EdDsa)?;
        self.load_audit_key()
    }

    /// The key that signs the checkpoints of the audit trail; an error that says how to make it when it is not there.
    pub fn load_audit_key(&self) -> Result<AuditKey, KeyFolderError> {
        let path = self.audit_path();
        let key = load_signing_key(&path, KeyAlgorithm::EdDsa)?;
        AuditKey::new(key).map_err(|source| KeyFolderError::Unusable { path, source })
    }

    /// The key that signs the checkpoints of the audit trail, if there is one.
    pub fn audit_key(&self) -> Result<Option<AuditKey>, KeyFolderError> {
        match self.load_audit_key() {
            Err(KeyFolderError::Missing { .. }) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Where the audit key is.
    pub fn audit_path(&self) -> PathBuf {
        self.path.join("audit-ed25519.pem")
    }

    /// Where the signing key of `algorithm` is.
    pub fn signing_path(&self, algorithm: KeyAlgorithm) -> PathBuf {
        self.path.join(match algorithm {
            KeyAlgorithm::Rs256 => "signing-rs256.pem",
            KeyAlgorithm::Ps256 => "signing-ps256.pem",
            KeyAlgorithm::Es256 => "signing-es256.pem",
            KeyAlgorithm::EdDsa => "signing-eddsa.pem",
        })
    }

    /// Where the root key is.
    pub fn root_path(&self) -> PathBuf {
        self.path.join("root.key")
    }
}

fn generate_key_if_missing(path: &Path, algorithm: KeyAlgorithm) -> Result<(), KeyFolderError> {
    generate_if_missing(path, |path| {
        let made = |source| KeyFolderError::Generation { path: path.to_owned(), source };
        let key = SigningKey::generate(algorithm).map_err(made)?;
        Ok(encode_pem(&key.to_pkcs8().map_err(made)?))
    })
}

fn generate_if_missing(
    path: &Path,
    make: impl FnOnce(&Path) -> Result<Zeroizing<String>, KeyFolderError>,
) -> Result<(), KeyFolderError> {
    let unwritable = |source| KeyFolderError::Unwritable { path: path.to_owned(), source };
    if path.try_exists().map_err(unwritable)? {
        return Ok(());
    }
    let content = make(path)?;
    if file::create(path, content.as_bytes()).map_err(unwritable)? {
        tracing::info!(path = %path.display(), "made a new key");
    }
    Ok(())
}

fn load_signing_key(path: &Path, algorithm: KeyAlgorithm) -> Result<SigningKey, KeyFolderError> {
    let command = match algorithm {
        KeyAlgorithm::Rs256 | KeyAlgorithm::Ps256 => {
            "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out"
        }
        KeyAlgorithm::Es256 => "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out",
        KeyAlgorithm::EdDsa => "openssl genpkey -algorithm ed25519 -out",
    };
    let content = read(path, command)?;
    let path = path.to_owned();
    let pem = match pem::parse(&*content) {
        Ok(pem) => pem,
        Err(source) => return Err(KeyFolderError::NotPem { path, source }),
    };
    let found = pem.tag().to_owned();
    let der = Zeroizing::new(pem.into_contents());
    if found != PRIVATE_KEY {
        return Err(KeyFolderError::NotPrivateKey { path, found });
    }
    SigningKey::from_pkcs8(algorithm, &der).map_err(|source| KeyFolderError::Unusable { path, source })
}

fn load_root_key(path: &Path) -> Result<MacKey, KeyFolderError> {
    let content = read(path, "openssl rand -hex 32 >")?;
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(content.trim_ascii_end(), &mut *bytes)
        .map_err(|_not_hex| KeyFolderError::NotRootKey { path: path.to_owned() })?;
    Ok(MacKey::from_bytes(*bytes))
}

/// Reads a key; `command` makes one when the path is put behind it.
fn read(path: &Path, command: &str) -> Result<Zeroizing<Vec<u8>>, KeyFolderError> {
    file::read(path).map_err(|error| {
        let path = path.to_owned();
        match error {
            NotRead::Missing => {
                let folder = quoted(path.parent().unwrap_or(Path::new(".")));
                let command = format!("umask 077 && mkdir -p {folder} && {command} {}", quoted(&path));
                KeyFolderError::Missing { path, command }
            }
            NotRead::OpenToOthers => KeyFolderError::OpenToOthers { path },
            NotRead::Io(source) => KeyFolderError::Unreadable { path, source },
        }
    })
}

const PRIVATE_KEY: &str = "PRIVATE KEY";

fn encode_pem(der: &[u8]) -> Zeroizing<String> {
    let pem = Pem::new(PRIVATE_KEY, der);
    let text = Zeroizing::new(pem::encode_config(&pem, EncodeConfig::new().set_line_ending(LineEnding::LF)));
    pem.into_contents().zeroize();
    text
}

/// The path as one word of a POSIX shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
