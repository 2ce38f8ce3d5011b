//! The hasher that costs nothing.

use std::sync::Arc;

use ashlar_identity::contract::password_hasher::Hashers;
use ashlar_memory::{PlainHasher, SeededEntropy};

fn hashers() -> Hashers {
    let hasher = |seed| Arc::new(PlainHasher::new(Arc::new(SeededEntropy::new(seed))));
    Hashers { one: hasher(1), another: hasher(2) }
}

ashlar_identity::password_hasher_contract!(hashers, futures::executor::block_on);
