//! How a file is to be imported.

use std::collections::BTreeMap;

use ashlar_kernel::{FieldErrors, FieldFault, Invalid};
use serde_json::{Map, Value};

use super::fields::ImportField;
use crate::lead::{InvalidText, choice::choice};

choice! {
    /// What becomes of the rows.
    ImportMode, "create, upsert, update" {
        /// Those that are not there yet become leads; the others are left alone.
        Create = "create",
        /// Those that are not there yet become leads; the others are brought up to date.
        Upsert = "upsert",
        /// Those that are there are brought up to date; the others are left out.
        Update = "update",
    }
}

choice! {
    /// By what a row and a lead are the same.
    ImportKey, "email, phone, id" {
        /// The e-mail address.
        Email = "email",
        /// The telephone number.
        Phone = "phone",
        /// The id.
        Id = "id",
    }
}

choice! {
    /// How leads that are there are brought up to date.
    OnConflict, "skip, overwrite, fill_blank" {
        /// Not at all.
        Skip = "skip",
        /// What the row says counts; what it is silent about stays.
        Overwrite = "overwrite",
        /// Only what is not known yet.
        FillBlank = "fill_blank",
    }
}

/// How a file is to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOptions {
    /// What becomes of the rows.
    pub mode: ImportMode,
    /// By what a row and a lead are the same.
    pub key: ImportKey,
    /// How leads that are there are brought up to date.
    pub on_conflict: OnConflict,
    /// Which field a column is, by its name or number; none: it is left out. Columns that are not named here are known
    /// by their names.
    pub mapping: BTreeMap<String, Option<ImportField>>,
    /// What a field is where a row says nothing.
    pub defaults: BTreeMap<ImportField, String>,
    /// Only count what would be done.
    pub is_rehearsal: bool,
    /// What parts the cells; found out if none.
    pub delimiter: Option<u8>,
    /// Whether the first row names the columns.
    pub has_header: bool,
}

/// Options as they were typed in.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of `ImportOptions`")]
pub struct ImportOptionsInput {
    pub mode: Option<String>,
    pub key: Option<String>,
    pub on_conflict: Option<String>,
    pub mapping: BTreeMap<String, String>,
    pub defaults: BTreeMap<String, String>,
    pub dry_run: bool,
    pub delimiter: Option<String>,
    pub has_header: Option<bool>,
}

/// The text is none of the four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("one of , ; | and tab")]
struct InvalidDelimiter;

impl FieldFault for InvalidDelimiter {
    fn code(&self) -> &'static str {
        "unknown_value"
    }
}

/// There are more of them than a file has columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at most 200")]
struct TooMany;

impl FieldFault for TooMany {
    fn code(&self) -> &'static str {
        "too_many"
    }
}

/// Databases refuse the null character where they keep JSON.
fn kept(text: String) -> Result<String, InvalidText> {
    if text.contains('\0') { Err(InvalidText::ControlCharacter) } else { Ok(text) }
}

impl TryFrom<ImportOptionsInput> for ImportOptions {
    type Error = Invalid;

    fn try_from(input: ImportOptionsInput) -> Result<Self, Invalid> {
        let mut errors = FieldErrors::default();
        let mode = errors.check_optional("/mode", input.mode.as_deref().map(str::parse));
        let key = errors.check_optional("/key", input.key.as_deref().map(str::parse));
        let on_conflict = errors.check_optional("/on_conflict", input.on_conflict.as_deref().map(str::parse));
        let delimiter = errors.check_optional("/delimiter", input.delimiter.as_deref().map(parse_delimiter));
        if input.mapping.len().max(input.defaults.len()) > 200 {
            errors.refuse("/mapping", &TooMany);
        }
        let mut mapping = BTreeMap::new();
        for (column, field) in input.mapping {
            let field = Some(field.trim()).filter(|field| !field.is_empty()).map(str::parse);
            let field = errors.check_optional("/mapping", field);
            errors.check("/mapping", kept(column)).map(|column| mapping.insert(column, field));
        }
        let mut defaults = BTreeMap::new();
        for (field, text) in input.defaults {
            let Some(known) = errors.check("/defaults", field.parse::<ImportField>()) else { continue };
            errors.check(&format!("/defaults/{}", known.as_str()), kept(text)).map(|text| defaults.insert(known, text));
        }
        errors.finish()?;
        let mode = mode.unwrap_or(ImportMode::Create);
        Ok(Self {
            mode,
            key: key.unwrap_or(ImportKey::Email),
            on_conflict: on_conflict.unwrap_or(match mode {
                ImportMode::Create => OnConflict::Skip,
                ImportMode::Upsert | ImportMode::Update => OnConflict::Overwrite,
            }),
            mapping,
            defaults,
            is_rehearsal: input.dry_run,
            delimiter,
            has_header: input.has_header.unwrap_or(true),
        })
    }
}

fn parse_delimiter(text: &str) -> Result<u8, InvalidDelimiter> {
    match text {
        "," => Ok(b','),
        ";" => Ok(b';'),
        "|" => Ok(b'|'),
        "\t" | "tab" => Ok(b'\t'),
        _ => Err(InvalidDelimiter),
    }
}

impl ImportOptions {
    /// The stored form.
    pub fn to_json(&self) -> Value {
        let names = |field: &Option<ImportField>| field.map_or("", ImportField::as_str).into();
        let mapping: Map<_, Value> =
            self.mapping.iter().map(|(column, field)| (column.clone(), names(field))).collect();
        let default = |(field, text): (&ImportField, &String)| (field.as_str().to_owned(), text.clone().into());
        let defaults: Map<_, Value> = self.defaults.iter().map(default).collect();
        serde_json::json!({
            "mode": self.mode.as_str(),
            "key": self.key.as_str(),
            "on_conflict": self.on_conflict.as_str(),
            "mapping": mapping,
            "defaults": defaults,
            "dry_run": self.is_rehearsal,
            "delimiter": self.delimiter.map(|byte| char::from(byte).to_string()),
            "has_header": self.has_header,
        })
    }

    /// Reads the stored form.
    pub fn restore(stored: &Value) -> Option<Self> {
        let text = |name: &str| stored.get(name)?.as_str().map(str::to_owned);
        let texts = |name: &str| {
            let object = stored.get(name)?.as_object()?;
            object.iter().map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect::<Option<_>>()
        };
        let input = ImportOptionsInput {
            mode: Some(text("mode")?),
            key: Some(text("key")?),
            on_conflict: Some(text("on_conflict")?),
            mapping: texts("mapping")?,
            defaults: texts("defaults")?,
            dry_run: stored.get("dry_run")?.as_bool()?,
            delimiter: text("delimiter"),
            has_header: Some(stored.get("has_header")?.as_bool()?),
        };
        Self::try_from(input).ok()
    }
}
