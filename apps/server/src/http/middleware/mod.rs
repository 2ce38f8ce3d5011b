//! What happens around every request.

mod connections;
mod encoding;
mod envelope;
mod head;
mod headers;
mod load;

pub(crate) use connections::count_connection;
pub(crate) use encoding::plain_at_worst;
pub(crate) use envelope::envelope;
pub(crate) use head::head_as_get;
pub use load::Load;
