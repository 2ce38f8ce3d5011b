//! Files of contracts: take them in, and hand them out by links that are good for a short time.

use std::ops::Range;

use ashlar_kernel::{Context, FieldErrors, Id, NotFound, Once, TenantId};
use bytes::Bytes;
use uuid::Uuid;

use super::{Attempts, ClientError, FileLink, LeadError, Leads};
use crate::{
    client::{
        ContractFile, ContractFileId, ContractId, FileName, FileType, InvalidFile, MAX_FILE_SIZE, MAX_FILES, Sniffer,
    },
    permission,
    port::{FileBytes, FileKey, NewFile, Sha256Sum, StoredFile, WriteFileError},
};

/// A file of a contract on its way. Dropped, it leaves nothing.
pub struct FileUpload {
    contract: ContractId,
    name: Option<FileName>,
    sniffer: Sniffer,
    file: Box<dyn NewFile>,
}

/// A file of which all came, and which no contract has yet.
pub struct UploadedFile {
    contract: ContractId,
    name: FileName,
    sort: FileType,
    stored: StoredFile,
}

impl UploadedFile {
    /// What tells it from other files: its name, and what its bytes hash to.
    pub const fn content(&self) -> (&FileName, Sha256Sum) {
        (&self.name, self.stored.sha256)
    }
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

/// A file that a link leads to.
pub struct LinkedFile {
    file: ContractFile,
    reader: Uuid,
}

impl LinkedFile {
    /// Which.
    pub const fn file(&self) -> &ContractFile {
        &self.file
    }
}

impl Leads {
    /// Begins a file of a contract.
    pub async fn begin_contract_file(
        &self,
        context: &Context,
        contract: ContractId,
    ) -> Result<FileUpload, ClientError> {
        context.authorize(permission::UPDATE_CLIENTS)?;
        self.0.ports.store.contract(context.tenant, contract).await?.ok_or(NotFound)?;
        let file = self.0.ports.files.begin(MAX_FILE_SIZE).await?;
        Ok(FileUpload { contract, name: None, sniffer: Sniffer::default(), file })
    }

    /// Keeps a file of which all was taken. It is to be [added](Self::add_contract_file) or [dropped](Self::drop_upload).
    pub async fn keep_upload(&self, context: &Context, upload: FileUpload) -> Result<UploadedFile, ClientError> {
        context.authorize(permission::UPDATE_CLIENTS)?;
        let FileUpload { contract, name, sniffer, file } = upload;
        let name = name.ok_or(InvalidFile::Name).map_err(refused)?;
        let sort = sniffer.verdict().map_err(refused)?;
        Ok(UploadedFile { contract, name, sort, stored: file.keep().await? })
    }

    /// Forgets a file that no contract gets.
    pub async fn drop_upload(&self, upload: UploadedFile) {
        self.forget(&upload.stored.key).await;
    }

    /// Adds a file to its contract, if there is room for one more.
    pub async fn add_contract_file(
        &self,
        context: &Context,
        upload: UploadedFile,
        once: Option<Once<ContractFile>>,
    ) -> Result<ContractFile, ClientError> {
        context.authorize(permission::UPDATE_CLIENTS)?;
        let UploadedFile { contract, name, sort, stored } = upload;
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
        let outcome = self.attach(context, file, once).await;
        if outcome.is_err() {
            self.forget(&key).await;
        }
        outcome
    }

    /// Finds a place for the file. Whoever loses a race has seen another file come, of which there are but so many.
    async fn attach(
        &self,
        context: &Context,
        file: ContractFile,
        once: Option<Once<ContractFile>>,
    ) -> Result<ContractFile, ClientError> {
        loop {
            let there = self.0.ports.store.contract_files(context.tenant, file.contract).await?;
            let is_free = |position: &u32| there.iter().all(|other| other.position != *position);
            let position = (1..=MAX_FILES).find(is_free).ok_or(ClientError::TooManyFiles)?;
            let file = ContractFile { position, ..file.clone() };
            let mut tx = self.0.ports.store.begin(context).await?;
            match tx.insert_contract_file(file.clone().add()).await {
                Err(error) if error.is_retryable() => continue,
                outcome => outcome?,
            }
            if let Some(once) = &once {
                tx.remember(once.receipt(&file)).await?;
            }
            tx.commit().await?;
            return Ok(file);
        }
    }

    /// Takes a file away from a contract that was not signed: what was signed stands, with its files.
    pub async fn delete_contract_file(&self, context: &Context, id: ContractFileId) -> Result<(), ClientError> {
        context.authorize(permission::UPDATE_CLIENTS)?;
        let mut attempts = Attempts::default();
        let file = loop {
            match self.try_delete_contract_file(context, id).await {
                Err(ClientError::Lead(LeadError::Store(error))) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        };
        self.forget(&file.stored.key).await;
        Ok(())
    }

    async fn try_delete_contract_file(
        &self,
        context: &Context,
        id: ContractFileId,
    ) -> Result<ContractFile, ClientError> {
        let store = &self.0.ports.store;
        let file = store.contract_file(context.tenant, id).await?.ok_or(NotFound)?;
        let contract = store.contract(context.tenant, file.contract).await?.ok_or(NotFound)?;
        if !contract.status().is_open() {
            return Err(ClientError::Settled);
        }
        let mut tx = store.begin(context).await?;
        tx.delete_contract_file(file.clone().delete()).await?;
        tx.commit().await?;
        Ok(file)
    }

    /// A file that belongs to nothing. If it cannot be deleted now, the sweeper comes by later.
    async fn forget(&self, key: &FileKey) {
        let _nobody_misses_it = self.0.ports.files.delete(key).await;
    }

    /// Makes a link to a file for the caller.
    pub async fn contract_file_link(&self, context: &Context, id: ContractFileId) -> Result<FileLink, ClientError> {
        let reader = context.authorize(permission::READ_CLIENTS)?;
        let file = self.0.ports.store.contract_file(context.tenant, id).await?.ok_or(NotFound)?;
        let linked = [context.tenant.as_uuid(), file.id.as_uuid(), reader];
        Ok(FileLink::to(linked, &self.0.links, context.now))
    }

    /// The file that a link leads to.
    pub async fn follow_file_link(&self, context: &Context, token: &str) -> Result<LinkedFile, ClientError> {
        let followed = FileLink::follow(token, &self.0.links, context.now);
        let [tenant, id, reader] = followed.ok_or(ClientError::LinkInvalid)?;
        let (tenant, id) = (TenantId::from_uuid(tenant), ContractFileId::from_uuid(id));
        let file = self.0.ports.store.contract_file(tenant, id).await?.ok_or(NotFound)?;
        Ok(LinkedFile { file, reader })
    }

    /// Opens a file, or a part of it. That it was read is noted, and for whom the link was made. A file that is gone, or
    /// has another length than it had, is not available until an operator has put it back; of one whose bytes are others the
    /// last are not given, but for parts, of which nobody knows what they were.
    pub async fn open_file(
        &self,
        context: &Context,
        LinkedFile { file, reader }: LinkedFile,
        range: Option<Range<u64>>,
    ) -> Result<FileBytes, ClientError> {
        let context = &Context { tenant: file.tenant, ..context.clone() };
        let bytes = self.read_stored(&file.stored, range).await?;
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.note_contract_file(file.read_by(reader)).await.map_err(LeadError::from)?;
        tx.commit().await?;
        Ok(bytes)
    }
}
