//! What there is to look at: packages and files.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use cargo_metadata::{Metadata, MetadataCommand, Package};

/// `cargo metadata` of the whole workspace.
pub(crate) fn metadata() -> &'static Metadata {
    static METADATA: OnceLock<Metadata> = OnceLock::new();
    let read = || MetadataCommand::new().current_dir(root()).exec().unwrap();
    METADATA.get_or_init(read)
}

/// The top folder.
pub(crate) fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned())
}

/// The members of the workspace.
pub(crate) fn members() -> Vec<&'static Package> {
    metadata().workspace_packages()
}

/// One file of the repository.
pub(crate) struct TextFile {
    /// Its path from the top, with slashes.
    pub(crate) path: String,
    /// What it says.
    pub(crate) text: String,
}

/// Every text file that is in the repository, or would be if it were added now.
pub(crate) fn files() -> &'static [TextFile] {
    static FILES: OnceLock<Vec<TextFile>> = OnceLock::new();
    FILES.get_or_init(|| {
        let named = listed_by_git().unwrap_or_else(|| found_below(root()));
        let read = |path: String| {
            let text = fs::read_to_string(root().join(&path)).ok()?;
            Some(TextFile { path, text })
        };
        named.into_iter().filter_map(read).collect()
    })
}

/// Every file of Rust in the repository.
pub(crate) fn rust_files() -> impl Iterator<Item = &'static TextFile> {
    files().iter().filter(|file| Path::new(&file.path).extension().is_some_and(|extension| extension == "rs"))
}

fn listed_by_git() -> Option<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root());
    let listed = git.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(listed.stdout).ok()?;
    Some(text.split_terminator('\0').map(str::to_owned).collect())
}

/// Without git (an unpacked archive), everything but what is built.
fn found_below(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let is_built =
                ["target", "node_modules", "ashlar-data", ".git"].iter().any(|folder| path.ends_with(folder));
            match path.is_dir() {
                true if !is_built => folders.push(path),
                true => {}
                false => found.push(name),
            }
        }
    }
    found
}

#[test]
fn there_is_something_to_look_at() {
    assert!(members().len() >= 9, "{} members", members().len());
    assert!(rust_files().count() > 150, "{} files", rust_files().count());
    let found = found_below(root());
    for file in ["Cargo.toml", "crates/kernel/src/lib.rs", "tests/tests/architecture/workspace.rs"] {
        assert!(files().iter().any(|other| other.path == file), "git does not list {file}");
        assert!(found.iter().any(|other| other == file), "a walk does not find {file}");
    }
}
