//! Access tokens.

mod header;
mod signer;

pub use signer::JwtSigner;
