//! FIDO's metadata: what is verified of a BLOB, rule by rule, and what is read of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod metadata_support;

use countersign_core::Failure;
use countersign_core::webauthn::SecurityLevel;
use countersign_core::webauthn::metadata::{
    BlobExpectation, Certification, Date, Metadata, MetadataFault, Model, ModelId, RevocationLists, Status, verify,
};
use data_encoding::{BASE64, BASE64_MIME, BASE64URL_NOPAD};
use metadata_support::{NOW, Party, Service, entry, expectation, named};
use rcgen::{
    CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope,
    DnType, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_ECDSA_P521_SHA512, PKCS_ED25519, PKCS_RSA_SHA256, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use serde_json::{Value, json};

const KEY: &str = "0f00cc22-4640-41e7-9585-384ec73ffe9b";

fn entries() -> Value {
    json!([entry(KEY, "Key 1", &[], &json!([]))])
}

#[test]
fn a_blob_is_verified_whatever_its_algorithm() {
    let rsa = &PKCS_RSA_SHA256;
    for (algorithm, alg) in [
        (&PKCS_ECDSA_P256_SHA256, "ES256"),
        (&PKCS_ECDSA_P384_SHA384, "ES384"),
        (&PKCS_ECDSA_P521_SHA512, "ES512"),
        (&PKCS_ED25519, "EdDSA"),
        (&PKCS_ED25519, "Ed25519"),
        (rsa, "RS256"),
        (rsa, "RS384"),
        (rsa, "RS512"),
        (rsa, "PS256"),
        (rsa, "PS384"),
        (rsa, "PS512"),
    ] {
        let service = Service::of(algorithm, alg, |_| {});
        let blob = service.blob(&entries());
        let metadata = service.verify(&blob).unwrap();
        assert_eq!((metadata.no(), metadata.len()), (12, 1), "{alg}");
        assert_eq!(metadata.next_update(), Date::parse("2025-07-01").unwrap());
        // One bit of what is signed, and of the signature.
        let payload_at = blob.find('.').unwrap() + 5;
        for at in [payload_at, blob.rfind('.').unwrap() + 9] {
            let mut other = blob.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(
                service.verify(&other),
                Err(MetadataFault::SignatureInvalid),
                "{alg} {at}"
            );
        }
    }
}

#[test]
fn what_is_around_the_text_does_not_matter() {
    let service = Service::new();
    let blob = service.blob(&entries());
    assert!(service.verify(&format!("\n {blob}\r\n")).is_ok());
    let broken = blob.replacen('.', ".\n", 1);
    assert_eq!(
        service.verify(&broken),
        Err(MetadataFault::SignatureInvalid),
        "but inside it does"
    );
}

#[test]
fn the_form_of_a_blob() {
    let service = Service::new();
    let blob = service.blob(&entries());
    let malformed = Err(MetadataFault::Malformed);
    let parts: Vec<_> = blob.split('.').collect();
    for text in [
        String::new(),
        parts[0].into(),
        parts[..2].join("."),
        format!("{blob}."),
        format!("{blob}.AAAA"),
        blob.replacen('.', "=.", 1),
        format!(".{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", BASE64URL_NOPAD.encode(b"[]"), parts[1], parts[2]),
    ] {
        assert_eq!(service.verify(&text), malformed, "{text}");
    }
    let payload = json!({ "no": 12, "nextUpdate": "2025-07-01", "entries": [] });
    let with = |header: &Value| service.verify(&service.signed(header, payload.to_string().as_bytes()));
    assert!(with(&service.header()).is_ok());
    let bent = |bend: fn(&mut Value)| {
        let mut header = service.header();
        bend(&mut header);
        with(&header)
    };
    assert_eq!(
        bent(|header| header["crit"] = json!(["exp"])),
        malformed,
        "must be understood"
    );
    // Neither is a list with a name in it (RFC 7515, 4.1.11).
    for crit in [Value::Null, json!([]), json!(false), json!("")] {
        let mut header = service.header();
        header["crit"] = crit;
        assert_eq!(with(&header), malformed, "{header}");
    }
    assert_eq!(bent(|header| header["x5c"] = json!([])), malformed);
    assert_eq!(bent(|header| header["x5c"] = json!("AAAA")), malformed);
    assert_eq!(bent(|header| header["x5c"][0] = json!("AAAA")), malformed);
    assert_eq!(bent(|header| header["x5c"] = json!(vec!["AAAA"; 9])), malformed);
    assert_eq!(
        bent(|header| drop(header.as_object_mut().unwrap().remove("x5c"))),
        malformed
    );
    let unsupported = Err(MetadataFault::AlgorithmUnsupported);
    for alg in ["none", "HS256", "RS1", "es256", ""] {
        let mut header = service.header();
        header["alg"] = json!(alg);
        assert_eq!(with(&header), unsupported, "{alg}");
    }
    let wrong = Err(MetadataFault::SignatureInvalid);
    assert_eq!(bent(|header| header["alg"] = json!("ES384")), wrong, "of another curve");
    assert_eq!(bent(|header| header["alg"] = json!("RS256")), wrong, "of another kind");
}

#[test]
fn the_form_of_what_is_signed() {
    let service = Service::new();
    let with = |payload: &str| service.verify(&service.signed(&service.header(), payload.as_bytes()));
    assert!(with(r#"{"no":1,"nextUpdate":"2025-07-01","entries":[],"more":{"a":[1,"\u00e4"]}}"#).is_ok());
    for payload in [
        "",
        "[]",
        "{}",
        r#"{"no":1,"nextUpdate":"2025-07-01"}"#,
        r#"{"no":-1,"nextUpdate":"2025-07-01","entries":[]}"#,
        r#"{"no":1.5,"nextUpdate":"2025-07-01","entries":[]}"#,
        r#"{"no":1,"nextUpdate":"tomorrow","entries":[]}"#,
        r#"{"no":1,"nextUpdate":"2025-07-01","entries":{}}"#,
        r#"{"no":1,"nextUpdate":"2025-07-01","entries":[1]}"#,
        r#"{"no":1,"nextUpdate":"2025-07-01","entries":[]"#,
        r#"{"no":1,"nextUpdate":"2025-07-01","entries":[]} x"#,
        r#"{"no":1,"no":2,"nextUpdate":"2025-07-01","entries":[]}"#,
    ] {
        assert_eq!(with(payload), Err(MetadataFault::Malformed), "{payload}");
    }
}

#[test]
fn the_chain_ends_in_a_root_that_is_given() {
    let service = Service::new();
    let blob = service.blob(&entries());
    let untrusted = Err(MetadataFault::Untrusted);
    let stranger = Party::authority("Root", None).anchor();
    let with = |roots| {
        let expected = BlobExpectation {
            roots: Some(roots),
            ..expectation()
        };
        verify(blob.as_bytes(), &expected)
    };
    assert_eq!(with(&stranger), untrusted);
    assert_eq!(verify(blob.as_bytes(), &expectation()), untrusted, "not in FIDO's");
    let middle = service.middle.anchor();
    assert!(with(&middle).is_ok());
    let without = |x5c: &[&Party]| {
        let mut header = service.header();
        header["x5c"] = x5c.iter().map(|party| party.base64()).collect();
        let payload = json!({ "no": 12, "nextUpdate": "2025-07-01", "entries": [] });
        service.verify(&service.signed(&header, payload.to_string().as_bytes()))
    };
    assert_eq!(without(&[&service.leaf]), untrusted, "a gap");
    assert!(without(&[&service.leaf, &service.middle, &service.root]).is_ok());
    // Somebody else's certificate of the same root does not help who has not its key.
    let other = Party::made(
        service.leaf.params.clone(),
        KeyPair::generate().unwrap(),
        Some(&service.middle),
    );
    assert_eq!(
        without(&[&other, &service.middle]),
        Err(MetadataFault::SignatureInvalid)
    );
    let expired = Service::bent(|leaf| leaf.not_after = date_time_ymd(2025, 1, 1));
    assert_eq!(expired.verify(&expired.blob(&entries())), untrusted, "expired");
    assert!(
        expired
            .expecting(&expired.blob(&entries()), |expected| expected.now = 1_700_000_000)
            .is_ok()
    );
}

#[test]
fn the_certificate_that_signs_has_fidos_name() {
    let verified = |bend: fn(&mut CertificateParams)| {
        let service = Service::bent(bend);
        service.verify(&service.blob(&entries()))
    };
    let other = Err(MetadataFault::NameMismatch);
    let dns = |name: &str| vec![SanType::DnsName(name.try_into().unwrap())];
    let with = |names: Vec<SanType>| {
        let service = Service::bent(|leaf| leaf.subject_alt_names = names);
        service.verify(&service.blob(&entries()))
    };
    assert!(with(dns("MDS.fidoalliance.org")).is_ok(), "in any case");
    assert!(
        with([dns("fidoalliance.org"), dns("mds.fidoalliance.org")].concat()).is_ok(),
        "one of them"
    );
    assert_eq!(with(dns("fidoalliance.org")), other);
    assert_eq!(with(dns("*.fidoalliance.org")), other);
    assert_eq!(with(dns("mds.fidoalliance.org.example")), other);
    assert_eq!(
        with(vec![SanType::URI("mds.fidoalliance.org".try_into().unwrap())]),
        other
    );
    assert_eq!(
        verified(|leaf| {
            leaf.distinguished_name.push(DnType::CommonName, "mds.fidoalliance.org");
            leaf.subject_alt_names = vec![SanType::DnsName("example.org".try_into().unwrap())];
        }),
        other,
        "the alternative names decide"
    );
    let common = Service::bent(|leaf| {
        *leaf = named("mds.fidoalliance.org");
        leaf.is_ca = IsCa::ExplicitNoCa;
    });
    assert!(common.verify(&common.blob(&entries())).is_ok(), "where there are none");
    let nameless = Service::bent(|leaf| leaf.subject_alt_names.clear());
    let blob = nameless.blob(&entries());
    assert_eq!(nameless.verify(&blob), other);
    assert!(
        nameless.expecting(&blob, |expected| expected.signer = None).is_ok(),
        "any name"
    );
    assert!(
        nameless
            .expecting(&blob, |expected| expected.signer = Some("fido"))
            .is_ok()
    );
    assert_eq!(
        verified(|leaf| leaf.key_usages = vec![KeyUsagePurpose::KeyAgreement]),
        Err(MetadataFault::SignatureInvalid),
        "its key may not sign"
    );
}

#[test]
fn its_number_never_goes_down() {
    let service = Service::new();
    let blob = service.numbered(7, "2025-07-01", &json!([]));
    let after = |previous| {
        service
            .expecting(&blob, |expected| expected.previous = previous)
            .map(|found| found.no())
    };
    assert_eq!(after(None), Ok(7));
    assert_eq!(after(Some(6)), Ok(7));
    assert_eq!(after(Some(7)), Ok(7), "the same again");
    assert_eq!(after(Some(8)), Err(MetadataFault::Older));
}

#[test]
fn a_stale_blob_is_accepted_and_says_so() {
    let service = Service::new();
    let metadata = service.verify(&service.numbered(1, "2025-06-15", &json!([]))).unwrap();
    let day = |text: &str| Date::parse(text).unwrap();
    let midnight = 1_749_945_600;
    assert_eq!(Date::of(midnight), day("2025-06-15"));
    assert!(!metadata.is_stale(midnight), "on its last day");
    assert!(!metadata.is_stale(midnight + 86_399));
    assert!(metadata.is_stale(midnight + 86_400));
    let old = service.verify(&service.numbered(1, "2020-01-01", &json!([]))).unwrap();
    assert!(old.is_stale(NOW));
}

/// A list of an authority, which names these certificates.
fn list(authority: &Party, revoked: &[&Party], bend: impl FnOnce(&mut CertificateRevocationListParams)) -> String {
    let serial = |party: &&Party| x509_serial(party);
    let mut params = CertificateRevocationListParams {
        this_update: date_time_ymd(2025, 6, 1),
        next_update: date_time_ymd(2025, 7, 1),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: revoked
            .iter()
            .map(|party| RevokedCertParams {
                serial_number: SerialNumber::from_slice(&serial(party)),
                revocation_time: date_time_ymd(2025, 5, 1),
                reason_code: None,
                invalidity_date: None,
            })
            .collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    bend(&mut params);
    BASE64.encode(params.signed_by(&authority.issuer()).unwrap().der())
}

fn x509_serial(party: &Party) -> Vec<u8> {
    let (_, certificate) = x509_parser::parse_x509_certificate(party.der()).unwrap();
    certificate.serial.to_bytes_be()
}

#[test]
fn revoked_certificates() {
    let service = Service::new();
    let blob = service.blob(&entries());
    let stranger = Party::authority("Stranger", None);
    let (of_root, of_middle) = (
        list(&service.root, &[&stranger], |_| {}),
        list(&service.middle, &[&stranger], |_| {}),
    );
    let with = |crls: &[&String]| {
        let crls: Vec<_> = crls.iter().map(|list| (*list).clone()).collect();
        service.with_crls(&blob, &crls).map(|found| found.no())
    };
    assert_eq!(with(&[&of_root, &of_middle]), Ok(12));
    let revoked = Err(MetadataFault::Revoked);
    let leaf_gone = list(&service.middle, &[&stranger, &service.leaf], |_| {});
    assert_eq!(with(&[&of_root, &leaf_gone]), revoked);
    assert_eq!(with(&[&of_root, &of_middle, &leaf_gone]), revoked, "in any of them");
    assert_eq!(
        with(&[&list(&service.root, &[&service.middle], |_| {}), &of_middle]),
        revoked
    );
    let old = list(&service.middle, &[&service.leaf], |list| {
        list.next_update = date_time_ymd(2025, 6, 2);
    });
    assert_eq!(with(&[&of_root, &of_middle, &old]), revoked, "even in an old one");
    let not_covered = Err(MetadataFault::NotCovered);
    assert_eq!(with(&[]), not_covered);
    assert_eq!(with(&[&of_root]), not_covered);
    assert_eq!(with(&[&of_middle]), not_covered);
    let old = list(&service.middle, &[], |list| {
        list.next_update = date_time_ymd(2025, 6, 2);
    });
    assert_eq!(with(&[&of_root, &old]), not_covered, "an old one says nothing");
    let early = list(&service.middle, &[], |list| {
        list.this_update = date_time_ymd(2025, 6, 20);
    });
    assert_eq!(with(&[&of_root, &early]), not_covered, "not yet in force");
    // Of an authority with the same name and another key, whose list says nothing, not even of revocations.
    let impostor = Party::authority("Middle", None);
    assert_eq!(
        with(&[&of_root, &list(&impostor, &[&service.leaf], |_| {})]),
        not_covered
    );
    assert_eq!(
        with(&[&of_root, &of_middle, &list(&impostor, &[&service.leaf], |_| {})]),
        Ok(12)
    );
}

#[test]
fn the_scope_of_a_revocation_list() {
    let at = |uri: &str| vec![CrlDistributionPoint { uris: vec![uri.into()] }];
    let service = Service::bent(|leaf| leaf.crl_distribution_points = at("http://crl.test/1"));
    let blob = service.blob(&entries());
    let of_root = list(&service.root, &[], |_| {});
    let scoped = |uri: &str, scope: Option<CrlScope>| {
        let of_middle = list(&service.middle, &[], |list| {
            list.issuing_distribution_point = Some(CrlIssuingDistributionPoint {
                distribution_point: CrlDistributionPoint { uris: vec![uri.into()] },
                scope,
            });
        });
        service
            .with_crls(&blob, &[of_root.clone(), of_middle])
            .map(|found| found.no())
    };
    let not_covered = Err(MetadataFault::NotCovered);
    assert_eq!(scoped("http://crl.test/1", None), Ok(12));
    assert_eq!(scoped("http://crl.test/1", Some(CrlScope::UserCertsOnly)), Ok(12));
    assert_eq!(scoped("http://crl.test/1", Some(CrlScope::CaCertsOnly)), not_covered);
    assert_eq!(scoped("http://crl.test/2", None), not_covered, "another part");
}

#[test]
fn lists_are_pem_or_base64() {
    let service = Service::new();
    let one = list(&service.root, &[], |_| {});
    let pem = |der: &str, label: &str| {
        let lines = BASE64_MIME.encode(&BASE64.decode(der.as_bytes()).unwrap());
        format!(
            "-----BEGIN {label}-----\n{}-----END {label}-----\n",
            lines.replace('\r', "")
        )
    };
    let two = list(&service.middle, &[], |_| {});
    let both = format!("{}{}", pem(&one, "X509 CRL"), pem(&two, "X509 CRL"));
    assert!(service.with_crls(&service.blob(&entries()), &[both]).is_ok());
    let invalid = Err(Failure::InvalidArgument("crls"));
    for text in [
        "",
        "!",
        "AAAA",
        &pem(&one, "CERTIFICATE"),
        &format!("{one}AAAA"),
        &service.root.base64(),
    ] {
        assert_eq!(RevocationLists::parse(&[text.to_owned()]), invalid, "{text}");
    }
}

fn model<'a>(metadata: &'a Metadata, id: &str) -> &'a Model {
    metadata.find(&ModelId::parse(id).unwrap()).unwrap()
}

#[test]
fn models_are_found_by_aaguid_or_key() {
    let (one, two) = (
        "7c0903708b87115b0b422def3138c3c864e44573",
        "14d7c4a9ee1f8b8f1d2b8d7e3a5b6c7d8e9f0a1b",
    );
    let u2f = json!({
        "attestationCertificateKeyIdentifiers": [one, two],
        "metadataStatement": { "description": "U2F 1", "attestationRootCertificates": [] },
        "statusReports": [{ "status": "FIDO_CERTIFIED_L1", "effectiveDate": "2020-01-01" }],
    });
    let uaf = json!({ "aaid": "4746#3208", "metadataStatement": { "description": "UAF" }, "statusReports": [] });
    let bare =
        json!({ "aaguid": "11111111-1111-1111-1111-111111111111", "metadataStatement": null, "statusReports": null });
    let metadata = Service::new().metadata(&json!([entry(KEY, "Key 1", &[], &json!([])), u2f, uaf, bare]));
    assert_eq!(metadata.len(), 3, "UAF has no such keys");
    assert_eq!(model(&metadata, KEY).name(), Some("Key 1"));
    assert_eq!(model(&metadata, one), model(&metadata, two));
    assert_eq!(model(&metadata, one).certification(NOW), Some(Certification::L1));
    assert_eq!(model(&metadata, "11111111-1111-1111-1111-111111111111").name(), None);
    assert!(
        metadata
            .find(&ModelId::parse("22222222-2222-2222-2222-222222222222").unwrap())
            .is_none()
    );
    let Some(ModelId::Key(key)) = ModelId::parse(one) else {
        panic!()
    };
    assert_eq!(
        metadata.model_of([0; 16], Some(key)).and_then(Model::name),
        Some("U2F 1")
    );
    assert!(metadata.model_of([0; 16], Some([1; 20])).is_none());
    assert!(metadata.model_of([0; 16], None).is_none());
    assert!(
        metadata.model_of([9; 16], Some(key)).is_none(),
        "what has an AAGUID is found by it"
    );
}

#[test]
fn where_keys_are_kept() {
    let level = |protection: Value| {
        let mut entry = entry(KEY, "Key", &[], &json!([]));
        entry["metadataStatement"]["keyProtection"] = protection;
        model(&Service::new().metadata(&json!([entry])), KEY).level()
    };
    assert_eq!(
        level(json!(["hardware", "secure_element"])),
        Some(SecurityLevel::StrongBox)
    );
    assert_eq!(
        level(json!(["hardware", "tee"])),
        Some(SecurityLevel::TrustedEnvironment)
    );
    assert_eq!(level(json!(["hardware"])), Some(SecurityLevel::TrustedEnvironment));
    assert_eq!(level(json!(["software"])), Some(SecurityLevel::Software));
    assert_eq!(
        level(json!(["software", "secure_element"])),
        Some(SecurityLevel::Software),
        "the lower"
    );
    assert_eq!(level(json!(["remote_handle"])), None);
    assert_eq!(level(Value::Null), None);
}

#[test]
fn roots_are_kept_once() {
    let root = Party::authority("Maker", None);
    let base64 = root.base64();
    let (first, second) = base64.split_at(64);
    let lines = format!("{first}\n{second}\n");
    let other = "11111111-1111-1111-1111-111111111111";
    let metadata = Service::new().metadata(&json!([
        entry(KEY, "Key 1", &[root.base64(), "!".into()], &json!([])),
        entry(other, "Key 2", &[lines], &json!([])),
    ]));
    for id in [KEY, other] {
        let roots: Vec<_> = metadata.roots_of(model(&metadata, id)).collect();
        assert_eq!(roots, [root.der()], "what is no base64 is left out");
    }
}

#[test]
fn two_entries_of_a_model_are_one() {
    let revoked = json!([{ "status": "REVOKED", "effectiveDate": "2025-01-01" }]);
    let (good, bad) = (entry(KEY, "Key 1", &[], &json!([])), entry(KEY, "Key 1", &[], &revoked));
    for entries in [json!([good, bad]), json!([bad, good])] {
        let metadata = Service::new().metadata(&entries);
        assert_eq!(metadata.len(), 1);
        assert!(model(&metadata, KEY).undesired(NOW, &[]).is_some());
    }
}

#[test]
fn an_entry_of_several_models_reports_of_each() {
    let first = "8c0903708b87115b0b422def3138c3c864e44573";
    let other = "9c0903708b87115b0b422def3138c3c864e44573";
    let third = "ac0903708b87115b0b422def3138c3c864e44573";
    let keys = |keys: &[&str], reports: Value| json!({ "attestationCertificateKeyIdentifiers": keys, "statusReports": reports });
    let revoked = || json!([{ "status": "REVOKED", "effectiveDate": "2025-01-01" }]);
    let none = || json!([]);
    for both in [[first, other, third], [third, other, first]] {
        let entries = json!([keys(&[first], none()), keys(&[other], none()), keys(&both, revoked())]);
        let metadata = Service::new().metadata(&entries);
        assert_eq!(metadata.len(), 2);
        for id in both {
            assert!(model(&metadata, id).undesired(NOW, &[]).is_some(), "{id}");
        }
    }
    let entries = json!([keys(&[first], revoked()), keys(&[other], none())]);
    let metadata = Service::new().metadata(&entries);
    assert!(model(&metadata, other).undesired(NOW, &[]).is_none(), "none of its own");
}

/// The report that is revoked first in FIDO's own BLOB, and has another one after it.
#[test]
fn reports_are_read() {
    let reports = json!([
        { "status": "FIDO_CERTIFIED_L1", "effectiveDate": "2021-01-01", "certificateNumber": "FIDO20020" },
        { "status": "REVOKED", "effectiveDate": "2022-02-02" },
        { "status": "NOT_FIDO_CERTIFIED", "effectiveDate": "2022-02-02" },
        { "status": "UPDATE_AVAILABLE", "effectiveDate": "2023-03-03", "authenticatorVersion": 5 },
    ]);
    let metadata = Service::new().metadata(&json!([entry(KEY, "Key 1", &[], &reports)]));
    let found = model(&metadata, KEY).undesired(NOW, &[]).unwrap();
    assert_eq!(found.status, Status::Revoked);
    assert_eq!(found.since, Date::parse("2022-02-02"));
    assert_eq!(
        serde_json::to_value(metadata.describe(&ModelId::parse(KEY).unwrap(), NOW).unwrap()).unwrap(),
        json!({ "name": "Key 1", "securityLevel": "strongbox", "revoked": { "status": "REVOKED", "since": "2022-02-02" } })
    );
    let ended = json!([{ "status": "RETIRED", "effectiveDate": "2022-01-01", "sunsetDate": "2023-01-01" }]);
    let metadata = Service::new().metadata(&json!([entry(KEY, "Key 1", &[], &ended)]));
    assert!(model(&metadata, KEY).undesired(NOW, &[]).is_none());
    assert!(
        model(&metadata, KEY).undesired(1_650_000_000, &[]).is_some(),
        "it was in effect then"
    );
}

#[test]
fn a_compromise_may_concern_a_batch() {
    let batch = Party::authority("Batch", None);
    let key = |party: &Party| {
        let (_, certificate) = x509_parser::parse_x509_certificate(party.der()).unwrap();
        let bits = &certificate.public_key().subject_public_key.data;
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, bits);
        <[u8; 20]>::try_from(hash.as_ref()).unwrap()
    };
    for member in ["certificate", "batchCertificate"] {
        let mut report = json!({ "status": "ATTESTATION_KEY_COMPROMISE", "effectiveDate": "2025-01-01" });
        report[member] = json!(batch.base64());
        let metadata = Service::new().metadata(&json!([entry(KEY, "Key 1", &[], &json!([report]))]));
        assert!(model(&metadata, KEY).undesired(NOW, &[]).is_none());
        assert!(model(&metadata, KEY).undesired(NOW, &[[9; 20]]).is_none());
        assert!(model(&metadata, KEY).undesired(NOW, &[[9; 20], key(&batch)]).is_some());
        report[member] = json!("AAAA");
        let metadata = Service::new().metadata(&json!([entry(KEY, "Key 1", &[], &json!([report]))]));
        assert!(
            model(&metadata, KEY).undesired(NOW, &[]).is_some(),
            "an unreadable one limits nothing"
        );
    }
}
