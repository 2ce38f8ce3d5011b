//! Rust taken apart into code and the text of its literals; comments fall away.

use std::{iter::Peekable, str::CharIndices};

/// A file of Rust, line for line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RustText {
    /// Without comments and without the insides of string and character literals.
    pub(crate) code: String,
    /// The insides of string literals, and nothing else.
    pub(crate) literals: String,
}

impl RustText {
    /// Takes a file apart. Both parts keep the line breaks, so that line numbers stay.
    pub(crate) fn of(source: &str) -> Self {
        Splitter { source, rest: source.char_indices().peekable(), text: Self::default() }.split()
    }
}

struct Splitter<'s> {
    source: &'s str,
    rest: Peekable<CharIndices<'s>>,
    text: RustText,
}

impl<'s> Splitter<'s> {
    fn split(mut self) -> RustText {
        while let Some((at, c)) = self.rest.next() {
            let here = self.from(at);
            let is_raw = || raw_hashes(here).is_some() && !self.is_in_a_word(at);
            match c {
                '/' if here.starts_with("//") => self.skip_while(|c| c != '\n'),
                '/' if here.starts_with("/*") => self.skip_block_comment(),
                'r' if is_raw() => self.take_raw_string(raw_hashes(here).unwrap_or_default()),
                '"' => self.take_string(),
                '\'' => self.take_character_or_lifetime(at),
                _ => self.code(c),
            }
        }
        self.text
    }

    fn from(&self, at: usize) -> &'s str {
        self.source.get(at..).unwrap_or_default()
    }

    /// `r` at the end of a name such as `attr` begins nothing; `br` does.
    fn is_in_a_word(&self, at: usize) -> bool {
        let before = self.source.get(..at).unwrap_or_default();
        let word = before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
        !word.is_empty() && word != "b"
    }

    fn code(&mut self, c: char) {
        self.text.code.push(c);
        if c == '\n' {
            self.text.literals.push(c);
        }
    }

    fn literal(&mut self, c: char) {
        self.text.literals.push(c);
        if c == '\n' {
            self.text.code.push(c);
        }
    }

    fn skip_while(&mut self, mut goes_on: impl FnMut(char) -> bool) {
        while self.rest.next_if(|(_, c)| goes_on(*c)).is_some() {}
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0_u32;
        let mut before = '/';
        while let Some((_, c)) = self.rest.next() {
            match (before, c) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {}
            }
            // A character belongs to one delimiter only: `/*/` opens and does not close.
            before = if matches!((before, c), ('/', '*') | ('*', '/')) { ' ' } else { c };
            if c == '\n' {
                self.code(c);
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn take_string(&mut self) {
        self.code('"');
        let mut is_escaped = false;
        while let Some((_, c)) = self.rest.next_if(|(_, c)| is_escaped || *c != '"') {
            is_escaped = c == '\\' && !is_escaped;
            self.literal(c);
        }
        self.end_string(1);
    }

    fn take_raw_string(&mut self, hashes: usize) {
        self.skip(hashes + 1);
        self.code('"');
        let (source, end) = (self.source, format!("\"{}", "#".repeat(hashes)));
        let is_inside = |at: usize| !source.get(at..).unwrap_or_default().starts_with(&end);
        while let Some((_, c)) = self.rest.next_if(|(at, _)| is_inside(*at)) {
            self.literal(c);
        }
        self.end_string(end.len());
    }

    /// Strings of one line are kept apart by a space.
    fn end_string(&mut self, delimiter: usize) {
        self.skip(delimiter);
        self.literal(' ');
        self.code('"');
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.rest.next();
        }
    }

    fn take_character_or_lifetime(&mut self, at: usize) {
        self.code('\'');
        let mut inside = self.from(at + 1).chars();
        let is_character = match inside.next() {
            Some('\\') => true,
            Some(_) => inside.next() == Some('\''),
            None => false,
        };
        if is_character {
            let escaped = self.rest.next().is_some_and(|(_, c)| c == '\\');
            if escaped {
                self.rest.next();
            }
            self.skip_while(|c| c != '\'');
            self.rest.next();
            self.code('\'');
        }
    }
}

/// The number of `#` when a raw string begins here.
fn raw_hashes(here: &str) -> Option<usize> {
    let hashes = here.strip_prefix('r')?;
    let quote = hashes.trim_start_matches('#');
    quote.starts_with('"').then_some(hashes.len() - quote.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(source: &str) -> String {
        RustText::of(source).code
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        assert_eq!(code("a // todo\nb"), "a \nb");
        assert_eq!(code("a /* x /* y */ z */ b"), "a  b");
        assert_eq!(code("a /*/ x */ b"), "a  b");
        assert_eq!(code("f(\"// no comment \\\" still\", c)"), "f(\"\", c)");
        assert_eq!(code("f(r#\"a \" b\"#, c)"), "f(\"\", c)");
        assert_eq!(code("f(r\"a\", br\"b\")"), "f(\"\", b\"\")");
        assert_eq!(code("attr\"x\""), "attr\"\"");
    }

    #[test]
    fn characters_are_told_from_lifetimes() {
        assert_eq!(code("fn f<'a>(x: &'a str) { x == '\"' }"), "fn f<'a>(x: &'a str) { x == '' }");
        assert_eq!(code("['\\'', '\\\\', 'é', '\\u{7f}'] // x"), "['', '', '', ''] ");
    }

    #[test]
    fn literals_are_kept_apart_and_lines_stay_in_place() {
        let text = RustText::of("a(\"one\ntwo\");\n/* x\ny */ b(r#\"three\"#)");

        assert_eq!(text.literals, "one\ntwo \n\nthree ");
        assert_eq!(text.code.lines().count(), text.literals.lines().count());
    }
}
