//! The hasher: Argon2id on a bounded number of threads.

use std::{num::NonZeroU16, sync::Arc, thread, time::Duration};

use argon2::Block;
use ashlar_identity::{
    HashClass, Password, PasswordHash,
    port::{HashStanding, HasherError, PasswordHasher},
};
use ashlar_kernel::Entropy;
use async_trait::async_trait;
use tokio::task;
use zeroize::Zeroizing;

use super::{
    gate::Gate,
    memory::Memory,
    params::Argon2Params,
    pepper::Peppers,
    readable::{self, ReadableHash},
    stored::{HashingFailed, SALT_BYTES, StoredHash},
};

/// How much of the machine may be spent on hashing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Options {
    /// How many hashes run at once; each takes a core and the memory of `params`.
    pub threads: NonZeroU16,
    /// How many callers may wait for one of them.
    pub queue: u16,
    /// How long a caller waits at most.
    pub wait: Duration,
    /// What a new hash costs.
    pub params: Argon2Params,
}

impl Default for Argon2Options {
    /// As many threads as there are cores, 64 callers waiting, for 2 s, at [`Argon2Params::OWASP`].
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = u16::try_from(cores).ok().and_then(NonZeroU16::new).unwrap_or(NonZeroU16::MAX);
        Self { threads, queue: 64, wait: Duration::from_secs(2), params: Argon2Params::OWASP }
    }
}

/// Is told of every hash that was computed, for tests that count: the class says what it cost.
pub type HashObserver = Arc<dyn Fn(&HashClass) + Send + Sync>;

/// A [`PasswordHasher`] that makes Argon2id hashes on Tokio's blocking threads, a bounded number at a time.
///
/// One hash takes 14 to 19 ms of a core and 19 MiB, so a hundred junk logins a second would occupy two cores for good.
/// Whoever finds all threads busy waits; whoever finds the queue full, or waits too long, gets
/// [`HasherError::Overloaded`] and nothing was computed for them. A caller that goes away while waiting frees its place;
/// while hashing, its thread stays counted until the hash is done, for a hash cannot be stopped half-way.
///
/// Hashes of other parameters, made by earlier settings, are read as well, and so are those that Django and Node programs
/// make (PBKDF2, scrypt, bcrypt), so that people keep their passwords when they are moved here. All run in the same
/// bounds; those that need more memory than ours get it for the time of the comparison, and those that would cost seconds
/// are refused before anything is spent on them. Methods must be called within a Tokio runtime that has its timer on.
pub struct Argon2Pool {
    gate: Gate,
    memory: Arc<Memory>,
    params: Argon2Params,
    peppers: Peppers,
    entropy: Arc<dyn Entropy>,
    observer: Option<HashObserver>,
}

impl Argon2Pool {
    /// A pool that takes its salts from `entropy`.
    pub fn new(options: Argon2Options, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            gate: Gate::new(options.threads.get(), options.queue, options.wait),
            memory: Memory::new(options.params.memory_blocks()),
            params: options.params,
            peppers: Peppers::default(),
            entropy,
            observer: None,
        }
    }

    /// The same with somebody who is told of each hash.
    #[must_use]
    pub fn watched_by(self, observer: Option<HashObserver>) -> Self {
        Self { observer, ..self }
    }

    /// The same with secrets that are in no database.
    #[must_use]
    pub fn seasoned_with(self, peppers: Peppers) -> Self {
        Self { peppers, ..self }
    }

    fn tell(&self, cost: &HashClass) {
        if let Some(observer) = &self.observer {
            observer(cost);
        }
    }

    /// Runs `job` on a blocking thread, with memory for a hash of `params`, once it is its turn.
    async fn compute<T: Send + 'static>(
        &self,
        params: Argon2Params,
        job: impl FnOnce(&mut [Block]) -> Result<T, HashingFailed> + Send + 'static,
    ) -> Result<T, HasherError> {
        let memory = Arc::clone(&self.memory);
        self.in_turn(move || {
            let mut lease = memory.lend(params.memory_blocks()).map_err(failed)?;
            job(&mut lease).map_err(failed)
        })
        .await?
    }

    /// Runs `job` on a blocking thread, once it is its turn.
    async fn in_turn<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, HasherError> {
        let permit = self.gate.enter().await?;
        let done = task::spawn_blocking(move || {
            // Owned by the thread and not by the caller, who may go away; dropped after the memory was given back.
            let _permit = permit;
            job()
        });
        done.await.map_err(failed)
    }
}

