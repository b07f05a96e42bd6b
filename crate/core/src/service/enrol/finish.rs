//! What finishing an enrolment has in common, whatever the factor.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Enrolled, EnrolmentRefusal, refuses_another};
use crate::challenges::challenge::{Pending, Presented, Purpose, read};
use crate::json::request;
use crate::record::{Entry, FactorType, Record};
use crate::service::change::Decision;
use crate::service::explain::explain;
use crate::service::settings::Settings;

/// Why not, outwardly and inwardly.
pub(crate) type Refused = (EnrolmentRefusal, &'static str);

/// The challenge is unknown, over, or somebody else's.
pub(crate) const MISMATCH: Refused = (EnrolmentRefusal::Rejected, "challenge-mismatch");

/// Of a request, what every enrolment is finished with.
pub(crate) struct About<'a> {
    pub presented: Presented<'a>,
    pub description: &'a str,
    pub first_only: bool,
}

/// Reads what was begun, lets `add` prove it and put the factor into the record under a fresh id, and answers.
///
/// `random`: 16 bytes for the factor's id.
pub(crate) fn finish<P: Pending>(
    record: Option<&str>,
    challenge: &str,
    random: &[u8],
    settings: &Settings,
    about: &About,
    kind: FactorType,
    add: impl FnOnce(&mut Record, P, &str) -> Result<(), Refused>,
) -> Decision<Enrolled> {
    let begun = read::<P>(challenge).filter(|pending| pending.bound().admits(&about.presented));
    let named = (about.description, about.first_only);
    enrol(record, begun, random, settings, named, kind, add)
}

/// The same for what was `begun` without a challenge, or with one that was read. `named`: the description, and whether
/// the factor has to be the first.
pub(crate) fn enrol<P>(
    record: Option<&str>,
    begun: Option<P>,
    random: &[u8],
    settings: &Settings,
    (description, first_only): (&str, bool),
    kind: FactorType,
    add: impl FnOnce(&mut Record, P, &str) -> Result<(), Refused>,
) -> Decision<Enrolled> {
    request::check_description(description)?;
    let mut record = Record::parse(record)?;
    let id = request::uuid(random)?;
    let added = match (begun, refuses_another(&record, settings, first_only)) {
        (None, _) => Err(MISMATCH),
        (Some(_), Some(reason)) => Err((reason, reason.as_str())),
        (Some(pending), None) => add(&mut record, pending, &id),
    };
    match added {
        Ok(()) => {
            let answer = Enrolled::done(&record, &id, kind)?;
            Ok((Some(record), answer))
        }
        Err((refusal, inner)) => Ok((None, Enrolled::refused(refusal, kind, inner))),
    }
}

/// A request that finishes a registration ceremony, WebAuthn's or U2F's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResponseRequest<'a> {
    #[serde(borrow)]
    user: Cow<'a, str>,
    #[serde(borrow)]
    pub response: &'a RawValue,
    description: String,
    #[serde(default)]
    first_only: bool,
    #[serde(borrow, default)]
    session: Option<Cow<'a, str>>,
    now: i64,
}

impl ResponseRequest<'_> {
    /// Epoch seconds.
    pub fn now(&self) -> i64 {
        request::seconds(self.now)
    }

    /// The factor that this request makes of what was registered.
    pub fn entry<T>(&self, id: &str, entry: T) -> Entry<T> {
        Entry::new(id.to_owned(), self.description.clone(), self.now(), entry)
    }
}

/// [`finish`] for a registration ceremony, whose events say what was wrong with the response.
pub(crate) fn finish_response<P: Pending>(
    record: Option<&str>,
    challenge: &str,
    random: &[u8],
    settings: &Settings,
    request: &str,
    kind: FactorType,
    add: impl FnOnce(&mut Record, P, &ResponseRequest, &str) -> Result<(), Refused>,
) -> Decision<Enrolled> {
    let request: ResponseRequest = request::parse(request)?;
    let about = About {
        presented: Presented {
            purpose: Purpose::Register,
            user: &request.user,
            session: request.session.as_deref(),
            now: request.now,
        },
        description: &request.description,
        first_only: request.first_only,
    };
    let (record, mut answer) = finish(
        record,
        challenge,
        random,
        settings,
        &about,
        kind,
        |record, pending, id| add(record, pending, &request, id),
    )?;
    explain(&mut answer.events, settings, request.response.get());
    Ok((record, answer))
}
