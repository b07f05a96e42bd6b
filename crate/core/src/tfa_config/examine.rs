//! Reports what is in a file and everything that is wrong with it, without stopping at the first problem.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::file::{describe_record, read_json};
use super::names::Names;
use super::old_lines::{Line, read_lines};
use super::origin_form::{fits, strip};
use super::origin_reader::{Refusal, refusals};
use super::server::WebauthnConfig;
use super::users::{NO_NAME, TWICE, is_user};
use super::{Accepted, TfaConfig};
use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::record::factor::factors;
use crate::record::{Entry, FactorType, Record, StoredKey, TOO_LARGE, TOO_MANY, Unusable, YubicoEntry};

/// Reads as much of a file as possible. Returns an envelope with an [`Examination`] as JSON.
///
/// Fails with `config-too-large` if there are more than `max_bytes`. Any other problem is part of the result. `now`:
/// epoch seconds.
pub fn examine(bytes: &[u8], max_bytes: usize, now: i64) -> String {
    examine_as(bytes, max_bytes, Accepted::Either, now)
}

/// The same, for a file that may only have these formats.
pub fn examine_as(bytes: &[u8], max_bytes: usize, accepted: Accepted, now: i64) -> String {
    if bytes.len() > max_bytes {
        return envelope::<()>(Err(Failure::ConfigTooLarge));
    }
    envelope(Ok(examination(bytes, accepted, now)))
}

#[derive(Default, Serialize)]
struct Examination {
    /// Absent if the file is not text, or is empty but has to be JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format>,
    /// Problems of the file as a whole.
    problems: Vec<Problem>,
    /// In the file's order, at most [`MOST_TOLD`].
    users: Vec<Examined>,
    /// The number of users. In a file of lines, every line counts, also one that can't be read.
    count: usize,
    /// The number of problems in the file and in all users, including those beyond [`MOST_TOLD`].
    mistakes: usize,
    /// Which of the sections `u2f` and `webauthn` the file has.
    sections: Vec<&'static str>,
    /// The number of unknown top-level members. They are kept.
    others: usize,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Json,
    Lines,
}

#[derive(Serialize)]
struct Problem {
    /// Counted from 1. Absent if the message names the line, or if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    problem: String,
}

#[derive(Default, Serialize)]
struct Examined {
    /// The line where the user's record begins, counted from 1.
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// The number of factors of each type. For recovery codes, the number of unused codes.
    factors: BTreeMap<FactorType, usize>,
    /// Reasons why this user or the file is refused, here or by Proxmox.
    problems: Vec<String>,
    /// Notes about a record that is valid.
    remarks: Vec<Cow<'static, str>>,
}

fn examination(bytes: &[u8], accepted: Accepted, now: i64) -> Examination {
    let whole = |problem: String| Examination::default().with_problem(problem);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return whole(format!("not UTF-8 text, at byte {}", error.valid_up_to())),
    };
    match text.trim_start().bytes().next() {
        Some(b'{') => examine_json(text, now),
        _ if accepted == Accepted::Json => match TfaConfig::empty_json(text) {
            Some(problem) => whole(problem.into()),
            None => examine_json(text, now),
        },
        None | Some(_) => examine_lines(text, now),
    }
}

fn examine_json(text: &str, now: i64) -> Examination {
    let mut users = Users::default();
    let mut lines = Lines::new(text);
    let read = read_json(text, &mut |user, raw| {
        let line = lines.of(raw);
        let examined = match Record::parse_in_file(raw) {
            Ok((record, renamed)) => examine_record(line, record, renamed, Some(raw), now),
            Err(failure) => wrong(line, unreadable(&describe_record(&failure))),
        };
        users.add(examined, user);
        Ok(())
    });
    let found = users.examination(Format::Json);
    match read {
        Ok(TfaConfig {
            u2f,
            webauthn,
            unread,
            others,
            ..
        }) => {
            let of_webauthn = webauthn.as_deref().and_then(WebauthnConfig::problem);
            let is_unread = |name| unread.iter().any(|(unread, _)| *unread == name);
            let sections = [("u2f", u2f.is_some()), ("webauthn", webauthn.is_some())];
            let examination = Examination {
                sections: sections
                    .into_iter()
                    .filter(|(name, there)| *there || is_unread(*name))
                    .map(|(name, _)| name)
                    .collect(),
                others: others.len(),
                ..found
            };
            let unread = unread.into_iter().map(|(name, _)| {
                format!("the {name} section can't be read: it is kept as it came, and no key of it can be used")
            });
            let problems = unread.chain(of_webauthn.map(|what| format!("the webauthn section: {what}")));
            problems.fold(examination, Examination::with_problem)
        }
        Err(problem) => found.with_problem(problem),
    }
}

