//! Key URIs: what is read can be written, and says the same then.
#![no_main]

use countersign_core::totp::key_uri::OtpauthUri;
use countersign_core::totp::{TypedCode, Window};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|uri: &str| {
    let code = TypedCode::parse("123456").expect("six digits");
    for read in [|uri: &str| OtpauthUri::parse(uri).ok(), OtpauthUri::parse_stored] {
        let Some(parsed) = read(uri) else { continue };
        parsed.totp.check(&code, i64::MAX, Window::default(), Some(i64::MIN));
        let text = parsed.to_text();
        let again = OtpauthUri::parse_stored(&text).expect("what was written can be read");
        assert_eq!(again.to_text(), text);
        assert_eq!((again.account, again.issuer), (parsed.account, parsed.issuer));
    }
});
