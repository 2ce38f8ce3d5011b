use std::{error::Error, fs, sync::Barrier, thread};

use tempfile::TempDir;

use super::*;
use crate::OsEntropy;

/// An empty place for a key folder that does not exist yet.
fn fresh() -> (TempDir, KeyFolder) {
    let place = tempfile::tempdir().unwrap();
    let folder = KeyFolder::new(place.path().join("data/keys"));
    (place, folder)
}

/// A folder with an Ed25519 key and a root key.
fn filled() -> (TempDir, KeyFolder) {
    let (place, folder) = fresh();
    folder.load_or_generate(KeyAlgorithm::EdDsa, &OsEntropy).unwrap();
    (place, folder)
}

/// Replaces a file; the mode stays.
fn overwrite(path: &Path, content: &[u8]) {
    fs::write(path, content).unwrap();
}

fn refusal(folder: &KeyFolder) -> KeyFolderError {
    folder.load_only(KeyAlgorithm::EdDsa).unwrap_err()
}

fn same(one: &Keys, other: &Keys) -> bool {
    one.ring.signing().public().jwk() == other.ring.signing().public().jwk()
        && one.root.tag(&[b"x"]) == other.root.tag(&[b"x"])
}

#[test]
fn keys_are_made_once_and_found_again() {
    let (_place, folder) = fresh();
    let made = folder.load_or_generate(KeyAlgorithm::EdDsa, &OsEntropy).unwrap();

    assert!(same(&made, &folder.load_or_generate(KeyAlgorithm::EdDsa, &OsEntropy).unwrap()));
    assert!(same(&made, &folder.load_only(KeyAlgorithm::EdDsa).unwrap()));
    let (_elsewhere, other) = filled();
    assert!(!same(&made, &other.load_only(KeyAlgorithm::EdDsa).unwrap()));
}

#[test]
fn an_rsa_key_is_made_too() {
    let (_place, folder) = fresh();
    let made = folder.load_or_generate(KeyAlgorithm::Rs256, &OsEntropy).unwrap();

    assert_eq!(made.ring.signing().public().algorithm(), KeyAlgorithm::Rs256);
    let file = fs::read_to_string(folder.signing_path(KeyAlgorithm::Rs256)).unwrap();
    assert!(file.starts_with("-----BEGIN PRIVATE KEY-----\n") && file.ends_with("-----END PRIVATE KEY-----\n"));
    assert!(same(&made, &folder.load_only(KeyAlgorithm::Rs256).unwrap()));
}

#[test]
fn processes_that_start_at_once_agree() {
    for _ in 0..20 {
        let (_place, folder) = fresh();
        let together = Barrier::new(8);
        let start = || {
            together.wait();
            folder.load_or_generate(KeyAlgorithm::EdDsa, &OsEntropy).unwrap()
        };
        let keys: Vec<Keys> = thread::scope(|scope| {
            let starters: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            starters.into_iter().map(|starter| starter.join().unwrap()).collect()
        });

        assert!(keys.iter().all(|other| same(&keys[0], other)));
        assert_eq!(fs::read_dir(&folder.path).unwrap().count(), 2, "no temporary file is left");
    }
}

#[test]
fn a_missing_key_is_named_with_a_command_that_makes_it() {
    let (_place, folder) = filled();
    fs::remove_file(folder.root_path()).unwrap();
    let message = refusal(&folder).to_string();
    assert!(message.contains("root.key is missing"), "{message}");
    assert!(message.contains("openssl rand -hex 32 > '"), "{message}");

    let (_place, empty) = fresh();
    let message = empty.load_only(KeyAlgorithm::Rs256).unwrap_err().to_string();
    assert!(message.contains("signing-rs256.pem is missing"), "{message}");
    assert!(message.contains("rsa_keygen_bits:3072 -out '"), "{message}");
    assert!(!empty.path.exists(), "looking creates nothing");
}

#[cfg(unix)]
#[test]
fn the_commands_named_for_missing_keys_make_them() {
    use std::process::Command;

    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: openssl is not installed");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let folder = KeyFolder::new(place.path().join("it's here/keys"));
    for algorithm in [KeyAlgorithm::EdDsa, KeyAlgorithm::Rs256] {
        while let Err(KeyFolderError::Missing { path, command }) = folder.load_only(algorithm) {
            let output = Command::new("sh").args(["-c", &command]).output().unwrap();
            assert!(output.status.success() && path.exists(), "{command}: {output:?}");
        }
        folder.load_only(algorithm).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn keys_and_their_folder_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let (_place, folder) = filled();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path), 0o700);
    assert_eq!(mode(&folder.root_path()), 0o600);
    assert_eq!(mode(&folder.signing_path(KeyAlgorithm::EdDsa)), 0o600);
}

#[cfg(unix)]
#[test]
fn a_key_that_is_open_to_others_is_refused_with_the_command_that_closes_it() {
    use std::os::unix::fs::PermissionsExt;

    let (_place, folder) = filled();
    for path in [folder.root_path(), folder.signing_path(KeyAlgorithm::EdDsa)] {
        for mode in [0o644, 0o620, 0o604, 0o602, 0o660, 0o777] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let message = refusal(&folder).to_string();
            let expected = format!("chmod 600 '{}'", path.display());
            assert!(message.ends_with(&expected), "{mode:o}: {message}");
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(folder.load_only(KeyAlgorithm::EdDsa).is_ok(), "{mode:o}");
        }
    }
}