fn examine_lines(text: &str, now: i64) -> Examination {
    let mut users = Users::default();
    for Line { number, user, read, .. } in read_lines(text) {
        match read.map(|record| Record::parse_in_file(&record)) {
            Ok(Ok((record, _))) => users.add(examine_record(number, record, false, None, now), user),
            Ok(Err(failure)) => users.add(wrong(number, unreadable(&describe_record(&failure))), user),
            Err(what) if user.is_empty() => users.add_nameless(wrong(number, what.to_owned())),
            Err(what) => users.add(wrong(number, what.to_owned()), user),
        }
    }
    users.examination(Format::Lines)
}

impl Examination {
    fn with_problem(mut self, problem: String) -> Self {
        self.problems.push(Problem { line: None, problem });
        self.mistakes += 1;
        self
    }
}

/// The most users that are listed. A file may have millions, which would help nobody and not fit into memory.
const MOST_TOLD: usize = 100_000;

/// The users so far.
#[derive(Default)]
struct Users {
    told: Vec<Examined>,
    names: Names,
    mistakes: usize,
}

impl Users {
    fn add(&mut self, mut examined: Examined, user: &str) {
        if is_user(user) {
            examined.user = Some(user.to_owned());
            self.names.push(user);
            self.tell(examined);
        } else {
            examined.problems.push(NO_NAME.to_owned());
            self.add_nameless(examined);
        }
    }

    /// Adds an entry whose user is unknown.
    fn add_nameless(&mut self, examined: Examined) {
        self.names.push("");
        self.tell(examined);
    }

    fn tell(&mut self, examined: Examined) {
        self.mistakes += examined.problems.len();
        if self.told.len() < MOST_TOLD {
            self.told.push(examined);
        }
    }

    fn examination(mut self, format: Format) -> Examination {
        let repeated = self.names.repeated();
        for place in &repeated {
            if let Some(examined) = self.told.get_mut(*place) {
                examined.problems.push(TWICE.to_owned());
            }
        }
        Examination {
            format: Some(format),
            count: self.names.len(),
            mistakes: self.mistakes + repeated.len(),
            users: self.told,
            ..Examination::default()
        }
    }
}

fn wrong(line: usize, problem: String) -> Examined {
    Examined {
        line,
        problems: vec![problem],
        ..Examined::default()
    }
}

/// The problem at a place, which is what [`describe_record`] returns.
fn unreadable(place: &str) -> String {
    place.strip_prefix('.').map_or_else(
        || format!("can't be read{place}"),
        |place| format!("can't be read, at {place}"),
    )
}

