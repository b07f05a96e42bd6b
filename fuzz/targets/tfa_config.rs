//! A file of either generation: whatever is read comes back as it was written, in one piece or in two.
#![no_main]

use countersign_core::record::Record;
use countersign_core::tfa_config::{Sections, TfaConfig, WriteOptions, examine, join, split};
use libfuzzer_sys::fuzz_target;

const WHOLE: WriteOptions = WriteOptions {
    additions: true,
    sections: Sections::Written,
    refused: false,
};

fuzz_target!(|bytes: &[u8]| {
    examine(bytes, 1 << 20, 0);
    let Ok(config) = TfaConfig::parse(bytes, 1 << 20) else {
        return;
    };
    for options in [WHOLE, WriteOptions::default()] {
        let Ok(text) = config.write(options) else {
            assert!(!options.additions, "what was read can be written, if not for the origin");
            continue;
        };
        let again = TfaConfig::parse(text.as_bytes(), 1 << 24).expect("what was written can be read");
        assert_eq!(again.write(options).ok(), Some(text));
    }
    for user in config.user_names() {
        let record = config.record(user).expect("of this user");
        keeps_what_it_can_not_use(record);
        if let Ok(parts) = split(record, None) {
            let kept = parts.record.expect("a file holds no mark of its own");
            join(&kept, parts.additions.as_deref(), 0).expect("what was split can be joined");
        }
    }
    config.list(None, 0);
    config.legacy_view();
});

/// Byte for byte, and as held: its user is never one without a second factor.
fn keeps_what_it_can_not_use(text: &str) {
    let record = Record::parse(Some(text)).expect("a record of a file");
    let written = record.to_text().expect("what was read can be written");
    for one in record.unusable() {
        assert!(!record.is_empty());
        assert!(written.contains(one.raw()));
    }
}
