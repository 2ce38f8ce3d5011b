//! The brake.

use std::sync::Arc;

use ashlar_kernel::{Brake, BrakeRule};
use ashlar_redis::RedisBrake;

async fn fresh() -> Option<Arc<dyn Brake>> {
    let (store, prefix) = super::redis().await?;
    Some(Arc::new(RedisBrake::new(store, prefix, BrakeRule::STUFFING)))
}

ashlar_kernel::brake_contract!(fresh);
