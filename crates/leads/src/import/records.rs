//! From text to rows of cells (RFC 4180), a piece at a time.

use csv_core::{ReadRecordResult, ReaderBuilder};
use encoding_rs::WINDOWS_1252;

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// How much of the text had been read when it ended.
    pub end: u64,
    /// Its cells.
    pub cells: Result<Vec<String>, RecordFault>,
}

/// A row that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    /// A cell of more than 64 KiB, or a row of more than 4 MiB: mostly a quotation mark that is never closed.
    #[error("a cell is longer than 64 KiB, or the row than 4 MiB; is a quotation mark missing?")]
    TooLong,
    /// More than 200 columns.
    #[error("more than 200 columns")]
    TooManyColumns,
    /// A null character, as no text has it.
    #[error("holds a null character")]
    NullCharacter,
    /// The file ends within quotation marks: rows that belong behind the one that is missing would be lost in a cell.
    #[error("the file ends within quotation marks; one is missing")]
    OpenQuote,
}

impl RecordFault {
    /// What it is called.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::TooManyColumns => "too_many_columns",
            Self::NullCharacter => "null_character",
            Self::OpenQuote => "open_quote",
        }
    }
}

/// Takes text apart as it comes. Cells that are no UTF-8 are read as Windows-1252. Lines with nothing in them are none.
pub struct Records {
    reader: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    filled: usize,
    cells: usize,
    read: u64,
    is_overlong: bool,
    is_open: bool,
}

const LONGEST_CELL: usize = 64 * 1024;
const LONGEST_ROW: usize = 4 << 20;
const MOST_CELLS: usize = 200;
const SLICE: usize = 8 * 1024;

impl Records {
    /// Of text whose cells are parted by `delimiter`.
    pub fn parted_by(delimiter: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        let (text, ends) = (Vec::new(), Vec::new());
        Self { reader, text, ends, filled: 0, cells: 0, read: 0, is_overlong: false, is_open: false }
    }

    /// Takes some text apart.
    pub fn push(&mut self, text: &[u8], found: &mut impl Extend<Record>) {
        for slice in text.chunks(SLICE) {
            let mut rest = slice;
            while !rest.is_empty() {
                rest = self.read(rest, found).0;
            }
        }
    }

    /// How much of the text was read.
    pub const fn read_so_far(&self) -> u64 {
        self.read
    }

    /// There is no more text.
    pub fn finish(&mut self, found: &mut impl Extend<Record>) {
        // Within quotation marks, and nowhere else, the end of a line is a part of a cell. Nobody wrote this one: it does
        // not count as read.
        if let Some(before) = self.read.checked_sub(1) {
            let filled = self.filled;
            self.read = before;
            self.read(b"\n", found);
            self.is_open = self.filled > filled;
        }
        while !self.read(&[], found).1 {}
    }

    /// Reads on to the end of a row or of the input: what is left of it, and whether all is over.
    fn read<'t>(&mut self, input: &'t [u8], found: &mut impl Extend<Record>) -> (&'t [u8], bool) {
        // Never less room than it can take.
        self.text.resize(self.text.len().max(self.filled + input.len() + 1), 0);
        self.ends.resize(self.ends.len().max(self.cells + input.len() + 2), 0);
        let (Some(text), Some(ends)) = (self.text.get_mut(self.filled..), self.ends.get_mut(self.cells..)) else {
            return (&[], true);
        };
        let (result, read, written, ended) = self.reader.read_record(input, text, ends);
        self.read += read as u64;
        self.filled += written;
        self.cells += ended;
        match result {
            ReadRecordResult::Record => {
                found.extend([Record { end: self.read, cells: self.take() }]);
                (self.filled, self.cells, self.is_overlong) = (0, 0, false);
            }
            ReadRecordResult::End => return (&[], true),
            _ => {}
        }
        // What nobody will keep needs no room.
        if self.filled > LONGEST_ROW || self.cells > LONGEST_ROW {
            (self.filled, self.cells, self.is_overlong) = (0, 0, true);
        }
        (input.get(read..).unwrap_or_default(), false)
    }

    fn take(&self) -> Result<Vec<String>, RecordFault> {
        if self.is_overlong {
            return Err(RecordFault::TooLong);
        }
        if self.is_open {
            return Err(RecordFault::OpenQuote);
        }
        if self.cells > MOST_CELLS {
            return Err(RecordFault::TooManyColumns);
        }
        let mut start = 0;
        let mut cells = Vec::with_capacity(self.cells);
        for end in self.ends.iter().take(self.cells) {
            let cell = self.text.get(start..*end).unwrap_or_default();
            start = *end;
            if cell.len() > LONGEST_CELL {
                return Err(RecordFault::TooLong);
            }
            if cell.contains(&0) {
                return Err(RecordFault::NullCharacter);
            }
            cells.push(text_of(cell));
        }
        Ok(cells)
    }
}

fn text_of(cell: &[u8]) -> String {
    std::str::from_utf8(cell)
        .map_or_else(|_other| WINDOWS_1252.decode_without_bom_handling(cell).0.into_owned(), str::to_owned)
}

/// What parts the cells of a text that begins like this: of the candidates the one that is most often in the first line,
/// outside quotation marks.
pub(super) fn delimiter_of(head: &[u8]) -> u8 {
    let mut counts = [(b',', 0_u32), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut is_quoted = false;
    for byte in head {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted && counts.iter().any(|(_, count)| *count > 0) => break,
            _ if !is_quoted => {
                counts.iter_mut().filter(|(candidate, _)| candidate == byte).for_each(|(_, count)| *count += 1);
            }
            _ => {}
        }
    }
    // Of equals the first.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(candidate, _)| candidate)
}
