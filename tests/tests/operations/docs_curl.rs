//! The commands of the pages of documentation, run as they stand, answer as they say.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use ashlar_tests::binary::{Program, skipped_for_want_of};

/// Commands and what the page says comes back.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    line: usize,
    commands: String,
    answer: String,
}

/// The boxes of shell, each with the box of text that follows it.
fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut fence: Option<&str> = None;
    for (number, line) in page.lines().enumerate() {
        match (fence, line.strip_prefix("```")) {
            (None, Some(language)) => {
                fence = Some(language);
                if language == "sh" {
                    steps.push(Step { line: number + 1, commands: String::new(), answer: String::new() });
                }
            }
            (Some(_), Some(_)) => fence = None,
            (Some("sh"), None) => push_line(steps.last_mut().map(|step| &mut step.commands), line),
            (Some("text"), None) => push_line(steps.last_mut().map(|step| &mut step.answer), line),
            _ => {}
        }
    }
    steps
}

fn push_line(text: Option<&mut String>, line: &str) {
    text.unwrap().extend([line, "\n"]);
}

/// Where an answer departs from the documented one: its last line, or a member that is not there.
fn differences(documented: &str, real: &str) -> Vec<String> {
    let mut differences = Vec::new();
    let status = |text: &str| text.trim_end().lines().next_back().unwrap_or_default().to_owned();
    if status(documented) != status(real) {
        differences.push(format!("ends with {:?} instead of {:?}", status(real), status(documented)));
    }
    for member in members(documented) {
        if !real.contains(&member) {
            differences.push(format!("lacks {member}"));
        }
    }
    differences
}

/// Each `"name":value` of a shortened JSON text, the value only when it is whole.
fn members(text: &str) -> Vec<String> {
    let mut members = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\":") {
        let name = before.rsplit('"').next().unwrap_or_default();
        let value = after.split([',', '}', ']', '{', '[']).next().unwrap_or_default();
        let is_whole = !value.contains('…');
        members.push(format!("\"{name}\":{}", if is_whole { value } else { "" }));
        rest = after;
    }
    members
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_the_page_answer_as_it_says() {
    insist_on("curl.md", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_the_page_on_keys_answer_as_it_says() {
    insist_on("api-keys.md", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_the_page_on_signing_in_answer_as_it_says() {
    insist_on("sign-in.md", &["cmp"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_the_page_on_the_second_factor_answer_as_it_says() {
    insist_on("second-factor.md", &["openssl", "base32", "od"]).await;
}

/// A server as a newcomer has it, and the page from top to bottom.
async fn insist_on(name: &str, besides: &[&str]) {
    for tool in ["bash", "curl"].iter().chain(besides) {
        if Command::new(tool).arg("--version").stdin(Stdio::null()).output().is_err() {
            return skipped_for_want_of(tool);
        }
    }
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap();
    let steps = steps(&page);
    assert!(steps.len() > 9, "only {} boxes of shell", steps.len());
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path());
    let server = program.serve().await;

    let mut script = "set -eu\n".to_owned();
    for step in &steps {
        script.extend([step.commands.as_str(), "printf '\\n%s\\n' '=== next ==='\n"]);
    }
    let mut bash = Command::new("bash");
    bash.args(["-c", &script]).env("BASE", server.base()).env("DATA", program.data()).current_dir(folder.path());
    let output = bash.output().unwrap();

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<&str> = printed.split("\n=== next ===\n").collect();
    assert_eq!(answers.len(), steps.len() + 1, "{printed}");
    for (step, answer) in steps.iter().zip(answers) {
        let differences = differences(&step.answer, answer);
        assert!(!step.answer.is_empty(), "line {}: no answer is shown", step.line);
        assert!(differences.is_empty(), "line {}: {differences:#?}\nin {answer}", step.line);
    }
}

#[test]
fn page_is_taken_apart_into_commands_and_answers() {
    let page = "a\n```console\n$ cargo run\n```\n```sh\none\ntwo\n```\nb\n```text\n{…}\n200\n```\n";

    let step = Step { line: 5, commands: "one\ntwo\n".into(), answer: "{…}\n200\n".into() };
    assert_eq!(steps(page), [step]);
}

#[test]
fn comparison_finds_another_status_value_or_name() {
    let documented = "{\"code\":\"a\",\"id\":\"…\",\"list\":[…],\"user\":{\"role\":\"member\",…}}\n401\n";
    let real = "{\"code\":\"a\",\"id\":\"7\",\"list\":[1],\"user\":{\"role\":\"member\"}}\n401\n";

    assert_eq!(differences(documented, real), [""; 0]);
    for (from, to) in [("401", "200"), ("\"a\"", "\"b\""), ("\"id\"", "\"no\""), ("member", "admin")] {
        assert_eq!(differences(documented, &real.replace(from, to)).len(), 1, "{from}");
    }
}
