//! The first line in which two texts differ.

use std::fmt;

/// Long lines are cut: an example in a document can be a page.
const WIDTH: usize = 160;

/// Where two texts part, with the line of each; `None` past the end of one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference<'text> {
    line: usize,
    committed: Option<&'text str>,
    generated: Option<&'text str>,
}

/// Compares line by line; `None` when the texts are the same to the byte.
pub(crate) fn first<'text>(committed: &'text str, generated: &'text str) -> Option<Difference<'text>> {
    // Keeping the line ends finds a missing last one, too.
    let mut old = committed.split_inclusive('\n');
    let mut new = generated.split_inclusive('\n');
    for line in 1.. {
        match (old.next(), new.next()) {
            (None, None) => return None,
            (committed, generated) if committed == generated => {}
            (committed, generated) => {
                return Some(Difference { line, committed, generated });
            }
        }
    }
    None
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (committed, generated) = (show(self.committed), show(self.generated));
        write!(f, "line {} differs\n      committed: {committed}\n      generated: {generated}", self.line)
    }
}

fn show(line: Option<&str>) -> String {
    line.map_or_else(
        || "(ends before this line)".to_owned(),
        |line| format!("{:?}", line.chars().take(WIDTH).collect::<String>()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(first("", ""), None);
        assert_eq!(first("a\nb\n", "a\nb\n"), None);
    }

    #[test]
    fn the_first_of_several_differing_lines_is_named() {
        let difference = first("a\nb\nc\n", "a\nB\nC\n").unwrap();

        assert_eq!(difference.line, 2);
        assert_eq!((difference.committed, difference.generated), (Some("b\n"), Some("B\n")));
    }

    #[test]
    fn a_text_that_ends_early_differs_after_its_end() {
        let difference = first("a\n", "a\nb\n").unwrap();

        assert_eq!((difference.line, difference.committed), (2, None));
        assert!(difference.to_string().contains("ends before"), "{difference}");
    }

    #[test]
    fn a_missing_last_line_end_and_a_foreign_one_are_differences() {
        assert_eq!(first("a", "a\n").unwrap().line, 1);
        assert_eq!(first("a\r\n", "a\n").unwrap().line, 1);
    }

    #[test]
    fn a_long_line_is_cut() {
        let long = "x".repeat(10_000);

        assert!(first(&long, "y").unwrap().to_string().len() < 400);
    }
}
