//! What finishing a registration ceremony has in common, WebAuthn's and U2F's.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Enrolled, EnrolmentRefusal};
use crate::challenges::challenge::{Presented, Purpose};
use crate::json::request;
use crate::record::{Entry, FactorType, Record};
use crate::service::change::Decision;
use crate::service::explain::explain;
use crate::service::settings::Settings;

/// Why not, outwardly and inwardly.
pub(crate) type Refused = (EnrolmentRefusal, &'static str);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FinishRequest<'a> {
    #[serde(borrow)]
    user: Cow<'a, str>,
    #[serde(borrow)]
    pub response: &'a RawValue,
    description: String,
    #[serde(default)]
    pub first_only: bool,
    #[serde(borrow, default)]
    session: Option<Cow<'a, str>>,
    now: i64,
}

impl FinishRequest<'_> {
    pub fn presented(&self) -> Presented<'_> {
        Presented {
            purpose: Purpose::Register,
            user: &self.user,
            session: self.session.as_deref(),
            now: self.now,
        }
    }

    /// Epoch seconds.
    pub fn now(&self) -> i64 {
        request::seconds(self.now)
    }

    /// The factor that this request makes of what was registered.
    pub fn entry<T>(&self, id: &str, entry: T) -> Entry<T> {
        Entry {
            id: id.to_owned(),
            description: self.description.clone(),
            created: self.now(),
            enable: true,
            entry,
            last_used: None,
            added: None,
        }
    }
}

/// Reads the request, lets `add` verify it and put the factor into the record under a fresh id, and answers.
///
/// `random`: 16 bytes for the factor's id.
pub(crate) fn finish(
    record: Option<&str>,
    random: &[u8],
    settings: &Settings,
    request: &str,
    kind: FactorType,
    add: impl FnOnce(&mut Record, &FinishRequest, &str) -> Result<(), Refused>,
) -> Decision<Enrolled> {
    let request: FinishRequest = request::parse(request)?;
    request::check_description(&request.description)?;
    let mut record = Record::parse(record)?;
    let id = request::uuid(random)?;
    match add(&mut record, &request, &id) {
        Ok(()) => {
            let answer = Enrolled::done(&record, &id, kind)?;
            Ok((Some(record), answer))
        }
        Err((refusal, inner)) => {
            let mut answer = Enrolled::refused(refusal, kind, inner);
            explain(&mut answer.events, settings, request.response.get());
            Ok((None, answer))
        }
    }
}
