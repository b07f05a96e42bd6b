//! The hot functions, and the bare cryptography that they need, for measuring from outside.
//!
//! `countersign-bench FIXTURES NAME COUNT` runs one of them that often, for a tool that counts instructions.
//! `countersign-bench FIXTURES` reads lines `NAME COUNT` and answers each with the nanoseconds that it took, so that
//! others can be timed in between.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measuring tool, fed by its own fixtures"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::BufRead;
use std::time::Instant;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use countersign_core::challenges::book::ChallengeBook;
use countersign_core::tfa_config::{Sections, TfaConfig, WriteOptions};
use countersign_core::totp::json::{self as totp_json, CodeCheck};
use countersign_core::totp::{Algorithm, Window};
use countersign_core::webauthn::prepared::{AuthenticationPolicy, RegistrationPolicy, StoredState};
use countersign_core::{Action, Settings, sign_in};
use serde_json::Value;

type Work = Box<dyn FnMut()>;

fn main() {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let fixtures = std::fs::read_to_string(args.first().expect("the path of the fixtures")).expect("fixtures");
    let fixtures: Value = serde_json::from_str(&fixtures).expect("fixtures are JSON");
    if let [_, name, count] = args.as_slice() {
        let mut work = work(name, &fixtures);
        run(&mut work, count.parse().expect("a number"));
        return;
    }
    let mut made = BTreeMap::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let (name, count) = line.split_once(' ').expect("NAME COUNT");
        let work = made.entry(name.to_owned()).or_insert_with(|| work(name, &fixtures));
        let begun = Instant::now();
        run(work, count.parse().expect("a number"));
        println!("{}", begun.elapsed().as_nanos());
    }
}

fn run(work: &mut Work, count: u32) {
    for _ in 0..count {
        work();
    }
}

fn work(name: &str, fixtures: &Value) -> Work {
    let text = |path: &str| {
        fixtures
            .pointer(path)
            .and_then(Value::as_str)
            .expect("a fixture")
            .to_owned()
    };
    match name {
        "bare-es256" | "bare-eddsa" | "bare-rs256" => bare(&fixtures[name]),
        "bare-hmac3" => {
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &[7; 20]);
            Box::new(move || {
                for step in 0..3u64 {
                    black_box(hmac::sign(&key, &black_box(step).to_be_bytes()));
                }
            })
        }
        "authentication-es256" | "authentication-eddsa" | "authentication-rs256" => authentication(&fixtures[name]),
        "registration-none" | "registration-packed" => registration(&fixtures[name]),
        "totp" => {
            let check = CodeCheck {
                code: "000000",
                at: 1_800_000_000_000,
                window: Window::default(),
                last_step: None,
            };
            Box::new(move || {
                let secret = black_box("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
                assert_eq!(totp_json::verify(secret, Algorithm::Sha1, 6, 30, &check), Ok(None));
            })
        }
        "code-totp" | "code-totp-of-one-app" | "code-recovery" => {
            let record = text(if name.ends_with("one-app") {
                "/record-of-one-app"
            } else {
                "/record"
            });
            let request = text(if name == "code-recovery" {
                "/code-recovery"
            } else {
                "/code-totp"
            });
            let settings = Settings::parse(&text("/settings")).expect("settings");
            let mut expected = Expected::new("rejected");
            Box::new(move || {
                let change = sign_in::verify_code(Some(black_box(&record)), &settings, black_box(&request));
                expected.check(&change.value);
                assert_eq!(change.action, Action::Write);
            })
        }
        "challenge" => {
            let (record, request) = (text("/record"), text("/challenge"));
            let settings = Settings::parse(&text("/settings")).expect("settings");
            let mut expected = Expected::new("\"challenge\":");
            Box::new(move || {
                let envelope =
                    sign_in::begin_challenge(&Some(black_box(record.as_str())).into(), &[5; 32], &settings, &request);
                expected.check(&envelope);
            })
        }
        "book" => {
            let mut book = ChallengeBook::new([3; 16]);
            // Others' challenges, open meanwhile.
            for user in 0..10_000 {
                book.put(&format!("user {user}"), "c", "sign-in", "data", 300_000, 0);
            }
            Box::new(move || {
                book.put(black_box("ann"), "id", "sign-in", "data", 300_000, 0);
                assert!(book.take(black_box("ann"), "id", 0).is_some());
            })
        }
        "config-parse" => {
            let file = config_file(&text("/record"), 100);
            Box::new(move || drop(black_box(TfaConfig::parse(file.as_bytes(), 1 << 26).expect("a file"))))
        }
        "config-write" => {
            let file = config_file(&text("/record"), 100);
            let config = TfaConfig::parse(file.as_bytes(), 1 << 26).expect("a file");
            let options = WriteOptions {
                additions: true,
                sections: Sections::Written,
                refused: false,
            };
            Box::new(move || drop(black_box(config.write(options).expect("text"))))
        }
        other => panic!("no such work: {other}"),
    }
}

