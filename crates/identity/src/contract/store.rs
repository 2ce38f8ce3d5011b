//! Laws of [`IdentityStore`](crate::port::IdentityStore) and of the event log it writes.
