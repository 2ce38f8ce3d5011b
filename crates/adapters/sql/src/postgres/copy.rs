//! Rows in the binary form of `COPY`, which PostgreSQL takes in and hands out fastest: no parameters, no plan, no text to
//! parse.

use ashlar_kernel::Timestamp;
use sea_orm::DbErr;
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

/// Who is handed rows.
pub(crate) type OnRow<'f> = &'f mut (dyn FnMut(CopiedRow<'_>) -> Result<(), DbErr> + Send);

/// A row that the server hands out: its columns, in the order of the statement.
pub(crate) struct CopiedRow<'b> {
    rest: &'b [u8],
}

impl<'b> CopiedRow<'b> {
    /// From where PostgreSQL counts microseconds, in those of Unix.
    pub(crate) const EPOCH: i64 = EPOCH;

    /// Hands on each row in a message. The server sends one in each; the first one begins with the header, and the last
    /// has none.
    pub(super) fn each(mut message: &'b [u8], is_first: bool, on_row: OnRow<'_>) -> Result<(), DbErr> {
        if is_first {
            message = message.strip_prefix(HEADER).ok_or_else(garbled)?;
        }
        if message.is_empty() || message == TRAILER {
            return Ok(());
        }
        let (_columns, rest) = message.split_at_checked(2).ok_or_else(garbled)?;
        on_row(Self { rest })
    }

    /// The bytes of the next column; none if it is NULL.
    pub(crate) fn field(&mut self) -> Result<Option<&'b [u8]>, DbErr> {
        let (length, rest) = self.rest.split_first_chunk::<4>().ok_or_else(garbled)?;
        self.rest = rest;
        if *length == NULL {
            return Ok(None);
        }
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_long| garbled())?;
        let (field, rest) = self.rest.split_at_checked(length).ok_or_else(garbled)?;
        self.rest = rest;
        Ok(Some(field))
    }
}

fn garbled() -> DbErr {
    DbErr::Custom("the server sent something that is not a row".to_owned())
}
