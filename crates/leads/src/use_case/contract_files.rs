//! Files of contracts: take them in, and hand them out by links that are good for a short time.

use ashlar_kernel::{Context, FieldErrors, Id, NotFound, Timestamp};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use chrono::TimeDelta;
use uuid::Uuid;

use super::{ClientError, LeadError, Leads};
use crate::{
    client::{ContractFile, ContractFileId, ContractId, FileName, InvalidFile, MAX_FILE_SIZE, MAX_FILES, Sniffer},
    permission,
    port::{FileBytes, FileError, FileKey, NewFile, WriteFileError},
};

/// How long a link is good: as long as it takes to follow it.
const LINK_LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// A file of a contract on its way. Dropped, it leaves nothing.
pub struct FileUpload {
    contract: ContractId,
    name: Option<FileName>,
    sniffer: Sniffer,
    file: Box<dyn NewFile>,
}

/// Why the next part of a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It is larger than files may be.
    #[error("the file is larger than {MAX_FILE_SIZE} bytes")]
    TooLarge,
    /// For another reason.
    #[error(transparent)]
    Refused(#[from] ClientError),
}

impl FileUpload {
    /// What it is called by whoever sends it.
    pub fn called(&mut self, name: &str) -> Result<(), ClientError> {
        self.name = Some(FileName::parse(name).map_err(refused)?);
        Ok(())
    }

    /// Takes the next part. What cannot become one of the sorts there are is refused at once.
    pub async fn write(&mut self, part: Bytes) -> Result<(), UploadError> {
        self.sniffer.look(&part);
        if !self.sniffer.is_hopeful() {
            return Err(refused(InvalidFile::Type).into());
        }
        self.file.write(part).await.map_err(|error| match error {
            WriteFileError::TooLarge => UploadError::TooLarge,
            WriteFileError::Files(error) => UploadError::Refused(error.into()),
        })
    }
}

fn refused(fault: InvalidFile) -> ClientError {
    let mut errors = FieldErrors::default();
    errors.refuse("/file", &fault);
    errors.into_invalid().into()
}

/// A link to a file. Whoever has it may follow it, until it runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLink {
    /// What proves it.
    pub token: String,
    /// When it runs out.
    pub expires_at: Timestamp,
}

/// A file that is being read.
pub struct OpenedFile {
    /// Which.
    pub file: ContractFile,
    /// What is in it.
    pub bytes: FileBytes,
}

impl Leads {
    /// Begins a file of a contract that has room for one more.
    pub async fn begin_contract_file(
        &self,
        context: &Context,
        contract: ContractId,
    ) -> Result<FileUpload, ClientError> {
        context.authorize(permission::UPDATE_CLIENTS)?;
        let store = &self.0.ports.store;
        store.contract(context.tenant, contract).await?.ok_or(NotFound)?;
        if store.contract_files(context.tenant, contract).await?.len() >= MAX_FILES as usize {
            return Err(ClientError::TooManyFiles);
        }
        let file = self.0.ports.files.begin(MAX_FILE_SIZE).await?;
        Ok(FileUpload { contract, name: None, sniffer: Sniffer::default(), file })
    }

    /// Keeps a file of which all was taken.
    pub async fn keep_contract_file(&self, context: &Context, upload: FileUpload) -> Result<ContractFile, ClientError> {
        context.authorize(permission::UPDATE_CLIENTS)?;
        let FileUpload { contract, name, sniffer, file } = upload;
        let name = name.ok_or(InvalidFile::Name).map_err(refused)?;
        let sort = sniffer.verdict().map_err(refused)?;
        let stored = file.keep().await?;
        let key = stored.key.clone();
        let file = ContractFile {
            id: Id::new(&*self.0.ports.ids),
            tenant: context.tenant,
            contract,
            position: 1,
            name,
            sort,
            stored,
            created_at: context.now,
        };
        let outcome = self.attach(context, file).await;
        if outcome.is_err() {
            self.forget(&key).await;
        }
        outcome
    }

    /// Finds a place for the file. Whoever loses a race has seen another file come, of which there are but so many.
    async fn attach(&self, context: &Context, file: ContractFile) -> Result<ContractFile, ClientError> {
        loop {
            let there = self.0.ports.store.contract_files(context.tenant, file.contract).await?;
            let position = there.last().map_or(1, |last| last.position + 1);
            if position > MAX_FILES {
                return Err(ClientError::TooManyFiles);
            }
            let file = ContractFile { position, ..file.clone() };
            let mut tx = self.0.ports.store.begin(context).await?;
            match tx.insert_contract_file(file.clone().add()).await {
                Err(error) if error.is_retryable() => drop(tx),
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    tx.commit().await?;
                    return Ok(file);
                }
            }
        }
    }

    /// A file that belongs to nothing. If it cannot be deleted it stays where nobody finds it.
    async fn forget(&self, key: &FileKey) {
        let _nobody_misses_it = self.0.ports.files.delete(key).await;
    }

    /// Makes a link to a file for the caller.
    pub async fn contract_file_link(&self, context: &Context, id: ContractFileId) -> Result<FileLink, ClientError> {
        let reader = context.authorize(permission::READ_CLIENTS)?;
        let file = self.0.ports.store.contract_file(context.tenant, id).await?.ok_or(NotFound)?;
        let expires_at = context.now + LINK_LIFETIME;
        let claims = [context.tenant.as_uuid(), file.id.as_uuid(), reader].map(|id| *id.as_bytes()).concat();
        let claims = [claims, expires_at.timestamp_millis().to_be_bytes().to_vec()].concat();
        let tag = self.0.links.tag(&[&claims]);
        Ok(FileLink { token: URL_SAFE_NO_PAD.encode([claims, tag.to_vec()].concat()), expires_at })
    }

    /// Opens the file that a link leads to. That it was read is noted, and for whom the link was made.
    pub async fn follow_file_link(&self, context: &Context, token: &str) -> Result<OpenedFile, ClientError> {
        let (tenant, id, reader) = self.read_link(context, token).ok_or(ClientError::LinkInvalid)?;
        let context = &Context { tenant: ashlar_kernel::TenantId::from_uuid(tenant), ..context.clone() };
        let id = ContractFileId::from_uuid(id);
        let file = self.0.ports.store.contract_file(context.tenant, id).await?.ok_or(NotFound)?;
        let bytes = self.0.ports.files.read(&file.stored.key, None).await?;
        let bytes = bytes.ok_or_else(|| FileError::internal("the file of a contract is not where it was kept"))?;
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.note_contract_file(file.clone().read_by(reader)).await.map_err(LeadError::from)?;
        tx.commit().await?;
        Ok(OpenedFile { file, bytes })
    }

    /// Of which tenant, which file, and for whom; none if the link is not good.
    fn read_link(&self, context: &Context, token: &str) -> Option<(Uuid, Uuid, Uuid)> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (claims, tag) = bytes.split_at_checked(3 * 16 + 8)?;
        if !self.0.links.verify(&[claims], tag) {
            return None;
        }
        let (ids, expiry) = claims.split_at_checked(3 * 16)?;
        let expires_at = i64::from_be_bytes(expiry.try_into().ok()?);
        let mut ids = ids.chunks_exact(16).filter_map(|id| Uuid::from_slice(id).ok());
        let found = (ids.next()?, ids.next()?, ids.next()?);
        (context.now.timestamp_millis() < expires_at).then_some(found)
    }
}
