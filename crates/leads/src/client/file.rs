//! Files of contracts, and what is taken for one.

use ashlar_kernel::{Change, FieldFault, Id, TenantId, Timestamp, canonical};

use super::{ContractId, event::ContractFileEvent};
use crate::{lead::choice::choice, port::StoredFile};

/// Identifies a [`ContractFile`].
pub type ContractFileId = Id<ContractFile>;

/// The largest file, in bytes.
pub const MAX_FILE_SIZE: u64 = 10 * 1024 * 1024;
/// The most files of a contract.
pub const MAX_FILES: u32 = 10;

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFile {
    /// It is none of the sorts there may be, whatever its name says.
    #[error("neither a PDF, nor a document of Word, nor a PNG or JPEG image")]
    Type,
    /// It has no name.
    #[error("the file has no name")]
    Name,
}

impl FieldFault for InvalidFile {
    fn code(&self) -> &'static str {
        match self {
            Self::Type => "unsupported_file_type",
            Self::Name => "required",
        }
    }
}

choice! {
    /// What sort of file it is.
    FileType, "pdf, docx, png, jpeg" {
        /// A PDF.
        Pdf = "pdf",
        /// A document of Word (Office Open XML).
        Docx = "docx",
        /// A PNG image.
        Png = "png",
        /// A JPEG image.
        Jpeg = "jpeg",
    }
}

impl FileType {
    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }
}

/// What a file is called by whoever sent it, for those who download it: 1 to 255 characters. No file is kept under it.
#[derive(Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    const LONGEST: usize = 255;

    /// What is left of a name when folders and everything that deceives are taken away.
    pub fn parse(text: &str) -> Result<Self, InvalidFile> {
        let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
        let name: String = last.chars().filter(|c| !canonical::is_deceptive(*c)).take(Self::LONGEST).collect();
        let name = canonical::composed(name.trim());
        let is_name = !name.is_empty() && name.chars().any(|c| c != '.') && name.chars().count() <= Self::LONGEST;
        if is_name { Ok(Self(name)) } else { Err(InvalidFile::Name) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for FileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileName(..)")
    }
}

/// Finds out of what sort a file is by what is in it, part by part. A document of Word is an archive like many others, and
/// is told by the names of two files in it.
#[derive(Debug, Clone, Default)]
pub struct Sniffer {
    head: Vec<u8>,
    tail: Vec<u8>,
    has_types: bool,
    has_document: bool,
}

const TYPES: &[u8] = b"[Content_Types].xml";
const DOCUMENT: &[u8] = b"word/document.xml";
const ARCHIVE: &[u8] = b"PK\x03\x04";
/// As much as tells all sorts apart.
const HEAD: usize = 8;

impl Sniffer {
    /// Looks at the next part.
    pub fn look(&mut self, part: &[u8]) {
        let missing = HEAD - self.head.len().min(HEAD);
        self.head.extend(part.iter().take(missing));
        if !self.head.starts_with(ARCHIVE) || (self.has_types && self.has_document) {
            return;
        }
        // A name may lie across two parts.
        let mut seen = std::mem::take(&mut self.tail);
        seen.extend_from_slice(part);
        let holds = |name: &[u8]| seen.windows(name.len()).any(|window| window == name);
        self.has_types = self.has_types || holds(TYPES);
        self.has_document = self.has_document || holds(DOCUMENT);
        self.tail = seen.split_off(seen.len().saturating_sub(TYPES.len()));
    }

    /// Whether it may still be one of the sorts there are.
    pub fn is_hopeful(&self) -> bool {
        self.head.len() < HEAD || self.by_head().is_some() || self.head.starts_with(ARCHIVE)
    }

    /// What it is, once all of it was looked at.
    pub fn verdict(&self) -> Result<FileType, InvalidFile> {
        let is_docx = self.head.starts_with(ARCHIVE) && self.has_types && self.has_document;
        self.by_head().or(is_docx.then_some(FileType::Docx)).ok_or(InvalidFile::Type)
    }