#[async_trait]
impl PasswordHasher for Argon2Pool {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HasherError> {
        let (params, password) = (self.params, copy(password));
        let salt: [u8; SALT_BYTES] = self.entropy.bytes();
        let pepper = self.peppers.current();
        let make =
            move |memory: &mut [Block]| StoredHash::make(params, password.as_bytes(), (salt, pepper.as_ref()), memory);
        let phc = self.compute(params, make).await?;
        let hash = PasswordHash::restore(phc);
        self.tell(&HashClass::of(&hash));
        Ok(hash)
    }

    async fn hash_like(&self, password: &Password, like: &PasswordHash) -> Result<PasswordHash, HasherError> {
        let like = StoredHash::parse(like.as_str()).map_err(failed)?;
        let (params, password) = (like.params(), copy(password));
        // Without its pepper nothing is like it, and what comes out is not.
        let pepper = self.peppers.find(like.key_id()).unwrap_or(None);
        let make = move |memory: &mut [Block]| like.another(password.as_bytes(), pepper.as_ref(), memory);
        let phc = self.compute(params, make).await?;
        let hash = PasswordHash::restore(phc);
        self.tell(&HashClass::of(&hash));
        Ok(hash)
    }

    async fn run(&self, work: Box<dyn FnOnce() + Send>) -> Result<(), HasherError> {
        self.in_turn(work).await
    }

    async fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Result<bool, HasherError> {
        let hash = hash.filter(|hash| !hash.is_unusable());
        let readable = match hash {
            Some(hash) => ReadableHash::parse(hash.as_str()).map_err(failed)?,
            None => ReadableHash::Argon2(StoredHash::dummy(self.params).map_err(failed)?),
        };
        let cost = hash.map_or_else(|| self.params.class(), HashClass::of);
        let password = copy(password);
        let matches = match readable {
            ReadableHash::Argon2(stored) => {
                let (params, pepper) = (stored.params(), self.peppers.find(stored.key_id()).map_err(failed)?);
                let compare = move |memory: &mut [Block]| stored.matches(password.as_bytes(), pepper.as_ref(), memory);
                self.compute(params, compare).await?
            }
            ReadableHash::Foreign(stored) => self.in_turn(move || stored.matches(password.as_bytes())).await?,
            ReadableHash::Unusable => false,
        };
        self.tell(&cost);
        Ok(matches && hash.is_some())
    }

    fn examine(&self, hash: &PasswordHash) -> HashStanding {
        match ReadableHash::parse(hash.as_str()) {
            Ok(ReadableHash::Argon2(stored)) if self.peppers.find(stored.key_id()).is_err() => HashStanding::Unknown,
            Ok(ReadableHash::Argon2(stored))
                if stored.is_like_new_ones(self.params, self.peppers.current().as_ref())
                    && hash.as_str().starts_with('$') =>
            {
                HashStanding::Current
            }
            Ok(ReadableHash::Argon2(_) | ReadableHash::Foreign(_)) => HashStanding::Outdated,
            Ok(ReadableHash::Unusable) => HashStanding::Unusable,
            Err(unreadable) => unreadable.standing(),
        }
    }

    fn decoy(&self, class: &HashClass) -> Option<PasswordHash> {
        let decoy = readable::decoy(class.as_str()).map(PasswordHash::restore);
        decoy.filter(|decoy| self.examine(decoy) != HashStanding::Unknown)
    }
}

/// The thread outlives a caller that goes away, so it gets a copy; wiped as the original is.
fn copy(password: &Password) -> Zeroizing<String> {
    Zeroizing::new(password.expose().to_owned())
}

fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> HasherError {
    HasherError::Failed(Box::new(cause))
}

#[cfg(test)]
mod tests;
