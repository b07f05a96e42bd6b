//! Project Wycheproof's edge cases for every signature algorithm, through the keys that ceremonies use.
#![allow(clippy::unwrap_used)]

use countersign_core::webauthn::{Algorithm, CoseKey, KeyMaterial};
use wycheproof::{TestResult, ecdsa, eddsa, mldsa_verify, rsa_pkcs1_verify, rsa_pss_verify};

/// Runs one signature; `true` when it was one that had to pass.
fn check(key: Option<&CoseKey>, message: &[u8], signature: &[u8], result: TestResult, what: &str) -> bool {
    let accepted = key.is_some_and(|key| key.verify(message, signature).is_ok());
    match result {
        TestResult::Valid => assert!(accepted, "{what}: refused"),
        TestResult::Invalid => assert!(!accepted, "{what}: accepted"),
        // Weak, and not wrong: either will do.
        TestResult::Acceptable => {}
    }
    result == TestResult::Valid
}

fn without_zeros(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|byte| *byte == 0).collect()
}

fn rsa(algorithm: Algorithm, n: &[u8], e: &[u8]) -> CoseKey {
    CoseKey::new(
        algorithm,
        KeyMaterial::Rsa {
            n: without_zeros(n),
            e: without_zeros(e),
        },
    )
    .unwrap()
}

#[test]
fn ecdsa() {
    for (name, algorithm) in [
        (ecdsa::TestName::EcdsaSecp256r1Sha256, Algorithm::Es256),
        (ecdsa::TestName::EcdsaSecp384r1Sha384, Algorithm::Es384),
        (ecdsa::TestName::EcdsaSecp521r1Sha512, Algorithm::Es512),
    ] {
        let mut valid = 0;
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let (x, y) = group
                .key
                .key
                .split_first()
                .map(|(_, both)| both.split_at(both.len() / 2))
                .unwrap();
            let key = CoseKey::new(
                algorithm,
                KeyMaterial::Ec2 {
                    x: x.to_vec(),
                    y: y.to_vec(),
                },
            )
            .unwrap();
            for test in group.tests {
                let what = format!("{algorithm:?} {}", test.tc_id);
                valid += usize::from(check(Some(&key), &test.msg, &test.sig, test.result, &what));
            }
        }
        assert!(valid > 100, "{algorithm:?}: {valid}");
    }
}

#[test]
fn eddsa() {
    let mut valid = 0;
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let key = CoseKey::new(
            Algorithm::EdDsa,
            KeyMaterial::Okp {
                x: group.key.pk.to_vec(),
            },
        )
        .unwrap();
        for test in group.tests {
            let what = format!("Ed25519 {}", test.tc_id);
            valid += usize::from(check(Some(&key), &test.msg, &test.sig, test.result, &what));
        }
    }
    assert!(valid > 50, "{valid}");
}

#[test]
fn rsa_pkcs1() {
    use rsa_pkcs1_verify::TestName as Name;
    for (name, algorithm) in [
        (Name::Rsa2048Sha256, Algorithm::Rs256),
        (Name::Rsa3072Sha256, Algorithm::Rs256),
        (Name::Rsa4096Sha256, Algorithm::Rs256),
        (Name::Rsa8192Sha256, Algorithm::Rs256),
        (Name::Rsa2048Sha384, Algorithm::Rs384),
        (Name::Rsa3072Sha384, Algorithm::Rs384),
        (Name::Rsa4096Sha384, Algorithm::Rs384),
        (Name::Rsa8192Sha384, Algorithm::Rs384),
        (Name::Rsa2048Sha512, Algorithm::Rs512),
        (Name::Rsa3072Sha512, Algorithm::Rs512),
        (Name::Rsa4096Sha512, Algorithm::Rs512),
        (Name::Rsa8192Sha512, Algorithm::Rs512),
    ] {
        let mut valid = 0;
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let key = rsa(algorithm, &group.key.n, &group.key.e);
            for test in group.tests {
                let what = format!("{name:?} {}", test.tc_id);
                valid += usize::from(check(Some(&key), &test.msg, &test.sig, test.result, &what));
            }
        }
        assert!(valid > 5, "{name:?}: {valid}");
    }
}

#[test]
fn rsa_pss() {
    use rsa_pss_verify::TestName as Name;
    for (name, algorithm) in [
        (Name::RsaPss2048Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (Name::RsaPss3072Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (Name::RsaPss4096Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (Name::RsaPss2048Sha384Mgf1SaltLen48, Algorithm::Ps384),
        (Name::RsaPss4096Sha384Mgf1SaltLen48, Algorithm::Ps384),
        (Name::RsaPss4096Sha512Mgf1SaltLen64, Algorithm::Ps512),
    ] {
        let mut valid = 0;
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let key = rsa(algorithm, &group.key.n, &group.key.e);
            for test in group.tests {
                let what = format!("{name:?} {}", test.tc_id);
                valid += usize::from(check(Some(&key), &test.msg, &test.sig, test.result, &what));
            }
        }
        assert!(valid > 5, "{name:?}: {valid}");
    }
}

/// A salt as long as the hash is the only one (RFC 8230, 2).
#[test]
fn rsa_pss_salts_of_another_length_are_refused() {
    let set = rsa_pss_verify::TestSet::load(rsa_pss_verify::TestName::RsaPss2048Sha256Mgf1SaltLen0).unwrap();
    let mut refused = 0;
    for group in set.test_groups.into_iter().filter(|group| group.salt_size == 0) {
        let key = rsa(Algorithm::Ps256, &group.key.n, &group.key.e);
        for test in group.tests.iter().filter(|test| test.result == TestResult::Valid) {
            assert!(key.verify(&test.msg, &test.sig).is_err(), "{}", test.tc_id);
            refused += 1;
        }
    }
    assert!(refused > 5);
}

#[test]
fn ml_dsa() {
    use mldsa_verify::TestName as Name;
    for (name, algorithm) in [
        (Name::MlDsa44Verify, Algorithm::MlDsa44),
        (Name::MlDsa65Verify, Algorithm::MlDsa65),
        (Name::MlDsa87Verify, Algorithm::MlDsa87),
    ] {
        let mut valid = 0;
        let mut zeros = 0;
        for group in mldsa_verify::TestSet::load(name).unwrap().test_groups {
            // Some groups have a key of a wrong length, on purpose.
            let key = CoseKey::new(
                algorithm,
                KeyMaterial::Akp {
                    public: group.pubkey.to_vec(),
                },
            )
            .ok();
            // COSE uses the empty context alone.
            for test in group
                .tests
                .iter()
                .filter(|test| test.ctx.as_ref().is_none_or(wycheproof::ByteString::is_empty))
            {
                let what = format!("{name:?} {}", test.tc_id);
                // The scheme allows this key, and anyone can sign for it: it is no key here.
                if test.flags.contains(&mldsa_verify::TestFlag::ZeroPublicKey) {
                    assert!(key.is_none(), "{what}: a key of zeros");
                    zeros += 1;
                    continue;
                }
                valid += usize::from(check(key.as_ref(), &test.msg, &test.sig, test.result, &what));
            }
        }
        assert!(valid > 5, "{name:?}: {valid}");
        assert!(zeros > 0, "{name:?}: none with zeros");
    }
}
