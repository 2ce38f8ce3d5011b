//! Files.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use ashlar_leads::contract::files::Fixture;
use ashlar_memory::{MemoryFiles, SeededEntropy};

fn files() -> Ready<Option<Fixture>> {
    let files = MemoryFiles::new(Arc::new(SeededEntropy::new(1)));
    ready(Some(Fixture { files: Arc::new(files), guard: Box::new(()) }))
}

ashlar_leads::files_contract!(files);
