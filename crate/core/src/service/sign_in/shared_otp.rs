//! One counter for a Yubico key that several users share. It is kept outside their records.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::json::request;
use crate::record::{Entry, Record, YubicoEntry};
use crate::service::answer::Answer;
use crate::service::change::{Change, Decision};
use crate::yubico::{self, Checked, Otp};

/// Uses up an OTP for all users who share its key. `value` is `"unused"`, `"reused"` or `"wrong"`.
///
/// `record` belongs to the key, not to a user, and only holds the counter. Request: `{code, yubico: {key, uid}}`.
/// Writes only if the OTP is unused.
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
    // A store can keep this like any other record, but nobody can sign in with it.
    record.yubico = vec![Entry {
        enable: false,
        ..Entry::new("counter".to_owned(), String::new(), 0, entry)
    }];
    Ok((Some(record), Answer::new(Spent::Unused)))
}