#[test]
fn a_file_that_is_not_pem_is_named() {
    let (_place, folder) = filled();
    let path = folder.signing_path(KeyAlgorithm::EdDsa);
    let whole = fs::read(&path).unwrap();
    for content in [&b""[..], b"hello", b"\x30\x82\xff\x00", &whole[..whole.len() / 2], &vec![b'x'; 100_000]] {
        overwrite(&path, content);
        let error = refusal(&folder);
        assert!(matches!(error, KeyFolderError::NotPem { .. }), "{error}");
        assert!(error.to_string().contains("signing-eddsa.pem is not a PEM file"), "{error}");
        assert!(error.source().is_some());
    }
}

#[test]
fn pem_of_something_else_says_what_it_is() {
    let (_place, folder) = filled();
    let path = folder.signing_path(KeyAlgorithm::EdDsa);
    let whole = fs::read_to_string(&path).unwrap();
    for found in ["PUBLIC KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "CERTIFICATE"] {
        overwrite(&path, whole.replace("PRIVATE KEY", found).as_bytes());
        let message = refusal(&folder).to_string();
        assert!(message.contains("signing-eddsa.pem") && message.contains(&format!("{found:?}")), "{message}");
    }
}

#[test]
fn a_key_of_another_algorithm_is_refused_with_the_reason() {
    let (_place, folder) = filled();
    overwrite(&folder.signing_path(KeyAlgorithm::EdDsa), include_bytes!("../../../tests/keys/rsa-2048.pem"));

    let error = refusal(&folder);
    assert!(error.to_string().contains("signing-eddsa.pem cannot be used"), "{error}");
    let cause = error.source().unwrap();
    assert_eq!(cause.to_string(), "EdDSA needs an Ed25519 private key in PKCS#8, and this is none");
    assert_eq!(cause.source().unwrap().to_string(), "WrongAlgorithm");
}

#[test]
fn a_root_key_is_64_hexadecimal_digits() {
    let (_place, folder) = filled();
    let path = folder.root_path();
    for good in ["0f".repeat(32), "0F".repeat(32) + "\r\n"] {
        overwrite(&path, good.as_bytes());
        assert!(folder.load_only(KeyAlgorithm::EdDsa).is_ok(), "{good:?}");
    }
    for bad in [
        String::new(),
        "0f".repeat(31),
        "0f".repeat(33),
        "0g".repeat(32),
        "+f".repeat(32),
        " ".to_owned() + &"0f".repeat(32),
    ] {
        overwrite(&path, bad.as_bytes());
        let error = refusal(&folder);
        assert!(matches!(error, KeyFolderError::NotRootKey { .. }), "{bad:?}: {error}");
        assert!(error.to_string().contains("root.key"));
    }
}

#[test]
fn a_damaged_key_is_never_replaced() {
    let (_place, folder) = filled();
    overwrite(&folder.root_path(), b"damaged");
    assert!(folder.load_or_generate(KeyAlgorithm::EdDsa, &OsEntropy).is_err());
    assert_eq!(fs::read(folder.root_path()).unwrap(), b"damaged");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), b"").unwrap();
    let folder = KeyFolder::new(place.path().join("file/keys"));

    let error = folder.load_or_generate(KeyAlgorithm::EdDsa, &OsEntropy).unwrap_err();
    assert!(matches!(error, KeyFolderError::Unwritable { .. }), "{error}");
    assert!(error.to_string().contains("file/keys cannot be created"), "{error}");
}

#[test]
fn a_key_that_cannot_be_read_is_named() {
    let (_place, folder) = filled();
    let path = folder.root_path();
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();

    let error = refusal(&folder);
    assert!(matches!(error, KeyFolderError::Unreadable { .. }), "{error}");
    assert!(error.to_string().contains("root.key cannot be read"), "{error}");
}

#[test]
fn files_of_dead_keys_are_deleted_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let folder = KeyFolder::new(folder.path());
    let dead = folder.load_or_generate(KeyAlgorithm::EdDsa, &OsEntropy).unwrap();
    let dead = dead.ring.signing().public().kid().to_owned();
    let living = folder.signing_path(KeyAlgorithm::Rs256);
    assert!(file::create(&living, include_bytes!("../../../tests/keys/rsa-2048.pem")).unwrap());
    assert!(folder.discard_signing_keys(|_| false).is_empty());

    let [(path, outcome)] = &folder.discard_signing_keys(|kid| kid == dead)[..] else { panic!("one") };

    assert_eq!(*path, folder.signing_path(KeyAlgorithm::EdDsa));
    assert!(outcome.is_ok() && !path.exists());
    assert!(living.exists() && folder.root_path().exists());
    assert!(file::create(path, b"no key").unwrap());
    assert_eq!(folder.discard_signing_keys(|_| true).len(), 1);
    assert!(path.exists() && !living.exists(), "what holds no key is left alone");
}
