//! One counter for a Yubico key that several users hold, kept apart from their records.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::json::request;
use crate::record::{Entry, Record, YubicoEntry};
use crate::service::answer::Answer;
use crate::service::change::{Change, Decision};
use crate::yubico::{self, Checked, Otp};

/// Uses an OTP up for everybody who holds its key: `value` is `"unused"`, `"reused"` or `"wrong"`.
///
/// `record` is the key's own, no user's: it holds the counter alone. Request: `{code, yubico: {key, uid}}`. Only an OTP
/// that was not used before is written.
pub fn spend_yubico(record: Option<&str>, request: &str) -> Change {
    Change::from_decision(spend(record, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    code: Zeroizing<String>,
    yubico: yubico::Key,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Spent {
    Unused,
    Reused,
    Wrong,
}

fn spend(record: Option<&str>, request: &str) -> Decision<Spent> {
    let Request { code, yubico: key } = request::parse(request)?;
    let mut record = Record::parse(record)?;
    let leave = |spent| Ok((None, Answer::new(spent)));
    let Some(otp) = Otp::parse(&code) else {
        return leave(Spent::Wrong);
    };
    let last = record.yubico.iter().filter_map(|entry| entry.entry.counter()).max();
    let counter = match yubico::verify(&otp, &key, last) {
        Checked::Accepted(counter) => counter,
        Checked::Reused => return leave(Spent::Reused),
        Checked::Wrong => return leave(Spent::Wrong),
    };
    let mut entry = YubicoEntry::PublicId(otp.public_id);
    entry.count(counter);
    // A record as any other for whoever keeps it, and of no use to sign in with.
    record.yubico = vec![Entry {
        enable: false,
        ..Entry::new("counter".to_owned(), String::new(), 0, entry)
    }];
    Ok((Some(record), Answer::new(Spent::Unused)))
}
