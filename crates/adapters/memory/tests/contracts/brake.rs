//! The brake.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use ashlar_kernel::{Brake, BrakeRule};
use ashlar_memory::MemoryBrake;

fn fresh() -> Ready<Option<Arc<dyn Brake>>> {
    ready(Some(Arc::new(MemoryBrake::new(BrakeRule::STUFFING))))
}

ashlar_kernel::brake_contract!(fresh);
