//! Enrolling a phone app. The pending secret is kept outside the record until a code proves it.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::finish::{About, MISMATCH, finish as finish_with};
use super::{Enrolled, EnrolmentRefusal, refuses_another};
use crate::challenges::challenge::{Bound, OpenChallenge, PendingTotp, Presented, Purpose, open};
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::{Entry, FactorType, Record, TotpEntry};
use crate::service::answer::Answer;
use crate::service::change::{Change, Decision};
use crate::service::settings::{Settings, TotpSettings};
use crate::service::stored::Stored;
use crate::totp::base32;
use crate::totp::key_uri::OtpauthUri;
use crate::totp::qr;
use crate::totp::{Checked, Totp, TypedCode};

/// How many codes may be tried for one secret.
const TRIES: u8 = 5;

/// Makes a secret and puts it into the challenge store. `value`: `{"enrolment", "uri", "secret", "qr"}`.
///
/// `random`: 20 bytes for the secret, then 32 for the enrolment's id.
pub fn begin_totp(record: &Stored, random: &[u8], settings: &Settings, request: &str) -> String {
    record.ask(|record| begin(record, random, settings, request))
}

/// Verifies the code and adds the factor. The step of that code counts as used. After a wrong code, `challenge` goes
/// back into the store while there are tries left. `random`: 16 bytes for the factor's id.
pub fn finish_totp(record: &Stored, challenge: &str, random: &[u8], settings: &Settings, request: &str) -> Change {
    record.decide(|record| finish(record, challenge, random, settings, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeginRequest {
    user: String,
    account: String,
    #[serde(default)]
    issuer: Option<String>,
    #[serde(default)]
    session: Option<String>,
    now: i64,
}

#[derive(Serialize)]
struct Begun {
    enrolment: String,
    uri: Zeroizing<String>,
    secret: Zeroizing<String>,
    /// SVG
    qr: String,
}

fn begin(record: Option<&str>, random: &[u8], settings: &Settings, request: &str) -> Result<Answer<Begun>, Failure> {
    let request: BeginRequest = request::parse(request)?;
    if refuses_another(&Record::parse(record)?, settings, false).is_some() {
        return Err(Failure::FactorLimit);
    }
    let (Some(seed), Some(id)) = (random.first_chunk::<20>(), random.get(20..52)) else {
        return Err(Failure::InvalidArgument("random"));
    };
    let TotpSettings {
        algorithm,
        digits,
        period,
        ..
    } = &settings.totp;
    let totp = Totp::generate(seed, *algorithm, *digits, *period)?;
    let secret = base32::encode(totp.secret());
    let issuer = request
        .issuer
        .as_deref()
        .or(settings.totp.issuer.as_deref())
        .or(settings.rp.name.as_deref());
    let uri = OtpauthUri::new(totp, &request.account, issuer)?.to_text();
    let enrolment = BASE64URL_NOPAD.encode(id);
    let bound = Bound {
        purpose: Purpose::TotpEnrol,
        user: request.user,
        session: request.session,
        expires: request
            .now
            .saturating_add(i64::from(settings.timeouts.totp_enrolment) * 1000),
    };
    let pending = PendingTotp {
        bound: bound.clone(),
        uri: uri.clone(),
        tries_left: TRIES,
    };
    let challenge = open(&enrolment, &bound, &pending).ok_or(Failure::InvalidArgument("request"))?;
    let qr = qr::svg(&uri).ok_or(Failure::InvalidArgument("account"))?;
    Ok(Answer::new(Begun {
        enrolment,
        uri,
        secret,
        qr,
    })
    .with_challenge(challenge))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FinishRequest {
    user: String,
    enrolment: String,
    code: Zeroizing<String>,
    description: String,
    #[serde(default)]
    first_only: bool,
    #[serde(default)]
    session: Option<String>,
    now: i64,
}

fn finish(
    record: Option<&str>,
    challenge: &str,
    random: &[u8],
    settings: &Settings,
    request: &str,
) -> Decision<Enrolled> {
    let request: FinishRequest = request::parse(request)?;
    let about = About {
        presented: Presented {
            purpose: Purpose::TotpEnrol,
            user: &request.user,
            session: request.session.as_deref(),
            now: request.now,
        },
        description: &request.description,
        first_only: request.first_only,
    };
    let now = request::seconds(request.now);
    let (mut again, mut member, mut drift) = (None, None, None);
    let (record, mut answer) = finish_with(
        record,
        challenge,
        random,
        settings,
        &about,
        FactorType::Totp,
        |record, pending: PendingTotp, id| {
            let uri = OtpauthUri::parse_stored(&pending.uri).ok_or(MISMATCH)?;
            let Some(code) = TypedCode::parse(&request.code) else {
                member = Some("code");
                again = put_back(&request.enrolment, &pending);
                return Err((EnrolmentRefusal::Malformed, "malformed"));
            };
            let Checked::Accepted(step) = uri.totp.check(&code, now, settings.totp.window, None) else {
                // The user was shown this secret, so a wrong code is not a guess. A clock that is off often shows here
                // first.
                drift = uri.totp.drift(&code, now, None);
                let tries_left = pending.tries_left.saturating_sub(1);
                again = put_back(&request.enrolment, &PendingTotp { tries_left, ..pending });
                return Err((EnrolmentRefusal::Rejected, "wrong-code"));
            };
            let entry = TotpEntry::new(uri, step);
            record
                .totp
                .push(Entry::new(id.to_owned(), request.description.clone(), now, entry));
            Ok(())
        },
    )?;
    for event in &mut answer.events {
        event.member = member;
        event.drift = drift;
    }
    let answer = match again {
        Some(open) => answer.with_challenge(open),
        None => answer,
    };
    Ok((record, answer))
}

/// Puts the pending secret back into the store while a code may still be tried.
fn put_back(enrolment: &str, pending: &PendingTotp) -> Option<OpenChallenge> {
    (pending.tries_left > 0)
        .then(|| open(enrolment, &pending.bound, pending))
        .flatten()
}
