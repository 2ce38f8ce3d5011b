//! What customers come for: leads, clients and contracts, imports and exports, the newsletter.
//!
//! One program for all of them: each one on its own would link the whole server once more.

mod lead_imports;
mod leads;
mod newsletter;
