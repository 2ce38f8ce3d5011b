//! The devices of a person: where they may sign in, see, name and remove them.

mod manage;
mod seat;

use ashlar_kernel::{AccessError, Class, Classified, NotFound, StoreError};

pub use manage::MyDevices;
pub(super) use manage::named;
pub(super) use seat::SeatError;

use super::codes;
use crate::device::DeviceRefusal;

impl Classified for DeviceRefusal {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Limit => Class::Code(&codes::DEVICE_LIMIT),
            Self::Transfers { .. } => Class::Code(&codes::DEVICE_TRANSFER_LIMIT),
        }
    }

    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Limit => None,
            Self::Transfers { retry_after } => Some(*retry_after),
        }
    }
}

/// Why devices were not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum DevicesError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The caller has no such device.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// Devices were exchanged too often.
    #[error(transparent)]
    Refused(#[from] DeviceRefusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for DevicesError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Refused(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}