/// `raw`: the record as it is in the file, if the file is JSON.
fn examine_record(line: usize, mut record: Record, renamed: bool, raw: Option<&str>, now: i64) -> Examined {
    let all = factors(&record);
    let mut counts = BTreeMap::new();
    for factor in all.iter().filter(|factor| !factor.unusable) {
        *counts.entry(factor.kind).or_default() += factor.left.unwrap_or(1);
    }
    let short = |bits: usize| bits < 128;
    let keys = yubico_keys(&record);
    let unfit = (!fits(&record)).then(|| "a key that Proxmox can't read: it refuses the file".to_owned());
    let mut problems: Vec<_> = record.unusable.iter().map(unusable).collect();
    problems.extend(raw.into_iter().flat_map(|raw| unread_by_origin(&record, raw)));
    problems.extend(unfit);
    let remarks = [
        (
            renamed,
            "two factors have the same id: all but the first get others when the file is written",
        ),
        (all.is_empty(), "no factor at all"),
        (
            !all.is_empty() && record.enabled_factors() == 0,
            "no factor is enabled: this user can't sign in",
        ),
        (
            record
                .webauthn
                .iter()
                .any(|entry| matches!(entry.entry.cred, StoredKey::Other(_))),
            "a WebAuthn key of an algorithm that is not known here: it is kept, and can't answer",
        ),
        (
            record
                .totp
                .iter()
                .any(|entry| short(entry.entry.totp.secret().len() * 8)),
            "a TOTP secret of fewer than the 128 bits of RFC 4226, section 4",
        ),
        (
            record.repeats_totp(),
            "a TOTP secret that is there more than once: a code is accepted once for all of them",
        ),
        (
            record.recovery.as_ref().is_some_and(|set| set.left() == 0),
            "every recovery code is used up",
        ),
        (record.is_locked(FactorType::Totp, now), "TOTP is locked"),
        (
            record.is_locked(FactorType::Recovery, now),
            "all typed codes are locked",
        ),
        (
            strip(&mut record),
            "members that Proxmox does not know: it refuses the file",
        ),
    ];
    Examined {
        line,
        user: None,
        factors: counts,
        problems,
        remarks: remarks
            .into_iter()
            .filter(|(found, _)| *found)
            .map(|(_, remark)| remark.into())
            .chain(keys)
            .collect(),
    }
}

fn unusable(one: &Unusable) -> String {
    let corrupt = Failure::RecordCorrupt(one.problem.clone());
    if [TOO_LARGE, TOO_MANY].contains(&one.problem.as_str()) {
        return one.problem.clone();
    }
    unreadable(&describe_record(&corrupt))
}

/// What Proxmox refuses, although we can use or keep it.
fn unread_by_origin(record: &Record, raw: &str) -> Vec<String> {
    let unfit = |id: &Option<String>| {
        let keys = record.webauthn.iter().filter(|entry| !entry.entry.cred.fits_origin());
        id.as_ref()
            .is_some_and(|id| keys.into_iter().any(|entry| entry.id == *id))
    };
    // Parts that can't be read here are already listed.
    let told = |refusal: &Refusal| {
        let named = |one: &Unusable| one.problem.starts_with(refusal.entry()) || record.whole_problem().is_some();
        record.unusable.iter().any(named) || (refusal.place.strip_suffix(".cred").is_some() && unfit(&refusal.id))
    };
    let refusals = refusals(raw).into_iter().filter(|refusal| !told(refusal));
    refusals
        .map(|Refusal { place, .. }| format!("Proxmox can't read {place}: it refuses the file"))
        .collect()
}

/// Says which Yubico keys still need a secret, because no file has those. A key is named by its public id, if it has
/// one.
fn yubico_keys(record: &Record) -> Option<Cow<'static, str>> {
    let named = |entry: &Entry<YubicoEntry>| {
        let id = entry.entry.public_id();
        if id.is_empty() {
            "(no public id)".to_owned()
        } else {
            id.to_ascii_lowercase()
        }
    };
    let keys: Vec<_> = record.yubico.iter().map(named).collect();
    (!keys.is_empty()).then(|| {
        format!(
            "Yubico keys without their secrets: {}: to sign in here, yubico.secrets has to answer key and uid for each",
            keys.join(", "),
        )
        .into()
    })
}

/// Finds the line numbers of parts of a text. The parts must be given in their order.
struct Lines<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text, line: 1 }
    }

    /// The line where a part begins. For a part that is not in this text, the line of the part before it.
    fn of(&mut self, part: &str) -> usize {
        let skipped = (part.as_ptr() as usize).checked_sub(self.rest.as_ptr() as usize);
        if let Some((before, rest)) = skipped.and_then(|offset| self.rest.split_at_checked(offset)) {
            self.line += before.bytes().filter(|byte| *byte == b'\n').count();
            self.rest = rest;
        }
        self.line
    }
}
