//! What is kept of metadata is small, whatever its text holds besides.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod metadata_support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use data_encoding::BASE64;
use metadata_support::{Service, entry};
use serde_json::json;

/// Counts the bytes that this thread has.
struct Count;

#[global_allocator]
static COUNT: Count = Count;

thread_local! {
    static HELD: Cell<i64> = const { Cell::new(0) };
}

fn add(bytes: usize, sign: i64) {
    // The thread may be ending.
    let _ = HELD.try_with(|held| held.set(held.get() + sign * i64::try_from(bytes).unwrap_or(i64::MAX)));
}

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Count {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size(), 1);
        // SAFETY: the same contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        add(layout.size(), -1);
        // SAFETY: the same contract.
        unsafe { System.dealloc(block, layout) }
    }
}

/// As many models as FIDO's own, each with a root of its own, reports and an icon.
#[test]
fn an_index_is_a_small_part_of_its_text() {
    let service = Service::new();
    let reports = json!(vec![
        json!({ "status": "FIDO_CERTIFIED_L1", "effectiveDate": "2020-01-01" });
        4
    ]);
    let entries: Vec<_> = (0..520_u32)
        .map(|number| {
            let aaguid = format!("{number:08}-0000-0000-0000-000000000000");
            let root = [&number.to_be_bytes()[..], &[7; 1000]].concat();
            let mut entry = entry(
                &aaguid,
                "A security key with a long name",
                &[BASE64.encode(&root)],
                &reports,
            );
            entry["metadataStatement"]["icon"] = json!("A".repeat(16_000));
            entry
        })
        .collect();
    let blob = service.blob(&json!(entries));
    assert!(blob.len() > 9_000_000);
    drop(entries);
    let before = HELD.get();
    let metadata = service.verify(&blob).unwrap();
    let held = HELD.get() - before;
    assert_eq!(metadata.len(), 520);
    assert!(held < 1_000_000, "{held} bytes of {}", blob.len());
    drop(metadata);
    let left = HELD.get() - before;
    assert!(left < 100_000, "{left} bytes stay");
}
