//! From the bytes of a file to text that is UTF-8, or nearly so.

use std::io::Write as _;

use bytes::{Buf as _, Bytes};
use encoding_rs::{CoderResult, UTF_16BE, UTF_16LE};
use flate2::write::MultiGzDecoder;

/// The file cannot be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// It begins like a gzip file and is none, or ends early.
    #[error("the file is no whole gzip file")]
    Damaged,
    /// It unpacks to more than anybody means to import.
    #[error("the file unpacks to more than 4 GiB, or to more than 200 times its size")]
    TooLarge,
}

/// Unpacks what is gzip and turns UTF-16 into UTF-8, as both are recognised by how a file begins. Everything else goes
/// through as it is, without a byte order mark.
///
/// It works in steps: a few bytes may unpack to very many, and whoever waits beside an import waits for one step.
#[derive(Default)]
pub struct Decoder {
    /// What was taken and not yet looked at.
    waiting: Bytes,
    is_last: bool,
    packed_head: Vec<u8>,
    packing: Option<Packing>,
    packed: u64,
    text_head: Vec<u8>,
    encoding: Option<Encoding>,
    unpacked: u64,
}

enum Packing {
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    None,
}

enum Encoding {
    Utf16(Box<encoding_rs::Decoder>),
    Bytes,
}

/// So much is looked at in one step.
const SLICE: usize = 16 * 1024;
const MOST: u64 = 4 << 30;
/// From here on a file may be so many times smaller than its text. Lists of people are five to twenty times smaller.
const FREE: u64 = 16 << 20;
const RATIO: u64 = 200;

impl Decoder {
    /// Takes some bytes, to be decoded [step](Self::step) by step; `is_last` says that there are no more.
    pub fn feed(&mut self, bytes: Bytes, is_last: bool) {
        // Mostly nothing waits.
        self.waiting = if self.waiting.is_empty() { bytes } else { [&*self.waiting, &*bytes].concat().into() };
        self.is_last = is_last;
    }

    /// Decodes some of what waits, into 64 KiB or so at most; whether there is more.
    pub fn step(&mut self, text: &mut Vec<u8>) -> Result<bool, Undecodable> {
        if self.packing.is_none() {
            let missing = 2_usize.saturating_sub(self.packed_head.len()).min(self.waiting.len());
            self.packed_head.extend_from_slice(&self.waiting.split_to(missing));
            if self.packed_head.len() < 2 && !self.is_last {
                return Ok(false);
            }
            let head = std::mem::take(&mut self.packed_head);
            self.packing = Some(if head.starts_with(&[0x1f, 0x8b]) {
                Packing::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))
            } else {
                Packing::None
            });
            self.waiting = [&*head, &*self.waiting].concat().into();
        }
        self.unpack(text)
    }

    fn unpack(&mut self, text: &mut Vec<u8>) -> Result<bool, Undecodable> {
        let Some(Packing::Gzip(mut gzip)) = self.packing.take() else {
            self.packing = Some(Packing::None);
            let slice = self.waiting.split_to(self.waiting.len().min(SLICE));
            let is_over = self.waiting.is_empty();
            self.decode(&slice, is_over && self.is_last, text);
            return Ok(!is_over);
        };
        if self.waiting.is_empty() {
            if self.is_last {
                gzip.try_finish().map_err(|_damaged| Undecodable::Damaged)?;
                self.pass_on(&mut gzip, text)?;
                self.decode(&[], true, text);
            }
            self.packing = Some(Packing::Gzip(gzip));
            return Ok(false);
        }
        let slice = self.waiting.get(..SLICE).unwrap_or(&self.waiting);
        // Takes as much of it as fills 32 KiB: deflate makes a thousand bytes of one.
        let read = gzip.write(slice).map_err(|_damaged| Undecodable::Damaged)?;
        if read == 0 {
            return Err(Undecodable::Damaged);
        }
        self.waiting.advance(read);
        self.packed += read as u64;
        self.pass_on(&mut gzip, text)?;
        self.packing = Some(Packing::Gzip(gzip));
        Ok(true)
    }

    fn pass_on(&mut self, gzip: &mut MultiGzDecoder<Vec<u8>>, text: &mut Vec<u8>) -> Result<(), Undecodable> {
        let bytes = std::mem::take(gzip.get_mut());
        self.unpacked += bytes.len() as u64;
        if self.unpacked > MOST || self.unpacked > FREE.max(self.packed.saturating_mul(RATIO)) {
            return Err(Undecodable::TooLarge);
        }
        self.decode(&bytes, false, text);
        Ok(())
    }

    fn decode(&mut self, bytes: &[u8], is_last: bool, text: &mut Vec<u8>) {
        if self.encoding.is_some() {
            return self.transcode(bytes, is_last, text);
        }
        self.text_head.extend_from_slice(bytes);
        if self.text_head.len() < 4 && !is_last {
            return;
        }
        let head = std::mem::take(&mut self.text_head);
        let (encoding, mark) = match *head.as_slice() {
            [0xEF, 0xBB, 0xBF, ..] => (Encoding::Bytes, 3),
            [0xFF, 0xFE, ..] => (Encoding::Utf16(Box::new(UTF_16LE.new_decoder_without_bom_handling())), 2),
            [0xFE, 0xFF, ..] => (Encoding::Utf16(Box::new(UTF_16BE.new_decoder_without_bom_handling())), 2),
            // Two letters of a header, without a mark.
            [first, 0, second, 0, ..] if first != 0 && second != 0 => {
                (Encoding::Utf16(Box::new(UTF_16LE.new_decoder_without_bom_handling())), 0)
            }
            [0, first, 0, second, ..] if first != 0 && second != 0 => {
                (Encoding::Utf16(Box::new(UTF_16BE.new_decoder_without_bom_handling())), 0)
            }
            _ => (Encoding::Bytes, 0),
        };
        self.encoding = Some(encoding);
        self.transcode(head.get(mark..).unwrap_or_default(), is_last, text);
    }

    fn transcode(&mut self, bytes: &[u8], is_last: bool, text: &mut Vec<u8>) {
        let Some(Encoding::Utf16(decoder)) = &mut self.encoding else { return text.extend_from_slice(bytes) };
        let mut rest = bytes;
        let mut room = [0; 4 * 1024];
        loop {
            let (result, read, written, _had_errors) = decoder.decode_to_utf8(rest, &mut room, is_last);
            text.extend_from_slice(room.get(..written).unwrap_or_default());
            rest = rest.get(read..).unwrap_or_default();
            if result == CoderResult::InputEmpty {
                return;
            }
        }
    }
}
