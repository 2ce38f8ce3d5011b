//! Passwords, checked against PHC strings of Argon2id, as many at once as there are cores.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::sync::Semaphore;

/// Checks passwords. The memory of a hash is used again, as in Ashlar; unlike there, nobody wipes it.
#[derive(Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self { turns: Arc::new(Semaphore::new(cores)), memory: Arc::default() }
    }

    /// Whether the password is that of the hash.
    pub(crate) async fn verify(&self, password: String, hash: String) -> Result<bool> {
        let _turn = self.turns.acquire().await?;
        let memory = Arc::clone(&self.memory);
        tokio::task::spawn_blocking(move || {
            let mut blocks = memory.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
            let is_right = verify(password.as_bytes(), &hash, &mut blocks);
            memory.lock().unwrap_or_else(PoisonError::into_inner).push(blocks);
            is_right
        })
        .await?
    }
}

/// Reads `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
fn verify(password: &[u8], hash: &str, memory: &mut Vec<Block>) -> Result<bool> {
    let parts: Vec<&str> = hash.split('$').collect();
    let ["", "argon2id", "v=19", costs, salt, expected] = parts[..] else {
        return Err(anyhow!("not a hash of Argon2id"));
    };
    let cost = |name: &str| -> Result<u32> {
        let found = costs.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        Ok(found.with_context(|| format!("no {name}"))?.parse()?)
    };
    let (salt, expected) = (STANDARD_NO_PAD.decode(salt)?, STANDARD_NO_PAD.decode(expected)?);
    let params =
        Params::new(cost("m")?, cost("t")?, cost("p")?, Some(expected.len())).map_err(|error| anyhow!("{error}"))?;
    memory.resize(params.block_count(), Block::default());
    let mut output = vec![0; expected.len()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password, &salt, &mut output, memory).map_err(|error| anyhow!("{error}"))?;
    ensure!(!expected.is_empty(), "an empty hash");
    Ok(output == expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_of_the_hash_is_right() {
        let mut output = [0; 32];
        let params = Params::new(64, 1, 1, Some(32)).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into(b"right", b"sixteen bytes ok", &mut output).unwrap();
        let [salt, output] = [&b"sixteen bytes ok"[..], &output].map(|bytes| STANDARD_NO_PAD.encode(bytes));
        let hash = format!("$argon2id$v=19$m=64,t=1,p=1${salt}${output}");

        assert!(verify(b"right", &hash, &mut Vec::new()).unwrap());
        assert!(!verify(b"wrong", &hash, &mut Vec::new()).unwrap());
        assert!(verify(b"right", "$argon2id$v=19$m=64$x$y", &mut Vec::new()).is_err());
    }
}
