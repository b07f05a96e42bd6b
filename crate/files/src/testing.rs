//! A private directory for a test. It is removed when the value is dropped.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::Directory;

pub(crate) struct Scratch {
    pub path: PathBuf,
}

impl Scratch {
    #[allow(clippy::unwrap_used)]
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "countersign-files-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        DirBuilder::new().mode(0o700).create(&path).unwrap();
        Self { path }
    }

    #[allow(clippy::unwrap_used)]
    pub fn open(&self) -> Directory {
        Directory::open(&self.path, &["records"], false).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
