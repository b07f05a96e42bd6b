//! The common part of finishing an enrolment, for all factors.

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

/// The reason for the client and the reason for the log.
pub(crate) type Refused = (EnrolmentRefusal, &'static str);

/// The challenge is unknown, has expired, or belongs to someone else.
pub(crate) const MISMATCH: Refused = (EnrolmentRefusal::Rejected, "challenge-mismatch");

/// The members of a request that every enrolment has.
pub(crate) struct About<'a> {
    pub presented: Presented<'a>,
    pub description: &'a str,
    pub first_only: bool,
}

/// Reads the started enrolment, lets `add` verify it and add the factor to the record with a new id, and returns the
/// result.
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

/// The same, for an enrolment that needs no challenge, or whose challenge was already read. `named`: the description,
/// and whether the factor must be the first.
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

/// A request that finishes a registration ceremony with WebAuthn or U2F.
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

    /// The entry that this request makes of a registered key.
    pub fn entry<T>(&self, id: &str, entry: T) -> Entry<T> {
        Entry::new(id.to_owned(), self.description.clone(), self.now(), entry)
    }
}

/// [`finish`] for a registration ceremony. The events say what was wrong with the response.
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