    fn by_head(&self) -> Option<FileType> {
        let sorts: [(&[u8], FileType); 3] =
            [(b"%PDF-", FileType::Pdf), (b"\x89PNG\r\n\x1a\n", FileType::Png), (b"\xff\xd8\xff", FileType::Jpeg)];
        sorts.into_iter().find(|(magic, _)| self.head.starts_with(magic)).map(|(_, sort)| sort)
    }
}

/// A file of a contract. It is never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractFile {
    /// Its id.
    pub id: ContractFileId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Of which contract.
    pub contract: ContractId,
    /// Which of its places for files it has, from 1. One that is deleted leaves its place to another.
    pub position: u32,
    /// What it was called by whoever sent it.
    pub name: FileName,
    /// What sort it is.
    pub sort: FileType,
    /// Where it is kept, how long it is, and what it hashes to.
    pub stored: StoredFile,
    /// When it came.
    pub created_at: Timestamp,
}

impl ContractFile {
    /// Adds it.
    pub fn add(self) -> Change<Self, ContractFileEvent> {
        let event = ContractFileEvent::Added {
            contract: self.contract,
            file: self.id,
            sort: self.sort.as_str(),
            size: self.stored.size,
            sha256: self.stored.sha256.to_string(),
        };
        Change::new(self, event)
    }

    /// Takes it away.
    pub fn delete(self) -> Change<Self, ContractFileEvent> {
        let event = ContractFileEvent::Deleted { contract: self.contract, file: self.id };
        Change::new(self, event)
    }

    /// Somebody reads it.
    pub fn read_by(self, reader: uuid::Uuid) -> Change<Self, ContractFileEvent> {
        let event = ContractFileEvent::Downloaded { contract: self.contract, file: self.id, reader };
        Change::new(self, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(parts: &[&[u8]]) -> Result<FileType, InvalidFile> {
        let mut sniffer = Sniffer::default();
        for part in parts {
            sniffer.look(part);
        }
        sniffer.verdict()
    }

    #[test]
    fn files_are_what_is_in_them() {
        assert_eq!(verdict(&[b"%PDF-1.7\n..."]), Ok(FileType::Pdf));
        assert_eq!(verdict(&[b"%P", b"DF", b"-1"]), Ok(FileType::Pdf));
        assert_eq!(verdict(&[b"\x89PNG\r\n\x1a\n...."]), Ok(FileType::Png));
        assert_eq!(verdict(&[b"\xff\xd8\xff\xe0"]), Ok(FileType::Jpeg));
        let docx: &[&[u8]] = &[b"PK\x03\x04....[Content_Ty", b"pes].xml....word/docu", b"ment.xml..."];
        assert_eq!(verdict(docx), Ok(FileType::Docx));
        for bad in
            [&b""[..], b"%PDX", b"<html>", b"MZ\x90", b"PK\x03\x04 [Content_Types].xml xl/workbook.xml", b" %PDF-1"]
        {
            assert_eq!(verdict(&[bad]), Err(InvalidFile::Type), "{bad:?}");
        }
    }

    #[test]
    fn what_cannot_be_one_of_them_is_known_early() {
        let hopeful = |head: &[u8]| {
            let mut sniffer = Sniffer::default();
            sniffer.look(head);
            sniffer.is_hopeful()
        };
        assert!(hopeful(b"%PD") && hopeful(b"%PDF-1.7 ...") && hopeful(b"PK\x03\x04........"));
        assert!(!hopeful(b"<html><body>"));
    }

    #[test]
    fn names_lead_nowhere() {
        let name = |text: &str| FileName::parse(text).map(|name| name.as_str().to_owned());
        assert_eq!(name("../../etc/passwd"), Ok("passwd".to_owned()));
        assert_eq!(name("C:\\temp\\Vertrag \u{fc}.pdf"), Ok("Vertrag \u{fc}.pdf".to_owned()));
        assert_eq!(name("a\u{202e}fdp.exe\r\n"), Ok("afdp.exe".to_owned()));
        assert_eq!(name(&"x".repeat(300)).unwrap().len(), 255);
        for bad in ["", " ", "..", "a/", "\u{0}"] {
            assert_eq!(name(bad), Err(InvalidFile::Name), "{bad:?}");
        }
    }
}
