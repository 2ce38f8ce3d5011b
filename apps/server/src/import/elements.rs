//! The objects of a JSON file, one after the other, without holding the file.

use std::io::{self, BufRead};

/// One object, as it is written, and where it begins.
#[derive(Debug, PartialEq, Eq)]
pub struct Element {
    /// Which of the file it is, from 1.
    pub number: u64,
    /// The line of its first character, from 1.
    pub line: u64,
    /// Its text: a whole object by its brackets, which is all that is known of it.
    pub text: Vec<u8>,
}

/// Why there are no further objects.
#[derive(Debug, thiserror::Error)]
pub enum ElementsError {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
    /// The file ends within an object or a list.
    #[error("the file ends in the middle of line {line}; is it whole?")]
    Cut {
        /// The last line.
        line: u64,
    },
    /// There is something else than objects.
    #[error("line {line}: here should be an object, in a JSON array or on a line of its own")]
    NoObject {
        /// Where.
        line: u64,
    },
    /// One object is longer than any account.
    #[error("line {line}: this object is longer than {LONGEST} bytes")]
    TooLong {
        /// Where it begins.
        line: u64,
    },
}

/// Longer than any account, and short enough to be held.
const LONGEST: usize = 1_048_576;
/// What some programs put before UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Reads the objects of a JSON array, or of a file with one object after the other (JSON Lines).
///
/// serde reads a list as a whole and does not go on behind an element that it refuses; here each object is cut out by
/// its brackets, and whoever reads it may refuse it.
pub struct Elements<R> {
    source: R,
    number: u64,
    line: u64,
    bytes: u64,
    list: List,
    has_failed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    /// Nothing but blanks has come.
    Unknown,
    /// Objects without a list.
    Absent,
    Open,
    Closed,
}

/// What of an object has been read.
#[derive(Default)]
struct Nesting {
    depth: u32,
    in_text: bool,
    is_escaped: bool,
}

impl Nesting {
    /// Whether the object is complete with this byte. Brackets of other letters' bytes do not occur in UTF-8.
    fn closes(&mut self, byte: u8) -> bool {
        if self.in_text {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.depth == 0
    }
}

impl<R: BufRead> Elements<R> {
    /// The objects of `source`.
    pub const fn new(source: R) -> Self {
        Self { source, number: 0, line: 1, bytes: 0, list: List::Unknown, has_failed: false }
    }

    /// How much has been read.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.source.fill_buf()?.first().copied())
    }

    fn take(&mut self, byte: u8) {
        self.source.consume(1);
        self.bytes += 1;
        self.line += u64::from(byte == b'\n');
    }

    /// Goes to where the next object begins; false at the end.
    fn seek(&mut self) -> Result<bool, ElementsError> {
        if self.bytes == 0 && self.source.fill_buf()?.starts_with(&BYTE_ORDER_MARK) {
            self.source.consume(BYTE_ORDER_MARK.len());
            self.bytes = 3;
        }
        while let Some(byte) = self.peek()? {
            match (byte, self.list) {
                (b' ' | b'\t' | b'\r' | b'\n', _) | (b',', List::Open) => {}
                (b'[', List::Unknown) => self.list = List::Open,
                (b']', List::Open) => self.list = List::Closed,
                (b'{', List::Open | List::Absent) => return Ok(true),
                (b'{', List::Unknown) => {
                    self.list = List::Absent;
                    return Ok(true);
                }
                _ => return Err(ElementsError::NoObject { line: self.line }),
            }
            self.take(byte);
        }
        if self.list == List::Open { Err(ElementsError::Cut { line: self.line }) } else { Ok(false) }
    }

    fn cut_out(&mut self) -> Result<Element, ElementsError> {
        self.number += 1;
        let (number, line) = (self.number, self.line);
        let (mut text, mut nesting) = (Vec::new(), Nesting::default());
        while let Some(byte) = self.peek()? {
            self.take(byte);
            text.push(byte);
            if nesting.closes(byte) {
                return Ok(Element { number, line, text });
            }
            if text.len() > LONGEST {
                return Err(ElementsError::TooLong { line });
            }
        }
        Err(ElementsError::Cut { line: self.line })
    }
}

impl<R: BufRead> Iterator for Elements<R> {
    type Item = Result<Element, ElementsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let found = match self.seek() {
            Ok(false) => return None,
            Ok(true) => self.cut_out(),
            Err(error) => Err(error),
        };
        self.has_failed = found.is_err();
        Some(found)
    }
}

#[cfg(test)]
mod tests;
