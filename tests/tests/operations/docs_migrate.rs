//! The commands of `docs/migrate-from-django.md`, run as they stand, print what it says.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::{fs, path::Path, process::Command};

use ashlar_tests::binary::{Program, skipped_for_want_of};

/// Each box of shell with the box of text that follows it.
fn steps(page: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    let mut fence: Option<&str> = None;
    for line in page.lines() {
        match (fence, line.strip_prefix("```")) {
            (None, Some(language)) => {
                fence = Some(language);
                if language == "sh" {
                    steps.push((String::new(), String::new()));
                }
            }
            (Some(_), Some(_)) => fence = None,
            (Some("sh"), None) => steps.last_mut().unwrap().0.extend([line, "\n"]),
            (Some("text"), None) => steps.last_mut().unwrap().1.extend([line, "\n"]),
            _ => {}
        }
    }
    steps
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_the_page_print_what_it_says() {
    for tool in ["bash", "curl"] {
        if Command::new(tool).arg("--version").output().is_err() {
            return skipped_for_want_of(tool);
        }
    }
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(top.join("../docs/migrate-from-django.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::copy(top.join("fixtures/django/page.json"), folder.path().join("users.json")).unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let (offline, online): (Vec<_>, Vec<_>) = steps(&page).into_iter().partition(|(shell, _)| !shell.contains("$BASE"));
    assert_eq!((offline.len(), online.len()), (3, 1));
    assert_eq!(program.run(&["migrate", "up"]).code, Some(0));

    for (shell, answer) in offline {
        let words: Vec<&str> = shell.split_whitespace().collect();
        let printed = program.run(words.strip_prefix(&["ashlar"]).unwrap());
        assert_eq!((printed.stdout, printed.code), (answer, Some(3)), "{shell}: {}", printed.stderr);
    }
    let server = program.serve().await;
    for (shell, answer) in online {
        let output = Command::new("bash").args(["-c", &shell]).env("BASE", server.base()).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), answer, "{shell}");
    }
}
