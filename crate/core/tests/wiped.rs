//! No memory that the core gives back to the allocator holds a secret: what it allocates, it wipes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::mem::forget;
use std::sync::OnceLock;

use common::{NOW, STEP, User, code, wrong_code};
use countersign_core::sealing::{Opened, Place, Plain, SealingKeys};
use countersign_core::{Change, Seal, Stored, WipedText, enrol, migration, sign_in};
use serde_json::json;

/// Looks for the secrets in every block that is freed, a growing one's old place included.
struct Watch;

#[global_allocator]
static WATCH: Watch = Watch;
static SECRETS: OnceLock<Vec<String>> = OnceLock::new();

thread_local! {
    static WATCHING: Cell<bool> = const { Cell::new(false) };
    static FOUND: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Watch {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the same contract. Zeroed, so that every byte of a block may be read.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if WATCHING.get() {
            // SAFETY: a block of this layout, initialised above, and ours until the next line.
            let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            let secrets = SECRETS.get().map(Vec::as_slice).unwrap_or_default();
            let holds = |secret: &String| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            if secrets.iter().any(holds) {
                FOUND.set(FOUND.get() + 1);
            }
        }
        // SAFETY: the same contract.
        unsafe { System.dealloc(block, layout) }
    }
}

/// How many freed blocks held a secret. What `work` answers is the caller's to wipe: here it is never freed.
fn left_behind<T>(work: impl FnOnce() -> T) -> usize {
    FOUND.set(0);
    WATCHING.set(true);
    let answer = work();
    WATCHING.set(false);
    forget(answer);
    FOUND.get()
}

/// A code on a record that the store has sealed.
fn verify_sealed(keys: &SealingKeys, sealed: &str, user: &User, request: &str) -> Change {
    let seal = Seal {
        keys,
        name: "ann",
        random: &[1; 32],
    };
    Stored::new(Some(sealed), Some(seal)).change(|record| sign_in::verify_code(record, &user.settings, request))
}

#[test]
fn freed_memory_holds_no_secret() {
    let mut user = User::new();
    let (uri, _) = user.enrol_totp();
    let secret = uri
        .split_once("secret=")
        .unwrap()
        .1
        .split_once('&')
        .unwrap()
        .0
        .to_owned();
    let seed: [u8; 88] = std::array::from_fn(|index| u8::try_from(index * 2).unwrap());
    let make = |user: &User| -> Change {
        enrol::create_recovery_codes(
            user.record.as_deref(),
            &seed,
            &user.settings,
            &json!({ "now": NOW }).to_string(),
        )
    };
    let codes = user.apply(make(&user));
    let recovery = codes["value"][0].as_str().unwrap().to_owned();
    let random: [u8; 52] = std::array::from_fn(|index| u8::try_from(index * 5).unwrap());
    let request = json!({ "user": "ann", "account": "ann@example.org", "now": NOW }).to_string();
    let text = enrol::begin_totp(&user.record.as_deref().into(), &random, &user.settings, &request);
    let begun: serde_json::Value = serde_json::from_str(&text).unwrap();
    let pending = begun["value"]["secret"].as_str().unwrap().to_owned();
    let data = begun["challenge"]["data"].as_str().unwrap().to_owned();
    let (foreign, text) = ("98765432109876543210", "HE4DONRVGQZTEMJQHE4DONRVGQZTEMJQ");
    // As text, so that it can be looked for.
    let sealing_key = "a key of 32 bytes that is no text";
    let secrets = vec![
        secret,
        recovery.clone(),
        pending,
        foreign.to_owned(),
        text.to_owned(),
        sealing_key[..32].to_owned(),
    ];
    SECRETS.set(secrets).unwrap();

    assert_eq!(
        left_behind(|| drop(recovery.clone())),
        1,
        "the watch sees what is not wiped"
    );

    assert_eq!(left_behind(|| make(&user)), 0, "recovery codes");
    assert_eq!(
        left_behind(|| enrol::begin_totp(&user.record.as_deref().into(), &random, &user.settings, &request)),
        0,
        "a new secret"
    );
    let finish = json!({
        "user": "ann", "enrolment": begun["value"]["enrolment"], "code": wrong_code(&uri, NOW), "description": "phone",
        "now": NOW
    })
    .to_string();
    assert_eq!(
        left_behind(|| enrol::finish_totp(&user.record.as_deref().into(), &data, &[1; 16], &user.settings, &finish)),
        0,
        "a secret that goes back"
    );
    for (encoding, secret) in [("ascii", foreign), ("base32", text), ("hex", &"39".repeat(20))] {
        let request = json!({ "secret": secret, "encoding": encoding, "repeated": true }).to_string();
        assert_eq!(left_behind(|| migration::totp(&request)), 0, "{encoding}");
    }
    let export = "otpauth-migration://offline?data=ChgKFDk4NzY1NDMyMTA5ODc2NTQzMjEwMAI%3D";
    assert!(migration::otpauth_migration(export).contains(text));
    assert_eq!(left_behind(|| migration::otpauth_migration(export)), 0, "an export");
    let uri = format!("otpauth://totp/x?secret={text}");
    let import = json!({ "factors": [{ "uri": uri, "description": "" }], "now": NOW }).to_string();
    let import = || enrol::import_factors(user.record.as_deref(), &[1; 16], &user.settings, &import);
    assert_eq!(left_behind(import), 0, "an imported secret");
    let keys = || SealingKeys::new(vec!["k".to_owned()], &sealing_key.as_bytes()[..32], Plain::Refuse).unwrap();
    assert_eq!(left_behind(|| drop(keys())), 0, "keys for sealing");
    let record = user.record.clone().unwrap();
    let sealed = keys().seal(&Place::Record("ann"), &record, &[1; 32]).unwrap();
    assert_eq!(
        left_behind(|| keys().seal(&Place::Record("ann"), &record, &[1; 32])),
        0,
        "a record that is sealed"
    );
    let open = || match keys().open(&Place::Record("ann"), &sealed) {
        Ok(Opened::Sealed(text)) => assert_eq!(&*text, record),
        other => panic!("{other:?}"),
    };
    assert_eq!(left_behind(open), 0, "a record that is opened");
    let request = json!({ "answer": { "type": "totp", "code": wrong_code(&uri, NOW) }, "now": NOW }).to_string();
    let kept = keys();
    let change = || verify_sealed(&kept, &sealed, &user, &request);
    assert_eq!(left_behind(change), 0, "a sealed record that changes");
    let text = || drop(WipedText::from(record.clone()));
    assert_eq!(left_behind(text), 0, "a text that is wiped");
    for (kind, code) in [
        ("totp", code(&uri, NOW + STEP)),
        ("totp", wrong_code(&uri, NOW)),
        ("recovery", recovery),
    ] {
        let request = json!({ "answer": { "type": kind, "code": code }, "now": NOW + STEP }).to_string();
        let verify = || sign_in::verify_code(user.record.as_deref(), &user.settings, &request);
        assert_eq!(left_behind(verify), 0, "{kind}");
    }
}