fn authentication(fixture: &Value) -> Work {
    let policy = AuthenticationPolicy::parse(fixture["policy"].as_str().expect("a text")).expect("a policy");
    let texts = fixture["texts"].as_str().expect("a text").to_owned();
    let stored = StoredState {
        sign_count: 0,
        backup_eligible: false,
        backup_state: false,
        backup_recorded: true,
    };
    Box::new(move || {
        black_box(policy.verify(black_box(&texts), stored)).expect("a good response");
    })
}

fn registration(fixture: &Value) -> Work {
    let policy = RegistrationPolicy::parse(fixture["policy"].as_str().expect("a text")).expect("a policy");
    let texts = fixture["texts"].as_str().expect("a text").to_owned();
    let mut expected = Expected::new("\"ok\":true");
    Box::new(move || {
        let envelope = policy.verify(black_box(&texts), 1_800_000_000_000, None);
        expected.check(&envelope);
    })
}

/// A verification of raw bytes by a raw key, and nothing else.
fn bare(fixture: &Value) -> Work {
    let bytes = |name: &str| {
        let text = fixture[name].as_str().expect("base64url");
        data_encoding::BASE64URL_NOPAD
            .decode(text.as_bytes())
            .expect("base64url")
    };
    let (message, signature) = (bytes("message"), bytes("signature"));
    if fixture["n"].is_string() {
        let components = RsaPublicKeyComponents {
            n: bytes("n"),
            e: bytes("e"),
        };
        let check = &signature::RSA_PKCS1_2048_8192_SHA256;
        return Box::new(move || {
            components
                .verify(check, black_box(&message), &signature)
                .expect("a good signature");
        });
    }
    let (algorithm, key): (&dyn VerificationAlgorithm, _) = if fixture["y"].is_string() {
        let point = [&[4][..], &bytes("x"), &bytes("y")].concat();
        (&signature::ECDSA_P256_SHA256_ASN1, point)
    } else {
        (&signature::ED25519, bytes("x"))
    };
    Box::new(move || {
        UnparsedPublicKey::new(algorithm, black_box(&key))
            .verify(black_box(&message), &signature)
            .expect("a good signature");
    })
}

fn config_file(record: &str, users: usize) -> String {
    let users: Vec<_> = (0..users).map(|user| format!("\"user {user}\":{record}")).collect();
    format!("{{\"users\":{{{}}}}}", users.join(","))
}

/// Looks for what has to be in an answer once: every later one has to be the same, which takes less to see.
struct Expected {
    part: &'static str,
    answer: Option<String>,
}

impl Expected {
    fn new(part: &'static str) -> Self {
        let answer = None;
        Self { part, answer }
    }

    fn check(&mut self, answer: &str) {
        let expected = self.answer.get_or_insert_with(|| {
            assert!(answer.contains(self.part), "{answer}");
            answer.to_owned()
        });
        assert_eq!(answer, expected);
    }
}
