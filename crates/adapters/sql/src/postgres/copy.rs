//! Rows in the binary form of `COPY`, which PostgreSQL takes in fastest: no parameters, no plan, no text to parse.

use ashlar_kernel::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// What every stream begins with: a signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with, in the place of the number of columns.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
/// What stands for the length of what is not there.
const NULL: [u8; 4] = (-1_i32).to_be_bytes();
/// Midnight before the first of January 2000, from which PostgreSQL counts, in microseconds of Unix.
const EPOCH: i64 = 946_684_800_000_000;

/// Something that a column holds.
pub(crate) trait Field {
    /// Writes its length and its bytes.
    fn write(&self, bytes: &mut Vec<u8>);
}

/// Rows for one `COPY`.
pub(crate) struct CopyRows(Vec<u8>);

impl CopyRows {
    /// No rows, with room for some bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        let mut rows = Vec::with_capacity(bytes);
        rows.extend_from_slice(HEADER);
        Self(rows)
    }

    /// Adds a row, whose columns are in the order of the statement.
    pub(crate) fn push(&mut self, fields: &[&dyn Field]) {
        let count = i16::try_from(fields.len()).unwrap_or(i16::MAX);
        self.0.extend_from_slice(&count.to_be_bytes());
        for field in fields {
            field.write(&mut self.0);
        }
    }

    /// The whole stream.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&TRAILER);
        self.0
    }
}

fn put(bytes: &mut Vec<u8>, content: &[u8]) {
    // The server takes nothing that long; it would refuse the length.
    let length = i32::try_from(content.len()).unwrap_or(i32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(content);
}

impl Field for &str {
    fn write(&self, bytes: &mut Vec<u8>) {
        put(bytes, self.as_bytes());
    }
}

impl Field for String {
    fn write(&self, bytes: &mut Vec<u8>) {
        put(bytes, self.as_bytes());
    }
}

impl Field for Uuid {
    fn write(&self, bytes: &mut Vec<u8>) {
        put(bytes, self.as_bytes());
    }
}

impl Field for i32 {
    fn write(&self, bytes: &mut Vec<u8>) {
        put(bytes, &self.to_be_bytes());
    }
}

impl Field for Timestamp {
    fn write(&self, bytes: &mut Vec<u8>) {
        put(bytes, &(self.timestamp_micros() - EPOCH).to_be_bytes());
    }
}

/// As `jsonb`: the version of its form, and text.
impl Field for Value {
    fn write(&self, bytes: &mut Vec<u8>) {
        put(bytes, format!("\u{1}{self}").as_bytes());
    }
}

impl<T: Field> Field for Option<T> {
    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Some(field) => field.write(bytes),
            None => bytes.extend_from_slice(&NULL),
        }
    }
}
