//! FIDO's metadata: a BLOB of any bytes, and any header and payload under a right signature.
#![no_main]

use countersign_core::webauthn::metadata::{Metadata, ModelId};
use countersign_fuzz::metadata_support::{NOW, Service};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

thread_local! {
    static SERVICE: Service = Service::new();
}

// A header, a zero byte and a payload, or a payload alone.
fuzz_target!(|data: &[u8]| {
    SERVICE.with(|service| {
        if let Ok(text) = std::str::from_utf8(data) {
            assert!(service.verify(text).is_err(), "nobody signed it");
        }
        let zero = data.iter().position(|byte| *byte == 0);
        let (header, payload) = zero.map_or((&[][..], data), |zero| (&data[..zero], &data[zero + 1..]));
        let header = serde_json::from_slice(header).unwrap_or_else(|_| service.header());
        let Ok(metadata) = service.verify(&service.signed(&header, payload)) else {
            return;
        };
        assert!(header.get("crit").is_none(), "nothing of it is understood");
        // Members that are skipped may hold what is no JSON, such as bytes that are not UTF-8.
        if let Ok(payload) = serde_json::from_slice(payload) {
            judge(&metadata, &payload);
        }
    });
});

/// What the payload says plainly of a model has to be found, whatever else names the model.
fn judge(metadata: &Metadata, payload: &Value) {
    for entry in payload["entries"].as_array().expect("entries") {
        let keys = entry["attestationCertificateKeyIdentifiers"].as_array();
        let names = keys.into_iter().flatten().chain(entry.get("aaguid"));
        let reports = entry["statusReports"].as_array();
        let revoked = reports.into_iter().flatten().any(|report| {
            let only = ["certificate", "batchCertificate", "sunsetDate", "effectiveDate"];
            report["status"] == "REVOKED" && only.iter().all(|name| report.get(*name).is_none())
        });
        for id in names.filter_map(Value::as_str).filter_map(ModelId::parse) {
            let model = metadata.find(&id).expect("its model");
            for now in [0, NOW, i64::from(u32::MAX)] {
                let _ = metadata.describe(&id, now);
                assert!(!revoked || model.undesired(now, &[]).is_some(), "{id}");
            }
            let _ = metadata.roots_of(model).count();
        }
    }
}
