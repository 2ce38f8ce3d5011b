//! The table of keys as a page of documentation.

use std::fmt::Write as _;

use super::keys::KEYS;

/// Every key as Markdown, one table a section.
pub fn reference() -> String {
    let mut page = String::new();
    let mut section = "";
    for key in KEYS {
        if key.section != section {
            section = key.section;
            let _infallible = write!(
                page,
                "\n## {section}\n\n| key | environment | flag | default | accepted | meaning |\n|---|---|---|---|---|---|\n"
            );
        }
        let _infallible = writeln!(
            page,
            "| `{}` | `{}` | `--{}` | {} | {} | {} |",
            key.name,
            key.variable,
            key.flag,
            cell(&key.default_phrase()),
            cell(&key.kind.accepts()),
            cell(key.help),
        );
    }
    page.trim_start().to_owned()
}

/// Text that neither ends the cell nor passes for HTML.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_has_one_row_for_every_key() {
        let page = reference();

        for key in KEYS {
            let row = format!("\n| `{}` | `{}` |", key.name, key.variable);
            assert_eq!(page.matches(&row).count(), 1, "{}", key.name);
        }
    }

    /// What stands above this line in `docs/configuration.md` is written by hand, what stands below by this test.
    const MARK: &str = "<!-- Generated from apps/server/src/config/keys.rs; see CONTRIBUTING.md. -->\n";
    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    const REWRITE: &str = "ASHLAR_TEST_REWRITE";

    #[test]
    #[expect(clippy::disallowed_methods, reason = "steers this test and no server")]
    fn configuration_page_is_up_to_date() {
        let committed = std::fs::read_to_string(PAGE).unwrap();
        let (by_hand, _) = committed.split_once(MARK).expect("docs/configuration.md has lost its mark");
        let fresh = format!("{by_hand}{MARK}\n{}", reference());

        if std::env::var_os(REWRITE).is_some() {
            std::fs::write(PAGE, &fresh).unwrap();
        }

        let now = std::fs::read_to_string(PAGE).unwrap();
        assert!(
            now == fresh,
            "docs/configuration.md is stale; run: {REWRITE}=1 cargo test -p ashlar-server --lib configuration_page"
        );
    }
}
