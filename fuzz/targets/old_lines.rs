//! The JSON inside an old line, of each type.
#![no_main]

use countersign_core::tfa_config::{TfaConfig, WriteOptions};
use data_encoding::BASE64;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    for kind in ["oath", "u2f", "yubico"] {
        let line = format!("# one\r\nann@pve:{kind}:{}\r\n", BASE64.encode(json));
        let Ok(config) = TfaConfig::parse(line.as_bytes(), 1 << 24) else {
            continue;
        };
        // Also what Proxmox would refuse, which is written only if asked for.
        let options = WriteOptions {
            refused: true,
            ..WriteOptions::default()
        };
        let text = config.write(options).expect("what was read can be written");
        let again = TfaConfig::parse(text.as_bytes(), 1 << 26).expect("what was written can be read");
        assert_eq!(again.legacy_view(), config.legacy_view());
    }
});
