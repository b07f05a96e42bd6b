//! Google Authenticator's export: a protocol buffer in a URI. An export may have several QR codes.

use bytes::Bytes;
use prost::Message;
use serde::Serialize;
use zeroize::{Zeroize, Zeroizing};

use super::found::{Found, Note, Read, Reason, Refused, display, generator, named};
use crate::record::decode_base64;
use crate::totp::Algorithm;
use crate::totp::key_uri::unescape;

#[derive(Serialize)]
pub(super) struct Export {
    batch: Batch,
    entries: Vec<Found>,
}

/// Which QR code of an export this is. `index` counts from 0.
#[derive(Serialize)]
struct Batch {
    id: i32,
    index: i32,
    size: i32,
}

pub(super) fn read(uri: &str) -> Option<Export> {
    let query = uri.trim().strip_prefix("otpauth-migration://offline?")?;
    let data = query.split('&').find_map(|parameter| parameter.strip_prefix("data="))?;
    // A reader that parses the query as a form turns each `+` into a blank.
    let text = Zeroizing::new(Zeroizing::new(unescape(data)?).replace(' ', "+"));
    let bytes = Zeroizing::new(decode_base64(&text)?);
    let payload = Payload::decode(bytes.as_slice()).ok()?;
    let batch = Batch {
        id: payload.batch_id,
        index: payload.batch_index,
        size: payload.batch_size,
    };
    let entries: Vec<_> = payload
        .otp_parameters
        .iter()
        .map(|entry| Found::from(entry.read()))
        .collect();
    (!entries.is_empty()).then_some(Export { batch, entries })
}

/// Unlisted fields are skipped. Enumerations are numbers, because later versions may add values.
#[derive(Message)]
#[prost(skip_debug)]
struct Payload {
    #[prost(message, repeated, tag = "1")]
    otp_parameters: Vec<OtpParameters>,
    #[prost(int32, tag = "3")]
    batch_size: i32,
    #[prost(int32, tag = "4")]
    batch_index: i32,
    #[prost(int32, tag = "5")]
    batch_id: i32,
}

#[derive(Message)]
#[prost(skip_debug)]
struct OtpParameters {
    /// Not a `Vec`, because prost would fill it through a copy that nothing wipes.
    #[prost(bytes = "bytes", tag = "1")]
    secret: Bytes,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, tag = "3")]
    issuer: String,
    #[prost(int32, tag = "4")]
    algorithm: i32,
    #[prost(int32, tag = "5")]
    digits: i32,
    #[prost(int32, tag = "6")]
    kind: i32,
}

impl Drop for OtpParameters {
    fn drop(&mut self) {
        if let Ok(mut secret) = std::mem::take(&mut self.secret).try_into_mut() {
            secret.zeroize();
        }
    }
}

impl OtpParameters {
    /// The defaults are those of most phone apps: SHA1, six digits, TOTP. A step has 30 seconds.
    fn read(&self) -> Result<Read, Refused> {
        let prefix = format!("{}:", self.issuer);
        let account = self.name.strip_prefix(&prefix).unwrap_or(&self.name).trim_start();
        let issuer = Some(self.issuer.as_str());
        let refused = |reason| Refused {
            name: display(account, issuer),
            reason,
        };
        let notes = match self.kind {
            0 => vec![Note::AssumedTotp],
            1 => return Err(refused(Reason::Hotp)),
            2 => Vec::new(),
            _ => return Err(refused(Reason::UnsupportedType)),
        };
        let algorithm = match self.algorithm {
            0 | 1 => Algorithm::Sha1,
            2 => Algorithm::Sha256,
            3 => Algorithm::Sha512,
            _ => return Err(refused(Reason::UnsupportedAlgorithm)),
        };
        let digits = match self.digits {
            0 | 1 => 6,
            2 => 8,
            3 => 7,
            _ => return Err(refused(Reason::UnsupportedDigits)),
        };
        let totp = generator(&self.secret, algorithm, Some(digits), None).map_err(refused)?;
        Ok(Read {
            uri: named(totp, account, issuer),
            name: display(account, issuer),
            notes,
        })
    }
}
