//! Yubico OTPs without a store: JSON text in, an envelope out.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Checked, Counter, Key, Otp};
use crate::json::failure::Failure;
use crate::json::{envelope::envelope, request};

/// `value`: the public id, or null if the text is not an OTP.
pub fn public_id(otp: &str) -> String {
    envelope(Ok(Otp::parse(otp).map(|otp| otp.public_id)))
}

/// `value`: `{publicId, counter: {use, session}}`, or null if the text is not an OTP, or a wrong or used one.
///
/// Request: `{otp, key: {key, uid}, lastCounter?: {use, session}}`, with the key and the private id in hexadecimal.
pub fn verify(request: &str) -> String {
    envelope(verify_otp(request))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    otp: Zeroizing<String>,
    key: Key,
    #[serde(default)]
    last_counter: Option<Counter>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    public_id: String,
    counter: Counter,
}

fn verify_otp(request: &str) -> Result<Option<Accepted>, Failure> {
    let request: Request = request::parse(request)?;
    let Some(otp) = Otp::parse(&request.otp) else {
        return Ok(None);
    };
    Ok(match super::verify(&otp, &request.key, request.last_counter) {
        Checked::Accepted(counter) => Some(Accepted {
            public_id: otp.public_id,
            counter,
        }),
        Checked::Reused | Checked::Wrong => None,
    })
}
