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
}
