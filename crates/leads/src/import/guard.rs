//! Cells that a spreadsheet would take for formulas (CWE-1236), and the way back.

use std::borrow::Cow;

/// What formulas begin with, in whatever width, and what some spreadsheets leave out before they look.
const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// The text as a cell that no spreadsheet computes: with a `'` before it, if it needs one. [`unguard`] gives the text
/// back, whatever it was. Telephone numbers as networks understand them (E.164) stay as they are.
pub fn guard(text: &str) -> Cow<'_, str> {
    if looks_like_formula(text) && !is_number(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text that a guarded cell stands for.
pub fn unguard(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| looks_like_formula(rest)).unwrap_or(cell)
}

/// Also behind white space of any kind, which spreadsheets may leave out. Also what has been guarded already, or else it
/// would lose its `'` on the way back.
fn looks_like_formula(text: &str) -> bool {
    let is_blank = |c: char| c == '\'' || c == '\u{feff}' || c.is_whitespace() || c.is_control();
    text.trim_start_matches('\'').starts_with(STARTS) || text.trim_start_matches(is_blank).starts_with(STARTS)
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_guarded_and_nothing_else() {
        for bad in [
            "=cmd|' /C calc'!A0",
            "@SUM(1)",
            "+1+1",
            "-2+3",
            "\t=1",
            "\r=1",
            "\u{ff1d}1",
            "'=1",
            "\n=1",
            " =1",
            "\u{a0}\n -1",
            "\u{b}@x",
        ] {
            assert_eq!(guard(bad), format!("'{bad}"), "{bad:?}");
        }
        for good in ["", "Ada", "+919000000001", "O'Neil", "'quoted'", "a=b", " Ada"] {
            assert_eq!(guard(good), good, "{good:?}");
            assert_eq!(unguard(good), good, "{good:?}");
        }
    }

    proptest! {
        #[test]
        fn the_way_back_leads_to_the_text(text in "['=+@ \t\r\n\u{a0}a-]{0,6}|\\+[0-9]{5,17}|.{0,12}") {
            let cell = guard(&text);
            prop_assert_eq!(unguard(&cell), &*text);
        }
    }
}
