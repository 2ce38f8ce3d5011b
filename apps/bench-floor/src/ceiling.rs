//! How many Argon2id hashes these cores make: no login can be faster.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// Ashlar's default parameters.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

/// Prints hashes per second of all threads together.
pub(crate) fn measure(threads: usize, seconds: u64) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(seconds);
    let workers: Vec<_> = (0..threads).map(|_| thread::spawn(move || hash_until(end))).collect();
    let mut rate = 0.0;
    for worker in workers {
        rate += worker.join().map_err(|_panic| anyhow!("a thread has panicked"))??;
    }
    writeln!(std::io::stdout(), "{rate:.2}")?;
    Ok(())
}

/// Hashes per second of one thread, by its own whole hashes and the time they took.
fn hash_until(end: Instant) -> Result<f64> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).map_err(|error| anyhow!("{error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut memory = vec![Block::default(); usize::try_from(MEMORY_KIB)?];
    let mut output = [0; 32];
    let mut hashes = 0_u32;
    let begin = Instant::now();
    while Instant::now() < end {
        argon2
            .hash_password_into_with_memory(b"tuba-mint-quarrel-9", b"sixteen bytes ok", &mut output, &mut memory)
            .map_err(|error| anyhow!("{error}"))?;
        hashes += 1;
    }
    Ok(f64::from(hashes) / begin.elapsed().as_secs_f64())
}
