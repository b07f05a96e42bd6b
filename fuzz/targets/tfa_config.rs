//! A file of either generation: whatever is read comes back as it was written, in one piece or in two.
#![no_main]

use countersign_core::tfa_config::{TfaConfig, WriteOptions, examine, join, split};
use libfuzzer_sys::fuzz_target;

const WHOLE: WriteOptions = WriteOptions {
    additions: true,
    sections: true,
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
        if let Ok(parts) = split(record, None) {
            let kept = parts.record.expect("a file holds no mark of its own");
            join(&kept, parts.additions.as_deref(), 0).expect("what was split can be joined");
        }
    }
    config.list(None, 0);
    config.legacy_view();
});
