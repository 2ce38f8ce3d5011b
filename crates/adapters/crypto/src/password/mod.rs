//! Password hashing in a bounded pool.

mod foreign;
mod gate;
mod memory;
mod params;
mod pepper;
mod pool;
mod readable;
mod stored;

pub use params::{Argon2Params, InvalidArgon2Params};
pub use pepper::Peppers;
pub use pool::{Argon2Options, Argon2Pool, HashObserver};
